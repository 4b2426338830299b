"""Two clocks in one: the wall clock that dates records, and the monotonic one that acts."""

# Strategy
#
# - Whatever acts (relays, lamps, pages, time-outs) looks at monotonic() alone. now() only dates what is
#   written, so a wall clock that jumps can neither hold nor release a relay.
# - A Pi Zero has no battery: at boot the wall clock is behind by as long as the power was off. trusted()
#   says whether now() may date a line; what is read before that is held and dated backwards from the
#   monotonic stamps once the clock is right.
# - A file is replayed on the time of the wire: both clocks are then driven by the bytes themselves.

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

#: The day this version was made: no meter is read before it.
BUILT = datetime(2026, 11, 21, tzinfo=UTC)


class Clock(Protocol):
    """The time, as everything in the package asks for it."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""

    def trusted(self, not_before: datetime) -> bool:
        """Return whether now() may date a record, the newest known stamp being *not_before*."""


class SystemClock:
    """The clocks of the machine."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the kernel's monotonic clock, in seconds."""
        return time.monotonic()

    def trusted(self, not_before: datetime) -> bool:
        """Return False while the wall clock is earlier than the build or than *not_before*."""
        return self.now() >= max(BUILT, not_before)


class WireClock:
    """A clock that the bytes of a replay drive, and that tests advance by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """Return the wall time of the wire, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds of wire elapsed, from an arbitrary start."""
        return self._monotonic

    def trusted(self, not_before: datetime) -> bool:
        """Return True: whoever replays a file says when it happened."""
        return True

    def advance(self, seconds: float) -> None:
        """Let both clocks run by *seconds*."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Put the wall clock at *now*; the monotonic clock does not notice."""
        self._now = now.astimezone(UTC)

    def catch_up(self) -> None:
        """Take note that a read from below is over; only a clock that also follows real time cares."""


class StreamClock(WireClock):
    """The clock of stdin: the later of the time of the wire and the real one."""

    def __init__(self, real: Clock) -> None:
        super().__init__(real.now())
        self._real = real
        self._started = real.monotonic() - self.monotonic()

    def catch_up(self) -> None:
        """Let the time pass that has really passed since the start, if the wire took less."""
        behind = self._real.monotonic() - self._started - self.monotonic()
        if behind > 0:
            self.advance(behind)
