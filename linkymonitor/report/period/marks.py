"""The events of a period that its pages mark: other prices, another meter, another contract, an index that leapt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor.language import Text
from linkymonitor.report.period.values import Mark, PriceStep

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.summaries.day import DaySummary

#: What changes for everybody.
_ALWAYS = ("offer", "subscription", "injection")
_NEW_PRICES = Text("nouveaux prix", "new prices")
_METER = Text("autre compteur", "another meter")
_CONTRACT = Text("autre contrat", "another contract")
_INDEX = Text("index repris de zéro ou en bond", "index that began anew or leapt")


def marks_of(
    days: Sequence[DaySummary],
    book: PriceBook,
    dates: tuple[date, date],
    periods: frozenset[str],
    tz: ZoneInfo,
) -> tuple[Mark, ...]:
    """Return the events of *days*, in order, each once a day.

    Args:
        days: the summaries.
        book: the prices of each day.
        dates: the first day and the last one of the whole period.
        periods: those of the offer that counted: other prices of periods that did not are no news.
        tz: the zone of the days.
    """
    first, last = dates
    kva = next((day.subscribed_kva for day in reversed(days) if day.subscribed_kva is not None), None)
    changes: dict[date, list[PriceStep]] = {}
    # Prices that differ from those of the day before the period are a mark at its beginning.
    for change in book.changes(first - timedelta(days=1), last, kva):
        if change.what in periods or change.what in _ALWAYS:
            changes.setdefault(change.date, []).append(PriceStep(change.what, change.before, change.after))
    marks = [Mark(on, "price", _NEW_PRICES, tuple(steps)) for on, steps in changes.items()]
    for day in days:
        meters = {at for at, what, _, _ in day.changes if what == "meter"}
        for at, by_contract in day.breaks:
            on = datetime.fromtimestamp(at, tz).date()
            if at in meters:
                marks.append(Mark(day=on, kind="meter", text=_METER))
            elif by_contract:
                marks.append(Mark(day=on, kind="contract", text=_CONTRACT))
            else:
                marks.append(Mark(day=on, kind="index", text=_INDEX))
    return tuple(sorted(dict.fromkeys(marks), key=lambda mark: mark.day))
