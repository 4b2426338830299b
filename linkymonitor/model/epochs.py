"""Where the indexes of a meter run on, and where they begin anew."""

# Strategy
#
# - An epoch ends with the meter or the contract that its registers belong to, and wherever an index does what
#   no meter can: it falls, or leaps by more than the cut-off device lets through. No difference is taken across.
# - What else changes (the mode of the TIC, the subscribed power, a producer's contract) renames or bounds the
#   same registers: they run on, and so does the count where their names agree.
# - After 999999999 comes 0: an index that falls by a roll-over has not fallen.

from __future__ import annotations

from linkymonitor.model.record import Contract

#: An index has nine digits.
ROLL_OVER = 1_000_000_000
#: The largest subscription of a meter with TIC, in VA: the bound when the meter does not say its own.
LARGEST = 36_000
#: A cut-off device lets twice its rating through for a minute or so.
_MARGIN = 2.0
#: Seconds that a frame may wait for us, so that two come at once, and by which what is said of an index may be older
#: than its frame: where lines are lost acceptance says the last one again, for STALE seconds.
_LATE = 35.0
#: Wh that a bound leaves to the rounding of two indexes.
_SLACK = 2


def advance(before: int, after: int) -> int:
    """Return the Wh that an index went on from *before* to *after*."""
    return (after - before) % ROLL_OVER


def most(seconds: float, subscribed: int | None) -> float:
    """Return the Wh that a meter of *subscribed* VA may count in so many seconds."""
    return (subscribed or LARGEST) * _MARGIN * (max(seconds, 0.0) + _LATE) / 3600 + _SLACK


def rating(one: Contract | None, other: Contract | None) -> int | None:
    """Return the subscribed power that bounds what is counted from *one* to *other*, None when one does not say."""
    if one is other:
        return one.subscribed_power if one else None
    powers = [contract.subscribed_power if contract else None for contract in (one, other)]
    return None if None in powers else max(power or 0 for power in powers)


def runs_on(one: Contract | None, other: Contract | None) -> bool:
    """Return whether the registers of *one* are those of *other*; what is not said agrees."""
    if one is other or one is None or other is None:
        return True
    pairs = ((one.option, other.option), (one.meter, other.meter))
    return all(not a or not b or a == b for a, b in pairs)
