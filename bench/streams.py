"""The streams that are measured: those of the simulator, and the same with every measured value on the move."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup

#: Single-phase off-peak contracts, the most common there are.
SPECS = {Mode.HISTORIQUE: "historique,hc,seed=7", Mode.STANDARD: "standard,hc,seed=7"}

# What a meter measures at each instant, and by how much each figure moves from one frame to the next. The
# other groups are means, extremes, curves and settings, or the registers that stand still.
_MOVES = {
    "HCHC": 1,
    "IINST": 1,
    "PAPP": 10,
    "DATE": 1,
    "EAST": 1,
    "EASF01": 1,
    "EASD01": 1,
    "ERQ1": 1,
    "IRMS1": 1,
    "URMS1": 1,
    "SINSTS": 7,
}


def frames(mode: Mode, *, parity: bool = False) -> Iterator[bytes]:
    """Yield the frames of a simulated meter, for ever."""
    spec = SPECS[mode] + ("" if parity else ",parity=no")
    return (wire for _, wire in House(parse_spec(spec)).frames())


def restless(mode: Mode) -> Iterator[bytes]:
    """Yield frames in which every measured value is another one than in the frame before."""
    decoder = FrameDecoder(mode)
    for number, wire in enumerate(frames(mode)):
        (frame,) = decoder.feed(wire)
        groups = tuple(_moved(group, number) for group in frame.groups)
        yield write_frame(Frame(groups), mode)


def _moved(group: InfoGroup, number: int) -> InfoGroup:
    step = _MOVES.get(group.label)
    if step is None:
        return group
    if group.label == "DATE":
        hour, second = divmod(number, 3600)
        clock = f"{hour % 24:02}{second // 60:02}{second % 60:02}"
        return group._replace(horodate=f"{(group.horodate or '')[:7]}{clock}")
    width = len(group.data)
    return group._replace(data=f"{(int(group.data) + number * step) % 10**width:0{width}}")


def write(path: Path, stream: Iterator[bytes], count: int) -> int:
    """Write *count* frames to *path*; return how many groups they have in all."""
    chosen = list(islice(stream, count))
    path.write_bytes(b"".join(chosen))
    return sum(wire.count(b"\n") for wire in chosen)
