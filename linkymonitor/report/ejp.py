"""The energy and the cost of a mobile peak, from 7:00 of its day to 1:00 of the next day."""

from __future__ import annotations

from decimal import Decimal

from linkymonitor.daily_log.columns import Columns
from linkymonitor.money import bill
from linkymonitor.money.book import DayPrices
from linkymonitor.report.day import DayFigures, Peak
from linkymonitor.report.heard import HeardDay
from linkymonitor.report.indexes import IndexColumns, Indexes

_PEAK = "PM"
#: The local hour at which a mobile peak begins.
_BEGIN = 7
#: Peak hours before this local hour belong to the mobile peak of the day before.
_TURN = 4
_HOUR = 3600


def with_peak(figures: DayFigures, day: HeardDay, prices: DayPrices, then: DayPrices) -> DayFigures:
    """Return *figures* with the peak that begins on *day*, if one does and its register is read.

    Args:
        figures: so far.
        day: the day.
        prices: of the day.
        then: the prices of the next day, which count for the last hour of the peak.
    """
    if not figures.ejp or _PEAK not in day.registers.stairs:
        return figures
    late = 0
    wh = day.registers.between([day.at_hour(_TURN), day.end])[0].get(_PEAK, 0)
    until, closing = float(day.times[-1]), day.records.closing
    if closing is not None and day.end < closing.ended_at.timestamp() < day.end + _TURN * _HOUR:
        rows = [Columns.of([day.rows.row(len(day.rows) - 1)]), Columns.of([closing])]
        after = Indexes(IndexColumns.joined(rows), [row.ended_at[0] for row in rows])
        until = closing.ended_at.timestamp()
        late = after.between([day.end, until])[0].get(_PEAK, 0)
    eur = _cost(wh, prices.price(_PEAK), late, then.price(_PEAK))
    read = min(stairs.times[0] for stairs in day.registers.stairs[_PEAK] if stairs is not None)
    since = max(day.at_hour(_BEGIN), read)
    return figures._replace(
        peak_hours=Peak(wh=wh + late, eur=eur, since=since, until=min(until, day.end + _HOUR))
    )


def _cost(wh: int, price: Decimal | None, late: int, then: Decimal | None) -> Decimal | None:
    """Return what *wh* cost at *price* and *late* Wh, after midnight, at the price *then*, in € to the cent."""
    if price is None or (late and then is None):
        return None
    return bill.round_cents(bill.cost(wh, price) + (bill.cost(late, then) if then is not None else 0))
