"""The figures of a range of days as `report --json` prints them; those of its page are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.files import Statistics
from linkymonitor.estimate.projection import needed_since
from linkymonitor.language import DEFAULT, Text
from linkymonitor.money.book import PriceBook
from linkymonitor.report.day import DayFigures
from linkymonitor.report.days import guarded_days
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.report.period.as_json import as_json as figures_as_json
from linkymonitor.report.period.as_json import month_as_json
from linkymonitor.report.period.before import earlier_ranges
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.period.values import PeriodFigures, Range, month_of
from linkymonitor.report.section import Calendar
from linkymonitor.report.summarise import summarise
from linkymonitor.system.storage import Storage


def as_json(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    prices: PriceBook,
    now: datetime,
    storage: Storage,
    lang: str = DEFAULT,
    statistics: Statistics | None = None,
    on_failure: Callable[[Text], object] | None = None,
    calendar: Calendar | None = None,
) -> dict[str, object]:
    """Return the figures of the whole range, as `report --json` prints them.

    When the figures of a day cannot be computed, the sums are null, and *on_failure* is called with a sentence.

    Raises:
        StorageError: the folder of the logs cannot be read.
    """
    source = LogDays(log_dir, tz=tz, now=now, storage=storage, statistics=statistics)
    storage.names(log_dir)  # a folder that cannot be read leaves no figure of any day
    history = History(source, prices, on_failure or (lambda _: None))
    today = now.astimezone(tz).date()

    def figures_of(period: Range) -> PeriodFigures:
        summaries = history.between(*period)
        for day, figures in guarded_days(
            source, (max(period[0], today + timedelta(days=1)), period[1]), prices, drawn=False
        ):
            # Only a clock that was wrong has logged a day that has not come yet.
            if isinstance(figures, DayFigures) and not figures.empty:
                summaries[day] = summarise(figures)
        if period[0] < period[1]:
            for earlier in earlier_ranges(*period):
                summaries |= history.between(*earlier, make=False)
            if period[0] <= today <= period[1]:
                summaries |= history.between(needed_since(today), today, make=False)
        return period_figures(
            summaries, prices, *period, tz=tz, now=now, failed=history.failed, calendar=calendar
        )

    found = figures_of(dates)
    shown = figures_as_json(found, tz, lang)
    if dates[0] <= today <= dates[1]:
        month = month_of(today)
        shown["month"] = month_as_json(found if month == dates else figures_of(month), lang)
    return shown
