"""What one day used and cost, by the periods of the offer."""

# Strategy
#
# - A half hour of a register belongs to one period of the offer at that instant, whose price is that of the day. Costs
#   stay exact here. They are rounded where they are shown: once a line.
# - The page of the day rounds each of its lines, too. That total is kept beside the exact costs, so that a sum of the
#   days as shown can be set beside the account of a month.

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.money import bill
from linkymonitor.money.book import DayPrices
from linkymonitor.money.tariffs import ELSEWHERE
from linkymonitor.summaries.day import HALF_HOUR, DaySummary

#: Where in a half hour its period is looked up.
_MIDDLE = HALF_HOUR // 2


class DayCost(NamedTuple):
    """The energy of one day by the periods of the offer, and what it costs."""

    date: date
    #: Period → Wh, the periods in which something was counted.
    energy: Mapping[str, int]
    #: Period → €, exact; None when its price is not known. A period that counted nothing and has no price is left out.
    eur: Mapping[str, Decimal | None]
    #: Period → price of a kWh.
    prices: Mapping[str, Decimal | None]
    #: What this day bears of the subscription, in €, exact; None when it is not set.
    subscription: Decimal | None
    #: Wh of the whole day; None when it is not known.
    wh: int | None
    #: What the page of the day shows as its total: its lines rounded, then added up.
    shown: Decimal | None
    #: The energy and the cost of the day count in comparisons: it is over, and nearly all of it was heard.
    whole: bool = False
    #: The day is not over.
    so_far: bool = False
    #: Nothing is known of it.
    empty: bool = False
    #: Hardly anything of it was heard: what its registers counted is in the sums, and the day bears no cost of its own.
    barely: bool = False
    #: ``ejp``, ``red``, ``white``, ``blue``; None for a day like any other.
    kind: str | None = None
    #: Wh given to the grid, and what they are paid.
    injected: int | None = None
    injected_eur: Decimal | None = None

    @property
    def energy_shown(self) -> Decimal | None:
        """What the page of the day shows for its energy, without the subscription; None when it is not known."""
        if self.wh is None or self.barely:
            return None
        return bill.add_up(None if eur is None else bill.round_cents(eur) for eur in self.eur.values())


def cost_of(day: DaySummary, prices: DayPrices, *, shift: int = 0) -> DayCost:
    """Return the energy of *day* by the periods of the offer and its cost.

    Args:
        day: its summary.
        prices: those of that day.
        shift: by how many seconds the day is moved: what its energy would cost on another day.
    """
    energy = by_period(day, prices, shift)
    cost = cost_of_energy(day.date, energy, prices, known=not day.unread)
    injected = day.injected
    return cost._replace(
        whole=cost.wh is not None and not day.so_far and not day.partial and not day.barely,
        so_far=day.so_far,
        empty=not cost.energy and not day.records,
        barely=day.barely,
        shown=None if day.barely else cost.shown,
        kind="ejp" if day.ejp else day.colour,
        injected=None if injected is None else injected.wh,
        injected_eur=paid(day, prices),
    )


def cost_of_energy(day: date, energy: Mapping[str, int], prices: DayPrices, *, known: bool = True) -> DayCost:
    """Return the cost of *energy*, period of the offer → Wh, on *day*.

    Args:
        day: the day.
        energy: what was counted.
        prices: those of that day.
        known: whether that is all the energy of the day.
    """
    rates = {period: None if period == ELSEWHERE else prices.price(period) for period in energy}
    eur = energy_cost(energy, prices)
    subscription = prices.subscription_month
    share = None if subscription is None else bill.day_subscription(subscription, day)
    lines = bill.add_up(None if amount is None else bill.round_cents(amount) for amount in eur.values())
    known = known and bool(energy)
    return DayCost(
        date=day,
        energy=energy,
        eur=eur,
        prices=rates,
        subscription=share,
        wh=sum(energy.values()) if known else None,
        shown=bill.add_up((lines, None if share is None else bill.round_cents(share))) if known else None,
    )


def energy_cost(energy: Mapping[str, int], prices: DayPrices) -> dict[str, Decimal | None]:
    """Return the exact cost of *energy* by period; None where a period used energy and has no price."""
    eur: dict[str, Decimal | None] = {}
    for period, wh in energy.items():
        price = None if period == ELSEWHERE else prices.price(period)
        if price is not None:
            eur[period] = bill.cost(wh, price)
        elif wh:
            eur[period] = None
    return eur


def by_period(day: DaySummary, prices: DayPrices, shift: int = 0) -> Mapping[str, int]:
    """Return the Wh of *day* in each period of the offer, in the order of the registers.

    Args:
        day: its summary.
        prices: those that say which period an instant belongs to.
        shift: by how many seconds the day is moved: in which periods its energy would be on another day.
    """
    if prices.by_register(day.half_hours):
        return MappingProxyType(dict(day.energy))
    energy: dict[str, int] = {}
    for register, half_hours in day.half_hours.items():
        at = day.start + shift + _MIDDLE
        for wh in half_hours:
            if wh:
                period = ELSEWHERE if register == ELSEWHERE else prices.period(register, at)
                energy[period] = energy.get(period, 0) + wh
            at += HALF_HOUR
    return MappingProxyType(energy)


def paid(day: DaySummary, prices: DayPrices) -> Decimal | None:
    """Return what the injected energy of *day* is paid, exact; None for an estimate, or without a price."""
    injected = day.injected
    if injected is None or injected.estimated or prices.injection is None:
        return None
    return bill.cost(injected.wh, prices.injection)
