"""The figures of the days of a log, unguarded: an error in the figures of one day is an error of the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.money.book import PriceBook
from linkymonitor.report.day import DayFigures
from linkymonitor.report.figures import day_figures
from linkymonitor.report.gather import LogDays
from linkymonitor.report.period.as_json import as_json
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.summarise import summarise
from linkymonitor.system.storage import Storage


def days(
    log_dir: Path,
    dates: tuple[date, date],
    *,
    tz: ZoneInfo,
    prices: PriceBook,
    now: datetime,
    storage: Storage,
) -> Iterator[DayFigures]:
    """Yield the figures of each day from the first of *dates* to the last."""
    for records in LogDays(log_dir, tz=tz, now=now, storage=storage).between(*dates):
        yield day_figures(records, tz, prices, now)


def json_of(figures: Iterable[DayFigures], prices: PriceBook, tz: ZoneInfo) -> dict[str, object]:
    """Return what `report --json` prints of *figures*, days one after another that are over."""
    summaries = {day.date: summarise(day) for day in figures}
    first, last = min(summaries), max(summaries)
    now = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=3)
    return as_json(period_figures(summaries, prices, first, last, tz=tz, now=now), tz, "fr")
