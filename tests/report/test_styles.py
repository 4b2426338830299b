"""The colours of registers and of the periods of offers."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.styles import style_of, styles_of
from linkymonitor.system.resources import shipped
from tests.report.drawn import build
from tests.report.house import contract, flat, local, period_of, records

#: The pairs of styles that page.css paints alike.
ALIKE = [{"hc", "f0"}, {"hn", "f0"}, {"hc", "hn"}, {"hp", "f1"}]
SHELF = Shelf((shipped("etc/tariffs"),))


def codes_of(name):
    return [period.code for period in SHELF.table(name).periods]


@pytest.mark.parametrize("name", sorted(SHELF.paths()))
def test_the_periods_of_an_offer_have_a_colour_each(name):
    styles = list(styles_of(codes_of(name)).values())
    assert len(set(styles)) == len(styles)
    assert not any(pair <= set(styles) for pair in ALIKE)


def test_a_period_has_its_colour_whether_the_others_counted_or_not():
    codes = codes_of("octopus-octotempo")
    assert styles_of((*codes, codes[-1])) == styles_of(codes)


def test_energy_of_an_unknown_period_is_grey_and_takes_no_colour_from_others():
    styles = styles_of(("HC", "HSC", "HP", "unknown", "?"))
    assert (styles["unknown"], styles["?"]) == ("th", "th")
    assert [styles[name] for name in ("HC", "HP")] == ["hc", "hp"]
    assert styles["HSC"] == "f2"


@pytest.mark.parametrize("name", ["<script>", "", "F", "F²", "F99", "HN", "x" * 99])
def test_the_style_of_a_register_of_any_name_is_a_word_of_ours(name):
    assert re.fullmatch(r"[a-z0-9]+", style_of(name))


def test_day_and_month_draw_a_period_in_one_colour(tmp_path):
    day = date(2026, 6, 12)
    rows = records(
        local(day) - timedelta(minutes=5),
        local(day + timedelta(days=1), 6),
        power=flat(1000),
        step=300,
        contract=contract("BASE"),
        period=period_of("BASE"),
    )
    offer = Contract(offer="octopus-octotempo", off_peak=("22:00-06:00",), power=6)
    pages = build(
        tmp_path,
        rows,
        (day, day),
        prices=PriceBook(Prices(), {}, offer, {}, SHELF),
        now=local(day + timedelta(days=2)),
    )
    dots = [
        dict(re.findall(r'<span class="dot[^"]* k-(f\d)"></span>([^<]+)<', pages[name]))
        for name in (f"{day}.html", f"{day:%Y-%m}.html")
    ]
    assert dots[0] == dots[1]
    assert len(dots[0]) == 2
