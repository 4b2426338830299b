"""Why the total of a supplier's bill differs from ours: the lines above it, the TVA, or the addition."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.billing.amounts import CENT
from linkymonitor.billing.own_faults import own_faults, wrong_total
from linkymonitor.billing.paper import Paper, summed_lines
from linkymonitor.billing.values import Bill
from linkymonitor.language import Text
from linkymonitor.money.statements import decimal


class TotalGap(NamedTuple):
    """By how much the total of the paper is dearer, and why."""

    eur: Decimal
    #: A word for the reason.
    cause: str
    why: Text


def faults_beside_total(paper: Paper, ours: Bill) -> Iterator[Text]:
    """Yield what does not fit within *paper* itself, but for what is already the reason of its total."""
    gap = total_gap(paper, ours)
    yield from (fault for fault in own_faults(paper) if gap is None or fault != gap.why)


def total_gap(paper: Paper, ours: Bill) -> TotalGap | None:
    """Return how the total of *paper* differs from that of *ours*; None when it does not, or one is not known."""
    if paper.total is None or ours.total is None or paper.total == ours.total:
        return None
    gap = paper.total - ours.total
    printed = summed_lines(paper.lines)
    if (wrong := wrong_total(paper)) is not None:
        return TotalGap(gap, "sum", wrong)
    if not paper.without_taxes:
        shown = _signed(gap)
        why = Text(f"les lignes ci-dessus : {shown.fr} €", f"the lines above: {shown.en} €")
        return TotalGap(gap, "lines", why)
    if ours.ht is None:
        why = Text(
            "le nôtre vient des prix TTC, non des lignes hors taxes",
            "ours comes of prices with taxes, not without",
        )
        return TotalGap(gap, "taxes", why)
    theirs, own = paper.total - printed, ours.total - ours.ht
    if printed == ours.ht:
        return TotalGap(gap, *_of_the_tva(paper, ours, theirs, own))
    of_lines, of_tva = _signed(printed - ours.ht), _signed(theirs - own)
    return TotalGap(
        gap,
        "lines",
        Text(
            f"les lignes ci-dessus : {of_lines.fr} € ; leur TVA : {of_tva.fr} €",
            f"the lines above: {of_lines.en} €; their TVA: {of_tva.en} €",
        ),
    )


def _of_the_tva(paper: Paper, ours: Bill, theirs: Decimal, own: Decimal) -> tuple[str, Text]:
    """Return the reason of a total whose lines are ours: the TVA as a whole, or that of one rate."""
    rates = [rate for rate, amount in ours.tva.items() if paper.tva.get(rate, amount) != amount]
    name = Text("la TVA", "the TVA") if paper.tva else Text("la TVA d'après le total", "the TVA by the total")
    if len(rates) == 1 and paper.tva[rates[0]] - (ours.tva[rates[0]] or 0) == theirs - own:
        percent = decimal(rates[0])
        name = Text(f"la TVA à {percent.fr} %", f"the TVA of {percent.en} %")
        theirs, own = paper.tva[rates[0]], ours.tva[rates[0]] or Decimal(0)
    amount, due = decimal(theirs), decimal(own)
    why = name + Text(
        f" : {amount.fr} € sur le papier, {due.fr} € ici, alors que les lignes sont égales",
        f": {amount.en} € on the paper, {due.en} € here, though the lines are equal",
    )
    if abs(theirs - own) <= CENT:
        return "rounding", why + Text(" ; un autre arrondi", "; rounded otherwise")
    return "tva", why


def _signed(amount: Decimal) -> Text:
    """Return *amount* with its sign, as ``+0,71``."""
    sign = "+" if amount >= 0 else "−"
    return sign + decimal(abs(amount))
