"""The same period before: a year earlier, else the period just before; only days that both have are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.estimate.day_cost import DayCost, cost_of
from linkymonitor.money import bill
from linkymonitor.report.period.values import Before, PeriodFigures, last_of_month

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.summaries.day import DaySummary

#: Fewer pairs of days are no comparison.
_FEWEST = 3


def earlier_ranges(first: date, last: date) -> list[tuple[date, date]]:
    """Return the ranges that the days from *first* to *last* may be compared with, the best one first."""
    year_ago = _years_back(first), _years_back(last)
    if first.day == 1 and last == last_of_month(first):
        eve = first - timedelta(days=1)
        return [year_ago, (eve.replace(day=1), eve)]
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return [year_ago]
    return [year_ago, (first - (last - first) - timedelta(days=1), first - timedelta(days=1))]


def before_of(figures: PeriodFigures, summaries: Mapping[date, DaySummary], book: PriceBook) -> Before | None:
    """Return what an earlier period of the same length had used and cost, None when too little of one is known.

    Args:
        figures: of the period.
        summaries: of the days of both.
        book: the prices of each day.
    """
    for first, last in earlier_ranges(figures.first, figures.last):
        pairs: list[tuple[DayCost, DaySummary, DayCost]] = []
        for own in figures.days:
            other = summaries.get(_partner(own.date, figures, first, last))
            if other is None or not own.whole:
                continue
            then = cost_of(other, book.on(other.date, other.subscribed_kva))
            if then.whole:
                pairs.append((own, other, then))
        if len(pairs) >= min(_FEWEST, (last - first).days + 1):
            return _compared(first, last, pairs, book)
    return None


def _partner(day: date, figures: PeriodFigures, first: date, last: date) -> date:
    """Return the day from *first* to *last* that *day* is compared with."""
    if first.year == figures.first.year - 1 and (first.month, first.day) == (
        figures.first.month,
        figures.first.day,
    ):
        return _years_back(day)
    other = first + (day - figures.first)
    return other if other <= last else date.max


def _years_back(day: date) -> date:
    """Return *day* a year earlier; 29 February has none, and stands beside 28 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _compared(
    first: date, last: date, pairs: list[tuple[DayCost, DaySummary, DayCost]], book: PriceBook
) -> Before:
    eur = bill.add_wide(_exact(then) for _, _, then in pairs)
    own_eur = bill.add_wide(_exact(own) for own, _, _ in pairs)
    by_price = None
    if eur is not None and own_eur is not None:
        # What the energy of then would cost at the prices of now: the rest of the difference is other use.
        at_own = bill.add_wide(
            _exact(
                cost_of(
                    other, book.on(own.date, other.subscribed_kva), shift=(own.date - other.date).days * 86400
                )._replace(subscription=own.subscription)
            )
            for own, other, _ in pairs
        )
        by_price = None if at_own is None else bill.round_cents(at_own - eur)
    return Before(
        first=first,
        last=last,
        days=len(pairs),
        wh=sum(then.wh or 0 for _, _, then in pairs),
        eur=None if eur is None else bill.round_cents(eur),
        own_wh=sum(own.wh or 0 for own, _, _ in pairs),
        own_eur=None if own_eur is None else bill.round_cents(own_eur),
        by_price=by_price,
        kinds=Counter(then.kind for _, _, then in pairs if then.kind is not None),
        base_va=_median([other.base_load_va for _, other, _ in pairs if other.base_load_va is not None]),
        marks={own.date: then for own, _, then in pairs},
    )


def _median(values: list[int]) -> int | None:
    return sorted(values)[len(values) // 2] if values else None


def _exact(day: DayCost) -> Decimal | None:
    """Return what *day* cost, not rounded; None when a price is missing."""
    return bill.add_wide((*day.eur.values(), day.subscription))
