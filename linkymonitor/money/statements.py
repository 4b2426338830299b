"""The prices that are set, the ones that are missing and the ones to doubt, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from linkymonitor.language import Text, as_text, written_date
from linkymonitor.model.terms import PERIODS, code
from linkymonitor.money.book import DayPrices, PriceBook
from linkymonitor.money.tariffs import DOUBTED, DOUBTED_SUBSCRIPTION, Prices, key_of

_SUPPLIER_INDEXES = tuple(f"F{number:02}" for number in range(1, 11))
_OPTIONS = {"BASE": Text("Base", "Base"), "HC": Text("heures creuses", "off-peak hours")}


def in_force(book: PriceBook, today: date) -> list[Text]:
    """Return the offer, the power and the prices that count *today*, since when, and what is to be known of them."""
    prices, contract = book.on(today), book.contract_on(today)
    since = [_since(prices.since)] if prices.since is not None else []
    if contract.table is None:
        tariff = book.tariff_on(today)
        lines = [*since, *price_list(tariff)]
        if not book.dated and not tariff.empty:
            lines.append(
                Text(
                    f"un prix change ? ajoutez [tariff:{today}] avec ce prix : les jours passés gardent les leurs",
                    f"a price changes? add [tariff:{today}] with that price: the days before keep theirs",
                )
            )
    else:
        power = (
            Text("puissance du compteur", "power of the meter")
            if contract.power is None
            else as_text(f"{contract.power} kVA")
        )
        lines = [Text("offre : ", "offer: ") + f"{contract.table}, " + power, *since]
        stated = [_stated(prices, period) for period in prices.periods if prices.price(period) is not None]
        if stated:
            lines.append(Text("prix : ", "prices: ") + _joined(stated))
        if prices.subscription_month is not None:
            lines.append(_subscription(prices.subscription_month))
        if prices.injection is not None:
            lines.append(_injection(prices.injection))
    if prices.reason is not None and (contract.table is not None or contract.since is not None):
        lines.append(Text("prix qui manquent : ", "prices that are missing: ") + prices.reason)
    return [*lines, *prices.warnings]


def _since(day: date) -> Text:
    return Text("prix en vigueur depuis le ", "prices in force since ") + written_date(day)


def _injection(price: Decimal) -> Text:
    sold = decimal(price)
    return Text(f"injection payée : {sold.fr} €/kWh", f"injection paid: {sold.en} €/kWh")


def _subscription(month: Decimal) -> Text:
    paid = decimal(month)
    return Text(f"abonnement : {paid.fr} €/mois", f"subscription: {paid.en} €/month")


def price_list(prices: Prices) -> list[Text]:
    """Return a line for each contract that has prices, with the keys that are missing; one line when none is set."""
    lines = [line for option, periods in PERIODS.items() for line in _of_option(prices, option, periods)]
    others = [name for name in _SUPPLIER_INDEXES if prices.of(name) is not None]
    if others:
        lines.append(
            Text("prix, autres offres : ", "prices, other offers: ")
            + _joined([_stated(prices, name) for name in others])
        )
    if not lines:
        lines.append(Text("prix non réglés : voir [tariff]", "prices not set: see [tariff]"))
    if prices.injection is not None:
        lines.append(_injection(prices.injection))
    if prices.subscription_month is not None:
        lines.append(_subscription(prices.subscription_month))
    return lines


def doubts(prices: Prices, section: str = "tariff") -> list[Text]:
    """Return a sentence for each price of *section* that was probably set in centimes."""
    sentences = []
    for key, price in prices.doubted.items():
        given, meant = decimal(price), decimal(price.scaleb(-2))
        limit = Text(f"{DOUBTED} €/kWh", f"{DOUBTED} €/kWh")
        if key == "subscription_month":
            limit = Text(f"{DOUBTED_SUBSCRIPTION} €/mois", f"{DOUBTED_SUBSCRIPTION} €/month")
        sentences.append(
            Text(
                f"[{section}] {key} = {given.fr} : plus de {limit.fr} ; un prix s'écrit en euros, non en centimes : "
                f"peut-être {meant.fr}",
                f"[{section}] {key} = {given.en}: more than {limit.en}; a price is in euros, not in centimes: "
                f"perhaps {meant.en}",
            )
        )
    return sentences


def decimal(price: Decimal) -> Text:
    """Return *price* as it was set, with the comma or the point of the language."""
    digits = f"{price:f}"
    return Text(digits.replace(".", ","), digits)


def _of_option(prices: Prices, option: str, periods: tuple[str, ...]) -> Iterator[Text]:
    registers = [code(period) for period in periods]
    missing = [name for name in registers if prices.of(name) is None]
    if len(missing) == len(registers):
        return
    name = _OPTIONS.get(option, as_text(option.capitalize() if option == "TEMPO" else option))
    stated = _joined([_stated(prices, register) for register in registers if register not in missing])
    yield Text("prix, ", "prices, ") + name + Text(" : ", ": ") + stated
    if missing:
        keys = ", ".join(map(key_of, missing))
        yield Text(
            f"prix qui manquent : {keys} ; réglez-les dans [tariff]",
            f"prices that are missing: {keys}; set them in [tariff]",
        )


def _stated(prices: Prices | DayPrices, register: str) -> Text:
    price = prices.of(register)
    assert price is not None
    given = decimal(price)
    return Text(f"{register} {given.fr} €/kWh", f"{register} {given.en} €/kWh")


def _joined(parts: list[Text]) -> Text:
    return Text(", ".join(part.fr for part in parts), ", ".join(part.en for part in parts))
