"""Some minutes of each kind of simulated meter: its frames and their readings."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import Frame
from linkymonitor.tic.interpret import interpret

#: How many undamaged frames come before the faults: faults at the beginning are another campaign.
QUIET = 6
FRAMES = 300

STREAMS = {
    Mode.HISTORIQUE: (
        "hist,base,at=18:55",
        "hist,hc,at=21:57",
        "hist,ejp,peak,notice=2m,at=06:56",
        "hist,ejp,peak,at=00:57,producer,day=2026-06-20",
        "hist,tempo,colour=rouge,at=05:57",
        "hist,hc,tri,at=21:57",
        "hist,base,tri,overload,at=18:55",
        "hist,ejp,overload,peak,at=12:00",
        "hist,base,old,at=18:55",
    ),
    Mode.STANDARD: (
        "standard,base,at=18:57",
        "standard,hc,at=21:58",
        "standard,ejp,peak,notice=1m,at=06:57",
        "standard,tempo,tri,colour=rouge,at=05:58",
        "standard,tempo,at=19:58",
        "standard,hc,tri,producer,day=2026-06-20,at=05:58",
        "standard,hc,producer,day=2026-06-20,at=21:58",
        "standard,ejp,tri,overload,peak,at=12:00",
    ),
}


class Stream:
    """Some minutes of one meter: its frames and their readings."""

    def __init__(self, spec: str, frames: int = FRAMES) -> None:
        options = parse_spec(spec)
        self.spec, self.mode = spec, options.mode
        self.wires: list[bytes] = []
        #: Seconds since the first frame.
        self.at: list[float] = []
        self.frames: list[Frame] = []
        decoder = FrameDecoder(self.mode)
        started = options.start
        for at, wire in House(options).frames():
            for frame in decoder.feed(wire):
                if frame.complete:
                    self.wires.append(wire)
                    self.at.append((at - started).total_seconds())
                    self.frames.append(frame)
            if len(self.frames) >= frames:
                break
        self.readings = [interpret(frame, self.mode, _AT) for frame in self.frames]
        self.lines = [lines_of(wire) for wire in self.wires]
        self.by_label = [{group.label: group for group in frame.groups} for frame in self.frames]


_AT = datetime(2026, 1, 1, tzinfo=UTC)


def lines_of(wire: bytes) -> list[tuple[int, int]]:
    """Return the beginning and the end of each line of a frame, LF and CR included."""
    found, place = [], 1
    while (end := wire.find(b"\x8d", place)) >= 0:
        found.append((place, end + 1))
        place = end + 1
    return found


@cache
def streams(mode: Mode) -> tuple[Stream, ...]:
    """Return the streams of the campaign in one mode."""
    return tuple(map(Stream, STREAMS[mode]))
