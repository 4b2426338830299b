"""A local day with records, laid out as columns, from which each figure of the day is computed."""

# Work is done on columns, a list for each field: a day has 7,000 records and a Pi Zero one slow core.

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.columns import Columns, without_gaps
from linkymonitor.report.gather import DayRecords
from linkymonitor.report.indexes import IndexColumns, Indexes
from linkymonitor.summaries.day import HALF_HOUR
from linkymonitor.system.zones import midnight


class Around:
    """The indexes of the records of a day and its neighbours; times are POSIX seconds.

    Args:
        day: a day with at least one record, in it or next to it.
    """

    def __init__(self, day: DayRecords) -> None:
        before = [*day.lead, *([day.before] if day.before else [])]
        after = [*([day.after] if day.after else []), *day.trail]
        parts = [Columns.of(before), day.rows, Columns.of(after)]
        self.columns = IndexColumns.joined(parts)
        self.times = [at for part in parts for at in part.ended_at]
        #: The position of the first record of the day.
        self.first = len(before)
        #: The position of the first record after the day.
        self.stop = len(before) + len(day.rows)


class HeardDay:
    """A day with at least one record; times are POSIX seconds.

    Args:
        records: the records of the day, at least one, and of its neighbours.
        tz: the zone whose midnights bound the day.
        until: the end of the day, or the present.
    """

    def __init__(self, records: DayRecords, tz: ZoneInfo, until: float) -> None:
        self.date = records.date
        self.tz = tz
        self.start = midnight(records.date, tz).timestamp()
        self.end = midnight(records.date + timedelta(days=1), tz).timestamp()
        self.records = records
        #: The records of the day, field by field.
        self.rows = records.rows
        self.around = Around(records)
        self.times = self.around.times[self.around.first : self.around.stop]
        #: The end of the time that could be measured. The last record may be later than the present, if the clock was
        #: set back.
        self.until = min(max(until, self.times[-1]), self.end)
        #: The indexes of the registers, from the neighbours before to those after.
        self.registers = Indexes(self.around.columns, self.around.times)

    def at_hour(self, hour: int) -> float:
        """Return the time at which the clock on the wall shows *hour*."""
        return datetime(self.date.year, self.date.month, self.date.day, hour, tzinfo=self.tz).timestamp()


def half_hour_marks(start: float, end: float) -> list[float]:
    """Return the bounds of the half hours of a day, in POSIX seconds."""
    marks = [start + HALF_HOUR * count for count in range(int((end - start) // HALF_HOUR) + 1)]
    if marks[-1] < end:
        marks.append(end)
    return marks


def first_known(column: Sequence[int | None], other: Sequence[int | None]) -> Sequence[int | None]:
    """Return *column* with the values of *other* in the places where *column* has None."""
    if len(without_gaps(column)) == len(column):
        return column
    return [there if value is None else value for value, there in zip(column, other, strict=True)]
