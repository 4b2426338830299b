"""Reads the energy of any stretch of time off the indexes of a run of records."""

# Strategy
#
# - An index is a staircase of whole Wh; between two readings it is shared by time and rounded once, at the
#   instant that is asked for. So hours add up to days and days to a range, to the Wh.
# - Records without a reading of a register change nothing of how its energy is shared: a day has the same figures
#   whichever records around it are known, as long as the nearest readings are among them.
# - No difference is taken across an epoch (epochs.py). The stretches on either side are added up.
# - Within an epoch a column only grows: what was read after a roll-over has it added.

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import Enum
from itertools import groupby, pairwise
from operator import gt, methodcaller, sub
from typing import NamedTuple

from linkymonitor.model.epochs import ROLL_OVER, advance, most, rating, runs_on
from linkymonitor.model.record import Contract
from linkymonitor.report.columns import Columns, known


class Kind(Enum):
    """Which indexes are read."""

    #: Those of the tariff, or the total of a meter that names none.
    REGISTERS = "registers"
    TOTAL = "total"
    #: What is injected, which no subscription bounds.
    INJECTED = "injected"


class Stairs(NamedTuple):
    """The readings of one register within one epoch; they only grow."""

    times: Sequence[float]
    values: list[int]

    def at(self, when: float) -> int:
        """Return the reading at *when*: between two readings it is shared by time and rounded once."""
        place = bisect_right(self.times, when)
        if place == 0 or place == len(self.values):
            return self.values[place and -1]
        # Of readings with equal stamps the last one counts, so t0 < t1.
        t0, t1 = self.times[place - 1], self.times[place]
        before = self.values[place - 1]
        return before + round((self.values[place] - before) * (when - t0) / (t1 - t0))


class Indexes:
    """Indexes of a run of records, readable at any instant of it.

    Args:
        rows: the records, as columns.
        times: when they ended.
        kind: which of their indexes.
    """

    def __init__(self, rows: Columns, times: Sequence[float], kind: Kind = Kind.REGISTERS) -> None:
        self.times = times
        self.codes: list[str] = []
        columns: dict[str, list[int | None]]
        if kind is Kind.INJECTED:
            columns = {"injected": list(rows.injected_index)}
        elif kind is Kind.REGISTERS and (codes := _codes(rows)):
            self.codes = codes
            columns = {name: list(map(methodcaller("get", name), rows.indexes)) for name in codes}
        else:
            # A meter that names no register still counts in all.
            columns = {"": list(rows.total_index)}
        self._read = {name: column for name, column in columns.items() if known(column)}
        self.contracts = _contracts(rows.contract)
        self._bounded = kind is not Kind.INJECTED
        self.breaks = self._breaks()
        cuts = [0, *(at for at, _ in self.breaks), len(times)]
        self.segments = [(a, b) for a, b in pairwise(cuts) if a < b]
        #: Register → its readings in each segment; None where it has none.
        self.stairs = {
            name: [self._stairs(name, column, *segment) for segment in self.segments]
            for name, column in self._read.items()
        }

    def _breaks(self) -> list[tuple[int, bool]]:
        """Return the positions at which an epoch begins, and whether the contract is the cause."""
        found = {at: True for (_, one), (at, other) in pairwise(self.contracts) if not runs_on(one, other)}
        for column in self._read.values():
            values = [value for value in column if value is not None]
            # The common case costs two passes in C.
            steps = list(map(sub, values[1:], values))
            if steps and (min(steps) < 0 or max(steps) > 100):
                places = [at for at, value in enumerate(column) if value is not None]
                for last, at, step in zip(places, places[1:], steps, strict=False):
                    if not 0 <= step <= 2 and step % ROLL_OVER > self._most(last, at):
                        found.setdefault(at, False)
        return sorted(found.items())

    def _most(self, last: int, at: int) -> float:
        """Return the Wh that may have been counted from one position to another."""
        power = rating(self._contract_at(last), self._contract_at(at)) if self._bounded else None
        return most(self.times[at] - self.times[last], power)

    def _contract_at(self, at: int) -> Contract | None:
        return self.contracts[bisect_right(self.contracts, at, key=lambda one: one[0]) - 1][1]

    def _stairs(self, name: str, column: Sequence[int | None], start: int, stop: int) -> Stairs | None:
        """Return the readings of *column* in one segment, None when there is none."""
        part, times = column[start:stop], self.times[start:stop]
        values = [value for value in part if value is not None]
        if not values:
            return None
        if len(values) < len(part):
            first = next(at for at, value in enumerate(part) if value is not None)
            times = [at for at, value in zip(times, part, strict=True) if value is not None]
            # A register that is not listed stands at zero; one that merely was not heard does not, and
            # then its first reading is the best that is known of what came before.
            at = start + first
            if first and not self._listed(name, start, at) and values[0] <= self._most(at - 1, at):
                times.insert(0, self.times[at - 1])
                values.insert(0, 0)
        if any(map(gt, values, values[1:])):
            for at in range(1, len(values)):
                if values[at] < values[at - 1]:
                    values[at] = values[at - 1] + advance(values[at - 1] % ROLL_OVER, values[at])
        return Stairs(times, values)

    def _listed(self, name: str, start: int, stop: int) -> bool:
        """Return whether a contract from *start* to *stop* has the register *name*."""
        inside = [contract for at, contract in self.contracts if start < at < stop]
        inside.append(self._contract_at(start))
        return any(contract is not None and name in contract.registers for contract in inside)

    def column(self, name: str) -> list[int | None]:
        """Return the reading of the register *name* at each record; between two readings it is shared by time."""
        found: list[int | None] = []
        for stairs, (start, stop) in zip(self.stairs[name], self.segments, strict=True):
            if stairs is None:
                found += [None] * (stop - start)
            elif len(stairs.values) == stop - start:
                found += stairs.values
            else:
                found += map(stairs.at, self.times[start:stop])
        return found

    def between(self, marks: Sequence[float]) -> list[dict[str, int]]:
        """Return the energy of each register in each interval of *marks*; registers at rest are left out."""
        found: list[dict[str, int]] = [{} for _ in marks[1:]]
        for place, (start, end) in enumerate(self.segments):
            first, last = self.times[start], self.times[end - 1]
            low, high = max(first, marks[0]), min(last, marks[-1])
            if low >= high:
                continue
            begin = bisect_right(marks, low) - 1
            stop = bisect_left(marks, high)
            cuts = [low, *marks[begin + 1 : stop], high]
            for name, stairs in ((name, parts[place]) for name, parts in self.stairs.items()):
                if stairs is None:
                    continue
                for offset, (a, b) in enumerate(pairwise(map(stairs.at, cuts))):
                    if b > a:
                        into = found[begin + offset]
                        into[name] = into.get(name, 0) + b - a
        return found

    def over(self, start: float, end: float) -> int | None:
        """Return the energy of all registers from *start* to *end*, None unless both lie in one epoch."""
        for segment in self.segments:
            if self.times[segment[0]] <= start and end <= self.times[segment[1] - 1]:
                return sum(self.between([start, end])[0].values())
        return None

    def unread(self, name: str, start: float, end: float) -> float:
        """Return how many seconds from *start* to *end* lie before the first reading of *name*, or after its last."""
        missing = 0.0
        for place, (first, last) in enumerate(self.segments):
            low, high = max(start, self.times[first]), min(end, self.times[last - 1])
            stairs = self.stairs[name][place] if name in self.stairs else None
            read = 0.0
            if stairs is not None:
                read = max(min(high, stairs.times[-1]) - max(low, stairs.times[0]), 0.0)
            missing += max(high - low, 0.0) - read
        return missing

    def apart(self, totals: Sequence[int | None], stop: int) -> int:
        """Return by how many Wh the registers went on further than *totals*, up to the position *stop*.

        It is 0 when that is no more than one being read a frame before the other, and where there is no total.
        """
        found = 0
        for place, (start, end) in enumerate(self.segments) if self.codes else ():
            places = [at for at in range(start, min(end, stop)) if totals[at] is not None]
            if not places:
                continue
            first, last = places[0], places[-1]
            used = sum(
                stairs.at(self.times[last]) - stairs.at(self.times[first])
                for parts in self.stairs.values()
                if (stairs := parts[place]) is not None
            )
            drift = used - advance(totals[first] or 0, totals[last] or 0)
            power = rating(self._contract_at(first), self._contract_at(last))
            if abs(drift) > most(0, power):
                found += drift
        return found


def _contracts(column: Sequence[Contract | None]) -> list[tuple[int, Contract | None]]:
    """Return the positions from which another contract is said, and which; what a record does not say goes on."""
    found: list[tuple[int, Contract | None]] = []
    at = 0
    for _, run in groupby(column, id):
        contract, *more = run
        if contract is not None and (not found or contract is not found[-1][1]):
            found.append((at, contract))
        at += 1 + len(more)
    if not found or found[0][0]:
        found.insert(0, (0, None))
    return found


def _codes(rows: Columns) -> list[str]:
    """Return the registers of *rows* in the order of the meter."""
    names: dict[str, None] = {}
    # The registers change with the contract, or when there is one more of them.
    counts = map(len, rows.indexes)
    at = 0
    for _, run in groupby(zip(map(id, rows.contract), counts, strict=True)):
        contract, readings = rows.contract[at], rows.indexes[at]
        if contract is not None:
            names.update(dict.fromkeys(name for name in contract.registers if name in readings))
        names.update(dict.fromkeys(readings))
        at += len(list(run))
    return list(names)
