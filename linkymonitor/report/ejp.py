"""The energy and the cost of a mobile peak, from 7:00 of its day to 1:00 of the next day."""

from __future__ import annotations

from linkymonitor.daily_log.columns import Columns
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.day import DayFigures, Peak
from linkymonitor.report.heard import HeardDay
from linkymonitor.report.indexes import IndexColumns, Indexes

_PEAK = "PM"
#: Peak hours before this local hour belong to the mobile peak of the day before.
_TURN = 4
_HOUR = 3600


def with_peak(figures: DayFigures, day: HeardDay, prices: Prices) -> DayFigures:
    """Return *figures* with the peak that begins on *day*, if one does and its register is read."""
    if not figures.ejp or _PEAK not in day.registers.stairs:
        return figures
    wh = day.registers.between([day.at_hour(_TURN), day.end])[0].get(_PEAK, 0)
    until, closing = float(day.times[-1]), day.records.closing
    if closing is not None and day.end < closing.ended_at.timestamp() < day.end + _TURN * _HOUR:
        rows = [Columns.of([day.rows.row(len(day.rows) - 1)]), Columns.of([closing])]
        after = Indexes(IndexColumns.joined(rows), [row.ended_at[0] for row in rows])
        until = closing.ended_at.timestamp()
        wh += after.between([day.end, until])[0].get(_PEAK, 0)
    return figures._replace(
        peak_hours=Peak(wh=wh, eur=prices.cost(_PEAK, wh), until=min(until, day.end + _HOUR))
    )
