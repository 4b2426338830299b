"""A supplier's bill beside ours: which lines are equal, and why the others are not."""

# Strategy
#
# - A line of the paper stands beside our line of the same kind and register whose days it shares most.
# - Reasons are tried from the surest to the vaguest: another index, other days, another price, another TVA; then our
#   bill is worked again by each other rule of suppliers, and a rule that gives the amount of the paper is the reason.

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.billing.amounts import CENT
from linkymonitor.billing.own_faults import wrong_product
from linkymonitor.billing.paper import Paper, PaperLine, summed_lines
from linkymonitor.billing.rule_names import OtherRule, other_rules
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.values import COUNTED, ENERGY, REVENUE, SUBSCRIPTION, TAX, Bill, Line
from linkymonitor.language import Text, written_date, written_days
from linkymonitor.money.contract import Paid, TaxPath
from linkymonitor.money.statements import decimal


class Compared(NamedTuple):
    """A line of the paper, our line, and why they differ; one of the lines may be missing."""

    theirs: PaperLine | None
    ours: Line | None
    #: A word for the reason, empty when the lines are equal.
    cause: str = ""
    why: Text | None = None

    @property
    def eur(self) -> Decimal | None:
        """By how much the paper is dearer, None when an amount is not known."""
        if self.theirs is None or self.ours is None:
            return None if self.theirs is None else self.theirs.eur
        return None if self.ours.eur is None else self.theirs.eur - self.ours.eur


def compare(paper: Paper, ours: Bill, again: Callable[[Rules], Bill], rules: Rules) -> list[Compared]:
    """Return each line of *paper* beside that of *ours*, and the lines that only ours has.

    Args:
        paper: the supplier's bill.
        ours: the bill from the indexes of the log.
        again: works our bill by other rules.
        rules: those of *ours*.
    """
    left = list(ours.lines)
    found = []
    others: list[tuple[OtherRule, Bill]] | None = None
    ahead = _paid_in_advance(paper, ours, again, rules)
    for theirs, prices in _joined(paper.lines, ours.lines):
        if _is_ahead(theirs, ours) and (due := _partner(theirs, ahead)) is not None:
            same = next((line for line in left if line.label == due.label), None)
            left = [line for line in left if line is not same]
            more = _beside_advance(theirs, due, prices, again, rules)
            found.append(Compared(theirs, same, "subscription_paid", _IN_ADVANCE + more))
            continue
        line = _partner(theirs, left)
        if line is None:
            found.append(Compared(theirs, None, "unknown-line", _UNKNOWN))
            continue
        left.remove(line)
        cause, why = _difference(theirs, line, (ours.first, ours.last), prices)
        if (
            cause in ("price", "amount", "kwh", "rounding")
            and paper.without_taxes
            and ours.path is TaxPath.TTC
        ):
            # Worked without taxes if that was possible: a warning of the bill names what is missing.
            cause, why = "taxes", _TAXES
        if cause in ("amount", "kwh"):
            others = others or [(rule, again(rule.rules)) for rule in other_rules(rules)]
            cause, why = _by_another_rule(theirs, others) or (cause, why)
        found.append(Compared(theirs, line, cause, why))
    off = {
        each.theirs.register
        for each in found
        if each.cause in ("estimated-index", "index") and each.theirs is not None
    }
    found = [_of_those_indexes(each, off) for each in found]
    names = {line.label for line in ahead}
    return [
        *found,
        *(
            Compared(None, line, "subscription_paid", _BEFORE)
            if line.kind == SUBSCRIPTION and line.label in names
            else Compared(None, line, "missing-line", _MISSING)
            for line in left
        ),
    ]


def _is_ahead(theirs: PaperLine, ours: Bill) -> bool:
    """Return whether *theirs* is a subscription of days after those of *ours*."""
    return theirs.kind == SUBSCRIPTION and theirs.first is not None and theirs.first > ours.last


def _paid_in_advance(
    paper: Paper, ours: Bill, again: Callable[[Rules], Bill], rules: Rules
) -> Sequence[Line]:
    """Return the subscription that ours has by the rule of those who ask for it in advance, if *paper* does."""
    if rules.paid is Paid.ADVANCE or not any(_is_ahead(line, ours) for line in paper.lines):
        return ()
    return [line for line in again(rules._replace(paid=Paid.ADVANCE)).lines if line.kind == SUBSCRIPTION]


def _beside_advance(
    theirs: PaperLine,
    due: Line,
    prices: Sequence[Decimal],
    again: Callable[[Rules], Bill],
    rules: Rules,
) -> Text:
    """Return how *theirs*, paid in advance, differs from *due*, ours of those days; empty when it does not."""
    cause, why = _difference(theirs, due, (due.first, due.last), prices)
    if cause == "amount":
        others = [(rule, again(rule.rules)) for rule in other_rules(rules._replace(paid=Paid.ADVANCE))]
        _, why = _by_another_rule(theirs, others) or (cause, why)
    return Text("", "") if why is None else Text(" ; ", "; ") + why


def _of_those_indexes(each: Compared, off: set[str | None]) -> Compared:
    """Return *each* with the reason that its kWh differ because an index of the registers *off* differs."""
    theirs = each.theirs
    if each.cause != "kwh" or theirs is None or each.why is None:
        return each
    if theirs.kind == TAX and off:
        return each._replace(why=_SAME_CAUSE)
    if theirs.kind in COUNTED and theirs.register in off:
        return each._replace(why=each.why + Text(" : ", ": ") + _SAME_CAUSE)
    return each


def _joined(
    theirs: Sequence[PaperLine], ours: Sequence[Line]
) -> Iterator[tuple[PaperLine, Sequence[Decimal]]]:
    """Yield each line of the paper with its prices; lines of one register that ours has as one line are one line.

    A supplier cuts the energy of a register where its own price changes, or without any reason.
    """
    lines = list(theirs)
    while lines:
        line = lines.pop(0)
        whole = next((each for each in ours if _within(line, each)), None)
        same = [line]
        if whole is not None:
            same += [each for each in lines if _within(each, whole)]
            lines = [each for each in lines if each not in same]
        prices = list(dict.fromkeys(each.price for each in same if each.price is not None))
        yield (line if len(same) == 1 else _sum_of(same, prices)), prices


def _within(theirs: PaperLine, ours: Line) -> bool:
    """Return whether *theirs* is of the register of *ours*, and of some of its days alone."""
    return (
        theirs.kind == ours.kind
        and theirs.kind in COUNTED
        and theirs.span is not None
        and theirs.register == ours.register
        and ours.first <= theirs.span[0]
        and theirs.span[1] <= ours.last
        and theirs.span != (ours.first, ours.last)
    )


def _sum_of(lines: Sequence[PaperLine], prices: Sequence[Decimal]) -> PaperLine:
    """Return one line for *lines* of one register."""
    ordered = sorted(lines, key=lambda line: line.first or date.min)
    first, last = ordered[0], ordered[-1]
    counted = [line.kwh for line in ordered if line.kwh is not None]
    return first._replace(
        last=last.last,
        index_to=last.index_to,
        kwh=sum(counted) if len(counted) == len(ordered) else None,
        eur=summed_lines(ordered),
        price=prices[0] if len(prices) == 1 else None,
        estimated=any(line.estimated for line in ordered),
    )


_UNKNOWN = Text(
    "une ligne que le compteur ne peut pas connaître",
    "a line that the meter cannot know",
)
_TAXES = Text("hors taxes sur le papier, TTC ici", "without taxes on the paper, with them here")
_SAME_CAUSE = Text("les kWh de ces index", "the kWh of those indexes")
_IN_ADVANCE = Text(
    "payé d'avance, pour les jours qui suivent (subscription_paid = advance)",
    "paid in advance, for the days after these (subscription_paid = advance)",
)
_BEFORE = Text(
    "le papier est payé d'avance : ces jours-là sont d'une facture d'avant",
    "the paper is paid in advance: those days are of a bill before",
)
_MISSING = Text("le papier n'a pas cette ligne", "the paper has no such line")


def _partner(theirs: PaperLine, lines: Sequence[Line]) -> Line | None:
    """Return the line of *lines* that stands for *theirs*, None when there is none."""
    alike = [
        line
        for line in lines
        if line.kind == theirs.kind
        and (theirs.register is None or line.register is None or line.register == theirs.register)
        # Accise goes by kWh, the contribution to the network does not.
        and (theirs.kind != TAX or (theirs.kwh is None) == (line.kwh is None))
    ]
    if theirs.kind == SUBSCRIPTION and theirs.span is None and theirs.price is None:
        # A fee is of the kind of a subscription, and has neither its price nor its days.
        return next((line for line in alike if line.eur == theirs.eur), None)
    shared = [(_shared_days(theirs, line), _near(theirs, line), place) for place, line in enumerate(alike)]
    best = max(shared, default=None)
    if best is None:
        return None
    line = alike[best[2]]
    # A subscription that is paid in advance is of other days.
    in_advance = theirs.kind == SUBSCRIPTION and theirs.price == line.price
    return line if best[0] > 0 or in_advance else None


def _shared_days(theirs: PaperLine, ours: Line) -> int:
    if theirs.span is None:
        return 1
    return (min(theirs.span[1], ours.last) - max(theirs.span[0], ours.first)).days + 1


def _near(theirs: PaperLine, ours: Line) -> Decimal:
    """Return how near the two are by price, else by amount: the nearer, the greater."""
    if theirs.price is not None and ours.price is not None:
        return -abs(theirs.price - ours.price)
    return -abs(theirs.eur - (ours.eur or 0))


def _difference(
    theirs: PaperLine, ours: Line, span: tuple[date, date], prices: Sequence[Decimal]
) -> tuple[str, Text | None]:
    """Return why the two lines differ, *theirs* with its *prices*; an empty word when they do not."""
    for reason in _reasons(theirs, ours, span, prices):
        return reason
    return "", None


def _reasons(
    theirs: PaperLine, ours: Line, span: tuple[date, date], prices: Sequence[Decimal]
) -> Iterator[tuple[str, Text]]:
    if ours.eur is None:
        yield "no-amount", Text("le nôtre n'est pas connu : ", "ours is not known: ") + (ours.reason or "")
    yield from _other_index(theirs, ours, span)
    yield from _other_days(theirs, ours)
    another = next((price for price in prices if ours.price is not None and price != ours.price), None)
    if another is not None and ours.price is not None:
        paper, own = decimal(another), decimal(ours.price)
        yield (
            "price",
            Text(
                f"un autre prix : {paper.fr}, le nôtre {own.fr}", f"another price: {paper.en}, ours {own.en}"
            ),
        )
    if theirs.tva is not None and ours.tva is not None and theirs.tva != ours.tva:
        paper, own = decimal(theirs.tva), decimal(ours.tva)
        yield (
            "tva",
            Text(
                f"une autre TVA : {paper.fr} %, la nôtre {own.fr} %",
                f"another TVA: {paper.en} %, ours {own.en} %",
            ),
        )
    if theirs.kwh is not None and ours.kwh is not None and theirs.kwh != ours.kwh:
        yield (
            "kwh",
            Text(f"{theirs.kwh} kWh, les nôtres {ours.kwh}", f"{theirs.kwh} kWh, ours {ours.kwh}"),
        )
    if ours.eur is not None and theirs.eur != ours.eur:
        if abs(theirs.eur - ours.eur) <= CENT:
            yield "rounding", Text("un autre arrondi", "rounded otherwise")
        if (wrong := wrong_product(theirs)) is not None:
            yield "paper", Text("le papier se trompe : ", "a fault of the paper: ") + wrong
        yield (
            "amount",
            Text("un autre montant, pour une raison inconnue", "another amount, for a reason unknown"),
        )


def _other_index(theirs: PaperLine, ours: Line, span: tuple[date, date]) -> Iterator[tuple[str, Text]]:
    """Yield how an index of the paper differs; *span* has the days of the bill."""
    name = Text("index estimé", "estimated index") if theirs.estimated else Text("index", "index")
    for typed, wh, is_end in (
        (theirs.index_to, ours.index_to, True),
        (theirs.index_from, ours.index_from, False),
    ):
        if typed is None or wh is None or typed == wh // 1000:
            continue
        own = wh // 1000
        within = ours.last != span[1] if is_end else ours.first != span[0]
        at = Text(f" {typed}, le compteur en était à {own} : ", f" {typed}, the meter stood at {own}: ")
        effect = _index_effect(theirs.kind, abs(typed - own), is_end=is_end, above=typed > own, within=within)
        yield (
            "estimated-index" if theirs.estimated else "index",
            name + at + effect + _where(ours, is_end=is_end, within=within),
        )


def _where(ours: Line, *, is_end: bool, within: bool) -> Text:
    """Return which index of a line it is, and of which day; *within* the bill it is the index of two lines."""
    if within:
        at = written_date(ours.last + timedelta(days=1) if is_end else ours.first)
        return Text(f" (index du {at.fr} à 0 h)", f" (index of {at.en} at 00:00)")
    if is_end:
        day = written_date(ours.last)
        return Text(f" (nouvel index, à la fin du {day.fr})", f" (new index, at the end of {day.en})")
    day = written_date(ours.first)
    return Text(f" (ancien index, au début du {day.fr})", f" (old index, at the beginning of {day.en})")


def _index_effect(kind: str, kwh: int, *, is_end: bool, above: bool, within: bool) -> Text:
    """Return what an index does that is off by *kwh*.

    Args:
        kind: of the line.
        kwh: by how many.
        is_end: whether it is the last index of the line, not the first.
        above: whether it is above that of the meter.
        within: whether it lies within the bill, where a price changes.
    """
    if within:
        return Text(f"{kwh} kWh à l'autre prix", f"{kwh} kWh at the other price")
    asked = Text("payés", "paid") if kind == REVENUE else Text("facturés", "billed")
    if is_end and above:
        when = Text(f"{asked.fr} trop tôt", f"{asked.en} early")
    elif is_end:
        when = Text(f"{asked.fr} trop tard", f"{asked.en} late")
    elif above:
        when = Text(f"déjà {asked.fr}", f"{asked.en} before")
    else:
        when = Text(f"{asked.fr} deux fois", f"{asked.en} twice")
    return f"{kwh} kWh " + when


def _other_days(theirs: PaperLine, ours: Line) -> Iterator[tuple[str, Text]]:
    if theirs.span is None or theirs.span == (ours.first, ours.last):
        return
    paper, own = written_days(*theirs.span), written_days(ours.first, ours.last)
    yield (
        "dates",
        Text(f"d'autres jours : {paper.fr}, les nôtres {own.fr}", f"other days: {paper.en}, ours {own.en}"),
    )


def _by_another_rule(theirs: PaperLine, others: Sequence[tuple[OtherRule, Bill]]) -> tuple[str, Text] | None:
    """Return the rule by which our bill has the amount of *theirs*, None when there is none."""
    for rule, bill in others:
        line = _partner(theirs, bill.lines)
        if line is None or line.eur != theirs.eur:
            continue
        if theirs.kind == ENERGY and theirs.kwh is not None and theirs.kwh != line.kwh:
            continue
        return rule.key, rule.reason
    return None
