"""Energy × prices × days → amounts that add up."""

# Strategy
#
# - No float ever: a product of decimals is exact, and computed in a context that refuses to round.
# - Rounding happens once, half up, at the line where an amount is shown; a total is the sum of the lines as
#   shown, so whoever adds them up by hand finds it.
# - What is not known is None, in the line and in the total: never 0.

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

_CENT = Decimal("0.01")
#: Wide enough for any energy times any price; what would not fit is an error, not a rounding.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
#: Only for what has no end as a decimal (a share of a month) and for the one rounding at the line.
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


def cost(wh: int, price: Decimal) -> Decimal:
    """Return what *wh* cost at *price* €/kWh, exactly."""
    return _EXACT.scaleb(_EXACT.multiply(Decimal(wh), price), -3)


def round_cents(amount: Decimal) -> Decimal:
    """Return *amount* to the cent, a half going away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP, context=_WIDE)


def subscription(month_price: Decimal, days: Iterable[date]) -> Decimal:
    """Return the share of the subscription that falls on *days*, not rounded.

    It is prorated by the days of each month, so that all the days of a month cost *month_price*.

    Args:
        month_price: €/month.
        days: each of them once.
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
    """Return how many days a month has, 28 to 31."""
    return (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days


def day_subscription(month_price: Decimal, day: date) -> Decimal:
    """Return the share of the subscription of one day: the price of its month by the days of that month.

    Not rounded; use subscription() for several days, whose sum it keeps exact over whole months.
    """
    return subscription(month_price, (day,))


def add_up(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of *amounts*, or None when there are none or one of them is not known."""
    total: Decimal | None = None
    for amount in amounts:
        if amount is None:
            return None
        total = amount if total is None else _EXACT.add(total, amount)
    return total
