"""The one time of the house, made of the wall clock, the monotonic clock, a time service and the meter's clock."""

# Strategy
#
# - A Pi Zero has no battery for its clock. At boot the wall clock is behind by as long as the power was off, and
#   later anybody may set it, right or wrong. So the Timeline keeps the time of the house as an offset to the monotonic
#   clock. The offset changes only when a time service or the meter vouches for a better one, or after a long time in
#   which nobody vouched (docs/adr/0020).
# - There is one Timeline. It dates readings, records, the energy of the day, latest.json and the clock of the
#   display, so that they cannot disagree.
# - Before the time is settled, a time is stored as what the house clock showed, with its Era. Once the time is
#   settled, date() turns the pair into the right time.

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from linkymonitor.system.clock import BUILT, LONGEST_DOUBT, Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
#: A change of the clock between two looks is no step while it is at most this noise, in seconds, plus the rate at
#: which a time service slews a clock, in seconds a second.
_NOISE = 0.5
_SLEW = 0.001
#: When somebody vouched for the time, a wall clock that is then stepped is not followed for so many seconds.
_LOYALTY = 86400.0
#: The meter's DATE and the wall clock agree when they differ by at most this: a frame lasts a second or two.
_AGREEMENT = timedelta(seconds=5)
#: The clock of a meter may be wrong by hours; when the difference is larger than this, the wall clock is wrong.
_WORST_METER = timedelta(days=1)
#: fake-hwclock saves the time each hour. When the clock is behind the log by at most this, the log is right.
_JUST_BEHIND = timedelta(hours=2)
#: Lines may be about times so many seconds before the start of the program.
_OLDEST = 300.0
_ERAS = 32


class _Voucher(IntEnum):
    """The source that vouches for the time of the house, in the order of trust."""

    NOBODY = 0
    METER = 1
    SERVICE = 2


class Era:
    """A stretch of the time of the house without a step, between two monotonic times."""

    __slots__ = ("end", "offset", "start")

    def __init__(self, start: float, offset: timedelta) -> None:
        self.start = start
        self.end = math.inf
        #: The time that the house clock showed, since 1970, minus the monotonic time.
        self.offset = offset


class Timeline:
    """The time of the house: the monotonic clock plus an offset.

    Until the time is ``settled``, nobody knows it, because the clock of a Pi is wrong when it boots. ``read()``
    then returns what the wall clock shows, and ``date()`` later turns that into the right time. Once the time is
    settled, a step of the wall clock is followed

    - at once, when a time service vouches for the wall clock, or the meter's DATE agrees with it;
    - after LONGEST_DOUBT, when nobody had vouched for the time before the step; after a day, when somebody had.

    The meter's DATE vouches for a wall clock that agrees with it. It replaces the wall clock only when that is
    plainly wrong (docs/adr/0020).

    Args:
        clock: the clock of the machine, or that of a replay.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: The stamp of the newest known line: a clock that shows an earlier time is wrong.
        self.newest: datetime | None = None
        #: The sum of all steps of the settled time.
        self.shifted = timedelta(0)
        #: The last look at the clocks: the monotonic time, and the offset of the wall clock to it.
        self._seen, self._wall = self._read()
        self._began, self._first = self._seen, self._wall
        self._kept = clock.kept()
        self._eras = [Era(self._began - _OLDEST, self._wall)]
        #: The offset of the time of the house to the monotonic clock; None until the time is settled.
        self._anchor: timedelta | None = None
        self._voucher = _Voucher.NOBODY
        self._doubt_ends = self._began + clock.patience()
        #: The time to which the wall clock was last stepped; None when it was not.
        self._set_to: datetime | None = None
        self._asked = -math.inf
        #: The offset of the meter's clock to the monotonic clock: in the last frame, and as two frames in a row agreed.
        self._meter_heard: timedelta | None = None
        self._meter: timedelta | None = None

    @property
    def settled(self) -> bool:
        """Whether the time is known, so that `date` and `now` may be called."""
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
        """Return the time that the clock of the house shows now; until the time is settled, that of the wall clock."""
        self.look()
        return self._at(self._seen, self._eras[-1].offset)

    def known(self) -> datetime | None:
        """Return the time now; None until the time is settled."""
        now = self.read()
        return now if self.settled else None

    def look(self) -> None:
        """Check the wall clock for steps, and ask the time service; call this at least once a second."""
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
                self._anchor = wall  # the wall clock was stepped back to the time of the house
        elif anchor is not None:
            self._anchor = anchor + drift
        self._settle(mono, wall)
        self._show(before)

    def hear_meter(self, date: datetime) -> datetime:
        """Compare *date*, the meter's own DATE in the frame that has just come, with the wall clock.

        Returns:
            The time that the house clock shows afterwards.
        """
        self.look()
        self._compare(date)
        return self._at(self._seen, self._eras[-1].offset)

    def _compare(self, date: datetime) -> None:
        offset, before = date - _EPOCH - timedelta(seconds=self._seen), self._meter_heard
        self._meter_heard = offset
        if date < BUILT or before is None or abs(offset - before) > _AGREEMENT:
            return  # a single frame may be noise: two must agree
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
        """Settle the time without waiting longer; return False when that had to be the earliest possible time.

        The time that the wall clock showed at the start is taken if it is possible: until a time service has set it,
        the clock is only ever behind. Else the start of the program is dated a second after the newest line.
        """
        possible = self._at(self._began, self._first) >= self._earliest()
        self._adopt(self._first if possible else self._earliest_offset(), _Voucher.NOBODY)
        self._show(self._seen)
        return possible

    def place(self, at: datetime) -> tuple[datetime, Era]:
        """Return *at*, a time that the clock of the house showed, and the latest era in which it showed it.

        A time that it never showed is replaced by the time now, in the current era.
        """
        since_epoch = at - _EPOCH
        for era in reversed(self._eras):
            mono = (since_epoch - era.offset).total_seconds()
            if era.start - _NOISE <= mono <= min(era.end, self._seen) + _NOISE:
                return at, era
        era = self._eras[-1]
        return self._at(self._seen, era.offset), era

    def date(self, at: datetime, era: Era) -> datetime:
        """Return the right time of the moment at which the clock of the house showed *at* in *era*.

        The time must be settled.
        """
        assert self._anchor is not None
        return at + (self._anchor - era.offset)

    def now(self) -> datetime:
        """Return the time of the last look. The time must be settled."""
        assert self._anchor is not None
        return self._at(self._seen, self._anchor)

    def _settle(self, mono: float, wall: timedelta) -> None:
        """Decide whether the wall clock becomes the time of the house."""
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
            # Lines with stamps in the future must not stop the log for ever.
            self._adopt(wall, _Voucher.NOBODY)

    def _is_plainly_wrong(self, offset: timedelta) -> bool:
        """Return whether the wall clock cannot be right, when *offset* is that of the meter's clock."""
        if not self._clock.trusted(self.newest or _EPOCH) or abs(offset - self._wall) > _WORST_METER:
            return True
        # Without a battery the clock goes on from the time of the power cut, so it can only be behind.
        return not self._kept and self._set_to is None and offset > self._wall

    def _adopt(self, offset: timedelta, voucher: _Voucher) -> None:
        if self._anchor is not None and _is_step(offset - self._anchor, 0.0):
            self.shifted += offset - self._anchor
        self._anchor, self._voucher = offset, voucher
        self._doubt_ends = self._seen + (_LOYALTY if voucher else LONGEST_DOUBT)

    def _show(self, before: float) -> None:
        """Begin a new era when the time that the house clock shows has stepped since the monotonic time *before*."""
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
        """Return the monotonic time in seconds, and the offset of the wall clock to it."""
        for _ in range(3):
            before = self._clock.monotonic()
            wall = self._clock.now()
            mono = self._clock.monotonic()
            if mono - before < 0.01:
                break  # no other process ran between the two calls
        return mono, wall - _EPOCH - timedelta(seconds=mono)

    @staticmethod
    def _at(mono: float, offset: timedelta) -> datetime:
        return _EPOCH + offset + timedelta(seconds=mono)


def _is_step(change: timedelta, seconds: float) -> bool:
    """Return whether a clock whose offset changed by *change* within *seconds* was set, rather than slewed."""
    return abs(change.total_seconds()) > _NOISE + _SLEW * seconds
