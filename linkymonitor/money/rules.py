"""To which period of an offer an instant belongs: its rules, its seasons, its colours and its hours."""

# Strategy
#
# - The first rule whose every condition holds wins. All rules with a colour have the same `day_starts`.
# - A colour that is not known is a set of possible colours. The rules are tried for each of them: where all give the
#   same period, it is known all the same; else the period is unknown and the energy has no price.
# - All hours are civil time. `day_starts` moves the limits of the day for season, weekday and colour: a Tempo day
#   begins at 06:00, so 03:00 has the colour of the day before.

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from linkymonitor.money.tariffs import ELSEWHERE, UNKNOWN

#: Calendar → the colours of its days.
COLOURS: Mapping[str, tuple[str, ...]] = {"tempo": ("BLEU", "BLANC", "ROUGE"), "ejp": ("EJP", "HN")}
#: The length of a day in minutes.
DAY = 24 * 60

_RANGE = r"(\d{1,2})[:hH](\d{2})\s*-\s*(\d{1,2})[:hH](\d{2})"
_MONTH_DAY = r"(\d{2})-(\d{2})"
#: A year with a 29 February, in which any day of a season exists.
_LEAP = 2024


class Hours(NamedTuple):
    """A range of hours, in minutes of the day: the start included, the end excluded; it may pass midnight."""

    start: int
    end: int

    def __contains__(self, minute: object) -> bool:
        assert isinstance(minute, int)
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    @property
    def minutes(self) -> int:
        """The length of the range in minutes; a range whose end is its start is a whole day."""
        return (self.end - self.start) % DAY or DAY


class Season(NamedTuple):
    """A part of the year, as month and day; both are included, and it may pass the new year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def has(self, day: date) -> bool:
        """Return whether *day* lies in the season."""
        key = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= key <= self.last
        return key >= self.first or key <= self.last


class Rule(NamedTuple):
    """One rule; a condition that is None always holds."""

    period: str
    season: str | None = None
    weekdays: frozenset[int] | None = None
    colour: str | None = None
    #: Ranges; None when there is no condition, or *own* stands for them.
    hours: tuple[Hours, ...] | None = None
    #: The house's own off-peak hours.
    own: bool = False
    #: Minutes after midnight at which the day of season, weekday and colour begins.
    day_starts: int = 0


class OffPeak(NamedTuple):
    """Off-peak hours of a house, from a day on."""

    since: date
    hours: tuple[Hours, ...]
    #: None: all the year.
    season: Season | None = None


def read_hours(text: str) -> Hours:
    """Return the range ``22:00-06:00``.

    Raises:
        ValueError: *text* is no such range.
    """
    match = re.fullmatch(_RANGE, text.strip())
    if not match:
        raise ValueError(text)
    ends = []
    for hour, minute in ((int(match[1]), int(match[2])), (int(match[3]), int(match[4]))):
        if minute > 59 or hour > 24 or (hour == 24 and minute):
            raise ValueError(text)
        ends.append((hour * 60 + minute) % DAY)
    return Hours(*ends)


def read_season(first: str, last: str) -> Season:
    """Return the season from *first* to *last*, each as ``MM-DD``.

    Raises:
        ValueError: one of them is no day of the year.
    """
    days = []
    for text in (first, last):
        match = re.fullmatch(_MONTH_DAY, text)
        if not match:
            raise ValueError(text)
        day = date(_LEAP, int(match[1]), int(match[2]))  # raises ValueError for a day that no year has
        days.append((day.month, day.day))
    return Season(*days)


def own_hours(off_peak: Sequence[OffPeak], day: date) -> tuple[Hours, ...] | None:
    """Return the off-peak hours of *day*, None when they are not known.

    Of the rows that have begun, those of the newest date count; of these, one whose season holds *day* comes first.
    """
    begun = [row for row in off_peak if row.since <= day]
    newest = max((row.since for row in begun), default=None)
    rows = [row for row in begun if row.since == newest]
    seasonal = next((row for row in rows if row.season is not None and row.season.has(day)), None)
    all_year = next((row for row in rows if row.season is None), None)
    row = seasonal or all_year
    return None if row is None else row.hours


class Slices(NamedTuple):
    """The rules of one offer, as one house has them."""

    rules: tuple[Rule, ...]
    seasons: Mapping[str, Season]
    #: The zone of hours and days.
    zone: tzinfo
    #: The colours that a day may have; one when it is known.
    colours: Callable[[date], frozenset[str]]
    off_peak: tuple[OffPeak, ...] = ()
    #: Registers of the meter that are periods themselves: the meter decides.
    registers: frozenset[str] = frozenset()

    def period(self, register: str, at: float) -> str:
        """Return the period of energy of *register* at the POSIX time *at*; UNKNOWN when it is not known."""
        if register in self.registers or register in (ELSEWHERE, ""):
            return register
        return self.at(datetime.fromtimestamp(at, self.zone), register)

    def at(self, when: datetime, register: str = "") -> str:
        """Return the period of the civil time *when*; off-peak hours that are not set are those of *register*."""
        found = {period for _, period in self.winners(when, register)}
        return found.pop() if len(found) == 1 else UNKNOWN

    def winners(self, when: datetime, register: str = "") -> set[tuple[int, str]]:
        """Return the rule that wins at *when* for each possible colour: its position, -1 for none, and its period."""
        starts = next((rule.day_starts for rule in self.rules if rule.colour), None)
        colours = {""} if starts is None else self.colours(_day(when, starts))
        return {self._first(when, register, colour) for colour in colours}

    def _first(self, when: datetime, register: str, colour: str) -> tuple[int, str]:
        minute = when.hour * 60 + when.minute
        day, starts = when.date(), 0
        for place, rule in enumerate(self.rules):
            if rule.day_starts != starts:
                day, starts = _day(when, rule.day_starts), rule.day_starts
            if rule.season is not None and not self.seasons[rule.season].has(day):
                continue
            if rule.weekdays is not None and day.isoweekday() not in rule.weekdays:
                continue
            if rule.colour is not None and colour != rule.colour:
                continue
            if rule.own:
                inside = self._off_peak(when.date(), minute, register)
                if inside is None:
                    return place, UNKNOWN
                if not inside:
                    continue
            elif rule.hours is not None and not any(minute in hours for hours in rule.hours):
                continue
            return place, rule.period
        return -1, UNKNOWN

    def _off_peak(self, day: date, minute: int, register: str) -> bool | None:
        """Return whether an instant is in the off-peak hours of the house: its own, else as its meter counts them."""
        hours = own_hours(self.off_peak, day)
        if hours is not None:
            return any(minute in span for span in hours)
        if register.startswith("HC"):
            return True
        return False if register.startswith("HP") else None


def _day(when: datetime, starts: int) -> date:
    """Return the day of *when*, if a day begins *starts* minutes after midnight."""
    return (when.replace(tzinfo=None) - timedelta(minutes=starts)).date()
