"""The streams that are measured: a simulated meter, quiet or with every measured value on the move."""

# `linkymonitor simulate --contract hc --seed 1` gives the same bytes: single-phase off-peak contracts are the most
# common there are. Real meters have parity, and so have these streams.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup

#: The line speed of each mode, in baud.
BAUD = {Mode.HISTORIQUE: 1200, Mode.STANDARD: 9600}
#: The length of the streams that instructions are counted on. What a start costs is the same for both lengths, and
#: goes away in the difference.
MANY, FEW = 2200, 200

#: The registers that count when the streams begin.
_COUNTING = frozenset({"HCHC", "EAST", "EASF01", "EASD01", "ERQ1"})
#: Seconds from one frame to the next.
_PACE = 1.5


def frames(mode: Mode) -> Iterator[bytes]:
    """Yield the frames of a simulated meter, for ever."""
    return (wire for _, wire in House(parse_spec(f"{mode.value},hc,seed=1")).frames())


def moving(mode: Mode) -> Iterator[bytes]:
    """Yield frames in which each measured value differs from the frame before, and all values fit each other."""
    decoder = FrameDecoder(mode)
    for number, wire in enumerate(frames(mode)):
        (frame,) = decoder.feed(wire)
        yield write_frame(Frame(tuple(_moved(group, number) for group in frame.groups)), mode, parity=True)


def _moved(group: InfoGroup, number: int) -> InfoGroup:
    amps, volts = 3 + abs(number % 60 - 30), 228 + number % 7
    measured = {
        "IINST": amps,
        "PAPP": amps * 230 + number % 5 * 10,
        "IRMS1": amps,
        "URMS1": volts,
        "SINSTS": amps * volts + number % 3,
    }
    if group.label == "DATE":
        minutes, second = divmod(int(number * _PACE), 60)
        hour, minute = divmod(minutes, 60)
        return group._replace(horodate=f"{(group.horodate or '')[:7]}{hour % 24:02}{minute:02}{second:02}")
    if group.label in _COUNTING:
        value = int(group.data) + number
    elif group.label in measured:
        value = measured[group.label]
    else:
        return group
    return group._replace(data=f"{value:0{len(group.data)}}")


def write(path: Path, stream: Iterable[bytes], count: int) -> int:
    """Write *count* frames of *stream* to *path*; return how many groups they have in all."""
    chosen = list(islice(stream, count))
    path.write_bytes(b"".join(chosen))
    return sum(wire.count(b"\n") for wire in chosen)
