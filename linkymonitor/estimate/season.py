"""How many EJP, red and white days a season has, and how many it still has."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from linkymonitor.setting_types import DaysUsed

_DAY = timedelta(days=1)
_EVERY_DAY = frozenset(range(1, 8))


class KnownDay(Protocol):
    """What is known of a past day."""

    @property
    def ejp(self) -> bool:
        """Whether a mobile peak began on it."""

    @property
    def colour(self) -> str | None:
        """Its Tempo colour, None when it is not known."""

    @property
    def wh(self) -> int | None:
        """Its energy, None when nothing was measured."""

    @property
    def silent(self) -> bool:
        """Whether nothing of it was heard."""


class DaysCounted(Protocol):
    """The days that the owner has counted: the section ``[calendar]``."""

    def used(self, kind: str) -> "DaysUsed | None":
        """Return how many days of *kind* there were up to a date."""


class Season(NamedTuple):
    """A season of days of one kind."""

    #: How many such days it has.
    days: int
    #: Its first month and its last one.
    first: int
    last: int
    #: The days of the week that may be such a day, from 1, a Monday.
    weekdays: frozenset[int] = _EVERY_DAY

    def begun(self, day: date) -> date | None:
        """Return the first day of the season that *day* is in, None when it is in none."""
        begun = date(day.year if day.month >= self.first else day.year - 1, self.first, 1)
        months = (day.year - begun.year) * 12 + day.month - begun.month
        return begun if months <= (self.last - self.first) % 12 else None

    def end(self, begun: date) -> date:
        """Return the last day of the season that has *begun*."""
        months = (
            begun.year * 12 + begun.month + (self.last - self.first) % 12
        )  # of the month after the last one
        return date(months // 12, months % 12 + 1, 1) - _DAY

    def possible(self, first: date, last: date) -> list[date]:
        """Return the days from *first* to *last* that may be such a day."""
        days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
        return [day for day in days if day.isoweekday() in self.weekdays and self.begun(day) is not None]


#: ``ejp``, ``red`` or ``white`` → its season. The numbers and the days of the week are those of the arrêtés, as in
#: etc/tariffs/calendars.toml, which is read only for a house with an offer.
SEASONS: Mapping[str, Season] = {
    "ejp": Season(days=22, first=11, last=3),
    "red": Season(days=22, first=11, last=3, weekdays=frozenset(range(1, 6))),
    "white": Season(days=43, first=9, last=8, weekdays=frozenset(range(1, 7))),
}
#: Option of the contract → the kinds of its days that have another price.
SPECIAL: Mapping[str, tuple[str, ...]] = {"EJP": ("ejp",), "TEMPO": ("red", "white")}


def days_left(
    kind: str, day: date, summaries: Mapping[date, KnownDay], calendar: DaysCounted | None = None
) -> int | None:
    """Return how many days of *kind* the season has after *day*; None unless every day of it so far is known.

    Args:
        kind: ``ejp``, ``red`` or ``white``.
        day: the day; its own summary is among *summaries*.
        summaries: of the days that are known.
        calendar: how many days the user has counted up to a date.
    """
    season = SEASONS[kind]
    since = season.begun(day)
    if since is None:
        return None
    count = 0
    used = calendar.used(kind) if calendar else None
    if used is not None and since <= used.until <= day:
        count, since = used.days, used.until + _DAY
    while since <= day:
        summary = summaries.get(since)
        if summary is None or (since < day and (summary.wh is None or summary.silent)):
            return None
        count += summary.ejp if kind == "ejp" else summary.colour == kind
        since += _DAY
    return max(season.days - count, 0)
