"""The life of the house of a trial: the same house in each run, so that a run goes on from the one before."""

# Strategy
#
# - The house is a function of a few facts: what was asked for, its first days, the starts of the runs, and the days
#   that they made special. A fact is only ever added, so a later run computes the same indexes again.
# - A day is made special while nothing of it is logged yet: its load and its registers would differ from the log.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple

from linkymonitor.simulator.options import PARIS, ExtraLoad, Options
from linkymonitor.simulator.past import Silence
from linkymonitor.simulator.seasons import local

#: A silence in the past: how long before the first run, from which local hour on, and for how long.
_SILENT, _SILENT_FROM, _SILENT_FOR = timedelta(days=7), 18, timedelta(hours=2, minutes=30)
#: An overload in the past: how long before the first run, at which local hour, and for how long.
_OVERLOADED, _OVERLOADED_AT, _OVERLOADED_FOR = timedelta(days=12), 19, timedelta(seconds=90)
#: A kettle that each run switches on, so that its display changes: how long after the start, for how long, and its W.
_KETTLE_AFTER, _KETTLE_FOR, _KETTLE = timedelta(seconds=6), timedelta(seconds=15), 2000
#: The peaks of a trial are known so far ahead.
_AHEAD = timedelta(days=400)
_A_DAY = timedelta(days=1)


class Life(NamedTuple):
    """The facts of the house of a trial."""

    #: The house that was asked for.
    asked: Options
    #: The first local day that is logged, and the local day of the first run.
    since: date
    first_run: date
    #: The times, in UTC, from which runs showed the house live.
    starts: tuple[datetime, ...] = ()
    #: The local days that runs made special: a peak under EJP, the colour that was asked for under Tempo.
    special: frozenset[date] = frozenset()

    def looked_at(self, now: datetime, logged_until: datetime | None) -> Life:
        """Return this life with the day of *now* made special, if nothing of that day is logged yet.

        A house that lives now shows a peak between 0 h and 1 h, too: that of the day before, which runs until 1 h.

        Args:
            now: the time of a run.
            logged_until: the stamp of the newest record; None when there is none.
        """
        ejp = self.asked.contract == "EJP"
        today = now.astimezone(PARIS).date()
        days = {today}
        if ejp and self.asked.day is None and now < local(today, 1):
            days.add(today - _A_DAY)
        begins = {day: local(day, 7) - self.asked.notice if ejp else local(day, 6) for day in days}
        fresh = {day for day in days if logged_until is None or logged_until < begins[day]}
        return self._replace(special=self.special | fresh) if fresh else self

    def options(self, now: datetime) -> Options:
        """Return the house whose stream begins at *now*."""
        here, asked = now.astimezone(PARIS), self.asked
        evening = local(self.first_run - _OVERLOADED, _OVERLOADED_AT).astimezone(UTC)
        loads = [*asked.loads, ExtraLoad(evening, _OVERLOADED_FOR, asked.subscribed * 1250)]
        for start in self.starts:
            loads += self.loads_of_run(start)
        options = replace(
            asked,
            day=here.date(),
            at=here.time(),
            since=self.since,
            days=self.special,
            loads=tuple(loads),
            overload=False,
        )
        if asked.contract != "EJP" or asked.ejp_days is not None:
            return options
        peaks = _peaks(asked.seed, self.since - _A_DAY, here.date() + _AHEAD)
        special = self.special if asked.peak is not False else frozenset()
        return replace(options, ejp_days=peaks - self.special | special, peak=None)

    def loads_of_run(self, start: datetime) -> list[ExtraLoad]:
        """Return the loads that a run which is live from *start* on switches on."""
        loads = [ExtraLoad(start + _KETTLE_AFTER, _KETTLE_FOR, _KETTLE)]
        if self.asked.overload:
            watts = self.asked.subscribed * 1250
            loads.append(ExtraLoad(start + timedelta(minutes=2), _OVERLOADED_FOR, watts))
        return loads

    @property
    def silences(self) -> list[Silence]:
        """The times of which nothing is logged although the house went on."""
        begin = local(self.first_run - _SILENT, _SILENT_FROM).astimezone(UTC)
        return [Silence(begin, begin + _SILENT_FOR)]


def _peaks(seed: int, first: date, last: date) -> frozenset[date]:
    """Return the peak days of a trial: in winter a weekday of each week, so that any month of it has some."""
    monday, peaks = first - first.weekday() * _A_DAY, set()
    while monday <= last:
        day = monday + int(Random(f"{seed}:peak:{monday}").random() * 5) * _A_DAY
        if day.month in (11, 12, 1, 2, 3):
            peaks.add(day)
        monday += 7 * _A_DAY
    return frozenset(peaks)
