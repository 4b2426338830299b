"""Masks meter addresses and delivery points: personal data, which only the owner may ask to see."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

#: Labels whose data identify a household (NOI-CPT_54E §2.2, §6.2.3).
PERSONAL = frozenset({"ADCO", "ADSC", "PRM", "ADS"})

#: Characters at the end of a number that stay readable.
_KEPT = 3
# These patterns are compiled where they are first needed: damaged lines are rare.
# The second range has the digits with bit 7 set: a damaged line may still carry its parity.
_DIGIT = r"[0-9\xb0-\xb9]"
_RUN = r"[0-9]+"
_SEVEN_BITS = {byte: byte & 0x7F for byte in range(0x80, 0x100)}
_LABEL = r"[\0-\x1f]*([^ \t]+)[ \t]"
#: The horodate of a group that has one, up to its separator.
_HORODATE = r"[HEhe ][0-9]{2}(?:0[0-9]|1[0-2])(?:[0-2][0-9]|3[01])(?:[01][0-9]|2[0-4])[0-5][0-9][0-5][0-9]\t"
#: The end of a whole line: a separator and the check character, which is no digit of a number.
_CHECK = r"(?s)[ \t].[\0-\x1f]*\Z"
#: A damaged line with at least so many digits outside a horodate may contain a damaged meter address.
_MANY = 10


def mask(number: str) -> str:
    """Return *number* with a star in place of each character but the last three."""
    return "*" * (len(number) - _KEPT) + number[-_KEPT:] if len(number) > _KEPT else "*" * len(number)


def mask_group(label: str, data: str) -> str:
    """Return *data*, masked when *label* identifies a household."""
    return mask(data) if label in PERSONAL else data


def mask_raw(text: str) -> str:
    """Return the damaged line *text* with stars in place of the digits that may belong to a meter address.

    In a damaged line neither the label nor the length is certain. So all digits but the last three are replaced,
    unless the line has the label of a harmless group and no more digits than such a group. The check character is
    never replaced: it is no part of the address.

    Args:
        text: the bytes of the line as latin-1, with or without their parity.
    """
    plain = text.translate(_SEVEN_BITS)
    check = re.search(_CHECK, plain)
    end = check.start() if check else len(plain)
    if _is_harmless(plain[:end]):
        return text
    number = text[:end]
    hidden = max(len(re.findall(_DIGIT, number)) - _KEPT, 0)
    return re.sub(_DIGIT, "*", number, count=hidden) + text[end:]


def _is_harmless(plain: str) -> bool:
    """Return whether the damaged line *plain*, given without its check character, contains no meter address."""
    label = re.match(_LABEL, f"{plain} ")
    shape = _shapes().get(label[1]) if label else None
    if label is None or shape is None or any(name in plain for name in PERSONAL):
        return False
    data = plain[label.end() :]
    if shape.stamped and (horodate := re.match(_HORODATE, f"{data}\t")):
        data = data[horodate.end() :]
    # A day profile has many digits, in blocks that are shorter than a meter address.
    digits = map(len, re.findall(_RUN, data)) if shape.in_blocks else [len(re.findall(_DIGIT, data))]
    return max(digits, default=0) <= min(shape.width, _MANY - 1)


class _Shape(NamedTuple):
    """The form of the data of a label that identifies nobody."""

    #: Characters of the longest data.
    width: int = 0
    #: True when the group carries a horodate.
    stamped: bool = False
    #: True when the digits come in blocks that are shorter than a meter address.
    in_blocks: bool = False


@cache
def _shapes() -> Mapping[str, _Shape]:
    """Return the shape of each label that is not personal, in either mode."""
    from linkymonitor.tic.labels import LABELS, TEXT

    shapes: dict[str, _Shape] = {}
    for row in LABELS:
        if row.name not in PERSONAL:
            other_mode = shapes.get(row.name, _Shape())
            in_blocks = row.pattern is not TEXT and isinstance(row.width, tuple)
            shapes[row.name] = _Shape(
                max(len(row.example), other_mode.width), row.stamped or other_mode.stamped, in_blocks
            )
    return shapes


def hashed(number: str, salt: str) -> str:
    """Return the hash that stands for *number* in logs: the same for the same number and salt.

    A meter address has few unknown digits, so anyone with the salt could find the address by trying them all. The
    salt must stay on the machine.
    """
    try:
        # hashlib would load all of OpenSSL, a third of the memory of acquire. Python has this hash without it.
        from _blake2 import blake2s
    except ImportError:  # a Python that is built without this module
        from hashlib import blake2s

    return blake2s(number.encode(), key=salt.encode()[:32], digest_size=6).hexdigest()
