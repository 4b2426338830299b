"""The energy of the local day so far, by register, from the meter's indexes."""

# Strategy
#
# - Energy is a difference of two indexes of the same register in the same epoch. An epoch ends where such a
#   difference means nothing: another meter, option or mode, an index that went down, or one that went up by
#   more than the meter could have let through. What was counted before is kept, nothing is counted across.
# - The day begins with the last value known at or before midnight, as in the daily log, which has a record
#   for each midnight: what is shown now and what the report says tomorrow are then the same. Without a value
#   in the last ten minutes before midnight it begins with the first one after.
# - A register that its contract did not list stands at zero, so it may appear with its first Wh at any time.
#   A frame may also have lost it, so it only counts from zero when that is possible.
# - Records of the daily log are folded in like readings: to continue a day is to have lived it.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Protocol

from linkymonitor.model import Contract, DayTotals, Mode, Reading, Record

#: A value this much older than midnight is not the one of midnight.
NEAR_MIDNIGHT = timedelta(minutes=10)
#: A clock set back by no more than this does not bring yesterday back.
SET_BACK = timedelta(hours=1)
#: The largest subscription of a meter with TIC, in VA: the bound when the meter does not say its own.
LARGEST = 36_000
#: How far above the subscription a meter lets pass before it cuts.
MARGIN = 1.3
#: Wh that a bound leaves to the rounding of two indexes.
SLACK = 2


class Pricing(Protocol):
    """What energy costs; ``money.tariffs.Prices`` is one."""

    def cost(self, register: str, wh: int) -> Decimal | None:
        """Return what *wh* of *register* cost, in €, or None when its price is not set."""


class _Register:
    """One register during one epoch of one day."""

    __slots__ = ("at", "base", "last")

    def __init__(self, base: int, last: int, at: datetime) -> None:
        self.base = base
        self.last = last
        self.at = at


class Ledger:
    """The totals of the local day.

    Args:
        timezone: whose midnights begin the days.
        prices: what energy costs, or None.
    """

    def __init__(self, timezone: tzinfo, prices: Pricing | None = None) -> None:
        self._timezone = timezone
        self._prices = prices
        self._day: date | None = None
        self._registers: dict[str, _Register] = {}
        self._counted: dict[str, int] = {}  # by the epochs of the day that are over
        self._mode: Mode | None = None
        self._meter: str | None = None
        self._option: str | None = None
        self._subscribed: int | None = None
        self._last_at: datetime | None = None
        self._listed: tuple[str, ...] = ()

    def restore(self, records: Iterable[Record]) -> None:
        """Continue the day that *records* of the daily log tell of, oldest first."""
        for record in records:
            # The log only holds a hash of the meter's address, which no reading can match.
            self._fold(record.ended_at, None, record.contract, None, record.indexes)

    def update(self, reading: Reading) -> DayTotals:
        """Take *reading* into account and return the totals of its day."""
        # A short frame has no index; if it comes with the last ones, they are not of its time.
        indexes = {} if reading.short else reading.indexes
        self._fold(reading.taken_at, reading.mode, reading.contract, reading.meter, indexes)
        return self.totals()

    def totals(self) -> DayTotals:
        """Return the totals of the day so far."""
        found = {
            name: self._counted.get(name, 0) + (register.last - register.base)
            for name, register in self._registers.items()
        }
        order = (*self._listed, *found, *self._counted)
        energy = {
            name: found.get(name, self._counted.get(name, 0))
            for name in dict.fromkeys(order)
            if name in found or name in self._counted
        }
        costs = {name: self._prices.cost(name, wh) for name, wh in energy.items()} if self._prices else {}
        known = {name: cost for name, cost in costs.items() if cost is not None}
        # A price is needed from the first Wh on, as in the report.
        complete = bool(known) and not any(energy[name] for name in energy.keys() - known.keys())
        return DayTotals(
            energy=energy, cost=known, total_cost=sum(known.values(), Decimal(0)) if complete else None
        )

    def _fold(
        self,
        at: datetime,
        mode: Mode | None,
        contract: Contract | None,
        meter: str | None,
        indexes: Mapping[str, int],
    ) -> None:
        self._turn_to(at)
        if contract is not None:
            mode = contract.mode
        option = contract.option if contract is not None else None
        if _differ(self._mode, mode) or _differ(self._meter, meter) or _differ(self._option, option):
            self._close_epoch()
            self._listed = ()
        self._mode = mode or self._mode
        self._meter = meter or self._meter
        self._option = option or self._option
        if contract is not None:
            self._subscribed = contract.subscribed_power
        self._count(at, indexes)
        if contract is not None:
            # A register never leaves the list of its contract: a frame may have lost its group.
            self._listed = tuple(dict.fromkeys((*self._listed, *contract.registers)))
        if indexes:
            self._last_at = at

    def _count(self, at: datetime, indexes: Mapping[str, int]) -> None:
        registers = self._registers
        for name, index in indexes.items():
            register = registers.get(name)
            if register is None:
                base = index
                if self._last_at is not None and name not in self._listed:
                    base = 0 if self._possible(index, at - self._last_at) else index
                registers[name] = _Register(base, index, at)
            elif index >= register.last and self._possible(index - register.last, at - register.at):
                register.last, register.at = index, at
            else:
                self._close_epoch()
                self._count(at, indexes)
                return

    def _possible(self, wh: int, elapsed: timedelta) -> bool:
        """Return whether the meter can have counted *wh* in the time *elapsed*."""
        hours = max(0.0, elapsed.total_seconds()) / 3600
        return wh <= (self._subscribed or LARGEST) * MARGIN * hours + SLACK

    def _close_epoch(self) -> None:
        for name, register in self._registers.items():
            self._counted[name] = self._counted.get(name, 0) + register.last - register.base
        self._registers = {}
        self._last_at = None

    def _turn_to(self, at: datetime) -> None:
        """Begin the local day of *at*, unless it is the one we are in."""
        day = at.astimezone(self._timezone).date()
        if day == self._day:
            return
        if self._day is not None and day < self._day and self._midnight(self._day) - at <= SET_BACK:
            return
        midnight = self._midnight(day)
        self._day = day
        self._counted = {}
        # The value stamped at midnight itself is the best there is; _count() takes it in.
        fresh = {
            name: _Register(register.last, register.last, register.at)
            for name, register in self._registers.items()
            if at != midnight and midnight - NEAR_MIDNIGHT <= register.at <= midnight
        }
        if not fresh:
            self._last_at = None
        self._registers = fresh

    def _midnight(self, day: date) -> datetime:
        """Return the moment at which the local *day* begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self._timezone).astimezone(UTC)


def _differ(known: object, told: object) -> bool:
    return known is not None and told is not None and known != told
