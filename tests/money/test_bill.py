"""Bills: exact products, one rounding, totals that are the sum of the shown amounts."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkymonitor.money.bill import (
    add_up,
    cost,
    day_subscription,
    round_cents,
    subscription,
)

PRICES = st.decimals(0, 10, places=4)
ENERGIES = st.integers(0, 10**9)


def days(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("wh", "price", "eur"),
    [
        (18_250, "0.1281", "2.337825"),
        (0, "0.3440", "0"),
        (1, "0.1781", "0.0001781"),
        (999_999_999, "1.495801", "1495800.998504199"),
    ],
)
def test_a_cost_is_exact(wh, price, eur):
    assert cost(wh, Decimal(price)) == Decimal(eur)


@settings(deadline=None)
@given(ENERGIES, PRICES)
def test_every_cost_is_exact(wh, price):
    assert Fraction(cost(wh, price)) == Fraction(wh) * Fraction(price) / 1000


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("2.344999", "2.34"), ("2.345", "2.35"), ("2.355", "2.36"), ("0.004", "0.00"), ("7", "7.00")],
)
def test_a_half_cent_goes_up(amount, cents):
    assert str(round_cents(Decimal(amount))) == cents


@pytest.mark.parametrize(
    ("day", "eur"),
    [
        pytest.param(date(2026, 1, 15), "0.62", id="31 days"),
        pytest.param(date(2026, 4, 15), "0.64", id="30 days"),
        pytest.param(date(2026, 2, 15), "0.69", id="28 days"),
        pytest.param(date(2028, 2, 15), "0.66", id="29 days"),
    ],
)
def test_a_day_has_its_share_of_the_month(day, eur):
    assert round_cents(day_subscription(Decimal("19.20"), day)) == Decimal(eur)


@settings(deadline=None)
@given(PRICES, st.integers(2020, 2040), st.integers(1, 12))
def test_the_days_of_a_month_cost_the_month(price, year, month):
    last = calendar.monthrange(year, month)[1]
    assert subscription(price, days(date(year, month, 1), date(year, month, last))) == price


def test_days_of_two_months_have_the_shares_of_two_months():
    share = subscription(Decimal("62"), days(date(2026, 1, 30), date(2026, 2, 14)))
    assert share == Decimal(62) * 2 / 31 + Decimal(62) * 14 / 28


@settings(deadline=None)
@given(st.lists(st.tuples(ENERGIES, PRICES), min_size=1, max_size=12))
def test_the_total_is_the_sum_of_the_lines_as_printed(rows):
    lines = [round_cents(cost(wh, price)) for wh, price in rows]
    printed = [str(amount) for amount in lines]
    assert all(len(text.partition(".")[2]) == 2 for text in printed)
    cents = sum(int(text.replace(".", "")) for text in printed)
    assert str(add_up(lines)).replace(".", "").lstrip("0") == str(cents).lstrip("0")


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), PRICES), min_size=1))
def test_a_sum_is_known_when_all_its_terms_are(amounts):
    expected = None if None in amounts else sum(amounts)
    assert add_up(amounts) == expected


def test_the_sum_of_nothing_is_not_known():
    assert add_up([]) is None
