"""What a period that goes on will come to: our estimate, and the formula of LinkyPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor.estimate.linkypy import LinkyPy, linkypy
from linkymonitor.estimate.projection import Projection, SoFar, outlook_of
from linkymonitor.language import Text
from linkymonitor.money import bill
from linkymonitor.report.period.values import PeriodFigures
from linkymonitor.system.zones import midnight

if TYPE_CHECKING:
    from linkymonitor.estimate.season import DaysCounted
    from linkymonitor.money.book import DayPrices, PriceBook
    from linkymonitor.summaries.day import DaySummary

_DAY = timedelta(days=1)
_UNREAD = Text("énergie inconnue : un registre n'est pas lu", "energy not known: a register is not read")


def projection_of(
    figures: PeriodFigures,
    summaries: Mapping[date, DaySummary],
    book: PriceBook,
    calendar: DaysCounted | None,
) -> tuple[Projection | None, Text | None]:
    """Return what the period comes to when it is over, or why nobody knows."""
    if figures.today is None or figures.empty:
        return None, None
    if figures.consumed is None:
        return None, _UNREAD
    outlook = outlook_of(
        summaries, book, figures.today, figures.last, missing=figures.missing, calendar=calendar
    )
    if outlook.ahead is None:
        return None, outlook.reason
    today = next((day for day in figures.days if day.date == figures.today), None)
    so_far = SoFar(figures.consumed, figures.total)
    if today is not None and today.energy:
        so_far = so_far._replace(today_wh=today.wh or 0, today_eur=bill.add_up(today.eur.values()))
    return outlook.ahead.after(so_far), None


def linkypy_of(
    figures: PeriodFigures, due: Sequence[tuple[date, DayPrices]], tz: ZoneInfo, now: datetime
) -> LinkyPy | None:
    """Return the figures of LinkyPy, None where the period is no month that goes on, or a price is missing."""
    if figures.today is None or not figures.whole_month or figures.since is None:
        return None
    month_price = due[-1][1].subscription_month
    if figures.consumed_eur is None or month_price is None:
        return None
    begun = midnight(figures.since, tz)
    end = midnight(figures.last + _DAY, tz)
    return linkypy(
        figures.consumed_eur,
        month_price,
        int((now - begun).total_seconds()),
        int((end - now).total_seconds()),
    )
