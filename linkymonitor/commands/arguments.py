"""Reads the words of a command line into values; a word that cannot be read is refused in one sentence."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, datetime
from typing import TYPE_CHECKING

from linkymonitor.language import Text
from linkymonitor.model.terms import WantedMode

if TYPE_CHECKING:
    from pathlib import Path

#: The years that a date may have: the horodates of a meter have two digits for the year.
_YEARS = range(2000, 2100)
#: Numbers of seconds and paces must be below this.
_LARGEST = 1e10


def path(word: str) -> Path:
    """Return the path *word*."""
    from pathlib import Path  # imported late: `decode` has no path, and starts faster without

    return Path(word)


def mode(word: str) -> WantedMode:
    """Return the mode whose name begins with *word*; LinkyAcq.pl also accepted such abbreviations."""
    for wanted in WantedMode:
        if word and wanted.value.startswith(word.lower()):
            return wanted
    raise _unexpected(word, Text("auto, historique ou standard", "auto, historique or standard"))


def day(word: str) -> date:
    """Return the date *word*, written ``2026-11-21`` or ``2026_11_21``."""
    try:
        read = date.fromisoformat(word.replace("_", "-"))
    except ValueError:
        read = date.min
    if read.year not in _YEARS:
        raise _unexpected(
            word,
            Text(
                "une date de ce siècle telle que 2026-11-21 ou 2026_11_21",
                "a date of this century such as 2026-11-21 or 2026_11_21",
            ),
        )
    return read


def instant(word: str) -> datetime:
    """Return the aware date and time *word*; without an offset, *word* is in the zone of this machine."""
    try:
        read = datetime.fromisoformat(word)
    except ValueError:
        read = None
    if read is None or read.year not in _YEARS:
        raise _unexpected(
            word,
            Text(
                "une date et une heure telles que 2026-11-21T19:42:00+01:00",
                "a date and a time such as 2026-11-21T19:42:00+01:00",
            ),
        )
    return read.astimezone()


def seconds(word: str) -> float:
    """Return the number of seconds *word*, above 0."""
    read = _number(word)
    if not 0 < read < _LARGEST:
        raise _unexpected(
            word,
            Text("un nombre de secondes plus grand que 0", "a number of seconds that is greater than 0"),
        )
    return read


def pace(word: str) -> float | None:
    """Return the pace *word*, in multiples of the speed of a real meter; None for ``max``, as fast as possible."""
    if word == "max":
        return None
    read = _number(word)
    if not 0 < read < _LARGEST:
        raise _unexpected(word, Text("un nombre plus grand que 0, ou max", "a number greater than 0, or max"))
    return read


def share(word: str) -> float:
    """Return the share *word*, from 0 to 1."""
    read = _number(word)
    if not 0 <= read <= 1:
        raise _unexpected(word, Text("une part des lignes, de 0 à 1", "a share of the lines, from 0 to 1"))
    return read


def whole(word: str) -> int:
    """Return the whole number *word*."""
    try:
        return int(word)
    except ValueError:
        raise _unexpected(word, Text("un nombre entier", "a whole number")) from None


def days(word: str) -> int:
    """Return a number of days, 0 to 1000."""
    read = int(word) if word.isdecimal() and len(word) <= 4 else -1
    if not 0 <= read <= 1000:
        raise _unexpected(word, Text("un nombre de jours, de 0 à 1000", "a number of days, 0 to 1000"))
    return read


def _number(word: str) -> float:
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return -1.0


def _unexpected(word: str, expected: Text) -> ArgumentTypeError:
    return ArgumentTypeError(
        Text(f"« {word} » ; on attend {expected.fr}", f"“{word}”; expected {expected.en}")
    )
