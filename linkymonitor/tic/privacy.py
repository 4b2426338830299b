"""Masks meter numbers and delivery points: personal data, shown only to an owner who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

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
    unless the line begins with the whole label of a harmless group and has no more of them than that one.
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
    found = _LABEL.match(f"{plain} ")
    kind = _kinds().get(found[1]) if found else None
    if found is None or kind is None or any(label in plain for label in PERSONAL):
        return False
    width, stamped, in_blocks = kind
    data = plain[found.end() :]
    if stamped and (horodate := _HORODATE.match(f"{data}\t")):
        data = data[horodate.end() :]
    # The profile of a day has many digits, in blocks that are shorter than any number.
    digits = map(len, _RUN.findall(data)) if in_blocks else [len(_DIGIT.findall(data))]
    return max(digits, default=0) <= min(width, _MANY - 1)


@cache
def _kinds() -> Mapping[str, tuple[int, bool, bool]]:
    """Return of each harmless label how long its data may be, whether it has a horodate, and blocks of digits."""
    from linkymonitor.tic.labels import LABELS, TEXT

    kinds: dict[str, tuple[int, bool, bool]] = {}
    for row in LABELS:
        if row.name not in PERSONAL:
            width, stamped, _ = kinds.get(row.name, (0, False, False))
            in_blocks = row.pattern is not TEXT and isinstance(row.width, tuple)
            kinds[row.name] = max(len(row.example), width), row.stamped or stamped, in_blocks
    return kinds


def hashed(number: str, salt: str) -> str:
    """Return what stands for *number* in logs: the same for the same meter and salt, and not to be undone.

    A meter number has few unknown digits, so the salt must stay on the machine.
    """
    # hashlib would load all of OpenSSL, a third of what acquire has in memory, for a hash that Python has itself.
    from _blake2 import blake2s

    return blake2s(number.encode(), key=salt.encode()[:32], digest_size=6).hexdigest()
