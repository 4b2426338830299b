"""The one rounding of a line, and sums of amounts that may be unknown."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

CENT = Decimal("0.01")
#: Roundings of the TVA make a sum differ by no more, in €.
TVA_ROUNDING = Decimal("0.03")
#: Prices of the kWh have so many decimals, though noughts at their end are not typed.
_PRICE_PLACES = 4


def half_away(amount: Fraction, places: int) -> Decimal:
    """Return *amount* rounded to *places* decimals; a half is rounded away from zero."""
    scaled = abs(amount) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-places)


def shown(amount: Fraction, places: int = 4) -> str:
    """Return *amount* as it stands in the arithmetic of a line, such as ``7.3626``."""
    return f"{half_away(amount, places):f}"


class Product(NamedTuple):
    """A price times kWh."""

    #: Rounded as the amount that is printed.
    eur: Decimal
    #: Whether the amount that is printed is that, but for the rounding of the price.
    fits: bool


def product_of(kwh: int, price: Decimal, eur: Decimal) -> Product:
    """Return *kwh* times *price* beside the printed amount *eur*."""
    exact = Fraction(price) * kwh
    off = abs(exact - Fraction(eur))
    rounding = abs(kwh) * Fraction(1, 2 * 10 ** max(_PRICE_PLACES, places_of(price)))
    return Product(half_away(exact, places_of(eur)), off <= rounding + Fraction(1, 2 * 10 ** places_of(eur)))


def places_of(amount: Decimal) -> int:
    """Return to how many decimals *amount* is printed, two at least."""
    exponent = amount.as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2


def summed(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of *amounts*; None when one of them is None, 0 when there is none."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
