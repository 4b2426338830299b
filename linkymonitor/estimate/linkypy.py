"""The two figures of LinkyPy, CURRENT_COST and ESTIMATED_COST, as that program defines them."""

# Strategy
#
# - LinkyPy adds the subscription of a whole month to the cost of the energy so far, and takes the rest of the month for
#   as dear a second as the seconds so far. It knows no kinds of days and no prices to come. These figures are for those
#   who come from LinkyPy; projection.py has a better estimate.
# - The seconds so far begin with the first day that was measured, for LinkyPy takes the first index of the month.

from decimal import Decimal
from typing import NamedTuple

from linkymonitor.money import bill

#: Less than a day says nothing of a month.
_FEWEST_SECONDS = 86400


class LinkyPy(NamedTuple):
    """The figures of LinkyPy for a month, in €, to the cent."""

    current_cost: Decimal
    #: None on the first day.
    estimated_cost: Decimal | None


def linkypy(
    energy_eur: Decimal, subscription_month: Decimal, elapsed: int, left: int, fewest: int = _FEWEST_SECONDS
) -> LinkyPy:
    """Return the figures of LinkyPy.

    Args:
        energy_eur: what the energy of the month has cost so far.
        subscription_month: the subscription of the whole month.
        elapsed: the seconds of the month so far.
        left: the seconds of the month to come.
        fewest: with fewer seconds so far, there is no estimate.
    """
    estimated = None
    if elapsed >= fewest:
        estimated = bill.round_cents(energy_eur + left * energy_eur / elapsed + subscription_month)
    return LinkyPy(bill.round_cents(energy_eur + subscription_month), estimated)
