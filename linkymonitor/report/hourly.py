"""The hours of a day as bars, as a table, and the dearest and the cheapest of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from linkymonitor.money import bill
from linkymonitor.report.day import DayFigures, Hour
from linkymonitor.report.formats import NBSP, THIN, Formats
from linkymonitor.report.texts import Texts

if TYPE_CHECKING:
    from linkymonitor.report.words import Words

#: In the units of the picture: where the bars stand, the height of the tallest and of the smallest, and the width.
_FLOOR, _TALLEST, _SMALLEST = 130, 110, 0.8
_PICTURE = 330
#: The room on the left for the numbers of the scale, and half the width of the value above the tallest bar.
_MARGIN, _HALF_LABEL = 30, 26
_HOUR = 3600


def repeated_hours(day: DayFigures) -> set[int]:
    """Return the hour, 0 to 23, that comes twice on *day*, in a set; an empty set when no hour does."""
    walls = [hour.hour for hour in day.hours]
    return {hour for hour, following in pairwise(walls) if hour == following}


def hour_names(day: DayFigures, words: Formats) -> list[str]:
    """Return the name of each hour; an hour that comes twice has its offset from UTC in its name."""
    twice = repeated_hours(day)
    return [
        words.hour(hour.hour) + (f" ({words.offset(hour.offset)})" if hour.hour in twice else "")
        for hour in day.hours
    ]


def bars(day: DayFigures, words: Words) -> dict[str, object]:
    """Return the pictures of the hours (in € if all prices are known, and in kWh), the facts, and the table's rows."""
    names = hour_names(day, words)
    kwh = _picture(day, words, names, [_energy_parts(hour) for hour in day.hours], in_eur=False)
    prices = {line.code: line.price for line in day.lines}
    costs = [_cost_parts(hour, prices) for hour in day.hours]
    priced = [parts for parts in costs if parts is not None]
    eur = None
    if len(priced) == len(costs) and any(map(any, (parts.values() for parts in priced))):
        eur = _picture(day, words, names, priced, in_eur=True)
    return {
        "pictures": [picture for picture in (eur, kwh) if picture is not None],
        "facts": _facts(day, words, names),
        "rows": [(names[at], *_row(day, hour, words)) for at, hour in enumerate(day.hours)],
    }


def _energy_parts(hour: Hour) -> Mapping[str, Decimal]:
    return {code: Decimal(wh) / 1000 for code, wh in hour.energy.items()}


def _cost_parts(hour: Hour, prices: Mapping[str, Decimal | None]) -> Mapping[str, Decimal] | None:
    """Return what each register of *hour* costs; None when a price is missing."""
    costs = {}
    for code, wh in hour.energy.items():
        price = prices.get(code)
        if wh and price is None:
            return None
        costs[code] = bill.cost(wh, price or Decimal(0))
    return costs


def _picture(
    day: DayFigures,
    words: Words,
    names: Sequence[str],
    parts: Sequence[Mapping[str, Decimal]],
    *,
    in_eur: bool,
) -> dict[str, object]:
    """Return bars stacked by register, the lines of their scale, and the value of the tallest one.

    Args:
        day: its figures.
        words: the language.
        names: of the hours.
        parts: register → its kWh or €, for each hour.
        in_eur: whether the parts are €.
    """
    heights = [sum(part.values(), Decimal(0)) for part in parts]
    most = max(heights, default=Decimal(0))
    step = (_PICTURE - _MARGIN) / (len(parts) or 1)
    width = round(step * 0.72, 1)
    lefts = [round(_MARGIN + at * step + (step - width) / 2, 1) for at in range(len(parts))]
    styles = words.styles(day)
    rects = [
        {"x": lefts[at]} | bar
        for at, hour in enumerate(day.hours)
        for bar in _stack(day, hour, names[at], words, parts[at], most or Decimal(1), styles)
    ]
    top = None
    if most:
        at = heights.index(most)
        value = words.amount(most) if in_eur else f"{words.number(most, 2)}{NBSP}kWh"
        middle = min(max(lefts[at] + width / 2, _MARGIN + _HALF_LABEL), _PICTURE - _HALF_LABEL)
        top = {"x": round(middle, 1), "y": _FLOOR - _TALLEST - 5, "text": value}
    return {
        "name": "eur" if in_eur else "kwh",
        "unit": "€" if in_eur else "kWh",
        "label": words.say(Texts.hours_label_eur if in_eur else Texts.hours_label),
        "rects": rects,
        "width": width,
        "top": top,
        "lines": _scale(most, words, 2 if in_eur else 1),
        "marks": [
            {"x": round(_MARGIN + at * step + 1, 1), "text": words.hour(hour.hour)}
            for at, hour in enumerate(day.hours)
            if hour.hour % 6 == 0
        ],
    }


def _scale(most: Decimal, words: Words, places: int) -> list[dict[str, object]]:
    """Return the lines of a scale up to *most*: round values, three at most."""
    steps = (digit * Decimal(10) ** power for power in range(-places, 5) for digit in (1, 2, 5))
    step = next((step for step in steps if step * 4 > most), most)
    values = [step * count for count in range(1, 4) if step and step * count <= most]
    places = max(0, -int(step.normalize().as_tuple().exponent)) if step else 0
    return [
        {
            "y": round(_FLOOR - float(value / most) * _TALLEST, 1),
            "text": words.number(value, 2 if places == 2 else places),
        }
        for value in values
    ]


def _unsure(day: DayFigures, hour: Hour) -> bool:
    """Return whether *hour* is over and its energy is known, but only as a share of a silence."""
    return hour.measured and not hour.known and hour.start + _HOUR <= day.until


def _stack(
    day: DayFigures,
    hour: Hour,
    name: str,
    words: Words,
    parts: Mapping[str, Decimal],
    most: Decimal,
    styles: Mapping[str, str],
) -> Iterator[dict[str, object]]:
    """Yield the bars of one hour, stacked: a bar for each register that counted.

    Args:
        day: its figures.
        hour: the hour.
        name: of the hour.
        words: the language.
        parts: register → its kWh or €.
        most: the kWh or € of the tallest hour, in all.
        styles: register → its style.
    """
    detail = f"{words.kwh(hour.wh)}{NBSP}kWh" + ("" if hour.eur is None else f", {words.amount(hour.eur)}")
    title = f"{name}{NBSP}: {detail}" if words.french else f"{name}: {detail}"
    top = float(_FLOOR)
    for line in day.lines:
        part = parts.get(line.code)
        if part:
            height = max(float(part / most) * _TALLEST, _SMALLEST)
            top -= height
            yield {
                "y": round(top, 1),
                "height": round(height, 1),
                "kind": styles[line.code],
                "known": not _unsure(day, hour),
                "title": title.replace(", ", f",{NBSP}"),
            }


def _row(day: DayFigures, hour: Hour, words: Words) -> tuple[str, str]:
    """Return the energy and the cost of an hour, as its row of the table shows them."""
    if not hour.measured:
        return "–", "–"
    mark = f"≈{THIN}" if _unsure(day, hour) else ""
    return mark + words.kwh(hour.wh), "–" if hour.eur is None else mark + words.eur(hour.eur)


def _facts(day: DayFigures, words: Words, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the dearest and the cheapest of the known hours, by energy without prices; none when all are alike."""
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
    # Of equal hours the first is taken.
    most, least = max(sure, key=ranked.__getitem__), min(sure, key=ranked.__getitem__)

    def shown(at: int) -> str:
        if len(costs) == len(sure):
            return words.amount(ranked[at])
        return f"{words.kwh(day.hours[at].wh)}{NBSP}kWh"

    if shown(most) == shown(least):
        return []
    # A cheapest hour that costs nothing, as any day with solar panels has, is left out.
    worth = (most, least) if bill.round_cents(ranked[least]) else (most,)
    colon = f"{NBSP}: " if words.french else ": "
    return [
        (words.say(text), f"{names[at]}{colon}{shown(at)}") for text, at in zip(texts, worth, strict=False)
    ]
