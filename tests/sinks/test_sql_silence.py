"""A PostgreSQL or MariaDB that is silent, slow, full or something else: a sentence in time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from linkymonitor.errors import ConfigError, SinkUnavailable
from linkymonitor.sinks.base import Row, find
from linkymonitor.sinks.mariadb_server import MariaDB
from linkymonitor.sinks.postgresql_server import PostgreSQL
from linkymonitor.sinks.sql_server import ServerSettings
from tests.support.commands import is_stopped, until
from tests.support.databases import running

pytestmark = [pytest.mark.usefixtures("english")]

KINDS = {"postgresql": PostgreSQL, "mariadb": MariaDB}


def server_of(kind: str, port: int, **keys):
    """Return a server that waits for two seconds."""
    made = KINDS[kind](ServerSettings(name="base", host="127.0.0.1", port=port, user="linky", **keys))
    made.patience = 2
    return made


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    """Return the type of a sink whose library is installed."""
    pytest.importorskip({"postgresql": "psycopg", "mariadb": "pymysql"}[request.param], exc_type=ImportError)
    return request.param


@contextmanager
def answering(words: bytes) -> Iterator[int]:
    """Answer each connection with *words*, and keep it open; yields the port."""
    kept: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                one, _ = listener.accept()
                kept.append(one)
                one.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(30)
            for one in kept:
                one.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (b"", r"no answer within 2 s|timeout"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9, r"MariaDB|check port"),
    ],
    ids=["nothing", "another protocol"],
)
def test_what_is_no_server_gives_a_sentence_in_time(kind, words, expected):
    with answering(words) as port:
        server = server_of(kind, port)
        began = time.monotonic()
        with pytest.raises(SinkUnavailable, match=expected):
            server.run(lambda cursor: cursor.execute("SELECT 1"))
        assert time.monotonic() - began < 60
        server.close()


def test_a_password_goes_to_another_machine_with_tls_only(kind, tmp_path):
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(0o640)
    settings = find(kind).Settings
    with pytest.raises(ConfigError, match="in clear"):
        find(kind).Sink(settings(name="base", host="192.0.2.1", password_file=file))
    for keys in ({"tls": True}, {"allow_plaintext": True}, {"host": "localhost"}, {"host": "/run/socket"}):
        find(kind).Sink(settings(**{"name": "base", "host": "192.0.2.1", "password_file": file, **keys}))


@pytest.mark.parametrize("other", ["csv", "webhook"])
def test_the_library_of_a_database_is_loaded_for_its_sink_alone(other, tmp_path):
    path = tmp_path / "box.ini"
    keys = {"csv": f"dir = {tmp_path}", "webhook": "url = http://127.0.0.1:9/"}[other]
    path.write_text(f"[sink:one]\ntype = {other}\n{keys}\n")
    code = (
        "import sys; from pathlib import Path; from linkymonitor.settings import load\n"
        f"import linkymonitor.commands.deliver\nfor one in load(Path({str(path)!r})).destinations.values():\n"
        "    from linkymonitor.sinks.base import House; one.build(House())\n"
        "print(*sorted(sys.modules.keys() & {'psycopg', 'pymysql', 'asyncio', 'ctypes'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.server
@pytest.mark.campaign
def test_a_server_that_stops_in_its_tracks_and_a_statement_that_lasts(kind):
    from tests.support.sql_servers import Maria, Postgres

    with running({"postgresql": Postgres, "mariadb": Maria}[kind]()) as made:
        server = server_of(kind, made.port, database=made.own)
        slow = {"postgresql": "SELECT pg_sleep(60)", "mariadb": "SELECT SLEEP(60)"}[kind]
        for _ in range(2):
            server.run(lambda cursor: cursor.execute("SELECT 1"))
            with pytest.raises(SinkUnavailable, match="no answer within 2 s"):
                server.run(lambda cursor: cursor.execute(slow))
        server.run(lambda cursor: cursor.execute("SELECT 1"))
        stopped = made.processes()
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        until(lambda: all(map(is_stopped, stopped)))
        began = time.monotonic()
        with pytest.raises(SinkUnavailable, match=r"no answer within 2 s|timeout"):
            server.run(lambda cursor: cursor.execute("SELECT 1"))
        assert time.monotonic() - began < 60
        for process in stopped:
            os.kill(process, signal.SIGCONT)
        server.run(lambda cursor: cursor.execute("SELECT 1"))
        server.close()


@pytest.mark.server
@pytest.mark.campaign
def test_a_server_without_tls_gets_no_password_when_tls_is_wanted(kind):
    from tests.support.sql_servers import Maria, Postgres

    bare = {"postgresql": lambda: Postgres("ssl=off"), "mariadb": lambda: Maria("--skip-ssl")}
    with running(bare[kind]()) as made:
        sink = made.sink(made.own, tls=True, ca=made.certificate.pem)
        with pytest.raises(
            SinkUnavailable, match=r"offers no TLS; enable|does not support SSL.* check .*tls"
        ):
            sink.write([Row("", 0, datetime(2026, 1, 1, tzinfo=UTC), "", "", {})])
        sink.close()


@pytest.mark.server
@pytest.mark.campaign
def test_a_disk_that_is_full_at_the_far_end_loses_nothing(kind, tmp_path):
    from tests.support.full_disk import small_disk, write_until_full
    from tests.support.sql_servers import Maria, Postgres, records_of

    at = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
    rows = [
        Row("3f2a", 0, datetime.fromtimestamp(at + 12 * number, UTC), "x" * 60, "HN", {"power": number})
        for number in range(20_000)
    ]
    made = {"postgresql": Postgres, "mariadb": Maria}[kind]()
    with small_disk(made, megabytes=3) as (database, filler):
        sink = made.sink(database)
        sent = write_until_full(made, sink, rows, 500)
        assert sent > 0
        filler.unlink()
        if made.has_died():
            made.kill()
            made.start()
        sink.write(rows[sent : sent + 500])
        sink.close()
        assert made.records(database) == records_of(rows[: sent + 500])
