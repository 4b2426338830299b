"""The energy that a meter counted, by register, between any two instants: the rules, and a fold over readings."""

# Strategy
#
# - Energy is a difference of two indexes of one register in one epoch (epochs.py). What a register went on by from
#   one reading to the next is a Step. Steps add up, and none is taken across the end of an epoch.
# - Within a step the energy is shared by time, and rounded once at the instant that is asked for. So hours add up
#   to days, and days to a range, to the Wh.
# - A register that its contract did not list stood at zero, so it may appear with its first Wh at any time. A frame
#   may also have lost it, so it only counts from zero when it can have come so far since the reading before.
# - The display folds readings and records (IndexFold), the report works on columns (report/indexes.py). Both ask
#   the functions of this file and of epochs.py, so that their figures are equal. A test holds them together.
# - Times are POSIX seconds.

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from linkymonitor.model.epochs import Owner, advance, leaps, most, owner_after, rating, runs_on
from linkymonitor.model.record import Contract

#: Readings at most so far apart are heard without a silence: the record of midnight has the last one before it.
UNBROKEN = timedelta(seconds=60)


def whole_seconds(at: datetime) -> float:
    """Return *at* as POSIX time in whole seconds, which is what the log has of it."""
    return at.replace(microsecond=0).timestamp()


def share(wh: int, begin: float, end: float, instant: float) -> int:
    """Return how many of the *wh* that were counted from *begin* to *end* were counted until *instant*.

    Args:
        wh: the energy, in Wh.
        begin: POSIX time of the reading before.
        end: POSIX time of the reading after; one with the same time takes the place of the one before.
        instant: any POSIX time.
    """
    if instant >= begin and instant >= end:
        return wh
    if instant <= begin:
        return 0
    return round(wh * (instant - begin) / (end - begin))


def stood_at_zero(
    register: str, index: int, listed: Collection[str], seconds: float, subscribed: int | None
) -> bool:
    """Return whether *register*, read for the first time in its epoch, stood at zero at the reading before.

    Args:
        register: its code.
        index: its first reading, in Wh.
        listed: the registers of the contracts so far; none when no contract is known.
        seconds: since the reading before.
        subscribed: the subscribed power that bounds what was counted since, in VA.
    """
    return bool(listed) and register not in listed and index <= most(seconds, subscribed)


def drift(registers: int, total: int, subscribed: int | None) -> int:
    """Return by how many Wh the registers went on further than the total of the meter.

    It is 0 when that is no more than one being read a frame before the other.
    """
    apart = registers - total
    return apart if abs(apart) > most(0, subscribed) else 0


class Step(NamedTuple):
    """What one register counted from one reading to the next."""

    register: str
    begin: float
    end: float
    wh: int

    def until(self, instant: float) -> int:
        """Return the Wh that were counted until *instant*."""
        return share(self.wh, self.begin, self.end, instant)


class LastReading(NamedTuple):
    """The last reading of a register within its epoch, in Wh."""

    wh: int
    at: float
    contract: Contract | None


class IndexFold:
    """Readings of a meter's indexes, in order, to the steps between them."""

    def __init__(self) -> None:
        #: The registers that were read in this epoch, by code.
        self.registers: dict[str, LastReading] = {}
        #: The registers of the contracts so far; a register never leaves the list: a frame may have lost its group.
        self.listed: tuple[str, ...] = ()
        #: How many epochs have ended.
        self.ended = 0
        self._contract: Contract | None = None
        self._owner = Owner()
        #: The last reading of any register in this epoch: when, and under which contract.
        self._heard: tuple[float, Contract | None] | None = None

    @property
    def subscribed_power(self) -> int | None:
        """The subscribed power, in VA, None if it is not known."""
        return rating(self._contract, self._contract)

    def copy(self) -> IndexFold:
        """Return a fold that goes on from here on its own."""
        fold = IndexFold()
        fold.registers, fold.listed, fold.ended = self.registers.copy(), self.listed, self.ended
        fold._contract, fold._owner, fold._heard = self._contract, self._owner, self._heard
        return fold

    def forget_meter(self) -> None:
        """Take the next meter for the one so far: the log has a hash of its address, readings have the address."""
        self._owner = self._owner._replace(meter=None)

    def take(
        self, at: float, contract: Contract | None, indexes: Mapping[str, int], meter: str | None = None
    ) -> list[Step]:
        """Return what each register that moved went on by since its last reading.

        Args:
            at: POSIX time of the reading.
            contract: what is known of the contract; None is no change.
            indexes: register → Wh.
            meter: its address, if not that of the contract.
        """
        for owner in (contract, Owner(meter) if meter else None):
            if not runs_on(self._owner, owner):
                self._end_epoch()
                self.listed = ()
            self._owner = owner_after(self._owner, owner)
        self._contract = contract or self._contract
        if any(self._leaps(name, index, at) for name, index in indexes.items()):
            self._end_epoch()
        steps = [step for name, index in indexes.items() if (step := self._step(name, index, at)) is not None]
        for name, index in indexes.items():
            self.registers[name] = LastReading(index, at, self._contract)
        if indexes:
            self._heard = at, self._contract
        if contract is not None and not set(contract.registers) <= set(self.listed):
            self.listed = tuple(dict.fromkeys((*self.listed, *contract.registers)))
        return steps

    def _leaps(self, name: str, index: int, at: float) -> bool:
        last = self.registers.get(name)
        if last is None or last.wh == index:
            return False
        return leaps(last.wh, index, at - last.at, rating(last.contract, self._contract))

    def _step(self, name: str, index: int, at: float) -> Step | None:
        """Return what the register *name* went on by; None when that is nothing, or not known."""
        last = self.registers.get(name)
        if last is not None:
            return None if last.wh == index else Step(name, last.at, at, advance(last.wh, index))
        if self._heard is None:
            return None
        since, contract = self._heard
        if stood_at_zero(name, index, self.listed, at - since, rating(contract, self._contract)):
            return Step(name, since, at, index)
        return None

    def _end_epoch(self) -> None:
        self.registers.clear()
        self._heard = None
        self.ended += 1
