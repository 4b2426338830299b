"""The taxes on the prices of some days, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from linkymonitor.language import Text, written_date
from linkymonitor.money.statements import decimal
from linkymonitor.money.taxes import Taxes


def tax_list(taxes: Taxes, start: date, end: date | None) -> Iterator[Text]:
    """Yield accise, contribution to the network (CTA) and TVA from *start* to before *end*, and where one changes."""
    days = [start, *(day for day in taxes.changes() if start < day and (end is None or day < end))]
    before: list[Text] = []
    for day in days:
        lines = [_accise(taxes, day), *_cta(taxes, day), *_tva(taxes, day)]
        on = written_date(day)
        since = Text("", "") if day == start else Text(f", à partir du {on.fr}", f", from {on.en}")
        for line in lines:
            if line not in before:
                yield "  " + line + since
        before = lines


def _accise(taxes: Taxes, day: date) -> Text:
    rate = taxes.accise(day)
    if rate is None:
        return Text("accise inconnue", "accise not known")
    return Text("accise : ", "accise: ") + decimal(rate) + Text(" €/kWh hors TVA", " €/kWh without TVA")


def _cta(taxes: Taxes, day: date) -> Iterator[Text]:
    rate, network = taxes.cta(day), taxes.network(day)
    if rate is None:
        yield Text("CTA inconnue", "CTA not known")
        return
    percent = decimal(rate)
    name = Text(
        f"CTA : {percent.fr} % de la part fixe du réseau",
        f"CTA: {percent.en} % of the fixed part of the network's price",
    )
    if network is None:
        yield name + Text(", qui est inconnue", ", which is not known")
        return
    fixed = decimal(network.management + network.metering)
    formulas = [
        Text(f"{formula} {fixed.fr} + {amount.fr} × kVA", f"{formula} {fixed.en} + {amount.en} × kVA")
        for formula, amount in ((formula, decimal(each)) for formula, each in network.by_kva.items())
    ]
    french, english = " ; ".join(each.fr for each in formulas), "; ".join(each.en for each in formulas)
    yield name + Text(f", en €/an : {french}", f", in €/year: {english}")


def _tva(taxes: Taxes, day: date) -> Iterator[Text]:
    tva = taxes.tva(day)
    if tva is None:
        yield Text("TVA inconnue", "TVA not known")
        return
    subscription, energy = _percent(tva.subscription), _percent(tva.energy)
    yield Text(
        f"TVA : {subscription.fr} % sur l'abonnement, {energy.fr} % sur l'énergie",
        f"TVA: {subscription.en} % on the subscription, {energy.en} % on energy",
    )


def _percent(rate: Decimal) -> Text:
    return decimal(rate.normalize() if rate % 1 else Decimal(int(rate)))
