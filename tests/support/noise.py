"""Faults of a serial line, bit by bit: of a bad cable, a slow optocoupler or a second reader."""

# Strategy
#
# - A character is ten bits on the wire: start (0), seven data bits, even parity, stop (1). A flip of a start or
#   stop bit shifts the characters after it, so the bits are read again as a UART reads them.
# - A model takes the bytes of a whole frame, 8 bits each with their parity, and the place of the line to damage
#   (from its LF to its CR). It may also damage the next line: a merge removes the border, and a shift goes on.
# - For a source without parity, the caller clears bit 7 afterwards.

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from linkymonitor.tic.parity import add

BITS = 10
_PRINTABLE = bytes(range(0x20, 0x7F))

#: Damages ``wire[start:end]``, and perhaps the bytes after it.
Model = Callable[[Random, bytes, int, int], bytes]


def through_uart(wire: bytes, flips: Collection[int]) -> bytes:
    """Return what an 8N1 receiver reads when the bits at *flips*, ten for each byte of *wire*, are inverted."""
    if not flips:
        return wire
    if all(0 < flip % BITS < BITS - 1 for flip in flips):
        hurt = bytearray(wire)
        for flip in flips:
            hurt[flip // BITS] ^= 1 << (flip % BITS - 1)
        return bytes(hurt)

    flipped, last, end = frozenset(flips), max(flips), len(wire) * BITS

    def level(at: int) -> int:
        place, bit = divmod(at, BITS)
        sent = 0 if bit == 0 else 1 if bit == BITS - 1 else wire[place] >> (bit - 1) & 1
        return sent ^ (at in flipped)

    at = min(flips) // BITS * BITS
    read = bytearray(wire[: at // BITS])
    while at < end:
        if at % BITS == 0 and at > last:
            return bytes(read) + wire[at // BITS :]
        if level(at):
            at += 1
            continue
        if at + BITS > end:
            break
        read.append(sum(level(at + 1 + bit) << bit for bit in range(8)))
        if level(at + BITS - 1):
            at += BITS
        else:
            # A framing error: the UART gives the character all the same, and the line must come to rest
            # before the next start bit.
            at += BITS - 1
            while at < end and not level(at):
                at += 1
    return bytes(read)


def flips(count: int) -> Model:
    """Return a model that inverts *count* bits anywhere in the line."""

    def hurt(dice: Random, wire: bytes, start: int, end: int) -> bytes:
        return through_uart(wire, set(dice.sample(range(start * BITS, end * BITS), count)))

    return hurt


def two_flips_one_way(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Invert two data or parity bits that have the same level, as a slow optocoupler does."""
    to = dice.getrandbits(1)
    places = [
        place * BITS + 1 + bit
        for place in range(start, end)
        for bit in range(8)
        if wire[place] >> bit & 1 != to
    ]
    return through_uart(wire, set(dice.sample(places, 2)))


def random_bytes(count: int) -> Model:
    """Return a model that replaces *count* bytes by any others."""

    def hurt(dice: Random, wire: bytes, start: int, end: int) -> bytes:
        changed = bytearray(wire)
        for place in dice.sample(range(start, end), count):
            changed[place] ^= dice.randrange(1, 256)
        return bytes(changed)

    return hurt


def lost_bytes(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Lose 1, 4 or 16 bytes in a row."""
    place = dice.randrange(start, end)
    return wire[:place] + wire[place + dice.choice((1, 4, 16)) :]


def extra_bytes(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Insert a byte, or receive four twice."""
    place = dice.randrange(start, end)
    if dice.getrandbits(1):
        return wire[:place] + bytes((dice.randrange(256),)) + wire[place:]
    return wire[: place + 4] + wire[place:]


def merged(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Lose all bytes from a place in the line to a place in the next line."""
    after = min(end + end - start, len(wire))
    return wire[: dice.randrange(start, end)] + wire[dice.randrange(end, after + 1) :]


def second_reader(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Lose 10, 30 or 50 % of the frame to a second reader: in chunks of some bytes, or in whole lines."""
    share = dice.choice((0.1, 0.3, 0.5))
    lines = dice.getrandbits(1)
    kept, place = [], 0
    while place < len(wire):
        size = wire.find(b"\x8d", place) - place + 1 if lines else dice.randrange(1, 33)
        size = size if size > 0 else len(wire) - place
        # STX and ETX stay, or there would be no frame to judge.
        if dice.random() >= share or place == 0 or place + size >= len(wire):
            kept.append(wire[place : place + size])
        place += size
    return b"".join(kept)


def burst(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Replace 8 to 120 bits in a row by random ones."""
    length = dice.choice((8, 15, 30, 60, 120))
    first = dice.randrange(start * BITS, end * BITS)
    flips = {at for at in range(first, min(first + length, len(wire) * BITS)) if dice.getrandbits(1)}
    return through_uart(wire, flips)


def printables(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Replace the line, but for LF and CR, by printable characters with right parity."""
    text = bytes(dice.choices(_PRINTABLE, k=end - start - 2))
    return wire[: start + 1] + add(text) + wire[end - 1 :]


def swapped(dice: Random, wire: bytes, start: int, end: int) -> bytes:
    """Swap two neighbours, which leaves checksum and parity right: a fault of programs, not of a UART."""
    places = [place for place in range(start + 1, end - 2) if wire[place] != wire[place + 1]]
    place = dice.choice(places)
    return wire[:place] + wire[place + 1 : place + 2] + wire[place : place + 1] + wire[place + 2 :]


#: The models, by name.
MODELS: dict[str, Model] = {
    "1 bit": flips(1),
    "2 bits": flips(2),
    "3 bits": flips(3),
    "4 bits": flips(4),
    "8 bits": flips(8),
    "2 bits one way": two_flips_one_way,
    "1 byte": random_bytes(1),
    "2 bytes": random_bytes(2),
    "3 bytes": random_bytes(3),
    "bytes lost": lost_bytes,
    "bytes extra": extra_bytes,
    "lines merged": merged,
    "second reader": second_reader,
    "burst": burst,
    "random text": printables,
    "swapped": swapped,
}
