"""A receiver of the TIC with its faults, as levels of a pin that a UART samples."""

# Strategy
#
# - The level of the pin is 0 to 1. It follows what the meter sends with two speeds: it rises through R2, and falls
#   through the transistor, down to a floor that is 0 when the transistor conducts well.
# - The UART looks eight times in each bit for a start, then reads each bit in its middle, as real ones do. It gives a
#   character without its stop bit all the same, for pyserial hides no framing error.
# - Here is no word of what `doctor` makes of the bytes: the tests compare its answer with the fault that was made.

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

_SAMPLES = 8
_THRESHOLD = 0.5


class Receiver(NamedTuple):
    """A circuit: how fast the pin rises, how far it falls, and how much it is disturbed."""

    #: The time constant of the rise, in bits: R2 times the capacity of the pin and the cable.
    rise: float = 0.02
    #: The level of the pin while the transistor conducts.
    floor: float = 0.0
    #: Standard deviation of the level.
    noise: float = 0.0
    #: The share of the bits at which a disturbance begins, and how many bits it lasts.
    bursts: float = 0.0
    burst_bits: int = 2
    inverted: bool = False

    def read(self, wire: bytes, seed: int = 1) -> bytes:
        """Return what a UART reads of *wire*, 8 bits a character with their parity; a pause is before and behind."""
        return _uart(self._levels(wire, Random(seed)))

    def _levels(self, wire: bytes, dice: Random) -> list[float]:
        bits = [1] * 20
        for byte in wire:
            bits += [0, *(byte >> bit & 1 for bit in range(8)), 1]
        bits += [1] * 20
        if self.inverted:
            bits = [1 - bit for bit in bits]
        rises = 1 - math.exp(-1 / (self.rise * _SAMPLES))
        falls = 1 - math.exp(-1 / (0.02 * _SAMPLES))
        level, levels, disturbed = float(bits[0]), [], 0
        for bit in bits:
            if disturbed == 0 and dice.random() < self.bursts:
                disturbed = self.burst_bits
            target = 1.0 if bit else self.floor
            if disturbed:
                disturbed -= 1
                target = float(dice.getrandbits(1))
            for _ in range(_SAMPLES):
                levels.append(level + dice.gauss(0.0, self.noise))
                level += (target - level) * (rises if target > level else falls)
        return levels


def _uart(levels: list[float]) -> bytes:
    read, at, high = bytearray(), 0, False
    while at + 10 * _SAMPLES <= len(levels):
        if levels[at] >= _THRESHOLD or not high:
            high = levels[at] >= _THRESHOLD
            at += 1
            continue
        middle = at + _SAMPLES // 2
        if levels[middle] >= _THRESHOLD:  # a glitch, no start bit
            at += 1
            continue
        read.append(sum((levels[middle + _SAMPLES * (1 + bit)] >= _THRESHOLD) << bit for bit in range(8)))
        at = middle + 9 * _SAMPLES
        high = levels[at] >= _THRESHOLD
    return bytes(read)
