"""kill -9 at any moment: the real daemon on a real pseudo-terminal, over and over on one log directory."""

# A line in the file is acknowledged: it is written and synced at once. So every whole line that
# can be read before the kill must be there after it, at the same place. The daemons are forked from a process
# that has imported all modules, else a test would spend its time on imports.

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from random import Random

import pytest

from linkymonitor.daily_log import files
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.wire import SimSource, open_pty
from linkymonitor.system.clock import SystemClock
from tests.support.extent import extent
from tests.support.nursery import Nursery
from tests.support.tally import tally

KILLS = int(os.environ.get("LINKYMONITOR_KILLS") or extent(6, 500))
SEED = int(os.environ.get("LINKYMONITOR_SEED", "9"))
#: The pace in multiples of the speed of the line: about a record a second, so that stamps stay true.
SPEED = 10.0
#: The first record must come within so many seconds after a restart.
FIRST_RECORD = 30.0

#: What acquire imports.
MODULES = (
    "linkymonitor.commands.acquire",
    "linkymonitor.appliance",
    "linkymonitor.state.aggregate",
    "linkymonitor.source.tty",
    "linkymonitor.daily_log.writer",
    "linkymonitor.outputs.relay",
)


class Feed(threading.Thread):
    """The simulated meter at its end of the terminal; it does not wait for readers, and keeps the frames it sent."""

    def __init__(self, spec: str) -> None:
        super().__init__(daemon=True)
        self.master, self.slave, self.path = open_pty()
        os.set_blocking(self.master, False)
        self.source = SimSource(parse_spec(spec), SystemClock(), SPEED)
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            piece = self.source.read(0.05)
            if piece:
                try:
                    os.write(self.master, piece)
                except BlockingIOError:
                    # Nobody reads: a serial line loses the bytes then.
                    continue

    def stop(self) -> None:
        self.over.set()
        self.join(10)
        os.close(self.master)
        os.close(self.slave)


def whole_lines(folder: Path) -> list[bytes]:
    """Return every whole line of the log, in order."""
    found: list[bytes] = []
    for path in sorted(folder.glob("*_linkymonitor.log")):
        found += path.read_bytes().split(b"\n")[:-1]
    return found


def wait_for_record(folder: Path, nursery: Nursery, born: float) -> None:
    """Return as soon as the log has one record more; the daemon that began at *born* must write it in time."""

    def count() -> int:
        return sum(path.read_bytes().count(b"\tDATA\t") for path in folder.glob("*_linkymonitor.log"))

    before = count()
    while count() == before:
        assert nursery.lives(), f"it died by itself: {nursery.last_words()}"
        assert time.monotonic() < born + FIRST_RECORD, f"no record after a restart: {nursery.last_words()}"
        time.sleep(0.004)


@pytest.mark.campaign
@pytest.mark.timeout(60 + 6 * KILLS)
def test_no_kill_costs_a_line_or_makes_a_wrong_one(tmp_path):
    dice = Random(SEED)
    folder = tmp_path / "log"
    folder.mkdir()
    settings = tmp_path / "kill.ini"
    settings.write_text(
        f"[general]\nruntime_dir = {tmp_path / 'run'}\n[log]\ndir = {folder}\nsync_every = 50ms\n"
    )
    feed = Feed(f"hc,seed={SEED},day=2026-11-20,at=18:00")
    feed.start()
    nursery = Nursery(tmp_path / "stderr", MODULES)
    command = ("acquire", "-c", str(settings), "-i", feed.path)
    slowest, after_write, lives_with_records = 0.0, 0, 0
    try:
        for number in range(KILLS):
            before = whole_lines(folder)
            pid = nursery.birth(*command)
            born = time.monotonic()
            kind = dice.choice(("young", "any", "written", "written"))
            if kind == "written":
                # Wait until the log grows, then kill at about that moment.
                wait_for_record(folder, nursery, born)
                time.sleep(dice.choice((0.0, dice.uniform(0.0, 0.02))))
                after_write += 1
            else:
                time.sleep(dice.uniform(0.0, 0.15 if kind == "young" else 1.5))
            acknowledged = whole_lines(folder)
            os.kill(pid, signal.SIGKILL)
            assert nursery.death(10.0) == signal.SIGKILL, (
                f"life {number}: it died by itself: {nursery.last_words()}"
            )
            after = whole_lines(folder)
            assert acknowledged[: len(before)] == before, f"life {number}: what was there was changed"
            assert after[: len(acknowledged)] == acknowledged, f"life {number}: lines lost"
            lives_with_records += any(b"\tDATA\t" in line for line in after[len(before) :])
            if number % 10 == 0:
                # The next daemon must record soon, whatever this one left behind.
                pid = nursery.birth(*command)
                born = time.monotonic()
                wait_for_record(folder, nursery, born)
                slowest = max(slowest, time.monotonic() - born)
                os.kill(pid, signal.SIGKILL)
                nursery.death(10.0)
        # A clean stop heals and closes.
        pid = nursery.birth(*command)
        time.sleep(0.5)
        os.kill(pid, signal.SIGTERM)
        assert nursery.death(10.0) in (0, signal.SIGTERM)
    finally:
        feed.stop()
        nursery.close()
    lines = whole_lines(folder)
    found = files.Statistics()
    entries = [entry for file in files.files(folder) for entry in files.entries(file.path, statistics=found)]
    assert found.refused == found.torn == 0
    assert len(entries) == len(lines)
    check_against(feed, [entry.record for entry in entries if entry.record])
    errors = (tmp_path / "stderr").read_text()
    assert "Traceback" not in errors
    note = f"to the first record; {after_write} struck at a write, {lives_with_records} lives with records"
    tally("kill -9 of acquire on a pty", KILLS + (KILLS + 9) // 10, recovery=slowest, note=note)


def check_against(feed: Feed, records) -> None:
    """Compare *records* with the values that the meter can have sent."""
    house = feed.source.house
    start, end = feed.source.options.start, house.now
    low, high = house.truth(start).indexes, house.truth(end).indexes
    said_powers, at = set(), start
    while at <= end:
        said_powers.add(round(house.truth(at).apparent_power, -1))
        at += (end - start) / max(1, int((end - start).total_seconds()))
    last, with_power = dict(low), 0
    assert records
    for record in records:
        assert record.indexes.keys() == low.keys()
        for code, wh in record.indexes.items():
            assert last[code] <= wh <= high[code], f"{record.ended_at}: {code} {wh}"
        last = dict(record.indexes)
        if record.apparent_power is None:
            # Only part of a frame that was on the line while nobody read can lack the power.
            assert record.frames == 1
            assert record.power_min is record.power_max is None
        else:
            with_power += 1
            assert record.power_min in said_powers
            assert record.power_max in said_powers
            assert record.power_min <= record.apparent_power <= record.power_max
        assert record.tariff_period in ("HC..", "HP..")
        assert 1 <= record.frames <= 8
    assert with_power > len(records) / 2
