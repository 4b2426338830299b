"""The price of each register on each local day, which a database gets with the first record of the day."""

# Strategy
#
# - A price holds for a local day. With the indexes of the same day it gives the cost, in the database itself.
# - A register has a price here only if that does not depend on the hour. Where the hours of an offer are not those of
#   the meter, the indexes alone do not give the cost, and no price is better than a wrong one.
# - Prices are written again after a restart and with the past, so a price that was corrected replaces the old one.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from linkymonitor.sinks.base import House, Row
from linkymonitor.system.zones import zone

_SECOND = timedelta(seconds=1)
_SUMS = frozenset({"index_total", "index_injected"})


class PricedDay(NamedTuple):
    """The prices of the registers of one meter on one local day."""

    #: The position of the first record of the day in its batch.
    position: int
    meter: str
    day: date
    #: Register → €/kWh TTC; a register whose price is not known is not there.
    prices: Mapping[str, Decimal]


class Prices:
    """Finds the days that begin in a batch of records.

    Args:
        house: knows the prices, and the time zone of the days.
    """

    def __init__(self, house: House) -> None:
        self._price = house.day_price
        self._zone = zone(house.timezone)
        self._written: tuple[str, str, date] | None = None

    def of(self, records: Sequence[Row]) -> list[PricedDay]:
        """Return the days that begin in *records*, or whose contract changes there, if they have a price."""
        found = []
        before = self._written
        for position, row in enumerate(records):
            this = self._day_of(row)
            if this != before:
                prices = self._prices(row, this[2])
                if prices:
                    found.append(PricedDay(position, row.meter, this[2], prices))
                before = this
        return found

    def written(self, records: Sequence[Row]) -> None:
        """Take note that the far end has *records* and their prices."""
        if records:
            self._written = self._day_of(records[-1])

    def _day_of(self, row: Row) -> tuple[str, str, date]:
        # A stamp is the end of an interval: the record of midnight belongs to the day before.
        return row.meter, row.contract, (row.ended_at - _SECOND).astimezone(self._zone).date()

    def _prices(self, row: Row, day: date) -> dict[str, Decimal]:
        registers = (
            name.removeprefix("index_")
            for name in row.fields
            if name.startswith("index_") and name not in _SUMS
        )
        found = {register: self._price(register, day, row.subscribed_power) for register in registers}
        return {register: price for register, price in found.items() if price is not None}


def millionths(price: Decimal) -> int:
    """Return *price*, in €/kWh, in millionths of a €/kWh: a whole number, as every field of a point is."""
    return int((price * 1_000_000).to_integral_value(ROUND_HALF_UP))
