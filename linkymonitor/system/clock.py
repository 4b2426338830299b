"""Two clocks in one, the wall clock and the monotonic one, and the one time of the house made of them."""

# Strategy
#
# - Whatever acts (relays, lamps, pages, time-outs) looks at monotonic() alone. now() only dates what is
#   written, so a wall clock that jumps can neither hold nor release a relay.
# - A Pi Zero has no battery: at boot the wall clock is behind by as long as the power was off, and later
#   anybody may set it, right or wrong. The Timeline therefore keeps the time of the house by itself: an offset
#   to the monotonic clock, which changes only when somebody vouches for a better one (a time service, the meter)
#   or after long enough that nobody will (docs/adr/0020).
# - There is one Timeline. It dates readings, records, the energy of the day, latest.json and the clock of the
#   display, so that they cannot disagree.
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


class Era:
    """A stretch of the time of the house without a step, between two monotonic times."""

    __slots__ = ("end", "offset", "start")

    def __init__(self, start: float, offset: timedelta) -> None:
        self.start = start
        self.end = math.inf
        #: What the house clock showed (since 1970) less the monotonic time.
        self.offset = offset


#: How far a clock may stray between two looks without a step: some noise, and how fast a time service slews it,
#: in seconds and seconds a second.
_NOISE = 0.5
_SLEW = 0.001
#: A time that somebody vouched for is kept so long against a clock that is set otherwise, in seconds.
_LOYALTY = 86400.0
#: How far the meter's DATE may be from the wall clock and still agree: a frame lasts a second or two.
_AGREEMENT = timedelta(seconds=5)
#: Clocks of meters are hours off now and then; a wall clock that differs by more is itself wrong.
_WORST_METER = timedelta(days=1)
#: fake-hwclock saves the time each hour: a clock that is so little behind the log is wrong, not the log.
_JUST_BEHIND = timedelta(hours=2)
#: Nothing is dated that was so long before the beginning, in seconds.
_OLDEST = 300.0
_ERAS = 32

#: Who vouches for the time of the house.
_NOBODY, _METER, _SERVICE = range(3)


class Timeline:
    """The time of the house: the monotonic clock, and an offset that only good reasons change.

    Until it is ``settled`` the time is worth nothing, because the clock of a Pi is wrong when it boots: ``read()``
    then returns what the wall clock shows, and ``date()`` later says when that was. Once it is settled, a wall
    clock that is stepped is followed

    - at once, when a time service vouches for it, or the meter's DATE agrees;
    - after LONGEST_DOUBT, when nobody had vouched for the time before either; after a day, when somebody had.

    The meter's DATE vouches for a wall clock that agrees with it. It is the time itself only where the wall clock
    is plainly wrong (docs/adr/0020).

    Args:
        clock: the clock of the machine, or what drives a replay.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Stamp of the newest line known: a clock that is earlier is not the right one yet.
        self.newest: datetime | None = None
        #: By how much, in all, steps of the time have moved what was dated before them.
        self.shifted = timedelta(0)
        #: The offset of the wall clock to the monotonic clock, at the last look.
        self._seen, self._wall = self._read()
        self._began, self._first = self._seen, self._wall
        self._kept = clock.kept()
        self._eras = [Era(self._began - _OLDEST, self._wall)]
        #: The offset of the time of the house to the monotonic clock.
        self._anchor: timedelta | None = None
        self._voucher = _NOBODY
        self._doubt_ends = self._began + clock.patience()
        #: What the wall clock was last set to, if it was.
        self._set_to: datetime | None = None
        self._asked = -math.inf
        #: The offset of the meter's clock: as heard last, and as two frames in a row had it.
        self._meter_heard: timedelta | None = None
        self._meter: timedelta | None = None

    @property
    def settled(self) -> bool:
        """Whether anything can be dated."""
        return self._anchor is not None

    @property
    def vouched(self) -> bool:
        """Whether a time service or the meter has vouched for the time."""
        return self._voucher != _NOBODY

    @property
    def meter_ahead(self) -> timedelta | None:
        """How far the meter's clock is ahead of the house's; None while one of them is not known."""
        if self._anchor is None or self._meter is None:
            return None
        return self._meter - self._anchor

    def read(self) -> datetime:
        """Return what the clock of the house shows at this moment: what the wall clock does, until settled."""
        self.look()
        return self._at(self._seen, self._eras[-1].offset)

    def known(self) -> datetime | None:
        """Return the time at this moment; None until settled."""
        now = self.read()
        return now if self.settled else None

    def look(self) -> None:
        """Check the wall clock for steps, and whether anything vouches for it."""
        mono, wall = self._read()
        before, self._seen = self._seen, mono
        drift, self._wall = wall - self._wall, wall
        anchor = self._anchor
        if _is_step(drift, mono - before):
            self._set_to = self._at(mono, wall)
            self._asked = -math.inf
            if anchor is None or _is_step(wall - anchor, 0.0):
                self._doubt_ends = mono + (_LOYALTY if self.vouched else LONGEST_DOUBT)
            else:
                self._anchor = wall  # back where it was
        elif anchor is not None:
            self._anchor = anchor + drift
        self._settle(mono, wall)
        self._show(before)

    def hear_meter(self, date: datetime) -> None:
        """Take the meter's own *date* of the frame that has just been heard."""
        self.look()
        said, before = date - _EPOCH - timedelta(seconds=self._seen), self._meter_heard
        self._meter_heard = said
        if date < BUILT or before is None or abs(said - before) > _AGREEMENT:
            return  # twice, or it may be noise
        self._meter = said
        wall, anchor = self._wall, self._anchor
        if self._voucher == _SERVICE and anchor == wall:
            return
        if abs(wall - said) <= _AGREEMENT:
            self._adopt(wall, _METER)
        elif anchor is not None and abs(anchor - said) <= _AGREEMENT:
            self._adopt(anchor, max(self._voucher, _METER))
        elif self._voucher != _SERVICE and self._is_plainly_wrong(said):
            self._adopt(said, _METER)
        self._show(self._seen)

    def assume(self) -> bool:
        """Settle the time without waiting longer; return False when it is no better than the earliest possible.

        What the clock showed first is taken if it can be: before a time service has set it, it is only ever
        behind. Else it is as if the power had been off for no time since the newest line.
        """
        possible = self._at(self._began, self._first) >= self._earliest()
        self._adopt(self._first if possible else self._earliest_offset(), _NOBODY)
        self._show(self._seen)
        return possible

    def place(self, at: datetime) -> tuple[datetime, Era]:
        """Return *at*, which the clock of the house showed, with its stretch of time: the latest that can be.

        What it has never shown is placed now.
        """
        since_epoch = at - _EPOCH
        for era in reversed(self._eras):
            mono = (since_epoch - era.offset).total_seconds()
            if era.start - _NOISE <= mono <= min(era.end, self._seen) + _NOISE:
                return at, era
        era = self._eras[-1]
        return self._at(self._seen, era.offset), era

    def date(self, at: datetime, era: Era) -> datetime:
        """Return when it was that the clock of the house showed *at* in *era*; only once settled."""
        assert self._anchor is not None
        return at + (self._anchor - era.offset)

    def now(self) -> datetime:
        """Return the time of the last look; only once settled."""
        assert self._anchor is not None
        return self._at(self._seen, self._anchor)

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
        elif self.newest - self._at(mono, wall) <= _JUST_BEHIND:
            self._adopt(self._earliest_offset(), _NOBODY)
        elif mono >= self._began + LONGEST_DOUBT:
            # A log from the future must not keep the present from being written for ever.
            self._adopt(wall, _NOBODY)

    def _is_plainly_wrong(self, said: timedelta) -> bool:
        """Return whether the wall clock cannot be right, the meter's clock having the offset *said*."""
        if not self._clock.trusted(self.newest or _EPOCH) or abs(said - self._wall) > _WORST_METER:
            return True
        # Without a battery a clock goes on from where the power found it.
        return not self._kept and self._set_to is None and said > self._wall

    def _adopt(self, offset: timedelta, voucher: int) -> None:
        if self._anchor is not None and _is_step(offset - self._anchor, 0.0):
            self.shifted += offset - self._anchor
        self._anchor, self._voucher = offset, voucher
        self._doubt_ends = self._seen + (_LOYALTY if voucher else LONGEST_DOUBT)

    def _show(self, before: float) -> None:
        """Begin another era when the time of the house has stepped since the monotonic time *before*."""
        shown = self._wall if self._anchor is None else self._anchor
        era = self._eras[-1]
        if _is_step(shown - era.offset, self._seen - before):
            era.end = self._seen
            self._eras = [*self._eras[1 - _ERAS :], Era(before, shown)]
        else:
            era.offset = shown

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
    def _at(mono: float, offset: timedelta) -> datetime:
        return _EPOCH + offset + timedelta(seconds=mono)


def _is_step(change: timedelta, seconds: float) -> bool:
    """Return whether a clock that has changed by so much within *seconds* was set, rather than slewed."""
    return abs(change.total_seconds()) > _NOISE + _SLEW * seconds
