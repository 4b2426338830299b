"""The values of a bill: what it is made of, and its lines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text
from linkymonitor.money.book import DayPrices
from linkymonitor.money.contract import TaxPath

#: The kinds of lines.
SUBSCRIPTION, ENERGY, TAX, CREDIT = "subscription", "energy", "tax", "credit"
#: The kind of the lines of injected energy on the paper of who buys it.
REVENUE = "revenue"
#: The kinds of lines that go by indexes; their days are those of a bill.
COUNTED = (ENERGY, REVENUE)
#: The name of injected energy where a register is asked for.
INJECTED = "injected"


class BillRefused(LinkyMonitorError):
    """A bill that cannot be made, with the reason and the days for which it can."""


class BilledDay(NamedTuple):
    """One local day of a bill."""

    date: date
    prices: DayPrices
    #: The subscribed power in kVA, None when it is not known.
    kva: int | None
    #: On the first and the last day of an offer, the prices of the other offer: its registers may count that day, too.
    other: DayPrices | None = None

    def priced(self, register: str) -> DayPrices:
        """Return the prices of the offer that has a price of *register*, those of the day where none has."""
        if self.other is not None and self.prices.price(register) is None:
            return self.other if self.other.price(register) is not None else self.prices
        return self.prices


class Index(NamedTuple):
    """The index of a register at an instant."""

    wh: int
    #: True when it lies between two readings.
    estimated: bool = False


class Stretch(NamedTuple):
    """The days on which one meter counted on the same registers; the day of a change is in two stretches."""

    first: date
    last: date
    #: Register → its index at the beginning and at the end; what is not known is not there.
    start: Mapping[str, Index]
    end: Mapping[str, Index]
    #: Day → the same at the midnight that begins it, of the days after the first.
    midnights: Mapping[date, Mapping[str, Index]]
    #: Register → why an index of it is not known.
    missing: Mapping[str, Text] = MappingProxyType({})
    #: False: the registers are periods whose energy was counted by the hour, and have no index that a meter shows.
    shown: bool = True

    @property
    def registers(self) -> tuple[str, ...]:
        """The registers, in the order in which they were read."""
        every = (self.start, *self.midnights.values(), self.end, self.missing)
        return tuple(dict.fromkeys(register for indexes in every for register in indexes))


class Shared(NamedTuple):
    """How the kWh of a line are a part, by days, of those between two indexes."""

    #: Between the two indexes.
    kwh: int
    #: Wh as read; None where the meter shows no index.
    index_from: int | None
    index_to: int | None
    #: The days of the line, and of all its parts.
    days: int
    of_days: int
    #: The kWh of the parts before the last one, which has the rest; None for another part.
    before: int | None = None

    def without_indexes(self) -> "Shared":
        """Return the same where the meter shows no index."""
        return self._replace(index_from=None, index_to=None)

    def steps(self, part: int, number: Callable[[int], str] = str) -> Text:
        """Return how the *part* is worked, each number written by *number*."""
        whole = f"{number(self.kwh)} kWh"
        if self.index_from is not None and self.index_to is not None:
            whole = f"{number(self.index_from // 1000)} → {number(self.index_to // 1000)} = {whole}"
        if self.before is not None:
            steps = f"{whole} − {number(self.before)} = {number(part)}"
            return Text(f"{steps}, le reste", f"{steps}, the rest")
        steps = f"{whole} × {self.days}/{self.of_days} = {number(part)}"
        return Text(f"{steps}, par jours", f"{steps}, by days")


class Line(NamedTuple):
    """A line of a bill."""

    kind: str
    label: Text
    #: The days, both included.
    first: date
    last: date
    #: The amount in €, rounded; None when it is not known.
    eur: Decimal | None
    register: str | None = None
    #: Wh as read.
    index_from: int | None = None
    index_to: int | None = None
    #: The days whose first midnight has an index of the line that lies between two readings.
    estimated: tuple[date, ...] = ()
    kwh: int | None = None
    #: How the kWh are a part of others, None when they are all between two indexes.
    shared: Shared | None = None
    #: €/month of a subscription, €/kWh of energy and accise, percent of a CTA; None when it is not known.
    price: Decimal | None = None
    #: The rate of the TVA in percent; None when there is none, or it is not known.
    tva: Decimal | None = None
    #: How the amount is worked, such as ``12.68 × 18/31 = 7.3626``.
    arithmetic: str = ""
    #: Why the amount is not known.
    reason: Text | None = None


class Bill(NamedTuple):
    """A bill of whole local days."""

    first: date
    last: date
    #: The id of the price table, None for the prices of [tariff].
    offer: str | None
    path: TaxPath
    lines: Sequence[Line]
    #: Rate in percent → the TVA that the total contains.
    tva: Mapping[Decimal, Decimal | None]
    #: Without TVA, on the path without taxes only.
    ht: Decimal | None
    total: Decimal | None
    #: What is paid for injected energy: a document of its own.
    revenue: Sequence[Line]
    warnings: Sequence[Text]
    #: The days of a mobile peak, and red days.
    peaks: Sequence[date] = ()
    #: Those of the warnings that are on the log, whatever was counted.
    log_warnings: Sequence[Text] = ()
