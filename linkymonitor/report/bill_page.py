"""What the page of a bill shows: each line with its arithmetic, a supplier's bill beside it, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from linkymonitor.billing.amounts import half_away, summed
from linkymonitor.billing.compare import Compared
from linkymonitor.billing.paper import Paper, summed_lines
from linkymonitor.billing.rule_names import PAID, PRORATIONS, SPLITS
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.totals import total_gap
from linkymonitor.billing.values import COUNTED, CREDIT, ENERGY, REVENUE, SUBSCRIPTION, TAX, Bill, Line
from linkymonitor.language import Text
from linkymonitor.money.contract import Paid, Split, TaxPath
from linkymonitor.report.bill_picture import picture_of
from linkymonitor.report.bill_texts import BillTexts as B
from linkymonitor.report.formats import NBSP
from linkymonitor.report.period.sentences import day_name, name_of
from linkymonitor.report.styles import styles_of
from linkymonitor.report.words import Words

_DAY = timedelta(days=1)
_DASH = "—"
#: Of an amount above zero, and below.
_SIGNS = ("+", "−")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


_GROUPS = (
    (SUBSCRIPTION, B.subscription),
    (ENERGY, B.energy),
    (REVENUE, B.injection),
    (TAX, B.taxes),
    (CREDIT, B.credits),
)
#: Registers of a peak: the share of their energy is on a card.
_PEAK = ("PM", "HPJR", "HCJR")


class BillPage(NamedTuple):
    """A bill, and a supplier's bill beside it if there is one."""

    bill: Bill
    rules: Rules
    paper: Paper | None = None
    compared: Sequence[Compared] = ()
    #: What does not fit within the paper, but for the reason of its total.
    faults: Sequence[Text] = ()

    def view(self, words: Words) -> dict[str, object]:
        """Return what the template shows, in the language of *words*."""
        return _View(self, words).as_dict()


class _View:
    """Makes the words and figures of the page.

    Args:
        page: the bill.
        words: the language.
    """

    def __init__(self, page: BillPage, words: Words) -> None:
        self._page, self._bill, self._words = page, page.bill, words
        self._notes: list[str] = []
        #: Register → the style of its colour.
        self._styles = styles_of(
            line.register for line in page.bill.lines if line.kind == ENERGY and line.register
        )

    def as_dict(self) -> dict[str, object]:
        bill, say = self._bill, self._words.say
        groups = list(self._groups())
        return {
            "title": say(
                B.revenue_of if self._is_revenue else B.title, name_of(bill.first, bill.last, self._words)
            ),
            "flag": say(B.checked) if self._page.paper else None,
            "say": self._sentence(),
            "cards": list(self._cards()),
            "picture": picture_of(bill, self._words),
            "unit": "€" if self._is_revenue else say(B.unit_ht if bill.path is TaxPath.HT else B.unit_ttc),
            "columns": [
                say(name) for name in ((B.meter, B.paper, B.gap) if self._page.paper else (B.meter,))
            ],
            "groups": groups,
            "sums": list(self._sums()),
            "revenue": self._revenue(),
            "revenue_title": say(B.revenue_title),
            "notes": self._notes,
            "notes_title": say(B.notes_title),
            **self._prices(),
            "warnings": [say(text) for text in (*self._page.faults, *bill.warnings)],
            "warnings_title": say(B.warnings_title),
            "footer": list(self._footer()),
        }

    @property
    def _is_revenue(self) -> bool:
        """Whether the page is of the paper of who buys injected energy."""
        return self._page.paper is not None and self._page.paper.is_revenue

    @property
    def _days(self) -> int:
        return (self._bill.last - self._bill.first).days + 1

    @property
    def _gap(self) -> Decimal | None:
        """By how much the paper is dearer than the meter."""
        paper = self._page.paper
        if paper is None or paper.total is None or self._bill.total is None:
            return None
        return paper.total - self._bill.total

    def _sentence(self) -> str:
        words, total = self._words, self._bill.total
        if total is None:
            return words.say(B.say_none, self._days)
        shown = words.amount(total)
        gap, paper = self._gap, self._page.paper
        if gap is None or paper is None or paper.total is None:
            return words.say(B.say, self._days, shown)
        if gap == 0:
            return words.say(B.bought_equal if self._is_revenue else B.say_equal, self._days, shown)
        more = words.say(B.more if gap > 0 else B.less)
        return words.say(
            B.bought if self._is_revenue else B.say_paper,
            self._days,
            shown,
            words.amount(paper.total),
            words.amount(abs(gap)),
            more,
        )

    def _cards(self) -> Iterator[dict[str, object]]:
        words, bill = self._words, self._bill
        energy = [line for line in bill.lines if line.kind in COUNTED]
        kwh = None if any(line.kwh is None for line in energy) else sum(line.kwh or 0 for line in energy)
        peak = sum(line.kwh or 0 for line in energy if line.register in _PEAK)
        note = ""
        if kwh and peak:
            note = words.say(B.peak_share, words.number(peak), words.percent(peak / kwh, 0))
        yield self._card(B.energy_card, _DASH if kwh is None else words.number(kwh), "kWh", note)
        if bill.total is None:
            return
        daily = words.amount(round(bill.total / self._days, 2))
        total_name = B.revenue if self._is_revenue else B.total_card
        yield self._card(total_name, words.eur(bill.total), "€", words.say(B.a_day, daily))
        if self._gap is not None:
            share = words.percent(float(abs(self._gap) / bill.total), 2) if bill.total else ""
            gap_name = B.buyers_gap if self._is_revenue else B.gap_card
            yield self._card(
                gap_name,
                self._signed(self._gap),
                "€",
                words.say(B.of_revenue if self._is_revenue else B.of_the_bill, share),
            )
        if kwh and not self._is_revenue:
            yield self._card(
                B.price_card, words.price(round(bill.total / kwh, 4)), "€/kWh", words.say(B.all_in)
            )

    def _card(self, name: Text, value: str, unit: str, note: str) -> dict[str, object]:
        sign = ""
        if unit == "€" and not self._words.french:
            sign, value = (value[0], value[1:]) if value[0] in _SIGNS else ("", value)
            sign += unit
        return {
            "name": self._words.say(name),
            "before": sign,
            "value": value,
            "unit": "" if sign else unit,
            "note": note,
        }

    def _signed(self, amount: Decimal) -> str:
        sign = _SIGNS[0] if amount > 0 else _SIGNS[1] if amount < 0 else ""
        return f"{sign}{self._words.eur(abs(amount))}"

    def _groups(self) -> Iterator[dict[str, object]]:
        """Yield each group of lines with its sums."""
        pairs = list(self._page.compared) or [Compared(None, line) for line in self._bill.lines]
        for kind, name in _GROUPS:
            inside = [pair for pair in pairs if (pair.ours or pair.theirs) and self._kind(pair) == kind]
            if not inside:
                continue
            ours = summed(pair.ours.eur for pair in inside if pair.ours)
            theirs = summed(pair.theirs.eur for pair in inside if pair.theirs)
            yield {
                "name": self._words.say(name),
                "cells": self._cells(ours, theirs),
                "rows": [self._row(pair) for pair in inside],
            }

    def _kind(self, pair: Compared) -> str:
        line = pair.ours or pair.theirs
        return line.kind if line else ""

    def _row(self, pair: Compared) -> dict[str, object]:
        words, ours, theirs = self._words, pair.ours, pair.theirs
        line = ours or theirs
        name = words.say(ours.label) if ours else (theirs.label if theirs else "")
        row: dict[str, object] = {
            "name": name,
            "small": list(self._small(ours)) if ours else [],
            "cells": self._cells(ours.eur if ours else None, theirs.eur if theirs else None),
            "style": self._styles.get(line.register or "", "") if line else "",
            "square": bool(line and line.register in _PEAK),
            "note": "",
        }
        if pair.why is not None:
            row["note"] = self._note(self._explained(name, pair.why))
        return row

    def _explained(self, name: str, why: Text) -> str:
        words = self._words
        return (f"{name} : " if words.french else f"{name}: ") + words.say(why)

    def _note(self, text: str) -> str:
        if text not in self._notes:
            self._notes.append(text)
        place = self._notes.index(text)
        return _LETTERS[place] if place < len(_LETTERS) else "*"

    def _small(self, line: Line) -> Iterator[str]:
        words = self._words
        count = (line.last - line.first).days + 1
        span = name_of(line.first, line.last, words) if count > 1 else day_name(line.first, words)
        yield words.say(B.days, span, count) if count > 1 else words.say(B.one_day, span)
        if line.shared is not None and line.kwh is not None:
            yield words.say(line.shared.steps(line.kwh, words.number))
        if line.reason is not None:
            yield words.say(B.no_amount, words.say(line.reason))
            return
        steps = line.arithmetic.replace(".", ",") if words.french else line.arithmetic
        if line.index_from is not None and line.index_to is not None:
            begin, end = (words.number(wh // 1000) for wh in (line.index_from, line.index_to))
            steps = f"{begin} → {end} = {steps.replace(' ×', f'{NBSP}kWh ×', 1)}"
        yield steps
        for day in line.estimated:
            yield words.say(B.estimated, day_name(day, words))

    def _cells(self, ours: Decimal | None, theirs: Decimal | None) -> list[str]:
        cells = [_DASH if ours is None else self._words.number(ours, _places(ours))]
        if self._page.paper is not None:
            cells.append(_DASH if theirs is None else self._words.number(theirs, _places(theirs)))
            cells.append(_DASH if ours is None or theirs is None else self._signed(theirs - ours))
        return cells

    def _sums(self) -> Iterator[dict[str, object]]:
        bill, paper, words = self._bill, self._page.paper, self._words
        theirs = paper.tva if paper else {}
        without = bill.path is TaxPath.HT
        if without:
            yield self._sum("sum", B.total_ht, bill.ht, paper.ht if paper else None)
            yield from self._tva_rows(B.tva, theirs, "")
        gap = total_gap(paper, bill) if paper else None
        note = ""
        if gap is not None and gap.cause != "lines":
            note = self._note(self._explained(words.say(B.total_card), gap.why))
        total_name = B.revenue if self._is_revenue else B.total_ttc
        yield self._sum("total", total_name, bill.total, paper.total if paper else None, note)
        if not without:
            yield from self._tva_rows(B.of_which, theirs, "inside")

    def _tva_rows(self, name: Text, theirs: object, style: str) -> Iterator[dict[str, object]]:
        words = self._words
        for rate, amount in self._bill.tva.items():
            shown = words.number(rate, 1 if rate % 1 else 0) + (f"{NBSP}%" if words.french else "%")
            printed = theirs.get(rate) if isinstance(theirs, dict) else None
            yield {
                "style": style,
                "name": words.say(name, shown),
                "small": "",
                "cells": self._cells(amount, printed),
                "note": self._note_on_tva(rate, amount, printed, shown),
            }

    def _note_on_tva(self, rate: Decimal, ours: Decimal | None, printed: Decimal | None, shown: str) -> str:
        """Return the letter of a note where the TVA of the paper differs, and follows from its own lines."""
        paper, words = self._page.paper, self._words
        if paper is None or printed is None or printed == ours or not paper.without_taxes:
            return ""
        rated = [line for line in paper.lines if line.tva == rate]
        due = summed_lines(rated or paper.lines)
        if half_away(Fraction(due * rate / 100), 2) != printed:
            return ""
        steps = f"{words.number(due, 2)} × {shown} = {words.number(printed, 2)}"
        return self._note(words.say(B.tva_follows, steps))

    def _sum(
        self, style: str, name: Text, ours: Decimal | None, theirs: Decimal | None, note: str = ""
    ) -> dict[str, object]:
        return {
            "style": style,
            "name": self._words.say(name),
            "small": "",
            "cells": self._cells(ours, theirs),
            "note": note,
        }

    def _revenue(self) -> list[dict[str, object]]:
        lines = self._bill.revenue
        if not lines:
            return []
        rows = [
            {
                "name": self._words.say(line.label),
                "small": list(self._small(line)),
                "cells": [_DASH if line.eur is None else self._words.eur(line.eur)],
                "style": "",
                "square": False,
                "note": "",
            }
            for line in lines
        ]
        total = summed(line.eur for line in lines)
        cells = [_DASH if total is None else self._words.eur(total)]
        return [{"name": self._words.say(B.revenue), "cells": cells, "rows": rows}]

    def _prices(self) -> dict[str, object]:
        """Return the table of prices: a line for each thing that has one, a column for each day they change."""
        words, bill = self._words, self._bill
        priced = [line for line in bill.lines if line.price is not None]
        starts = sorted({line.first for line in priced})
        names = dict.fromkeys((line.kind, line.label) for line in priced)
        rows = []
        for kind, label in names:
            cells = []
            for start in starts:
                price = next(
                    (
                        line.price
                        for line in priced
                        if (line.kind, line.label) == (kind, label) and line.first <= start <= line.last
                    ),
                    None,
                )
                cells.append("" if price is None else words.number(price, max(2, -_exponent(price))))
            rows.append({"name": f"{words.say(label)}, {self._unit(kind, label)}", "cells": cells})
        return {
            "prices": rows,
            "prices_title": words.say(B.prices_title),
            "price_columns": [words.say(B.from_day, words.short_date(day, year=False)) for day in starts],
        }

    def _unit(self, kind: str, label: Text) -> str:
        if kind == SUBSCRIPTION:
            return "€/mois" if self._words.french else "€/month"
        return "%" if label.en == "CTA" else "€/kWh"

    def _footer(self) -> Iterator[str]:
        words = self._words
        if self._is_revenue:
            return
        if self._bill.offer:
            yield words.say(B.offer, self._bill.offer)
        yield words.say(PRORATIONS[self._page.rules.proration])
        if self._page.rules.paid is Paid.ADVANCE:
            yield words.say(PAID[Paid.ADVANCE])
        if self._page.rules.split is Split.DAYS:
            yield words.say(SPLITS[Split.DAYS])
        yield words.say(B.one_rounding)


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _places(amount: Decimal) -> int:
    return max(2, -_exponent(amount))
