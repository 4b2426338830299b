"""Real databases on the loopback, which a test starts, kills and asks what they have."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import pytest

from linkymonitor.sinks.base import Row
from tests.support.commands import until

#: What names a point: its tags and its time in seconds.
Key = tuple[frozenset[tuple[str, str]], int]
#: Point → field → value.
Points = dict[Key, dict[str, int]]


def points_of(rows: Iterable[Row]) -> Points:
    """Return what a database has once it has all *rows*."""
    found: Points = {}
    for row in rows:
        tags = {"meter": row.meter, "contract": row.contract, "period": row.period}
        key = frozenset((name, value) for name, value in tags.items() if value), int(row.ended_at.timestamp())
        assert key not in found, "two records of the log have one key"
        found[key] = dict(row.fields)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Server(Protocol):
    """A server process of a database."""

    def start(self) -> None: ...

    def remove(self) -> None: ...


S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S) -> Iterator[S]:
    """Start *server*; remove it in the end."""
    try:
        server.start()
        yield server
    finally:
        server.remove()


class Database:
    """A server process; its data outlive it."""

    program = ""
    package = ""
    ready = "/"
    #: What stops it without a loss of what it has acknowledged.
    stops_by = signal.SIGKILL
    #: The keys of its section.
    keys = ""

    def __init__(self, folder: Path) -> None:
        found = shutil.which(self.program)
        if found is None:
            pytest.skip(f"{self.program} is not installed: sudo apt-get install {self.package}")
        self.path, self.folder, self.port = found, folder, free_port()
        self.folder.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def arguments(self) -> list[str]:
        """Return the arguments of the program."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen([self.path, *self.arguments()], stdout=out, stderr=out)
        until(self._answers, 60)

    @property
    def process(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Stop the server, at once where its data allow that."""
        if self._process is not None:
            self._process.send_signal(self.stops_by)
            self._process.wait(100)
            self._process = None

    def get(self, target: str) -> bytes:
        """Return the answer to a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            return content
        finally:
            connection.close()

    def points(self) -> tuple[Points, int]:
        """Return all points, and how many keys came twice."""
        raise NotImplementedError

    def remove(self) -> None:
        """Stop the server; its folder is the test's."""
        self.stop()

    def section(self) -> str:
        """Return the keys of a sink whose records go to this database."""
        return f"type = influxdb\nurl = {self.url}\n{self.keys}\n"

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
        try:
            self.get(self.ready)
        except OSError:
            return False
        return True


class Influx1(Database):
    """InfluxDB 1; what it has acknowledged is on the disk."""

    program, package, ready = "influxd", "influxdb", "/ping"
    keys = "database = linky"

    def arguments(self) -> list[str]:
        """Return the arguments of the program."""
        config = self.folder / "influx.toml"
        if not config.exists():
            config.write_text(
                f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
                f'[meta]\ndir = "{self.folder}/meta"\n[data]\ndir = "{self.folder}/data"\n'
                f'wal-dir = "{self.folder}/wal"\n[http]\nenabled = true\n'
                f'bind-address = "127.0.0.1:{self.port}"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n'
            )
        return ["run", "-config", str(config)]

    def ask(self, query: str) -> list[dict]:
        """Return the series that answer *query*."""
        words = urlencode({"q": query, "db": "linky", "epoch": "s"})
        return json.loads(self.get(f"/query?{words}"))["results"][0].get("series", [])

    def write(self, lines: str) -> None:
        """Write points in line protocol, with times in seconds."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        try:
            connection.request("POST", "/write?db=linky&precision=s", lines.encode())
            answer = connection.getresponse()
            assert answer.status == 204, answer.read()
        finally:
            connection.close()

    def start(self) -> None:
        """Start the server with its database."""
        super().start()
        self.ask("CREATE DATABASE linky")

    def points(self) -> tuple[Points, int]:
        """Return all points, and how many keys came twice."""
        found: Points = {}
        twice = 0
        for series in self.ask("SELECT * FROM linkymonitor GROUP BY *"):
            tags = frozenset((name, value) for name, value in series["tags"].items() if value)
            for time, *values in series["values"]:
                fields = dict(zip(series["columns"][1:], values, strict=True))
                twice += (tags, time) in found
                found[tags, time] = {name: value for name, value in fields.items() if value is not None}
        return found, twice


class Victoria(Database):
    """VictoriaMetrics; what it has acknowledged is on the disk a few seconds later, so it gets time to stop."""

    program, package, ready = "victoria-metrics", "victoria-metrics", "/health"
    stops_by = signal.SIGINT

    def arguments(self) -> list[str]:
        """Return the arguments of the program."""
        return [
            f"-storageDataPath={self.folder}/data",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1s",
            "-memory.allowedBytes=64MB",
        ]

    def points(self) -> tuple[Points, int]:
        """Return all points, and how many keys came twice."""
        self.get("/internal/force_flush")
        match = urlencode({"match[]": '{__name__=~"linkymonitor_.*"}', "reduce_mem_usage": "0"})
        found: Points = {}
        twice = 0
        for line in self.get(f"/api/v1/export?{match}").splitlines():
            sample = json.loads(line)
            tags = dict(sample["metric"])
            field = tags.pop("__name__").removeprefix("linkymonitor_")
            tags.pop("db", None)
            for value, at in zip(sample["values"], sample["timestamps"], strict=True):
                fields = found.setdefault((frozenset(tags.items()), at // 1000), {})
                twice += field in fields
                fields[field] = value
        return found, twice
