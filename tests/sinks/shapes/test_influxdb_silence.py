"""An InfluxDB that is silent, slow or full, under the shapes of LinkyPy and of Reuiller: nothing of the log is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks import http_post
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.shapes.influxdb_linkypy import LinkyPy
from linkymonitor.sinks.shapes.influxdb_linkypy import Settings as LinkyPySettings
from linkymonitor.sinks.shapes.influxdb_reuiller import Reuiller
from linkymonitor.sinks.shapes.influxdb_reuiller import Settings as ReuillerSettings
from tests.support.commands import is_stopped, until
from tests.support.databases import Influx1, running
from tests.support.shape_frames import live_of_frame

pytestmark = [pytest.mark.server, pytest.mark.campaign, pytest.mark.usefixtures("english")]

#: Shape → the points of which there is one for each record.
POINTS = {"linkypy": "SELECT PAPP FROM linky_rp.linky", "reuiller": "SELECT value FROM PAPP"}


class SmallInflux(Influx1):
    """InfluxDB whose log of writes is on a disk of a megabyte, which no other process sees."""

    _keeper: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server on its disk."""
        if self._keeper is None:
            if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
                pytest.skip("this user may not mount")
            (self.folder / "wal").mkdir()
            mount = 'mount --make-rprivate / && mount -t tmpfs -o size=1m tmpfs "$0" && touch "$0/mounted"'
            self._keeper = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", f"{mount} && exec sleep 600", str(self.folder / "wal")]
            )
            until((self.disk / "mounted").exists)
        program = ["nsenter", f"--target={self._keeper.pid}", "--mount", self.path]
        with (self.folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen([*program, *self.arguments()], stdout=out, stderr=out)
        until(self._answers, 60)
        self.ask("CREATE DATABASE linky")

    @property
    def disk(self) -> Path:
        """The disk, as the server sees it."""
        assert self._keeper is not None
        return Path(f"/proc/{self._keeper.pid}/root{self.folder}/wal")

    def remove(self) -> None:
        """Stop the server, and what keeps its disk."""
        self.stop()
        if self._keeper is not None:
            self._keeper.kill()
            self._keeper.wait(30)


@pytest.fixture(params=sorted(POINTS))
def shape(request):
    return request.param


@pytest.fixture
def database(request, tmp_path):
    with running(getattr(request, "param", Influx1)(tmp_path / "database")) as made:
        yield made


@pytest.fixture
def box(shape, database):
    kinds = {"linkypy": (LinkyPy, LinkyPySettings), "reuiller": (Reuiller, ReuillerSettings)}
    sink, settings = kinds[shape]
    made = sink(settings(name="s", url=database.url, database="linky"))
    yield made
    made.close()


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Stop *process* in its tracks."""
    os.kill(process, signal.SIGSTOP)
    try:
        until(lambda: is_stopped(process))
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def records(count: int) -> list[Row]:
    """Return *count* records of the last hours, each 30 s longer than a reading counts for."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=count)
    return [
        Row(
            "0440d28074d5",
            0,
            begin + timedelta(minutes=number),
            "HC",
            "HP",
            # Numbers that InfluxDB cannot write in a few bytes.
            {"power": 500 + number * 7919 % 4001, "index_HC": 7000, "index_HP": 9000 + number},
            subscribed_power=9000,
        )
        for number in range(count)
    ]


def powers(database: Influx1, shape: str) -> list[int]:
    return [row[1] for series in database.ask(POINTS[shape]) for row in series["values"]]


def fill(path: Path) -> None:
    """Write to *path* until its disk is full, to the byte."""
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


def test_what_a_silent_server_has_not_answered_comes_from_the_log(
    database, box, shape, tmp_path, monkeypatch
):
    monkeypatch.setattr(http_post, "PATIENCE", 1.0)
    rows = records(5)
    reading = live_of_frame("historique-hc", tmp_path)
    box.live(reading._replace(taken_at=rows[0].ended_at))
    with stopped(database.process):
        with pytest.raises(SinkUnavailable, match="no answer within 1 s; check that the server runs"):
            box.live(reading._replace(taken_at=rows[1].ended_at))
        with pytest.raises(SinkUnavailable, match="no answer within 1 s"):
            box.write(rows)
    assert box.write(rows)
    # What the server was asked before it stopped may have arrived after all: the same point, or one beside it.
    found = powers(database, shape)
    assert found[0] == reading.fields["power"]
    assert {row.fields["power"] for row in rows[2:]} <= set(found)
    assert len(found) <= len(rows) + 1


def test_a_slow_server_gets_everything(database, box, shape):
    rows = records(300)
    over = threading.Event()

    def slow() -> None:
        while not over.wait(0.01):
            with stopped(database.process):
                over.wait(0.15)

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        for begin in range(0, len(rows), 25):
            box.write(rows[begin : begin + 25])
    finally:
        over.set()
        thread.join()
    assert powers(database, shape) == [row.fields["power"] for row in rows]


@pytest.mark.parametrize("database", [SmallInflux], indirect=True)
def test_a_full_disk_of_the_server_is_told_and_loses_nothing(database, box, shape):
    rows = records(2000)
    box.write(rows[:40])
    filler = database.disk / "filler"
    fill(filler)
    with pytest.raises(
        SinkUnavailable, match=r"no space left on device.*; make room on the server, and start it"
    ):
        box.write(rows[40:])
    filler.unlink()
    # InfluxDB 1 takes nothing more of a log of writes in which one has failed.
    with pytest.raises(SinkUnavailable, match="start it again"):
        box.write(rows[40:])
    database.stop()
    database.start()
    box.write(rows[40:])
    assert powers(database, shape) == [row.fields["power"] for row in rows]
