"""Turns energy, prices and days into amounts of money that add up."""

# Strategy
#
# - There are no floats. A product of decimals is exact: its context raises an error instead of rounding.
# - An amount is rounded once, half up, where it is shown. A total is the sum of the amounts as shown, so adding
#   them up by hand gives the same total.
# - An amount that is not known is None, never 0, and so is its total.

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

_CENT = Decimal("0.01")
#: For exact results: wide enough for any energy times any price, and an error for a result that does not fit.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
#: For the share of a month, which may have no end as a decimal, and for rounding to the cent.
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


def cost(wh: int, price: Decimal) -> Decimal:
    """Return the exact cost, in €, of *wh* at *price* €/kWh."""
    return _EXACT.scaleb(_EXACT.multiply(Decimal(wh), price), -3)


def round_cents(amount: Decimal) -> Decimal:
    """Return *amount* rounded to the cent; half a cent is rounded away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP, context=_WIDE)


def subscription(month_price: Decimal, days: Iterable[date]) -> Decimal:
    """Return the share of the subscription for *days*, in €, not rounded.

    The price of a month is shared equally among its days, so that all the days of a month cost *month_price*.

    Args:
        month_price: the subscription, in €/month.
        days: the days, each once.
    """
    months = Counter((day.year, day.month) for day in days)
    total = Decimal(0)
    for (year, month), count in months.items():
        share = _WIDE.divide(
            _EXACT.multiply(month_price, Decimal(count)), Decimal(days_in_month(year, month))
        )
        total = _WIDE.add(total, share)
    return total


def days_in_month(year: int, month: int) -> int:
    """Return how many days a month has, 28 to 31; *month* is 1 to 12."""
    return (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days


def whole_months(first: date, end: date) -> int:
    """Return how many whole months from *first* on are over by *end*."""
    count = (end.year - first.year) * 12 + end.month - first.month
    return count if months_after(first, count) <= end else count - 1


def months_after(day: date, count: int) -> date:
    """Return the day *count* months later; the last of the month where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def day_subscription(month_price: Decimal, day: date) -> Decimal:
    """Return the share of the subscription for one day, in €, not rounded.

    For several days use subscription(): its sum is exact over whole months.
    """
    return subscription(month_price, (day,))


def add_up(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of *amounts*; None when there is no amount, or one of them is None."""
    total: Decimal | None = None
    for amount in amounts:
        if amount is None:
            return None
        total = amount if total is None else _EXACT.add(total, amount)
    return total


def add_wide(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of *amounts* that are not rounded, such as shares of a subscription; None as in `add_up`."""
    total: Decimal | None = None
    for amount in amounts:
        if amount is None:
            return None
        total = amount if total is None else _WIDE.add(total, amount)
    return total
