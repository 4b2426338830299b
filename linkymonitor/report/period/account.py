"""The account of a period: a line for each period of the offer, a total that adds up, and the arithmetic beneath it."""

from __future__ import annotations

from collections.abc import Mapping

from linkymonitor.report.day import ELSEWHERE
from linkymonitor.report.period.sentences import days_of, line_name, special_days, title, why_no_cost
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import Before, PeriodFigures, Readings
from linkymonitor.report.words import Words
from linkymonitor.summaries.day import INJECTED


def account(figures: PeriodFigures, words: Words, styles: Mapping[str, str]) -> dict[str, object]:
    """Return the table that adds up, and the arithmetic beneath it."""
    rows = []
    for line in figures.lines:
        name = (
            words.say(P.unknown_period) if line.code == ELSEWHERE else line_name(line.code, line.name, words)
        )
        price = line.mean_price
        rows.append(
            {
                "style": styles[line.code],
                "square": line.code == "PM" or line.code.endswith("JR"),
                "name": name,
                "indexes": _indexes(figures.readings.get(line.code), words),
                "kwh": words.say(P.not_read) if line.wh is None else words.kwh(line.wh),
                "price": "–"
                if price is None
                else words.price(price if len(line.prices) == 1 else round(price, 4)),
                "eur": "–" if line.eur is None else words.eur(line.eur),
            }
        )
    cost = figures.total if figures.total is not None else figures.consumed_eur
    mean = cost * 1000 / figures.consumed if cost is not None and figures.consumed else None
    before, given = figures.before, figures.injected
    return {
        "rows": rows,
        "indexes": _index_heads(figures, words),
        "subscription": words.say(P.subscription, days_of(figures.subscription_days, words)),
        "subscription_eur": "–" if figures.subscription is None else words.eur(figures.subscription),
        "total_name": words.say(P.total if figures.total is not None or cost is None else P.total_energy),
        "total_kwh": "–" if figures.consumed is None else words.kwh(figures.consumed),
        "total_price": "" if mean is None else words.price(round(mean, 4)),
        "total_eur": None if cost is None else words.eur(cost),
        "reason": words.say(P.unread) if figures.consumed is None else why_no_cost(figures, words),
        "injected": None
        if given is None
        else {
            "indexes": _indexes(figures.readings.get(INJECTED), words),
            "kwh": ("≥ " if given.at_least else "≈ " if given.estimated else "")
            + words.kwh(given.low_wh if given.at_least else given.wh, 1 if given.estimated else 3),
            "eur": "" if given.eur is None else words.eur(given.eur),
        },
        "before": None
        if before is None
        else {
            "name": words.say(
                P.before_line, title(before.first, before.last, words), days_of(before.days, words)
            )
            + _dear_days(before, words),
            "kwh": words.kwh(before.wh),
            "price": ""
            if before.eur is None or not before.wh
            else words.price(round(before.eur * 1000 / before.wh, 4)),
            "eur": "–" if before.eur is None else words.eur(before.eur),
        },
        "notes": _notes(figures, words),
    }


def _dear_days(before: Before, words: Words) -> str:
    """Return how many of the days *before* were EJP or red days, as the end of a name."""
    counts = ((kind, before.kinds.get(kind, 0)) for kind in ("ejp", "red"))
    return "".join(f", {special_days(kind, count, words)}" for kind, count in counts if count)


def _index_heads(figures: PeriodFigures, words: Words) -> list[str]:
    """Return the heads of the columns of indexes; none when no line has one."""
    if not any(line.code in figures.readings for line in figures.lines):
        return []
    known = [day.date for day in figures.days if not day.empty]
    year = known[0].year != known[-1].year
    return [words.say(P.index_on, words.short_date(day, year=year)) for day in (known[0], known[-1])]


def _indexes(readings: Readings | None, words: Words) -> list[str]:
    return ["", ""] if readings is None else [words.register(wh) for wh in readings]


def _notes(figures: PeriodFigures, words: Words) -> list[str]:
    notes = []
    if any(
        line.code in figures.readings and figures.readings[line.code].grown != line.wh
        for line in figures.lines
    ):
        notes.append(words.say(P.index_apart))
    if figures.total is not None:
        notes.append(words.say(P.rounded_once))
        if any(len(line.prices) > 1 for line in figures.lines):
            notes.append(words.say(P.several_prices))
        if figures.apart:
            notes.append(words.say(P.apart, words.amount(figures.apart)))
        elif figures.rounding is not None:
            sum_of_days = figures.total + figures.rounding
            apart = words.say(P.rounding, words.amount(sum_of_days), words.amount(abs(figures.rounding)))
            notes.append(apart if figures.rounding else words.say(P.rounding_none))
    return notes
