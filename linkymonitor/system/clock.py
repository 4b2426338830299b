"""The clocks of the machine and those of a replay: wall time and monotonic time."""

# Strategy
#
# - Relays, lamps, pages and time-outs use monotonic() alone. now() only dates what is written, so a wall clock that
#   jumps can neither hold nor release a relay.
# - The wall clock of a Pi Zero is wrong when it boots, and may be set at any time. So now() is not used as a date
#   directly: timeline.py makes the time of the house of it.
# - A file is replayed on the time of the wire: the number of bytes that were read advances both clocks.

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from linkymonitor import RELEASED

#: The day of this version; a wall clock that shows an earlier day is wrong.
BUILT = datetime.fromisoformat(RELEASED).replace(tzinfo=UTC)
#: A wall clock that nobody vouches for is accepted so many seconds after the boot, or after it was set.
LONGEST_DOUBT = 600.0

#: systemd-timesyncd touches this file each time that it has set the clock.
_TOUCHED = "/run/systemd/timesync/synchronized"
#: This folder exists where systemd runs the machine. There, one of these services may set the clock after the boot.
_SYSTEMD = "/run/systemd/system"
TIME_SERVICES = (
    "/usr/lib/systemd/systemd-timesyncd",
    "/lib/systemd/systemd-timesyncd",
    "/usr/sbin/chronyd",
    "/usr/sbin/ntpd",
    "/usr/sbin/openntpd",
)
#: This file exists where a battery keeps the time while the power is off.
_BATTERY_CLOCK = "/sys/class/rtc/rtc0"
#: adjtimex(2): its result while the clock is not synchronised, and a size that is larger than its struct.
_TIME_ERROR, _TIMEX_BYTES = 5, 512


class Clock(Protocol):
    """The clocks that the package uses, and what is known of their quality."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return the monotonic time in seconds; it never goes back."""

    def trusted(self, not_before: datetime) -> bool:
        """Return False when now() is impossible: earlier than *not_before*, or than this version."""

    def synchronized(self, since: datetime | None) -> bool:
        """Return whether a time service vouches for now().

        Args:
            since: the wall time to which the clock was last stepped; a time service must have set it after that. None
                when the clock was not stepped.
        """

    def patience(self) -> float:
        """Return for how many more seconds a time service is expected to set the clock after the boot."""

    def kept(self) -> bool:
        """Return False when the wall clock has no battery, and nobody can have set it since the boot."""


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
        """Return whether systemd-timesyncd has set the clock after *since*; without it, the state of the kernel."""
        try:
            touched = os.stat(_TOUCHED).st_mtime  # noqa: PTH116 -- pathlib would build a path each second
        except OSError:
            return _kernel_is_synchronized()
        # The file stays until the next boot. A touch before *since* is older than the last step of the clock.
        return (since is None or touched >= since.timestamp()) and touched <= time.time() + 1.0

    def patience(self) -> float:
        """Return the rest of the first ten minutes after the boot, in seconds; 0 without a time service."""
        if not os.path.exists(_SYSTEMD) or not any(map(os.path.exists, TIME_SERVICES)):  # noqa: PTH110
            return 0.0
        return max(LONGEST_DOUBT - time.clock_gettime(time.CLOCK_BOOTTIME), 0.0)

    def kept(self) -> bool:
        """Return True with a battery clock, or ten minutes after the boot: somebody may have set the clock by then."""
        if os.path.exists(_BATTERY_CLOCK):  # noqa: PTH110 -- no pathlib for a single path
            return True
        return time.clock_gettime(time.CLOCK_BOOTTIME) > LONGEST_DOUBT


def _kernel_is_synchronized() -> bool:
    """Return whether a time service keeps the kernel's clock; False once somebody sets it by hand (adjtimex(2))."""
    import ctypes

    # adjtimex(2) changes nothing when its struct timex is all zeros.
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state < _TIME_ERROR


class WireClock:
    """The clock of a replay: the bytes that are read advance it; a test advances it by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """Return the wall time of the wire, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the monotonic time of the wire, in seconds from an arbitrary start."""
        return self._monotonic

    def trusted(self, not_before: datetime) -> bool:
        """Return True: the file or the user gives the time of a replay."""
        return True

    def synchronized(self, since: datetime | None) -> bool:
        """Return True: the file or the user gives the time of a replay."""
        return True

    def patience(self) -> float:
        """Return 0: no time service sets this clock."""
        return 0.0

    def kept(self) -> bool:
        """Return True: the file or the user gives the time of a replay."""
        return True

    def advance(self, seconds: float) -> None:
        """Move both times forward by *seconds*."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, now: datetime) -> None:
        """Set the wall time to *now*; the monotonic time does not change."""
        self._now = now.astimezone(UTC)

    def catch_up(self) -> None:
        """Follow the real time after a read that may have waited; here there is nothing to do."""


class StreamClock(WireClock):
    """The clock of a stream that comes live, such as stdin: the later of the time of the wire and the real time."""

    def __init__(self, real: Clock) -> None:
        super().__init__(real.now())
        self._real = real
        self._started = real.monotonic() - self.monotonic()

    def catch_up(self) -> None:
        """Move the time forward to the real time, if the time of the wire is behind it."""
        behind = self._real.monotonic() - self._started - self.monotonic()
        if behind > 0:
            self.advance(behind)
