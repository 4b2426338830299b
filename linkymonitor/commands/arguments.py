"""Reads the words of a command line into values; a word that cannot be read is refused in one sentence."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from linkymonitor.errors import UsageError
from linkymonitor.language import Text
from linkymonitor.model.terms import WantedMode

if TYPE_CHECKING:
    from pathlib import Path

#: The years that a date may have: the horodates of a meter have two digits for the year.
_YEARS = range(2000, 2100)
#: A date from year to day: the forerunner's, that of its log, that of ISO 8601.
_DATE = r"(?P<year>\d{4})([-_/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})"
_FRENCH_DATE = r"(?P<day>\d{1,2})([-/.])(?P<month>\d{1,2})\2(?P<year>\d{4})"
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
    """Return the date *word*: ``2026-11-21``, with ``_`` or ``/`` instead of ``-``, or ``21/11/2026`` as in France."""
    # Not compiled when the module is imported: `decode` has no date, and starts faster without.
    numbers = re.fullmatch(_DATE, word) or re.fullmatch(_FRENCH_DATE, word)
    if numbers is None:
        try:
            read = date.fromisoformat(word)
        except ValueError:
            raise _no_date(word) from None
    else:
        year, month, number = (int(numbers[name]) for name in ("year", "month", "day"))
        if year not in _YEARS or not 1 <= month <= 12:
            raise _no_date(word)
        try:
            read = date(year, month, number)
        except ValueError:
            raise _too_few_days(word, year, month) from None
    if read.year not in _YEARS:
        raise _no_date(word)
    return read


#: French or English word for a day → how long ago that day is.
_SPOKEN_DAYS = {
    "aujourd'hui": timedelta(0),
    "today": timedelta(0),
    "hier": timedelta(days=1),
    "yesterday": timedelta(days=1),
    "avant-hier": timedelta(days=2),
}


def past_day(word: str) -> date | timedelta:
    """Return the date *word*, or for ``today``, ``yesterday``, ``hier`` or ``avant-hier`` how long before today it is.

    What is today depends on the time zone of the house, which only the settings have.
    """
    ago = _SPOKEN_DAYS.get(word.lower().replace("\u2019", "'"))
    return day(word) if ago is None else ago


def refuse_turned_round(first: date, last: date) -> None:
    """Refuse the days of ``-s`` and ``-e`` when *last* is earlier than *first*.

    Raises:
        UsageError: it is.
    """
    if last < first:
        raise UsageError(
            Text(
                f"-e {last} précède -s {first} ; écrivez -s {last} -e {first}",
                f"-e {last} is earlier than -s {first}; write -s {last} -e {first}",
            )
        )


def _no_date(word: str) -> ArgumentTypeError:
    return _unexpected(
        word,
        Text(
            "une date de ce siècle telle que 2026-11-21 ou 21/11/2026",
            "a date of this century such as 2026-11-21 or, day first, 21/11/2026",
        ),
    )


def _too_few_days(word: str, year: int, month: int) -> ArgumentTypeError:
    """Return the fault of *word*, whose month has fewer days."""
    from linkymonitor.language import MONTHS
    from linkymonitor.money.bill import days_in_month

    name, count = MONTHS[month - 1], days_in_month(year, month)
    return ArgumentTypeError(
        Text(
            f"« {word} » ; {name.fr} {year} a {count} jours",
            f"“{word}”; {name.en} {year} has {count} days",
        )
    )


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
