"""The energy of the month by the periods of any offer, from the registers HP and HC at the end of each hour."""

# Strategy
#
# - Two registers cannot price an offer with other hours or with colours. But ``linky_mean`` has both at the end of each
#   hour, those that LinkyPy wrote before us, too. So the energy of each hour goes to the period in which its half hours
#   lie, and the sum stays what the registers counted.
# - The energy of hours that are missing is shared by time, as in the report.
# - A month has up to 744 hours. Each hour is looked up once for each offer, and not again at the next minute.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

#: Register and POSIX time → the period of the offer.
PeriodOf = Callable[[str, float], str]

HOUR = 3600
_HALF_HOUR = 1800


class Indexes(NamedTuple):
    """The registers of a contract with off-peak hours, in Wh."""

    hp: int
    hc: int


class Hour(NamedTuple):
    """One hour of ``linky_mean``: when it begins, in POSIX seconds, and the last indexes in it."""

    begin: int
    indexes: Indexes

    @property
    def end(self) -> int:
        """When the hour ends."""
        return self.begin + HOUR


class _Counted(NamedTuple):
    """What an offer has of the hours that were looked up."""

    #: How many hours were.
    hours: int
    #: Period → Wh.
    energy: dict[str, int]


class MonthEnergy:
    """The hours of one month that are over, in order; what is counted begins at the end of the first one."""

    def __init__(self) -> None:
        self.hours: list[Hour] = []
        self._counted: dict[str, _Counted] = {}

    def add(self, hours: Sequence[Hour]) -> None:
        """Add *hours* that are over, in order; those that are known stay as they are."""
        known = self.hours[-1].begin if self.hours else -1
        self.hours += [hour for hour in hours if hour.begin > known]

    def by_period(self, offer: str, period_of: PeriodOf, now: Indexes, at: int) -> dict[str, int] | None:
        """Return period → Wh up to the indexes *now* at the POSIX time *at*.

        Args:
            offer: what names the offer.
            period_of: its periods.
            now: the registers.
            at: the time of *now*, after all hours.

        Returns:
            None when no hour is over, and when a register went back: the indexes are those of another meter.
        """
        if not self.hours:
            return None
        counted = self._counted.get(offer, _Counted(1, {}))
        energy = counted.energy
        for place in range(counted.hours, len(self.hours)):
            before, this = self.hours[place - 1], self.hours[place]
            if not _count(energy, period_of, before, this.indexes, this.end):
                return None
        self._counted[offer] = _Counted(len(self.hours), energy)
        so_far = dict(energy)
        return so_far if _count(so_far, period_of, self.hours[-1], now, at) else None


def _count(energy: dict[str, int], period_of: PeriodOf, before: Hour, now: Indexes, at: int) -> bool:
    """Add to *energy* what was drawn from the end of the hour *before* until *at*; return False if an index fell."""
    for register, first, last in (
        ("HP", before.indexes.hp, now.hp),
        ("HC", before.indexes.hc, now.hc),
    ):
        if last < first:
            return False
        for middle, wh in _shares(before.end, at, last - first):
            period = period_of(register, middle)
            energy[period] = energy.get(period, 0) + wh
    return True


def _shares(start: int, end: int, wh: int) -> Iterator[tuple[float, int]]:
    """Yield the middle and the Wh of each half hour from *start* to *end*, which begins at a full hour."""
    if not wh:
        return
    end = max(end, start + 1)
    given = 0
    for begin in range(start, end, _HALF_HOUR):
        until = min(begin + _HALF_HOUR, end)
        part = wh * (until - start) // (end - start) - given
        given += part
        yield (begin + until) / 2, part
