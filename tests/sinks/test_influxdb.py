"""Records go to InfluxDB 2 and 3, as a server of ours that checks every request, and faults come back as errors."""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError, SinkRefused, SinkUnavailable
from linkymonitor.settings import Settings as Whole
from linkymonitor.settings import load
from linkymonitor.sinks import http_post
from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.influxdb import InfluxDB, Settings
from linkymonitor.sinks.network import without_secrets
from tests.support.http_server import serving
from tests.support.ini import faults, written
from tests.support.line_protocol import points

AT = datetime(2026, 1, 13, 0, 0, 12, tzinfo=UTC)
ROW = Row("78b79e5069eb", 0, AT, "EJP", "HN", {"power": 1569, "index_HN": 20650619}, {"ejp": "normal"}, False)
LINE = "linkymonitor,meter=78b79e5069eb,contract=EJP,period=HN power=1569i,index_HN=20650619i 1768262412"
TAKEN = (204, b"")


def secret(folder: Path, text: str = "s3cret-of-the-base\n") -> Path:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(0o640)
    return path


@pytest.fixture
def sink():
    """Make sinks, which are closed at the end of the test."""
    made = []

    def make(url: str, **keys) -> InfluxDB:
        made.append(InfluxDB(Settings(name="base", url=url, **keys)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_version_1_takes_a_database_a_user_and_a_password(sink, tmp_path):
    with serving(lambda _: TAKEN) as server:
        sink(server.url, database="linky", user="marie", password_file=secret(tmp_path)).write([ROW])
    (sent,) = server.sent
    assert (sent.method, sent.path, sent.query) == ("POST", "/write", {"db": "linky", "precision": "s"})
    assert sent.headers["authorization"] == "Basic " + b64encode(b"marie:s3cret-of-the-base").decode()
    assert sent.headers["content-encoding"] == "gzip"
    assert sent.text == LINE


def test_version_2_takes_an_org_a_bucket_and_a_token(sink, tmp_path):
    with serving(lambda _: TAKEN) as server:
        sink(server.url, org="chez nous", bucket="linky/1", token_file=secret(tmp_path)).write([ROW])
    (sent,) = server.sent
    assert sent.path == "/api/v2/write"
    assert sent.query == {"org": "chez nous", "bucket": "linky/1", "precision": "s"}
    assert sent.headers["authorization"] == "Token s3cret-of-the-base"
    assert sent.text == LINE


def test_version_3_takes_a_database_and_a_token(sink, tmp_path):
    with serving(lambda _: TAKEN) as server:
        sink(server.url, version=3, database="linky", token_file=secret(tmp_path)).write([ROW])
    (sent,) = server.sent
    assert (sent.path, sent.query) == ("/api/v3/write_lp", {"db": "linky", "precision": "second"})
    assert sent.headers["authorization"] == "Bearer s3cret-of-the-base"
    assert sent.text == LINE


def test_victoriametrics_needs_only_an_address_and_may_stand_below_a_path(sink):
    with serving(lambda _: TAKEN) as server:
        sink(f"{server.url}/vm/").write([ROW])
    assert (server.sent[0].path, server.sent[0].query) == ("/vm/write", {"precision": "s"})
    assert "authorization" not in server.sent[0].headers


def test_the_connection_serves_again_and_a_closed_one_is_opened_anew(sink):
    with serving(lambda _: TAKEN) as server:
        base = sink(server.url)
        base.write([ROW])
        base.write([ROW])
        assert server.connections == 1
        base.close()
        base.write([ROW])
        assert (server.connections, len(server.sent)) == (2, 3)


def test_a_server_that_came_back_is_written_to_without_an_error(sink):
    """The kept connection is dead, so the request goes over a new one."""
    with serving(lambda _: TAKEN) as server:
        base = sink(server.url)
        base.write([ROW])
        server.drop()
        base.write([ROW])
        assert (server.connections, len(server.sent)) == (2, 2)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_points_are_refused(sink, status):
    said = b'{"error":"partial write: points beyond retention policy dropped=1"}'
    with serving(lambda _: (status, said)) as server, pytest.raises(SinkRefused, match="retention policy"):
        sink(server.url).write([ROW])


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (401, b'{"error":"authorization failed"}', "authorization failed.*password_file, or token_file"),
        (403, b"", "grant it the right"),
        (404, b'{"error":"database not found: \\"linky\\""}', "create the database"),
        (301, b"", "redirection"),
        (
            422,
            b'{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type '
            b'conflict: input field \\"power\\" on measurement \\"linkymonitor\\" is type integer, already exists as '
            b'type string dropped=1"}',
            "the field power of the measurement linkymonitor has the type text .*, and whole numbers .* by database",
        ),
        (200, b"<html>Welcome to the hotel</html>", "no InfluxDB"),
        (429, b"slow down", "answer 429 .slow down"),
        (500, b"", "answer 500"),
        (503, b"\x1b[31m\nbusy", "busy"),
    ],
)
def test_what_can_be_mended_keeps_the_records(sink, status, said, words, english):
    with serving(lambda _: (status, said)) as server, pytest.raises(SinkUnavailable, match=words) as caught:
        sink(server.url).write([ROW])
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nobody_there_is_unavailable(sink):
    with serving(lambda _: TAKEN) as server:
        url = server.url
    with pytest.raises(SinkUnavailable, match=f"{url} .*démarrez le serveur, ou corrigez url"):
        sink(url).write([ROW])
    with pytest.raises(SinkUnavailable, match=r"nom de machine .* ; corrigez url|; vérifiez le réseau"):
        sink("http://base.invalid:8086").write([ROW])


def test_a_connection_that_is_cut_is_a_sentence_with_what_to_check(sink):
    url = raw_server(lambda connection: connection.recv(20))
    with pytest.raises(SinkUnavailable, match="vérifiez que c'est le bon serveur, et url"):
        sink(url).write([ROW])


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(http_post, "PATIENCE", 0.4)


def raw_server(serve):
    """Return the URL of a server that does *serve* with its first connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_accepts_and_never_answers_is_unavailable_in_time(sink, impatient, english):
    gone = threading.Event()
    url = raw_server(lambda connection: gone.wait(200))
    began = time.monotonic()
    with pytest.raises(SinkUnavailable, match=r"no answer within 0 s; check that the server runs, and url"):
        sink(url).write([ROW])
    gone.set()
    assert time.monotonic() - began < 60


def test_an_answer_that_drips_is_cut_at_the_deadline(sink, impatient):
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        with suppress(OSError):
            for _ in range(4000):
                connection.sendall(b"H")
                time.sleep(0.05)

    began = time.monotonic()
    with pytest.raises(SinkUnavailable):
        sink(raw_server(drip)).write([ROW])
    assert time.monotonic() - began < 60


def test_an_answer_of_100_megabytes_is_not_read(sink):
    sent = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 100000000\r\n\r\n")
        with suppress(OSError):
            for _ in range(100):
                connection.sendall(b"x" * 1_000_000)
                sent.append(1)

    with pytest.raises(SinkUnavailable, match="500") as caught:
        sink(raw_server(flood)).write([ROW])
    assert len(str(caught.value)) < 500
    assert len(sent) < 50


@pytest.mark.parametrize(
    "said", [b"\x00\xff hello\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n", b"220 mail ready\r\n"]
)
def test_what_is_no_http_is_unavailable(sink, said):
    def speak(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with pytest.raises(SinkUnavailable):
        sink(raw_server(speak)).write([ROW])


def test_an_answer_before_the_whole_body_was_taken_is_no_success():
    """204 after the headers, and the connection is closed: a body that could not be sent is not counted as taken."""

    def hasty(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    client = http_post.Client(http_post.address_of(raw_server(hasty)), section="[sink:x]")
    with pytest.raises(SinkUnavailable):
        client.post("/write", b"x" * 30_000_000, {})


@pytest.mark.parametrize(
    "words", ["MSG1 , =\\", "a\nlinkymonitor power=1i 1", "é ☃\x7f\x1b[2J", "\\", " = ", 'x"y']
)
def test_hostile_text_stays_in_its_tag(sink, words):
    hostile = ROW._replace(contract=words, period=words, meter=words)
    with serving(lambda _: TAKEN) as server:
        sink(server.url).write([hostile, ROW])
    first, second = points(server.sent[0].text)
    assert second.time == first.time == int(AT.timestamp())
    assert first.measurement == "linkymonitor"
    assert [name for name, _ in first.tags] == ["contract", "meter", "period"]
    assert first.fields == second.fields


def test_a_record_without_a_number_is_no_point(sink):
    with serving(lambda _: TAKEN) as server:
        base = sink(server.url)
        base.write([ROW._replace(fields={})])
        assert not server.sent
        base.write([ROW._replace(fields={}), ROW])
    assert server.sent[0].text == LINE


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("url = 192.168.1.2:8086", ["url: expected an address such as"]),
        ("url = ftp://x", ["url: expected an address such as"]),
        ("url = http://x:port", ["url: expected an address such as"]),
        ("url = http://marie:s3cr3t@x", ["url: has a user or a password in it"]),
        ("url = http://x/write?db=linky", ["url: expected an address without a"]),
        ("url = http://x\nversion = 4", ["version = 4: expected 1, 2 or 3"]),
        ("url = http://x\nversion = 2", ["bucket: missing"]),
        ("url = http://x\nversion = 3", ["database: missing"]),
        ("url = http://x\nuser = me", ["user and password_file go together"]),
        ("url = http://x\nbucket = b\ntoken = x\ntoken_file = /y", ["token: does not go with token_file"]),
        ("database = x", ["url: missing"]),
    ],
)
def test_bad_settings_are_named_and_no_password_is_repeated(tmp_path, keys, found):
    told = faults(tmp_path, f"[sink:base]\ntype = influxdb\n{keys}\n", Whole)
    assert len(told) == len(found)
    for fault, words in zip(told, found, strict=True):
        assert fault.startswith(f"[sink:base] {words}")
        assert "s3cr3t" not in fault


def test_a_token_in_a_configuration_that_everybody_may_read_is_refused(tmp_path, english):
    path = written(
        tmp_path, "[sink:base]\ntype = influxdb\nurl = https://x\nbucket = b\ntoken = c4nary-token\n"
    )
    path.chmod(0o644)
    # Reading the meter is no reason to stop: the sink alone is refused.
    refused = load(path)
    with pytest.raises(ConfigError, match=r"token: everybody may read it; .* token_file") as caught:
        refused.sink["base"].build(House(config=refused.path))
    assert "c4nary" not in str(caught.value)
    path.chmod(0o640)
    load(path).sink["base"].build(House(config=path)).close()


def test_a_password_goes_to_another_machine_with_tls_only(sink, tmp_path):
    password = secret(tmp_path)
    with pytest.raises(ConfigError, match="example"):
        sink("http://base.example:8086", user="me", password_file=password)
    sink("http://base.example:8086", user="me", password_file=password, allow_plaintext=True)
    sink("https://base.example:8086", user="me", password_file=password)


def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(sink, tmp_path):
    with pytest.raises(ConfigError, match="ASCII") as caught:
        sink("http://127.0.0.1", bucket="b", token_file=secret(tmp_path, "clé-sécrète"))
    assert "crète" not in str(caught.value)


def test_a_token_that_was_written_for_its_file_is_not_repeated(sink, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        sink("http://127.0.0.1", bucket="b", token_file=Path("aGVsbG8=="))
    assert "aGVsbG8" not in str(caught.value)


def test_a_secret_that_the_server_sends_back_is_masked(sink, tmp_path):
    def echo(sent):
        return 401, json.dumps({"error": f"wrong {sent.headers['authorization']}"}).encode()

    with serving(echo) as server, pytest.raises(SinkUnavailable) as caught:
        sink(server.url, bucket="b", token_file=secret(tmp_path)).write([ROW])
    assert "s3cret-of-the-base" not in without_secrets(str(caught.value))
