"""Turns the summaries of days into what the template of the calendar shows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from linkymonitor.estimate.season import SEASONS, days_left
from linkymonitor.money.bill import add_up, days_in_month
from linkymonitor.report.calendar_texts import CalendarTexts
from linkymonitor.report.formats import NBSP
from linkymonitor.report.section import Calendar
from linkymonitor.report.summary import Summary
from linkymonitor.report.texts import DAY_FLAGS, DAY_TAGS, Texts
from linkymonitor.report.words import Words

#: Days with mobile peaks in a winter.
EJP_DAYS = SEASONS["ejp"].days
#: From so many € or kWh on, the square of a day shows a whole number.
_NO_CENTS = 100
#: Tempo colour → the text for several such days, and the text for one.
_COUNTED = {
    "blue": (CalendarTexts.counted_blue, CalendarTexts.counted_blue_one),
    "white": (CalendarTexts.counted_white, CalendarTexts.counted_white_one),
    "red": (CalendarTexts.counted_red, CalendarTexts.counted_red_one),
}
_COLOURS = {"blue": CalendarTexts.blue, "white": CalendarTexts.white, "red": CalendarTexts.red}


class LastHeard(NamedTuple):
    """When the meter was last heard, as the log has it."""

    at: datetime
    #: How long after *at* the calendar begins to warn.
    patience: timedelta
    #: Whether so much time had passed when the calendar was drawn; a browser that shows it later decides anew.
    stopped: bool


def calendar_data(
    summaries: Iterable[Summary],
    words: Words,
    heard: LastHeard | None = None,
    calendar: Calendar | None = None,
) -> dict[str, object]:
    """Return what the template of the calendar shows of the days of *summaries*.

    Args:
        summaries: of the days that have a page.
        words: the language.
        heard: when the meter was last heard; None: the calendar does not warn.
        calendar: the section ``[calendar]``: the days of this season that the log does not have.
    """
    days = sorted(summaries, key=lambda summary: summary.day)
    priced = any(summary.eur is not None for summary in days)
    scale = (Texts.least, Texts.most) if priced else (Texts.least_kwh, Texts.most_kwh)
    last = _last_whole_day(days)
    return {
        "years": _years(days, words, priced),
        "last": None if last is None else _sentence_about(last, words),
        "last_href": None if last is None else f"{last.day}.html",
        "left": _ejp_left(days, words, calendar),
        "scale": [words.say(text) for text in scale],
        "squares": words.say(CalendarTexts.squares_eur if priced else CalendarTexts.squares_kwh),
        "legend": _legend(days, words),
        "silence": None if heard is None else _silence(heard, words),
        "names": {
            "legend": words.say(CalendarTexts.legend),
            "today": words.say(CalendarTexts.today),
            "yesterday": words.say(CalendarTexts.yesterday),
        },
    }


def _silence(heard: LastHeard, words: Words) -> dict[str, object]:
    """Return the warning that the meter is silent, and the figures by which a browser decides to show it."""
    at = heard.at.timestamp()
    return {
        "text": words.say(CalendarTexts.stopped, _in_sentence(words.local_date(at), words), words.clock(at)),
        "at": round(at),
        "patience": round(heard.patience.total_seconds()),
        "stopped": heard.stopped,
    }


def _in_sentence(day: date, words: Words) -> str:
    """Return *day* in full, as it stands in the middle of a sentence."""
    name = words.long_date(day)
    return name[0].lower() + name[1:] if words.french else name


def _last_whole_day(days: Sequence[Summary]) -> Summary | None:
    """Return the newest day that can be compared with other days."""
    return next((summary for summary in reversed(days) if summary.whole), None)


def _sentence_about(last: Summary, words: Words) -> str:
    """Return the sentence about the newest whole day, *last*."""
    name, used = _in_sentence(last.day, words), words.kwh(last.wh or 0, 1)
    if last.eur is None:
        return words.say(Texts.index_last_kwh, name, used)
    return words.say(Texts.index_last, name, words.eur(last.eur), used)


def _ejp_left(days: Sequence[Summary], words: Words, calendar: Calendar | None) -> str | None:
    """Return how many EJP days are left this winter; None without EJP, while none is used, and if not known."""
    by_date = {summary.day: summary for summary in days}
    if not any(summary.ejp for summary in days) and not (calendar and calendar.ejp_used):
        return None
    left = days_left("ejp", days[-1].day, by_date, calendar) if days else None
    if left is None or left == EJP_DAYS:
        return None
    if left == 1:
        return words.say(Texts.index_left_one, EJP_DAYS)
    return words.say(Texts.index_left, left, EJP_DAYS)


def _legend(days: Sequence[Summary], words: Words) -> list[dict[str, str]]:
    """Return the marks that the squares of *days* have, and what each of them means."""
    marks = []
    if any(summary.ejp for summary in days):
        marks.append({"tag": "peak", "tag_text": words.say(Texts.ejp), "text": words.say(CalendarTexts.ejp)})
    marks += [
        {"tag": colour, "tag_text": words.say(DAY_TAGS[colour]), "text": words.say(text)}
        for colour, text in _COLOURS.items()
        if any(summary.colour == colour and not summary.ejp for summary in days)
    ]
    styles = {_style(summary, None) for summary in days if not summary.whole}
    marks += [
        {"style": style, "text": words.say(text)}
        for style, text in (
            ("ongoing", CalendarTexts.so_far),
            ("part", CalendarTexts.partial),
            ("void", CalendarTexts.no_data),
        )
        if style in styles
    ]
    return marks


def _years(days: Sequence[Summary], words: Words, priced: bool) -> list[dict[str, object]]:
    """Return years, newest first, with their months, and these with their days."""
    levels = _levels(days, priced)
    years: list[dict[str, object]] = []
    for year, in_year in groupby(reversed(days), key=lambda summary: summary.day.year):
        of_year = list(in_year)
        months: list[dict[str, object]] = []
        for month, in_month in groupby(of_year, key=lambda summary: summary.day.month):
            of_month = list(in_month)
            months.append(
                {
                    "id": f"{year}-{month:02d}",
                    "name": words.month(month).capitalize(),
                    "text": _sums(of_month, words),
                    "cells": _cells(year, month, of_month, levels, words, priced),
                    # The newest month is drawn larger, with its figures beside it.
                    "facts": [] if years or months else _facts(of_month, words, priced),
                }
            )
        years.append({"year": year, "text": _sums(of_year, words), "months": months})
    return years


def _levels(days: Sequence[Summary], priced: bool) -> dict[date, int]:
    """Return the shade of each whole day, 1 to 5, by its cost, or by its energy where there are no prices."""
    weights = {
        summary.day: summary.eur if priced else Decimal(summary.wh or 0) for summary in days if summary.whole
    }
    ranked = sorted((weight, day) for day, weight in weights.items() if weight is not None)
    # By rank, not by amount: beside one EJP day all other amounts would have the same pale shade.
    return {day: 1 + 5 * rank // len(ranked) for rank, (_, day) in enumerate(ranked)}


def _sums(days: Sequence[Summary], words: Words) -> str:
    """Return the sums of those of *days* that were measured, as words."""
    measured = [summary for summary in days if summary.wh is not None]
    if not measured:
        return words.say(Texts.index_no_data)
    used = words.kwh(sum(summary.wh or 0 for summary in measured), 0)
    eur = _cost(measured)
    count = _days_counted(measured, words)
    if eur is None:
        text = words.say(Texts.index_month, used, count)
    else:
        text = words.say(Texts.index_month_eur, words.eur(eur), used, count)
    return ", ".join([text, *_counted(measured, words)])


def _days_counted(measured: Sequence[Summary], words: Words) -> str:
    """Return the number of *measured* days, and how many of them were measured in part, as words."""
    text = words.say(Texts.index_day) if len(measured) == 1 else words.say(Texts.index_days, len(measured))
    partial = sum(summary.partial and not summary.so_far for summary in measured)
    return f"{text}, {words.say(Texts.index_partial, partial)}" if partial else text


def _cost(days: Iterable[Summary]) -> Decimal | None:
    """Return the sum of the costs of *days*; None when the cost of a day that is not partial is not known.

    A partial day without a cost is left out of the sum.
    """
    return add_up(summary.eur for summary in days if summary.eur is not None or not summary.partial)


def _counted(days: Sequence[Summary], words: Words) -> list[str]:
    """Return how many of *days* are EJP days, and how many have each colour, as words."""
    texts = []
    peaks = sum(summary.ejp for summary in days)
    cost = _peak_cost(days)
    if peaks and cost is not None:
        texts.append(words.say(CalendarTexts.counted_ejp_eur, peaks, words.eur(cost)))
    elif peaks:
        texts.append(words.say(Texts.index_ejp, peaks))
    for colour, (many, one) in _COUNTED.items():
        count = sum(summary.colour == colour for summary in days)
        if count:
            texts.append(words.say(one) if count == 1 else words.say(many, count))
    return texts


def _peak_cost(days: Iterable[Summary]) -> Decimal | None:
    """Return the sum of the known costs of the EJP peak hours of *days*; None when none of them is known."""
    return add_up(summary.peak_eur for summary in days if summary.peak_eur is not None)


def _facts(days: Sequence[Summary], words: Words, priced: bool) -> list[dict[str, str | None]]:
    """Return the figures of a month: of each the name, the value, a note, and the page that the note links to."""
    measured = [summary for summary in days if summary.wh is not None]
    facts: list[dict[str, str | None]] = []

    def add(name: str, value: str, href: str | None = None, note: str = "") -> None:
        facts.append({"name": name, "value": value, "note": note, "href": href})

    cost = _cost(measured)
    if cost is not None:
        add(words.say(CalendarTexts.cost), _euros(cost, words))
    if measured:
        used = _kwh(sum(summary.wh or 0 for summary in measured), words, 0)
        add(words.say(CalendarTexts.energy), used, note=_days_counted(measured, words))
    peaks, peak_cost = sum(summary.ejp for summary in measured), _peak_cost(measured)
    if peaks and peak_cost is not None:
        many = words.say(CalendarTexts.peaks_in, peaks)
        note = words.say(CalendarTexts.peaks_in_one) if peaks == 1 else many
        add(words.say(CalendarTexts.peaks), _euros(peak_cost, words), note=note)
    injecting = [summary for summary in measured if summary.injected]
    if injecting:
        injected = sum(summary.injected or 0 for summary in injecting)
        text = _kwh(injected, words, 0 if injected >= 10_000 else 1)
        if any(summary.estimated for summary in injecting):
            text = words.say(CalendarTexts.about, text)
        paid = add_up(summary.injected_eur for summary in injecting)
        add(words.say(CalendarTexts.injected), text, note="" if paid is None else _euros(paid, words))
    whole = [summary for summary in days if summary.whole]
    ranked = sorted(
        (weight, summary.day) for summary in whole if (weight := _weight(summary, priced)) is not None
    )
    if len(ranked) > 1:
        show = _euros if priced else _as_kwh
        mean = sum((weight for weight, _ in ranked), Decimal(0)) / len(ranked)
        add(words.say(CalendarTexts.a_day), show(mean, words))
        for label, (weight, day) in (
            (CalendarTexts.dearest if priced else CalendarTexts.hungriest, ranked[-1]),
            (CalendarTexts.least if priced else CalendarTexts.lightest, ranked[0]),
        ):
            add(words.say(label), show(weight, words), f"{day}.html", f"{words.weekday(day)} {day.day}")
    return facts


def _weight(summary: Summary, priced: bool) -> Decimal | None:
    """Return what a day is ranked by: its cost, or its energy in Wh where there are no prices."""
    return summary.eur if priced else Decimal(summary.wh or 0)


def _euros(amount: Decimal, words: Words) -> str:
    return f"{words.eur(amount)}{NBSP}€" if words.french else f"€{words.eur(amount)}"


def _kwh(wh: int, words: Words, places: int = 1) -> str:
    return f"{words.kwh(wh, places)}{NBSP}kWh"


def _as_kwh(wh: Decimal, words: Words) -> str:
    return _kwh(round(wh), words)


def _cells(
    year: int, month: int, days: Sequence[Summary], levels: Mapping[date, int], words: Words, priced: bool
) -> list[dict[str, object] | None]:
    """Return the squares of a month, Monday first; None for each weekday before the first day."""
    by_date = {summary.day: summary for summary in days}
    cells: list[dict[str, object] | None] = [None] * date(year, month, 1).weekday()
    for number in range(1, days_in_month(year, month) + 1):
        summary = by_date.get(date(year, month, number))
        if summary is None:
            cells.append({"day": number, "href": None})
        else:
            cells.append(_cell(summary, levels.get(summary.day), words, priced))
    return cells


def _style(summary: Summary, level: int | None) -> str:
    """Return the style of the square of a day; a day that cannot be compared with others has no shade."""
    if summary.so_far:
        return "ongoing"
    if summary.wh is None:
        return "void"
    if summary.partial:
        return "part"
    return "plain" if level is None else f"d{level}"


def _cell(summary: Summary, level: int | None, words: Words, priced: bool) -> dict[str, object]:
    """Return the square of a day that has a page."""
    parts = [words.long_date(summary.day)]
    if summary.wh is None:
        parts.append(words.say(Texts.index_no_data))
    else:
        if summary.eur is not None:
            parts.append(_euros(summary.eur, words))
        parts.append(_kwh(summary.wh, words))
    partial = "partial" if summary.partial and not summary.so_far and summary.wh is not None else ""
    if summary.so_far:
        parts.append(words.say(Texts.so_far))
    elif partial:
        parts.append(words.say(Texts.partial))
    special = "ejp" if summary.ejp else summary.colour
    if special:
        parts.append(words.say(DAY_FLAGS[special]))
    tag = special or partial
    return {
        "day": summary.day.day,
        "href": f"{summary.day}.html",
        "style": _style(summary, level),
        "title": ", ".join(parts),
        "tag": "peak" if summary.ejp else tag,
        "tag_text": words.say(DAY_TAGS[tag]) if tag else "",
        "figure": _figure(summary, words, priced),
    }


def _figure(summary: Summary, words: Words, priced: bool) -> str:
    """Return the figure in the square of a day, in the one unit of all squares; empty when it is not known."""
    if summary.wh is None:
        return ""
    if not priced:
        return words.kwh(summary.wh, 1 if summary.wh < _NO_CENTS * 1000 else 0)
    if summary.eur is None:
        return ""
    return words.number(summary.eur, 2 if summary.eur < _NO_CENTS else 0)
