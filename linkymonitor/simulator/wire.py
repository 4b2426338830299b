"""Gives the bytes of the simulated meter to a reader, a file or a pseudo-terminal, at the pace of a line."""

from __future__ import annotations

import os
import pty
import re
import select
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import PARIS, Options
from linkymonitor.source.base import Source
from linkymonitor.system.clock import Clock, SystemClock, WireClock

#: Seconds that a reader may be late without losing bytes: a meter does not wait, and the kernel keeps about four
#: seconds of a line.
LATE = 4.0

#: A line of a frame up to its CR, with bit 7 clear or set, or the rest of the frame.
_LINE = re.compile(rb"[^\r\x8d]*[\r\x8d]|[^\r\x8d]+")


def dated(options: Options, clock: Clock) -> Options:
    """Return *options* with a day and a time; without a day: today, at their time if they have one, else now."""
    if options.day is not None:
        return options
    here = clock.now().astimezone(PARIS)
    return replace(options, day=here.date(), at=options.at or here.time().replace(microsecond=0))


class SimSource(Source):
    """The simulated meter as a source of bytes.

    Args:
        options: the house; without a day, that of today, from now on.
        clock: the clock for the pace.
        speed: the pace, in multiples of the true speed of the line. None: each read returns a whole frame at once, and
            the caller advances its clock by ``elapsed``.
        sleep: waits so many seconds; a test advances its clock in its place.
        house: a house that was made before; the stream begins with its next frame, and *options* are not used.
    """

    def __init__(
        self,
        options: Options,
        clock: Clock,
        speed: float | None = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        house: House | None = None,
    ) -> None:
        self.options = house.options if house is not None else dated(options, clock)
        self.mode: Mode = self.options.mode
        self.name = f"sim:{self.mode.value},{self.options.contract.lower()},seed={self.options.seed}"
        self.paced = speed is not None
        #: The simulated house, which has the truth.
        self.house = house if house is not None else House(self.options)
        self._started_at = self.house.now
        self._clock = clock
        self._speed = speed or 1.0
        self._sleep = sleep
        lasts = self.options.duration
        self._frames = self.house.frames(None if lasts is None else self._started_at + lasts)
        self._ended_at = self._started_at
        self._pieces = self._in_pieces()
        self._next: tuple[float, bytes] | None = None
        self._began: float | None = None

    def read(self, timeout: float) -> bytes | None:
        """Return the next line of the meter, or the next frame when there is no pace.

        Returns:
            ``b""`` when no line ended within *timeout* seconds, None at the end of the stream.
        """
        if not self.paced:
            return self._frame()
        if self._began is None:
            self._began = self._clock.monotonic()
        if self._next is None:
            self._next = next(self._pieces, None)
            if self._next is None:
                return None
        due = self._began + self._next[0] / self._speed
        wait = due - self._clock.monotonic()
        if wait < -LATE:
            self._skip()
            return b""
        if wait > timeout:
            self._sleep(timeout)
            return b""
        if wait > 0:
            self._sleep(wait)
        piece, self._next = self._next[1], None
        return piece

    def close(self) -> None:
        """End the stream."""
        self._frames.close()
        self._pieces, self._next = iter(()), None

    def _frame(self) -> bytes | None:
        """Return the next frame, and set ``elapsed`` to the seconds that the frame would have taken on the line."""
        for at, wire in self._frames:
            ended_at = at + timedelta(seconds=len(wire) * 10 / self.mode.speed)
            self.elapsed = (ended_at - self._ended_at).total_seconds()
            self._ended_at = ended_at
            return wire
        return None

    def _in_pieces(self) -> Iterator[tuple[float, bytes]]:
        """Yield each line with the time of its last byte, in seconds since the start."""
        for at, wire in self._frames:
            left = (at - self._started_at).total_seconds()
            for piece in _LINE.findall(wire):
                left += len(piece) * 10 / self.mode.speed
                yield left, piece

    def _skip(self) -> None:
        """Go on with the frame of this moment; the frames that nobody read in time are lost."""
        elapsed = (self._clock.monotonic() - (self._began or 0.0)) * self._speed
        self.house.skip_to(self._started_at + timedelta(seconds=elapsed))
        self._pieces, self._next = self._in_pieces(), None


class HouseClock(WireClock):
    """The clock of a house that begins at another time; it runs *speed* times as fast as the real clock."""

    def __init__(self, start: datetime, real: Clock, speed: float) -> None:
        super().__init__(start)
        self._start = self._now
        self._real = real
        self._speed = speed
        self._began = real.monotonic()

    def now(self) -> datetime:
        """Return the time of the house, aware, in UTC."""
        return self._start + timedelta(seconds=self._lived())

    def monotonic(self) -> float:
        """Return the monotonic time of the house, in seconds from an arbitrary start."""
        return self._monotonic + self._lived()

    def sleep(self, seconds: float) -> None:
        """Wait for *seconds* of the house."""
        time.sleep(seconds / self._speed)

    def _lived(self) -> float:
        return (self._real.monotonic() - self._began) * self._speed


def write_file(
    options: Options, out_write: Callable[[bytes], object], duration: timedelta | None = None
) -> int:
    """Write the bytes of *duration* of the line, a frame at a time.

    Args:
        options: the house.
        out_write: called with the bytes of each frame.
        duration: None: ``options.duration``.

    Returns:
        How many frames were written.

    Raises:
        ValueError: there is neither a *duration* nor one in the options.
    """
    duration = duration or options.duration
    if duration is None:
        raise ValueError("duration: expected how long the simulated meter sends, such as 1h or 1d")
    frames = 0
    for _, wire in House(options).frames(options.start + duration):
        out_write(wire)
        frames += 1
    return frames


def open_pty() -> tuple[int, int, str]:
    """Open a pseudo-terminal that changes no byte.

    Returns:
        The descriptor of the meter's end, the descriptor of the reader's end, and the path of the reader's end. The
        caller keeps the reader's end open, so that readers may come and go.
    """
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave, os.ttyname(slave)


def feed_pty(
    options: Options,
    master_fd: int,
    speed: float | None = 1.0,
    *,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Write the bytes of the meter to *master_fd* until *stop* returns True, or ``options.duration`` is over.

    A meter does not wait for its reader: at a pace, bytes are lost while the terminal is full. Without a pace (*speed*
    is None) this function waits for the reader.

    Returns:
        How many bytes were lost.
    """
    os.set_blocking(master_fd, False)
    source = SimSource(options, clock or SystemClock(), speed, sleep)
    lost = 0
    while not stop() and (piece := source.read(0.2)) is not None:
        while piece and not stop():
            try:
                piece = piece[os.write(master_fd, piece) :]
            except BlockingIOError:
                if source.paced:
                    lost += len(piece)
                    break
                select.select([], [master_fd], [], 0.2)
    return lost
