"""Prices that the user has set, found by register code."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from linkymonitor.model.terms import PERIODS, code
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices

DAY = date(2026, 1, 13)
ALL = Prices(
    **{name: Decimal(number) / 100 for number, name in enumerate((field.name for field in fields(Prices)), 1)}
)


@pytest.mark.parametrize(
    ("register", "key"),
    [("TH", "base"), ("TH..", "base"), ("HN..", "hn"), ("PM", "pm"), ("HCJB", "hcjb"), ("F01", "f01")],
)
def test_a_price_is_found_by_the_code_of_its_register(register, key):
    assert ALL.of(register) == getattr(ALL, key)


def test_every_period_has_a_price_of_its_own():
    codes = [code(period) for periods in PERIODS.values() for period in periods]
    codes += [f"F{number:02}" for number in range(1, 11)]
    prices = [ALL.of(register) for register in codes]
    assert None not in prices
    assert len(set(prices)) == len(codes)


@pytest.mark.parametrize("register", ["injection", "subscription_month", "F11", "XX", "of", "__class__"])
def test_what_is_no_register_has_no_price(register):
    assert ALL.of(register) is None


def test_a_price_that_is_not_set_is_unknown():
    assert Prices(hn=Decimal("0.1781")).of("PM") is None
    assert PriceBook(Prices()).on(DAY).cost("PM", 0) is None


def test_zero_is_a_price():
    assert PriceBook(Prices(hc=Decimal(0))).on(DAY).cost("HC", 1000) == Decimal("0.00")


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("price", ["-0.01", "NaN", "Infinity"])
@pytest.mark.parametrize(("key", "unit"), [("hc", "€/kWh"), ("subscription_month", "€/month")])
def test_a_price_that_is_none_is_refused(key, unit, price):
    with pytest.raises(ValueError, match=f"{key} = {price}: expected a price in {unit}, zero or more"):
        Prices(**{key: Decimal(price)})


def test_a_cost_is_rounded_half_up():
    assert PriceBook(Prices(hn=Decimal("0.1781"))).on(DAY).cost("HN", 10_000) == Decimal("1.78")
    assert PriceBook(Prices(hn=Decimal("0.5"))).on(DAY).cost("HN", 10) == Decimal("0.01")
