"""The lines that go by days: the subscription, its surcharges, and the contribution to the network (CTA)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from linkymonitor.billing.amounts import half_away, shown
from linkymonitor.billing.path import Pricing
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.share import share
from linkymonitor.billing.values import SUBSCRIPTION, TAX, BilledDay, Line
from linkymonitor.language import Text
from linkymonitor.money.bill import months_after, whole_months
from linkymonitor.money.contract import Formula, Paid, TaxPath
from linkymonitor.money.taxes import Taxes

_DAY = timedelta(days=1)
#: A price that comes of a division is shown with so many decimals; the amount is worked from the exact one.
_SHOWN = 6


def subscription_lines(
    days: Sequence[BilledDay], after: BilledDay, pricing: Pricing, rules: Rules
) -> Iterator[Line]:
    """Yield a line for each price, power and TVA of the subscription, and for each of its surcharges.

    Args:
        days: the days of the bill.
        after: the day after it, whose prices a subscription paid in advance has.
        pricing: the prices.
        rules: of the supplier.
    """

    def subscription(day: BilledDay) -> tuple[Fraction | None, object]:
        price = pricing.subscription(day)
        return None if price is None else Fraction(price), day.kva

    paid = _paid_days(days, after, rules)
    for run, price in _runs(paid, subscription, pricing):
        power = f" {run[0].kva} kVA" if run[0].kva else ""
        label = Text(f"Abonnement{power}", f"Subscription{power}")
        yield _line(SUBSCRIPTION, label, run, price, pricing, rules, rules.decimals.subscription)
    for code in rules.surcharges:
        surcharge = pricing.taxes.surcharges.get(code)
        if surcharge is None:
            continue

        def month(day: BilledDay) -> tuple[Fraction | None, object]:
            year = surcharge.year(day.date)  # noqa: B023 -- used at once
            if year is None:
                return Fraction(0), None
            tva = pricing.tva_of_subscription(day) or Decimal(0)
            added = 1 + Fraction(tva) / 100 if pricing.path is TaxPath.TTC else Fraction(1)
            return Fraction(year) / 12 * added, None

        for run, price in _runs(paid, month, pricing):
            if price != 0:
                yield _line(
                    SUBSCRIPTION, surcharge.label, run, price, pricing, rules, rules.decimals.subscription
                )


def cta_lines(days: Sequence[BilledDay], pricing: Pricing, rules: Rules) -> Iterator[Line]:
    """Yield a line for each rate, network price, power and TVA of the CTA, which is a share of the network's price."""

    def monthly(day: BilledDay) -> tuple[Fraction | None, object]:
        terms = None if day.kva is None else cta_terms(day.date, day.kva, rules.formula, pricing.taxes)
        return (None, None) if terms is None else (terms.month, terms)

    for run, price in _runs(days, monthly, pricing):
        _, terms = monthly(run[0])
        line = _line(TAX, Text("CTA", "CTA"), run, price, pricing, rules, rules.decimals.taxes)
        if isinstance(terms, CtaTerms):
            rate, year = terms
            part = share(run[0].date, run[-1].date + _DAY, rules.proration)
            amount = shown((price or Fraction(0)) * part.months, 5)
            line = line._replace(price=rate, arithmetic=f"{rate} % × {year}/12 × {part} = {amount}")
        yield line


class CtaTerms(NamedTuple):
    """What the CTA of a day is made of."""

    #: In percent.
    rate: Decimal
    #: The fixed part of the network's price, in € a year.
    year: Decimal

    @property
    def month(self) -> Fraction:
        """The CTA of a month in €, exact."""
        return Fraction(self.rate) / 100 * Fraction(self.year) / 12


def cta_terms(day: date, kva: int, formula: Formula, taxes: Taxes) -> CtaTerms | None:
    """Return what the CTA of *day* is made of, None when that is not known."""
    network, rate = taxes.network(day), taxes.cta(day)
    if network is None or rate is None or formula.value not in network.by_kva:
        return None
    return CtaTerms(rate, network.year(formula.value, kva))


def cta_amount(first: date, last: date, kva: int, rules: Rules, taxes: Taxes) -> Fraction | None:
    """Return the CTA of the days from *first* to *last* in €, exact; None when it is not known."""
    days = [first + count * _DAY for count in range((last - first).days + 1)]
    amount = Fraction(0)
    for terms, run in groupby(days, lambda day: cta_terms(day, kva, rules.formula, taxes)):
        if terms is None:
            return None
        listed = list(run)
        amount += terms.month * share(listed[0], listed[-1] + _DAY, rules.proration).months
    return amount


def _paid_days(days: Sequence[BilledDay], after: BilledDay, rules: Rules) -> Sequence[BilledDay]:
    """Return the days whose subscription is on the bill."""
    if rules.paid is Paid.ARREARS:
        return days
    first, end = days[0].date, after.date
    months = whole_months(first, end)
    whole = months > 0 and months_after(first, months) == end
    stop = months_after(end, months) if whole else end + len(days) * _DAY
    return [after._replace(date=end + count * _DAY) for count in range((stop - end).days)]


def _runs(
    days: Sequence[BilledDay],
    price_of: Callable[[BilledDay], tuple[Fraction | None, object]],
    pricing: Pricing,
) -> Iterator[tuple[list[BilledDay], Fraction | None]]:
    """Yield the days that have one price and one TVA, with the price of the month."""

    def key(day: BilledDay) -> object:
        return price_of(day), pricing.tva_of_subscription(day)

    for _, run in groupby(days, key):
        listed = list(run)
        yield listed, price_of(listed[0])[0]


def _line(
    kind: str,
    label: Text,
    run: Sequence[BilledDay],
    price: Fraction | None,
    pricing: Pricing,
    rules: Rules,
    places: int,
) -> Line:
    first, last = run[0].date, run[-1].date
    tva = pricing.tva_of_subscription(run[0])
    if price is None:
        reason = run[0].prices.reason or Text("prix de l'abonnement non réglé", "subscription price not set")
        return Line(kind, label, first, last, None, tva=tva, reason=reason)
    part = share(first, last + _DAY, rules.proration)
    amount = price * part.months
    month = plain(price)
    return Line(
        kind,
        label,
        first,
        last,
        half_away(amount, places),
        price=month,
        tva=tva,
        arithmetic=f"{month:f} × {part} = {shown(amount)}",
    )


def plain(price: Fraction) -> Decimal:
    """Return *price* as a decimal: whole where it has an end, else to six decimals; two decimals at least."""
    rounded = half_away(price, _SHOWN).normalize()
    exponent = rounded.as_tuple().exponent
    return rounded.quantize(Decimal("0.01")) if isinstance(exponent, int) and exponent > -2 else rounded
