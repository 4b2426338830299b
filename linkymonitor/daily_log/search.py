"""Finds the records of the daily log next to an instant, however far from it they are."""

# Records are looked for in whole columns. Only the records that are found become Record objects.

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
from linkymonitor.daily_log.files import LogFile, Statistics, batches, end_of_file, eve, files, whole_lines
from linkymonitor.daily_log.line import STAMP, STAMP_WIDTH
from linkymonitor.model.record import Record
from linkymonitor.system.storage import Storage

#: The record before an instant is at most so much earlier, unless a silence lies between them.
_NEAR = timedelta(minutes=10)
#: How much of the log is searched at a time for a register that the nearest record lacks.
_FAR = timedelta(hours=26)
#: How many such stretches of the log are searched: a silence may lie between the first and the second.
_WINDOWS = 2
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
#: Names, beside those of the registers, for the total index and for the index of injected energy.
_TOTAL, _INJECTED = "", "injected"


def onward(records: Iterable[Columns]) -> Iterator[Columns]:
    """Yield the *records* without those that end before an earlier record does.

    A clock that was set back gives such stamps: the same times come twice.
    """
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
    # The records after *at* in the same file are read too: they may show that the clock was set back.
    start = at - min(reach, at - datetime.min.replace(tzinfo=UTC))
    end = max(end_of_file(at), at + timedelta.resolution)
    for rows in onward(_records(directory, start, end, storage)):
        near = rows[: bisect_right(rows.ended_at, at.timestamp())]
        if near:
            yield near


def last_until(
    directory: Path, at: datetime, reach: timedelta, *, storage: Storage | None = None
) -> Record | None:
    """Return the last record that `until` yields, None when it yields none.

    Raises:
        StorageError: a file cannot be read.
    """
    newest = deque(until(directory, at, reach, storage=storage), 1)
    return newest[0].row(len(newest[0]) - 1) if newest else None


def last_before(directory: Path, at: datetime, *, storage: Storage | None = None) -> Record | None:
    """Return the last record of *directory* up to *at*, however old it is, None when there is none.

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
        # The last record is near the newest stamp of the day. Only where the file is damaged there is more searched.
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
    # A file of LinkyAcq.pl reaches into the next day.
    for file in files(directory, storage, eve(at.date()), limit.date()):
        start = datetime.combine(file.day, datetime.min.time(), UTC)
        if start > limit:
            return None
        # LinkyAcq.pl changes file after its first line of a day, so its file may reach into the next day.
        end = start + (2 if file.forerunner else 1) * _DAY
        if end <= at:
            continue
        for rows in onward(_records(directory, max(at, start), end, storage)):
            place = bisect_right(rows.ended_at, at.timestamp())
            if place < len(rows):
                return rows.row(place) if rows.ended_at[place] <= limit.timestamp() else None
    return None


def lead(directory: Path, before: Record | None, *, storage: Storage | None = None) -> list[Record]:
    """Return the earlier records that have the last reading of each register that *before* lacks, oldest first.

    Raises:
        StorageError: a file cannot be read.
    """
    lacking = _lacking(before)
    found: dict[str, Record] = {}
    nearest = before if lacking else None
    for _ in range(_WINDOWS):
        if nearest is None:
            break
        # A reading is seldom missing for long. The long stretch is searched only for readings that are.
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
    """Return the records up to *limit* that have the first reading of each register that *after* lacks, oldest first.

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
    """Yield the records of *directory* with start ≤ ended_at < end, without the lines that are no records."""
    for batch in batches(directory, start, end, storage=storage):
        if isinstance(batch, Columns):
            yield batch


def _lacking(record: Record | None) -> list[str]:
    """Return the names of the indexes that *record* should have and lacks."""
    if record is None:
        return []
    registers = record.contract.registers if record.contract else ()
    lacking = [name for name in registers if name not in record.indexes]
    # Some meters have no total, so the total is only looked for when it must replace registers. Most houses inject
    # nothing, so the injected index is only looked for in the log of a producer.
    if record.total_index is None and (lacking or not registers):
        lacking.append(_TOTAL)
    if record.injected_index is None and record.contract is not None and record.contract.producer:
        lacking.append(_INJECTED)
    return lacking


def _with_readings(
    rows: Columns, names: Sequence[str], nearest: Callable[[Sequence[int]], int]
) -> dict[str, Record]:
    """Return for each of *names* the nearest record of *rows* with a reading of that index; none where *rows* has none.

    Args:
        rows: the records, in order.
        names: of the indexes.
        nearest: ``min`` for the first record that has a reading, ``max`` for the last.
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
    """Return the records of *found*, each record once, oldest first."""
    return sorted({id(record): record for record in found.values()}.values(), key=attrgetter("ended_at"))


def _newest_stamp(file: LogFile, at: datetime, storage: Storage) -> datetime | None:
    """Return the newest stamp up to *at* of the lines of *file* that look like data, None when there is none."""
    limit = at.strftime(STAMP).encode()
    prefixes = tuple(f"{day:%Y/%m/%d}".encode() for day in sorted(file.stamped))
    newest = b""
    with suppress(FileNotFoundError):
        for lines in whole_lines(storage.blocks(file.path), Statistics()):
            last = max(lines)
            if last <= newest:
                continue
            if not last.startswith(prefixes) or last[:STAMP_WIDTH] > limit:  # damaged, or after *at*
                stamps = (line[:STAMP_WIDTH] for line in lines if line.startswith(prefixes))
                last = max((stamp for stamp in stamps if stamp <= limit), default=newest)
            newest = max(newest, last[:STAMP_WIDTH])
    if not newest:
        return None
    try:
        return datetime.fromisoformat(newest.decode(errors="replace").replace("/", "-")).replace(tzinfo=UTC)
    except ValueError:
        return min(at, datetime.combine(file.day, datetime.min.time(), UTC) + _DAY - _SECOND)
