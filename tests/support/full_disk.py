"""A database on a disk of some megabytes, which a test fills to the last byte."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import Row
from tests.support.sql_servers import Maria, SqlServer, pymysql


@contextmanager
def small_disk(server: SqlServer, megabytes: int) -> Iterator[tuple[str, Path]]:
    """Run *server* with a database on a disk with so little room; yield its name, and a file that takes the rest."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    mounted: list[Path] = []

    def mount(folder: Path) -> None:
        size = f"size={megabytes + 60}m,mode=0700,uid={pwd.getpwnam(server.account).pw_uid}"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"cannot mount: {done.stderr}")
        mounted.append(folder)

    try:
        server.start()
        database = server.put_on(mount)
        filler = mounted[0] / "filler"
        filler.write_bytes(bytes(60 << 20))
        yield database, filler
    finally:
        server.kill()
        for folder in mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        server.remove()


def write_until_full(server: SqlServer, sink: Any, rows: list[Row], batch: int) -> int:
    """Write *rows* until the disk of *server* is full; return how many it has taken."""
    sent, fault = 0, ""
    # MariaDB 10.11 may end itself when a file of InnoDB cannot grow; with MyISAM it waits for room.
    while not ("make room on the server" in fault or server.has_died() or _waits_for_room(server)):
        assert sent < len(rows), fault
        try:
            sink.write(rows[sent : sent + batch])
            sent += batch
        except SinkUnavailable as error:
            # A slow machine is no answer in time, too: the same rows come again.
            fault = str(error)
    return sent


def _waits_for_room(server: SqlServer) -> bool:
    """Return whether a statement of MariaDB waits until there is room on the disk."""
    waiting = "SELECT 1 FROM information_schema.processlist WHERE state = 'Waiting for someone to free space'"
    with suppress(pymysql.err.OperationalError):  # the server ends
        return isinstance(server, Maria) and bool(server.ask("mysql", waiting, user="root"))
    return False


def taken(sink: Any, rows: list[Row]) -> bool:
    """Return whether the server takes *rows*: it may still work at the statement before."""
    try:
        sink.write(rows)
    except SinkUnavailable:
        return False
    return True
