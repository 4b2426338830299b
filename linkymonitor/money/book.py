"""The price book: what a kWh and the subscription cost on any local day."""

# Strategy
#
# - Whatever asks for a price asks for a day first: PriceBook.on(day). Prices change at 00:00 local, so within a day a
#   period has one price. A day that is past keeps the prices of its time, whatever is set for later days.
# - Energy is counted by register and half hour. DayPrices.period() gives the period of the offer to which it belongs:
#   the register itself where the offer's periods are the meter's registers, else what the rules of the offer give.
# - A price that is not known is None and has a reason; it is never 0 and never the price of another day.

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.language import Text, as_text, written_date
from linkymonitor.money import bill
from linkymonitor.money.contract import Contract
from linkymonitor.money.tariffs import ELSEWHERE, UNKNOWN, Prices

if TYPE_CHECKING:
    from linkymonitor.money.offer import Offer
    from linkymonitor.money.rules import Slices
    from linkymonitor.money.shelf import Shelf
    from linkymonitor.money.table import Row

#: The length of a half hour, in seconds.
HALF_HOUR = 1800
_NONE: Mapping[str, Decimal] = MappingProxyType({})
_NO_LABELS: Mapping[str, Text] = MappingProxyType({})


class DayPrices(NamedTuple):
    """What energy and the subscription cost on one local day, in € TTC."""

    #: Period or register → €/kWh.
    energy: Mapping[str, Decimal] = _NONE
    #: €/month of the subscribed power.
    subscription_month: Decimal | None = None
    #: €/kWh that is paid for a kWh injected.
    injection: Decimal | None = None
    #: Why a price is missing.
    reason: Text | None = None
    #: Whether a price that is missing can be set in [tariff].
    settable: bool = False
    #: Notes that go with every figure made with a price of this day.
    warnings: tuple[Text, ...] = ()
    #: The periods of the offer, in its order; of the prices of [tariff], the registers that have one.
    periods: tuple[str, ...] = ()
    #: Period or register → its name for people.
    labels: Mapping[str, Text] = _NO_LABELS
    #: Gives the period of an instant; None where the periods are the meter's registers, as of the prices of [tariff].
    slices: "Slices | None" = None
    #: From when these prices are in force; None: always, or not known.
    since: date | None = None
    #: The id of the price table, None for the prices of [tariff].
    offer: str | None = None
    #: The row of the price table, which also has the prices without taxes; None as for *offer*.
    row: "Row | None" = None
    #: When the price table was checked, None as for *offer*.
    checked: date | None = None

    def by_register(self, registers: Iterable[str]) -> bool:
        """Return whether *registers* are the periods, so that the hour decides nothing."""
        return self.slices is None or self.slices.registers.union((ELSEWHERE, "")).issuperset(registers)

    def period(self, register: str, at: float) -> str:
        """Return the offer's period to which energy of *register* at the POSIX time *at* belongs.

        It is the register itself where the meter's registers are the periods, and UNKNOWN when it is not known.
        """
        return register if self.slices is None else self.slices.period(register, at)

    def price(self, period: str) -> Decimal | None:
        """Return the price of *period* in €/kWh, None when it is not known."""
        return self.energy.get(period)

    def of(self, register: str) -> Decimal | None:
        """Return the price of *register* in €/kWh; None when it is not known or depends on the hour."""
        return self.energy.get(register) if self.by_register((register,)) else None

    def label(self, period: str) -> Text:
        """Return the name of *period* for people: that of the offer, else its code."""
        return self.labels.get(period) or as_text(period)

    def cost(self, period: str, wh: int) -> Decimal | None:
        """Return the cost of *wh* in *period*, in € to the cent, or None when its price is not known."""
        price = self.price(period)
        return None if price is None else bill.round_cents(bill.cost(wh, price))

    def split(
        self, energy: Mapping[str, Sequence[int]], start: float, step: int = HALF_HOUR
    ) -> dict[str, list[int]]:
        """Return the energy by period: period → Wh of each step of the day.

        Args:
            energy: register → Wh of each step; the sums stay the same to the Wh.
            start: the POSIX time at which the first step begins.
            step: its length in seconds. A step belongs to the period of its middle.
        """
        if self.slices is None:
            return {register: list(steps) for register, steps in energy.items()}
        split: dict[str, list[int]] = {}
        for register, steps in energy.items():
            for at, wh in enumerate(steps):
                if wh or register in self.slices.registers:
                    period = self.slices.period(register, start + step * at + step // 2)
                    split.setdefault(period, [0] * len(steps))[at] += wh
        return split


class PriceChange(NamedTuple):
    """An offer or a price that differs from that of the day before."""

    date: date
    #: ``offer``, ``subscription``, ``injection``, else a period.
    what: str
    before: Decimal | str | None
    after: Decimal | str | None


class _Stretch(NamedTuple):
    """A time under one contract."""

    start: date
    contract: Contract
    #: The day of signature of the offer, None when it is not known.
    signed: date | None


class PriceBook:
    """The prices of every local day.

    Args:
        tariff: the prices of [tariff].
        tariffs: date → the prices of [tariff:DATE], which has only the prices that change.
        contract: the section [contract].
        contracts: date → the section [contract:DATE], which has only the keys that change.
        shelf: the price tables; None: none can be used.
    """

    def __init__(
        self,
        tariff: Prices,
        tariffs: Mapping[date, Prices] = MappingProxyType({}),
        contract: Contract | None = None,
        contracts: Mapping[date, Contract] = MappingProxyType({}),
        shelf: "Shelf | None" = None,
    ) -> None:
        self.contract = contract or Contract()
        self._tariffs = [(date.min, tariff)]
        for day, prices in sorted(tariffs.items()):
            self._tariffs.append((day, self._tariffs[-1][1].then(prices)))
        self._stretches = [_Stretch(date.min, self.contract, self.contract.since)]
        for day, changes in sorted(contracts.items()):
            last = self._stretches[-1]
            signed = last.signed if changes.offer is None else day
            self._stretches.append(_Stretch(day, last.contract.then(changes), signed))
        self._offers = _offers(self._stretches, shelf)
        self._made: dict[tuple[object, ...], DayPrices] = {}

    @property
    def faults(self) -> tuple[Text, ...]:
        """One sentence for each fault of the tables and of what the contracts ask of them."""
        return tuple(dict.fromkeys(fault for offer in self._offers.values() for fault in offer.faults))

    @property
    def by_hour(self) -> bool:
        """Whether the hour may decide the period of some energy."""
        return bool(self._offers)

    @property
    def priced(self) -> bool:
        """Whether any price is set at all."""
        return bool(self._offers) or any(not prices.empty for _, prices in self._tariffs)

    def on(self, day: date, kva: int | None = None) -> DayPrices:
        """Return the prices of the local day *day*.

        Args:
            day: the day.
            kva: the subscribed power of the meter, in kVA, where [contract] gives none.
        """
        since = self.contract.since
        if since is not None and day < since:
            begun = written_date(since)
            return DayPrices(
                reason=Text(
                    f"avant le contrat, qui commence le {begun.fr} ([contract] since)",
                    f"before the contract, which begins on {begun.en} ([contract] since)",
                )
            )
        place = bisect_right(self._tariffs, day, key=itemgetter(0)) - 1
        tariff = self._tariffs[place]
        number = bisect_right(self._stretches, day, key=attrgetter("start")) - 1
        stretch = self._stretches[number]
        own = stretch.contract.injection_price
        injection = tariff[1].injection if own is None else own
        offer = self._offers.get(number)
        if offer is None:
            return self._kept((place, number), lambda: _of_tariff(*tariff, injection))
        power = stretch.contract.power or kva
        row, reason = offer.row(day)
        if row is None:
            return DayPrices(injection=injection, reason=reason, offer=offer.id)
        stale = offer.stale_since(row, day)
        prices = self._kept(
            (number, injection, row.start, power, stale),
            lambda: _of_offer(offer, row, max(row.start, stretch.start), power, injection, stale),
        )
        if prices.reason is None and (unknown := offer.unknown(day)) is not None:
            prices = prices._replace(reason=unknown)
        return prices

    def contract_on(self, day: date) -> Contract:
        """Return what [contract] and its dated sections say on *day*."""
        return self._stretches[bisect_right(self._stretches, day, key=attrgetter("start")) - 1].contract

    def tariff_on(self, day: date) -> Prices:
        """Return what [tariff] and its dated sections say on *day*."""
        return self._tariffs[bisect_right(self._tariffs, day, key=itemgetter(0)) - 1][1]

    @property
    def dated(self) -> bool:
        """Whether any section [tariff:DATE] is set."""
        return len(self._tariffs) > 1

    @property
    def tables(self) -> tuple[str, ...]:
        """The ids of the price tables that the contracts name, each once."""
        return tuple(dict.fromkeys(offer.id for offer in self._offers.values()))

    def _kept(self, key: tuple[object, ...], make: Callable[[], DayPrices]) -> DayPrices:
        """Return the prices of *key*, made once: most days have the prices of the day before."""
        prices = self._made.get(key)
        if prices is None:
            prices = self._made[key] = make()
        return prices

    def changes(self, first: date, last: date, kva: int | None = None) -> list[PriceChange]:
        """Return what changes of the prices on the days after *first* up to *last*, in the order of time.

        The arguments but *first* and *last* are those of `on`.
        """
        days = {day for day, _ in self._tariffs} | {stretch.start for stretch in self._stretches}
        for offer in self._offers.values():
            days |= offer.turns
        found = []
        for day in sorted(day for day in days if first < day <= last):
            found += _differences(day, self.on(day - timedelta(days=1), kva), self.on(day, kva))
        return found


def _of_tariff(start: date, prices: Prices, injection: Decimal | None) -> DayPrices:
    """Return the prices of [tariff], in force from *start* on; date.min: always."""
    energy = prices.by_register
    return DayPrices(
        energy=energy,
        periods=tuple(energy),
        subscription_month=prices.subscription_month,
        injection=injection,
        reason=None if energy else Text("prix non réglés", "prices not set"),
        settable=True,
        since=None if start == date.min else start,
    )


def _offers(stretches: Iterable[_Stretch], shelf: "Shelf | None") -> "dict[int, Offer]":
    """Return the offer of each of *stretches* that has one, by its place among them."""
    tables = {
        number: stretch for number, stretch in enumerate(stretches) if stretch.contract.table is not None
    }
    if not tables:
        return {}
    # Only here: a house without an offer needs no tables.
    from linkymonitor.money.offer import Offer

    return {number: Offer.of(stretch.contract, stretch.signed, shelf) for number, stretch in tables.items()}


def _of_offer(
    offer: "Offer", row: "Row", since: date, kva: int | None, injection: Decimal | None, stale: date | None
) -> DayPrices:
    """Return the prices of *row* of *offer* for a subscribed power of *kva*, None when it is not known."""
    energy: dict[str, Decimal] = {}
    labels = {UNKNOWN: Text("période inconnue", "period not known")}
    for period in offer.periods:
        price = row.price(period.code, kva)
        for name in (period.code, *period.registers):
            labels[name] = period.label
            if price is not None:
                energy[name] = price
    subscription = None if kva is None else row.subscription.get(kva)
    return DayPrices(
        energy=energy,
        periods=tuple(period.code for period in offer.periods),
        subscription_month=None if subscription is None else row.month(subscription),
        injection=injection,
        reason=None if subscription is not None else offer.no_power(row, kva),
        warnings=offer.warnings(row, stale),
        labels=labels,
        slices=offer.slices,
        since=since,
        offer=offer.id,
        row=row,
        checked=offer.table.checked if offer.table is not None else None,
    )


def _differences(day: date, before: DayPrices, after: DayPrices) -> list[PriceChange]:
    """Return the changes from the prices *before* to the prices *after*, which begin on *day*."""
    pairs: list[tuple[str, Decimal | str | None, Decimal | str | None]] = [
        ("offer", before.offer, after.offer),
        ("subscription", before.subscription_month, after.subscription_month),
        ("injection", before.injection, after.injection),
    ]
    pairs += [
        (period, before.energy.get(period), after.energy.get(period))
        for period in dict.fromkeys((*before.energy, *after.energy))
    ]
    return [PriceChange(day, what, old, new) for what, old, new in pairs if old != new]
