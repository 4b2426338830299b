"""Computes the energy of any stretch of time from the indexes of a run of records."""

# Strategy
#
# - An index is a staircase of whole Wh. Between two readings the index is shared by time and rounded once, at the
#   instant that is asked for. So hours add up to days and days to a range, to the Wh.
# - A record without a reading of a register does not change how the energy of that register is shared. So a day has
#   the same figures whichever records around the day are known, as long as the nearest readings are among them.
# - No difference is taken across the end of an epoch (epochs.py). The energies before and after it are added up.
# - The rules (where an epoch ends, how a step is shared, which register stood at zero) are those of model/energy.py,
#   which the display follows reading by reading. Here the rules are applied to whole columns, because a day has 7,000
#   records and a Pi Zero one slow core.
# - Within an epoch a column only grows: the roll-over of the meter is added to all readings after it.

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import groupby, pairwise
from operator import gt, itemgetter, sub
from typing import NamedTuple

from linkymonitor.daily_log.columns import Columns, joined_registers, known, without_gaps
from linkymonitor.model.energy import drift, share, stood_at_zero
from linkymonitor.model.epochs import LARGEST, Owner, advance, leaps, most, owner_after, rating, runs_on
from linkymonitor.model.record import Contract


class Kind(Enum):
    """Which indexes are read."""

    #: Those of the tariff, or the total of a meter that names none.
    REGISTERS = "registers"
    TOTAL = "total"
    #: What is injected, which no subscription bounds.
    INJECTED = "injected"


class Stairs(NamedTuple):
    """The readings of one register within one epoch, which never fall, and their times in POSIX seconds."""

    times: Sequence[float]
    values: list[int]

    def at(self, when: float) -> int:
        """Return the index at *when*: between two readings it is shared by time and rounded once."""
        place = bisect_right(self.times, when)
        if place == 0 or place == len(self.values):
            return self.values[place and -1]
        before = self.values[place - 1]
        return before + share(self.values[place] - before, self.times[place - 1], self.times[place], when)


class IndexColumns(NamedTuple):
    """The indexes of a run of records and the contracts that they belong to, as columns."""

    contract: Sequence[Contract | None]
    registers: Mapping[str, Sequence[int | None]]
    total_index: Sequence[int | None]
    injected_index: Sequence[int | None]

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> "IndexColumns":
        """Return the columns of all *parts*, one part after the other."""
        return cls(
            contract=[contract for part in parts for contract in part.contract],
            registers=joined_registers(parts),
            total_index=[wh for part in parts for wh in part.total_index],
            injected_index=[wh for part in parts for wh in part.injected_index],
        )


class Indexes:
    """Indexes of a run of records, which can be read at any instant of the run.

    Args:
        rows: the indexes and contracts of the records.
        times: when the records ended, in POSIX seconds.
        kind: which of the indexes.
    """

    def __init__(self, rows: IndexColumns, times: Sequence[float], kind: Kind = Kind.REGISTERS) -> None:
        self.times = times
        self.contracts = _contracts(rows.contract)
        self.codes: list[str] = []
        columns: dict[str, Sequence[int | None]]
        if kind is Kind.INJECTED:
            columns = {"injected": rows.injected_index}
        elif kind is Kind.REGISTERS and (codes := self._named(rows.registers)):
            self.codes = codes
            columns = {name: rows.registers[name] for name in codes}
        else:
            # A meter that names no register still has a total.
            columns = {"": rows.total_index}
        self._read = {name: column for name, column in columns.items() if known(column)}
        self._bounded = kind is not Kind.INJECTED
        self.breaks = self._breaks()
        cuts = [0, *(at for at, _ in self.breaks), len(times)]
        self.segments = [(a, b) for a, b in pairwise(cuts) if a < b]
        #: Register → its readings in each segment; None for a segment without a reading.
        self.stairs = {
            name: [self._stairs(name, column, *segment) for segment in self.segments]
            for name, column in self._read.items()
        }

    def _named(self, registers: Mapping[str, Sequence[int | None]]) -> list[str]:
        """Return those of *registers* that have a reading, in the order of the meter."""
        listed = [
            name for _, contract in self.contracts if contract is not None for name in contract.registers
        ]
        return [name for name in dict.fromkeys((*listed, *registers)) if known(registers.get(name, ()))]

    def _breaks(self) -> list[tuple[int, bool]]:
        """Return the positions at which an epoch begins, and whether the contract is the cause."""
        breaks = dict.fromkeys(self._owner_changes(), True)
        suspects = sorted(suspect for column in self._read.values() for suspect in self._leaps(column))
        begun = sorted(breaks)
        for at, last in suspects:
            # If the reading before is of an earlier epoch, the difference is no leap.
            newest = begun[bisect_right(begun, at) - 1] if begun and begun[0] <= at else 0
            if last >= newest:
                breaks[at] = False
                begun.insert(bisect_right(begun, at), at)
        return sorted(breaks.items())

    def _owner_changes(self) -> list[int]:
        """Return the positions at which the registers begin to be those of another meter or contract."""
        positions = []
        owner = Owner()
        for at, contract in self.contracts:
            if not runs_on(owner, contract):
                positions.append(at)
            owner = owner_after(owner, contract)
        return positions

    def _leaps(self, column: Sequence[int | None]) -> list[tuple[int, int]]:
        """Return the positions at which *column* falls or leaps, each with the position of the reading before."""
        values = without_gaps(column)
        steps = list(map(sub, values[1:], values))
        # Even the smallest subscription allows so small a step between two frames, so such a step is no leap whatever
        # the time. The common case costs two passes in C.
        powers = [
            contract.subscribed_power or LARGEST for _, contract in self.contracts if contract is not None
        ]
        harmless = most(0, min(powers, default=LARGEST) if self._bounded else LARGEST)
        if not steps or (min(steps) >= 0 and max(steps) <= harmless):
            return []
        places = [at for at, value in enumerate(column) if value is not None]
        return [
            (at, last)
            for last, at, before, step in zip(places, places[1:], values, steps, strict=False)
            if not 0 <= step <= harmless
            and leaps(before, before + step, self.times[at] - self.times[last], self._rating(last, at))
        ]

    def _rating(self, last: int, at: int) -> int | None:
        """Return the subscribed power in VA that bounds the energy from one position to another."""
        return rating(self._contract_at(last), self._contract_at(at)) if self._bounded else None

    def _contract_at(self, at: int) -> Contract | None:
        """Return the contract that is known at a position."""
        return self.contracts[bisect_right(self.contracts, at, key=itemgetter(0)) - 1][1]

    def _stairs(self, name: str, column: Sequence[int | None], start: int, stop: int) -> Stairs | None:
        """Return the readings of *column* in one segment, None when the segment has no reading."""
        part, times = column[start:stop], self.times[start:stop]
        values = without_gaps(part)
        if not values:
            return None
        if len(values) < len(part):
            first = next(at for at, value in enumerate(part) if value is not None)
            times = [at for at, value in zip(times, part, strict=True) if value is not None]
            at = start + first
            last = self._last_heard(start, at)
            if last is not None:
                seconds = self.times[at] - self.times[last]
                if stood_at_zero(name, values[0], self._listed(at), seconds, self._rating(last, at)):
                    times.insert(0, self.times[last])
                    values.insert(0, 0)
        if any(map(gt, values, values[1:])):
            for at in range(1, len(values)):
                if values[at] < values[at - 1]:
                    values[at] = values[at - 1] + advance(values[at - 1], values[at])
        return Stairs(times, values)

    def _last_heard(self, start: int, stop: int) -> int | None:
        """Return the last position from *start* to before *stop* that has a reading of any register."""
        for at in range(stop - 1, start - 1, -1):
            if not self.codes or any(column[at] is not None for column in self._read.values()):
                return at
        return None

    def _listed(self, stop: int) -> set[str]:
        """Return the registers that contracts list before the position *stop*, since the meter or contract changed."""
        since = max((at for at, contract in self.breaks if contract and at < stop), default=0)
        contracts = [
            self._contract_at(since),
            *(contract for at, contract in self.contracts if since < at < stop),
        ]
        return {name for contract in contracts if contract is not None for name in contract.registers}

    def column(self, name: str) -> list[int | None]:
        """Return the index of the register *name* at each record; between two readings it is shared by time."""
        readings: list[int | None] = []
        for stairs, (start, stop) in zip(self.stairs[name], self.segments, strict=True):
            if stairs is None:
                readings += [None] * (stop - start)
            elif len(stairs.values) == stop - start:
                readings += stairs.values
            else:
                readings += map(stairs.at, self.times[start:stop])
        return readings

    def between(self, marks: Sequence[float]) -> list[dict[str, int]]:
        """Return the Wh of each register in each interval of *marks*; registers that stood still are left out."""
        energy: list[dict[str, int]] = [{} for _ in marks[1:]]
        for place, (start, end) in enumerate(self.segments):
            begin = max(bisect_left(marks, self.times[start]) - 1, 0)
            stop = min(bisect_left(marks, self.times[end - 1]), len(marks) - 1)
            for name, parts in self.stairs.items():
                stairs = parts[place]
                if stairs is None:
                    continue
                for interval, (a, b) in enumerate(pairwise(map(stairs.at, marks[begin : stop + 1])), begin):
                    if b > a:
                        energy[interval][name] = energy[interval].get(name, 0) + b - a
        return energy

    def over(self, start: float, end: float) -> int | None:
        """Return the Wh of all registers from *start* to *end*, None unless both instants lie in one epoch."""
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
        """Return by how many Wh the registers grew more than *totals*, up to the position *stop*.

        The result is 0 where there is no total. It is also 0 for a difference so small that it may come from a
        register and the total being read a frame apart.
        """
        further = 0
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
            counted = advance(totals[first] or 0, totals[last] or 0)
            power = rating(self._contract_at(first), self._contract_at(last))
            further += drift(used, counted, power)
        return further


def _contracts(column: Sequence[Contract | None]) -> list[tuple[int, Contract | None]]:
    """Return the positions at which another contract begins, and the contract; a None in *column* is no change."""
    changes: list[tuple[int, Contract | None]] = []
    at = 0
    for _, run in groupby(column, id):
        contract, *more = run
        if contract is not None and (not changes or contract is not changes[-1][1]):
            changes.append((at, contract))
        at += 1 + len(more)
    if not changes or changes[0][0]:
        changes.insert(0, (0, None))
    return changes
