"""The lines of energy: whole kWh of each register, cut where a price or the meter changes."""

# Strategy
#
# - A supplier bills whole kWh: the difference of two indexes, each cut to the kWh as the meter shows it.
# - Where a price changes the index of that midnight divides the energy. Where it is not known, or the supplier does not
#   use it, the kWh are shared by days (code de l'énergie R337-24; arrêté of 18 April 2012, article 6): the last part
#   takes the rest, so the parts add up.

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from linkymonitor.billing.amounts import half_away
from linkymonitor.billing.values import BilledDay, Index, Shared, Stretch
from linkymonitor.model.epochs import advance
from linkymonitor.money.contract import Split

_WH = 1000


class Part(NamedTuple):
    """The energy of one register over days on which nothing that counts has changed."""

    register: str
    first: date
    last: date
    #: Any of the days: they are alike.
    day: BilledDay
    #: None when it is not known.
    kwh: int | None
    index_from: Index | None
    index_to: Index | None
    #: How the kWh are a part of others, None when they are all between two indexes.
    shared: Shared | None = None


def parts(
    stretch: Stretch,
    register: str,
    days: Iterable[BilledDay],
    alike: Callable[[BilledDay], Hashable],
    split: Split,
) -> list[Part]:
    """Return the parts of the energy of *register* in *stretch*.

    Args:
        stretch: the days of one meter.
        register: one of its registers.
        days: the days of the bill.
        alike: a new part begins where what it returns for a day changes.
        split: how energy is shared where a new part begins.
    """
    inside = [day for day in days if stretch.first <= day.date <= stretch.last]
    runs = [list(run) for _, run in groupby(inside, alike)]
    cuts = [stretch.start.get(register)]
    for run in runs[1:]:
        known = stretch.midnights.get(run[0].date, {}) if split is Split.INDEX else {}
        cuts.append(known.get(register))
    cuts.append(stretch.end.get(register))
    found: list[Part] = []
    begin = 0
    for at in range(1, len(cuts)):
        if cuts[at] is not None or at == len(cuts) - 1:
            found += _shared(register, runs[begin:at], cuts[begin], cuts[at])
            begin = at
    return found


def _shared(
    register: str, runs: Sequence[Sequence[BilledDay]], start: Index | None, end: Index | None
) -> Iterator[Part]:
    """Yield a part for each of *runs*: the energy between two known indexes, shared by days."""
    total = None if start is None or end is None else kwh_between(start.wh, end.wh)
    count = sum(map(len, runs))
    left = total
    shared = None
    for place, run in enumerate(runs):
        is_last = place == len(runs) - 1
        kwh = left
        if total is not None and left is not None and not is_last:
            kwh = int(half_away(Fraction(total * len(run), count), 0))
            left -= kwh
        if total is not None and kwh is not None and start is not None and end is not None and len(runs) > 1:
            before = total - kwh if is_last else None
            shared = Shared(total, start.wh, end.wh, len(run), count, before)
        yield Part(
            register,
            run[0].date,
            run[-1].date,
            run[0],
            kwh,
            start if place == 0 else None,
            end if is_last else None,
            shared,
        )


def kwh_between(start: int, end: int) -> int:
    """Return the whole kWh from the index *start* to the index *end*, both in Wh."""
    return (start + advance(start, end)) // _WH - start // _WH
