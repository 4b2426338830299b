"""The energy that a meter counted, by register, between any two instants: the rules, and a fold over readings."""

# Strategy
#
# - Energy is the difference of two indexes of one register in one epoch (epochs.py). The difference between one
#   reading and the next is a Step. Steps add up, and no step goes across the end of an epoch.
# - Within a step the energy is shared by time, and rounded once at the instant that is asked for. So hours add up
#   to days, and days to a range, to the Wh.
# - A register that is not in the list of its contract stood at zero, so it may appear with its first Wh at any time.
#   But a damaged frame may also have lost a register. So a new register counts from zero only when its index is
#   possible in the time since the reading before.
# - The display folds readings and records (IndexFold), the report works on columns (report/indexes.py). Both call
#   the functions of this file and of epochs.py, and a test compares their figures.
# - Times are POSIX seconds.

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from linkymonitor.model.epochs import Owner, advance, leaps, most, owner_after, rating, runs_on
from linkymonitor.model.record import Contract

#: Between two readings that are at most so far apart there is no silence. So a record that ends at midnight contains
#: the last reading of the day.
UNBROKEN = timedelta(seconds=60)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def whole_seconds(at: datetime) -> float:
    """Return *at* as POSIX time in whole seconds, the precision of the log."""
    since_epoch = at - _EPOCH
    return since_epoch.days * 86400.0 + since_epoch.seconds


def share(wh: int, begin: float, end: float, instant: float) -> int:
    """Return how many of the *wh* that were counted from *begin* to *end* were counted until *instant*.

    Args:
        wh: the energy, in Wh.
        begin: POSIX time of the reading before.
        end: POSIX time of the reading after; when equal to *begin*, all of the energy counts at that time.
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
        register: the code of the register.
        index: its first index, in Wh.
        listed: the registers of the contracts so far; empty when no contract is known.
        seconds: the time since the reading before.
        subscribed: the subscribed power in VA, which bounds the energy in that time; None if not known.
    """
    return bool(listed) and register not in listed and index <= most(seconds, subscribed)


def drift(registers: int, total: int, subscribed: int | None) -> int:
    """Return how many Wh more the registers counted than the total index of the meter did.

    The result is 0 when the difference is no larger than what a meter counts between two frames: the registers and
    the total may come from neighbouring frames.

    Args:
        registers: the sum of what the registers counted, in Wh.
        total: what the total index counted, in Wh.
        subscribed: the subscribed power in VA; None if not known.
    """
    apart = registers - total
    return apart if abs(apart) > most(0, subscribed) else 0


class Step(NamedTuple):
    """The energy that one register counted from one reading to the next."""

    register: str
    #: POSIX times of the two readings.
    begin: float
    end: float
    wh: int

    def until(self, instant: float) -> int:
        """Return the Wh that were counted until *instant*."""
        return share(self.wh, self.begin, self.end, instant)


class LastReading(NamedTuple):
    """The last index of a register within its epoch: in Wh, with its POSIX time and the contract then."""

    wh: int
    at: float
    contract: Contract | None


class IndexFold:
    """Turns the indexes of a meter, given in the order of time, into the steps between them."""

    def __init__(self) -> None:
        #: Code → the last index of each register that was read in this epoch.
        self.registers: dict[str, LastReading] = {}
        #: The registers of the contracts so far. A register never leaves the list within an owner's time: when a
        #: contract comes without it, a damaged frame may have lost its group.
        self.listed: tuple[str, ...] = ()
        #: How many epochs have ended.
        self.ended = 0
        self._contract: Contract | None = None
        self._owner = Owner()
        #: The last reading of any register in this epoch: its POSIX time and the contract then.
        self._heard: tuple[float, Contract | None] | None = None

    @property
    def subscribed_power(self) -> int | None:
        """The subscribed power, in VA, None if it is not known."""
        return rating(self._contract, self._contract)

    def copy(self) -> "IndexFold":
        """Return an independent fold with the same state."""
        fold = IndexFold()
        fold.registers, fold.listed, fold.ended = self.registers.copy(), self.listed, self.ended
        fold._contract, fold._owner, fold._heard = self._contract, self._owner, self._heard
        return fold

    def forget_meter(self) -> None:
        """Do not compare the next meter with the last one: the log has hashes of addresses, readings have addresses."""
        self._owner = self._owner._replace(meter=None)

    def take(
        self, at: float, contract: Contract | None, indexes: Mapping[str, int], meter: str | None = None
    ) -> list[Step]:
        """Return a step for each register that counted something since its last reading.

        Args:
            at: POSIX time of the reading.
            contract: the contract of the reading; None when it is unchanged.
            indexes: register → index, in Wh.
            meter: the address of the meter, when the contract does not have it.
        """
        another = contract is not None and contract is not self._contract
        if another or (meter and meter != self._owner.meter):
            self._own(contract, meter)
        moved: dict[str, int] = {}
        for name, index in indexes.items():
            last = self.registers.get(name)
            if last is None or last.wh != index:
                moved[name] = index
        steps = self._steps(moved, at) if moved else []
        for name, index in indexes.items():
            self.registers[name] = LastReading(index, at, self._contract)
        if indexes:
            self._heard = at, self._contract
        if contract is not None and (another or not self.listed):
            self.listed = tuple(dict.fromkeys((*self.listed, *contract.registers)))
        return steps

    def _own(self, contract: Contract | None, meter: str | None) -> None:
        """Note whose registers the next indexes are; what is not known is as before."""
        for owner in (contract, Owner(meter) if meter else None):
            if not runs_on(self._owner, owner):
                self._end_epoch()
                self.listed = ()
            self._owner = owner_after(self._owner, owner)
        self._contract = contract or self._contract

    def _steps(self, moved: Mapping[str, int], at: float) -> list[Step]:
        """Return the steps of the registers that *moved*; none when one of them leaps, which ends the epoch."""
        if any(self._leaps(name, index, at) for name, index in moved.items()):
            self._end_epoch()
        return [step for name, index in moved.items() if (step := self._step(name, index, at)) is not None]

    def _leaps(self, name: str, index: int, at: float) -> bool:
        last = self.registers.get(name)
        if last is None:
            return False
        return leaps(last.wh, index, at - last.at, rating(last.contract, self._contract))

    def _step(self, name: str, index: int, at: float) -> Step | None:
        """Return the step of the register *name*; None when it counted nothing, or nobody knows how much."""
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
