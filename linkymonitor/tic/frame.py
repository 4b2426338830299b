"""What the decoder returns: frames, with their information groups and the groups that it rejected."""

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from typing import NamedTuple

#: Silence between two frames, in seconds (16.7 to 33.4 ms in NOI-CPT_54E §5.3.6).
FRAME_GAP = 0.025
#: A value of Rejected.why: a group may be missing because it stood at a damaged border of the frame.
BORDER = "border"


class InfoGroup(NamedTuple):
    """One information group whose checksum was right."""

    # A tuple rather than a dataclass: groups are compared for each line of a stream, and tuples compare in C.

    label: str
    data: str
    horodate: str | None = None


class Rejected(NamedTuple):
    """One group that failed a check."""

    #: The group as received, 8 bits a character; inverted parity is turned to even parity.
    raw: bytes
    #: The check that failed: ``parity``, ``shape``, ``checksum``, ``label``, ``width`` or ``characters``. BORDER is
    #: no group, only a place where a group may have been.
    why: str
    #: The label of the last sound group before it in the frame; empty when there is none, None when the place in
    #: the frame is not known.
    after: str | None = None


class Frame(NamedTuple):
    """One frame of a meter, or the rest of a frame that was cut."""

    groups: tuple[InfoGroup, ...]
    rejected: tuple[Rejected, ...] = ()
    #: True when the frame came whole, from STX to ETX.
    complete: bool = True
    #: True when the characters carried their parity bit, False when it was stripped, None when too few came to tell.
    parity: bool | None = None
