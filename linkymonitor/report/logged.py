"""Which local days have a log."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.daily_log import files
from linkymonitor.daily_log.columns import Columns
from linkymonitor.system.storage import Storage
from linkymonitor.system.zones import midnight

_DAY = timedelta(days=1)


def logged_days(directory: Path, tz: ZoneInfo, storage: Storage) -> set[date]:
    """Return the local days that have records in *directory*.

    Raises:
        StorageError: the folder cannot be read.
    """
    utc_days = {file.day for file in files.files(directory, storage) if file.day.year < date.max.year}
    days = set()
    for utc_day in utc_days:
        noon = datetime.combine(utc_day, time(12), UTC).astimezone(tz).date()
        for day in (noon - _DAY, noon, noon + _DAY):
            # A file between two others has records of the day of its noon; next to a missing file, records are read.
            inner = day == noon and {utc_day - _DAY, utc_day + _DAY} <= utc_days
            if day not in days and (inner or _has_records(directory, utc_day, day, tz, storage)):
                days.add(day)
    return days


def stretches(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each run of *days* without a hole."""
    run: list[date] = []
    for day in sorted(days):
        if run and day - run[-1] > _DAY:
            yield run[0], run[-1]
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1]


def _has_records(directory: Path, utc_day: date, day: date, tz: ZoneInfo, storage: Storage) -> bool:
    """Return whether the file of *utc_day* has records of the local *day*."""
    begin = datetime.combine(utc_day, time(), UTC)
    # The record that ends at a midnight is of the day before.
    start = max(begin, midnight(day, tz) + timedelta.resolution)
    end = min(begin + _DAY, midnight(day + _DAY, tz) + timedelta.resolution)
    if start >= end:
        return False
    return any(isinstance(batch, Columns) for batch in files.batches(directory, start, end, storage=storage))
