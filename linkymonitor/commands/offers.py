"""Gives a sink every offer that can be priced from the registers of a meter with off-peak hours."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from linkymonitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from linkymonitor.money.rules import Rule
    from linkymonitor.money.table import Table
    from linkymonitor.settings import Settings
    from linkymonitor.sinks.base import OfferPrices


def offers_of(settings: Settings) -> Callable[[date, int], list[OfferPrices]]:
    """Return a function that gives the offers of a day for a subscribed power in kVA.

    An offer whose hours are not those of the house cannot be priced from two registers, and is left out; so is one
    whose prices of that day nobody found. The tables are read when the function is first called.
    """
    from linkymonitor.sinks.base import OfferPrices

    tables: list[Table] = []

    def offers(day: date, kva: int) -> list[OfferPrices]:
        if not tables:
            tables.extend(_tables(settings))
        found = []
        for table in tables:
            row = table.row(day)
            if row is None or kva not in row.subscription:
                continue
            energy = {period.code: row.price(period.code, kva) for period in table.periods}
            known = {code: price for code, price in energy.items() if price is not None}
            if len(known) == len(energy):
                month = row.month(row.subscription[kva])
                found.append(OfferPrices(table.supplier, table.name, month, known))
        return found

    return offers


def _tables(settings: Settings) -> list[Table]:
    """Return the price tables whose hours are those of the house; `check` reports a table that is wrong."""
    from linkymonitor.money.shelf import Shelf

    shelf, found = Shelf(settings.table_folders), []
    for name in shelf.paths():
        with suppress(ConfigError):
            found.append(shelf.table(name))
    return [table for table in found if not any(map(_is_particular, table.rules))]


def _is_particular(rule: Rule) -> bool:
    """Return whether *rule* asks for more than the off-peak hours of the house."""
    return any(part is not None for part in (rule.season, rule.weekdays, rule.colour, rule.hours))
