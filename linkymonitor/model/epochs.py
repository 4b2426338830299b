"""Where the indexes of a meter run on, and where they begin anew."""

# Strategy
#
# - An epoch ends where the meter or the contract changes, and wherever an index does what is impossible: it falls, or
#   leaps by more than the cut-off device lets through. No difference is taken across the end of an epoch.
# - Other changes (the mode of the TIC, the subscribed power, a producer's contract) give the same registers other names
#   or other bounds. The registers run on, and energy is counted on where their names stay the same.
# - After 999999999 comes 0: an index that falls by a roll-over has not fallen.

from typing import NamedTuple

from linkymonitor.model.record import Contract

#: An index has nine digits.
ROLL_OVER = 1_000_000_000
#: The largest subscription of a meter with TIC, in VA: the bound where the subscribed power is not known.
LARGEST = 36_000
#: Times its rating that a cut-off device lets through for a minute or so.
_MARGIN = 2.0
#: Seconds that a frame may wait in the kernel before it is read.
QUEUED = 5.0
#: Seconds for which acceptance may repeat an index while lines are damaged.
REPEATED = 30.0
#: Wh that a bound leaves to the rounding of two indexes.
_SLACK = 2


class Owner(NamedTuple):
    """The meter and the contract that registers belong to, as far as they are known."""

    meter: str | None = None
    option: str | None = None


def advance(before: int, after: int) -> int:
    """Return the Wh by which an index grew from *before* to *after*."""
    return (after - before) % ROLL_OVER


def lead(wh: int, reference: int) -> int:
    """Return how many Wh an index is ahead of *reference*, negative when it is behind; 999999999 is just before 0."""
    return (wh - reference + ROLL_OVER // 2) % ROLL_OVER - ROLL_OVER // 2


def most(seconds: float, subscribed: int | None, late: float = QUEUED + REPEATED) -> float:
    """Return the Wh that a meter may count between two indexes: the only bound of what is physically possible.

    Args:
        seconds: between the frames of the two indexes.
        subscribed: power of the contract in VA, None when it is not known.
        late: seconds by which an index may be older than its frame.
    """
    return (subscribed or LARGEST) * _MARGIN * (max(seconds, 0.0) + late) / 3600 + _SLACK


def leaps(before: int, after: int, seconds: float, subscribed: int | None) -> bool:
    """Return whether an index cannot have gone from *before* to *after* in so many seconds: an epoch has ended."""
    return advance(before, after) > most(seconds, subscribed)


def rating(before: Contract | None, after: Contract | None) -> int | None:
    """Return the subscribed power that bounds what is counted from *before* to *after*, None if one is not known."""
    if before is after:
        return before.subscribed_power if before else None
    powers = [contract.subscribed_power if contract else None for contract in (before, after)]
    return None if None in powers else max(power or 0 for power in powers)


def runs_on(before: Contract | Owner | None, after: Contract | Owner | None) -> bool:
    """Return whether the registers of *before* are those of *after*; what is not known agrees."""
    if before is after or before is None or after is None:
        return True
    pairs = ((before.option, after.option), (before.meter, after.meter))
    return all(not a or not b or a == b for a, b in pairs)


def owner_after(owner: Owner, contract: Contract | Owner | None) -> Owner:
    """Return *owner* with the meter and the option of *contract*; one that *contract* lacks stays as it is."""
    if contract is None:
        return owner
    return Owner(contract.meter or owner.meter, contract.option or owner.option)
