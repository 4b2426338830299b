"""Reads day profiles: which switch the meter makes at which time of the day."""

# The specification leaves the coding of the hours open: read_day_profile() has the rule.

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from datetime import time
from enum import Enum
from typing import NamedTuple

from linkymonitor.tic.values import read_register

_UNUSED = "NONUTILE"
_BLOCKS = 11
_MINUTES_A_DAY = 24 * 60


class Contact(Enum):
    """The effect of a switch on the dry contact (NOI-CPT_54E §6.2.3.21, bits 14 and 15)."""

    UNCHANGED = 0
    TEMPO = 1
    OPEN = 2
    CLOSED = 3


class Switch(NamedTuple):
    """One block of a day profile: the state of contacts and register from *start* on."""

    #: Local time of the meter.
    start: time
    contact: Contact
    #: The seven virtual contacts in order; True is closed.
    virtual_contacts: tuple[bool, ...]
    #: The supplier register in force from *start* on, 1 to 10; None when it does not change.
    supplier_index: int | None


def read_day_profile(text: str, tempo: bool = False) -> tuple[Switch, ...]:
    """Read a day profile, PJOURF+1 or PPOINTE (NOI-CPT_54E §6.2.3.21, §6.2.3.22).

    Meters write the hours in decimal (``22004001``) or in hexadecimal (``16004001``), and send no sign of which.
    A coding is possible when every time exists and is later than the time before it. When both codings are
    possible, decimal is taken. The exception is a Tempo day whose last block begins with 1600: Tempo switches at
    22:00, so that block is hexadecimal.

    Args:
        text: one to eleven blocks with a space between; some programs that relay a stream cut the text.
        tempo: True when the contract is Tempo.

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
