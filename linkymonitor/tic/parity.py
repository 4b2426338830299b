"""Undoes the parity bit of 8-bit characters: 7 bits of data, and which characters were odd."""

from __future__ import annotations

#: Translation that drops bit 7 of each byte.
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

#: Every byte whose number of ones is even: what 7E1 puts on the wire (NOI-CPT_54E §5.3.5).
EVEN = bytes(byte for byte in range(256) if byte.bit_count() % 2 == 0)

_LOW = bytes(range(0x80))
_ADD_PARITY = bytes(byte | 0x80 if byte < 0x80 and byte.bit_count() % 2 else byte for byte in range(256))

#: Characters it takes to tell whether a source carries parity; a shorter run goes by what was known before.
ENOUGH = 64

_INVERTED = bytes(byte ^ 0x80 for byte in range(256))
#: Noise makes half of the characters odd at the most, odd parity all that it has not hit.
_NEARLY_ALL = 7 / 8

#: A third to a half of a frame's characters have their parity bit set, and none of a stripped one's. Noise
#: moves that share by a few hundredths, so a source carries parity when more than one in this many has it.
_ONE_IN = 8


def odd(raw: bytes) -> int:
    """Return how many characters of *raw* have an odd number of ones."""
    return len(raw.translate(None, EVEN))


def carries_parity(raw: bytes) -> bool:
    """Return whether the characters of *raw* carry their parity in bit 7."""
    return len(raw.translate(None, _LOW)) * _ONE_IN >= len(raw) > 0


def strip(raw: bytes) -> bytes:
    """Return *raw* with bit 7 of each byte cleared."""
    return raw.translate(SEVEN_BITS)


def add(text: bytes) -> bytes:
    """Return 7-bit *text* with its even parity in bit 7."""
    return text.translate(_ADD_PARITY)


def is_inverted(raw: bytes) -> bool:
    """Return whether *raw* has odd parity: nearly all of its characters have an odd number of ones."""
    return len(raw) >= ENOUGH and carries_parity(raw) and odd(raw) > _NEARLY_ALL * len(raw)


def invert(raw: bytes) -> bytes:
    """Return *raw* with bit 7 of each byte turned: odd parity becomes even, and even odd."""
    return raw.translate(_INVERTED)
