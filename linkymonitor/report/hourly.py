"""The hours of a day as bars, as a table, and as the facts that stand out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from linkymonitor.report.day import DayFigures, Hour
from linkymonitor.report.formats import NBSP, THIN, Formats
from linkymonitor.report.texts import Texts

if TYPE_CHECKING:
    from linkymonitor.report.words import Words

#: Heights of the bars and the width of all of them, in the units of their picture.
_FLOOR, _TALLEST, _SMALLEST = 130, 124, 0.8
_PICTURE = 330
_HOUR = 3600


def repeated_hours(day: DayFigures) -> set[int]:
    """Return the hour on the wall that comes twice on this day, if one does."""
    walls = [hour.hour for hour in day.hours]
    return {hour for hour, following in pairwise(walls) if hour == following}


def hour_names(day: DayFigures, words: Formats) -> list[str]:
    """Return the name of each hour; the one that comes twice has its offset from UTC."""
    twice = repeated_hours(day)
    return [
        words.hour(hour.hour) + (f" ({words.offset(hour.offset)})" if hour.hour in twice else "")
        for hour in day.hours
    ]


def bars(day: DayFigures, words: Words) -> dict[str, object]:
    """Return the hourly picture: bars stacked by register, marks below, facts beside, rows behind."""
    names = hour_names(day, words)
    step = _PICTURE / (len(day.hours) or 1)
    width = round(step * 0.72, 1)
    return {
        "rects": [
            {"x": round(at * step + (step - width) / 2, 1)} | bar
            for at, hour in enumerate(day.hours)
            for bar in _stack(day, hour, names[at], words)
        ],
        "width": width,
        "marks": [
            {"x": round(at * step + 1, 1), "text": words.hour(hour.hour)}
            for at, hour in enumerate(day.hours)
            if hour.hour % 6 == 0
        ],
        "facts": _facts(day, words, names),
        "rows": [(names[at], *_row(day, hour, words)) for at, hour in enumerate(day.hours)],
    }


def _unsure(day: DayFigures, hour: Hour) -> bool:
    """Return whether the energy of *hour* is known and its shape is not."""
    return hour.measured and not hour.known and hour.start + _HOUR <= day.until


def _stack(day: DayFigures, hour: Hour, name: str, words: Words) -> Iterator[dict[str, object]]:
    """Yield the bars of one hour, one on the other: a bar for each register that counted."""
    most = max((one.wh for one in day.hours), default=0) or 1
    detail = f"{words.kwh(hour.wh)} kWh" + ("" if hour.eur is None else f", {words.eur(hour.eur)} €")
    detail = detail.replace(" ", NBSP)
    title = f"{name}{NBSP}: {detail}" if words.french else f"{name}: {detail}"
    top = float(_FLOOR)
    for line in day.lines:
        wh = hour.energy.get(line.code, 0)
        if wh:
            height = max(wh / most * _TALLEST, _SMALLEST)
            top -= height
            yield {
                "y": round(top, 1),
                "height": round(height, 1),
                "kind": words.kind(line.code),
                "known": not _unsure(day, hour),
                "title": title,
            }


def _row(day: DayFigures, hour: Hour, words: Words) -> tuple[str, str]:
    """Return the energy and the cost of an hour, as its row of the table shows them."""
    if not hour.measured:
        return "–", "–"
    mark = f"≈{THIN}" if _unsure(day, hour) else ""
    return mark + words.kwh(hour.wh), "–" if hour.eur is None else mark + words.eur(hour.eur)


def _facts(day: DayFigures, words: Words, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the hours that stand out, among those whose shape is known; none when all are alike."""
    sure = [at for at, hour in enumerate(day.hours) if hour.known]
    if len(sure) < 2:
        return []
    amounts = [day.hours[at].eur for at in sure]
    costs = [amount for amount in amounts if amount is not None]
    if len(costs) == len(sure):
        texts = (Texts.dearest, Texts.cheapest)
        ranked = dict(zip(sure, costs, strict=True))
    else:
        texts = (Texts.hungriest, Texts.soberest)
        ranked = {at: Decimal(day.hours[at].wh) for at in sure}
    # Of hours that are alike, the first.
    most, least = max(sure, key=ranked.__getitem__), min(sure, key=ranked.__getitem__)

    def shown(at: int) -> str:
        if len(costs) == len(sure):
            return f"{words.eur(ranked[at])}{NBSP}€"
        return f"{words.kwh(day.hours[at].wh)}{NBSP}kWh"

    if shown(most) == shown(least):
        return []
    colon = f"{NBSP}: " if words.french else ": "
    return [
        (words.say(text), f"{names[at]}{colon}{shown(at)}")
        for text, at in zip(texts, (most, least), strict=True)
    ]
