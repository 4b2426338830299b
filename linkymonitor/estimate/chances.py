"""How many EJP, red or white days are to be expected among the days to come."""

# Strategy
#
# - A season has a fixed number of such days, which fall on certain days of the week (season.py). Nobody knows which: we
#   take each of the days that are possible for equally likely, so their number among the next days has the
#   hypergeometric distribution. It is announced only the evening before, and cold makes such days come in rows: the
#   true number is often farther from the mean than that distribution has it.
# - Of a season of which not every past day is known, nobody knows how many days are left: we take it as it was when it
#   began.

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from math import comb
from typing import NamedTuple

from linkymonitor.estimate.season import SEASONS

_DAY = timedelta(days=1)
#: One time in ten there are fewer days than the lower bound, and one time in ten more than the upper one.
_TAIL = 10


class Chances(NamedTuple):
    """The days of one kind among the days to come."""

    #: ``ejp``, ``red`` or ``white``.
    kind: str
    #: The number that is expected, and its bounds.
    mean: Decimal
    low: int
    high: int
    #: Day to come → how likely it is such a day; the other days cannot be.
    by_day: Mapping[date, Decimal]
    #: Days that the season still has, None when nobody knows.
    left: int | None


def chances_of(kind: str, today: date, last: date, left: int | None) -> Chances:
    """Return the chances of *kind* on the days after *today* up to *last*.

    Args:
        kind: ``ejp``, ``red`` or ``white``.
        today: the present day.
        last: the last day to come.
        left: how many days of this kind the season of *today* has after today; None when nobody knows.
    """
    season = SEASONS[kind]
    mean, low, high = Decimal(0), 0, 0
    by_day: dict[date, Decimal] = {}
    # The days to come may reach into the next season.
    for begun, group in groupby(season.possible(today + _DAY, last), key=season.begun):
        assert begun is not None
        days = list(group)
        since, there = begun, season.days
        if left is not None and begun == season.begun(today):
            since, there = today + _DAY, left
        possible = len(season.possible(since, season.end(begun)))
        there = min(there, possible)
        by_day |= dict.fromkeys(days, Decimal(there) / possible)
        mean += Decimal(there) * len(days) / possible
        fewest, most = _bounds(possible, there, len(days))
        low, high = low + fewest, high + most
    return Chances(kind, mean, low, high, by_day, left)


def _bounds(possible: int, there: int, drawn: int) -> tuple[int, int]:
    """Return how many of *there* special days among *possible* ones are in *drawn* of them: bounds of 10 % and 90 %."""
    every = comb(possible, drawn)
    ways = [
        comb(there, count) * comb(possible - there, drawn - count) for count in range(min(there, drawn) + 1)
    ]
    return _quantile(ways, every), _quantile(ways, every * (_TAIL - 1))


def _quantile(ways: Sequence[int], tenths: int) -> int:
    """Return the first count up to which *ways* add up to *tenths* tenths of all."""
    so_far = 0
    for count, some in enumerate(ways):
        so_far += some
        if so_far * _TAIL >= tenths:
            return count
    return len(ways) - 1
