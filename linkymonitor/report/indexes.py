"""Reads the energy of any stretch of time off the indexes of a run of records."""

# Strategy
#
# - An index is a staircase of whole Wh; between two records it is shared by time and rounded once, at the
#   instant that is asked for. So hours add up to days and days to a range, to the Wh.
# - No difference is taken across an epoch (epochs.py). The stretches on either side are added up.
# - Within an epoch a column only grows: what was read after a roll-over has it added.

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import gt, methodcaller, sub

from linkymonitor.epochs import ROLL_OVER, advance, most, rating, runs_on
from linkymonitor.record import Contract
from linkymonitor.report.columns import Columns, known


class Indexes:
    """Indexes of a run of records, readable at any instant of it.

    Args:
        rows: the records, as columns.
        times: when they ended.
        injected: True for the index of what is injected, which no subscription bounds.
    """

    def __init__(self, rows: Columns, times: Sequence[float], injected: bool = False) -> None:
        self.times = times
        self.codes: list[str] = []
        columns: dict[str, list[int | None]]
        if injected:
            columns = {"injected": list(rows.injected_index)}
        else:
            self.codes = _codes(rows)
            if self.codes:
                columns = {name: list(map(methodcaller("get", name), rows.indexes)) for name in self.codes}
            else:
                # A meter that names no register still counts in all.
                columns = {"": list(rows.total_index)}
        self.columns = {name: column for name, column in columns.items() if known(column)}
        self.contracts = _contracts(rows.contract)
        self._bounded = not injected
        self.breaks = self._breaks()
        cuts = [0, *(at for at, _ in self.breaks), len(times)]
        self.segments = [(a, b) for a, b in pairwise(cuts) if a < b]
        for name, column in self.columns.items():
            self.columns[name] = self._unrolled(self._filled(name, column))

    def _breaks(self) -> list[tuple[int, bool]]:
        """Return the positions at which an epoch begins, and whether the contract is the cause."""
        found = {at: True for (_, one), (at, other) in pairwise(self.contracts) if not runs_on(one, other)}
        for column in self.columns.values():
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

    def _filled(self, name: str, column: list[int | None]) -> list[int | None]:
        """Return *column* with what the reading will have been wherever a record has none."""
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
            last: int = value
            if first and not self._listed(name, start, start + first):
                at = start + first
                last = 0 if value <= self._most(at - 1, at) else value
            filled += [last] * first
            filled += self._bridged(part[first:], self.times[start + first : stop])
        return filled

    @staticmethod
    def _bridged(part: Sequence[int | None], times: Sequence[float]) -> list[int | None]:
        """Return *part*, which begins with a reading, with those between two others shared by time."""
        read = [at for at, value in enumerate(part) if value is not None]
        bridged: list[int | None] = []
        for a, b in pairwise(read):
            before, after = part[a], part[b]
            assert before is not None
            assert after is not None
            # Over the end of the numbers there is no way between them: the last one stands.
            wh = max(after - before, 0)
            bridged += [
                before + round(wh * (times[at] - times[a]) / (times[b] - times[a])) for at in range(a, b)
            ]
        return bridged + [part[read[-1]]] * (len(part) - read[-1])

    def _listed(self, name: str, start: int, stop: int) -> bool:
        """Return whether a contract from *start* to *stop* has the register *name*."""
        inside = [contract for at, contract in self.contracts if start < at < stop]
        inside.append(self._contract_at(start))
        return any(contract is not None and name in contract.registers for contract in inside)

    def _unrolled(self, column: list[int | None]) -> list[int | None]:
        """Return *column* with the roll-overs of each epoch added."""
        for start, stop in self.segments:
            for at in range(start + 1, stop) if _falls(column, start, stop) else ():
                before, value = column[at - 1], column[at]
                if before is not None and value is not None and value < before:
                    column[at] = before + advance(before % ROLL_OVER, value)
        return column

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

    def apart(self, totals: Sequence[int | None], stop: int) -> int:
        """Return by how many Wh the registers went on further than *totals*, up to the position *stop*.

        It is 0 when that is no more than one being read a frame before the other, and where there is no total.
        """
        found = 0
        for start, end in self.segments if self.codes else ():
            places = [at for at in range(start, min(end, stop)) if totals[at] is not None]
            if not places:
                continue
            first, last = places[0], places[-1]
            ends = [(column[first], column[last]) for column in self.columns.values()]
            used = sum(after - before for before, after in ends if before is not None and after is not None)
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


def _falls(column: Sequence[int | None], start: int, stop: int) -> bool:
    values = [value for value in column[start:stop] if value is not None]
    return any(map(gt, values, values[1:]))


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
