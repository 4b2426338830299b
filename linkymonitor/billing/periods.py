"""The periods of a household's bills: from one reading day to the next."""

from __future__ import annotations

from datetime import date, timedelta

from linkymonitor.money.bill import months_after
from linkymonitor.money.contract import Contract

_DAY = timedelta(days=1)
_YEAR = 12
#: Payments of a year; the last two months bring the settlement.
_OF_A_YEAR = 10


def period_of(day: date, contract: Contract) -> tuple[date, date] | None:
    """Return the first and the last day of the bill that *day* is on, None when *contract* has no reading day.

    Bills of several months begin in the month of ``since``, or in January, and every so many months from there.
    """
    if contract.reading_day is None:
        return None
    months = contract.reading_months or 1
    anchor = contract.since.month - 1 if contract.since else 0
    begun = day.year * _YEAR + day.month - 1
    if day.day < contract.reading_day:
        begun -= 1
    begun -= (begun - anchor) % months
    year, month = divmod(begun, _YEAR)
    first = date(year, month + 1, contract.reading_day)
    last = months_after(first, months) - _DAY
    if contract.since is not None and first < contract.since <= last:
        # The first bill begins with the contract.
        first = contract.since
    return first, last


def periods_between(first: date, last: date, contract: Contract) -> list[tuple[date, date]]:
    """Return the bills that hold a day from *first* to *last*, in order."""
    found = []
    day = first
    while day <= last:
        period = period_of(day, contract)
        if period is None:
            return []
        found.append(period)
        day = period[1] + _DAY
    return found


def payments(contract: Contract) -> int:
    """Return how many payments a bill of *contract* has."""
    months = contract.reading_months or 1
    return contract.instalments or (_OF_A_YEAR if months == _YEAR else months)


def payments_made(period: tuple[date, date], day: date, contract: Contract) -> int:
    """Return how many of the payments of *period* are made by *day*: one in each month, from its beginning on."""
    count = payments(contract)
    return next((made for made in range(count) if months_after(period[0], made) > day), count)
