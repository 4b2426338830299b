"""The energy of the local day so far, by register, from the meter's indexes."""

# Strategy
#
# - The report counts the same energy from the daily log: the display of today and the report of tomorrow are equal, to
#   the Wh. So the records that go to the log are counted by the same rules (model/energy.py), in ``_recorded``.
# - Readings are counted at once, in ``_so_far``. When a record closes, ``_recorded`` counts it, and ``_so_far`` starts
#   again from ``_recorded``: the record takes the place of the readings that it was made of.
# - The day begins with the last index at or before midnight, which the record of midnight has. Across a silence the
#   energy is shared by time between the records before and after the silence. Until the record after the silence is
#   closed, the reading that ended the silence is counted in its place.
# - After a restart the records of the daily log are counted like those of this run, and the day goes on. So a day
#   can also be counted anew from the log, when the time becomes known or is set.
# - Where a meter has a total beside its registers, the total and the sum of the registers must grow by the same. They
#   do not when a register is not read, or is misread.

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import reduce
from typing import TYPE_CHECKING

from linkymonitor.model.energy import UNBROKEN, IndexFold, drift, whole_seconds
from linkymonitor.model.epochs import ROLL_OVER
from linkymonitor.model.reading import DayTotals, Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.system.zones import midnight

if TYPE_CHECKING:
    from linkymonitor.model.energy import Step
    from linkymonitor.money.book import DayPrices, PriceBook

_HALF_HOUR = 1800
#: A clock set back by no more than this does not bring yesterday back.
SET_BACK = timedelta(hours=1)


class _Day:
    """The energy of a local day, as counted from readings or records in order."""

    def __init__(self, timezone: tzinfo, *, by_half_hour: bool) -> None:
        self._timezone = timezone
        self._by_half_hour = by_half_hour
        self.fold = IndexFold()
        #: Register → Wh since midnight, over all epochs of the day.
        self.energy: dict[str, int] = {}
        #: Register → the Wh of each half hour, by its POSIX time; empty unless the hour decides prices.
        self.halves: dict[str, dict[int, int]] = {}
        #: POSIX time of the last reading or record that was counted.
        self.at: float | None = None
        self.date: date | None = None
        #: POSIX times at which the local day begins and ends.
        self._midnight = self._next_midnight = 0.0
        #: Whether the last reading or record that was counted was heard in this run.
        self._live = False

    def copy(self) -> _Day:
        """Return a count that goes on from here on its own."""
        day = _Day(self._timezone, by_half_hour=self._by_half_hour)
        day.fold, day.energy = self.fold.copy(), self.energy.copy()
        day.at, day.date, day._live = self.at, self.date, self._live
        day.halves = {name: dict(halves) for name, halves in self.halves.items()}
        day._midnight, day._next_midnight = self._midnight, self._next_midnight
        return day

    def take(
        self,
        at: datetime,
        contract: Contract | None,
        indexes: Mapping[str, int],
        meter: str | None = None,
        *,
        live: bool,
    ) -> None:
        """Count the *indexes* of one reading or record.

        Args:
            at: when they were read.
            contract: what is known of the contract.
            indexes: register → Wh.
            meter: its address, if not that of the contract.
            live: whether they were heard in this run, and not read from the log.
        """
        seconds = whole_seconds(at)
        if not self._midnight <= seconds < self._next_midnight:
            self._turn_to(at)
        for step in self.fold.take(seconds, contract, indexes, meter):
            unbroken = live and self._live and step.end - step.begin <= UNBROKEN.total_seconds()
            # No share is cut off where frames follow each other over midnight: a record ends at midnight, and has the
            # index of midnight.
            eve = 0 if unbroken and step.begin < self._midnight < step.end else step.until(self._midnight)
            self.energy[step.register] = self.energy.get(step.register, 0) + step.wh - eve
            if self._by_half_hour:
                self._share(step, eve)
        for name in indexes:
            self.energy.setdefault(name, 0)
        if indexes:
            self.at, self._live = seconds, live

    def _share(self, step: Step, eve: int) -> None:
        """Share the energy of *step*, without its first *eve* Wh, among the half hours of the day."""
        halves = self.halves.setdefault(step.register, {})
        begin, counted = max(step.begin, self._midnight), eve
        while True:
            half = int(begin // _HALF_HOUR) * _HALF_HOUR
            end = min(step.end, half + _HALF_HOUR)
            until = step.until(end)
            halves[half] = halves.get(half, 0) + until - counted
            begin, counted = end, until
            if end >= step.end:
                return

    def _turn_to(self, at: datetime) -> None:
        """Begin the local day of *at*, unless the clock was only set back a little over midnight."""
        day = at.astimezone(self._timezone).date()
        if self.date is not None and day < self.date:
            if self._midnight - at.timestamp() <= SET_BACK.total_seconds():
                return
            # The clock was ahead: the energy since the true midnight is not known.
            self.fold = IndexFold()
        if day != self.date:
            self.date, self._midnight = day, midnight(day, self._timezone).timestamp()
            self._next_midnight = midnight(day + timedelta(days=1), self._timezone).timestamp()
            self.energy = dict.fromkeys(self.fold.registers, 0)
            self.halves = {}


class _TotalCheck:
    """Compares the growth of the registers with that of the total, since they were first read together."""

    def __init__(self) -> None:
        #: Wh by which the registers went on further than the total: 0 but for rounding, unless a register is not
        #: read, or is misread.
        self.disagreement = 0
        self._names: set[str] = set()
        self._offset: int | None = None

    def take(self, indexes: Mapping[str, int], total: int | None, subscribed: int | None) -> None:
        """Compare the *indexes* of a reading with its *total*, if it has all of them."""
        if not self._names.issuperset(indexes):
            self._names.update(indexes)
            self._offset = None
        if total is None or len(indexes) < len(self._names):
            return
        offset = (sum(indexes.values()) - total) % ROLL_OVER
        if self._offset is None:
            self._offset = offset
            return
        half = ROLL_OVER // 2
        self.disagreement = drift((offset - self._offset + half) % ROLL_OVER - half, 0, subscribed)


class Ledger:
    """The totals of the local day.

    Args:
        timezone: the days begin at its midnights.
        book: what energy costs on each day; None: costs are not counted.
    """

    def __init__(self, timezone: tzinfo, book: PriceBook | None = None) -> None:
        self._timezone = timezone
        self._book = book
        #: The counts when the totals were last made, and those totals: in most frames no index moves.
        self._counted: tuple[object, ...] = ()
        self._totals = DayTotals()
        self._forget()

    def _forget(self) -> None:
        by_half_hour = self._book is not None and self._book.by_hour
        self._recorded = _Day(self._timezone, by_half_hour=by_half_hour)
        self._so_far = _Day(self._timezone, by_half_hour=by_half_hour)
        self._check = _TotalCheck()
        self._newest: Reading | None = None
        #: POSIX time of the first reading of this run.
        self._live_since = 0.0

    @property
    def disagreement(self) -> int:
        """Wh by which the registers went on further than the total since they were first read together.

        It is 0 but for rounding, unless a register is not read, or is misread.
        """
        return self._check.disagreement

    def restore(self, records: Iterable[Record]) -> None:
        """Continue the day of *records* of the daily log, oldest first."""
        for record in records:
            # After the clock was set back, skip records earlier than a record that was counted. The energy of skipped
            # records is in later indexes.
            if self._recorded.at is None or whole_seconds(record.ended_at) >= self._recorded.at:
                self._restore(record)
        self._recorded.fold.forget_meter()
        self._so_far = self._recorded.copy()

    def restart(self, records: Iterable[Record]) -> None:
        """Forget all, and continue the day of *records* of the daily log, oldest first."""
        self._forget()
        self.restore(records)

    def update(self, reading: Reading) -> DayTotals:
        """Take *reading*, of a whole frame, into account and return the totals of its day."""
        if self._newest is None:
            self._live_since = whole_seconds(reading.taken_at)
        self._newest = reading
        ended = self._so_far.fold.ended
        self._read(reading)
        if self._recorded.at is None:
            # The log has no record of the day, so the first reading takes the place of a record. The display can
            # count from that reading, but the report cannot.
            self._recorded = self._so_far.copy()
        self._check_total(reading.indexes, reading.total_index, self._so_far.fold, ended)
        return self.totals()

    def settle(self, record: Record) -> bool:
        """Let *record*, which has gone to the log, take the place of the readings that it was made of.

        Returns:
            Whether the count goes on. False when *record* could not be counted: the day must be counted anew from
            the log.
        """
        newest, recorded_at = self._newest, self._recorded.at or 0.0
        if newest is None:
            return not record.indexes
        ended_at = whole_seconds(record.ended_at)
        # A record may end at the half hour after its last reading.
        latest = whole_seconds(newest.taken_at) + UNBROKEN.total_seconds()
        if ended_at < recorded_at and recorded_at > latest:
            return True  # a clock that was ahead has written the log: it leaves this record out, too
        if not max(self._live_since, recorded_at) <= ended_at <= latest:
            return False  # it was dated before the time was set, and the log dates it anew
        self._recorded.take(record.ended_at, record.contract, record.indexes, live=True)
        self._so_far = self._recorded.copy()
        if newest.taken_at > record.ended_at:
            self._read(newest)
        return True

    def totals(self) -> DayTotals:
        """Return the totals of the day so far."""
        day = self._so_far
        counted = (day.date, day.fold.listed, *day.fold.registers, *day.energy.items())
        if counted != self._counted:
            self._counted, self._totals = counted, self._totals_of(day)
        return self._totals

    def _totals_of(self, day: _Day) -> DayTotals:
        order = dict.fromkeys((*day.fold.listed, *day.fold.registers, *day.energy))
        energy = {name: day.energy[name] for name in order if name in day.energy}
        if self._book is None or day.date is None:
            return DayTotals(energy=energy, day=day.date, periods=energy)
        power = day.fold.subscribed_power
        prices = self._book.on(day.date, None if power is None else round(power / 1000))
        counted = energy if prices.by_register(energy) else _by_period(day, prices)
        costs = {name: prices.cost(name, wh) for name, wh in counted.items()}
        known = {name: cost for name, cost in costs.items() if cost is not None}
        # A price is needed from the first Wh on, as in the report.
        complete = bool(known) and not any(counted[name] for name in counted.keys() - known.keys())
        total = reduce(operator.add, known.values()) if complete else None
        return DayTotals(energy=energy, cost=known, total_cost=total, day=day.date, periods=counted)

    def day_of(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the midnights at which the local day of *at* begins and ends."""
        day = at.astimezone(self._timezone).date()
        return midnight(day, self._timezone), midnight(day + timedelta(days=1), self._timezone)

    def _read(self, reading: Reading) -> None:
        self._so_far.take(reading.taken_at, reading.contract, reading.indexes, reading.meter, live=True)

    def _restore(self, record: Record) -> None:
        ended = self._recorded.fold.ended
        self._recorded.take(record.ended_at, record.contract, record.indexes, live=False)
        self._check_total(record.indexes, record.total_index, self._recorded.fold, ended)

    def _check_total(
        self, indexes: Mapping[str, int], total: int | None, fold: IndexFold, ended: int
    ) -> None:
        """Compare registers and total, anew when *fold* has *ended* an epoch meanwhile."""
        if fold.ended != ended:
            self._check = _TotalCheck()
        self._check.take(indexes, total, fold.subscribed_power)


def _by_period(day: _Day, prices: DayPrices) -> dict[str, int]:
    """Return the energy of *day* by the periods of an offer whose hours decide."""
    energy: dict[str, int] = {}
    for register, halves in day.halves.items():
        for half, wh in halves.items():
            period = prices.period(register, half + _HALF_HOUR / 2)
            energy[period] = energy.get(period, 0) + wh
    return energy
