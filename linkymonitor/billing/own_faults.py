"""What does not fit within a supplier's bill itself: kWh, products, sums."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from linkymonitor.billing.amounts import CENT, TVA_ROUNDING, half_away, product_of
from linkymonitor.billing.paper import Paper, PaperLine, summed_lines
from linkymonitor.billing.values import REVENUE
from linkymonitor.language import Text, as_text, written_days
from linkymonitor.money.contract import TaxPath
from linkymonitor.money.statements import decimal


def own_faults(paper: Paper) -> Iterator[Text]:
    """Yield what does not fit within *paper* itself."""
    for line in paper.lines:
        yield from _of_line(line)
    for rate, printed in sorted(paper.tva.items()):
        yield from _of_tva(paper, rate, printed)
    yield from filter(None, (_wrong_ht(paper), wrong_total(paper)))


def _of_line(line: PaperLine) -> Iterator[Text]:
    if line.kwh is not None and line.index_from is not None and line.index_to is not None:
        between = line.index_to - line.index_from
        if between != line.kwh:
            yield on_paper(line) + Text(" : ", ": ") + wrong_kwh(line.index_from, line.index_to, line.kwh)
    if (wrong := wrong_product(line)) is not None:
        yield on_paper(line) + Text(" : ", ": ") + wrong
    if line.kind == REVENUE and line.tva is not None:
        yield on_paper(line) + Text(
            f" : un revenu n'a pas de TVA ; enlevez tva = {line.tva}",
            f": revenue has no TVA; take tva = {line.tva} away",
        )


def _of_tva(paper: Paper, rate: Decimal, printed: Decimal) -> Iterator[Text]:
    """Yield that the TVA of *rate* does not follow from the lines."""
    rated = [line for line in paper.lines if line.tva == rate]
    if not rated and len(paper.tva) == 1 and all(line.tva is None for line in paper.lines):
        rated = list(paper.lines)
    due = half_away(Fraction(summed_lines(rated) * rate / 100), 2)
    if paper.without_taxes and due and abs(due - printed) > TVA_ROUNDING:
        percent, own, named = map(decimal, (rate, due, printed))
        yield Text(
            f"papier : la TVA à {percent.fr} % des lignes fait {own.fr} €, non {named.fr} €",
            f"paper: the TVA of {percent.en} % on the lines is {own.en} €, not {named.en} €",
        )


def on_paper(line: PaperLine) -> Text:
    """Return which line of the paper it is, in words."""
    name = as_text(line.register or line.label)
    if not name.fr and line.span is not None:
        name = written_days(*line.span)
    return Text("papier, ", "paper, ") + name


def wrong_kwh(index_from: int, index_to: int, printed: int) -> Text:
    """Return that the *printed* kWh are not those between two indexes, all in kWh."""
    indexes, between = f"{index_from} → {index_to}", index_to - index_from
    return Text(f"{indexes} font {between} kWh, non {printed}", f"{indexes} are {between} kWh, not {printed}")


def wrong_product(line: PaperLine) -> Text | None:
    """Return that the amount of *line* is not its kWh times its price, None when it is, or one is not printed."""
    if line.kwh is None or line.price is None:
        return None
    product = product_of(line.kwh, line.price, line.eur)
    return None if product.fits else product_text(line.kwh, line.price, product.eur, line.eur)


def rounded_product(line: PaperLine) -> Text | None:
    """Return by how much the amount of *line* differs from its kWh times its price because that is rounded."""
    if line.kwh is None or line.price is None:
        return None
    product = product_of(line.kwh, line.price, line.eur)
    if not product.fits or product.eur == line.eur:
        return None
    because = Text(" ; le prix imprimé est arrondi", "; the printed price is rounded")
    return product_text(line.kwh, line.price, product.eur, line.eur) + because


def product_text(kwh: int, price: Decimal, eur: Decimal, printed: Decimal) -> Text:
    """Return that *kwh* times *price* in €/kWh are *eur*, and not the *printed* amount in €."""
    by, own, named = map(decimal, (price, eur, printed))
    return Text(
        f"{kwh} × {by.fr} font {own.fr} €, non {named.fr} €",
        f"{kwh} × {by.en} are {own.en} €, not {named.en} €",
    )


def _wrong_ht(paper: Paper) -> Text | None:
    """Return that the printed total without TVA is not that of the lines, or not the total less its TVA."""
    if paper.ht is None:
        return None
    printed = decimal(paper.ht)
    if paper.without_taxes:
        lines = summed_lines(paper.lines)
        if abs(lines - paper.ht) < CENT:
            return None
        due = decimal(lines)
        return Text(
            f"les lignes du papier font {due.fr} € hors TVA, son total hors TVA est {printed.fr} €",
            f"the lines of the paper are {due.en} € without TVA, its total without TVA is {printed.en} €",
        )
    if paper.total is None or not paper.tva:
        return None
    left = paper.total - paper.tva_due
    if abs(left - paper.ht) < CENT:
        return None
    due = decimal(left)
    return Text(
        f"le total du papier moins sa TVA fait {due.fr} €, son total hors TVA est {printed.fr} €",
        f"the total of the paper less its TVA is {due.en} €, its total without TVA is {printed.en} €",
    )


def wrong_total(paper: Paper) -> Text | None:
    """Return that the total of *paper* is not what its lines are together; None when it is, or one is not known."""
    due = _due(paper)
    if paper.total is None or due is None:
        return None
    # The TVA of rates is rounded; that which is printed is a figure of the paper.
    rounded = paper.without_taxes and not paper.tva
    if abs(due - paper.total) < (TVA_ROUNDING if rounded else CENT):
        return None
    own, total = decimal(due), decimal(paper.total)
    with_tva = Text(" et leur TVA", " and their TVA") if paper.without_taxes else Text("", "")
    found = Text(
        f"les lignes du papier{with_tva.fr} font {own.fr} €, son total est {total.fr} €",
        f"the lines of the paper{with_tva.en} are {own.en} €, its total is {total.en} €",
    )
    if paper.taxes is TaxPath.TTC and abs(due + _tva_on(paper) - paper.total) <= TVA_ROUNDING:
        found += Text(
            ' ; ces lignes sont hors taxes : path = "ht"', '; those lines are without taxes: path = "ht"'
        )
    return found


def _due(paper: Paper) -> Decimal | None:
    """Return what the lines are together, with their TVA; None when a line without taxes has no rate of it."""
    lines = summed_lines(paper.lines)
    if not paper.without_taxes:
        return lines
    return lines + paper.tva_due if paper.tva or all(line.tva is not None for line in paper.lines) else None


def _tva_on(paper: Paper) -> Decimal:
    """Return the TVA that *paper* has to have on its lines if they are without it."""
    if not paper.tva and paper.ht is not None and paper.total is not None:
        return paper.total - paper.ht
    return paper.tva_due
