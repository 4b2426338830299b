"""The bill as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from linkymonitor.billing.amounts import summed
from linkymonitor.billing.values import Bill, Line
from linkymonitor.language import Text, as_text, written_date, written_days
from linkymonitor.money.contract import TaxPath
from linkymonitor.money.statements import decimal

if TYPE_CHECKING:
    from linkymonitor.billing.compare import Compared
    from linkymonitor.billing.paper import Paper

_WIDE = 46


def as_lines(bill: Bill) -> Iterator[Text]:
    """Yield the lines of *bill*: each with its days, its indexes and its arithmetic."""
    yield Text("Facture ", "Bill ") + written_days(bill.first, bill.last)
    yield Text(f"Offre : {bill.offer or '[tariff]'}", f"Offer: {bill.offer or '[tariff]'}")
    yield as_text("")
    for line in bill.lines:
        yield from _lines(line)
    yield as_text("")
    if bill.path is TaxPath.HT:
        yield _amount(Text("Total hors TVA", "Total without TVA"), bill.ht)
        for rate, amount in bill.tva.items():
            yield _amount(Text("TVA ", "TVA ") + decimal(rate) + " %", amount)
    yield _amount(Text("Total TTC", "Total with taxes"), bill.total)
    if bill.path is TaxPath.TTC:
        for rate, amount in bill.tva.items():
            yield _amount(Text("  dont TVA ", "  of which TVA ") + decimal(rate) + " %", amount)
    if bill.revenue:
        yield as_text("")
        yield Text(
            "Revenu de l'injection, qui n'est pas une ligne de la facture",
            "Revenue of injection, which is no line of the bill",
        )
        for line in bill.revenue:
            yield from _lines(line)
        yield _amount(Text("Revenu", "Revenue"), summed(line.eur for line in bill.revenue))
    if bill.warnings:
        yield as_text("")
    yield from bill.warnings


def _lines(line: Line) -> Iterator[Text]:
    yield _amount(line.label, line.eur)
    span = as_text("  ") + written_days(line.first, line.last)
    if line.index_from is not None and line.index_to is not None:
        indexes = f", {line.index_from // 1000} → {line.index_to // 1000} kWh"
        span = span + indexes
    yield span
    if line.shared is not None and line.kwh is not None:
        yield as_text("  ") + line.shared.steps(line.kwh)
    for day in line.estimated:
        on = written_date(day)
        yield Text(
            f"  index du {on.fr} à 0 h estimé entre deux relevés",
            f"  index of {on.en} at 00:00 estimated between two readings",
        )
    if line.reason is not None:
        yield Text("  pas de montant : ", "  no amount: ") + line.reason
    elif line.arithmetic:
        yield as_text("  ") + Text(line.arithmetic.replace(".", ","), line.arithmetic)


def _amount(label: Text, amount: Decimal | None) -> Text:
    euros = _shown(amount)
    return Text(f"{label.fr:<{_WIDE}}{euros.fr:>14}", f"{label.en:<{_WIDE}}{euros.en:>14}")


def compared_lines(compared: Sequence[Compared], paper: Paper, ours: Bill) -> Iterator[Text]:
    """Yield the lines of a supplier's bill beside ours, each with the reason of its difference."""
    from linkymonitor.billing.totals import total_gap  # most bills are compared with no paper

    yield Text("Le papier et le compteur, ", "The paper and the meter, ") + written_days(
        ours.first, ours.last
    )
    yield _beside(as_text(""), Text("papier", "paper"), Text("compteur", "meter"))
    for each in compared:
        line = each.ours or each.theirs
        assert line is not None
        label = as_text(each.ours.label if each.ours else each.theirs.label if each.theirs else "")
        if not str(label):
            label = as_text(line.register or line.kind)
        theirs = each.theirs.eur if each.theirs else None
        yield _beside(label, _shown(theirs), _shown(each.ours.eur if each.ours else None))
        if line.first and line.last:
            yield as_text("  ") + written_days(line.first, line.last)
        yield as_text("  = ") + _EQUAL if not each.cause else as_text("  ≠ ") + (each.why or "")
    yield _beside(Text("Total", "Total"), _shown(paper.total), _shown(ours.total))
    gap = total_gap(paper, ours)
    if gap is not None:
        yield as_text("  ≠ ") + gap.why
    elif paper.total is not None and ours.total is not None:
        yield as_text("  = ") + _EQUAL


_EQUAL = Text("égal", "equal")


def _shown(amount: Decimal | None) -> Text:
    if amount is None:
        return as_text("—")
    exponent = amount.as_tuple().exponent
    return decimal(amount if isinstance(exponent, int) and exponent <= -2 else round(amount, 2)) + " €"


def _beside(label: Text, theirs: Text, ours: Text) -> Text:
    return Text(
        f"{label.fr:<{_WIDE}}{theirs.fr:>14}{ours.fr:>14}", f"{label.en:<{_WIDE}}{theirs.en:>14}{ours.en:>14}"
    )
