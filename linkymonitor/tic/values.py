"""Reads the data of groups that need no module of their own: numbers, texts, contacts, colours."""

# Strategy
#
# - A reader takes the text as the meter sends it. It raises ValueError, in one sentence, on a text that it cannot
#   read. The readers are pure functions, and do not depend on the label.

from __future__ import annotations

from linkymonitor.model.terms import Colour

_HEXADECIMAL = frozenset("0123456789ABCDEF")


def read_register(text: str, width: int) -> int:
    """Return the number that *text* is in hexadecimal.

    Raises:
        ValueError: *text* is not *width* hexadecimal digits in capitals.
    """
    # int() alone would accept signs, blanks and underscores.
    if len(text) != width or not _HEXADECIMAL.issuperset(text):
        raise ValueError(f"{text!r}: expected {width} hexadecimal digits")
    return int(text, 16)


def tidy(text: str) -> str:
    """Return *text* without the blanks that pad and centre it on the wire (NOI-CPT_54E §6.2.3.4, §6.2.3.15)."""
    return " ".join(text.split())


def normalise(text: str) -> str:
    """Return a supplier's text (NGTF, LTARF) in the form in which texts are compared: tidy, in capitals."""
    return tidy(text).upper()


def read_relays(text: str) -> tuple[bool, ...]:
    """Read RELAIS (NOI-CPT_54E §6.2.3.19): True for each closed contact, the dry one, then seven virtual.

    Raises:
        ValueError: *text* is not three digits of at most 255.
    """
    if len(text) != 3 or not (text.isdigit() and text.isascii()) or int(text) > 255:
        raise ValueError(f"{text!r}: expected 000 to 255")
    bits = int(text)
    return tuple(bool(bits >> relay & 1) for relay in range(8))


def read_potentials(text: str) -> tuple[bool, ...]:
    """Read PPOT (NOI-CPT_02E §2.5.2): True for each of the three phases that has its voltage.

    Raises:
        ValueError: *text* is not two hexadecimal digits.
    """
    absent = read_register(text, 2)
    return tuple(not absent >> phase & 1 for phase in (1, 2, 3))


def read_colour(text: str) -> Colour | None:
    """Read DEMAIN (NOI-CPT_02E §2.3.3): tomorrow's colour, None while the meter does not know it.

    Raises:
        ValueError: *text* is neither a colour nor ``----``.
    """
    return None if text == "----" else Colour(text)
