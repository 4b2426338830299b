"""Finds the rules of a supplier from one of his bills: every combination that gives the cents that are printed."""

# Strategy
#
# - Only the figures of the paper are used, and the rates of the CTA: no log and no price table.
# - Each rule is tried on the lines that depend on it. A rule that no line depends on is not named, because nothing is
#   known of it. What is left of each rule is combined with what is left of the others.

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from linkymonitor.billing.amounts import half_away, places_of
from linkymonitor.billing.fixed import cta_amount
from linkymonitor.billing.own_faults import on_paper, rounded_product, wrong_product
from linkymonitor.billing.paper import Paper, PaperLine, is_cta
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.share import share
from linkymonitor.billing.values import ENERGY, SUBSCRIPTION, TAX
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, written_days
from linkymonitor.money.contract import Formula, Paid, Proration, Split, TaxPath
from linkymonitor.money.statements import decimal
from linkymonitor.money.taxes import Taxes

_DAY = timedelta(days=1)


class Unsolved(LinkyMonitorError):
    """No rule gives a line of the paper."""


class Solved(NamedTuple):
    """The rules that a paper shows."""

    #: Every combination, by the keys of [contract].
    rules: list[dict[str, str]]
    #: The lines that no rule gives.
    faults: list[Text]
    #: The lines that were not tried, or whose cents come of a rounded price.
    notes: list[Text]


def solve(paper: Paper, kva: int | None, taxes: Taxes) -> Solved:
    """Return every combination of rules that fits *paper*, and the lines that none of them gives.

    Args:
        paper: a supplier's bill.
        kva: the subscribed power of its last day, None when it is not known.
        taxes: the rates of the CTA.

    Raises:
        Unsolved: no rule gives some subscription, which is named.
    """
    prorations = _prorations(paper)
    months, faults, notes = _with_cta(paper, prorations, kva, taxes)
    tried = {
        "subscription_paid": _paid(paper),
        "split": _splits(paper),
        "path": _paths(paper),
        "decimals": _decimals(paper),
    }
    found = {key: values for key, values in tried.items() if values is not None}
    rules = [
        {**month, **dict(zip(found, values, strict=True))}
        for month in months
        for values in product(*found.values())
    ]
    for line in paper.lines:
        if (wrong := wrong_product(line)) is not None:
            faults.append(on_paper(line) + Text(" : ", ": ") + wrong)
        elif (rounded := rounded_product(line)) is not None:
            notes.append(on_paper(line) + Text(" : ", ": ") + rounded)
    return Solved(rules, faults, notes)


def _with_cta(
    paper: Paper, prorations: Sequence[Proration] | None, kva: int | None, taxes: Taxes
) -> tuple[list[dict[str, str]], list[Text], list[Text]]:
    """Return each rule of months with each formula that gives the CTA, what no rule gives, and what was not tried."""
    alone = [{"proration": rule.value} for rule in prorations] if prorations is not None else [{}]
    lines = [line for line in paper.lines if is_cta(line) and line.span]
    if not lines:
        return alone, [], []
    if kva is None:
        return alone, [], [_CTA_WITHOUT_POWER]
    pairs = []
    for rule in Proration if prorations is None else prorations:
        for formula in Formula:
            given = [_gives(line, Rules(proration=rule, formula=formula), kva, taxes) for line in lines]
            if None in given:
                return alone, [], [_CTA_WITHOUT_RATE]
            if all(given):
                pairs.append({"proration": rule.value, "acheminement": formula.value})
    return (pairs, [], []) if pairs else (alone, [_no_formula(line, kva) for line in lines], [])


def _gives(line: PaperLine, rules: Rules, kva: int, taxes: Taxes) -> bool | None:
    """Return whether *rules* give the CTA of *line*, None when its rates are not known."""
    assert line.span is not None
    amount = cta_amount(*line.span, kva, rules, taxes)
    return None if amount is None else half_away(amount, places_of(line.eur)) == line.eur


_CTA_WITHOUT_POWER = Text(
    "la CTA n'est pas essayée : la puissance n'est pas connue ; mettez-la dans [contract] power",
    "the CTA is not tried: the power is not known; set [contract] power",
)
_CTA_WITHOUT_RATE = Text(
    "la CTA n'est pas essayée : ses taux ne sont pas connus ces jours-là",
    "the CTA is not tried: its rates are not known on those days",
)


def _no_formula(line: PaperLine, kva: int) -> Text:
    assert line.span is not None
    eur, days = decimal(line.eur), written_days(*line.span)
    return Text(
        f"aucune règle qui donne l'abonnement ne donne la CTA de {eur.fr} € {days.fr}, à {kva} kVA",
        f"no rule that gives the subscription gives the CTA of {eur.en} € {days.en}, for {kva} kVA",
    )


def _subscriptions(paper: Paper) -> list[PaperLine]:
    """Return the lines that go by days: those with a price of the month and days."""
    return [
        line for line in paper.lines if line.kind == SUBSCRIPTION and line.price is not None and line.span
    ]


def _prorations(paper: Paper) -> list[Proration] | None:
    lines = _subscriptions(paper)
    if not lines:
        return None
    fitting = [rule for rule in Proration if all(_fits(line, rule) for line in lines)]
    if not fitting:
        wrong = next((line for line in lines if not any(_fits(line, rule) for rule in Proration)), lines[0])
        raise Unsolved(_no_rule(paper, wrong))
    return fitting


def _no_rule(paper: Paper, line: PaperLine) -> Text:
    assert line.span is not None
    assert line.price is not None
    eur, price, days = decimal(line.eur), decimal(line.price), written_days(*line.span)
    return Text(
        f"{paper.path} : aucune règle d'abonnement ne donne {eur.fr} € {days.fr} avec {price.fr} €/mois ; relisez "
        "cette ligne",
        f"{paper.path}: no rule of subscriptions gives {eur.en} € {days.en} with {price.en} €/month; read that line "
        "again",
    )


def _fits(line: PaperLine, rule: Proration) -> bool:
    if line.span is None or line.price is None:
        return True  # it shows nothing
    first, last = line.span
    months = share(first, last + _DAY, rule).months
    return half_away(Fraction(line.price) * months, places_of(line.eur)) == line.eur


def _paid(paper: Paper) -> list[str] | None:
    lines = _subscriptions(paper)
    if not lines or paper.last is None:
        return None
    starts = [line.first for line in lines if line.first is not None]
    advance = min(starts) > paper.last
    return [(Paid.ADVANCE if advance else Paid.ARREARS).value]


def _splits(paper: Paper) -> list[str] | None:
    """Return how energy was shared where a price changed, None when no line shows it."""
    found = [
        _splits_of(run)
        for register in dict.fromkeys(line.register for line in paper.lines if line.kind == ENERGY)
        for run in _consecutive(paper.lines, register)
    ]
    return sorted(set.intersection(*found)) or None if found else None


def _splits_of(run: Sequence[PaperLine]) -> set[str]:
    """Return the rules that give the kWh of the lines of *run*."""
    # Suppliers let the first or the last part take the rest of the rounding.
    by_days = all(abs(part - (line.kwh or 0)) <= 1 for part, line in zip(_by_days(run), run, strict=True))
    measured = all(line.index_to is not None and not line.estimated for line in run[:-1])
    if by_days and not measured:
        return {Split.DAYS.value}
    return {Split.INDEX.value, Split.DAYS.value} if by_days else {Split.INDEX.value}


def _consecutive(lines: Sequence[PaperLine], register: str | None) -> Iterator[list[PaperLine]]:
    """Yield the lines of *register* of which each begins the day after the one before, two or more."""
    left = sorted(
        (
            line
            for line in lines
            if line.kind == ENERGY and line.register == register and line.span and line.kwh is not None
        ),
        key=lambda line: line.span or (),
    )
    while left:
        run = [left.pop(0)]
        while (following := _following(run[-1], left)) is not None:
            left.remove(following)
            run.append(following)
        if len(run) > 1:
            yield run


def _following(line: PaperLine, lines: Sequence[PaperLine]) -> PaperLine | None:
    """Return the line of *lines* that begins the day after *line*, of the same meter."""
    return next((each for each in lines if _goes_on(line, each)), None)


def _goes_on(line: PaperLine, other: PaperLine) -> bool:
    same_meter = None in (line.index_to, other.index_from) or line.index_to == other.index_from
    return line.last is not None and other.first == line.last + _DAY and same_meter


def _by_days(run: Sequence[PaperLine]) -> list[int]:
    """Return the kWh of each line of *run* if the whole were shared by days."""
    total = sum(line.kwh or 0 for line in run)
    days = [(line.span[1] - line.span[0]).days + 1 for line in run if line.span]
    shares = [int(half_away(Fraction(total * count, sum(days)), 0)) for count in days[:-1]]
    return [*shares, total - sum(shares)]


def _paths(paper: Paper) -> list[str] | None:
    if paper.without_taxes:
        return [TaxPath.HT.value]
    summed = sum(line.eur for line in paper.lines)
    return [TaxPath.TTC.value] if paper.total is not None and summed == paper.total and paper.tva else None


def _decimals(paper: Paper) -> list[str] | None:
    """Return to how many decimals subscription, energy and taxes are printed."""
    places = []
    for kind in (SUBSCRIPTION, ENERGY, TAX):
        printed = {places_of(line.eur) for line in paper.lines if line.kind == kind}
        places.append(str(max(printed, default=2)))
    return [" ".join(places)]
