"""Hears the meter on its port: both speeds are tried, then the line is heard for some seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from linkymonitor.doctor.world import Patience
from linkymonitor.model.terms import Mode
from linkymonitor.source.base import Source
from linkymonitor.system.clock import Clock
from linkymonitor.tic.detect import count_valid, decided

#: The speeds of the TIC, in the order in which they are tried.
SPEEDS = (9600, 1200)
#: Fewer valid lines than a mode needs elsewhere: on a bad line two are heard, and noise alone makes none.
_FEW = 2
#: Seconds of one read, and the bytes that are heard at most: some ten frames.
_READ = 0.2
_MOST = 9000
#: Bytes in which a mode is looked for.
_SAMPLE = 4096


class Heard(NamedTuple):
    """What was heard on a port."""

    #: Baud; None when no valid group came at any speed.
    speed: int | None
    mode: Mode | None
    #: The bytes at that speed, 8 bits a character.
    raw: bytes
    #: Speed → the bytes that came there before the meter was recognised.
    tried: dict[int, bytes]
    seconds: float = 0.0


def listen(source: Source, clock: Clock, patience: Patience, speed: int | None = None) -> Heard:
    """Return what is heard on *source*, a port that is open; *speed* is the only one to be tried."""
    tried: dict[int, bytes] = {}
    for baud in SPEEDS if speed is None else (speed,):
        source.set_speed(baud)
        wait = patience.fast if baud == SPEEDS[0] else patience.slow
        began, raw, mode = clock.monotonic(), b"", None
        for chunk in _until(source, clock, began + wait):
            raw += chunk
            if mode := decided(count_valid(raw[-_SAMPLE:])):
                break
        tried[baud] = raw
        mode = mode or _doubtful(raw)
        if mode is not None:
            raw += b"".join(_until(source, clock, clock.monotonic() + patience.line, _MOST - len(raw)))
            return Heard(baud, mode, raw, tried, seconds=clock.monotonic() - began)
    return Heard(None, None, b"", tried)


def blocks(source: Source, clock: Clock, seconds: float, more: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the bytes that *source* gives in each *seconds*, while *more* returns True."""
    while more():
        yield b"".join(_until(source, clock, clock.monotonic() + seconds))


def _until(source: Source, clock: Clock, end: float, most: int = _MOST) -> Iterator[bytes]:
    """Yield the bytes of *source* until the monotonic time *end*, or until there are *most* of them."""
    count = 0
    while count < most and (left := end - clock.monotonic()) > 0:
        chunk = source.read(min(_READ, left))
        if chunk is None:
            return
        count += len(chunk)
        yield chunk


def _doubtful(raw: bytes) -> Mode | None:
    """Return the mode of a bad line: the one with more valid lines, if these are at least a few."""
    counts = count_valid(raw)
    mode = max(counts, key=counts.__getitem__)
    return mode if counts[mode] >= _FEW else None
