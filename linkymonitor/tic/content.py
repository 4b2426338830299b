"""What one frame holds: typed values, and which labels it may have lost."""

# Strategy
#
# - Some labels mean something by their absence (no ADPS: no overload; no PEJP: no notice; no NGTF: no name). An
#   absence counts only when the frame is complete and none of its damaged groups may have been the missing one: see
#   FrameContent.silent(). Otherwise one damaged group would end a notice or open a new contract. Groups come in one
#   order, so a group damaged after PTEC was no PEJP: a line that is bad at the end of each frame hides no notice.
# - Nine groups in ten are the same as in the frame before, so the value of each group is remembered. A value depends
#   on its group alone. The memory is cleared when it is full.

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Mode, code
from linkymonitor.tic import parity
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.horodate import read_horodate
from linkymonitor.tic.labels import BY_MODE, Gaps

#: The VA of one ampere where the meter sends no voltage.
NOMINAL_VOLTAGE = 230

#: The registers of each historical contract, in the order of PERIODS.
REGISTERS = {option: tuple(map(code, periods)) for option, periods in PERIODS.items()}


class StampedValue(NamedTuple):
    """The value of a group that carries a horodate."""

    value: object
    #: When, in UTC; None when the season is blank (mobile peaks) or the date does not exist.
    at: datetime | None
    #: As sent: its digits are French local time.
    horodate: str


_UNREADABLE = object()
_REMEMBERED = 1024
_read: dict[Mode, dict[InfoGroup, object]] = {mode: {} for mode in Mode}


def _value(group: InfoGroup, mode: Mode) -> object:
    """Return the typed value of *group*; _UNREADABLE for an unknown label and for data without meaning."""
    row = BY_MODE[mode].get(group.label)
    if row is None:
        return _UNREADABLE
    try:
        if not row.stamped:
            return row.read(group.data)
        horodate = read_horodate(group.horodate or "")
        if row.fills == "meter_clock":
            return horodate
        return StampedValue(row.read(group.data), horodate.at, group.horodate or "")
    except ValueError:
        return _UNREADABLE


class FrameContent:
    """The typed values of one frame, and the labels whose groups were damaged or may be missing."""

    def __init__(self, frame: Frame, mode: Mode) -> None:
        self.frame = frame
        self.values: dict[str, object] = {}
        read = _read[mode]
        for group in frame.groups:
            # *read* is never one of its own values, so as a default it means that the group is not remembered.
            value = read.get(group, read)
            if value is read:
                if len(read) >= _REMEMBERED:
                    read.clear()
                value = read[group] = _value(group, mode)
            if value is not _UNREADABLE:
                self.values[group.label] = value
        #: Labels whose lines the frame had, but damaged.
        self.lost: frozenset[str] = frozenset()
        #: The places at which the frame may have lost other labels; None when there are none.
        self.gaps: Gaps | None = None
        #: Whether the frame has lost nothing.
        self.whole = frame.complete and not frame.rejected
        if frame.rejected and frame.complete:
            self._look_for_lost(mode)

    def _look_for_lost(self, mode: Mode) -> None:
        lost, unknown = set(), []
        for rejected in self.frame.rejected:
            line = parity.strip(rejected.raw).lstrip(_CONTROLS)
            label = line.split(mode.separator, 1)[0].decode()
            # A damaged line with a control character in it may be two groups run together. A damaged line whose label
            # is also there in a sound group had another label, which the damage has changed.
            if label not in BY_MODE[mode] or label in self.values or line.translate(None, _CONTROLS) != line:
                unknown.append(rejected.after)
            else:
                lost.add(label)
        self.lost = frozenset(lost)
        if unknown:
            self.gaps = Gaps([group.label for group in self.frame.groups], unknown, mode)

    def silent(self, *labels: str) -> bool:
        """Return whether the meter certainly sent none of *labels*."""
        if not self.frame.complete or self.has(labels):
            return False
        if self.whole:
            return True
        gaps = self.gaps
        return not any(label in self.lost or (gaps is not None and gaps.may_hide(label)) for label in labels)

    def missed(self, label: str) -> bool:
        """Return whether *label* is not there but may have been sent."""
        return label not in self.values and not self.silent(label)

    def has(self, labels: Collection[str]) -> bool:
        """Return whether at least one of *labels* is there."""
        return not self.values.keys().isdisjoint(labels)

    def number(self, label: str) -> int | None:
        """Return the number under *label*, if it is there."""
        value = self.values.get(label)
        return value if isinstance(value, int) else None

    def numbers(self, *labels: str) -> tuple[int | None, ...]:
        """Return the number under each of *labels*, or nothing at all when none is there."""
        numbers = tuple(map(self.number, labels))
        return () if numbers.count(None) == len(numbers) else numbers

    def text(self, label: str) -> str | None:
        """Return the text under *label*, if it is there."""
        value = self.values.get(label)
        return value if isinstance(value, str) else None


_CONTROLS = bytes(byte for byte in range(0x20) if byte != 0x09)


@lru_cache(8)
def shared(contract: Contract) -> Contract:
    """Return the one object that stands for all contracts equal to *contract*.

    So frames that follow each other have the same object while nothing of the contract changes. Code that keeps a
    result for a contract finds out with ``is`` whether the result is still right.
    """
    return contract


def total_of(numbers: tuple[int | None, ...]) -> int | None:
    """Return the sum of *numbers*, None when there are none or one is missing."""
    return None if not numbers or None in numbers else sum(number or 0 for number in numbers)
