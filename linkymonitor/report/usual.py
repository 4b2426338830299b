"""The mean of the last similar days, with which a day is compared."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from linkymonitor.money import bill
from linkymonitor.report.day import Usual
from linkymonitor.report.summary import Summary

#: How many days back similar days are looked for, and of how many of them the mean is at least and at most.
_BACK = 60
_FEWEST, _MOST = 2, 5
_SATURDAY = 5


def usual(day: Summary, summaries: Mapping[date, Summary]) -> Usual | None:
    """Return the mean of the last whole days of the kind of *day*, None when there are fewer than two.

    Args:
        day: the day that is compared.
        summaries: of the days that are known.
    """
    before = (summaries.get(day.day - timedelta(days=back)) for back in range(1, _BACK + 1))
    alike = [
        other
        for other in before
        if other is not None and other.whole and not other.silent and _kind(other) == _kind(day)
    ][:_MOST]
    if len(alike) < _FEWEST:
        return None
    eur = bill.add_up(other.eur for other in alike)
    return Usual(
        days=len(alike),
        wh=round(sum(other.wh or 0 for other in alike) / len(alike)),
        eur=None if eur is None else bill.round_cents(eur / Decimal(len(alike))),
    )


def _kind(day: Summary) -> tuple[bool, str | None, bool]:
    return day.ejp, day.colour, day.day.weekday() >= _SATURDAY
