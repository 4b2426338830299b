"""Cuts the log into local days: the records of each day, the records next to it, and its lines ``Grille:``."""

# Strategy
#
# - The records of a day depend on the log, never on which other days are asked for. The neighbours of a day are the
#   last record before the day and the first record after it, however far away.
# - The log is read once, from a little before the first day to a little after the last; one day is held at a time.
#   More of the log is read only where a silence separates a day from its neighbours.
# - A neighbour may lack the reading of a register. Then the nearest record that has the reading is looked for as well.

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from linkymonitor.daily_log import files, search
from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import Statistics
from linkymonitor.daily_log.statements import GRID, parse_grid
from linkymonitor.model.record import Record
from linkymonitor.summaries.day import SHORTEST_GAP
from linkymonitor.system.storage import Storage
from linkymonitor.system.zones import midnight

if TYPE_CHECKING:
    from linkymonitor.report.refusals import Refusals

#: How far from a midnight the record next to it is looked for: twice the shortest gap.
_NEAR = timedelta(seconds=2 * SHORTEST_GAP)
_DAY = timedelta(days=1)
#: A mobile peak ends so many seconds after midnight.
_TAIL = 3600

#: A line ``Grille:``: when, and what by topic.
Grid = tuple[float, Mapping[str, str]]


class DayRecords(NamedTuple):
    """The records of one local day, and those that stand just outside it."""

    date: date
    before: Record | None
    rows: Columns
    after: Record | None
    #: Records before *before* and after *after* which have the readings that those two lack.
    lead: Sequence[Record] = ()
    trail: Sequence[Record] = ()
    #: The first record from 1 h of the day after on, when a mobile peak ends; the last one until then if it has not.
    closing: Record | None = None
    #: The lines ``Grille:`` from the day before to the end of the day.
    grids: Sequence[Grid] = ()
    #: The groups that acceptance held back, on any day; None when there is no file of them.
    held: "Refusals | None" = None


def split_days(batches: Iterable[Columns], first: date, last: date, tz: ZoneInfo) -> Iterator[DayRecords]:
    """Cut the records of *batches*, in order of time, into the local days from *first* to *last*.

    A record belongs to the day in which its interval ends, midnight included. One day is held at a time.
    Where a clock that was set back gave the same stamps twice, the later records are left out: indexes have their
    energy.
    """
    stream = search.onward(batches)
    pending: Columns | None = next(stream, None)
    before: Record | None = None
    day = first - _DAY
    while day <= last:
        end = midnight(day + _DAY, tz).timestamp()
        parts = []
        while pending is not None:
            stop = bisect_right(pending.ended_at, end)
            if stop == len(pending):
                parts.append(pending)
                pending = next(stream, None)
                continue
            if stop:
                parts.append(pending[:stop])
                pending = pending[stop:]
            break
        rows = Columns.joined(parts)
        if day >= first:
            after = closing = None
            if pending is not None:
                pending = _read_until(end + _TAIL, pending, stream)
                after = pending.row(0)
                closing = pending.row(min(bisect_left(pending.ended_at, end + _TAIL), len(pending) - 1))
            yield DayRecords(date=day, before=before, rows=rows, after=after, closing=closing)
        if rows:
            before = rows.row(len(rows) - 1)
        day += _DAY


def _read_until(when: float, pending: Columns, stream: Iterator[Columns]) -> Columns:
    """Return *pending* with so many of the next records that one of them ends at *when* or later, if there is one."""
    parts = [pending]
    while parts[-1].ended_at[-1] < when:
        following = next(stream, None)
        if following is None:
            break
        parts.append(following)
    return Columns.joined(parts)


class LogDays:
    """The local days of a log.

    Args:
        directory: the folder of the log.
        tz: the zone whose midnights bound the days.
        now: the present: records after it are from the future of a clock that was set back.
        storage: reads the files.
        statistics: counts what was found in the log.
    """

    def __init__(
        self,
        directory: Path,
        *,
        tz: ZoneInfo,
        now: datetime,
        storage: Storage,
        statistics: Statistics | None = None,
    ) -> None:
        self.directory = directory
        self.tz = tz
        self.now = now
        self.storage = storage
        self.statistics = statistics

    def between(self, first: date, last: date) -> Iterator[DayRecords]:
        """Yield the days from *first* to *last*.

        Raises:
            StorageError: a file cannot be read.
        """
        # Only here: a bill whose days are all summarised reads none.
        from linkymonitor.report import refusals

        begin, end = self._midnight(first), self._midnight(last + _DAY)
        stop = max(files.end_of_file(end), end + timedelta(seconds=_TAIL) + _NEAR)
        held = refusals.read(self.directory, self.storage)
        grids: list[Grid] = []

        def stream() -> Iterator[Columns]:
            for batch in files.batches(
                self.directory, begin - _NEAR, stop, statistics=self.statistics, storage=self.storage
            ):
                if isinstance(batch, Columns):
                    yield batch
                elif batch.text.startswith(GRID):
                    at = batch.at.timestamp()
                    if not grids or at >= grids[-1][0]:
                        grids.append((at, parse_grid(batch.text)))

        neighbours = _Neighbours(self, stop)
        for day in split_days(stream(), first, last, self.tz):
            start = self._midnight(day.date)
            before = day.before or neighbours.last_before(start)
            after = day.after or neighbours.first_after(self._midnight(day.date + _DAY))
            if after is not None and after.ended_at > self.now:
                after = None
            closing = day.closing if day.closing is not None and day.closing.ended_at <= self.now else after
            yield day._replace(
                before=before,
                after=after,
                closing=closing,
                lead=search.lead(self.directory, before, storage=self.storage),
                trail=search.trail(self.directory, after, self.now, storage=self.storage),
                grids=_of_day(grids, start),
                held=held,
            )

    def _midnight(self, day: date) -> datetime:
        return midnight(day, self.tz)


class _Neighbours:
    """The records before and after a silence, looked for only when there is a silence, and only once.

    Args:
        days: the log.
        stop: the end of the part of the log that was read for the days themselves.
    """

    def __init__(self, days: LogDays, stop: datetime) -> None:
        self._days = days
        # *stop* itself was not read.
        self._read_until = stop - timedelta.resolution
        self._before: tuple[Record | None] | None = None
        self._after: tuple[Record | None] | None = None

    def last_before(self, start: datetime) -> Record | None:
        """Return the last record until *start*, the midnight of the first day that has no record before it."""
        if self._before is None:
            days = self._days
            self._before = (search.last_before(days.directory, start, storage=days.storage),)
        return self._before[0]

    def first_after(self, end: datetime) -> Record | None:
        """Return the first record after *end*, the midnight of the first day that has no record after it."""
        if self._after is None:
            days, since = self._days, max(end, self._read_until)
            self._after = (search.first_after(days.directory, since, days.now, storage=days.storage),)
        return self._after[0]


def _of_day(grids: Sequence[Grid], start: datetime) -> list[Grid]:
    """Return those of *grids* that the day beginning at *start* needs.

    Each file repeats the line ``Grille:``, so lines of files before the one of the midnight are not needed. Of the
    lines before the midnight, the last line is enough.
    """
    origin = (files.end_of_file(start - _NEAR) - _DAY).timestamp()
    near = [grid for grid in grids if grid[0] >= origin]
    before = [at for at, _ in near if at <= start.timestamp()]
    return near[max(len(before) - 1, 0) :]
