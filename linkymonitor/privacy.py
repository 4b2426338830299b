"""Masks meter numbers and delivery points: personal data, shown only to an owner who asks."""

from __future__ import annotations

import hashlib
import re

#: Labels whose data identify a household (NOI-CPT_54E §2.2, §6.2.3).
PERSONAL = frozenset({"ADCO", "ADSC", "PRM", "ADS"})

_KEPT = 3
_HORODATE = re.compile(r"[HEhe ][0-9]{12}(?![0-9])")
_DIGIT = re.compile(r"[0-9]")
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

    A damaged line says neither its label nor its width for certain, so every line with many digits
    outside a horodate loses all of them but the last three.
    """
    bare = _HORODATE.sub("", text)
    digits = len(_DIGIT.findall(bare))
    named = any(label in text for label in PERSONAL)
    if digits < _MANY and not (named and digits > _KEPT):
        return text
    hidden = max(len(_DIGIT.findall(text)) - _KEPT, 0)
    return _DIGIT.sub("*", text, count=hidden)


def hashed(number: str, salt: str) -> str:
    """Return what stands for *number* in logs: the same for the same meter and salt, and not to be undone.

    A meter number has few unknown digits, so the salt must stay on the machine.
    """
    return hashlib.blake2s(number.encode(), key=salt.encode()[:32], digest_size=6).hexdigest()
