"""What the template of a period shows: its words, pictures and tables, made of its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.language import SHORT_MONTHS, Text
from linkymonitor.money.bill import days_in_month
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.account import account
from linkymonitor.report.period.picture import Bar, day_bars, month_bars, picture
from linkymonitor.report.period.sentences import (
    Card,
    answer,
    cards,
    day_name,
    day_number,
    days_of,
    flags,
    how_estimated,
    line_name,
    name_of,
    title,
)
from linkymonitor.report.period.spreadsheet import spreadsheet
from linkymonitor.report.period.squares import squares
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import (
    BaseLoad,
    Before,
    MeanDay,
    PeriodFigures,
    PriceStep,
    kind_of_range,
)
from linkymonitor.report.styles import styles_of
from linkymonitor.report.texts import DAY_TAGS
from linkymonitor.report.words import Words

#: The words of an event, and its date alone, take such a share of the width. In the last part of the picture they stand
#: before their line.
_LABEL, _DATE, _LATE = 0.21, 0.09, 0.6
_CENT = Decimal("0.01")
#: The mean day: its width and its height in the units of its picture.
_WIDTH, _HEIGHT, _TALLEST = 960, 200, 185
#: The dear hours of a kind of days, the longest first, and their words.
_PEAKS = {
    "ejp": (((7, 24), (0, 1)), P.mean_peak_ejp),
    "red": (((6, 22),), P.mean_peak_red),
}
_MEANS = {"weekday": P.mean_weekday, "weekend": P.mean_weekend, "ejp": P.mean_ejp, "red": P.mean_red}


class Rendered(dict[str, str]):
    """The texts of `PeriodTexts` by name, each made when a template wants it."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __missing__(self, name: str) -> str:
        text = self[name] = self._words.say(getattr(P, name))
        return text


def period_view(
    figures: PeriodFigures, words: Words, pages: frozenset[str], now: float, more: Sequence[Card] = ()
) -> dict[str, object]:
    """Return what the template shows of *figures*.

    Args:
        figures: of the period.
        words: the language.
        pages: the names of the files that may be linked to.
        now: the present, in POSIX seconds.
        more: cards beside those of the figures.
    """
    styles = styles_of((*figures.periods, *(line.code for line in figures.lines)))
    return {
        "name": figures.name,
        "title": title(figures.first, figures.last, words),
        "flags": flags(figures, words, now),
        "answer": answer(figures, words),
        "warnings": [words.say(text) for text in figures.warnings],
        "cards": [*cards(figures, words), *more],
        "chart": None if figures.empty else _chart(figures, words, pages, styles),
        "squares": squares(figures, words) if figures.whole_year and not figures.empty else None,
        "account": None if figures.empty else account(figures, words, styles),
        "notable": _notable(figures, words, pages),
        "means": _means(figures.means, words),
        "base": None if figures.base is None else _base(figures.base, figures.before, words),
        "phases": [
            [
                _volts(phase.lowest, words, phase.lowest_on),
                _volts(phase.mean, words, None),
                _volts(phase.highest, words, phase.highest_on),
                _amps(phase.current_mean, words),
                _amps(phase.current_most, words),
            ]
            for phase in figures.phases
        ],
        "quality": None if figures.empty else _quality(figures, words),
        "csv": "" if figures.empty else spreadsheet(figures, words),
        "p": Rendered(words),
    }


def _chart(
    figures: PeriodFigures, words: Words, pages: frozenset[str], styles: Mapping[str, str]
) -> dict[str, object]:
    """Return the bars in € where the prices are known and in kWh, their key, their marks and the table behind them."""
    by_month = figures.whole_year
    dates = [figures.first + timedelta(days=at) for at in range((figures.last - figures.first).days + 1)]
    codes = [line.code for line in figures.lines]
    priced = figures.consumed_eur is not None

    def bars(*, in_eur: bool) -> list[Bar]:
        if by_month:
            return month_bars(figures, words, pages, in_eur=in_eur)
        return day_bars(figures, words, dates, pages, in_eur=in_eur)

    pictures = [
        picture(
            bars(in_eur=in_eur), ["", *codes] if in_eur else codes, words, in_eur=in_eur, by_month=by_month
        )
        for in_eur in ((True, False) if priced else (False,))
    ]
    return {
        "by_month": by_month,
        "pictures": pictures,
        "styles": {**styles, "": "sub"},
        "legend": [
            (styles[line.code], line_name(line.code, line.name, words, sentence=True))
            for line in figures.lines
        ],
        "before": name_of(figures.before.first, figures.before.last, words) if figures.before else "",
        "marks": _marks(figures, dates, words),
        "events": [
            (
                day_name(mark.day, words),
                words.say(mark.text),
                [_step(step, figures, words) for step in mark.steps],
            )
            for mark in figures.marks
        ],
        "how": how_estimated(figures, words),
        "dashed": figures.projection is not None,
        "ejp": any(special.kind == "ejp" and special.days for special in figures.specials),
        "rows": _month_rows(figures, words) if by_month else _day_rows(figures, words),
        "heads": [line_name(line.code, line.name, words) for line in figures.lines],
        "injected": figures.injected is not None,
        "part": any(not day.whole and not day.so_far and not day.empty for day in figures.days),
    }


def _marks(figures: PeriodFigures, dates: Sequence[date], words: Words) -> list[dict[str, str]]:
    """Return where the events of the period stand in the picture, and what they are."""
    by_day: dict[date, list[Text]] = {}
    for mark in figures.marks:
        by_day.setdefault(mark.day, []).append(mark.text)
    placed = [(_place(day, figures, len(dates)), day, texts) for day, texts in sorted(by_day.items())]
    marks = []
    for at, (place, day, texts) in enumerate(placed):
        end = place > _LATE
        # The words of a mark stand beside its line, as far as the next line, or the words before that, leave room.
        others = placed[at - 1 : at] if end else placed[at + 1 : at + 2]
        room = min((abs(place - other) for other, _, _ in others), default=1.0)
        if any((other > _LATE) is not end for other, _, _ in others):
            room /= 2
        text = ", ".join(words.say(text) for text in dict.fromkeys(texts))
        marks.append(
            {
                "left": f"{place * 100:.2f}%",
                "day": day_name(day, words, year=False) if room >= _DATE else "",
                "text": f"{NBSP}: {text}" if room >= _LABEL else "",
                "side": "end" if end else "start",
            }
        )
    return marks


def _place(day: date, figures: PeriodFigures, days: int) -> float:
    """Return where *day* begins in the picture, 0 to 1: the bars of months are equally wide, and months are not."""
    if not figures.whole_year:
        return (day - figures.first).days / days
    return (day.month - 1 + (day.day - 1) / days_in_month(day.year, day.month)) / 12


def _step(step: PriceStep, figures: PeriodFigures, words: Words) -> str:
    """Return a term of the prices before and after, and by how much it differs."""
    names = {"subscription": P.key_subscription, "injection": P.price_injection, "offer": P.offer}
    lines = {line.code: line_name(line.code, line.name, words, sentence=True) for line in figures.lines}
    name = words.say(names[step.what]) if step.what in names else lines.get(step.what, step.what)
    text = f"{name} {_term(step.what, step.before, words)} → {_term(step.what, step.after, words)}"
    if isinstance(step.before, Decimal) and isinstance(step.after, Decimal) and step.before:
        share = (step.after / step.before - 1) * 100
        sign = "−" if share < 0 else "+"
        text += (
            f" ({sign}{words.number(abs(share))}{NBSP}%)"
            if words.french
            else f" ({sign}{words.number(abs(share))}%)"
        )
    return text


def _term(what: str, value: Decimal | str | None, words: Words) -> str:
    if isinstance(value, Decimal):
        return words.amount(value) if what == "subscription" else words.price(value)
    return "–" if value is None else value


def _day_rows(figures: PeriodFigures, words: Words) -> list[list[str]]:
    return [
        [
            f"{words.weekday(day.date)} {words.short_date(day.date, year=False)}",
            *(words.kwh(day.energy[line.code]) if line.code in day.energy else "–" for line in figures.lines),
            "–" if day.wh is None else words.kwh(day.wh),
            "–" if day.shown is None else words.eur(day.shown),
            "–" if day.injected is None else words.kwh(day.injected, 1),
        ]
        for day in figures.days
        if not day.empty
    ]


def _month_rows(figures: PeriodFigures, words: Words) -> list[list[str]]:
    return [
        [
            words.month(month.first.month),
            *(
                words.kwh(month.energy[line.code]) if line.code in month.energy else "–"
                for line in figures.lines
            ),
            "–" if month.wh is None else words.kwh(month.wh),
            "–" if month.eur is None else words.eur(month.eur),
            "–" if month.injected is None else words.kwh(month.injected, 1),
        ]
        for month in figures.months
    ]


def _notable(figures: PeriodFigures, words: Words, pages: frozenset[str]) -> dict[str, object] | None:
    """Return the days that cost most and least, or used most and least where there is no cost."""
    if not figures.best:
        return None
    priced = all(day.shown is not None for day in (*figures.best, *figures.worst))

    def rows(days: Sequence[DayCost]) -> list[dict[str, object]]:
        return [
            {
                "href": f"{day.date}.html" if f"{day.date}.html" in pages else None,
                "name": f"{words.weekday(day.date)} {day_number(day.date, words)}"
                + ("" if figures.whole_month else f"{NBSP}{words.say(SHORT_MONTHS[day.date.month - 1])}"),
                "tag": words.say(DAY_TAGS[day.kind]) if day.kind in ("ejp", "red", "white") else "",
                "style": "peak" if day.kind == "ejp" else day.kind,
                "kwh": words.kwh(day.wh or 0, 1),
                "eur": words.eur(day.shown) if day.shown is not None else "",
            }
            for day in days
        ]

    names = (P.dearest, P.cheapest) if priced else (P.heaviest, P.lightest)
    return {
        "lists": [
            (words.say(names[0]), rows(figures.worst)),
            (words.say(names[1]), rows(figures.best)),
        ],
    }


def _means(means: Sequence[MeanDay], words: Words) -> dict[str, object] | None:
    """Return the mean days as steps, their scale and their key."""
    if not means:
        return None
    most = max((max(mean.half_hours) * 2 / 1000 for mean in means), default=0.0) or 1.0
    width = _WIDTH / 48
    curves = []
    for mean in means:
        points = [_HEIGHT - wh * 2 / 1000 / most * _TALLEST for wh in mean.half_hours]
        path = f"M0,{points[0]:.1f}" + "".join(
            f"H{(at + 1) * width:.0f}" + (f"V{points[at + 1]:.1f}" if at < 47 else "") for at in range(48)
        )
        key = words.say(
            P.mean_key, words.say(_MEANS[mean.kind]), days_of(mean.days, words), words.kwh(round(mean.wh), 1)
        )
        curves.append({"kind": mean.kind, "path": path, "key": key})
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if step * 5 > most)
    values = [step * count for count in range(1, 6) if step * count <= most]
    peak = next((mean.kind for mean in means if mean.kind in _PEAKS), None)
    return {
        "curves": curves,
        "peak": None if peak is None else _peak_hours(peak, words),
        "lines": [
            {
                "y": f"{_HEIGHT - value / most * _TALLEST:.1f}",
                "top": f"{(_HEIGHT - value / most * _TALLEST) / _HEIGHT * 100:.1f}%",
                "text": words.number(value, 1 if step < 1 else 0),
            }
            for value in values
        ],
        "hours": [(f"{hour / 24 * 100:.0f}%", words.hour(hour)) for hour in (0, 6, 12, 18, 24)],
    }


def _peak_hours(kind: str, words: Words) -> dict[str, str]:
    """Return the ground of the dear hours of days of *kind*, and its words with their place."""
    hours, text = _PEAKS[kind]
    hour = _WIDTH / 24
    ground = "".join(
        f"M{begin * hour:.0f},0H{end * hour:.0f}V{_HEIGHT}H{begin * hour:.0f}z" for begin, end in hours
    )
    return {"ground": ground, "text": words.say(text), "left": f"{hours[0][0] / 24 * 100:.1f}%"}


def _base(base: BaseLoad, before: Before | None, words: Words) -> dict[str, object]:
    rows = []
    if base.low_watts is not None and base.high_watts is not None:
        rows.append((words.say(P.base_watts, base.low_watts, base.high_watts), ""))
    if base.share is not None:
        rows.append((words.say(P.base_share), words.percent(base.share, 0)))
    if base.eur and base.low_watts is not None and base.high_watts is not None:
        less = base.eur * 200 / (base.low_watts + base.high_watts)
        rows.append((words.say(P.base_less), f"−{words.amount(less)}"))
    if before is not None and before.base_va is not None:
        ranged = kind_of_range((before.first, before.last)) == "range"
        then = words.say(P.base_before) if ranged else title(before.first, before.last, words)
        rows.append((then, f"{words.number(before.base_va)}{NBSP}VA"))
    return {
        "nights": words.say(P.base_nights, words.number(base.va), base.nights),
        "cost": None
        if base.eur is None
        else words.say(P.base_cost, words.amount(base.eur), days_of(base.days, words)),
        "rows": rows,
    }


def _volts(value: float | None, words: Words, on: date | None) -> str:
    if value is None:
        return "–"
    text = words.number(value, 0 if on else 1)
    return f"{text} ({words.short_date(on, year=False)})" if on else text


def _amps(value: float | None, words: Words) -> str:
    return "–" if value is None else words.number(value, 1)


def _quality(figures: PeriodFigures, words: Words) -> list[tuple[str, str]]:
    quality = figures.coverage
    lost = sum(gap.wh is None for gap in quality.gaps)
    gaps = words.say(P.none)
    if quality.gaps:
        gaps = (
            words.say(P.gaps_lost, len(quality.gaps), lost)
            if lost
            else words.say(P.gaps_known, len(quality.gaps))
        )
    rows = [
        (words.say(P.covered), words.percent(quality.share)),
        (
            words.say(P.whole_days),
            words.say(P.of_days, quality.whole_days, quality.over_days + len(figures.missing)),
        ),
        (words.say(P.gaps), gaps),
        (words.say(P.records), words.number(quality.records)),
    ]
    if figures.registers_apart is not None:
        apart = words.say(P.registers_apart, words.number(abs(figures.registers_apart)))
        rows.append((words.say(P.registers_and_total), apart))
    if figures.option is not None:
        power = "" if figures.subscribed_kva is None else f", {figures.subscribed_kva}{NBSP}kVA"
        rows.append((words.say(P.contract), words.option_name(figures.option) + power))
    if figures.consumed_eur is not None:
        rows.append((words.say(P.prices), _prices(figures, words)))
    if figures.missing:
        rows.insert(2, (words.say(P.missing_days), _missing(figures, words)))
    return rows


def _prices(figures: PeriodFigures, words: Words) -> str:
    """Return where the newest prices of the period are from, and since when they are in force."""
    if figures.prices_since is None:
        return figures.offer or words.say(P.prices_own)
    since = day_name(figures.prices_since, words)
    if figures.offer is None:
        return words.say(P.prices_since, since)
    prices = words.say(P.prices_offer, figures.offer, since)
    if figures.prices_checked is None:
        return prices
    return words.say(P.prices_checked, prices, day_name(figures.prices_checked, words))


def _missing(figures: PeriodFigures, words: Words) -> str:
    names = [words.short_date(day, year=False) for day in figures.missing[:5]]
    more = len(figures.missing) - len(names)
    return ", ".join(names) + (f", … (+{more})" if more else "")
