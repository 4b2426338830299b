"""The summaries of the days of a log; those that are missing are made from the log, and kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from linkymonitor.daily_log.files import files
from linkymonitor.errors import StorageError
from linkymonitor.language import Text, written_date
from linkymonitor.money.book import PriceBook
from linkymonitor.report.gather import LogDays
from linkymonitor.summaries.day import DaySummary
from linkymonitor.summaries.store import Store
from linkymonitor.system.own_files import warn

if TYPE_CHECKING:
    from linkymonitor.report.day import DayFigures

# What makes a summary is imported where one is made: a bill finds most days summarised.

_DAY = timedelta(days=1)


class History:
    """The summaries of the days of a log.

    Args:
        source: the log.
        prices: those of the figures that are handed to `take`; a summary has none.
        tell: called with a sentence for each day that cannot be summarised.
        progress: called with how many days are summarised, and how many there are to summarise.
    """

    def __init__(
        self,
        source: LogDays,
        prices: PriceBook,
        tell: Callable[[Text], object],
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        self._source = source
        self._prices = prices
        self._tell = tell
        self._progress = progress or (lambda made, days: None)
        self._store = Store(source.directory, str(source.tz), source.storage)
        #: The months that have a file, once its folder has been read.
        self._months: list[tuple[int, int]] | None = None
        #: Year and month → the summaries that are kept, as far as they have been read.
        self._kept: dict[tuple[int, int], Mapping[date, DaySummary]] = {}
        #: The summaries made in this run, and the days that could not be summarised.
        self._made: dict[date, DaySummary] = {}
        self._failed: set[date] = set()
        self._refused = False

    @property
    def failed(self) -> frozenset[date]:
        """The days whose figures cannot be computed."""
        return frozenset(self._failed)

    def outliving(self, days: Collection[date]) -> set[date]:
        """Return those of *days* that are kept though a file of their log is gone, as the retention removes them.

        What is left of the log says less of them than is kept.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        if not days:
            return set()
        known = self._known(min(days), max(days))
        return {day for day in days if day in known and day in self._store.outliving}

    def take(self, day: date, figures: DayFigures | Exception) -> None:
        """Use *figures* for *day*, whose page was drawn of them; it is kept with the next `keep`."""
        if isinstance(figures, Exception):
            self._failed.add(day)  # reported with its page
            return
        from linkymonitor.report.summarise import summarise

        self._made[day] = summarise(figures)

    def keep(self) -> None:
        """Write the summaries made so far. A refusal by the folder is reported, and they are made again later."""
        try:
            self._store.write(self._made.values())
        except StorageError as error:
            if not self._refused:
                warn(_not_kept(error))
            self._refused = True

    def between(self, first: date, last: date, make: bool = True) -> dict[date, DaySummary]:
        """Return the summaries of the days from *first* to *last*, in order; today has that of its hours so far.

        Args:
            first: the first day.
            last: the last day.
            make: whether those that are missing are made from the log; it takes a second for a month of days.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        found = self._known(first, last)
        if make:
            missing = [
                day for day in self._logged(first, last) if day not in found and day not in self._failed
            ]
            self._make(missing)
            found |= {day: self._made[day] for day in missing if day in self._made}
        return {day: found[day] for day in sorted(found) if _is_of_log(found[day])}

    def _known(self, first: date, last: date) -> dict[date, DaySummary]:
        """Return the summaries that are kept, and those made in this run, from *first* to *last*."""
        if self._months is None:
            self._months = self._store.months()
        known: dict[date, DaySummary] = {}
        for year, month in self._months:
            if (first.year, first.month) <= (year, month) <= (last.year, last.month):
                if (year, month) not in self._kept:
                    self._kept[year, month] = self._store.of_month(year, month)
                known |= self._kept[year, month]
        known |= self._made
        return {day: summary for day, summary in known.items() if first <= day <= last}

    def _logged(self, first: date, last: date) -> list[date]:
        """Return the days from *first* to *last*, not after today, that the log may reach to."""
        if self._reach is None:
            return []
        begin, end = max(first, self._reach[0]), min(last, self._reach[1])
        return [begin + count * _DAY for count in range((end - begin).days + 1)]

    @property
    def first_day(self) -> date | None:
        """The first day of which there is a log, or a summary that has outlived it; None when there is none.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        kept = [min(days) for month in self._store.months()[:1] if (days := self._store.of_month(*month))]
        return min([*kept, *(self._reach or ())[:1]], default=None)

    @cached_property
    def _reach(self) -> tuple[date, date] | None:
        """The first and the last local day, not after today, of the files of the log; None when there is no file."""
        spans = [file.span for file in files(self._source.directory, self._source.storage)]
        if not spans:
            return None
        today = self._source.now.astimezone(self._source.tz).date()
        return self._local_day(spans[0].start), min(self._local_day(max(span.stop for span in spans)), today)

    def _local_day(self, at: int) -> date:
        return datetime.fromtimestamp(at, self._source.tz).date()

    def _make(self, days: list[date]) -> None:
        """Summarise *days*, in order, month by month: what is made is kept when the power goes."""
        if not days:
            return
        from linkymonitor.report.days import guarded_days
        from linkymonitor.report.logged import stretches

        done = 0
        for _, of_month in _by_month(days):
            for run in stretches(of_month):
                for day, figures in guarded_days(self._source, run, self._prices, drawn=False):
                    self._take_from_log(day, figures)
                    done += 1
                    self._progress(done, len(days))
            self.keep()

    def _take_from_log(self, day: date, figures: DayFigures | Exception) -> None:
        self.take(day, figures)
        if isinstance(figures, Exception):
            from linkymonitor.report.days import keep_traceback

            keep_traceback(day, figures)
            self._tell(_left_out(day, figures))


def _is_of_log(summary: DaySummary) -> bool:
    """Return whether the log had begun; its first file may begin in the local day before its first record."""
    return summary.records > 0 or summary.log.first is not None


def _by_month(days: Iterable[date]) -> Iterator[tuple[tuple[int, int], list[date]]]:
    by_month: dict[tuple[int, int], list[date]] = {}
    for day in days:
        by_month.setdefault((day.year, day.month), []).append(day)
    yield from sorted(by_month.items())


def _left_out(day: date, error: Exception) -> Text:
    from linkymonitor.report.days import cause_of

    cause, on = cause_of(error), written_date(day)
    return Text(
        f"{on.fr} : jour absent des mois et des années ({cause.fr}) ; gardez le journal de ce jour et signalez-le",
        f"{on.en}: day left out of months and years ({cause.en}); keep the log of this day and report it",
    )


def _not_kept(error: StorageError) -> Text:
    cause = error.text
    return Text(
        f"{cause.fr} ; les résumés des jours ne sont pas gardés : les pages sont justes, mais chaque mois se relit en "
        "entier",
        f"{cause.en}; the summaries of days are not kept: the pages are right, but each month is read again as a "
        "whole",
    )
