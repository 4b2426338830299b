"""A local day with records, laid out as columns: what every figure of it is computed from."""

# Work is done on columns, a list for each field: a day has 7 000 records and a Pi Zero one slow core.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.columns import Columns
from linkymonitor.model.record import Record
from linkymonitor.report.gather import DayRecords, midnight
from linkymonitor.report.indexes import Indexes

_HOUR = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """The records of a day and its neighbours as columns; times are POSIX seconds."""

    columns: Columns
    times: Sequence[float]
    #: The position of the first record of the day, and of the first one after it.
    first: int
    stop: int

    @classmethod
    def of(cls, day: DayRecords) -> Around:
        """Return the records of *day* with their neighbours; there is at least one."""
        before: list[Record] = [*day.lead, *([day.before] if day.before else [])]
        after: list[Record] = [*([day.after] if day.after else []), *day.trail]
        columns = Columns.of([*before, *day.rows, *after])
        times = list(map(datetime.timestamp, columns.ended_at))
        return cls(columns=columns, times=times, first=len(before), stop=len(before) + len(day.rows))


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardDay:
    """A day with at least one record; times are POSIX seconds."""

    date: date
    tz: ZoneInfo
    start: float
    end: float
    #: The end of what could be measured: *end*, or the present of a day that is not over.
    until: float
    records: DayRecords
    #: The records of the day, field by field, and when each ended.
    rows: Columns
    times: Sequence[float]
    around: Around
    #: The indexes of the registers, from the neighbours before to those after.
    registers: Indexes

    @classmethod
    def of(cls, records: DayRecords, tz: ZoneInfo, until: float) -> HeardDay:
        """Return *records* as columns.

        Args:
            records: with at least one of the day.
            tz: the zone whose midnights bound the day.
            until: the end of the day, or the present.
        """
        around = Around.of(records)
        times = around.times[around.first : around.stop]
        end = midnight(records.date + timedelta(days=1), tz)
        return cls(
            date=records.date,
            tz=tz,
            start=midnight(records.date, tz),
            end=end,
            # The last record may come from the future of a clock that was set back.
            until=min(max(until, times[-1]), end),
            records=records,
            rows=Columns.of(records.rows),
            times=times,
            around=around,
            registers=Indexes(around.columns, around.times),
        )

    def at_hour(self, hour: int) -> float:
        """Return the time at which the clock on the wall shows *hour*."""
        return datetime(self.date.year, self.date.month, self.date.day, hour, tzinfo=self.tz).timestamp()


def hour_marks(start: float, end: float) -> list[float]:
    """Return the bounds of the hours of a day; zones that are not whole hours apart end on a shorter one."""
    marks = [start + _HOUR * count for count in range(int((end - start) // _HOUR) + 1)]
    if marks[-1] < end:
        marks.append(end)
    return marks


def first_known(column: Sequence[int | None], other: Sequence[int | None]) -> Sequence[int | None]:
    """Return *column* with the value of the *other* wherever it has none."""
    if None not in column:
        return column
    return [there if value is None else value for value, there in zip(column, other, strict=True)]
