"""How many EJP, red and white days a season still has."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from linkymonitor.report.section import Calendar
from linkymonitor.report.summary import Summary

_DAY = timedelta(days=1)


class Season(NamedTuple):
    """A season of days of one kind."""

    #: How many such days it has.
    days: int
    #: Its first month and its last one.
    first: int
    last: int

    def begun(self, day: date) -> date | None:
        """Return the first day of the season that *day* is in, None when it is in none."""
        begun = date(day.year if day.month >= self.first else day.year - 1, self.first, 1)
        months = (day.year - begun.year) * 12 + day.month - begun.month
        return begun if months <= (self.last - self.first) % 12 else None


#: ``ejp``, ``red`` or ``white`` → its season.
SEASONS: Mapping[str, Season] = {
    "ejp": Season(days=22, first=11, last=3),
    "red": Season(days=22, first=11, last=3),
    "white": Season(days=43, first=9, last=8),
}


def days_left(
    kind: str, day: date, summaries: Mapping[date, Summary], calendar: Calendar | None = None
) -> int | None:
    """Return how many days of *kind* the season has after *day*; None unless every day of it so far is known.

    Args:
        kind: ``ejp``, ``red`` or ``white``.
        day: the day; its own summary is among *summaries*.
        summaries: of the days that are known.
        calendar: the section ``[calendar]``: how many days the user has counted up to a date.
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
