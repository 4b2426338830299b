"""Kinds of days, and what a day of each kind uses and costs."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from linkymonitor.estimate.day_cost import by_period, energy_cost
from linkymonitor.money import bill
from linkymonitor.summaries.day import HALF_HOUR, DaySummary
from linkymonitor.system.zones import midnight

if TYPE_CHECKING:
    from linkymonitor.money.book import DayPrices

_SATURDAY = 5
#: A kind of plain days of which fewer are known borrows those of the other.
_FEWEST = 2
#: Half hours of a day without a change of hour; the two other days of a year would shift the mean.
_HALF_HOURS = 48
#: The half hours between the end of an EJP peak, at 1:00, and the beginning of one, at 7:00.
_AT_EASE = range(2, 14)
#: Kind of Tempo day → the last letter of its registers.
_LETTERS = {"red": "R", "white": "W"}


class Amounts(NamedTuple):
    """What something is expected to come to, and its bounds: Wh or €."""

    mean: Decimal
    low: Decimal
    high: Decimal


def is_whole(day: DaySummary) -> bool:
    """Return whether *day* can stand for a day to come."""
    return (
        day.wh is not None
        and not (day.so_far or day.partial or day.barely or day.silent)
        and day.end - day.start == _HALF_HOURS * HALF_HOUR
    )


def special_kind(day: DaySummary) -> str | None:
    """Return ``ejp``, or the colour of *day*; None for a day of neither, or when it is not known."""
    return "ejp" if day.ejp else day.colour


def weekly_kind(day: date) -> str:
    """Return the kind of *day* if it is a plain one: ``weekday`` or ``weekend``."""
    return "weekend" if day.weekday() >= _SATURDAY else "weekday"


def as_if(kind: str, day: DaySummary) -> DaySummary:
    """Return the plain *day* as if it were one of *kind*, and the house took no heed of it."""
    counted: dict[str, tuple[int, ...]] = {}
    for register, wh in day.half_hours.items():
        if kind == "ejp" and register == "HN":
            counted["HN"] = tuple(some if at in _AT_EASE else 0 for at, some in enumerate(wh))
            counted["PM"] = tuple(0 if at in _AT_EASE else some for at, some in enumerate(wh))
        elif kind in _LETTERS and register in ("HCJB", "HPJB"):
            counted[register[:3] + _LETTERS[kind]] = wh
        elif any(wh):
            counted[register] = wh
    return day._replace(half_hours=counted)


class _Group:
    """Some whole days, added up."""

    def __init__(self, days: Sequence[DaySummary]) -> None:
        self._days = len(days)
        sums: dict[str, list[int]] = {}
        for day in days:
            for register, wh in day.half_hours.items():
                sums[register] = [
                    sum(both) for both in zip(sums.get(register, [0] * _HALF_HOURS), wh, strict=True)
                ]
        self._sum = days[-1]._replace(half_hours={register: tuple(wh) for register, wh in sums.items()})
        self.wh = Decimal(self._sum.wh or 0) / self._days

    def eur(self, day: date, prices: "DayPrices") -> Decimal | None:
        """Return what the energy of such a day would cost on *day*."""
        begun = midnight(day, ZoneInfo(self._sum.timezone)).timestamp()
        energy = by_period(self._sum, prices, round(begun) - self._sum.start)
        total = bill.add_up(energy_cost(energy, prices).values())
        return None if total is None else total / self._days


class Kind:
    """What a day of one kind is expected to be: all its days, the quarter that used least and that used most."""

    def __init__(self, days: Sequence[DaySummary]) -> None:
        ordered = sorted(days, key=lambda day: day.wh or 0)
        quarter = max(len(ordered) // 4, 1)
        self._groups = [_Group(some) for some in (ordered, ordered[:quarter], ordered[-quarter:])]
        self.wh = Amounts(*(group.wh for group in self._groups))

    def eur(self, day: date, prices: "DayPrices") -> Amounts | None:
        """Return what such a day costs on *day*, the subscription apart; None when a price is missing."""
        mean, low, high = (group.eur(day, prices) for group in self._groups)
        if mean is None or low is None or high is None:
            return None
        # The heaviest days may have used more at night, and cost less.
        return Amounts(mean, min(low, mean), max(high, mean))


def plain_kinds(plain: Sequence[DaySummary]) -> dict[str, Kind]:
    """Return weekdays and week-ends; too few of a kind: all days."""
    kinds = {}
    for kind in ("weekday", "weekend"):
        days = [day for day in plain if weekly_kind(day.date) == kind]
        kinds[kind] = Kind(days if len(days) >= _FEWEST else plain)
    return kinds
