"""The days of a bill as a bar: where prices change, which days had a peak, and the indexes of the meter there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from linkymonitor.billing.values import REVENUE, Bill, Line
from linkymonitor.report.bill_texts import BillTexts as B
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.sentences import day_name, name_of
from linkymonitor.report.words import Words

_DAY = timedelta(days=1)
#: Where the bar begins, and how wide it is, of a width of 1000.
_LEFT, _WIDTH = 20.0, 960.0


def picture_of(bill: Bill, words: Words) -> dict[str, object]:
    """Return the days of the bill as a bar: where prices change, which days had a peak."""
    days = (bill.last - bill.first).days + 1
    per_day = _WIDTH / days

    def x(day: date) -> float:
        return round(_LEFT + (day - bill.first).days * per_day, 1)

    cuts = sorted({line.first for line in bill.lines if bill.first < line.first <= bill.last})
    edges = [bill.first, *cuts, bill.last + _DAY]
    texts: list[tuple[float, int, str, str, str]] = [
        (_LEFT, 24, "start", "strong", day_name(bill.first, words)),
        (_LEFT + _WIDTH, 24, "end", "strong", day_name(bill.last, words)),
    ]
    for day in cuts:
        middle = _LEFT + 0.25 * _WIDTH < x(day) < _LEFT + 0.7 * _WIDTH
        if middle and len(cuts) == 1:
            texts.append((x(day) + 7, 24, "start", "strong", words.say(B.new_prices, day_name(day, words))))
    if len(cuts) == 1 and _LEFT + 0.25 * _WIDTH < x(cuts[0]) < _LEFT + 0.7 * _WIDTH:
        texts.append((x(cuts[0]) + 7, 80, "start", "", _indexes_at(bill, cuts[0], words)))
    texts += [
        (_LEFT, 80, "start", "", _indexes(bill, "index_from", words)),
        (_LEFT + _WIDTH, 80, "end", "", _indexes(bill, "index_to", words)),
    ]
    return {
        "label": words.say(B.picture, name_of(bill.first, bill.last, words)),
        "stretches": [(x(a), round(x(b) - x(a), 1)) for a, b in pairwise(edges)],
        "peaks": [
            (x(day) + 1, round(max(per_day - 2, 1), 1), day.day if per_day > 12 else "") for day in bill.peaks
        ],
        "cuts": [x(day) for day in cuts],
        "texts": texts,
        "moments": [
            (day_name(bill.first, words), _indexes(bill, "index_from", words)),
            *((words.say(B.new_prices, day_name(day, words)), _indexes_at(bill, day, words)) for day in cuts),
            (day_name(bill.last, words), _indexes(bill, "index_to", words)),
        ],
    }


def _indexes(bill: Bill, side: str, words: Words) -> str:
    """Return the indexes at the beginning or at the end of the bill."""
    found: dict[str, int] = {}
    lines = bill.lines if side == "index_from" else list(reversed(bill.lines))
    for line in lines:
        wh = getattr(line, side)
        if _has_index(line) and wh is not None:
            found.setdefault(line.register or "", wh)
    return _listed(found if side == "index_from" else dict(reversed(found.items())), words)


def _has_index(line: Line) -> bool:
    """Return whether *line* goes by an index: that of injected energy has no register to be named."""
    return bool(line.register) or line.kind == REVENUE


def _indexes_at(bill: Bill, day: date, words: Words) -> str:
    """Return the indexes at the midnight that begins *day*, on which prices change."""
    lines = bill.lines
    return _listed(
        {
            line.register or "": line.index_from
            for line in lines
            if _has_index(line) and line.first == day and line.index_from is not None
        },
        words,
    )


def _listed(indexes: Mapping[str, int], words: Words) -> str:
    return f"{NBSP}{NBSP}{NBSP}".join(
        f"{name}{NBSP}{words.number(wh // 1000)}".strip(NBSP) for name, wh in indexes.items()
    )
