"""Two clocks in one: the wall clock and the monotonic one."""

# Strategy
#
# - Whatever acts (relays, lamps, pages, time-outs) looks at monotonic() alone. now() only dates what is
#   written, so a wall clock that jumps can neither hold nor release a relay.
# - The wall clock of a Pi Zero is wrong when it boots, and may be set at any time: what it shows is not a date
#   yet. timeline.py makes one of it.
# - A file is replayed on the time of the wire: both clocks are then driven by the bytes themselves.

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from linkymonitor import RELEASED

#: The day this version was made: no meter is read before it.
BUILT = datetime.fromisoformat(RELEASED).replace(tzinfo=UTC)
#: A wall clock that nobody vouches for is believed so many seconds after the boot, or after it was set.
LONGEST_DOUBT = 600.0

#: systemd-timesyncd touches it each time that it has set the clock.
_TOUCHED = "/run/systemd/timesync/synchronized"
#: There where systemd runs the machine, and these may set the clock sooner or later.
_SYSTEMD = "/run/systemd/system"
_TIME_SERVICES = (
    "/usr/lib/systemd/systemd-timesyncd",
    "/lib/systemd/systemd-timesyncd",
    "/usr/sbin/chronyd",
    "/usr/sbin/ntpd",
    "/usr/sbin/openntpd",
)
#: There where a battery keeps the time while the power is off.
_BATTERY_CLOCK = "/sys/class/rtc/rtc0"
#: adjtimex(2): what it returns while the clock is not synchronised, and more than its struct takes.
_TIME_ERROR, _TIMEX_BYTES = 5, 512


class Clock(Protocol):
    """The time, as everything in the package asks for it."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""

    def trusted(self, not_before: datetime) -> bool:
        """Return whether now() may be the time, the newest known stamp being *not_before*."""

    def synchronized(self, since: datetime | None) -> bool:
        """Return whether a time service vouches for now(); when the clock was stepped to *since*, after that."""

    def patience(self) -> float:
        """Return for how many seconds from now a time service may still be expected to set a new clock."""

    def kept(self) -> bool:
        """Return False when the wall clock cannot know how long the machine was off, nor was set since."""


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

    def synchronized(self, since: datetime | None) -> bool:
        """Return whether systemd-timesyncd has set the clock (since then), else what the kernel says."""
        try:
            touched = os.stat(_TOUCHED).st_mtime  # noqa: PTH116 -- pathlib would build a path each second
        except OSError:
            return _kernel_is_synchronized()
        # The file lives until the next boot: who set the clock after it was touched counts.
        return (since is None or touched >= since.timestamp()) and touched <= time.time() + 1.0

    def patience(self) -> float:
        """Return what is left of the first ten minutes after the boot; 0 where nobody will set the clock."""
        if not os.path.exists(_SYSTEMD) or not any(map(os.path.exists, _TIME_SERVICES)):  # noqa: PTH110
            return 0.0
        return max(LONGEST_DOUBT - time.clock_gettime(time.CLOCK_BOOTTIME), 0.0)

    def kept(self) -> bool:
        """Return True with a battery clock, or so long after the boot that somebody may have set the clock."""
        if os.path.exists(_BATTERY_CLOCK):  # noqa: PTH110 -- no pathlib for one question
            return True
        return time.clock_gettime(time.CLOCK_BOOTTIME) > LONGEST_DOUBT


def _kernel_is_synchronized() -> bool:
    """Return whether a time service keeps the clock of the kernel; who sets it by hand ends that (adjtimex(2))."""
    import ctypes

    # A struct timex of zeros asks for nothing to be changed.
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR


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

    def synchronized(self, since: datetime | None) -> bool:
        """Return True, for the same reason."""
        return True

    def patience(self) -> float:
        """Return 0: there is nobody to wait for."""
        return 0.0

    def kept(self) -> bool:
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
