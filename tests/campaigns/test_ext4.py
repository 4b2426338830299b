"""The state of our files on real ext4 after a power cut, at every block."""

# The workload is the real DailyLog on a virtual clock, with days that are compressed on the way, and a state file
# that is replaced again and again. As a control, another file is replaced without a sync: a test that never finds this
# file damaged would find no other damage either.

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.daily_log.files import Statistics, records
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.ext4 import disks
from tests.support.extent import FULL, extent
from tests.support.tally import tally

STATES = int(os.environ.get("LINKYMONITOR_EXT4_STATES", extent(24, 600)))
#: The shortest recording, in real seconds: the kernel commits every 5 s and writes back after 30 s.
LASTING = extent(0.0, 30.0)
#: Pauses in which only the control is written, in seconds: longer than the 5 s between two commits.
PAUSES = extent(0, 8)
RECORDS = 700
START = datetime(2026, 2, 17, 22, 0, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
EJP = Contract(mode=Mode.HISTORIQUE, option="EJP", registers=("HN", "PM"), subscribed_power=9000, phases=1)

pytestmark = pytest.mark.skipif(bool(disks.obstacle()), reason=f"real ext4: {disks.obstacle()}")


def record(number: int, at: datetime) -> Record:
    return Record(
        started_at=at,
        ended_at=at,
        contract=EJP,
        tariff_period="HN..",
        apparent_power=number * 7 % 9000,
        power_min=0,
        power_max=9000,
        current=5,
        currents=(5,),
        indexes={"HN": number, "PM": 80072},
        frames=8,
    )


def state(version: int) -> bytes:
    return json.dumps({"version": version, "rest": "x" * (version * 37 % 6000)}).encode()


def version_of(path: Path) -> int | None:
    """Return the version of a whole state file, 0 when there is no file, None when it is damaged."""
    try:
        content = path.read_bytes()
        version = int(json.loads(content)["version"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError):
        return None
    return version if content == state(version) else None


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, if the machine has one."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="linkymonitor-ext4-", dir=shm if shm.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def work(disk: disks.Disk) -> None:
    """Log five days, and write a marker for each promise."""
    clock = WireClock(START)
    storage = Storage()
    log = DailyLog(storage, LogSettings(dir=disk.filesystem / "log", compress_after=timedelta(days=1)), clock)
    disk.mark("BEGIN")
    pause = LASTING / RECORDS
    chance = random.Random(1)
    for number in range(RECORDS):
        clock.advance(chance.choice([11.7, 600.0, 1200.0]))
        log.append(record(number, clock.now()))
        log.tick(clock.monotonic())
        if log.pending == 0:
            disk.mark(f"L {number + 1}")
        if number % 5 == 0:
            version = number // 5 + 1
            storage.replace(disk.filesystem / "state.json", state(version))
            disk.mark(f"S {version}")
            storage.replace(disk.filesystem / "unsafe.json", state(version), sync=False)
        if pause:
            time.sleep(pause)  # the timers of the kernel are part of what is tried
        if PAUSES and number % (RECORDS // PAUSES) == 50:
            for version in range(2000, 2030):
                storage.replace(disk.filesystem / "unsafe.json", state(version), sync=False)
                disk.mark("C")
                time.sleep(0.2)
    log.close()
    disk.mark(f"L {RECORDS}")
    disk.mark("END")


def promised(markers: list[str], what: str) -> int:
    return max((int(mark[2:]) for mark in markers if mark.startswith(what)), default=0)


@pytest.mark.campaign
def test_what_was_acknowledged_is_there_after_any_power_cut_on_real_ext4(memory):
    began = time.monotonic()
    try:
        with disks.recorded(memory, extent("commit=1", "defaults")) as disk:
            work(disk)
    except (OSError, disks.subprocess.CalledProcessError) as error:
        pytest.skip(f"real ext4: {error} {getattr(error, 'stderr', '')}")
    recording = time.monotonic() - began
    found, control = Counter[str](), Counter[str]()
    endings = Counter[int]()
    for state in disks.crash_states(memory, STATES, random.Random(7)):
        found["states"] += 1
        found[state.kind] += 1
        with disks.mounted(state.image, memory) as (folder, repaired):
            found["repaired by e2fsck"] += repaired
            log, storage = folder / "log", Storage()
            statistics = Statistics()
            found["archives read"] += sum(path.suffix == ".gz" for path in log.glob("*.gz"))
            before = read(log, found, statistics)
            endings[before] += 1
            found["acknowledged lines lost"] += max(promised(state.markers, "L") - before, 0)
            found["torn or NUL tails"] += statistics.torn
            found["damaged archives"] += len(statistics.damaged)
            version = version_of(folder / "state.json")
            found["state files damaged"] += version is None
            found["state files older than acknowledged"] += (version or 0) < promised(state.markers, "S")
            unsafe = version_of(folder / "unsafe.json")
            control["damaged" if unsafe is None else "whole"] += 1

            # After the cut the program starts, and goes on.
            clock = WireClock(START.replace(month=3))
            again = DailyLog(storage, LogSettings(dir=log), clock)
            for number in range(before, before + 3):
                clock.advance(12.0)
                again.append(record(number, clock.now()))
            again.close()
            after = Statistics()
            assert read(log, found, after) == before + 3
            assert (after.refused, after.torn, after.damaged) == (0, 0, [])
    size = disks.written(disks.events(memory / "record"))
    tally(
        "power cuts, real ext4",
        STATES,
        wrong=found["torn or NUL tails"] + found["state files damaged"] + found["damaged archives"],
        lost=found["acknowledged lines lost"],
        note=f"{recording:.0f} s recorded, {size / 1e6:.1f} MB written",
    )
    for name, count in found.items():
        print(f"  {name:38} {count}")
    print(f"  different numbers of lines found       {len(endings)}")
    print(f"  control, replaced without a sync       {dict(control)}")
    for name in ("lines lost", "damaged archives", "state files damaged", "older", "wrong"):
        assert not any(count for key, count in found.items() if name in key), found
    assert found["archives read"]
    assert len(endings) > STATES / 10
    if FULL:
        assert control["damaged"], "the rig finds nothing"


def read(log: Path, found: Counter[str], statistics: Statistics) -> int:
    """Return how many records are in *log*; count those that nobody wrote."""
    numbers = []
    for record in records(log, *ALWAYS, statistics=statistics):
        number = record.indexes["HN"]
        numbers.append(number)
        found["wrong lines read"] += (
            record.apparent_power != number * 7 % 9000 or record.indexes["PM"] != 80072
        )
    found["wrong lines read"] += numbers != list(range(len(numbers)))
    return len(numbers)
