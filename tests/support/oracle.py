"""Compares the accepted values of damaged frames with the values that the meter sent."""

# Strategy
#
# - Decoder and acceptance read the damaged frames, as in the appliance. The accepted values are compared with the sent.
# - A figure is wrong when it is outside the span of the sent values: in the frame before, the same and the next,
#   and in the last three frames that brought it undamaged. A value that noise delays is late, not wrong; but an index
#   that is late by OLDEST_INDEX is wrong.
# - The tolerance is 10 VA, 1 A, 1 V, 1 Wh. A value that is no quantity must equal one of the sent values.
# - The reading that interpret makes of the frame is compared, too: a lost group must not change a value by its absence.

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from linkymonitor.meter.acceptance.frame import Acceptance
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Ejp
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.horodate import read_horodate
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.labels import BY_MODE, DIGITS
from tests.support.streams import _AT, QUIET, Stream

#: An index must not appear so many seconds after it was sent: STALE of acceptance, plus a frame on either side.
OLDEST_INDEX = 40.0

_TOLERANCE = {"VA": 10, "A": 1, "V": 1, "Wh": 1, "varh": 1, "W": 10}


@dataclass
class Tally:
    """The counts of a part of the campaign."""

    frames: int = 0
    hurt: int = 0
    #: Groups held back, by cause.
    held: Counter[str] = field(default_factory=Counter)
    #: Damaged groups that passed the decoder, because checksum, width and characters are right.
    decoded: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.frames + other.frames,
            self.hurt + other.hurt,
            self.held + other.held,
            self.decoded + other.decoded,
            self.wrong + other.wrong,
            (self.examples + other.examples)[:20],
        )


class Oracle:
    """Has the sent frames, and the values that may be accepted."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rows = BY_MODE[stream.mode]
        self._heard: deque[tuple[int, dict[str, InfoGroup]]] = deque(maxlen=100)

    def hear(self, number: int, frame: Frame) -> None:
        """Record the groups of frame *number* that arrived undamaged."""
        sent = set(self._stream.frames[number].groups)
        self._heard.append((number, {group.label: group for group in frame.groups if group in sent}))

    def wrong(self, number: int, frame: Frame) -> list[str]:
        """Return the wrong values of *frame*, which acceptance returned after frame *number* was received."""
        sent = self._stream.frames[number].groups
        faults = [
            f"{group.label} {group.data!r} {group.horodate or ''}"
            for group in set(frame.groups).difference(sent)
            if not self._possible(number, group)
        ]
        if frame.complete and (frame.rejected or len(frame.groups) != len(sent)):
            faults += self._misread(number, interpret(frame, self._stream.mode, _AT))
        return faults

    def _sent(self, number: int, label: str) -> list[InfoGroup]:
        """Return the values that the meter sent under *label* around frame *number*, and the last undamaged ones."""
        by_label = self._stream.by_label
        sent = [
            by_label[near][label]
            for near in (number - 1, number, number + 1)
            if 0 <= near < len(by_label) and label in by_label[near]
        ]
        heard = 0
        counts, now = self._rows[label].unit in ("Wh", "varh"), self._stream.at[number]
        for then, groups in reversed(self._heard):
            if counts and now - self._stream.at[then] > OLDEST_INDEX:
                break
            if label in groups:
                sent.append(groups[label])
                heard += 1
                if heard == 3:
                    break
        return sent

    def _possible(self, number: int, group: InfoGroup) -> bool:
        row = self._rows.get(group.label)
        if row is None:
            return True  # nobody reads it
        sent = self._sent(number, group.label)
        if group in sent:
            return True
        if not sent or group.label == "MSG2":
            return not sent and group.label == "MSG2"
        if group.label == "STGE":
            words = [int(one.data, 16) for one in sent]
            believed = int(group.data, 16)
            ones = zeros = 0
            for word in words:
                ones |= word
                zeros |= ~word
            return not believed & ~ones and not ~believed & ~zeros & 0xFFFFFFFF
        if group.label == "DATE":
            times = [at for one in (*sent, group) if (at := read_horodate(one.horodate or "").at)]
            # Acceptance allows DATE to differ from the clock by five seconds.
            return len(times) == len(sent) + 1 and (times[-1] - times[1]).total_seconds() <= 6
        tolerance = _TOLERANCE.get(row.unit)
        if tolerance is None or row.pattern is not DIGITS:
            return False
        values = [int(one.data) for one in sent]
        if row.stamped and group.horodate not in {one.horodate for one in sent}:
            return False
        if row.unit in ("Wh", "varh"):
            return any(_between(int(group.data), low, high, tolerance) for low in values for high in values)
        return min(values) - tolerance <= int(group.data) <= max(values) + tolerance

    def _misread(self, number: int, reading: Reading) -> Iterator[str]:
        """Yield the values of *reading* that are in none of the sent readings around frame *number*."""
        since = min([number, *(heard for heard, _ in list(self._heard)[-6:])])
        sent = self._stream.readings[max(0, min(since, number - 3)) : number + 2]
        for name, nothing in _FIELDS:
            said = getattr(reading, name)
            if said != nothing and not any(_agree(said, getattr(one, name)) for one in sent):
                yield f"reading.{name} = {said}"
        if reading.apparent_power_estimated and not any(one.apparent_power_estimated for one in sent):
            yield "reading.apparent_power is estimated"


_FIELDS: tuple[tuple[str, object], ...] = (
    ("contract", None),
    ("meter", None),
    ("tariff_period", None),
    ("ejp", Ejp.UNKNOWN),
    ("colour", None),
    ("tomorrow", None),
    ("overload", None),
)


def _agree(said: object, sent: object) -> bool:
    """Return whether *said* equals *sent*; a contract may lack its meter."""
    if isinstance(said, Contract) and isinstance(sent, Contract) and said.meter is None:
        return said == sent._replace(meter=None)
    return said == sent


def _between(wh: int, low: int, high: int, tolerance: int) -> bool:
    """Return whether the index *wh* is between *low* and *high*, across the roll-over if need be."""
    return (wh - low + tolerance) % 10**9 <= (high - low) % 10**9 + 2 * tolerance < 10**8


def play(stream: Stream, hurt: Iterable[tuple[int, bytes, int]], tally: Tally, *, quiet: int = QUIET) -> None:
    """Let decoder and acceptance read *stream*, with the frames of *hurt* damaged.

    Args:
        stream: the frames as sent.
        hurt: for each frame its number, its bytes as received, and how many of its lines are damaged.
        tally: the results are added to its counts.
        quiet: frames that are read before these.
    """
    decoder, acceptance, oracle = (
        FrameDecoder(stream.mode, unframed=True),
        Acceptance(stream.mode, live=True),
        Oracle(stream),
    )
    for number in range(quiet):
        for frame in decoder.feed(stream.wires[number]):
            acceptance.accept(frame, stream.at[number])
            oracle.hear(number, frame)
    for number, wire, lines in hurt:
        tally.frames += 1
        tally.hurt += lines
        # A frame without its delimiters may end with the next frame: it is compared with both.
        for frame in decoder.feed(wire):
            if not frame.complete:
                continue
            oracle.hear(number, frame)
            tally.decoded += len(set(frame.groups).difference(stream.frames[number].groups))
            accepted = acceptance.accept(frame, stream.at[number])
            tally.held.update(held.cause for held in accepted.held)
            if accepted.refused:
                continue
            for fault in oracle.wrong(number, accepted.frame):
                tally.wrong += 1
                if len(tally.examples) < 20:
                    tally.examples.append(f"{stream.spec} frame {number}: {fault}")
