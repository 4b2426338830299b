"""Adds up the days of a period: each line is rounded once, and the total is the sum of the lines as shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.money import bill

if TYPE_CHECKING:
    from linkymonitor.estimate.day_cost import DayCost
    from linkymonitor.money.book import DayPrices, PriceBook


class Account(NamedTuple):
    """What the days of a period used and cost."""

    #: Period of the offer → Wh.
    energy: Mapping[str, int]
    #: Period of the offer → €, to the cent; None, or absent, when its price is not known.
    lines: Mapping[str, Decimal | None]
    energy_eur: Decimal | None
    #: To the cent; None when it is not set for one of the days.
    subscription: Decimal | None

    @property
    def wh(self) -> int:
        """The energy of all periods."""
        return sum(self.energy.values())

    @property
    def total(self) -> Decimal | None:
        """Energy and subscription; None when one of them is not known."""
        return bill.add_up((self.energy_eur, self.subscription))


def account_of(costs: Iterable[DayCost], due: Sequence[tuple[date, DayPrices]]) -> Account:
    """Return the account of the days of *costs*; the days that are *due* bear the subscription."""
    energy, exact = sums(costs)
    lines = {period: None if eur is None else bill.round_cents(eur) for period, eur in exact.items()}
    shown = ((wh, lines.get(period)) for period, wh in energy.items())
    return Account(energy, lines, sum_of_lines(shown), subscription_of(due))


def sums(costs: Iterable[DayCost]) -> tuple[dict[str, int], dict[str, Decimal | None]]:
    """Return the energy of each period over the days of *costs*, and its exact cost: None when a price is missing.

    A period that counted nothing costs nothing if its price is set; else it has no cost at all.
    """
    energy: dict[str, int] = {}
    eur: dict[str, Decimal | None] = {}
    rested: dict[str, Decimal | None] = {}
    for cost in costs:
        for period, wh in cost.energy.items():
            energy[period] = energy.get(period, 0) + wh
            if wh:
                eur[period] = bill.add_up((eur.get(period, Decimal(0)), cost.eur[period]))
            elif cost.prices[period] is not None:
                rested[period] = Decimal(0)
    return energy, rested | eur


def sum_of_lines(lines: Iterable[tuple[int | None, Decimal | None]]) -> Decimal | None:
    """Return the sum of *lines*, their Wh and € as shown; None when one of them used energy that has no price."""
    shown = list(lines)
    if all(eur is None for _, eur in shown):
        return None
    return bill.add_up(eur for wh, eur in shown if eur is not None or wh != 0)


def due_days(
    days: Iterable[date], powers: Mapping[date, int], book: PriceBook
) -> list[tuple[date, DayPrices]]:
    """Return each of *days*, which bear a subscription, with its prices, at the power that the meter last stated.

    Args:
        days: the days, in order.
        powers: day → subscribed power in kVA, in order, of the days whose power is known.
        book: the prices.
    """
    kva = next(iter(powers.values()), None)
    due = []
    for day in days:
        kva = powers.get(day, kva)
        due.append((day, book.on(day, kva)))
    return due


def subscription_of(due: Sequence[tuple[date, DayPrices]]) -> Decimal | None:
    """Return the subscription of the days that are *due*, rounded once; None when it is not known of one of them."""
    parts: list[Decimal | None] = []
    for price, group in groupby(due, key=lambda pair: pair[1].subscription_month):
        parts.append(None if price is None else bill.subscription(price, (day for day, _ in group)))
    amount = bill.add_wide(parts)
    return None if amount is None else bill.round_cents(amount)
