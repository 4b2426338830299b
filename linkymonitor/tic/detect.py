"""Tells from a sample of bytes which mode a meter sends."""

# Strategy
#
# - Only a right checksum counts. The byte before it, the separator, tells by which rule it is checked, so a damaged
#   line can never be taken for one of the other mode (bytes or labels alone could).

from __future__ import annotations

import re
from functools import cache

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import checksum

#: Valid lines of one mode, and none of the other, that decide.
ENOUGH = 5

_CUTS = re.compile(rb"[\x02\x03\x04\n\r]")
_BY_SEPARATOR = {mode.separator: mode for mode in Mode}


@cache
def _shape(mode: Mode) -> re.Pattern[bytes]:
    """Return the pattern of a line; compiled when one comes, for most readers meet one mode only."""
    return re.compile(
        rb"[A-Za-z0-9+\-]{2,10}%(sep)b[\x20-\x7e\t]+%(sep)b[\x20-\x5f]" % {b"sep": mode.separator}
    )


def count_valid(sample: bytes) -> dict[Mode, int]:
    """Return how many lines of *sample* have a right checksum, by the mode that their separator tells."""
    counts = dict.fromkeys(Mode, 0)
    for line in _CUTS.split(parity.strip(sample)):
        mode = _BY_SEPARATOR.get(line[-2:-1])
        if mode and _shape(mode).fullmatch(line) and checksum(line[:-1], mode) == line[-1]:
            counts[mode] += 1
    return counts


def detect(sample: bytes) -> Mode | None:
    """Return the mode that *sample* is written in: the one that validates more lines, historique if equal.

    Returns:
        None when no line is valid.
    """
    counts = count_valid(sample)
    return max(counts, key=counts.__getitem__) if any(counts.values()) else None


def decided(counts: dict[Mode, int]) -> Mode | None:
    """Return the mode that *counts* leave no doubt about: ENOUGH lines of it and none of the other."""
    heard = [mode for mode, count in counts.items() if count]
    return heard[0] if len(heard) == 1 and counts[heard[0]] >= ENOUGH else None
