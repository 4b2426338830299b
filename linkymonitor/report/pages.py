"""Draws figures as pages: the Jinja environment, what it is given, and the bytes that come out."""

# Strategy
#
# - A template may say anything about `day` (figures), `words` and `t` (texts); whatever needs more than a
#   line to compute is computed here and handed over.
# - Everything is escaped, data in scripts by |tojson, and the policy of the page lets no other script run than
#   Dygraphs and ours, known by its hash.
# - A page carries its own summary in its head. The calendar is drawn from these: no second store to keep in
#   step, and a year costs a year of small reads.
# - Nothing here depends on the time of the run, so the same data give the same bytes.

from __future__ import annotations

import hashlib
import json
import re
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby
from operator import sub
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from linkymonitor import __version__
from linkymonitor.errors import ConfigError, StorageError
from linkymonitor.language import Text
from linkymonitor.money.bill import add_up
from linkymonitor.report.figures import DayFigures
from linkymonitor.report.words import Words
from linkymonitor.system.storage import Storage

#: A page that follows the present draws itself again after this, in seconds (the forerunner's pace).
REFRESH = 600

#: Days with mobile peaks in a winter, 1 November to 31 March.
EJP_DAYS = 22

_SUMMARY = re.compile(r'<meta name="linkymonitor-day" content="([^"]*)">')
_STRONG = re.compile(r"\*([^*]+)\*")
#: Heights of the hourly bars, in the units of their picture.
_FLOOR, _TALLEST = 130, 124
_PICTURE = 330


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
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
    def of(cls, day: DayFigures) -> Summary:
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
    def failed(cls, day: date) -> Summary:
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
    def read(cls, day: date, head: str) -> Summary:
        """Return the summary that the *head* of the page of *day* carries; one that is damaged says nothing."""
        found = _SUMMARY.search(head)
        try:
            row = json.loads(found[1].replace("&#34;", '"').replace("&quot;", '"')) if found else {}
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


class _Compiled(jinja2.BytecodeCache):
    """Compiled templates, kept beside the pages: compiling them costs more than all the figures of a day."""

    def __init__(self, folder: Path, storage: Storage) -> None:
        self._folder = folder
        self._storage = storage

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket* with what was kept; Jinja checks that the template has not changed since."""
        with suppress(FileNotFoundError, StorageError):
            bucket.bytecode_from_string(b"".join(self._storage.blocks(self._folder / bucket.key)))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what *bucket* holds; one that cannot be kept is compiled again next time."""
        with suppress(StorageError):
            self._storage.make_directory(self._folder)
            self._storage.replace(self._folder / bucket.key, bucket.bytecode_to_string(), sync=False)


class Pages:
    """Templates, ready to draw.

    Args:
        folders: where templates are looked for, the user's first.
        lang: ``fr`` or ``en``.
        tz: the zone whose clocks the pages show.
        sections: the sections of a day page, in order.
        autorefresh: whether pages draw themselves again.
        compiled: where compiled templates are kept, and what writes them; None to compile each time.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        lang: str,
        tz: ZoneInfo,
        sections: Sequence[str],
        autorefresh: bool = False,
        compiled: tuple[Path, Storage] | None = None,
    ) -> None:
        self._words = Words(lang, tz)
        self._sections = sections
        self._refresh = REFRESH if autorefresh else None
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_Compiled(*compiled) if compiled else None,
        )
        self._environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "sort_keys": True}
        self._environment.filters["strong"] = _strong
        script = self._source("page.js")
        digest = b2a_base64(hashlib.sha256(script.encode()).digest(), newline=False).decode()
        self._script = {"text": Markup(script), "hash": f"sha256-{digest}"}
        self._environment.globals.update(
            words=self._words,
            t=self._words.text,
            style=Markup(self._source("page.css")),
            version=__version__,
            refresh=self._refresh,
        )

    def day(self, day: DayFigures, known: Iterable[date]) -> bytes:
        """Return the page of *day*; *known* are the days that have one, to link to."""
        pages = set(known)
        before, after = day.date - timedelta(days=1), day.date + timedelta(days=1)
        return self._draw(
            "day.html.j2",
            day=day,
            sections=self._sections,
            summary=Summary.of(day).as_text(),
            links={
                "before": before,
                "after": after,
                "previous": f"{before}.html" if before in pages else None,
                "following": f"{after}.html" if after in pages else None,
            },
            month_days=_month_days(day.date),
            current=day.bands[-1].code if day.bands else None,
            bars=_bars(day, self._words),
            chart=chart_data(day, self._words, self._refresh),
            script=self._script if day.curve.times or self._refresh else None,
        )

    def failed(self, day: date, cause: str, known: Iterable[date]) -> bytes:
        """Return the page of a *day* that could not be drawn, which says so and why."""
        before, after = day - timedelta(days=1), day + timedelta(days=1)
        pages = set(known)
        return self._draw(
            "failed.html.j2",
            date=day,
            cause=cause,
            summary=Summary.failed(day).as_text(),
            links={
                "before": before,
                "after": after,
                "previous": f"{before}.html" if before in pages else None,
                "following": f"{after}.html" if after in pages else None,
            },
            script=None,
        )

    def index(self, summaries: Iterable[Summary]) -> bytes:
        """Return the calendar of *summaries*."""
        days = sorted(summaries, key=lambda summary: summary.day)
        priced = any(summary.eur is not None for summary in days)
        words = self._words
        last = next((summary for summary in reversed(days) if summary.whole), None)
        text = None
        if last is not None and last.wh is not None:
            name = words.long_date(last.day)
            name = name[0].lower() + name[1:] if words.french else name
            if last.eur is not None:
                text = words.say("index_last", name, words.eur(last.eur), words.kwh(last.wh, 1))
            else:
                text = words.say("index_last_kwh", name, words.kwh(last.wh, 1))
        return self._draw(
            "index.html.j2",
            years=_years(days, words, priced),
            last=text,
            left=_ejp_left(days, words),
            scale=[words.text[name if priced else f"{name}_kwh"] for name in ("least", "most")],
            script=None,
        )

    def _draw(self, name: str, **values: object) -> bytes:
        try:
            return self._environment.get_template(name).render(values).encode()
        except jinja2.TemplateNotFound as error:
            raise ConfigError(
                Text(
                    f"[report] templates : un gabarit demande {error.name}, qui n'est pas là ; corrigez le nom, ou "
                    "ajoutez le fichier",
                    f"[report] templates: a template asks for {error.name}, which is not there; correct the name, or "
                    "add the file",
                )
            ) from error
        except jinja2.TemplateError as error:
            place, line = getattr(error, "filename", None) or name, getattr(error, "lineno", "?")
            raise ConfigError(
                Text(
                    f"{place}, ligne {line} : {error} ; corrigez le gabarit",
                    f"{place}, line {line}: {error}; correct the template",
                )
            ) from error

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None
        return loader.get_source(self._environment, name)[0]


def _strong(text: str) -> Markup:
    """Return *text* escaped, its words between stars made strong."""
    return Markup(_STRONG.sub(r"<b>\1</b>", str(escape(text))))


def _month_days(day: date) -> int:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (following - timedelta(days=1)).day


# The chart -------------------------------------------------------------------------------------------


def chart_data(day: DayFigures, words: Words, refresh: int | None) -> dict[str, object]:
    """Return what the script of the page draws from."""
    curve = day.curve
    if not curve.times:
        return {"refresh": refresh, "words": {}, "times": None}
    text = words.text
    series: list[dict[str, object]] = [_serie("power", text["series_power"], True, curve.power)]
    if curve.injected is not None:
        estimated = day.injected is not None and day.injected.estimated
        label = text["series_injected_estimated" if estimated else "series_injected"]
        series.append(_serie("injected", label, True, curve.injected))
    if curve.current is not None:
        series.append(_serie("current", text["series_current"], False, curve.current))
    for name, column in curve.indexes.items():
        # Six registers would bury the chart: of many, those that moved.
        if len(curve.indexes) > 2 and column[0] == column[-1]:
            continue
        label = words.say("series_index", words.in_period(name))
        series.append(_serie("index", label, False, column) | {"kind": words.kind(name)})
    twice = len({hour.offset for hour in day.hours}) > 1 and day.length > 24
    repeated = {
        hour.hour for at, hour in enumerate(day.hours) if at and day.hours[at - 1].hour == hour.hour and twice
    }
    return {
        "lang": words.lang,
        "name": day.date.isoformat(),
        "start": int(day.start),
        "length": int(day.end - day.start),
        "refresh": refresh,
        "hours": [
            [int(hour.start - day.start), hour.hour]
            + ([f"({words.offset(hour.offset)})"] if hour.hour in repeated else [])
            for hour in day.hours
        ],
        "bands": [
            [
                int(band.start - day.start),
                int(band.end - day.start),
                words.kind(band.code),
                words.in_period(band.code),
            ]
            for band in day.bands
        ],
        "gaps": [[int(gap.start - day.start), int(gap.end - day.start)] for gap in day.quality.gaps],
        "times": _packed(curve.times),
        # Away from the mean: smaller numbers make a smaller page.
        "below": _zeros(list(map(sub, curve.power, curve.low))),
        "above": _zeros(list(map(sub, curve.high, curve.power))),
        "series": series,
        "words": {
            "clock": "{h}\u00a0h\u00a0{m}" if words.french else "{h}:{m}",
            "seconds": "\u00a0min\u00a0{s}" if words.french else ":{s}",
            "hour": "{h}\u00a0h" if words.french else "{h}:00",
            "pad": not words.french,
            "gap": text["gap"],
            "rest": text["chart_rest"],
            "span": text["min_max"],
            "csv": text["csv_head"],
        },
    }


def _serie(key: str, label: str, on: bool, column: Sequence[int]) -> dict[str, object]:
    return {"key": key, "label": label, "on": on, "kind": "", "values": _packed(column)}


def _packed(column: Sequence[int]) -> list[object]:
    """Return *column* as differences."""
    return _zeros([column[0], *map(sub, column[1:], column)])


def _zeros(column: list[int]) -> list[object]:
    """Return *column* with each run of zeros as its length in a list, when there are many."""
    if column.count(0) * 4 < len(column):
        return list(column)
    found: list[object] = []
    for zero, run in groupby(column, key=bool):
        if zero:
            found += run
        else:
            length = len(list(run))
            found += [[length]] if length > 2 else [0] * length
    return found


def _bars(day: DayFigures, words: Words) -> dict[str, object]:
    """Return the hourly picture: bars stacked by register, marks below, facts beside, rows behind."""
    count = len(day.hours) or 1
    step = _PICTURE / count
    width = round(step * 0.72, 1)
    most = max((hour.wh for hour in day.hours), default=0) or 1
    names = words.hours_of(day)
    rects = []
    rows = []
    for at, hour in enumerate(day.hours):
        eur = "–" if hour.eur is None else words.eur(hour.eur)
        detail = f"{words.kwh(hour.wh)} kWh" + ("" if hour.eur is None else f", {eur} €")
        detail = detail.replace(" ", "\u00a0")
        unsure = hour.measured and not hour.known and hour.start + 3600 <= day.until
        floor = float(_FLOOR)
        for line in day.lines:
            wh = hour.energy.get(line.code, 0)
            if wh:
                height = max(wh / most * _TALLEST, 0.8)
                floor -= height
                rects.append(
                    {
                        "x": round(at * step + (step - width) / 2, 1),
                        "y": round(floor, 1),
                        "height": round(height, 1),
                        "kind": words.kind(line.code),
                        "known": not unsure,
                        "title": f"{names[at]}\u00a0: {detail}" if words.french else f"{names[at]}: {detail}",
                    }
                )
        if hour.measured:
            mark = "≈\u202f" if unsure else ""
            rows.append((names[at], mark + words.kwh(hour.wh), mark + eur if hour.eur is not None else eur))
        else:
            rows.append((names[at], "–", "–"))
    marks = [
        {"x": round(at * step + 1, 1), "text": words.hour(hour.hour)}
        for at, hour in enumerate(day.hours)
        if hour.hour % 6 == 0
    ]
    return {"rects": rects, "width": width, "marks": marks, "facts": _facts(day, words, names), "rows": rows}


def _facts(day: DayFigures, words: Words, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the hours that stand out, among those whose shape is known."""
    sure = [at for at, hour in enumerate(day.hours) if hour.known]
    if len(sure) < 2:
        return []
    amounts = {at: day.hours[at].eur for at in sure}
    colon = "\u00a0: " if words.french else ": "
    if all(amount is not None for amount in amounts.values()):
        dear = max(sure, key=lambda at: (amounts[at] or Decimal(0), -at))
        cheap = min(sure, key=lambda at: (amounts[at] or Decimal(0), at))
        found = [
            (name, at, f"{words.eur(amounts[at] or Decimal(0))}\u00a0€")
            for name, at in (("dearest", dear), ("cheapest", cheap))
        ]
    else:
        most = max(sure, key=lambda at: (day.hours[at].wh, -at))
        least = min(sure, key=lambda at: (day.hours[at].wh, at))
        found = [
            (name, at, f"{words.kwh(day.hours[at].wh)}\u00a0kWh")
            for name, at in (("hungriest", most), ("soberest", least))
        ]
    if found[0][2] == found[1][2]:
        return []  # none stands out
    return [(words.text[name], f"{names[at]}{colon}{amount}") for name, at, amount in found]


# The calendar ----------------------------------------------------------------------------------------


def _ejp_left(days: Sequence[Summary], words: Words) -> str | None:
    """Return how many EJP days the winter still has; None unless each of its days so far was seen."""
    if not days:
        return None
    last = days[-1].day
    november = date(last.year if last.month >= 11 else last.year - 1, 11, 1)
    if last.month not in (11, 12, 1, 2, 3):
        return None
    winter = [summary for summary in days if summary.day >= november]
    ejp = sum(summary.ejp for summary in winter)
    whole = len(winter) == (last - november).days + 1 and all(
        s.wh is not None and not s.silent for s in winter[:-1]
    )
    if not ejp or not whole:
        return None
    left = max(EJP_DAYS - ejp, 0)
    return words.say("index_left_one", EJP_DAYS) if left == 1 else words.say("index_left", left, EJP_DAYS)


def _years(days: Sequence[Summary], words: Words, priced: bool) -> list[dict[str, object]]:
    """Return years, newest first, with their months and these with their days."""
    weights = {
        summary.day: (summary.eur if priced else Decimal(summary.wh or 0))
        for summary in days
        if summary.whole
    }
    ranked = sorted((weight, day) for day, weight in weights.items() if weight is not None)
    # Ranks, not amounts: one EJP day would leave all the others in the same pale colour.
    levels = {day: 1 + 5 * at // len(ranked) for at, (_, day) in enumerate(ranked)}
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


def _sums(days: Sequence[Summary], words: Words) -> str:
    """Return what the measured *days* add up to."""
    measured = [summary for summary in days if summary.wh is not None]
    if not measured:
        return words.text["index_no_data"]
    wh = sum(summary.wh or 0 for summary in measured)
    eur = add_up(summary.eur for summary in measured)
    count = words.text["index_day"] if len(measured) == 1 else words.say("index_days", len(measured))
    if eur is None:
        text = words.say("index_month", words.kwh(wh, 0), count)
    else:
        text = words.say("index_month_eur", words.eur(eur), words.kwh(wh, 0), count)
    partial = sum(summary.partial and not summary.so_far for summary in measured)
    if partial:
        text += ", " + words.say("index_partial", partial)
    peaks = sum(summary.ejp for summary in measured)
    return text + (", " + words.say("index_ejp", peaks) if peaks else "")


def _cells(
    year: int, month: int, days: Sequence[Summary], levels: Mapping[date, int], words: Words
) -> list[dict[str, object] | None]:
    """Return the squares of a month, Monday first."""
    by_date = {summary.day: summary for summary in days}
    first = date(year, month, 1)
    cells: list[dict[str, object] | None] = [None] * first.weekday()
    for number in range(1, _month_days(first) + 1):
        day = date(year, month, number)
        summary = by_date.get(day)
        if summary is None:
            cells.append({"day": number, "href": None})
            continue
        parts = [words.long_date(day)]
        if summary.wh is None:
            parts.append(words.text["index_no_data"])
        else:
            if summary.eur is not None:
                parts.append(
                    f"{words.eur(summary.eur)}\u00a0€" if words.french else f"€{words.eur(summary.eur)}"
                )
            parts.append(f"{words.kwh(summary.wh, 1)}\u00a0kWh")
        partial = "partial" if summary.partial and not summary.so_far else ""
        if summary.so_far or partial:
            parts.append(words.text[partial or "so_far"])
        mark = "ejp" if summary.ejp else summary.colour
        if mark:
            parts.append(words.text[f"flag_{mark}"])
        cells.append(
            {
                "day": number,
                "href": f"{day}.html",
                "style": f"d{levels[day]}" if day in levels else "void",
                "title": ", ".join(parts),
                "tag": "peak" if summary.ejp else mark or partial,
                "tag_text": words.text[mark or partial] if mark or partial else "",
            }
        )
    return cells
