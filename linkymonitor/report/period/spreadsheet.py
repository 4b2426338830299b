"""The days of a period as a spreadsheet reads them: separator, decimal sign and dates are those of the language."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.report.cells import harmless
from linkymonitor.report.period.sentences import line_name
from linkymonitor.report.period.texts import PeriodTexts as P
from linkymonitor.report.period.values import PeriodFigures
from linkymonitor.report.words import Words

_KINDS = {"ejp": P.remark_ejp, "red": P.remark_red, "white": P.remark_white, "blue": P.remark_blue}


def spreadsheet(figures: PeriodFigures, words: Words) -> str:
    """Return the days of *figures* as CSV, a line a day, without the mark of UTF-8."""
    codes = [line.code for line in figures.lines]
    heads = [words.say(P.csv_day)]
    names = [line_name(line.code, line.name, words) for line in figures.lines]
    heads += [f"{name} (kWh)" for name in names] + [f"{name} (€)" for name in names]
    heads += [
        words.say(text)
        for text in (P.key_subscription, P.csv_total, P.csv_cost, P.csv_injected, P.csv_remark)
    ]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if words.french else ",", lineterminator="\r\n")
    writer.writerow(map(harmless, heads))
    for day in figures.days:
        if not day.empty:
            writer.writerow(_row(day, codes, words))
    return out.getvalue()


def _row(day: DayCost, codes: Sequence[str], words: Words) -> list[str]:
    remarks = [_KINDS[day.kind]] if day.kind in _KINDS else []
    if day.so_far:
        remarks.append(P.remark_so_far)
    elif not day.whole:
        remarks.append(P.remark_part)
    return [
        _date(day.date, words),
        *(
            _number(Decimal(day.energy[code]) / 1000 if code in day.energy else None, 3, words)
            for code in codes
        ),
        *(_number(day.eur.get(code), 4, words) for code in codes),
        _number(day.subscription, 4, words),
        _number(None if day.wh is None else Decimal(day.wh) / 1000, 3, words),
        _number(day.shown, 2, words),
        _number(None if day.injected is None else Decimal(day.injected) / 1000, 3, words),
        ", ".join(words.say(remark) for remark in remarks),
    ]


def _date(day: date, words: Words) -> str:
    return f"{day:%d/%m/%Y}" if words.french else f"{day}"


def _number(value: Decimal | None, places: int, words: Words) -> str:
    """Return *value* as a spreadsheet of the language reads a number; nothing when it is not known."""
    if value is None:
        return ""
    text = str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return text.replace(".", ",") if words.french else text
