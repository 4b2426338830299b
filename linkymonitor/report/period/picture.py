"""The bars of a period: days or months stacked by period of the offer, in € and in kWh, with what is injected below."""

# Strategy
#
# - One drawing for every width: the picture is stretched, so it has shapes only. Its words stand over it as text of the
#   page, at a share of its width and height, and keep their size.
# - All bars of one period are one path: a month is some kB, and a year no more.

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.estimate.projection import Projection
from linkymonitor.language import SHORT_MONTHS
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.texts import PeriodTexts
from linkymonitor.report.period.values import Before, Month, PeriodFigures
from linkymonitor.report.words import Words

#: The size of a picture in its own units, and how high its tallest bar is.
WIDTH, HEIGHT, _TALLEST = 1000, 240, 212
#: Days that stand out, and the words for several in a row.
_DEAR = {"ejp": PeriodTexts.run_ejp, "red": PeriodTexts.run_red}
#: Of more days than this a row of them has no room for its words.
_RUNS = 31
#: From this value on a bar has its value without decimals.
_WHOLE_FROM = 10
#: The height of the picture of what is injected.
_BELOW = 56
_WEEKEND = 5
#: Of so many bars each has its name on a phone; of more, every fifth.
_FEW = 14
#: Of more bars than this only the first ones of months are named: by the month, or by the year in January.
_MONTHS_ONLY = 92
#: Of so many bars at most every month is named, or every quarter; of more, every year.
_EVERY_MONTH, _EVERY_QUARTER = 200, 800


class Bar(NamedTuple):
    """One bar: a day or a month."""

    first: date
    name: str
    short: str
    href: str | None
    #: Code of a period, or ``""`` for the subscription → its part, in € or kWh.
    parts: Mapping[str, Decimal]
    injected: Decimal
    title: str
    #: ``ejp``, ``red``, ``white`` or ``blue``; empty: a day like others, or a month.
    kind: str = ""
    weekend: bool = False
    part: bool = False
    before: Decimal | None = None
    ahead: Decimal | None = None

    @property
    def strong(self) -> bool:
        """Whether it stands out."""
        return self.kind in _DEAR

    @property
    def height(self) -> Decimal:
        """The sum of its parts."""
        return sum(self.parts.values(), Decimal(0))


def picture(
    bars: Sequence[Bar], codes: Sequence[str], words: Words, *, in_eur: bool, by_month: bool
) -> dict[str, object]:
    """Return the shapes and the words of *bars*.

    Args:
        bars: in order.
        codes: of the periods, the lowest first; ``""`` is the subscription.
        words: the language.
        in_eur: whether the parts are €, else kWh.
        by_month: whether a bar is a month.
    """
    heights = [
        max(bar.height, bar.before or Decimal(0), bar.height + (bar.ahead or Decimal(0))) for bar in bars
    ]
    most = max(heights, default=Decimal(0)) or Decimal(1)
    step = WIDTH / (len(bars) or 1)
    gap = step * (0.09 if not by_month else 0.16)
    paths: dict[str, list[str]] = {}
    before, ahead, weekends, unsure = [], [], [], []
    for at, bar in enumerate(bars):
        left, width = at * step + gap, step - 2 * gap
        if bar.weekend:
            weekends.append(_rect(at * step, 0, step, HEIGHT))
        top = Decimal(0)
        for code in codes:
            part = bar.parts.get(code)
            if part:
                paths.setdefault(code, []).append(
                    _rect(left, _y(top + part, most), width, _y(top, most) - _y(top + part, most))
                )
                top += part
        if bar.part and top:
            unsure.append(_rect(left, _y(top, most), width, HEIGHT - _y(top, most)))
        if bar.before is not None:
            y = _y(bar.before, most)
            before.append(f"M{left - gap / 2:.1f},{y:.1f}h{width + gap:.1f}")
        if bar.ahead:
            ahead.append(
                _rect(left, _y(top + bar.ahead, most), width, _y(top, most) - _y(top + bar.ahead, most))
            )
    given = max((bar.injected for bar in bars), default=Decimal(0))
    named = PeriodTexts.label_eur if in_eur else PeriodTexts.label_kwh
    if by_month:
        named = PeriodTexts.label_month_eur if in_eur else PeriodTexts.label_month_kwh
    return {
        "name": "eur" if in_eur else "kwh",
        "unit": "€" if in_eur else "kWh",
        "label": words.say(named),
        "weekends": "".join(weekends),
        "paths": [(code, "".join(paths[code])) for code in codes if code in paths],
        "before": "".join(before),
        "ahead": "".join(ahead),
        "unsure": "".join(unsure),
        "lines": _scale(most, words),
        "hits": [
            {"x": round(at * step, 1), "width": round(step, 1), "href": bar.href, "title": bar.title}
            for at, bar in enumerate(bars)
            if bar.parts or bar.href
        ],
        "runs": [] if by_month or len(bars) > _RUNS else _runs_of(bars, step, words),
        "tops": _tops(bars, most, step, words, by_month=by_month),
        "count": len(bars),
        "names": _names_of_months(bars, step, words)
        if len(bars) > _MONTHS_ONLY
        else [
            {
                "left": _percent((at + 0.5) * step),
                "text": bar.short if by_month else bar.name,
                "below": "" if by_month else bar.short,
                "strong": bar.strong,
                "rare": not by_month and len(bars) > _FEW and int(bar.first.day) % 5 != 0 and at != 0,
            }
            for at, bar in enumerate(bars)
        ],
        "injected": "".join(
            _rect(at * step + gap, 0, step - 2 * gap, float(bar.injected / given) * (_BELOW - 4))
            for at, bar in enumerate(bars)
            if given and bar.injected
        ),
        "injected_most": f"{words.number(given, 1 if given < 100 else 0)}" if given else "",
    }


def _names_of_months(bars: Sequence[Bar], step: float, words: Words) -> list[dict[str, object]]:
    """Return the names below those of *bars*, days, on which a month begins, a quarter, or a year."""
    every = 1 if len(bars) <= _EVERY_MONTH else 3 if len(bars) <= _EVERY_QUARTER else 12
    return [
        {
            "left": _percent((at + 0.5) * step),
            "text": str(bar.first.year)
            if bar.first.month == 1
            else words.say(SHORT_MONTHS[bar.first.month - 1]),
            "below": "",
            "strong": bar.first.month == 1,
            "rare": False,
        }
        for at, bar in enumerate(bars)
        if bar.first.day == 1 and (bar.first.month - 1) % every == 0
    ]


def _tops(
    bars: Sequence[Bar], most: Decimal, step: float, words: Words, *, by_month: bool
) -> list[dict[str, str]]:
    """Return the values above the bars: of each month, or of the days that stand out."""
    tops = []
    for at, bar in enumerate(bars):
        if bar.parts and (by_month or (bar.strong and len(bars) <= _RUNS)):
            value = bar.height
            # The value stands clear of the mark of the period before.
            y = _y(max(value, bar.before or value), most)
            tops.append(
                {
                    "left": _percent((at + 0.5) * step),
                    "top": f"{y / HEIGHT * 100:.1f}%",
                    # Two figures: what is longer touches the value of the day beside it.
                    "text": words.number(value, 0 if by_month or value >= _WHOLE_FROM else 1),
                }
            )
    return tops


def _runs_of(bars: Sequence[Bar], step: float, words: Words) -> list[dict[str, str]]:
    """Return the places of days in a row that have one dear kind, with how many they are."""
    runs = []
    for kind, group in groupby(enumerate(bars), lambda each: each[1].kind):
        places = [at for at, _ in group]
        if kind in _DEAR and len(places) > 1:
            runs.append(
                {
                    "left": _percent(places[0] * step),
                    "width": _percent(len(places) * step),
                    "text": words.say(_DEAR[kind], len(places)),
                }
            )
    return runs


def _scale(most: Decimal, words: Words) -> list[dict[str, str]]:
    """Return the lines of a scale up to *most*: round values, five at most."""
    steps = (digit * Decimal(10) ** power for power in range(-2, 6) for digit in (1, 2, 5))
    step = next((step for step in steps if step * 6 > most), most)
    places = max(0, -int(step.normalize().as_tuple().exponent))
    values = [step * count for count in range(1, 7) if step * count <= most]
    return [
        {
            "y": f"{_y(value, most):.1f}",
            "top": f"{_y(value, most) / HEIGHT * 100:.1f}%",
            "text": words.number(value, places),
        }
        for value in values
    ]


def _y(value: Decimal, most: Decimal) -> float:
    return HEIGHT - float(value / most) * _TALLEST


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f},{y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"


def _percent(x: float) -> str:
    return f"{x / WIDTH * 100:.2f}%"


def day_bars(
    figures: PeriodFigures, words: Words, dates: Sequence[date], pages: frozenset[str], *, in_eur: bool
) -> list[Bar]:
    """Return a bar for each of *dates*; those among *pages*, the names of files, are links."""
    known = {day.date: day for day in figures.days if not day.empty}
    return [
        _day_bar(day, known.get(day), figures.before, figures.projection, words, pages, in_eur=in_eur)
        for day in dates
    ]


def _day_bar(
    on: date,
    day: DayCost | None,
    before: Before | None,
    projection: Projection | None,
    words: Words,
    pages: frozenset[str],
    *,
    in_eur: bool,
) -> Bar:
    then = before.marks.get(on) if before else None
    expected = projection.ahead.get(on) if projection else None
    parts: dict[str, Decimal] = {}
    ahead: Decimal | None = None
    if day is not None:
        if in_eur:
            parts = {code: eur for code, eur in day.eur.items() if eur}
            if day.subscription:
                parts[""] = day.subscription
        else:
            parts = {code: Decimal(wh) / 1000 for code, wh in day.energy.items() if wh}
    if expected is not None:
        amount = expected[1] if in_eur else Decimal(expected[0]) / 1000
        if amount is not None:
            ahead = max(amount - sum(parts.values(), Decimal(0)), Decimal(0))
    name = f"{on}.html"
    title = words.long_date(on)
    if day is not None:
        if day.wh is not None:
            title += f", {words.kwh(day.wh, 1)}{NBSP}kWh"
        if day.shown is not None:
            title += f", {words.amount(day.shown)}"
    mark = None
    if then is not None:
        mark = then.shown if in_eur else Decimal(then.wh or 0) / 1000
    return Bar(
        first=on,
        name=str(on.day),
        short=words.weekdays()[on.weekday()],
        href=name if name in pages else None,
        parts=parts,
        injected=Decimal((day.injected or 0) if day else 0) / 1000,
        title=title,
        kind=(day.kind or "") if day is not None else "",
        weekend=on.weekday() >= _WEEKEND,
        part=day is not None and not day.whole and not day.so_far,
        before=mark,
        ahead=ahead,
    )


def month_bars(figures: PeriodFigures, words: Words, pages: frozenset[str], *, in_eur: bool) -> list[Bar]:
    """Return a bar for each month of the year of *figures*."""
    known = {month.first.month: month for month in figures.months}
    year = figures.first.year
    then = _months_before(figures.before, in_eur=in_eur)
    return [
        _month_bar(date(year, month, 1), known.get(month), then.get(month), words, pages, in_eur=in_eur)
        for month in range(1, 13)
    ]


def _months_before(before: Before | None, *, in_eur: bool) -> dict[int, Decimal]:
    """Return what the same days of each month of the year before come to."""
    sums: dict[int, Decimal] = {}
    for own, then in before.marks.items() if before else ():
        amount = then.shown if in_eur else Decimal(then.wh or 0) / 1000
        if amount is None:
            return {}
        sums[own.month] = sums.get(own.month, Decimal(0)) + amount
    return sums


def _month_bar(
    first: date,
    month: Month | None,
    before: Decimal | None,
    words: Words,
    pages: frozenset[str],
    *,
    in_eur: bool,
) -> Bar:
    parts: dict[str, Decimal] = {}
    name = words.month(first.month)
    title = f"{name} {first.year}"
    if month is not None:
        if in_eur:
            parts = {code: eur for code, eur in month.costs.items() if eur}
            if month.subscription:
                parts[""] = month.subscription
        else:
            parts = {code: Decimal(wh) / 1000 for code, wh in month.energy.items() if wh}
        if month.wh is not None:
            title += f", {words.kwh(month.wh, 0)}{NBSP}kWh"
        if month.eur is not None:
            title += f", {words.amount(month.eur)}"
    page = f"{first:%Y-%m}.html"
    return Bar(
        first=first,
        name=name,
        short=words.say(SHORT_MONTHS[first.month - 1]),
        href=page if page in pages else None,
        parts=parts,
        injected=Decimal((month.injected or 0) if month else 0) / 1000,
        title=title,
        part=month is not None and month.part,
        before=before,
    )
