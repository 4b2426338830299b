"""The one rounding of a line, and sums of amounts that may be unknown."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction


def half_away(amount: Fraction, places: int) -> Decimal:
    """Return *amount* rounded to *places* decimals; a half is rounded away from zero."""
    scaled = abs(amount) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-places)


def shown(amount: Fraction, places: int = 4) -> str:
    """Return *amount* as it stands in the arithmetic of a line, such as ``7.3626``."""
    return f"{half_away(amount, places):f}"


def summed(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of *amounts*; None when one of them is None, 0 when there is none."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
