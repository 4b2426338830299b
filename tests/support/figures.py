"""The figures of the days of a log, unguarded: an error in the figures of one day is an error of the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.money.book import PriceBook
from linkymonitor.report.day import DayFigures
from linkymonitor.report.figures import day_figures
from linkymonitor.report.gather import LogDays
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
