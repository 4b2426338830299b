"""The days of a year as squares, a column a week: darker is dearer, EJP, red and white days are marked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.language import SHORT_MONTHS
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import PeriodFigures
from linkymonitor.report.words import Words

#: A square and its column, in the units of the picture.
_SQUARE, _STEP = 14, 17
_SHADES = 5


def squares(figures: PeriodFigures, words: Words) -> dict[str, object]:
    """Return a path for each shade, the marks of dear days, and where the months begin."""
    first = figures.first
    monday = first - timedelta(days=first.weekday())
    whole = [day for day in figures.days if day.whole]
    priced = all(day.shown is not None for day in whole)
    weights: dict[date, Decimal] = {day.date: _weight(day, priced=priced) for day in whole}
    ranked = sorted(weights, key=lambda day: (weights[day], day))
    # Ranks, not amounts: one EJP day would leave all the others in the same pale shade.
    level = {day: 1 + _SHADES * rank // len(ranked) for rank, day in enumerate(ranked)}
    paths: dict[str, list[str]] = {}
    special: list[tuple[int, int]] = []
    white: list[tuple[int, int]] = []
    for day in figures.days:
        if day.empty:
            continue
        column, row = divmod((day.date - monday).days, 7)
        x, y = column * _STEP, row * _STEP
        shade = f"d{level[day.date]}" if day.date in level else "dp"
        paths.setdefault(shade, []).append(f"M{x},{y}h{_SQUARE}v{_SQUARE}h-{_SQUARE}z")
        if day.kind in ("ejp", "red"):
            special.append((x, y))
        elif day.kind == "white":
            white.append((x, y))
    lightest = max((weights[day] for day in ranked if level[day] == 1), default=Decimal(0))
    heaviest = min((weights[day] for day in ranked if level[day] == _SHADES), default=Decimal(0))
    columns = (figures.last - monday).days // 7 + 1
    width = columns * _STEP
    return {
        "label": words.say(P.squares_eur if priced else P.squares_kwh),
        "width": width,
        "height": 7 * _STEP,
        "paths": sorted((shade, "".join(parts)) for shade, parts in paths.items()),
        "special": "".join(f"M{x + 4},{y + 4}h6v6h-6z" for x, y in special),
        "white": "".join(f"M{x + 4},{y + 7}a3,3 0 1 0 6,0a3,3 0 1 0 -6,0z" for x, y in white),
        "up_to": words.say(P.up_to, _amount(lightest, words, priced=priced)),
        "from_on": words.say(P.from_on, _amount(heaviest, words, priced=priced)),
        "weekdays": [
            (f"{(row + 0.5) / 7 * 100:.1f}%", name)
            for row, name in enumerate(words.weekdays())
            if row % 2 == 0
        ],
        "months": [
            (
                f"{(date(first.year, month, 1) - monday).days // 7 * _STEP / width * 100:.1f}%",
                words.say(SHORT_MONTHS[month - 1]),
            )
            for month in range(1, 13)
        ],
    }


def _weight(day: DayCost, *, priced: bool) -> Decimal:
    return (day.shown or Decimal(0)) if priced else Decimal(day.wh or 0)


def _amount(weight: Decimal, words: Words, *, priced: bool) -> str:
    return words.amount(weight) if priced else f"{words.kwh(int(weight), 1)}{NBSP}kWh"
