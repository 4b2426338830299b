"""Price books that are made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from linkymonitor.language import Text
from linkymonitor.money.book import DayPrices, PriceBook, PriceChange
from linkymonitor.money.contract import Contract


class MadeBook(PriceBook):
    """The prices of each day, given by hand."""

    def __init__(self, *dated: tuple[date, DayPrices]) -> None:
        self._dated = dated
        #: The contract of every day.
        self.contract = Contract()

    def contract_on(self, day: date) -> Contract:
        return self.contract

    def on(self, day: date, kva: int | None = None) -> DayPrices:
        return [prices for since, prices in self._dated if since <= day][-1]

    def changes(self, first: date, last: date, kva: int | None = None) -> list[PriceChange]:
        """Return each price that differs from that of the day before."""
        found = []
        for (_, before), (day, after) in zip(self._dated, self._dated[1:], strict=False):
            if first < day <= last:
                found += [
                    PriceChange(day, name, before.energy.get(name), after.energy.get(name))
                    for name in after.energy
                    if before.energy.get(name) != after.energy.get(name)
                ]
        return found


def book(
    energy: Mapping[str, str],
    *later: tuple[date, Mapping[str, str]],
    subscription: str | None = None,
    later_subscription: str | None = None,
    injection: str | None = None,
    reason: Text | None = None,
) -> PriceBook:
    """Return the prices of *energy*, register → €/kWh, and those that count *later*, from a day on."""

    def day_prices(rates: Mapping[str, str], month: str | None) -> DayPrices:
        return DayPrices(
            energy={name: Decimal(rate) for name, rate in rates.items()},
            subscription_month=None if month is None else Decimal(month),
            injection=None if injection is None else Decimal(injection),
            reason=reason,
        )

    after = ((day, day_prices(rates, later_subscription or subscription)) for day, rates in later)
    return MadeBook((date.min, day_prices(energy, subscription)), *after)
