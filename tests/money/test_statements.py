"""The prices in words: what is set, what is missing, and what was probably typed in centimes."""

from __future__ import annotations

from decimal import Decimal

from linkymonitor.money.statements import doubts, price_list
from linkymonitor.money.tariffs import Prices

EJP = Prices(hn=Decimal("0.1632"), pm=Decimal("1.2340"), subscription_month=Decimal("15.50"))


def test_the_prices_that_are_set_are_listed_by_contract():
    lines = price_list(EJP)
    assert [line.fr for line in lines] == [
        "prix, EJP : HN 0,1632 €/kWh, PM 1,2340 €/kWh",
        "abonnement : 15,50 €/mois",
    ]
    assert [line.en for line in lines] == [
        "prices, EJP: HN 0.1632 €/kWh, PM 1.2340 €/kWh",
        "subscription: 15.50 €/month",
    ]


def test_half_a_price_list_names_the_keys_that_are_missing():
    (_, missing) = price_list(Prices(hcjb=Decimal("0.12"), hpjb=Decimal("0.14")))
    assert missing.fr == "prix qui manquent : hcjw, hpjw, hcjr, hpjr ; réglez-les dans [tariff]"


def test_no_price_at_all_is_said():
    assert [line.en for line in price_list(Prices())] == ["prices not set: see [tariff]"]


def test_other_offers_and_injection_are_listed():
    lines = price_list(Prices(f03=Decimal("0.2"), injection=Decimal("0.04")))
    assert [line.fr for line in lines] == [
        "prix, autres offres : F03 0,2 €/kWh",
        "injection payée : 0,04 €/kWh",
    ]


def test_a_price_above_three_euros_is_doubted():
    assert doubts(EJP) == []
    (doubt,) = doubts(Prices(hn=Decimal("3"), pm=Decimal("123.40")))
    assert doubt.fr == (
        "[tariff] pm = 123,40 : plus de 3 €/kWh ; un prix s'écrit en euros, non en centimes : peut-être 1,2340"
    )


def test_a_subscription_above_three_hundred_euros_a_month_is_doubted():
    assert doubts(Prices(subscription_month=Decimal("300"))) == []
    (doubt,) = doubts(Prices(subscription_month=Decimal("1550")))
    assert doubt.en == (
        "[tariff] subscription_month = 1550: more than 300 €/month; a price is in euros, not in centimes: "
        "perhaps 15.50"
    )
