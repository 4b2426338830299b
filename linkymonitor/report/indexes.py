"""Reads the energy of any stretch of time off the indexes of a run of records."""

# Strategy
#
# - An index is a staircase of whole Wh; between two records it is shared by time and rounded once, at the
#   instant that is asked for. So hours add up to days and days to a range, to the Wh.
# - No difference is taken across an epoch: another meter or contract, an index that goes back or leaps. The
#   stretches on either side are added up.

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import sub

from linkymonitor.model import Contract, Record

_HOUR = 3600
#: No home draws this, in W: an index that grows faster has leapt.
_IMPOSSIBLE = 100_000


def same_epoch(one: Contract | None, other: Contract | None) -> bool:
    """Return whether indexes run on from *one* to *other*: registers may grow, and what is not said agrees."""
    if one is other or one is None or other is None:
        return True
    pairs = (
        (one.mode, other.mode),
        (one.option, other.option),
        (one.subscribed_power, other.subscribed_power),
        (one.phases, other.phases),
        (one.producer, other.producer),
        (one.meter, other.meter),
    )
    return all(a is None or b is None or a == b for a, b in pairs)


class Indexes:
    """Indexes of a run of records, readable at any instant of it."""

    def __init__(self, rows: Sequence[Record], times: Sequence[float]) -> None:
        self.times = times
        self.codes = _codes(rows)
        columns: dict[str, list[int | None]]
        if self.codes:
            readings = [row.indexes for row in rows]
            columns = {name: [reading.get(name) for reading in readings] for name in self.codes}
        else:
            # A meter that names no register still counts in all.
            columns = {"": [row.total_index for row in rows]}
        self.columns = {
            name: column for name, column in columns.items() if any(value is not None for value in column)
        }
        self.breaks = self._breaks(rows)
        cuts = [0, *(at for at, _ in self.breaks), len(rows)]
        self.segments = [(a, b) for a, b in pairwise(cuts) if a < b]
        for name, column in self.columns.items():
            self.columns[name] = self._filled(column)

    def _breaks(self, rows: Sequence[Record]) -> list[tuple[int, bool]]:
        """Return the positions at which an epoch begins, and whether the contract is the cause."""
        found: dict[int, bool] = {}
        contract = rows[0].contract if rows else None
        for at, row in enumerate(rows):
            if row.contract is not contract and row.contract is not None:
                if not same_epoch(row.contract, contract):
                    found[at] = True
                contract = row.contract
        for column in self.columns.values():
            values = [value for value in column if value is not None]
            # The common case costs two passes in C.
            steps = list(map(sub, values[1:], values))
            if steps and (min(steps) < 0 or max(steps) > 200):
                places = [at for at, value in enumerate(column) if value is not None]
                for last, at, step in zip(places, places[1:], steps, strict=False):
                    seconds = self.times[at] - self.times[last]
                    if step < 0 or step > 100 + _IMPOSSIBLE * seconds / _HOUR:
                        found.setdefault(at, False)
        return sorted(found.items())

    def _filled(self, column: list[int | None]) -> list[int | None]:
        """Return *column* with the last known reading wherever a record has none."""
        if None not in column:
            return column
        filled: list[int | None] = []
        for start, stop in self.segments:
            part = column[start:stop]
            first = next((at for at, value in enumerate(part) if value is not None), None)
            if first is None:
                filled += part
                continue
            value = part[first]
            assert value is not None
            # A register that is not listed stands at zero; one that merely was not heard does not, and
            # then its first reading is the best that is known of what came before.
            seconds = self.times[start + first] - self.times[start]
            last: int = 0 if value <= _IMPOSSIBLE * seconds / _HOUR else value
            for item in part:
                last = last if item is None else item
                filled.append(last)
        return filled

    def at(self, segment: tuple[int, int], column: Sequence[int | None], when: float) -> int | None:
        """Return the reading of *column* at *when*, which lies within *segment*."""
        start, stop = segment
        place = bisect_left(self.times, when, start, stop)
        if place >= stop:
            return column[stop - 1]
        value = column[place]
        if place == start or self.times[place] == when or value is None:
            return value
        earlier = column[place - 1]
        if earlier is None:
            return value
        t0, t1 = self.times[place - 1], self.times[place]
        return earlier + round((value - earlier) * (when - t0) / (t1 - t0))

    def between(self, marks: Sequence[float]) -> list[dict[str, int]]:
        """Return the energy of each register in each interval of *marks*; registers at rest are left out."""
        found: list[dict[str, int]] = [{} for _ in marks[1:]]
        for segment in self.segments:
            first, last = self.times[segment[0]], self.times[segment[1] - 1]
            low, high = max(first, marks[0]), min(last, marks[-1])
            if low >= high:
                continue
            begin = bisect_right(marks, low) - 1
            stop = bisect_left(marks, high)
            cuts = [low, *marks[begin + 1 : stop], high]
            for name, column in self.columns.items():
                readings = [self.at(segment, column, cut) for cut in cuts]
                for offset, (a, b) in enumerate(pairwise(readings)):
                    if a is not None and b is not None and b > a:
                        into = found[begin + offset]
                        into[name] = into.get(name, 0) + b - a
        return found

    def over(self, start: float, end: float) -> int | None:
        """Return the energy of all registers from *start* to *end*, None unless both lie in one epoch."""
        for segment in self.segments:
            if self.times[segment[0]] <= start and end <= self.times[segment[1] - 1]:
                return sum(self.between([start, end])[0].values())
        return None


def _codes(rows: Sequence[Record]) -> list[str]:
    """Return the registers of *rows* in the order of the meter."""
    kinds = {(row.contract, tuple(row.indexes)): None for row in _changes(rows)}
    names: dict[str, None] = {}
    for contract, keys in kinds:
        if contract is not None:
            names.update(dict.fromkeys(name for name in contract.registers if name in keys))
        names.update(dict.fromkeys(keys))
    return list(names)


def _changes(rows: Sequence[Record]) -> Iterator[Record]:
    """Yield the rows whose contract or number of registers is not that of the row before."""
    contract: object = ()
    count = -1
    for row in rows:
        if row.contract is not contract or len(row.indexes) != count:
            contract, count = row.contract, len(row.indexes)
            yield row
