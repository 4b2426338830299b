"""What the energy of each register has cost so far: sums that only grow, of the day, and of the month."""

# Strategy
#
# - The sums are made from the indexes of the records, in their order. A record that was counted comes again after a
#   crash, and is skipped by its stamp.
# - A sum never falls: Home Assistant takes the difference of two values for what was paid. So the past is never
#   priced again, and a register begins at 0.
# - A day or a month is only known when it was counted from its first instant, and when each price was known.

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from linkymonitor.sinks.base import Row
from linkymonitor.sinks.forms import iso

#: Register, instant, subscribed power in VA or None → €/kWh, None when it is not known.
Price = Callable[[str, datetime, int | None], Decimal | None]

#: The energy of a longer silence at midnight may belong to either day.
_LONGEST_SILENCE = timedelta(minutes=30)
_SUMS = frozenset({"index_total", "index_injected"})
_NONE: Mapping[str, Any] = MappingProxyType({})


class Costs(NamedTuple):
    """The sums up to one record; all of them in €, exact."""

    #: The record that was counted last: its meter, its series, and its stamp in ISO 8601.
    meter: str = ""
    series: int = 0
    ended_at: str = ""
    #: The indexes of that record by register, in Wh.
    indexes: Mapping[str, int] = _NONE
    #: Register → the cost since it was first counted; a register whose price was never known is absent.
    registers: Mapping[str, Decimal] = _NONE
    #: The local day and the month of that record, and what they cost so far; None: not known.
    day: str = ""
    of_day: Decimal | None = None
    of_month: Decimal | None = None

    def add(self, row: Row, price: Price, zone: tzinfo) -> Costs:
        """Return the sums up to *row*; they are the same when *row* was counted before."""
        stamp = iso(row.ended_at)
        if stamp <= self.ended_at and row.series <= self.series:
            return self
        # A stamp is the end of an interval: the record of midnight belongs to the day before.
        instant = row.ended_at - timedelta(seconds=1)
        day = f"{instant.astimezone(zone):%Y-%m-%d}"
        of_day, of_month = self._begun(row, day)
        now = {
            name.removeprefix("index_"): wh
            for name, wh in row.fields.items()
            if name.startswith("index_") and name not in _SUMS
        }
        registers = dict(self.registers)
        for register, index in now.items():
            value = price(register, instant, row.subscribed_power)
            if value is not None:
                registers.setdefault(register, Decimal(0))
            wh = self._drawn(row.meter, register, index)
            if not wh:
                continue
            if value is None:
                of_day = of_month = None
                continue
            eur = value * wh / 1000
            registers[register] += eur
            of_day = None if of_day is None else of_day + eur
            of_month = None if of_month is None else of_month + eur
        indexes = {**(self.indexes if row.meter == self.meter else {}), **now}
        return Costs(row.meter, row.series, stamp, indexes, registers, day, of_day, of_month)

    def _drawn(self, meter: str, register: str, index: int) -> int:
        """Return the Wh since the record before; 0 when another epoch of the index begins."""
        before = self.indexes.get(register) if meter == self.meter else None
        return 0 if before is None else max(index - before, 0)

    def _begun(self, row: Row, day: str) -> tuple[Decimal | None, Decimal | None]:
        """Return the sums of the day and of the month before *row*, begun at 0 if one of them begins with *row*."""
        if day == self.day:
            return self.of_day, self.of_month
        follows = (
            bool(self.ended_at)
            and timedelta(0) <= (row.ended_at - datetime.fromisoformat(self.ended_at)) <= _LONGEST_SILENCE
        )
        begun = Decimal(0) if follows else None
        return begun, begun if day[:7] != self.day[:7] else self.of_month

    def shown(self) -> dict[str, str | None]:
        """Return the costs by their names in the live message, to a hundredth of a cent."""
        found: dict[str, Decimal | None] = {f"cost_{name}": eur for name, eur in self.registers.items()}
        if self.registers:
            found |= {"cost_day": self.of_day, "cost_month": self.of_month}
        return {name: None if eur is None else f"{eur:.4f}" for name, eur in found.items()}

    def document(self) -> dict[str, object]:
        """Return the sums as JSON carries them."""
        return {
            **self._asdict(),
            "indexes": dict(self.indexes),
            "registers": {name: str(eur) for name, eur in self.registers.items()},
            "of_day": None if self.of_day is None else str(self.of_day),
            "of_month": None if self.of_month is None else str(self.of_month),
        }

    @staticmethod
    def of(document: Mapping[str, Any]) -> Costs:
        """Return the sums that `document` gave.

        Raises:
            ValueError, TypeError, KeyError, ArithmeticError: *document* is not what was written.
        """
        day, month = document["of_day"], document["of_month"]
        return Costs(
            str(document["meter"]),
            int(document["series"]),
            str(document["ended_at"]),
            {str(name): int(wh) for name, wh in document["indexes"].items()},
            {str(name): Decimal(eur) for name, eur in document["registers"].items()},
            str(document["day"]),
            None if day is None else Decimal(day),
            None if month is None else Decimal(month),
        )
