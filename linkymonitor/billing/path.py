"""The two paths of a bill: from printed prices with taxes, or from prices without taxes and a line for each tax."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from linkymonitor.billing.values import BilledDay
from linkymonitor.language import Text, written_date
from linkymonitor.money.book import DayPrices
from linkymonitor.money.contract import Formula, TaxPath
from linkymonitor.money.taxes import Taxes


class Pricing(NamedTuple):
    """The prices that the lines of a bill are made of."""

    path: TaxPath
    taxes: Taxes

    def subscription(self, day: BilledDay) -> Decimal | None:
        """Return the subscription of *day* in €/month, None when it is not known."""
        if self.path is TaxPath.TTC:
            return day.prices.subscription_month
        row = day.prices.row
        price = None if row is None or day.kva is None else row.subscription_ht.get(day.kva)
        return None if row is None or price is None else row.month(price)

    def energy(self, day: BilledDay, register: str) -> Decimal | None:
        """Return the price of *register* on *day* in €/kWh, None when it is not known."""
        prices = day.priced(register)
        if self.path is TaxPath.TTC:
            return prices.price(register)
        code = _period(prices, register)
        row = prices.row
        return None if row is None or code is None else row.price_ht(code, day.kva)

    def tva_of_subscription(self, day: BilledDay) -> Decimal | None:
        """Return the TVA of a subscription on *day*, in percent."""
        tva = self.taxes.tva(day.date)
        return None if tva is None else tva.subscription

    def tva_of_energy(self, day: BilledDay) -> Decimal | None:
        """Return the TVA of energy on *day*, in percent."""
        tva = self.taxes.tva(day.date)
        return None if tva is None else tva.energy


def _period(prices: DayPrices, register: str) -> str | None:
    """Return the period of the offer that *register* counts."""
    label = prices.labels.get(register)
    return next((code for code in prices.periods if prices.labels.get(code) == label), None)


def missing_without_taxes(days: Iterable[BilledDay], formula: Formula, taxes: Taxes) -> Text | None:
    """Return the first thing that a bill without taxes lacks on *days*, None when it lacks nothing."""
    for day in days:
        what = _missing(day, formula, taxes)
        if what is not None:
            on = written_date(day.date)
            return what + Text(f" (le {on.fr})", f" (on {on.en})")
    return None


def _missing(day: BilledDay, formula: Formula, taxes: Taxes) -> Text | None:
    row = day.prices.row
    if row is None:
        return Text("aucune grille de prix", "no price table")
    if day.kva is None or day.kva not in row.subscription_ht:
        return Text("l'abonnement hors taxes n'est pas connu", "the subscription without taxes is not known")
    for period in day.prices.periods:
        if row.price_ht(period, day.kva) is None:
            return Text(
                f"le prix hors taxes de {period} n'est pas connu",
                f"the price without taxes of {period} is not known",
            )
    for known, name in (
        (taxes.accise(day.date), Text("l'accise n'est pas connue", "the accise is not known")),
        (taxes.tva(day.date), Text("la TVA n'est pas connue", "the TVA is not known")),
        (taxes.cta(day.date), Text("la CTA n'est pas connue", "the CTA is not known")),
    ):
        if known is None:
            return name
    network = taxes.network(day.date)
    if network is None or formula.value not in network.by_kva:
        return Text(
            f"la part fixe du réseau ({formula.value}) n'est pas connue",
            f"the fixed part of the network ({formula.value}) is not known",
        )
    return None
