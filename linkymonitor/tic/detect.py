"""Finds the mode of a meter from a sample of its bytes."""

# Strategy
#
# - Only lines with a right checksum count. The byte before the check character, the separator, decides by the rule
#   of which mode the line is checked. So a damaged line never counts for the other mode.

from __future__ import annotations

import re
from functools import cache

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import checksum

#: So many valid lines of one mode, and none of the other, leave no doubt.
ENOUGH = 5

# Translation that clears the parity bit, and turns each character that ends a line into LF.
_TO_LINES = bytes(10 if byte in b"\x02\x03\x04\n\r" else byte for byte in parity.SEVEN_BITS)
_BY_SEPARATOR = {mode.separator: mode for mode in Mode}


@cache
def _shape(mode: Mode) -> re.Pattern[bytes]:
    """Return the pattern of a line in *mode*; most programs need only one of the two, so it is compiled on demand."""
    return re.compile(
        rb"[A-Za-z0-9+\-]{2,10}%(sep)b[\x20-\x7e\t]+%(sep)b[\x20-\x5f]" % {b"sep": mode.separator}
    )


def count_valid(sample: bytes) -> dict[Mode, int]:
    """Return how many lines of *sample* have a right checksum, for each mode."""
    counts = dict.fromkeys(Mode, 0)
    for line in sample.translate(_TO_LINES).split(b"\n"):
        if mode := _mode_of(line):
            counts[mode] += 1
    return counts


def has_valid(sample: bytes, mode: Mode) -> bool:
    """Return whether a line of *sample* has a right checksum in *mode*."""
    return any(_mode_of(line) is mode for line in sample.translate(_TO_LINES).split(b"\n"))


def _mode_of(line: bytes) -> Mode | None:
    """Return the mode in which *line* has a right checksum."""
    mode = _BY_SEPARATOR.get(line[-2:-1])
    if mode and _shape(mode).fullmatch(line) and checksum(line[:-1], mode) == line[-1]:
        return mode
    return None


def detect(sample: bytes) -> Mode | None:
    """Return the mode with more valid lines in *sample*, historique when both have as many, None when none is valid."""
    counts = count_valid(sample)
    return max(counts, key=counts.__getitem__) if any(counts.values()) else None


def decided(counts: dict[Mode, int]) -> Mode | None:
    """Return the mode with at least ENOUGH valid lines when the other has none, else None.

    Args:
        counts: what `count_valid` returns.
    """
    heard = [mode for mode, count in counts.items() if count]
    return heard[0] if len(heard) == 1 and counts[heard[0]] >= ENOUGH else None
