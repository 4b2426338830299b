"""The rules of suppliers in words, and each other rule that a supplier may have."""

from collections.abc import Iterator
from typing import NamedTuple

from linkymonitor.billing.rules import Decimals, Rules
from linkymonitor.language import Text
from linkymonitor.money.contract import Formula, Paid, Proration, Split

#: How the subscription of a part of a month is worked.
PRORATIONS = {
    Proration.CALENDAR_MONTH: Text("mois civils", "calendar months"),
    Proration.MONTH_30: Text("mois de 30 jours", "months of 30 days"),
    Proration.YEAR_365: Text("années de 365 jours", "years of 365 days"),
    Proration.YEAR_366: Text("années du calendrier", "years of the calendar"),
    Proration.ANNIVERSARY: Text("mois depuis le premier jour", "months from the first day"),
}
PAID = {
    Paid.ARREARS: Text("abonnement payé à la fin", "subscription paid at the end"),
    Paid.ADVANCE: Text("abonnement payé d'avance", "subscription paid in advance"),
}
SPLITS = {
    Split.INDEX: Text("kWh partagés par l'index", "kWh shared by the index"),
    Split.DAYS: Text("kWh partagés par jours", "kWh shared by days"),
}


class OtherRule(NamedTuple):
    """A rule of a supplier, with the other rules as they are."""

    #: Its key of [contract].
    key: str
    value: str
    name: Text
    rules: Rules

    @property
    def reason(self) -> Text:
        """The reason of an amount that this rule gives."""
        setting = f" ({self.key} = {self.value})"
        return (
            Text("une autre règle du fournisseur : ", "another rule of the supplier: ") + self.name + setting
        )


def other_rules(rules: Rules) -> Iterator[OtherRule]:
    """Yield each rule that *rules* does not have, alone."""
    for proration in Proration:
        if proration is not rules.proration:
            yield OtherRule(
                "proration", proration.value, PRORATIONS[proration], rules._replace(proration=proration)
            )
    for split in Split:
        if split is not rules.split:
            yield OtherRule("split", split.value, SPLITS[split], rules._replace(split=split))
    for paid in Paid:
        if paid is not rules.paid:
            yield OtherRule("subscription_paid", paid.value, PAID[paid], rules._replace(paid=paid))
    for places in (2, 3):
        decimals = Decimals(places, places, places)
        if decimals != rules.decimals:
            name = Text(f"montants à {places} décimales", f"amounts of {places} decimals")
            yield OtherRule(
                "decimals", f"{places} {places} {places}", name, rules._replace(decimals=decimals)
            )
    for formula in Formula:
        if formula is not rules.formula:
            name = Text(
                f"CTA sur la formule {formula.value} du réseau",
                f"CTA on the formula {formula.value} of the network",
            )
            yield OtherRule("acheminement", formula.value, name, rules._replace(formula=formula))
