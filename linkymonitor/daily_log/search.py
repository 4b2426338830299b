"""Finds records of the daily log around some instant, however far away they are."""

# Records are looked for in whole columns. Only those that are found are made into records of their own.

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from operator import attrgetter, gt
from pathlib import Path

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import LogFile, Statistics, batches, end_of_file, files, whole_lines
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


def onward(records: Iterable[Columns]) -> Iterator[Columns]:
    """Yield the records that do not end before one that came earlier: what a clock set back has stamped again."""
    newest = -math.inf
    for rows in filter(None, records):
        if rows.ended_at[0] < newest or any(map(gt, rows.ended_at, rows.ended_at[1:])):
            wanted = []
            for at in rows.ended_at:
                wanted.append(at >= newest)
                newest = max(newest, at)
            rows = rows.where(wanted)
        if rows:
            newest = rows.ended_at[-1]
            yield rows


def until(
    directory: Path, at: datetime, reach: timedelta, *, storage: Storage | None = None
) -> Iterator[Columns]:
    """Yield the onward records from *reach* before *at* up to *at*.

    Raises:
        StorageError: a file cannot be read.
    """
    # What comes after *at* in the same file is read, too: it may show that the clock was set back.
    start = at - min(reach, at - datetime.min.replace(tzinfo=UTC))
    end = max(end_of_file(at), at + timedelta.resolution)
    for rows in onward(_records(directory, start, end, storage)):
        near = rows[: bisect_right(rows.ended_at, at.timestamp())]
        if near:
            yield near


def last_until(
    directory: Path, at: datetime, reach: timedelta, *, storage: Storage | None = None
) -> Record | None:
    """Return the last of the records of `until`, None when there is none.

    Raises:
        StorageError: a file cannot be read.
    """
    newest = deque(until(directory, at, reach, storage=storage), 1)
    return newest[0].row(len(newest[0]) - 1) if newest else None


def last_before(directory: Path, at: datetime, *, storage: Storage | None = None) -> Record | None:
    """Return the last record of *directory* until *at*, however long before, None when there is none.

    Raises:
        StorageError: a file cannot be read.
    """
    storage = storage or Storage()
    at = at.astimezone(UTC)
    newest = last_until(directory, at, _NEAR, storage=storage)
    if newest is not None:
        return newest
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
            newest = last_until(directory, close, reach, storage=storage)
            if newest is not None:
                return newest
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
        for rows in onward(_records(directory, max(at, start), end, storage)):
            place = bisect_right(rows.ended_at, at.timestamp())
            if place < len(rows):
                return rows.row(place) if rows.ended_at[place] <= limit.timestamp() else None
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
            for rows in until(directory, nearest.ended_at, reach, storage=storage):
                latest |= _with_readings(rows, lacking, max)
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
        for rows in onward(_records(directory, begin, min(end, limit), storage)):
            found |= _with_readings(rows, lacking, min)
            lacking = [name for name in lacking if name not in found]
            if not lacking:
                return _distinct(found)
        nearest = first_after(directory, end, limit, storage=storage)
    return _distinct(found)


def _records(directory: Path, start: datetime, end: datetime, storage: Storage | None) -> Iterator[Columns]:
    """Yield the records of *directory* with start ≤ ended_at < end, without the other lines."""
    for batch in batches(directory, start, end, storage=storage):
        if isinstance(batch, Columns):
            yield batch


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


def _with_readings(
    rows: Columns, names: Sequence[str], nearest: Callable[[Sequence[int]], int]
) -> dict[str, Record]:
    """Return by name the record of *rows* that has a reading of it.

    Args:
        rows: the records, in order.
        names: of the indexes that are looked for.
        nearest: ``min`` for the first record that has one, ``max`` for the last.
    """
    places: dict[str, int] = {}
    for name in names:
        read = [place for place, wh in enumerate(_readings(rows, name)) if wh is not None]
        if read:
            places[name] = nearest(read)
    records = {place: rows.row(place) for place in set(places.values())}
    return {name: records[place] for name, place in places.items()}


def _readings(rows: Columns, name: str) -> Sequence[int | None]:
    if name == _TOTAL:
        return rows.total_index
    return rows.injected_index if name == _INJECTED else rows.registers.get(name, ())


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
