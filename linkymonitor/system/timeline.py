"""The one time of the house, made of the wall clock, the monotonic clock and those who vouch for the time."""

# Strategy
#
# - A Pi Zero has no battery: at boot the wall clock is behind by as long as the power was off, and later
#   anybody may set it, right or wrong. The Timeline therefore keeps the time of the house by itself: an offset
#   to the monotonic clock, which changes only when somebody vouches for a better one (a time service, the meter)
#   or after long enough that nobody will (docs/adr/0020).
# - There is one Timeline. It dates readings, records, the energy of the day, latest.json and the clock of the
#   display, so that they cannot disagree.

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from linkymonitor.system.clock import BUILT, LONGEST_DOUBT, Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
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


class _Voucher(IntEnum):
    """Who vouches for the time of the house."""

    NOBODY = 0
    METER = 1
    SERVICE = 2


class Era:
    """A stretch of the time of the house without a step, between two monotonic times."""

    __slots__ = ("end", "offset", "start")

    def __init__(self, start: float, offset: timedelta) -> None:
        self.start = start
        self.end = math.inf
        #: What the house clock showed (since 1970) less the monotonic time.
        self.offset = offset


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
        self._voucher = _Voucher.NOBODY
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
        return self._voucher != _Voucher.NOBODY

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
        offset, before = date - _EPOCH - timedelta(seconds=self._seen), self._meter_heard
        self._meter_heard = offset
        if date < BUILT or before is None or abs(offset - before) > _AGREEMENT:
            return  # twice, or it may be noise
        self._meter = offset
        wall, anchor = self._wall, self._anchor
        if self._voucher == _Voucher.SERVICE and anchor == wall:
            return
        if abs(wall - offset) <= _AGREEMENT:
            self._adopt(wall, _Voucher.METER)
        elif anchor is not None and abs(anchor - offset) <= _AGREEMENT:
            self._adopt(anchor, max(self._voucher, _Voucher.METER))
        elif self._voucher != _Voucher.SERVICE and self._is_plainly_wrong(offset):
            self._adopt(offset, _Voucher.METER)
        self._show(self._seen)

    def assume(self) -> bool:
        """Settle the time without waiting longer; return False when it is no better than the earliest possible.

        What the clock showed first is taken if it can be: before a time service has set it, it is only ever
        behind. Else it is as if the power had been off for no time since the newest line.
        """
        possible = self._at(self._began, self._first) >= self._earliest()
        self._adopt(self._first if possible else self._earliest_offset(), _Voucher.NOBODY)
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
        if self._voucher == _Voucher.SERVICE and self._anchor == wall:
            return
        possible = self._clock.trusted(_EPOCH)
        if possible and mono >= self._asked + 1.0:
            self._asked = mono
            if self._clock.synchronized(self._set_to):
                self._adopt(wall, _Voucher.SERVICE)
                return
        if self._anchor == wall or mono < self._doubt_ends or not possible:
            return
        if self._anchor is not None or self.newest is None or self._clock.trusted(self.newest):
            self._adopt(wall, _Voucher.NOBODY)
        elif self.newest - self._at(mono, wall) <= _JUST_BEHIND:
            self._adopt(self._earliest_offset(), _Voucher.NOBODY)
        elif mono >= self._began + LONGEST_DOUBT:
            # A log from the future must not keep the present from being written for ever.
            self._adopt(wall, _Voucher.NOBODY)

    def _is_plainly_wrong(self, offset: timedelta) -> bool:
        """Return whether the wall clock cannot be right, the meter's clock having the offset *offset*."""
        if not self._clock.trusted(self.newest or _EPOCH) or abs(offset - self._wall) > _WORST_METER:
            return True
        # Without a battery a clock goes on from where the power found it.
        return not self._kept and self._set_to is None and offset > self._wall

    def _adopt(self, offset: timedelta, voucher: _Voucher) -> None:
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
