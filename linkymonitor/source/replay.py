"""Replays bytes as fast as they can be read, on a clock that shows the time that they took on the wire."""

# Strategy
#
# A replay moves a WireClock forward instead of waiting in real time. read() moves that clock by the time-out and
# returns nothing, or moves it by the time of the next bytes and returns these. The reading loop is the same as for
# a live meter, so the lamps, pages and relays of a replayed winter are those of a real one.

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from linkymonitor.model.terms import Mode
from linkymonitor.source.base import Source
from linkymonitor.system.clock import WireClock
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.detect import count_valid, decided, detect
from linkymonitor.tic.frame import FRAME_GAP
from linkymonitor.tic.horodate import read_horodate

_BITS_A_CHARACTER = 10
# ETX of even and of odd parity.
_ETX = (0x03, 0x83)
#: Bytes in which the mode is looked for at most.
_SAMPLE = 65536
#: Difference between the DATE of the meter, in whole seconds, and the clock above which DATE sets the clock.
_TOLERANCE = timedelta(seconds=2)


class WireSource(Source):
    """A replayed source whose reads take the time of the wire on *clock*.

    Args:
        source: the source to replay, a frame or less at a time. A chunk is dated by the ``offset`` of the source
            (seconds since its start) or by its ``elapsed`` (seconds since the chunk before); without both, by the
            number of bytes.
        clock: the clock that the bytes move.
        mode: the mode; None finds it in the first bytes.
        dated: whether the clock follows the DATE of a meter in standard mode.
    """

    def __init__(
        self, source: Source, clock: WireClock, mode: Mode | None = None, *, dated: bool = True
    ) -> None:
        self.name = source.name
        #: Whether waiting takes no real time.
        self.instant = not source.live
        #: None until enough bytes have come to find it.
        self.mode = mode
        self._source = source
        self._clock = clock
        self._ahead: deque[tuple[bytes, float | None]] = deque()
        self._sample = bytearray()
        self._follows_date = dated
        self._dates = FrameDecoder(Mode.STANDARD)
        self._dated = False
        #: Seconds that the present frame has taken so far.
        self._frame_took = 0.0
        self._due: float | None = None
        self._ended = False
        self._recorded = 0.0

    def read(self, timeout: float) -> bytes | None:
        """Return the next bytes if they are due within *timeout* seconds, else ``b""``; None at the end.

        In both cases the clock moves by the time that has passed on the wire, *timeout* seconds at most.
        """
        while not self._ended and (self.mode is None or not self._ahead):
            started = self._clock.monotonic()
            if not self._fetch(timeout) and not self._ended:
                return b""
            timeout = max(timeout - (self._clock.monotonic() - started), 0.0)
        if not self._ahead:
            return None
        chunk, elapsed = self._ahead[0]
        if self._due is None:
            self._due = self._clock.monotonic() + self._duration(chunk, elapsed)
        wait = self._due - self._clock.monotonic()
        if wait > timeout:
            self._clock.advance(timeout)
            return b""
        if wait > 0:
            self._clock.advance(wait)
        self._ahead.popleft()
        self._due = None
        return chunk

    def close(self) -> None:
        """Close the replayed source."""
        self._source.close()

    def _fetch(self, timeout: float) -> bool:
        """Take one chunk of the replayed source; return False when none came within *timeout* seconds."""
        chunk = self._source.read(timeout)
        self._clock.catch_up()
        if chunk is None:
            self._ended = True
        elif chunk:
            self._ahead.append((chunk, self._elapsed()))
            if self.mode is None:
                self._sample += chunk
        if self.mode is None and self._sample:
            self.mode = decided(count_valid(bytes(self._sample)))
            if self.mode is None and (self._ended or len(self._sample) >= _SAMPLE):
                # Garbage has no mode; any will do.
                self.mode = detect(bytes(self._sample)) or Mode.HISTORIQUE
        return bool(chunk)

    def _elapsed(self) -> float | None:
        """Return the seconds since the chunk before, None when the source does not know them."""
        offset = self._source.offset
        if offset is None:
            return self._source.elapsed
        elapsed, self._recorded = offset - self._recorded, offset
        return max(elapsed, 0.0)

    def _duration(self, chunk: bytes, elapsed: float | None) -> float:
        """Return the seconds that *chunk* took on the wire: *elapsed*, or by the number of bytes if that is None."""
        byte = _BITS_A_CHARACTER / (self.mode or Mode.STANDARD).speed
        end_of_frame = max(map(chunk.rfind, _ETX)) + 1
        if elapsed is None:
            elapsed = len(chunk) * byte
            if end_of_frame:
                elapsed += FRAME_GAP
        self._frame_took += elapsed
        date = self._date_in(chunk)
        if date is not None:
            elapsed = self._corrected(date, elapsed)
        if end_of_frame:
            self._frame_took = (len(chunk) - end_of_frame) * byte
        return elapsed

    def _corrected(self, date: datetime, elapsed: float) -> float:
        """Set the clock by *date*, the time at which a frame began; return the seconds that its last chunk takes."""
        now = self._clock.now()
        early = date - (now + timedelta(seconds=elapsed - self._frame_took))
        first, self._dated = not self._dated, True
        if abs(early) <= _TOLERANCE:
            return elapsed
        if first or early < timedelta(0):
            # Set the clock instead of waiting: at the first DATE no reading has been dated yet, and a clock that is
            # ahead has no time to wait for.
            self._clock.set(now + early)
            return elapsed
        return elapsed + early.total_seconds()

    def _date_in(self, chunk: bytes) -> datetime | None:
        if self.mode is not Mode.STANDARD or not self._follows_date:
            return None
        for frame in self._dates.feed(chunk):
            for group in frame.groups:
                if group.label == "DATE" and group.horodate and frame.complete:
                    return read_horodate(group.horodate).at
        return None
