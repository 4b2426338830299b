"""Masks meter numbers and delivery points: personal data, shown only to an owner who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

#: Labels whose data identify a household (NOI-CPT_54E §2.2, §6.2.3).
PERSONAL = frozenset({"ADCO", "ADSC", "PRM", "ADS"})

_KEPT = 3
_HORODATE = re.compile(r"[HEhe ][0-9]{12}(?![0-9])")
# A raw line may still carry the parity of each character in bit 7.
_DIGIT = re.compile(r"[0-9\xb0-\xb9]")
_SEVEN_BITS = {byte: byte & 0x7F for byte in range(0x80, 0x100)}
_LABEL = re.compile(r"[\0-\x1f]*([^ \t]+)[ \t]")
#: A damaged line with at least this many digits outside a horodate may be a damaged meter number.
_MANY = 10


def mask(number: str) -> str:
    """Return *number* with its length and its last three characters, the rest starred."""
    return "*" * (len(number) - _KEPT) + number[-_KEPT:] if len(number) > _KEPT else "*" * len(number)


def mask_group(label: str, data: str) -> str:
    """Return *data* as it may be shown: masked when *label* identifies a household."""
    return mask(data) if label in PERSONAL else data


def mask_raw(text: str) -> str:
    """Return a damaged line as it may be shown: the digits of what may be a meter number are starred.

    A damaged line says neither its label nor its width for certain: all digits but the last three are starred
    unless the line begins with the whole label of a harmless group and has no more of them than that one.

    Args:
        text: the bytes of the line as latin-1, with or without their parity.
    """
    plain = text.translate(_SEVEN_BITS)
    if _is_harmless(plain):
        return text
    hidden = max(len(_DIGIT.findall(text)) - _KEPT, 0)
    return _DIGIT.sub("*", text, count=hidden)


def _is_harmless(plain: str) -> bool:
    """Return whether no meter number can be in the damaged line *plain*."""
    found = _LABEL.match(plain)
    width = _widths().get(found[1]) if found else None
    if found is None or width is None or any(label in plain for label in PERSONAL):
        return False
    # Its check character may be a digit too.
    return len(_DIGIT.findall(_HORODATE.sub("", plain[found.end() :]))) <= min(width + 1, _MANY - 1)


@cache
def _widths() -> Mapping[str, int]:
    """Return how long the data of each label may be, personal ones left out."""
    from linkymonitor.tic.labels import LABELS

    widths: dict[str, int] = {}
    for row in LABELS:
        if row.name not in PERSONAL:
            widths[row.name] = max(len(row.example), widths.get(row.name, 0))
    return widths


def hashed(number: str, salt: str) -> str:
    """Return what stands for *number* in logs: the same for the same meter and salt, and not to be undone.

    A meter number has few unknown digits, so the salt must stay on the machine.
    """
    # hashlib would load all of OpenSSL, a third of what acquire has in memory, for a hash that Python has itself.
    from _blake2 import blake2s

    return blake2s(number.encode(), key=salt.encode()[:32], digest_size=6).hexdigest()
