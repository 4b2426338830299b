"""The energy and the cost of the local month so far, and what it comes to."""

# Strategy
#
# - The days before today have summaries, which `report` makes in the night. They are read when a day begins, and again
#   each hour while that of yesterday is missing. Until it is there, yesterday is as this run has counted it.
# - What the days to come are expected to be is computed with each reading of the summaries. What today has used is
#   added at each frame at which an index has moved.
# - The day is that of the ledger, which knows none while the time is not known. A clock that was set makes another day
#   of it, and the summaries are read anew.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.billing.periods import period_of
from linkymonitor.errors import StorageError
from linkymonitor.estimate.account import account_of, due_days
from linkymonitor.estimate.day_cost import DayCost, cost_of, cost_of_energy
from linkymonitor.estimate.projection import Outlook, SoFar, needed_since, outlook_of
from linkymonitor.model.reading import DayTotals, MonthTotals
from linkymonitor.money import bill
from linkymonitor.summaries.day import DaySummary

if TYPE_CHECKING:
    from linkymonitor.estimate.season import DaysCounted
    from linkymonitor.money.book import DayPrices, PriceBook

_DAY = timedelta(days=1)
#: Seconds between two looks for the summary of yesterday.
_AGAIN = 3600.0
#: Today, of which something is heard.
_HEARD = DaySummary(date=date.min, timezone="", start=0, end=1, until=0, records=1)


class Month:
    """The month of the day that the ledger counts; where [contract] has a reading day, the bill that is running.

    Args:
        read: returns the summaries from one day to another.
        book: the prices of each day.
        monotonic: the clock for _AGAIN.
        calendar: the EJP, red and white days that the owner has counted.
    """

    def __init__(
        self,
        read: Callable[[date, date], Mapping[date, DaySummary]],
        book: PriceBook,
        monotonic: Callable[[], float],
        calendar: DaysCounted | None = None,
    ) -> None:
        self._read = read
        self._book = book
        self._monotonic = monotonic
        self._calendar = calendar
        #: The day before, as this run has counted it to its end.
        self._eve: DayCost | None = None
        self._today: DayTotals = DayTotals()
        self._day: date | None = None
        self._kva: int | None = None
        self._read_again = math.inf
        self._finished: list[DayCost] = []
        self._summarised: frozenset[date] = frozenset()
        self._due: Sequence[tuple[date, DayPrices]] = ()
        self._outlook = Outlook()
        self._totals: MonthTotals | None = None

    def update(self, today: DayTotals, subscribed_power: int | None = None) -> MonthTotals | None:
        """Return the month so far; None while the day is not known, or nothing of it is.

        Args:
            today: the totals of the day.
            subscribed_power: that of the contract, in VA; None when this frame has none.
        """
        if today.day is None or not today.energy:
            return None
        now = self._monotonic()
        if subscribed_power is not None:
            self._kva = subscribed_power // 1000
        if today.day != self._day or now >= self._read_again:
            self._begin(today.day)
            self._read_again = now + _AGAIN if self._lacks(today.day - _DAY) else math.inf
        elif today is self._today:
            return self._totals
        self._today = today
        self._totals = self._counted(today, today.day)
        return self._totals

    def _period(self, day: date) -> tuple[date, date, bool]:
        """Return the first and the last day of what is counted on *day*, and whether that is a bill, not a month."""
        bill_period = period_of(day, self._book.contract_on(day))
        if bill_period is not None:
            return *bill_period, True
        first = day.replace(day=1)
        return first, (first + 31 * _DAY).replace(day=1) - _DAY, False

    def _lacks(self, eve: date) -> bool:
        """Return whether the summary of *eve*, a day of this month, was not there."""
        return eve not in self._summarised and self._day is not None and eve >= self._period(self._day)[0]

    def _begin(self, day: date) -> None:
        """Read the days before *day*, and compute what is to be expected of those after it."""
        if self._day == day - _DAY and self._today.day == self._day:
            self._eve = self._cost(self._today, self._day)
        self._day = day
        summaries: Mapping[date, DaySummary] = {}
        with suppress(StorageError):  # the log, which is in the same folder, reports it
            summaries = self._read(min(needed_since(day), self._period(day)[0]), day - _DAY)
        first, last, _ = self._period(day)
        inside = [summaries[known] for known in sorted(summaries) if known >= first]
        self._summarised = frozenset(summaries)
        costs = [cost_of(known, self._book.on(known.date, known.subscribed_kva)) for known in inside]
        self._finished = [cost for cost in costs if not cost.empty and not cost.barely]
        if self._eve is not None and self._eve.date == day - _DAY and self._lacks(self._eve.date):
            self._finished.append(self._eve)
        known_days = {cost.date for cost in self._finished}
        since = min(known_days, default=day)
        begun = [date.fromordinal(number) for number in range(since.toordinal(), day.toordinal() + 1)]
        powers = {known.date: known.subscribed_kva for known in inside if known.subscribed_kva is not None}
        if self._kva is not None:
            powers[day] = self._kva
        self._due = due_days(begun, powers, self._book)
        missing = [known for known in begun[:-1] if known not in known_days]
        heard = {**summaries, day: _HEARD._replace(date=day)}
        self._outlook = outlook_of(
            heard,
            self._book,
            day,
            last,
            missing=missing,
            calendar=self._calendar,
        )

    def _cost(self, totals: DayTotals, day: date) -> DayCost:
        return cost_of_energy(day, totals.periods, self._book.on(day, self._kva))

    def _counted(self, today: DayTotals, day: date) -> MonthTotals:
        cost = self._cost(today, day)
        account = account_of((*self._finished, cost), self._due)
        first, last, billed = self._period(day)
        totals = MonthTotals(
            first=first,
            wh=account.wh,
            eur=account.total,
            known_days=len(self._finished) + 1,
            days=(day - first).days + 1,
            bill_until=last if billed else None,
        )
        if self._outlook.ahead is None:
            return totals
        used = bill.add_up(cost.eur.values()) if cost.wh else Decimal(0)
        found = self._outlook.ahead.after(SoFar(account.wh, account.total, cost.wh or 0, used))
        return totals._replace(expected=found.eur, low=found.low_eur, high=found.high_eur)
