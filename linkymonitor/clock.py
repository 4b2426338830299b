"""Two clocks in one: the wall clock that dates records, and the monotonic one that acts."""

# Strategy
#
# - Whatever acts (relays, lamps, pages, time-outs) looks at monotonic() alone. now() only dates what is
#   written, so a wall clock that jumps can neither hold nor release a relay.
# - A Pi Zero has no battery: at boot the wall clock is behind by as long as the power was off, and later
#   anybody may set it, right or wrong. A Timeline therefore keeps the time of the log by itself: an offset to
#   the monotonic clock, which changes only when somebody vouches for a better one (a time service, the meter)
#   or after long enough that nobody will.
# - A file is replayed on the time of the wire: both clocks are then driven by the bytes themselves.

from __future__ import annotations

import math
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from linkymonitor import RELEASED

#: The day this version was made: no meter is read before it.
BUILT = datetime.fromisoformat(RELEASED).replace(tzinfo=UTC)
#: A wall clock that nobody vouches for is believed so many seconds after the boot, or after it was set.
LONGEST_DOUBT = 600.0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
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


class Era:
    """A stretch of the wall clock without a step, between two monotonic times."""

    __slots__ = ("end", "offset", "start")

    def __init__(self, start: float, offset: timedelta) -> None:
        self.start = start
        self.end = math.inf
        #: What the wall clock showed (since 1970) less the monotonic time.
        self.offset = offset


#: How far the wall clock may stray between two looks without being said to step: some noise, and how fast a
#: time service slews it, in seconds and seconds a second.
_NOISE = 0.5
_SLEW = 0.001
#: A time that somebody vouched for is kept so long against a clock that is set otherwise, in seconds.
_LOYALTY = 86400.0
#: How far the meter's DATE may be from the wall clock and still agree: a frame lasts a second or two.
_AGREEMENT = timedelta(seconds=5)
#: fake-hwclock saves the time each hour: a clock that is so little behind the log is wrong, not the log.
_JUST_BEHIND = timedelta(hours=2)
#: Nothing is dated that was so long before the beginning, in seconds.
_OLDEST = 300.0
_ERAS = 32

#: Who vouches for the time of the log.
_NOBODY, _METER, _SERVICE = range(3)


class Timeline:
    """The time of the log: the monotonic clock, and an offset that only good reasons change.

    What happened is dated by the wall clock of its moment; ``date()`` says what that is worth now. Until the
    time is ``settled`` it is worth nothing, because the clock of a Pi is wrong when it boots. Once it is, a
    wall clock that is stepped is followed

    - at once, when a time service vouches for it, or the meter's DATE agrees;
    - after LONGEST_DOUBT, when nobody had vouched for the time before either; after a day, when somebody had.

    Args:
        clock: the clock of the machine, or what drives a replay.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Stamp of the newest line known: a clock that is earlier is not the right one yet.
        self.newest: datetime | None = None
        self._seen, offset = self._read()
        self._began = self._seen
        self._eras = [Era(self._began - _OLDEST, offset)]
        #: The offset of the log's own time to the monotonic clock.
        self._anchor: timedelta | None = None
        self._voucher = _NOBODY
        self._doubt_ends = self._began + clock.patience()
        #: What the wall clock was last set to, if it was.
        self._set_to: datetime | None = None
        self._asked = -math.inf
        self._meter: timedelta | None = None

    @property
    def settled(self) -> bool:
        """Whether anything can be dated."""
        return self._anchor is not None

    @property
    def vouched(self) -> bool:
        """Whether a time service or the meter has vouched for the time."""
        return self._voucher != _NOBODY

    def look(self) -> timedelta:
        """Notice what became of the wall clock; return by how much what was dated before is dated later now."""
        mono, offset = self._read()
        era = self._eras[-1]
        drift = offset - era.offset
        before, anchor = self._seen, self._anchor
        self._seen = mono
        if abs(drift.total_seconds()) > _NOISE + _SLEW * (mono - before):
            era.end = mono
            era = Era(before, offset)
            self._eras = [*self._eras[1 - _ERAS :], era]
            self._set_to = self._wall(mono, offset)
            self._asked = -math.inf
            if anchor is None or abs((offset - anchor).total_seconds()) > _NOISE:
                self._doubt_ends = mono + (_LOYALTY if self.vouched else LONGEST_DOUBT)
            else:
                self._anchor = offset  # back where it was
        elif drift:
            era.offset = offset
            if anchor is not None:
                self._anchor = anchor + drift
        anchor = self._anchor
        self._settle(mono, offset)
        return self._change(anchor)

    def hear_meter(self, at: datetime, date: datetime) -> timedelta:
        """Take the meter's own *date*, heard when the wall clock showed *at*; return as look() does."""
        wall, anchor, before = self._eras[-1].offset, self._anchor, self._meter
        at, era = self.place(at)
        said = era.offset + (date - at)
        self._meter = said
        if (self._voucher == _SERVICE and anchor == wall) or date < BUILT:
            return timedelta(0)
        if before is None or abs(said - before) > _AGREEMENT:
            return timedelta(0)  # twice, or it may be noise
        if anchor is not None and abs(anchor - said) <= _AGREEMENT and abs(wall - said) > _AGREEMENT:
            self._adopt(anchor, max(self._voucher, _METER))
        else:
            self._adopt(wall if abs(wall - said) <= _AGREEMENT else said, _METER)
        return self._change(anchor)

    def assume(self) -> bool:
        """Settle the time without waiting longer; return False when it is no better than the earliest possible.

        What the clock showed first is taken if it can be: before a time service has set it, it is only ever
        behind. Else it is as if the power had been off for no time since the newest line.
        """
        first = self._eras[0].offset
        possible = self._wall(self._began, first) >= self._earliest()
        self._adopt(first if possible else self._earliest_offset(), _NOBODY)
        return possible

    def place(self, at: datetime) -> tuple[datetime, Era]:
        """Return *at* with the stretch of the wall clock that it was read from: the latest that can be.

        What was read from a clock that was set and set back before anybody looked is placed now.
        """
        since_epoch = at - _EPOCH
        for era in reversed(self._eras):
            mono = (since_epoch - era.offset).total_seconds()
            if era.start - _NOISE <= mono <= min(era.end, self._seen) + _NOISE:
                return at, era
        era = self._eras[-1]
        return self._wall(self._seen, era.offset), era

    def date(self, at: datetime, era: Era) -> datetime:
        """Return when it was that the wall clock showed *at* in *era*; only once settled."""
        assert self._anchor is not None
        return at + (self._anchor - era.offset)

    def now(self) -> datetime:
        """Return the time of the log; only once settled."""
        return self.date(self._wall(self._seen, self._eras[-1].offset), self._eras[-1])

    def _settle(self, mono: float, wall: timedelta) -> None:
        """Decide whether what the wall clock shows is the time."""
        if self._voucher == _SERVICE and self._anchor == wall:
            return
        possible = self._clock.trusted(_EPOCH)
        if possible and mono >= self._asked + 1.0:
            self._asked = mono
            if self._clock.synchronized(self._set_to):
                self._adopt(wall, _SERVICE)
                return
        if self._anchor == wall or mono < self._doubt_ends or not possible:
            return
        if self._anchor is not None or self.newest is None or self._clock.trusted(self.newest):
            self._adopt(wall, _NOBODY)
        elif self.newest - self._wall(mono, wall) <= _JUST_BEHIND:
            self._adopt(self._earliest_offset(), _NOBODY)
        elif mono >= self._began + LONGEST_DOUBT:
            # A log from the future must not keep the present from being written for ever.
            self._adopt(wall, _NOBODY)

    def _adopt(self, offset: timedelta, voucher: int) -> None:
        self._anchor, self._voucher = offset, voucher
        self._doubt_ends = self._seen + (_LOYALTY if voucher else LONGEST_DOUBT)

    def _change(self, before: timedelta | None) -> timedelta:
        if before is None or self._anchor is None:
            return timedelta(0)
        return self._anchor - before

    def _earliest(self) -> datetime:
        return max(BUILT, self.newest + _SECOND) if self.newest else BUILT

    def _earliest_offset(self) -> timedelta:
        return self._earliest() - _EPOCH - timedelta(seconds=self._began)

    def _read(self) -> tuple[float, timedelta]:
        """Return the monotonic time, and what the wall clock is ahead of it."""
        for _ in range(3):
            before = self._clock.monotonic()
            wall = self._clock.now()
            mono = self._clock.monotonic()
            if mono - before < 0.01:
                break  # nobody came between
        return mono, wall - _EPOCH - timedelta(seconds=mono)

    @staticmethod
    def _wall(mono: float, offset: timedelta) -> datetime:
        return _EPOCH + offset + timedelta(seconds=mono)
