"""The price book: prices change at the midnight of their date, and a day that is past keeps those of its time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.money.book import PriceBook
from linkymonitor.money.contract import Contract
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.tariffs import Prices
from linkymonitor.system.resources import shipped

PARIS = ZoneInfo("Europe/Paris")
OLD = Prices(
    hn=Decimal("0.15"), pm=Decimal("0.90"), subscription_month=Decimal(15), injection=Decimal("0.04")
)
NEW = Prices(pm=Decimal("0.35"))
CHANGE = date(2026, 2, 1)


def offered(offer: str, *, contracts=None, tariff=None, **terms) -> PriceBook:
    """Return the book of a contract with a shipped offer."""
    shelf = Shelf((shipped("etc/tariffs"),))
    return PriceBook(tariff or Prices(), {}, Contract(offer=offer, **terms), contracts or {}, shelf)


def at(*clock: int) -> float:
    """Return the POSIX time of a time on the wall in Paris."""
    return datetime(*clock, tzinfo=PARIS).timestamp()  # type: ignore[misc]


def test_a_dated_price_counts_from_its_day_on_and_leaves_the_days_before_alone():
    book = PriceBook(OLD, {CHANGE: NEW})
    before, after = book.on(date(2026, 1, 31)), book.on(CHANGE)
    assert (before.of("PM"), after.of("PM")) == (Decimal("0.90"), Decimal("0.35"))
    assert before.of("HN") == after.of("HN") == Decimal("0.15")
    assert after.subscription_month == 15
    assert after.since == CHANGE


def test_what_changes_is_listed_with_its_day():
    (change,) = PriceBook(OLD, {CHANGE: NEW}).changes(date(2026, 1, 1), date(2026, 12, 31))
    assert change == (CHANGE, "PM", Decimal("0.90"), Decimal("0.35"))
    assert PriceBook(OLD, {CHANGE: NEW}).changes(CHANGE, date(2026, 12, 31)) == []


def test_days_before_the_contract_have_no_price_and_the_reason():
    book = PriceBook(OLD, contract=Contract(since=CHANGE))
    eve = book.on(date(2026, 1, 31))
    assert eve.of("HN") is None
    assert eve.reason is not None
    assert "begins on 1 February 2026" in eve.reason.en
    assert book.on(CHANGE).of("HN") == Decimal("0.15")


def test_the_offer_wins_over_the_tariff_which_gives_the_injection_only():
    prices = offered("ejp", tariff=OLD, power=9).on(date(2026, 2, 10))
    assert (prices.of("HN"), prices.of("PM")) == (Decimal("0.1781"), Decimal("0.3440"))
    assert prices.subscription_month == Decimal("19.20")
    assert prices.injection == Decimal("0.04")
    own = offered("ejp", tariff=OLD, power=9, injection_price=Decimal("0.01")).on(date(2026, 2, 10))
    assert own.injection == Decimal("0.01")


def test_registers_of_a_standard_meter_without_names_have_the_prices_of_the_offer():
    prices = offered("ejp", power=9).on(date(2026, 2, 10))
    assert prices.of("F02") == prices.of("PM") == Decimal("0.3440")


def test_the_power_of_the_meter_counts_where_the_contract_gives_none():
    book = offered("ejp")
    assert book.on(date(2026, 2, 10), 12).subscription_month == Decimal("22.71")
    unknown = book.on(date(2026, 2, 10))
    assert unknown.subscription_month is None
    assert unknown.of("HN") == Decimal("0.1781")
    assert unknown.reason is not None
    assert "[contract] power" in unknown.reason.en


def test_a_power_that_is_not_offered_has_no_subscription_and_the_reason():
    prices = offered("ejp").on(date(2026, 2, 10), 6)
    assert prices.subscription_month is None
    assert prices.reason is not None
    assert "6 kVA" in prices.reason.en


def test_a_declared_gap_has_no_price_and_its_reason():
    prices = offered("ejp", power=9).on(date(2023, 1, 10))
    assert prices.of("HN") is None
    assert prices.reason is not None
    assert "no grid found" in prices.reason.en


def test_beyond_the_last_known_revision_prices_stand_with_a_warning():
    book = offered("tarif-bleu-base", power=6)
    eve, day = book.on(date(2027, 1, 31)), book.on(date(2027, 2, 1))
    assert not any("out of date" in text.en for text in eve.warnings)
    assert any("prices may be out of date since 1 February 2027" in text.en for text in day.warnings)
    assert any("prix peut-être dépassés depuis le 1er février 2027" in text.fr for text in day.warnings)
    assert day.of("TH") == eve.of("TH") is not None


def test_the_offer_changes_on_its_day():
    book = offered("tarif-bleu-base", power=9, contracts={CHANGE: Contract(offer="tarif-bleu-hc")})
    assert book.on(date(2026, 1, 31)).offer == "tarif-bleu-base"
    assert book.on(CHANGE).of("HC") is not None
    assert ("offer", "tarif-bleu-base", "tarif-bleu-hc") in [
        change[1:] for change in book.changes(date(2026, 1, 1), CHANGE)
    ]


def test_an_offer_that_ends_gives_way_to_the_prices_of_the_tariff():
    book = offered("ejp", tariff=OLD, power=9, contracts={CHANGE: Contract(offer="none")})
    assert book.on(date(2026, 1, 31)).offer == "ejp"
    assert book.on(CHANGE).of("PM") == Decimal("0.90")


@pytest.mark.parametrize(
    ("clock", "period"),
    [
        ((2026, 6, 12, 23, 59), "SEM"),  # a Friday
        ((2026, 6, 13, 0, 0), "WE"),
        ((2026, 6, 14, 23, 59), "WE"),
        ((2026, 6, 15, 0, 0), "SEM"),
    ],
)
def test_a_week_end_begins_and_ends_at_midnight(clock, period):
    prices = offered("edf-zen-week-end", power=6, since=date(2026, 3, 1)).on(date(*clock[:3]))
    assert prices.period("TH", at(*clock)) == period


@pytest.mark.parametrize(
    ("clock", "period"),
    [
        ((2026, 1, 9, 23, 0), "HCH"),
        ((2026, 1, 2, 12, 0), "HPH"),
        ((2025, 3, 31, 23, 0), "HCH"),
        ((2025, 4, 1, 2, 0), "HCH"),  # the day, and so the season, begins at 06:00
        ((2025, 4, 1, 12, 0), "HCE"),
    ],
)
def test_seasons_and_colours_turn_when_the_day_of_the_offer_begins(clock, period):
    prices = offered("octopus-octotempo", power=6).on(date(2026, 5, 1))
    assert prices.period("TH", at(*clock)) == period


def test_a_red_day_of_an_offer_with_colours_runs_from_six_to_six():
    prices = offered("octopus-octotempo", power=6).on(date(2026, 5, 1))
    clocks = [
        (2026, 2, 17, 5, 59),
        (2026, 2, 17, 6, 0),
        (2026, 2, 17, 8, 0),
        (2026, 2, 18, 5, 59),
        (2026, 2, 18, 6, 0),
    ]
    assert [prices.period("TH", at(*clock)) for clock in clocks] == ["HCH", "HCR", "HPR", "HCR", "HCH"]


def test_a_day_that_may_be_blue_or_white_is_not_red_and_has_a_price_where_only_red_counts():
    prices = offered("octopus-octotempo", power=6).on(date(2026, 5, 1))
    assert prices.period("TH", at(2026, 5, 1, 12)) == "HCE"


def test_off_peak_hours_are_those_of_the_house_by_season_else_those_of_the_meter():
    meter = offered("edf-vert-electrique-hc", power=6).on(date(2026, 6, 1))
    assert [meter.period(name, at(2026, 6, 1, 3)) for name in ("HC", "HP", "TH")] == ["HC", "HP", "unknown"]
    assert meter.reason is not None
    own = offered(
        "edf-vert-electrique-hc",
        power=6,
        off_peak=("22:00-06:00",),
        off_peak_summer=("02:00-06:00", "12:00-16:00"),
    )
    day = own.on(date(2026, 6, 1))
    assert day.period("TH", at(2026, 6, 1, 13)) == "HC"
    assert day.period("TH", at(2026, 6, 1, 23)) == "HP"
    assert own.on(date(2026, 2, 2)).period("TH", at(2026, 2, 2, 23)) == "HC"


def test_the_hours_of_a_clock_change_are_those_on_the_wall():
    prices = offered("engie-happy-heures-vertes", power=6, since=date(2025, 10, 28)).on(date(2026, 3, 29))
    assert prices.period("TH", at(2026, 3, 29, 5, 59)) == "HC"
    assert prices.period("TH", at(2026, 3, 29, 6, 0)) == "HP"


def test_the_energy_of_a_day_is_split_without_losing_a_watt_hour():
    prices = offered("edf-zen-week-end", power=6, since=date(2026, 3, 1)).on(date(2026, 6, 13))
    split = prices.split({"TH": [10] * 48, "?": [1] * 48}, at(2026, 6, 13))
    assert {period: sum(steps) for period, steps in split.items()} == {"WE": 480, "?": 48}


def test_a_signed_price_stays_and_is_doubted_after_a_year():
    book = offered("edf-zen-week-end", power=6, since=date(2026, 3, 1))
    late = book.on(date(2026, 12, 1))
    assert late.price("SEM") == Decimal("0.2038")
    assert any("out of date since 1 March 2027" in text.en for text in book.on(date(2027, 3, 1)).warnings)
    new = offered("edf-zen-week-end", power=6, since=date(2026, 10, 1)).on(date(2026, 12, 1))
    assert new.price("SEM") is None
    assert new.reason is not None


def test_a_table_that_cannot_be_used_gives_no_price_and_its_fault():
    book = offered("tarif-blue-hc", power=9)
    assert [fault.en for fault in book.faults] == [
        "[contract] offer = tarif-blue-hc: no price table of that name; did you mean tarif-bleu-hc?"
    ]
    prices = book.on(date(2026, 2, 10))
    assert prices.of("HC") is None
    assert prices.reason is not None


@pytest.mark.parametrize(
    ("clock", "period"),
    [
        ((2026, 1, 5, 6, 59), "HN"),
        ((2026, 1, 5, 7, 0), "PM"),
        ((2026, 1, 10, 0, 59), "PM"),  # the peak of the 9th ends at 1:00
        ((2026, 1, 10, 1, 0), "HN"),
        ((2026, 3, 20, 12, 0), "HN"),  # all 22 days of that winter are known
        ((2026, 6, 1, 12, 0), "HN"),  # no peak outside of November to March
        ((2026, 12, 10, 12, 0), "unknown"),  # a winter whose days are not in the list
    ],
)
def test_a_meter_with_one_register_has_the_ejp_days_of_the_list_and_nothing_is_taken_for_an_ordinary_day(
    clock, period
):
    assert offered("ejp", power=9).on(date(2026, 2, 10)).period("TH", at(*clock)) == period
