"""Old files are compressed and removed in small steps, and a bad file does not stop that."""

from __future__ import annotations

import errno
import gzip
from datetime import UTC, date, datetime, timedelta

from linkymonitor.daily_log.files import Statistics, file_of, files
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk
from tests.support.logs import (
    LOG,
    START,
    TODAY,
    data_line,
    days,
    feed,
    log_on,
    numbers_in,
    old_files,
)


def chores(log: DailyLog, clock: WireClock) -> None:
    for _ in range(40):
        log.tick(clock.monotonic())
        clock.advance(1)


def test_a_day_is_compressed_when_two_full_days_old(clock):
    disk = CrashDisk({**old_files(6), "/log/2026_02_01_LinkyAcq.pl.log": data_line(START, 1)})
    log = log_on(disk, clock)
    chores(log, clock)
    assert [(file.day.day, file.compressed) for file in files(LOG, Storage(disk))] == [
        (1, False),  # not ours
        (15, True),
        (16, True),
        (17, True),
        (18, False),
        (19, False),
        (20, False),
    ]
    log.close()


def test_compressing_takes_one_small_step_at_a_time(clock):
    path = str(file_of(LOG, date(2026, 2, 10)))
    disk = CrashDisk({path: data_line(datetime(2026, 2, 10, tzinfo=UTC), 1) * 4000})
    log = log_on(disk, clock)
    steps = 0
    while path in disk.content():
        calls = disk.calls
        due = log.tick(clock.monotonic())
        assert disk.calls - calls < 9
        clock.advance(due - clock.monotonic())
        steps += 1
    assert steps > 5


def test_files_are_kept_for_ever_unless_told_otherwise(clock):
    disk = CrashDisk(old_files(30))
    chores(log_on(disk, clock), clock)
    assert len(days(LOG, Storage(disk))) == 30
    chores(log_on(disk, clock, retention=timedelta(days=10)), clock)
    assert [day.day for day in days(LOG, Storage(disk))] == list(range(10, 21))


def test_a_compressed_day_can_still_grow(clock):
    """A clock that was ahead may be set back, or the user may put a copy back."""
    day = START.replace(hour=1)
    path = file_of(LOG, day.date())
    disk = CrashDisk({f"{path}.gz": gzip.compress(data_line(day, 1))})
    log = log_on(disk, clock)
    feed(log, clock, range(2, 4))
    log.close()
    assert numbers_in(disk) == [1, 2, 3]
    assert set(disk.content()) == {str(path)}


def test_one_bad_old_day_does_not_keep_the_others_from_being_compressed(tmp_path):
    days_ago = [TODAY - timedelta(days=back) for back in range(20, 10, -1)]
    for day in days_ago:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        file_of(tmp_path, day).write_bytes(data_line(at, 1))
    file_of(tmp_path, days_ago[0]).unlink()
    file_of(tmp_path, days_ago[0]).mkdir()
    clock = WireClock(START)
    log = DailyLog(
        Storage(),
        LogSettings(dir=tmp_path, sync_every=timedelta(0), compress_after=timedelta(days=5)),
        clock,
    )
    feed(log, clock, range(2))
    for _ in range(4000):
        clock.advance(5)
        log.tick(clock.monotonic())
    log.close()
    assert len(list(tmp_path.glob("*.log.gz"))) == len(days_ago) - 1


def test_a_full_disk_makes_room_by_what_is_past_retention():
    old = {
        str(file_of(LOG, TODAY - timedelta(days=back))): data_line(START - timedelta(days=back), back)
        for back in range(12, 5, -1)
    }
    full = True
    disk = CrashDisk(old)

    def fault(number, name):
        if full and name == "write" and len(disk.names(str(LOG))) > 3:
            return errno.ENOSPC
        return None

    disk.fault = fault
    clock = WireClock(START)
    log = DailyLog(
        Storage(disk),
        LogSettings(dir=LOG, sync_every=timedelta(seconds=1), retention=timedelta(days=5)),
        clock,
    )
    feed(log, clock, range(5))
    for _ in range(100):
        clock.advance(10)
        log.tick(clock.monotonic())
    assert numbers_in(disk, Statistics()) == list(range(5))
