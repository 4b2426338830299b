"""What one day used and cost, by the periods of the offer."""

# Strategy
#
# - A half hour of a register belongs to one period of the offer at that instant, whose price is that of the day. Costs
#   stay exact here. They are rounded where they are shown: once a line.
# - The page of the day rounds each of its lines, too. That total is kept beside the exact costs, so that a sum of the
#   days as shown can be set beside the account of a month.

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from linkymonitor.money import bill
from linkymonitor.money.book import DayPrices
from linkymonitor.report.day import ELSEWHERE
from linkymonitor.report.period.values import DayCost
from linkymonitor.summaries.day import HALF_HOUR, DaySummary

#: Where in a half hour its period is looked up.
_MIDDLE = HALF_HOUR // 2


def cost_of(day: DaySummary, prices: DayPrices, *, shift: int = 0) -> DayCost:
    """Return the energy of *day* by the periods of the offer and its cost.

    Args:
        day: its summary.
        prices: those of that day.
        shift: by how many seconds the day is moved: what its energy would cost on another day.
    """
    energy = by_period(day, prices, shift)
    rates = {period: None if period == ELSEWHERE else prices.price(period) for period in energy}
    eur: dict[str, Decimal | None] = {}
    for period, wh in energy.items():
        price = rates[period]
        if price is not None:
            eur[period] = bill.cost(wh, price)
        elif wh:
            eur[period] = None
    subscription = prices.subscription_month
    share = None if subscription is None else bill.day_subscription(subscription, day.date)
    known = bool(energy) and not day.unread
    empty = not energy and not day.records
    lines = bill.add_up(None if amount is None else bill.round_cents(amount) for amount in eur.values())
    injected = day.injected
    return DayCost(
        date=day.date,
        energy=energy,
        eur=eur,
        prices=rates,
        subscription=share,
        wh=sum(energy.values()) if known else None,
        shown=bill.add_up((lines, None if share is None else bill.round_cents(share)))
        if known and not day.barely
        else None,
        whole=known and not day.so_far and not day.partial and not day.barely,
        so_far=day.so_far,
        empty=empty,
        barely=day.barely,
        kind="ejp" if day.ejp else day.colour,
        injected=None if injected is None else injected.wh,
        injected_eur=paid(day, prices),
    )


def by_period(day: DaySummary, prices: DayPrices, shift: int = 0) -> Mapping[str, int]:
    """Return the Wh of *day* in each period of the offer, in the order of the registers."""
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
