"""Gathers the readings of some frames into one record, which is one line of the log."""

# Strategy
#
# - A record covers the time from the end of the record before to its own end. Within it the tariff period and the
#   contract stay the same, and so does whether power is injected.
# - Every full and half hour ends a record, so that a day can be cut at any local midnight. Only the frame after the
#   hour shows that the hour has passed. So a record that is full shortly before the hour is kept back until that
#   frame comes, and then ends at the hour.
# - A line of the log is dated to the second. A record that would end in the same second as the record before takes
#   one more frame in: two lines a second would have to be dated ahead of the clock.
# - A silence ends a record too, at the last frame before the silence: the mean power during the silence is unknown.
# - The end of an epoch (epochs.py) ends a record, and the next epoch begins with a record of a single frame. So the
#   energy of the old epoch is counted up to its last index, and that of the new epoch from its first index on.
# - Frames without any measured value make no record: a meter in standby sends its address alone, and noise may leave
#   a frame with one group. Groups that were refused in such frames are counted with the frames that follow.

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from linkymonitor.model.energy import UNBROKEN, IndexFold, whole_seconds
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.state.interval import Interval, has_value

T = TypeVar("T")

#: Registers that no option names.
_AS_MET = frozenset(f"F{number:02d}" for number in range(1, 11))
_HALF_HOUR = timedelta(minutes=30)
_SECOND = timedelta(seconds=1)
#: The longest that a record lasts, however few frames come: pages show a gap between records five minutes apart.
_LONGEST = timedelta(minutes=4)
#: Changes may end several records within a second. Their stamps are then ahead of the clock, but by less than this.
#: A larger lead means that the clock was set back.
_AHEAD = timedelta(seconds=5)
#: A house that injects about nothing may start or stop injecting with each frame. To spare the card, these changes end
#: so many records in a row at most, and after that one record each minute.
_EARLY_ENDS = 20
_EARLY_END_EVERY = timedelta(seconds=60)


class Aggregator:
    """Gathers readings into records.

    Args:
        frames_per_record: believed frames in a record; short frames do not count.
    """

    def __init__(self, frames_per_record: int = 8) -> None:
        self._frames_per_record = frames_per_record
        self._open: Interval | None = None
        self._kept_back: Record | None = None
        #: The full or half hour at which the record that is open, or kept back, must end.
        self._hour = datetime.min.replace(tzinfo=UTC)
        #: Groups refused since the last frame of a record, and whether a short frame since then had an overload.
        self._missed = 0
        self._overload = False
        self._last_at: datetime | None = None
        self._ended_at: datetime | None = None
        #: The second that the log gives to the newest record.
        self._stamp: datetime | None = None
        self._contract: Contract | None = None
        self._period: str | None = None
        self._injecting: bool | None = None
        #: Finds the epochs by the same rules as the display and the report.
        self._fold = IndexFold()
        self._early_ends = _EARLY_ENDS
        self._early_end_at: datetime | None = None

    def add(self, reading: Reading, rejected: int = 0) -> list[Record]:
        """Take the reading of one whole frame; return the records that it ends, oldest first.

        Args:
            reading: of the frame.
            rejected: groups of the frame that were refused.
        """
        at = reading.taken_at
        ended = self._end_by_time(at)
        self._last_at = at
        opens_epoch = self._opens_epoch(reading)
        if self._open is not None and (opens_epoch or self._changes(reading)):
            ended += self._close(self._open.last_at)
        self._follow(reading)
        if self._open is None:
            started_at = at
            if self._ended_at is not None and timedelta(0) <= at - self._ended_at <= UNBROKEN:
                started_at = self._ended_at
            self._open = Interval(started_at)
            self._hour = _half_hour_from(at)
        self._open.add(reading, rejected + self._missed)
        self._open.overload |= self._overload
        self._missed, self._overload = 0, False
        if at == self._hour or opens_epoch:
            ended += self._close(at)
        elif self._is_full(self._open, at) and self._has_a_second_left(at):
            closed = self._close(at)
            if self._hour - at > UNBROKEN:
                ended += closed
            elif closed:
                (self._kept_back,) = closed
        return ended

    def _is_full(self, interval: Interval, at: datetime) -> bool:
        """Return whether *interval*, whose last frame came *at*, has enough frames, or has lasted long enough."""
        return interval.frames >= self._frames_per_record or at - interval.started_at >= _LONGEST

    def add_overload(self, at: datetime, overload: bool | None, rejected: int = 0) -> list[Record]:
        """Take a short frame, which holds currents only; return the records that its time ends, oldest first.

        A short frame has no power and would distort the means, so it does not count as a frame of the record. Its
        overload and its refused groups do count.

        Args:
            at: when it was heard.
            overload: whether more than the subscribed power is drawn.
            rejected: groups of the frame that were refused.
        """
        ended = self._end_by_time(at)
        self._last_at = at
        self._missed += rejected
        if self._open is not None:
            self._open.overload |= bool(overload)
        else:
            self._overload |= bool(overload)
        return ended

    def miss(self, rejected: int) -> None:
        """Take a frame that was not complete: its refused groups count with the frames that follow."""
        self._missed += rejected

    def close(self) -> Record | None:
        """Return the last record, which may be shorter, at the end of the input; None when no frame is left."""
        kept, self._kept_back = self._kept_back, None
        # A record is never open while another is kept back: the frame that opens a record ends the kept one.
        if self._open is None:
            return kept
        closed = self._close(self._open.last_at)
        return closed[0] if closed else None

    def _end_by_time(self, at: datetime) -> list[Record]:
        """Return the record that must end before *at*: a half hour, a silence or a clock set back lies between."""
        last = self._open.last_at if self._open else self._kept_back.ended_at if self._kept_back else None
        if last is None:
            return []
        heard = self._last_at or last
        unbroken = timedelta(0) <= at - heard <= UNBROKEN
        end = self._hour if unbroken and at > self._hour else last
        if self._kept_back is not None:
            record, self._kept_back = self._kept_back._replace(ended_at=end), None
            self._ended_at = end
            self._stamp = max(self._stamp or end, end.replace(microsecond=0))
            return [record]
        if unbroken and at <= self._hour:
            return []
        return self._close(end)

    def _has_a_second_left(self, at: datetime) -> bool:
        """Return whether a record that ends *at* is given its own second by the log."""
        return self._stamp is None or not self._stamp - _AHEAD < at < self._stamp + _SECOND

    def _end(self, ended_at: datetime) -> None:
        """Note that a record ends at *ended_at*, and the second that the log gives it."""
        self._ended_at = ended_at
        if self._stamp is None or self._has_a_second_left(ended_at):
            self._stamp = ended_at.replace(microsecond=0)
        else:
            self._stamp += _SECOND

    def _opens_epoch(self, reading: Reading) -> bool:
        """Return whether the indexes of *reading* cannot continue those of the frames before."""
        ended = self._fold.ended
        self._fold.take(whole_seconds(reading.taken_at), reading.contract, reading.indexes)
        return self._fold.ended != ended

    def _changes(self, reading: Reading) -> bool:
        """Return whether *reading* cannot stand in the record that is open."""
        if reading.tariff_period is not None and self._period not in (None, reading.tariff_period):
            return True
        before, after = self._contract, reading.contract
        if before is not None and after is not None and _merged(before, after) is None:
            return True
        injecting = _injecting(reading)
        if injecting is None or self._injecting in (None, injecting):
            return False
        return self._may_end_early(reading.taken_at)

    def _may_end_early(self, at: datetime) -> bool:
        """Return whether a change of injection may end a record at *at*, and count it."""
        if self._early_end_at is not None and at > self._early_end_at:
            earned = (at - self._early_end_at) // _EARLY_END_EVERY
            self._early_ends = min(self._early_ends + earned, _EARLY_ENDS)
            self._early_end_at += earned * _EARLY_END_EVERY
        else:
            self._early_end_at = at
        if not self._early_ends:
            return False
        self._early_ends -= 1
        return True

    def _follow(self, reading: Reading) -> None:
        """Remember the tariff period, the contract and whether power is injected, for the frames to come."""
        if reading.tariff_period is not None:
            self._period = reading.tariff_period
        if reading.contract is not None:
            merged = _merged(self._contract, reading.contract) if self._contract else None
            self._contract = merged or reading.contract
        injecting = _injecting(reading)
        if injecting is not None:
            self._injecting = injecting

    def _close(self, ended_at: datetime) -> list[Record]:
        """End the open record; return it, or nothing when it has no value."""
        assert self._open is not None
        record = self._open.record(ended_at, self._contract, self._period)
        self._open = None
        if not has_value(record):
            self._missed += record.rejected
            self._overload |= bool(record.overload)
            return []
        self._end(ended_at)
        return [record]


def _half_hour_from(at: datetime) -> datetime:
    """Return the full or half hour, UTC, at which a record with a frame of *at* must end."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour - (hour - at) // _HALF_HOUR * _HALF_HOUR


def _injecting(reading: Reading) -> bool | None:
    """Return whether power is injected, None when it is not known."""
    return None if reading.injected_power is None else reading.injected_power > 0


def _merged(before: Contract, after: Contract) -> Contract | None:
    """Return all that is known of one contract, None when *before* and *after* are two contracts.

    A frame may have lost a group, so a field that is None keeps its value. Registers are added and never removed.
    """
    if before == after:
        return before
    for name in ("mode", "option", "subscribed_power", "phases", "producer", "meter", "estimated_power"):
        known, newer = getattr(before, name), getattr(after, name)
        if known is not None and newer is not None and known != newer:
            return None
    registers = tuple(dict.fromkeys((*before.registers, *after.registers)))
    if len(registers) > len(before.registers):
        # Only supplier indexes are listed as they are met: F01 to F10, after those that the option names.
        registers = tuple(sorted(registers, key=lambda name: name if name in _AS_MET else ""))
    return Contract(
        mode=after.mode,
        option=after.option,
        registers=registers,
        subscribed_power=_known(after.subscribed_power, before.subscribed_power),
        phases=_known(after.phases, before.phases),
        producer=_known(after.producer, before.producer),
        meter=_known(after.meter, before.meter),
        estimated_power=after.estimated_power,
    )


def _known(value: T | None, before: T | None) -> T | None:
    """Return *value*, or the one *before* if it is None."""
    return before if value is None else value
