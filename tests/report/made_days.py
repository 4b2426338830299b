"""Summaries of days that are made by hand, so that every sum of a period is known without the code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from linkymonitor.summaries.day import DaySummary
from tests.report.house import PARIS


def made(day: date, half_hours: Mapping[str, int], **changes: object) -> DaySummary:
    """Return the summary of *day*: in each half hour every register of *half_hours* counted so many Wh."""
    start = datetime(day.year, day.month, day.day, tzinfo=PARIS)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=PARIS)
    count = round((end.timestamp() - start.timestamp()) / 1800)
    values: dict[str, object] = {
        "date": day,
        "timezone": "Europe/Paris",
        "start": round(start.timestamp()),
        "end": round(end.timestamp()),
        "until": round(end.timestamp()),
        "option": "EJP",
        "subscribed_kva": 9,
        "half_hours": {name: (wh,) * count for name, wh in half_hours.items()},
        "coverage": 1.0,
        "records": 1000,
        "frames": 8000,
    }
    return DaySummary(**(values | changes))  # type: ignore[arg-type]


def days(first: date, count: int, half_hours: Mapping[str, int], **changes: object) -> dict[date, DaySummary]:
    """Return *count* days from *first* on that are all alike."""
    dates = (first + timedelta(days=at) for at in range(count))
    return {day: made(day, half_hours, **changes) for day in dates}
