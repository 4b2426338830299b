"""Gives a sink the prices of every offer whose table has them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from linkymonitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from linkymonitor.settings import Settings
    from linkymonitor.sinks.base import OfferPrices


def offers_of(settings: Settings) -> Callable[[date, int], list[OfferPrices]]:
    """Return a function that gives the offers of a day for a subscribed power in kVA.

    An offer is left out when it does not exist for that power, or when nobody found its prices of that day. The tables
    and the calendars are read again on each new day.
    """
    kept: dict[tuple[date, int], list[OfferPrices]] = {}

    def offers(day: date, kva: int) -> list[OfferPrices]:
        if (day, kva) not in kept:
            kept.clear()
            kept[day, kva] = _offers(settings, day, kva)
        return kept[day, kva]

    return offers


def _offers(settings: Settings, day: date, kva: int) -> list[OfferPrices]:
    """Return the offers of *day*; `check` reports a table that is wrong."""
    from linkymonitor.money.book import PriceBook
    from linkymonitor.money.contract import Contract
    from linkymonitor.money.shelf import Shelf
    from linkymonitor.money.tariffs import Prices
    from linkymonitor.sinks.base import OfferPrices

    shelf, own, found = Shelf(settings.table_folders), settings.price_book(), []
    for name in shelf.paths():
        with suppress(ConfigError):
            table, book = shelf.table(name), own
            if own.contract_on(day).table != name:
                # What a new contract would cost.
                book = PriceBook(Prices(), contract=Contract(offer=name), shelf=shelf)
            prices = book.on(day, kva)
            energy = {code: prices.energy[code] for code in prices.periods if code in prices.energy}
            month = prices.subscription_month
            if month is not None and prices.row is not None and len(energy) == len(prices.periods):
                found.append(OfferPrices(table.supplier, table.name, month, energy, prices.period))
    return found
