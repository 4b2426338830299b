"""Reads the horodate of a group."""

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

#: The difference between local time and UTC, by season; a horodate with a blank season has no time.
_OFFSETS = {
    "H": timedelta(hours=1),
    "E": timedelta(hours=2),
    "h": timedelta(hours=1),
    "e": timedelta(hours=2),
    " ": None,
}


class Horodate(NamedTuple):
    """The time stamp that a meter puts into a group."""

    #: ``H`` winter, ``E`` summer, in lower case when the clock is degraded; a blank when not applicable.
    season: str
    #: The twelve digits as sent, French local time: ``AAMMJJhhmmss``.
    digits: str
    #: The instant in UTC; None for a blank season or a date that does not exist.
    at: datetime | None
    #: True when the meter marks its clock as not reliable.
    degraded: bool


def read_horodate(text: str) -> Horodate:
    """Read a horodate ``SAAMMJJhhmmss`` (NOI-CPT_54E §6.2.1.1).

    Raises:
        ValueError: *text* is not a season and twelve digits. A date that does not exist is no error:
            a meter that has lost its clock sends such dates.
    """
    season, digits = text[:1], text[1:]
    if season not in _OFFSETS or len(digits) != 12 or not (digits.isdigit() and digits.isascii()):
        raise ValueError(f"{text!r}: expected a season letter and twelve digits")
    return Horodate(season, digits, _instant(season, digits), season in "he")


def _instant(season: str, digits: str) -> datetime | None:
    offset = _OFFSETS[season]
    if offset is None:
        return None
    year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC) - offset
    except ValueError:
        return None
