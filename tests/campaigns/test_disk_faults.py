"""A disk that is full, fails or cannot be written, at each call: the appliance goes on, and nothing is lost."""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.files import Statistics, file_of, records
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.crash_model import CrashDisk, Fault, no_fault
from tests.support.extent import extent
from tests.support.fakes import Bytes, Probe
from tests.support.tally import tally

CALLS = 2000
LOG, RUN = Path("/log"), Path("/run")
START = datetime(2027, 1, 13, 23, 50, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
#: So many frames make more calls than CALLS, even when many calls fail and the calls after them are left out.
FRAMES = 720
TROUBLES = [errno.ENOSPC, errno.EIO, errno.EROFS, "short"]


def name_of(trouble: int | str) -> str:
    return errno.errorcode[trouble] if isinstance(trouble, int) else f"{trouble} write"


def frames(count: int) -> list[bytes]:
    """Return frames that differ by their index."""
    return [
        write_frame(
            Frame(
                (
                    InfoGroup("ADCO", "041876543210"),
                    InfoGroup("OPTARIF", "BASE"),
                    InfoGroup("ISOUSC", "45"),
                    InfoGroup("BASE", f"{688322 + number:09}"),
                    InfoGroup("PTEC", "TH.."),
                    InfoGroup("IINST", "013"),
                    InfoGroup("PAPP", f"{1000 + number % 7000:05}"),
                )
            ),
            Mode.HISTORIQUE,
            parity=True,
        )
        for number in range(count)
    ]


WIRE = frames(FRAMES + 3000)


class Bench:
    """An appliance on a disk in memory; a line is written about every other frame."""

    def __init__(self, disk: CrashDisk, storage: Storage | None = None, directory: Path = LOG) -> None:
        self.disk, self.directory = disk, directory
        self.clock = WireClock(START)
        self.storage = storage or Storage(disk)
        self.events: list[str] = []
        self.display = Probe()
        self.log = DailyLog(
            self.storage,
            LogSettings(dir=directory, sync_every=timedelta(seconds=3.0)),
            self.clock,
            on_event=lambda status, text: self.events.append(status),
        )
        self.source = Bytes(self.clock, (), Mode.HISTORIQUE)
        self.appliance = Appliance(
            meter=Meter(self.source, self.clock),
            clock=self.clock,
            log=self.log,
            aggregator=Aggregator(2),
            ledger=Ledger(ZoneInfo("Europe/Paris")),
            latest=Latest(Storage(disk), RUN),
            outputs=[self.display],
        )

    def run(self, count: int, every: float = 2.0) -> Bench:
        self.source.then(*((every, wire) for wire in WIRE[:count]))
        self.appliance.run()
        return self

    def check(self, count: int, content: dict[str, bytes] | None = None) -> None:
        """Compare the log, or the log of *content*, with the frames that were sent."""
        storage = self.storage if content is None else Storage(CrashDisk(content))
        statistics = Statistics()
        logged = list(records(self.directory, *ALWAYS, statistics=statistics, storage=storage))
        assert self.appliance.meter.health.frames == count
        assert len(self.display.views) == count
        assert sum(record.frames for record in logged) == count
        indexes = [record.indexes["TH"] for record in logged]
        assert indexes == sorted(set(indexes))
        assert indexes[-1] >= 688322 + count - 2  # an index is accepted one frame late
        assert all(later.ended_at > record.ended_at for record, later in pairwise(logged))
        assert (statistics.refused, statistics.torn, statistics.damaged) == (0, 0, [])


def disk_with(fault: Fault = no_fault) -> CrashDisk:
    return CrashDisk({"/run/other": b""}, fault)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("trouble", TROUBLES, ids=name_of)
@pytest.mark.parametrize(("length", "apart", "step"), [(1, 100, 1), (40, 500, 20)], ids=["one", "forty"])
def test_whatever_storage_call_fails_no_frame_is_lost_and_no_line_is_wrong(trouble, length, apart, step):
    """A run has many failures, each long after the one before; all runs together hit each of the first calls."""
    counts = Counter[str]()
    step *= extent(50, 1)
    for first in range(1 + TROUBLES.index(trouble), apart + 1, step):
        failing = {number + n for number in range(first, CALLS + 1, apart) for n in range(length)}
        disk = disk_with(lambda number, name, failing=failing: trouble if number in failing else None)
        bench = Bench(disk).run(FRAMES)
        if bench.log.pending:  # it stopped while the card refused
            disk.fault = no_fault
            bench.log.close()
        assert disk.calls >= CALLS
        bench.check(FRAMES)
        # All lines were acknowledged, so they are there after a cut, although an fsync has failed.
        bench.check(FRAMES, disk.crash(random.Random(first)))
        counts["runs"] += 1
        counts["calls made to fail"] += len(failing)
        counts["frames"] += FRAMES
        counts["refusals logged"] += bench.events.count("WARN")
    tally(
        f"{name_of(trouble)} at a storage call" + (f", {length} in a row" if length > 1 else ""),
        counts["calls made to fail"],
        note=f"{counts['frames']} frames in {counts['runs']} runs; {counts['refusals logged']} refusals told",
    )


def test_the_calls_that_are_made_to_fail_are_all_reached():
    disk = disk_with()
    Bench(disk).run(FRAMES)
    assert disk.calls >= CALLS


def test_a_card_that_cannot_be_written_at_the_start_costs_nothing_but_the_log():
    """Display, relays and latest.json go on; the log warns once, and is complete once the card is mended."""
    disk = disk_with()
    card = CrashDisk({"/log/2027_01_12_linkymonitor.log": b""})
    card.fault = lambda number, name: errno.EROFS if name != "names" else None
    bench = Bench(disk, Storage(card))
    seen: list[int] = []

    def follow(reading: Reading) -> None:
        seen.append(len(disk.content()["/run/latest.json"]))
        if len(seen) == 300:
            assert bench.log.refused
            assert bench.events == ["WARN"]
            card.fault = no_fault

    bench.appliance.callbacks = [follow]
    bench.run(400)
    assert len(seen) == 400
    assert min(seen) > 100
    assert bench.events == ["WARN", "WARN"]
    bench.check(400)


def test_lines_of_sixteen_hours_wait_in_order():
    """The queue has room for 4,096 lines; one line more, and the oldest is lost."""
    disk = disk_with()
    bench = Bench(disk, Storage(card := CrashDisk()))
    card.fault = lambda number, name: errno.EIO if name == "sync" else None
    bench.source.then(*((30.0, wire) for wire in WIRE[:3000]))

    def mend(reading: Reading) -> None:
        if reading.indexes.get("TH", 0) == 688322 + 2900:
            card.fault = no_fault

    bench.appliance.callbacks = [mend]
    bench.appliance.run()
    bench.check(3000)
    text = b"".join(card.content().values()).decode()
    assert "lignes perdues : 0" in text


def as_root() -> str:
    if os.geteuid() != 0:
        return "needs root to mount"
    return "" if "nodev\ttmpfs" in Path("/proc/filesystems").read_text() else "the kernel does not know tmpfs"


rooted = pytest.mark.skipif(bool(as_root()), reason=f"a disk of 1 MB: {as_root()}")


@pytest.fixture
def small(tmp_path) -> Iterator[Path]:
    """A filesystem of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"a disk of 1 MB: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    """Fill the filesystem, so that no byte is free."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


@rooted
def test_a_disk_that_is_really_full_and_is_emptied_again(small):
    bench = Bench(disk_with(), Storage(), small / "log")
    ballast = small / "ballast"

    def meddle(reading: Reading) -> None:
        number = reading.indexes.get("TH", 0) - 688322
        if number == 100:
            fill(ballast)
        elif number == 300:
            assert bench.log.refused
            ballast.unlink()

    bench.appliance.callbacks = [meddle]
    bench.run(400)
    bench.check(400)
    assert bench.events == ["WARN", "WARN"]


@rooted
def test_a_full_disk_costs_the_oldest_pages_and_never_a_log(small):
    pages = small / "pages"
    pages.mkdir()
    for day in range(1, 29):
        (pages / f"2026-12-{day:02}.html").write_bytes(bytes(16384))
    (pages / "index.html").write_bytes(b"x")
    old = file_of(small, START.date() - timedelta(days=300))
    old.write_bytes(b"2026/03/19 10:00:00\tINFO\tbonjour\n")
    storage = Storage()
    log = DailyLog(
        storage,
        LogSettings(dir=small),
        clock := WireClock(START),
        on_full=lambda: storage.remove_first(pages, re.compile(r"\d{4}-\d\d-\d\d\.html")),
    )
    log.note("INFO", "Démarrage")
    log.flush()
    fill(small / "ballast")
    for _ in range(40):
        log.note("INFO", "x" * 900)
        clock.advance(60.0)
        log.tick(clock.monotonic())
    log.close()
    assert not log.refused
    left = sorted(path.name for path in pages.iterdir())
    gone = 28 + 1 - len(left)
    assert 1 <= gone <= 20
    assert left[0] == f"2026-12-{gone + 1:02}.html", "the oldest go first"
    assert left[-1] == "index.html"
    assert old.exists() or old.with_name(old.name + ".gz").exists()
    assert file_of(small, START.date()).read_text().count("xxx") + file_of(
        small, START.date() + timedelta(days=1)
    ).read_text().count("xxx")


@rooted
def test_a_filesystem_that_is_read_only_at_the_start_and_is_mounted_again(small):
    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(small)], check=True)

    remount("ro")
    bench = Bench(disk_with(), Storage(), small / "log")

    def meddle(reading: Reading) -> None:
        if reading.indexes.get("TH", 0) - 688322 == 150:
            assert bench.events == ["WARN"]
            remount("rw")

    bench.appliance.callbacks = [meddle]
    bench.run(200)
    bench.check(200)
    assert bench.events == ["WARN", "WARN"]
