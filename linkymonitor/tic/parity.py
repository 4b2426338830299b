"""Undoes the parity bit of 8-bit characters: 7 bits of data, and which characters were odd."""

from __future__ import annotations

#: Translation that drops bit 7 of each byte.
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

#: Every byte whose number of ones is even: what 7E1 puts on the wire (NOI-CPT_54E §5.3.5).
EVEN = bytes(byte for byte in range(256) if byte.bit_count() % 2 == 0)

_ADD_PARITY = bytes(byte | 0x80 if byte < 0x80 and byte.bit_count() % 2 else byte for byte in range(256))

#: A source is believed to have lost its parity bits when more than one character in this many is odd.
#: Half of the characters of a stripped frame are odd, next to none of a noisy one that is not.
_STRIPPED_ABOVE_ONE_IN = 4

#: Characters it takes to tell; a shorter run goes by what was known before it.
ENOUGH = 64


def odd(raw: bytes) -> int:
    """Return how many characters of *raw* have an odd number of ones."""
    return len(raw.translate(None, EVEN))


def carries_parity(raw: bytes) -> bool:
    """Return whether the characters of *raw* carry their parity bit, going by how many are odd."""
    return odd(raw) * _STRIPPED_ABOVE_ONE_IN <= len(raw)


def strip(raw: bytes) -> bytes:
    """Return *raw* with bit 7 of each byte cleared."""
    return raw.translate(SEVEN_BITS)


def add(text: bytes) -> bytes:
    """Return 7-bit *text* with its even parity in bit 7."""
    return text.translate(_ADD_PARITY)
