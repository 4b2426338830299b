"""The energy of the local day so far, by register, from the meter's indexes."""

# Strategy
#
# - Energy is a difference of two indexes of the same register in the same epoch (epochs.py). What was counted
#   before an epoch ends is kept, nothing is counted across.
# - The report counts the same from the daily log: what is shown now and what it says tomorrow are equal, to the
#   Wh. So the day begins with the last value at or before midnight, which the record of midnight has; across a
#   silence the energy is shared by time, as between the two records around it: settle() hears of the second.
# - A register that its contract did not list stands at zero, so it may appear with its first Wh at any time.
#   A frame may also have lost it, so it only counts from zero when that is possible.
# - Records of the daily log are folded in like readings: to continue a day is to have lived it. So a day begins
#   anew from the log when the time is known at last, or turns out to be another.
# - Where a meter has a total beside its registers, they must go on by the same: a register that is not read, or
#   is misread, shows there.

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import reduce
from typing import TYPE_CHECKING, Protocol

from linkymonitor.model.epochs import ROLL_OVER, advance, most, rating
from linkymonitor.model.reading import DayTotals, Reading
from linkymonitor.model.record import Contract, Record

if TYPE_CHECKING:
    from decimal import Decimal

#: A value this much older than midnight says nothing of the day that begins.
REACH = timedelta(hours=26)
#: What is heard at most so far apart follows on: the record of midnight then has the last value before it.
CONTIGUOUS = timedelta(seconds=60)
#: A clock set back by no more than this does not bring yesterday back.
SET_BACK = timedelta(hours=1)


class Pricing(Protocol):
    """What energy costs; ``money.tariffs.Prices`` is one."""

    def cost(self, register: str, wh: int) -> Decimal | None:
        """Return what *wh* of *register* cost, in €, or None when its price is not set."""


class _Register:
    """One register during one epoch."""

    __slots__ = ("at", "last", "used")

    def __init__(self, last: int, at: datetime, used: int = 0) -> None:
        #: Wh of this day.
        self.used = used
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
        self._forget()

    def _forget(self) -> None:
        self._day: date | None = None
        self._midnight = datetime.min.replace(tzinfo=UTC)
        self._registers: dict[str, _Register] = {}
        self._counted: dict[str, int] = {}  # by the epochs of the day that are over
        self._contract: Contract | None = None
        self._meter: str | None = None
        self._option: str | None = None
        self._last_at: datetime | None = None
        self._live = False
        self._listed: tuple[str, ...] = ()
        #: What a reading has given to the day before: the value before midnight, its time, and the share in Wh.
        self._shared: dict[str, tuple[int, datetime, int]] = {}
        self._offset: tuple[tuple[str, ...], int] | None = None
        #: Wh by which the registers went on further than the total since they were first read together: 0 but for
        #: rounding, unless a register is not read, or is misread.
        self.disagreement = 0

    def restore(self, records: Iterable[Record]) -> None:
        """Continue the day that *records* of the daily log tell of, oldest first."""
        for record in records:
            # The log only holds a hash of the meter's address, which no reading can match.
            self._fold(record.ended_at, record.contract, None, record.indexes, record.total_index, live=False)
            self._shared.clear()  # a record settles what it shares

    def restart(self, records: Iterable[Record]) -> None:
        """Forget all, and continue the day that *records* of the daily log tell of, oldest first."""
        self._forget()
        self.restore(records)

    def update(self, reading: Reading) -> DayTotals:
        """Take *reading*, of a whole frame, into account and return the totals of its day."""
        self._fold(
            reading.taken_at,
            reading.contract,
            reading.meter,
            reading.indexes,
            reading.total_index,
            live=True,
        )
        return self.totals()

    def settle(self, record: Record) -> None:
        """Share the energy of a silence over midnight as the report will, between the records around it."""
        if not self._shared or record.ended_at <= self._midnight:
            return
        for name, (before, since, share) in self._shared.items():
            register, index = self._registers.get(name), record.indexes.get(name)
            if register is not None and index is not None:
                settled = self._share(advance(before, index), since, record.ended_at)
                register.used += share - settled
        self._shared.clear()

    def totals(self) -> DayTotals:
        """Return the totals of the day so far."""
        found = {
            name: self._counted.get(name, 0) + register.used for name, register in self._registers.items()
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
        total = reduce(operator.add, known.values()) if complete else None
        return DayTotals(energy=energy, cost=known, total_cost=total)

    def _fold(
        self,
        at: datetime,
        contract: Contract | None,
        meter: str | None,
        indexes: Mapping[str, int],
        total: int | None,
        *,
        live: bool,
    ) -> None:
        self._turn_to(at)
        option = contract.option or None if contract is not None else None
        if _differ(self._meter, meter) or _differ(self._option, option):
            self._close_epoch()
            self._listed = ()
        self._meter = meter or self._meter
        self._option = option or self._option
        bound = rating(self._contract, contract or self._contract)
        self._contract = contract or self._contract
        follows = live and self._live and self._last_at is not None and at - self._last_at <= CONTIGUOUS
        self._count(at, indexes, bound, follows=follows)
        if contract is not None:
            # A register never leaves the list of its contract: a frame may have lost its group.
            self._listed = tuple(dict.fromkeys((*self._listed, *contract.registers)))
        if indexes:
            self._compare(indexes, total, bound)
            self._last_at, self._live = at, live

    def _count(self, at: datetime, indexes: Mapping[str, int], bound: int | None, *, follows: bool) -> None:
        registers = self._registers
        for name, index in indexes.items():
            register = registers.get(name)
            if register is not None:
                seconds = (at - register.at).total_seconds()
                if advance(register.last, index) > most(seconds, bound):
                    self._close_epoch()
                    break
        for name, index in indexes.items():
            register = registers.get(name)
            if register is not None:
                before, since = register.last, register.at
            elif self._last_at is not None and self._listed and name not in self._listed:
                # It stood at zero, if it can have come so far.
                since = self._last_at
                before = 0 if index <= most((at - since).total_seconds(), bound) else index
                register = registers[name] = _Register(before, since)
            else:
                registers[name] = _Register(index, at)
                continue
            wh = advance(before, index)
            if since < self._midnight and (at == self._midnight or (at > self._midnight and not follows)):
                share = self._share(wh, since, at)
                wh -= share
                self._shared[name] = before, since, share
            register.used += wh
            register.last, register.at = index, at

    def _share(self, wh: int, since: datetime, at: datetime) -> int:
        """Return how much of *wh*, counted from *since* to *at*, is of the day before."""
        # The log knows whole seconds.
        origin = since.replace(microsecond=0)
        return round(wh * ((self._midnight - origin) / (at.replace(microsecond=0) - origin)))

    def _compare(self, indexes: Mapping[str, int], total: int | None, bound: int | None) -> None:
        """Compare what the registers and the *total* went on by."""
        names = tuple(self._registers)
        if total is None or len(indexes) < len(names):
            return
        offset = (sum(indexes.values()) - total) % ROLL_OVER
        if self._offset is None or self._offset[0] != names:
            self._offset = names, offset
            return
        apart = (offset - self._offset[1] + ROLL_OVER // 2) % ROLL_OVER - ROLL_OVER // 2
        # The one may be read a frame before the other.
        self.disagreement = apart if abs(apart) > most(0, bound) else 0

    def _close_epoch(self) -> None:
        for name, register in self._registers.items():
            self._counted[name] = self._counted.get(name, 0) + register.used
        self._registers.clear()
        self._shared.clear()
        self._last_at = self._offset = None
        self.disagreement = 0

    def _turn_to(self, at: datetime) -> None:
        """Begin the local day of *at*, unless it is the one we are in."""
        day = at.astimezone(self._timezone).date()
        if day == self._day:
            return
        if self._day is not None and day < self._day and self._midnight - at <= SET_BACK:
            return
        back = self._day is not None and day < self._day
        self._day, self._midnight = day, self._midnight_of(day)
        self._counted.clear()
        self._shared.clear()
        for name, register in list(self._registers.items()):
            register.used = 0
            if back or register.at < self._midnight - REACH:
                del self._registers[name]
        if not self._registers:
            self._last_at = None

    def day_of(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the midnights at which the local day of *at* begins and ends."""
        day = at.astimezone(self._timezone).date()
        return self._midnight_of(day), self._midnight_of(day + timedelta(days=1))

    def _midnight_of(self, day: date) -> datetime:
        """Return the moment at which the local *day* begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self._timezone).astimezone(UTC)


def _differ(known: object, told: object) -> bool:
    return known is not None and told is not None and known != told
