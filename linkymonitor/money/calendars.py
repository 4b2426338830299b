"""The colours of days: Tempo colours and EJP days as published, and what is certain of a day that is not."""

# Strategy
#
# - The published lists are shipped; the owner's files of the same names in his folder of tables add days to them.
# - A day that is in no list has the colours that the arrêté leaves possible. A day is never taken for blue,
#   or for an ordinary day, only because it is in no list.

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, cause
from linkymonitor.money.rules import Season, read_season
from linkymonitor.money.table import read_document

#: Not red, and the source stops: blue or white.
BLUE_OR_WHITE = "BLEU_OU_BLANC"
_FILE = "calendars.toml"


class ColourTerms(NamedTuple):
    """When a day may have one colour."""

    #: How many such days a season has.
    quota: int
    weekdays: frozenset[int]
    window: Season | None

    def allows(self, day: date) -> bool:
        """Return whether *day* may have the colour."""
        return day.isoweekday() in self.weekdays and (self.window is None or self.window.has(day))


class Calendar(NamedTuple):
    """The days of one kind of offer."""

    #: ``tempo`` or ``ejp``.
    name: str
    #: Day → its colour as published.
    days: Mapping[date, str]
    #: The colour of a day that is none of the others.
    default: str
    terms: Mapping[str, ColourTerms]
    season_starts: tuple[int, int]
    #: True when the list has every day; False when it has the special ones only.
    complete: bool
    #: Season → how many special days it has in the list.
    listed: Mapping[int, int]

    def colours(self, day: date) -> frozenset[str]:
        """Return the colours that *day* may have: one when it is known."""
        published = self.days.get(day)
        if published is not None and published != BLUE_OR_WHITE:
            return frozenset((published,))
        possible = {colour for colour, terms in self.terms.items() if terms.allows(day)} | {self.default}
        if published == BLUE_OR_WHITE:
            possible.discard("ROUGE")
        if not self.complete:
            quota = sum(terms.quota for terms in self.terms.values())
            if self.listed.get(self.season(day), 0) >= quota:
                possible = {self.default}
        return frozenset(possible)

    def season(self, day: date) -> int:
        """Return the year in which the season of *day* began."""
        return day.year - ((day.month, day.day) < self.season_starts)


def read_calendar(name: str, folders: Sequence[Path]) -> Calendar:
    """Return the calendar *name*, ``tempo`` or ``ejp``, with the days of its files in *folders*.

    Args:
        name: of the calendar.
        folders: the owner's first, the shipped one last.

    Raises:
        ConfigError: a file cannot be read, or a line of it is wrong.
    """
    content = read_document(folders[-1] / _FILE).content["calendar"][name]
    days: dict[date, str] = {}
    for folder in reversed(folders):
        path = folder / content["days"]
        if path.exists():
            days.update(read_days(path, name))
    month, _, number = content["season_starts"].partition("-")
    calendar = Calendar(
        name=name,
        days=days,
        default=content["default"],
        terms={
            colour: ColourTerms(
                quota=terms["count"],
                weekdays=frozenset(terms.get("weekdays", range(1, 8))),
                window=read_season(*terms["window"]) if "window" in terms else None,
            )
            for colour, terms in content["colour"].items()
        },
        season_starts=(int(month), int(number)),
        complete=name == "tempo",
        listed={},
    )
    listed: dict[int, int] = {}
    for day in days:
        listed[calendar.season(day)] = listed.get(calendar.season(day), 0) + 1
    return calendar._replace(listed=listed)


def read_days(path: Path, name: str) -> dict[date, str]:
    """Return the days of the file *path* of the calendar *name*: ``date,colour``; for EJP the date decides.

    Raises:
        ConfigError: with one sentence for each wrong line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = cause(error)
        raise ConfigError(
            Text(
                f"{path} : lecture impossible ({why.fr}) ; rendez ce fichier lisible, en UTF-8",
                f"{path}: cannot be read ({why.en}); make this file readable, in UTF-8",
            )
        ) from error
    days: dict[date, str] = {}
    faults: list[Text] = []
    for number, day, colour in _rows(lines):
        try:
            read = date.fromisoformat(day)
        except ValueError:
            faults.append(
                f"{path}"
                + Text(
                    f" : ligne {number} : {day} : on attend une date telle que 2026-12-09",
                    f": line {number}: {day}: expected a date such as 2026-12-09",
                )
            )
            continue
        if read in days:
            faults.append(
                f"{path}"
                + Text(
                    f" : ligne {number} : {day} deux fois ; gardez-en une",
                    f": line {number}: {day} twice; keep one",
                )
            )
        if name == "tempo" and colour not in ("BLEU", "BLANC", "ROUGE", BLUE_OR_WHITE):
            faults.append(
                f"{path}"
                + Text(
                    f" : ligne {number} : {colour} : on attend BLEU, BLANC, ROUGE ou {BLUE_OR_WHITE}",
                    f": line {number}: {colour}: expected BLEU, BLANC, ROUGE or {BLUE_OR_WHITE}",
                )
            )
        days[read] = colour if name == "tempo" else "EJP"
    if faults:
        raise ConfigError(*faults)
    return days


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the number, the date and the second field of each line of *lines* that is no comment and no header."""
    for number, line in enumerate(lines, 1):
        day, _, rest = line.strip().partition(",")
        if day and not day.startswith("#") and day != "date":
            yield number, day.strip(), rest.partition(",")[0].strip()
