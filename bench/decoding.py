"""What a line of the stream costs, in instructions: to decode it with every check, and to believe it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench import streams
from bench.measure import OURS, instructions
from bench.table import Row
from linkymonitor.model.terms import Mode
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup

# What a start costs is the same for both, and goes away in the difference.
_MANY, _FEW = 2200, 200
_BUDGETS = {Mode.HISTORIQUE: 4200, Mode.STANDARD: 4900}
_AIM = 2500
#: Seconds from one frame to the next.
_PACE = 1.5

#: Decodes a file, and believes it or not.
_READ = f"""
import sys
from linkymonitor.meter.acceptance.frames import Acceptance
from linkymonitor.model.terms import Mode
from linkymonitor.tic.decoder import FrameDecoder

mode, now = Mode(sys.argv[1]), 0.0
decoder, accept = FrameDecoder(mode), Acceptance(mode).accept
if sys.argv[2] == "decode":
    accept = lambda frame, now: None
with open(sys.argv[3], "rb") as file:
    while chunk := file.read(65536):
        for frame in decoder.feed(chunk):
            now += {_PACE}
            accept(frame, now)
"""


def measure() -> Iterator[Row]:
    """Yield a line's cost in both modes: a quiet house, with parity, a restless one."""
    for mode, must in _BUDGETS.items():
        name = f"decode, {mode.value} mono: a line"
        quiet = _a_line(mode)
        yield Row(figure=name, measured=quiet, must=must, aim=_AIM, unit="instr.")
        yield Row(
            figure=f"{name}, with parity",
            measured=_a_line(mode, parity=True),
            must=must,
            aim=_AIM,
            unit="instr.",
        )
        restless = _a_line(mode, restless=True)
        yield Row(
            figure=f"{name}, all measures moving, to quiet",
            measured=restless / quiet,
            must=2.0,
            aim=1.5,
            note=f"{restless:,.0f} instr.",
        )


def measure_acceptance() -> Iterator[Row]:
    """Yield what acceptance adds to a line in both modes: a quiet house, and one where every measure moves."""
    for mode in Mode:
        for name, stream in (("", streams.frames), (", all measures moving", lively)):
            decoded, both = (_read(mode, stream(mode), what) for what in ("decode", "accept"))
            yield Row(
                figure=f"acceptance, {mode.value} mono: a line{name}, to decoding it",
                measured=(both - decoded) / decoded,
                must=1.0,
                aim=0.75,
                note=f"{both - decoded:,.0f} instr. to {decoded:,.0f}",
            )


def lively(mode: Mode) -> Iterator[bytes]:
    """Yield frames in which every measured value is another one than before, and all fit each other.

    The figures of streams.restless() wander where no meter goes, and would be held back.
    """
    decoder = FrameDecoder(mode)
    for number, wire in enumerate(streams.frames(mode)):
        (frame,) = decoder.feed(wire)
        yield write_frame(Frame(tuple(_lively(group, number) for group in frame.groups)), mode)


def _lively(group: InfoGroup, number: int) -> InfoGroup:
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


#: The registers that are in force when the streams begin.
_COUNTING = frozenset({"HCHC", "EAST", "EASF01", "EASD01", "ERQ1"})


def _read(mode: Mode, stream: Iterator[bytes], what: str) -> float:
    wires = list(islice(stream, _MANY))
    with tempfile.TemporaryDirectory() as folder:
        counted = []
        for frames in (_MANY, _FEW):
            path = Path(folder, str(frames))
            lines = streams.write(path, iter(wires), frames)
            counted.append((instructions((sys.executable, "-c", _READ, mode.value, what, str(path))), lines))
    (many, lines), (few, fewer) = counted
    return (many - few) / (lines - fewer)


def _a_line(mode: Mode, *, parity: bool = False, restless: bool = False) -> float:
    with tempfile.TemporaryDirectory() as folder:
        counted = []
        for count in (_MANY, _FEW):
            path = Path(folder, str(count))
            stream = streams.restless(mode) if restless else streams.frames(mode, parity=parity)
            groups = streams.write(path, stream, count)
            counted.append((instructions((*OURS, "decode", "--count", str(path))), groups))
    (many, lines), (few, fewer) = counted
    return (many - few) / (lines - fewer)
