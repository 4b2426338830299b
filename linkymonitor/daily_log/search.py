"""Finds records of the daily log around some instant, however far away they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log.files import LogFile, Statistics, end_of_file, files, records, whole_lines
from linkymonitor.daily_log.line import STAMP, STAMP_WIDTH
from linkymonitor.model.record import Record
from linkymonitor.system.storage import Storage

#: Where the record before some instant is: next door but after a silence.
_NEAR = timedelta(minutes=10)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def onward(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records that do not end before one that came earlier: what a clock set back has stamped again."""
    newest = datetime.min.replace(tzinfo=UTC)
    for record in records:
        if record.ended_at >= newest:
            newest = record.ended_at
            yield record


def until(
    directory: Path, at: datetime, reach: timedelta, *, storage: Storage | None = None
) -> Iterator[Record]:
    """Yield the onward records from *reach* before *at* up to *at*.

    Raises:
        StorageError: a file cannot be read.
    """
    # What comes after *at* in the same file is read, too: it may show that the clock was set back.
    start = at - min(reach, at - datetime.min.replace(tzinfo=UTC))
    stream = records(directory, start, max(end_of_file(at), at + timedelta.resolution), storage=storage)
    return (record for record in onward(stream) if record.ended_at <= at)


def last_before(directory: Path, at: datetime, *, storage: Storage | None = None) -> Record | None:
    """Return the last record of *directory* until *at*, however long before, None when there is none.

    Raises:
        StorageError: a file cannot be read.
    """
    storage = storage or Storage()
    at = at.astimezone(UTC)
    newest: deque[Record] = deque(until(directory, at, _NEAR, storage=storage), 1)
    if newest:
        return newest[0]
    there = files(directory, storage)
    for day in sorted({file.day for file in there if file.day <= at.date()}, reverse=True):
        # The line with the newest stamp is next to the last record, unless the file is damaged there.
        stamps = [
            _newest_stamp(file, at, storage)
            for file in there
            if file.day == day or (file.forerunner and file.day + _DAY == day)
        ]
        close = max((stamp for stamp in stamps if stamp is not None), default=None)
        if close is None:
            continue
        for reach in (_NEAR, close - datetime.combine(day, datetime.min.time(), UTC)):
            newest.extend(until(directory, close, reach, storage=storage))
            if newest:
                return newest[0]
    return None


def first_after(
    directory: Path, at: datetime, limit: datetime, *, storage: Storage | None = None
) -> Record | None:
    """Return the first onward record of *directory* after *at* and no later than *limit*, None when there is none.

    Raises:
        StorageError: a file cannot be read.
    """
    storage = storage or Storage()
    at, limit = at.astimezone(UTC), limit.astimezone(UTC)
    if limit <= at:
        return None
    for file in files(directory, storage):
        start = datetime.combine(file.day, datetime.min.time(), UTC)
        if start > limit:
            return None
        # LinkyAcq.pl changes file after its first line of a day.
        end = start + (2 if file.forerunner else 1) * _DAY
        if end <= at:
            continue
        start = max(at, start)
        for record in onward(records(directory, start, end, storage=storage)):
            if at < record.ended_at <= limit:
                return record
    return None


def _newest_stamp(file: LogFile, at: datetime, storage: Storage) -> datetime | None:
    """Return the newest stamp until *at* of the lines of *file* that look like data, None when there is none."""
    limit = at.strftime(STAMP).encode()
    prefixes = tuple(f"{day:%Y/%m/%d}".encode() for day in sorted(file.stamped))
    newest = b""
    with suppress(FileNotFoundError):
        for lines in whole_lines(storage.blocks(file.path), Statistics()):
            if max(lines) <= newest:
                continue
            stamps = (line[:STAMP_WIDTH] for line in lines if line.startswith(prefixes))
            newest = max((stamp for stamp in stamps if stamp <= limit), default=newest)
    if not newest:
        return None
    try:
        return datetime.strptime(newest.decode(errors="replace"), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return min(at, datetime.combine(file.day, datetime.min.time(), UTC) + _DAY - _SECOND)
