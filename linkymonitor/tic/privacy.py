"""Masks meter numbers and delivery points: personal data, shown only to an owner who asks."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

#: Labels whose data identify a household (NOI-CPT_54E §2.2, §6.2.3).
PERSONAL = frozenset({"ADCO", "ADSC", "PRM", "ADS"})

_KEPT = 3
# A raw line may still carry the parity of each character in bit 7.
_DIGIT = re.compile(r"[0-9\xb0-\xb9]")
_RUN = re.compile(r"[0-9]+")
_SEVEN_BITS = {byte: byte & 0x7F for byte in range(0x80, 0x100)}
_LABEL = re.compile(r"[\0-\x1f]*([^ \t]+)[ \t]")
#: The horodate of a group that has one, up to its separator.
_HORODATE = re.compile(
    r"[HEhe ][0-9]{2}(?:0[0-9]|1[0-2])(?:[0-2][0-9]|3[01])(?:[01][0-9]|2[0-4])[0-5][0-9][0-5][0-9]\t"
)
#: How a whole line ends: a separator and the check character, which belongs to no number.
_CHECK = re.compile(r"[ \t].[\0-\x1f]*\Z", re.DOTALL)
#: A damaged line with at least this many digits outside a horodate may hold a damaged meter number.
_MANY = 10


def mask(number: str) -> str:
    """Return *number* with its length and its last three characters, the rest starred."""
    return "*" * (len(number) - _KEPT) + number[-_KEPT:] if len(number) > _KEPT else "*" * len(number)


def mask_group(label: str, data: str) -> str:
    """Return *data* as it may be shown: masked when *label* identifies a household."""
    return mask(data) if label in PERSONAL else data


def mask_raw(text: str) -> str:
    """Return a damaged line as it may be shown: the digits of what may be a meter number are starred.

    A damaged line gives neither its label nor its width for certain: all digits but the last three are starred
    unless the line label with the whole label of a harmless group and has no more of them than that one.
    Neither the label of a number nor the check character is part of the number.

    Args:
        text: the bytes of the line as latin-1, with or without their parity.
    """
    plain = text.translate(_SEVEN_BITS)
    check = _CHECK.search(plain)
    end = check.start() if check else len(plain)
    if _is_harmless(plain[:end]):
        return text
    number = text[:end]
    hidden = max(len(_DIGIT.findall(number)) - _KEPT, 0)
    return _DIGIT.sub("*", number, count=hidden) + text[end:]


def _is_harmless(plain: str) -> bool:
    """Return whether no meter number can be in the damaged line *plain*, which ends before its check character."""
    label = _LABEL.match(f"{plain} ")
    shape = _shapes().get(label[1]) if label else None
    if label is None or shape is None or any(name in plain for name in PERSONAL):
        return False
    data = plain[label.end() :]
    if shape.stamped and (horodate := _HORODATE.match(f"{data}\t")):
        data = data[horodate.end() :]
    # The profile of a day has many digits, in blocks that are shorter than any number.
    digits = map(len, _RUN.findall(data)) if shape.in_blocks else [len(_DIGIT.findall(data))]
    return max(digits, default=0) <= min(shape.width, _MANY - 1)


class _Shape(NamedTuple):
    """What the data of a harmless label look like."""

    #: Characters of the longest.
    width: int = 0
    stamped: bool = False
    #: Whether their digits come in blocks that are shorter than any number.
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
    """Return what stands for *number* in logs: the same for the same meter and salt, and not to be undone.

    A meter number has few unknown digits, so the salt must stay on the machine.
    """
    try:
        # hashlib would load all of OpenSSL, a third of what acquire has in memory, for a hash that Python has itself.
        from _blake2 import blake2s
    except ImportError:  # a Python that is built without its own
        from hashlib import blake2s

    return blake2s(number.encode(), key=salt.encode()[:32], digest_size=6).hexdigest()
