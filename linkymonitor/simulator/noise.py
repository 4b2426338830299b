"""Damages lines between the meter and its reader, at a given rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import ClassVar


class Noise:
    """Damages lines; the same seed damages the same lines.

    Args:
        seed: the seed of the random numbers.
        share: the share of the lines that are damaged, 0 to 1.
        kinds: the kinds of damage, each as frequent as the others:
            ``flip`` one bit of a byte is wrong, which the parity shows;
            ``flips`` two bits of a byte are wrong, which the parity does not show;
            ``lost`` a byte is not received;
            ``doubled`` a byte is received twice;
            ``merged`` the CR and the LF between two lines become other characters;
            ``cut`` the rest of the frame is not received;
            ``burst`` up to 20 bytes become random bytes.
        eight_bits: True when bit 7, the parity, is on the line and can be damaged, too.
    """

    def __init__(self, seed: int, share: float, kinds: Sequence[str], eight_bits: bool) -> None:
        self._dice = Random(f"{seed}:noise").random
        self._share = share
        self._kinds = kinds
        self._bits = 8 if eight_bits else 7
        #: How many lines were given, and how many were damaged, by kind.
        self.lines = 0
        self.hits: Counter[str] = Counter()
        #: Whether the last frame was cut.
        self.cut = False

    def hurt(self, lines: Iterable[bytes]) -> list[bytes]:
        """Return the *lines* of one frame as they are received."""
        received: list[bytes] = []
        merge = self.cut = False
        for line in lines:
            self.lines += 1
            if merge:
                line, merge = bytes((line[0] ^ 1,)) + line[1:], False
            if self._dice() < self._share:
                kind = self._kinds[self._below(len(self._kinds))]
                self.hits[kind] += 1
                if kind == "cut":
                    self.cut = True
                    received.append(line[: self._below(len(line))])
                    return received
                merge = kind == "merged"
                line = self._HURTS[kind](self, line)
            received.append(line)
        return received

    def _below(self, number: int) -> int:
        return int(self._dice() * number)

    def _flip(self, line: bytes) -> bytes:
        return self._replaced(line, 1 << self._below(self._bits))

    def _flips(self, line: bytes) -> bytes:
        first = self._below(self._bits)
        second = (first + 1 + self._below(self._bits - 1)) % self._bits
        return self._replaced(line, 1 << first | 1 << second)

    def _replaced(self, line: bytes, bits: int) -> bytes:
        place = self._below(len(line))
        return line[:place] + bytes((line[place] ^ bits,)) + line[place + 1 :]

    def _lost(self, line: bytes) -> bytes:
        place = self._below(len(line))
        return line[:place] + line[place + 1 :]

    def _doubled(self, line: bytes) -> bytes:
        place = self._below(len(line))
        return line[:place] + line[place:][:1] + line[place:]

    def _merged(self, line: bytes) -> bytes:
        return line[:-1] + bytes((line[-1] ^ 1,))

    def _burst(self, line: bytes) -> bytes:
        place, size = self._below(len(line)), 1 + self._below(20)
        garbage = bytes(self._below(1 << self._bits) for _ in line[place : place + size])
        return line[:place] + garbage + line[place + size :]

    _HURTS: ClassVar[dict[str, Callable[[Noise, bytes], bytes]]] = {
        "flip": _flip,
        "flips": _flips,
        "lost": _lost,
        "doubled": _doubled,
        "merged": _merged,
        "burst": _burst,
    }
