"""Finds records of the daily log around some instant, however far away they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path

from linkymonitor.daily_log.files import LogFile, Statistics, end_of_file, files, records, whole_lines
from linkymonitor.daily_log.line import STAMP, STAMP_WIDTH
from linkymonitor.model.record import Record
from linkymonitor.system.storage import Storage

#: Where the record before some instant is: next door but after a silence.
_NEAR = timedelta(minutes=10)
#: How far beyond the nearest record the reading of a register is looked for that this record lacks, and how often:
#: a silence may lie between them.
_FAR = timedelta(hours=26)
_WINDOWS = 2
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
#: No names of registers: the index of the total, and that of what is injected.
_TOTAL, _INJECTED = "", "injected"


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


def lead(directory: Path, before: Record | None, *, storage: Storage | None = None) -> list[Record]:
    """Return the records with the last readings that *before* lacks, oldest first.

    Raises:
        StorageError: a file cannot be read.
    """
    lacking = _lacking(before)
    found: dict[str, Record] = {}
    nearest = before if lacking else None
    for _ in range(_WINDOWS):
        if nearest is None:
            break
        # A reading is seldom missing for long: a day is only searched for what is.
        for reach in (_NEAR, _FAR):
            latest: dict[str, Record] = {}
            for record in until(directory, nearest.ended_at, reach, storage=storage):
                latest.update((name, record) for name in lacking if _reads(record, name))
            found |= latest
            lacking = [name for name in lacking if name not in latest]
            if not lacking:
                return _distinct(found)
        nearest = last_before(directory, nearest.ended_at - _FAR, storage=storage)
    return _distinct(found)


def trail(
    directory: Path, after: Record | None, limit: datetime, *, storage: Storage | None = None
) -> list[Record]:
    """Return the records with the first readings that *after* lacks, before *limit*, oldest first.

    Raises:
        StorageError: a file cannot be read.
    """
    lacking = _lacking(after)
    found: dict[str, Record] = {}
    nearest = after if lacking else None
    for _ in range(_WINDOWS):
        if nearest is None:
            break
        begin, end = nearest.ended_at, nearest.ended_at + _FAR
        for record in onward(records(directory, begin, min(end, limit), storage=storage)):
            found |= {name: record for name in lacking if _reads(record, name)}
            lacking = [name for name in lacking if name not in found]
            if not lacking:
                return _distinct(found)
        nearest = first_after(directory, end, limit, storage=storage)
    return _distinct(found)


def _lacking(record: Record | None) -> list[str]:
    """Return the indexes that *record* ought to have and has not."""
    if record is None:
        return []
    registers = record.contract.registers if record.contract else ()
    lacking = [name for name in registers if name not in record.indexes]
    # Some meters have no total, and most inject nothing: these are only looked for when nothing else is there.
    if record.total_index is None and (lacking or not registers):
        lacking.append(_TOTAL)
    if record.injected_index is None and record.contract is not None and record.contract.producer:
        lacking.append(_INJECTED)
    return lacking


def _reads(record: Record, name: str) -> bool:
    if name == _TOTAL:
        return record.total_index is not None
    return record.injected_index is not None if name == _INJECTED else name in record.indexes


def _distinct(found: Mapping[str, Record]) -> list[Record]:
    """Return the records that were *found*, each of them once, oldest first."""
    return sorted({id(record): record for record in found.values()}.values(), key=attrgetter("ended_at"))


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
        return datetime.fromisoformat(newest.decode(errors="replace").replace("/", "-")).replace(tzinfo=UTC)
    except ValueError:
        return min(at, datetime.combine(file.day, datetime.min.time(), UTC) + _DAY - _SECOND)
