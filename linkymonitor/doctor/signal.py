"""What the damage of groups says of the receiver: which bits were changed, and in which direction."""

# Strategy
#
# - The meter repeats most groups frame after frame. So a damaged line is compared with the sound line that is most
#   like it: the characters that differ, and have a wrong parity, show which bits were changed.
# - A meter sends a 0 as a burst of 50 kHz, during which the transistor pulls the pin down; a 1 is silence, and R2 pulls
#   the pin up. Where R2 is too high the pin rises too late: a 1 behind a 0 is read as a 0. Where R2 is too low, or R1
#   too high, the transistor cannot pull the pin down far enough: a 0 is read as a 1, and a start bit that is missed
#   costs its character. Which bits of a character suffer most depends on the text; the direction does not.
# - Interference changes bits in both directions. tests/support/receiver.py is a receiver with these faults, and the
#   tests judge the bytes that it gives.
# - Inverted: the pin is high where it should be low. A UART then begins each character in its middle, and no group is
#   ever valid. But the first bytes after a pause are always the same, because each frame begins with the same label.

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_group

#: A line is bad when more than this share of its groups is rejected, and when it is so many groups at least.
BAD_SHARE, BAD_COUNT = 0.02, 3
#: So many changed bits show a direction, if at least this share of them has it.
_ENOUGH, _MOST = 6, 0.8
#: A damaged line is like a sound one when at most one character in so many differs.
_ONE_IN = 3
_CONTROLS = bytes(range(0x20))


class Meaning(Enum):
    """What the damage of a line comes from."""

    CLEAN = "clean"
    #: A few groups, as on every line.
    ORDINARY = "ordinary"
    SLOW_RISE = "slow_rise"
    WEAK_PULL = "weak_pull"
    PARITY_BIT = "parity_bit"
    INTERFERENCE = "interference"
    #: Characters are missing, and hardly a bit is wrong.
    LOST = "lost"
    #: Too few bits were changed to show a direction.
    UNCLEAR = "unclear"


class Quality(NamedTuple):
    """The quality of a stretch of a line."""

    groups: int
    rejected: int
    #: The check that failed → how many groups.
    causes: Mapping[str, int]
    #: For each of the bits 0 to 7, how often a 0 was read as a 1, and how often a 1 as a 0.
    up: tuple[int, ...]
    down: tuple[int, ...]
    #: False when the parity bit is stripped, None when too few characters came.
    parity: bool | None
    #: Whether the parity is odd instead of even.
    odd_parity: bool
    meaning: Meaning
    #: How many frames were heard, whole or not.
    frames: int = 0

    @property
    def share(self) -> float:
        """The share of the groups that were rejected."""
        return self.rejected / max(self.groups + self.rejected, 1)

    @property
    def bad(self) -> bool:
        """Whether the line should be mended."""
        return self.meaning not in (Meaning.CLEAN, Meaning.ORDINARY)


def judge(raw: bytes, mode: Mode) -> Quality:
    """Return the quality of a line of which *raw* was received, 8 bits a character, at the right speed."""
    decoder = FrameDecoder(mode)
    frames = [*decoder.feed(raw), *decoder.close()]
    rejected = [group for frame in frames for group in frame.rejected]
    groups = sum(len(frame.groups) for frame in frames)
    up, down, unlike = _changed(raw, [group.raw for group in rejected], mode)
    quality = Quality(
        groups,
        len(rejected),
        dict(Counter(group.why for group in rejected)),
        tuple(up),
        tuple(down),
        decoder.parity,
        decoder.inverted,
        Meaning.CLEAN,
        len(frames),
    )
    return quality._replace(meaning=_meaning(quality, unlike))


def _changed(raw: bytes, damaged: list[bytes], mode: Mode) -> tuple[list[int], list[int], int]:
    """Return how often each bit was changed to 1 and to 0, and how many lines are like no sound one."""
    up, down, unlike = [0] * 8, [0] * 8, 0
    if not damaged:
        return up, down, unlike
    sound: dict[int, set[bytes]] = defaultdict(set)
    for frame in FrameDecoder(mode).feed(parity.strip(raw)):
        for group in frame.groups:
            line = parity.add(write_group(group, mode)[1:-1])
            sound[len(line)].add(line)
    for received in damaged:
        line = received.lstrip(_CONTROLS)
        likest = min(sound[len(line)], key=lambda one: _differing(line, one), default=b"")
        if not likest or _differing(line, likest) > max(len(line) // _ONE_IN, 1):
            unlike += 1
            continue
        for got, sent in zip(line, likest, strict=True):
            # Another digit of a value that has changed has a right parity.
            if got != sent and got.bit_count() % 2:
                for bit in range(8):
                    if (got ^ sent) >> bit & 1:
                        (up if got >> bit & 1 else down)[bit] += 1
    return up, down, unlike


def _differing(line: bytes, other: bytes) -> int:
    return sum(map(int.__ne__, line, other))


def _meaning(quality: Quality, unlike: int) -> Meaning:
    if not quality.rejected:
        return Meaning.CLEAN
    if quality.share <= BAD_SHARE or quality.rejected < BAD_COUNT:
        return Meaning.ORDINARY
    up, down = sum(quality.up), sum(quality.down)
    changed = up + down
    if changed < _ENOUGH:
        return Meaning.LOST if unlike * 2 > quality.rejected else Meaning.UNCLEAR
    if quality.up[7] + quality.down[7] >= _MOST * changed:
        return Meaning.PARITY_BIT
    if down >= _MOST * changed:
        return Meaning.SLOW_RISE
    return Meaning.WEAK_PULL if up >= _MOST * changed else Meaning.INTERFERENCE


def is_inverted(raw: bytes) -> bool:
    """Return whether *raw*, received at the speed of the meter, is a line with 0 and 1 exchanged."""
    return any(raw.count(head) for head in _HEADS)


def through_inverter(wire: bytes) -> bytes:
    """Return what a UART reads of *wire*, 8 bits a character, when 0 and 1 are exchanged; a pause is before it."""
    levels = [0]
    for byte in wire:
        levels += [1, *(byte >> bit & 1 ^ 1 for bit in range(8)), 0]
    read, at = bytearray(), 1
    while at + 9 < len(levels):
        if levels[at - 1] and not levels[at]:
            read.append(sum(levels[at + 1 + bit] << bit for bit in range(8)))
            at += 9
        at += 1
    return bytes(read)


#: The first bytes of a frame in each mode, as an inverted line gives them. The last byte also has bits of what follows.
_HEADS = tuple(through_inverter(parity.add(head))[:-1] for head in (b"\x02\nADCO ", b"\x02\nADSC\t"))
