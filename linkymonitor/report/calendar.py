"""The calendar of days: what each page carries of its day in its head, and what is drawn from all of them."""

# A page carries its own summary, so that there is no second store to keep in step: a calendar of a year costs a
# year of small reads.

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import NamedTuple

from linkymonitor.money.bill import add_up, days_in_month
from linkymonitor.report.day import DayFigures
from linkymonitor.report.formats import NBSP
from linkymonitor.report.texts import DAY_FLAGS, DAY_TAGS, Texts
from linkymonitor.report.words import Words

#: Days with mobile peaks in a winter, 1 November to 31 March.
EJP_DAYS = 22
#: What stands before and after the summary in the head of a page.
_BEFORE, _AFTER = '<meta name="linkymonitor-day" content="', '">'


class Summary(NamedTuple):
    """What the calendar knows of a day."""

    day: date
    #: None when nothing was measured.
    wh: int | None
    eur: Decimal | None
    ejp: bool = False
    colour: str | None = None
    so_far: bool = False
    #: Too much of it was not heard to set it beside other days.
    partial: bool = False
    #: Nothing of it was heard: the energy is its share of a silence.
    silent: bool = False

    @property
    def whole(self) -> bool:
        """Whether the day can be set beside others."""
        return self.wh is not None and not self.so_far and not self.partial

    @classmethod
    def of(cls, day: DayFigures) -> "Summary":
        """Return the summary of *day*."""
        return cls(
            day=day.date,
            wh=day.consumed,
            eur=day.total,
            ejp=day.ejp,
            colour=day.colour,
            so_far=day.so_far,
            partial=day.partial,
            silent=day.silent,
        )

    @classmethod
    def failed(cls, day: date) -> "Summary":
        """Return the summary of a *day* that could not be drawn."""
        return cls(day=day, wh=None, eur=None)

    def as_text(self) -> str:
        """Return the summary as the head of a page carries it."""
        return json.dumps(
            {
                "wh": self.wh,
                "eur": None if self.eur is None else str(self.eur),
                "ejp": self.ejp,
                "colour": self.colour,
                "so_far": self.so_far,
                "partial": self.partial,
                "silent": self.silent,
            },
            separators=(",", ":"),
        )

    @classmethod
    def read(cls, day: date, head: str) -> "Summary":
        """Return the summary that the *head* of the page of *day* carries; one that is damaged says nothing."""
        text = head.partition(_BEFORE)[2].partition(_AFTER)[0]
        try:
            row = json.loads(text.replace("&#34;", '"').replace("&quot;", '"') or "{}")
            eur = row.get("eur")
            colour = row.get("colour")
            return cls(
                day=day,
                wh=None if row.get("wh") is None else int(row["wh"]),
                eur=None if eur is None else Decimal(eur),
                ejp=row.get("ejp") is True,
                colour=colour if colour in ("blue", "white", "red") else None,
                so_far=row.get("so_far") is True,
                partial=row.get("partial") is True,
                silent=row.get("silent") is True,
            )
        except (ValueError, TypeError, AttributeError, InvalidOperation):
            return cls(day=day, wh=None, eur=None)


def is_page(head: str) -> bool:
    """Return whether *head* is that of a page of a day that we have drawn."""
    return _BEFORE in head


def calendar_data(summaries: Iterable[Summary], words: Words) -> dict[str, object]:
    """Return what the template of the calendar shows of the days of *summaries*."""
    days = sorted(summaries, key=lambda summary: summary.day)
    priced = any(summary.eur is not None for summary in days)
    scale = (Texts.least, Texts.most) if priced else (Texts.least_kwh, Texts.most_kwh)
    return {
        "years": _years(days, words, priced),
        "last": _last_whole_day(days, words),
        "left": _ejp_left(days, words),
        "scale": [words.say(text) for text in scale],
    }


def _last_whole_day(days: Sequence[Summary], words: Words) -> str | None:
    """Return the sentence about the newest day that can be set beside others."""
    last = next((summary for summary in reversed(days) if summary.whole), None)
    if last is None or last.wh is None:
        return None
    name = words.long_date(last.day)
    if words.french:
        name = name[0].lower() + name[1:]
    used = words.kwh(last.wh, 1)
    if last.eur is None:
        return words.say(Texts.index_last_kwh, name, used)
    return words.say(Texts.index_last, name, words.eur(last.eur), used)


def _ejp_left(days: Sequence[Summary], words: Words) -> str | None:
    """Return how many EJP days the winter still has; None unless each of its days so far was seen."""
    if not days or 3 < days[-1].day.month < 11:
        return None
    last = days[-1].day
    november = date(last.year if last.month >= 11 else last.year - 1, 11, 1)
    winter = [summary for summary in days if summary.day >= november]
    seen = all(summary.wh is not None and not summary.silent for summary in winter[:-1])
    ejp = sum(summary.ejp for summary in winter)
    if not ejp or not seen or len(winter) != (last - november).days + 1:
        return None
    left = max(EJP_DAYS - ejp, 0)
    if left == 1:
        return words.say(Texts.index_left_one, EJP_DAYS)
    return words.say(Texts.index_left, left, EJP_DAYS)


def _years(days: Sequence[Summary], words: Words, priced: bool) -> list[dict[str, object]]:
    """Return years, newest first, with their months, and these with their days."""
    levels = _levels(days, priced)
    years = []
    for year, in_year in groupby(reversed(days), key=lambda summary: summary.day.year):
        of_year = list(in_year)
        months = []
        for month, in_month in groupby(of_year, key=lambda summary: summary.day.month):
            of_month = list(in_month)
            months.append(
                {
                    "id": f"{year}-{month:02d}",
                    "name": words.month(month).capitalize(),
                    "text": _sums(of_month, words),
                    "cells": _cells(year, month, of_month, levels, words),
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
    # Ranks, not amounts: one EJP day would leave all the others in the same pale shade.
    return {day: 1 + 5 * rank // len(ranked) for rank, (_, day) in enumerate(ranked)}


def _sums(days: Sequence[Summary], words: Words) -> str:
    """Return what the measured *days* add up to."""
    measured = [summary for summary in days if summary.wh is not None]
    if not measured:
        return words.say(Texts.index_no_data)
    used = words.kwh(sum(summary.wh or 0 for summary in measured), 0)
    eur = add_up(summary.eur for summary in measured)
    count = words.say(Texts.index_day) if len(measured) == 1 else words.say(Texts.index_days, len(measured))
    if eur is None:
        text = words.say(Texts.index_month, used, count)
    else:
        text = words.say(Texts.index_month_eur, words.eur(eur), used, count)
    partial = sum(summary.partial and not summary.so_far for summary in measured)
    if partial:
        text += ", " + words.say(Texts.index_partial, partial)
    peaks = sum(summary.ejp for summary in measured)
    return text + (", " + words.say(Texts.index_ejp, peaks) if peaks else "")


def _cells(
    year: int, month: int, days: Sequence[Summary], levels: Mapping[date, int], words: Words
) -> list[dict[str, object] | None]:
    """Return the squares of a month, Monday first; None for one before the first day."""
    by_date = {summary.day: summary for summary in days}
    cells: list[dict[str, object] | None] = [None] * date(year, month, 1).weekday()
    for number in range(1, days_in_month(year, month) + 1):
        summary = by_date.get(date(year, month, number))
        if summary is None:
            cells.append({"day": number, "href": None})
        else:
            cells.append(_cell(summary, levels.get(summary.day), words))
    return cells


def _cell(summary: Summary, level: int | None, words: Words) -> dict[str, object]:
    """Return the square of a day that has a page."""
    parts = [words.long_date(summary.day)]
    if summary.wh is None:
        parts.append(words.say(Texts.index_no_data))
    else:
        if summary.eur is not None:
            eur = words.eur(summary.eur)
            parts.append(f"{eur}{NBSP}€" if words.french else f"€{eur}")
        parts.append(f"{words.kwh(summary.wh, 1)}{NBSP}kWh")
    partial = "partial" if summary.partial and not summary.so_far else ""
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
        "style": "void" if level is None else f"d{level}",
        "title": ", ".join(parts),
        "tag": "peak" if summary.ejp else tag,
        "tag_text": words.say(DAY_TAGS[tag]) if tag else "",
    }
