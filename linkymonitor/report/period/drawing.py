"""Draws the pages of months, years and ranges, when one of their days or of their prices has changed."""

# Strategy
#
# - A page carries in its head what it was drawn of, but for its days: the prices in force, the pages that it links to,
#   and the version. Where that differs from today's, the page is drawn again; so are the month and the year of each day
#   that was drawn.
# - A period whose figures cannot be drawn costs no other page.

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor import __version__
from linkymonitor.errors import ConfigError, LinkyMonitorError, StorageError
from linkymonitor.estimate.projection import needed_since
from linkymonitor.language import Text, as_text
from linkymonitor.report.period.before import earlier_ranges
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import Range, kind_of_range, month_of, period_name, year_of

if TYPE_CHECKING:
    from linkymonitor.estimate.season import DaysCounted
    from linkymonitor.money.book import PriceBook
    from linkymonitor.report.history import History
    from linkymonitor.report.pages import Pages
    from linkymonitor.report.period.sentences import Card
    from linkymonitor.system.storage import Storage

_DAY = timedelta(days=1)
_MONTH = re.compile(r"(\d{4})-(\d\d)\.html")
_YEAR = re.compile(r"(\d{4})\.html")
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{4}-\d\d-\d\d)\.html")
#: What stands before and after what a page was drawn of.
_BEFORE, _AFTER = '<meta name="linkymonitor-period" content="', '">'
#: Bytes of a page in which it stands.
_HEAD = 4096


def periods_of(days: Iterable[date]) -> set[Range]:
    """Return the months and the years of *days*."""
    return {period for day in days for period in (month_of(day), year_of(day))}


def ranges_in(names: Iterable[str]) -> list[Range]:
    """Return the months, years and ranges that have a page among *names*, in order."""
    found = []
    for name in names:
        with suppress(ValueError):
            if match := _MONTH.fullmatch(name):
                found.append(month_of(date(int(match[1]), int(match[2]), 1)))
            elif match := _YEAR.fullmatch(name):
                found.append(year_of(date(int(match[1]), 1, 1)))
            elif match := _RANGE.fullmatch(name):
                found.append((date.fromisoformat(match[1]), date.fromisoformat(match[2])))
    return sorted(found)


def file_name(period: Range) -> str:
    """Return the name of the page of *period*."""
    return f"{period_name(*period)}.html"


class Periods:
    """The pages of periods in one folder.

    Args:
        folder: the folder.
        pages: draws them.
        book: the prices of each day.
        storage: reads and writes the pages.
        tz: the zone of the days.
        now: the present.
        calendar: the EJP, red and white days of this season that the owner has counted.
    """

    def __init__(
        self,
        folder: Path,
        pages: Pages,
        book: PriceBook,
        storage: Storage,
        tz: ZoneInfo,
        now: datetime,
        calendar: DaysCounted | None = None,
    ) -> None:
        self._folder = folder
        self._pages = pages
        self._words = pages.words
        self._book = book
        self._storage = storage
        self._tz = tz
        self._now = now
        self._calendar = calendar

    def draw(self, wanted: Collection[Range], history: History, tell: Callable[[Text], object]) -> list[Path]:
        """Write the pages of *wanted*, and those that are out of date; return their paths.

        Args:
            wanted: the periods of which a day has been drawn, or that were asked for.
            history: gives the summaries.
            tell: handed a sentence about each page that could not be drawn.

        Raises:
            ConfigError: a template is wrong.
        """
        names = frozenset(self._storage.names(self._folder))
        there = [period for period in ranges_in(names) if period not in wanted]
        every = sorted({*there, *wanted})
        files = names | {file_name(period) for period in wanted}
        written = []
        for period in every:
            links = self._links(period, every)
            drawn_of = self._drawn_of(period, links)
            if period in wanted or self._stale(period, drawn_of):
                path = self._folder / file_name(period)
                try:
                    self._storage.replace(path, self._page(period, history, files, links, drawn_of))
                except ConfigError:
                    raise
                except StorageError as error:
                    tell(error.text)
                except Exception as error:
                    tell(_not_drawn(period, error))
                else:
                    written.append(path)
        return written

    def _page(
        self,
        period: Range,
        history: History,
        files: frozenset[str],
        links: list[dict[str, str | None]],
        drawn_of: str,
    ) -> bytes:
        first, last = period
        summaries = history.between(first, last)
        for earlier in earlier_ranges(first, last):
            summaries |= history.between(*earlier, make=False)
        today = self._now.astimezone(self._tz).date()
        if first <= today <= last:
            summaries |= history.between(needed_since(today), today, make=False)
        figures = period_figures(
            summaries,
            self._book,
            first,
            last,
            tz=self._tz,
            now=self._now,
            failed=history.failed,
            calendar=self._calendar,
        )
        more = self._bill_card(history) if figures.whole_month and first <= today <= last else ()
        return self._pages.period(figures, links, files, self._now.timestamp(), drawn_of, more)

    def _bill_card(self, history: History) -> tuple[Card, ...]:
        """Return the card of the bill that is running, none where [contract] has no reading day."""
        if self._book.contract_on(self._now.astimezone(self._tz).date()).reading_day is None:
            return ()
        # Only here: few houses have a reading day.
        from linkymonitor.report.next_bill import next_bill
        from linkymonitor.report.period.bill_card import bill_card

        running = next_bill(history, self._book, tz=self._tz, now=self._now, calendar=self._calendar)
        card = None if running is None else bill_card(running, self._words)
        return () if card is None else (card,)

    def _links(self, period: Range, every: Collection[Range]) -> list[dict[str, str | None]]:
        """Return the links of the page of *period*: to what is before it, around it and after it."""
        words, (first, last) = self._words, period
        same = [other for other in every if kind_of_range(other) == kind_of_range(period)]
        links: list[dict[str, str | None]] = []
        earlier = next((other for other in reversed(same) if other < period), None)
        later = next((other for other in same if other > period), None)
        if kind_of_range(period) != "range":
            eve, morrow = first - _DAY, last + _DAY
            around = month_of if kind_of_range(period) == "month" else year_of
            text = self._beside(earlier or around(eve), period)
            links.append(_link(f"‹ {text}", file_name(earlier) if earlier else None, "prev"))
        if kind_of_range(period) != "year":
            year = year_of(last)
            links.append(_link(str(last.year), file_name(year) if year in every else None))
        links.append(_link(words.say(P.calendar), "index.html"))
        if kind_of_range(period) != "range":
            text = self._beside(later or around(morrow), period)
            links.append(_link(f"{text} ›", file_name(later) if later else None, "next"))
        return links

    def _beside(self, other: Range, period: Range) -> str:
        """Return how the page of *period* names *other*, a month or a year."""
        first = other[0]
        if kind_of_range(other) == "year":
            return str(first.year)
        name = self._words.month(first.month)
        return name if abs((first - period[0]).days) < 32 else f"{name} {first.year}"

    def _drawn_of(self, period: Range, links: list[dict[str, str | None]]) -> str:
        """Return what the page of *period* is drawn of, but for its days, as a few characters."""
        seen: list[object] = [__version__, self._words.lang, links]
        last = None
        first, end = period
        # The day before counts, too: prices that change on the first day are marked.
        for count in range(-1, (end - first).days + 1):
            prices = self._book.on(first + timedelta(days=count))
            if last is None or prices is not last:
                last = prices
                seen.append((count, repr(prices)))
        return hashlib.sha1(repr(seen).encode(), usedforsecurity=False).hexdigest()[:16]

    def _stale(self, period: Range, drawn_of: str) -> bool:
        """Return whether the page of *period*, which is there, was drawn of something else than *drawn_of*."""
        with suppress(FileNotFoundError, StorageError):
            head = next(self._storage.blocks(self._folder / file_name(period)), b"")[:_HEAD].decode(
                errors="replace"
            )
            _, found, rest = head.partition(_BEFORE)
            # A page without these words is not ours, and stays.
            return bool(found) and rest.partition(_AFTER)[0] != drawn_of
        return False


def _link(text: str, href: str | None, rel: str | None = None) -> dict[str, str | None]:
    return {"text": text, "href": href, "rel": rel}


def _not_drawn(period: Range, error: Exception) -> Text:
    """Return the sentence about *period*, which could not be drawn because of *error*."""
    import logging  # nearly every report does without

    name = period_name(*period)
    logging.getLogger(__name__).debug("%s", name, exc_info=error)
    cause = (
        error.text if isinstance(error, LinkyMonitorError) else as_text(f"{type(error).__name__}: {error}")
    )
    return Text(
        f"{name} : page non dessinée ({cause.fr}) ; les autres le sont, gardez le journal de ces jours et signalez-le",
        f"{name}: page not drawn ({cause.en}); the others are, keep the log of these days and report it",
    )
