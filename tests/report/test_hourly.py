"""The hours of a day as bars, in € and in kWh."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from tests.report.drawn import DAY, PRICES, build, text_of
from tests.report.house import contract, local, period_of, records


def page_of(tmp_path, prices=PRICES, **options):
    """Return the page of an EJP day that uses 4 kWh at 3 h and 2 kWh at 19 h, in the peak."""

    def power(when):
        return {3: 4000, 19: 2000}.get(when.hour, 200)

    rows = records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 1),
        **{"step": 60, "power": power, "contract": contract(), "period": period_of("EJP", [DAY]), **options},
    )
    return build(tmp_path, rows, prices=prices)[f"{DAY}.html"]


def picture(page: str, unit: str) -> str:
    return re.search(rf'<svg [^>]*class="bars in-{unit}".*?</svg>', page, re.DOTALL)[0]


def tallest(svg: str) -> str:
    rects = re.findall(r'<rect [^>]*height="([\d.]+)"[^>]*><title>(.*?)</title>', svg)
    return max(rects, key=lambda rect: float(rect[0]))[1].replace("\xa0", " ")


def test_the_tallest_bar_in_euros_is_the_dearest_hour(tmp_path):
    page = page_of(tmp_path)
    assert tallest(picture(page, "eur")).startswith("19 h : 2,000 kWh, 2,17 €")
    assert tallest(picture(page, "kwh")).startswith("3 h : 4,000 kWh")
    assert page.index('id="in-eur" checked') < page.index('id="in-kwh"')


def test_bars_have_a_scale_and_the_value_of_the_tallest(tmp_path):
    page = page_of(tmp_path)
    assert ">2,17\xa0€</text>" in picture(page, "eur")
    assert re.findall(r'class="scale"[^>]*>([^<]*)', picture(page, "eur")) == ["1", "2"]
    assert re.findall(r'class="scale"[^>]*>([^<]*)', picture(page, "kwh")) == ["2", "4"]


def test_without_a_price_there_are_only_kilowatt_hours(tmp_path):
    page = page_of(tmp_path, prices=PriceBook(Prices(hn=Decimal("0.14"))))
    assert 'class="bars in-eur"' not in page
    assert 'name="unit"' not in page
    assert tallest(picture(page, "kwh")).startswith("3 h")


def test_an_hour_that_costs_nothing_is_not_called_the_cheapest(tmp_path):
    """With panels there is one nearly every day."""
    page = page_of(tmp_path, power=lambda when: -900 if 10 <= when.hour < 15 else 500)
    said = text_of(page)
    assert "Heure la plus chère" in said
    assert "Heure la moins chère" not in said
