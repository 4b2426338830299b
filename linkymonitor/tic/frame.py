"""What the decoder hands out: groups, refusals and frames."""

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from typing import NamedTuple

#: Silence between two frames, in seconds (NOI-CPT_54E §5.3.6 says 16.7 to 33.4 ms).
FRAME_GAP = 0.025
#: Why a group may be missing though no damaged one is there: it stood at a damaged border of the frame.
BORDER = "border"


class InfoGroup(NamedTuple):
    """One information group whose checksum was right.

    A tuple rather than a dataclass: one is looked up for each line of a stream, and tuples compare in C.
    """

    label: str
    data: str
    horodate: str | None = None


class Rejected(NamedTuple):
    """One group that failed, as received (8 bits a character, odd parity made even), and why.

    *why* is one of ``parity``, ``shape``, ``checksum``, ``label``, ``width``, ``characters``; with BORDER there is no
    group, only a place where one may have been. *after* is the label of the last sound group before it in its frame,
    empty when there is none, None when its place is not known.
    """

    raw: bytes
    why: str
    after: str | None = None


class Frame(NamedTuple):
    """One frame: complete, that is from STX to ETX, or what is left of one that was cut or interrupted."""

    groups: tuple[InfoGroup, ...]
    rejected: tuple[Rejected, ...] = ()
    complete: bool = True
    #: True when the characters carried their parity bit, False when it was stripped, None when too short to tell.
    parity: bool | None = None
