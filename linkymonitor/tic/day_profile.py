"""Reads day profiles: what happens at which time of the day."""

# The specification leaves the coding of the hours open: read_day_profile() decides it, and says how.

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from datetime import time
from enum import Enum
from typing import NamedTuple

from linkymonitor.tic.values import read_register

_UNUSED = "NONUTILE"
_BLOCKS = 11
_MINUTES_A_DAY = 24 * 60


class Contact(Enum):
    """What a switch of a day profile does to the dry contact (NOI-CPT_54E §6.2.3.21, bits 14 and 15)."""

    UNCHANGED = 0
    TEMPO = 1
    OPEN = 2
    CLOSED = 3


class Switch(NamedTuple):
    """One block of a day profile: what happens at a time of the day."""

    start: time
    contact: Contact
    #: Closed or not, the seven virtual contacts in order.
    virtual_contacts: tuple[bool, ...]
    #: Supplier register from then on; None when it does not change.
    supplier_index: int | None


def read_day_profile(text: str, tempo: bool = False) -> tuple[Switch, ...]:
    """Read a day profile, PJOURF+1 or PPOINTE (NOI-CPT_54E §6.2.3.21, §6.2.3.22).

    Meters write the hours in decimal (``22004001``) or in hexadecimal (``16004001``), and none says which.
    A coding is possible when every time exists and each is later than the one before. Where both are,
    decimal is taken, but for a Tempo day whose last switch is at 1600: that contract switches at 22:00.

    Args:
        text: one to eleven blocks with a space between (some relays cut the text).
        tempo: the contract in force is Tempo.

    Raises:
        ValueError: a block is malformed, or the times fit neither coding.
    """
    blocks = text.split(" ")
    if len(blocks) > _BLOCKS:
        raise ValueError(f"{len(blocks)} blocks: expected at most {_BLOCKS}")
    used = [block for block in blocks if block != _UNUSED]
    actions = [read_register(block, 8) & 0xFFFF for block in used]
    starts = _starts(used, 10)
    hexadecimal = _starts(used, 16)
    if starts is None or (tempo and hexadecimal is not None and used and used[-1].startswith("1600")):
        starts = hexadecimal
    if starts is None:
        raise ValueError(f"{text!r}: the hours fit neither the decimal nor the hexadecimal coding")
    return tuple(_switch(start, action) for start, action in zip(starts, actions, strict=True))


def _starts(blocks: list[str], base: int) -> list[int] | None:
    """Return the start of each block in minutes after midnight, or None when *base* cannot be its coding."""
    starts = []
    last = -1
    for block in blocks:
        try:
            hour, minute = int(block[:2], base), int(block[2:4], base)
        except ValueError:
            return None
        start = hour * 60 + minute
        if minute > 59 or not last < start < _MINUTES_A_DAY:
            return None
        starts.append(start)
        last = start
    return starts


def _switch(start: int, action: int) -> Switch:
    index = action & 15
    return Switch(
        start=time(start // 60, start % 60),
        contact=Contact(action >> 14),
        virtual_contacts=tuple(bool(action >> bit & 1) for bit in range(4, 11)),
        supplier_index=index if 1 <= index <= 10 else None,
    )
