"""The index of each register when a period begins and when it ends."""

# Strategy
#
# - A summary has the indexes at the first midnight of its day, where they were read, and the energy of the day, which
#   is a difference of indexes. So the index at the end of a day is that of its midnight and the energy together, as
#   long as no other meter or contract begins on the day.
# - The two indexes of a period then differ by its energy. They do not where another epoch begins within it, or where
#   days are missing, and the page then says so.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from linkymonitor.model.epochs import ROLL_OVER
from linkymonitor.report.period.values import Readings
from linkymonitor.summaries.day import INJECTED, TOTAL, DaySummary

_DAY = timedelta(days=1)


def readings_of(days: Sequence[DaySummary], lines: Mapping[str, int | None]) -> dict[str, Readings]:
    """Return register, or INJECTED → its indexes as *days* begin and end; a register that is not known has none.

    Args:
        days: the summaries of a period, in order, of which something is known.
        lines: the lines of the account: code → Wh. A line that is no register, but a period of the offer, has none.
    """
    names = dict.fromkeys(name for day in days for name in day.midnight if name != TOTAL)
    found = {}
    for name in names:
        if name != INJECTED and lines.get(name) != sum(day.energy.get(name, 0) for day in days):
            continue
        first = _first(days, name)
        last = _last(days, name)
        if first is not None and last is not None:
            found[name] = Readings(first, last)
    return found


def registers_and_total(days: Sequence[DaySummary]) -> int | None:
    """Return by how many Wh the registers and the total of the meter differ between the first and the last midnight.

    None when the meter has no total, or something began anew in between.
    """
    known = [at for at, day in enumerate(days) if TOTAL in day.midnight]
    if len(known) < 2:
        return None
    inside = days[known[0] : known[-1] + 1]
    if not _in_a_row(inside) or any(day.breaks or day.unread for day in inside[:-1]):
        return None
    begin, end = inside[0].midnight, inside[-1].midnight
    names = [name for name in begin if name not in (TOTAL, INJECTED)]
    if names != [name for name in end if name not in (TOTAL, INJECTED)]:
        return None
    counted = sum((end[name] - begin[name]) % ROLL_OVER for name in names)
    return counted - (end[TOTAL] - begin[TOTAL]) % ROLL_OVER


def _first(days: Sequence[DaySummary], name: str) -> int | None:
    """Return the index of *name* as the first of *days* begins, None when it is not known."""
    at = next((at for at, day in enumerate(days) if name in day.midnight), None)
    used = None if at is None or not _in_a_row(days[: at + 1]) else _used(days[:at], name)
    return None if at is None or used is None else (days[at].midnight[name] - used) % ROLL_OVER


def _last(days: Sequence[DaySummary], name: str) -> int | None:
    """Return the index of *name* as the last of *days* ends, None when it is not known."""
    at = max((at for at, day in enumerate(days) if name in day.midnight), default=None)
    used = None if at is None or not _in_a_row(days[at:]) else _used(days[at:], name)
    return None if at is None or used is None else (days[at].midnight[name] + used) % ROLL_OVER


def _in_a_row(days: Sequence[DaySummary]) -> bool:
    """Return whether no day is missing between two of *days*."""
    return all(after.date - before.date == _DAY for before, after in pairwise(days))


def _used(days: Iterable[DaySummary], name: str) -> int | None:
    """Return the energy of *name* on *days*, None when it is not known, or an index began anew on one of them."""
    energies = [None if day.breaks or day.unread else _energy(day, name) for day in days]
    return None if None in energies else sum(energy or 0 for energy in energies)


def _energy(day: DaySummary, name: str) -> int | None:
    """Return the Wh of *name* on *day*; None when it is not known."""
    if name != INJECTED:
        return day.energy.get(name)
    injected = day.injected
    return None if injected is None or injected.estimated or injected.at_least else injected.wh
