"""What a month comes to: sums by hand, with EJP and Tempo days, and what cannot be known has its reason."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.estimate.linkypy import linkypy
from linkymonitor.estimate.projection import SoFar, needed_since, outlook_of
from linkymonitor.language import Text
from linkymonitor.report.section import Calendar
from linkymonitor.setting_types import DaysUsed
from tests.report.made_days import days, made
from tests.report.price_books import book

JANUARY, TODAY, LAST = date(2026, 1, 1), date(2026, 1, 21), date(2026, 1, 31)
PRICES = book({"HN": "0.10", "PM": "1.10"}, subscription="31.00")
TEMPO = book(
    {"HCJB": "0.10", "HPJB": "0.20", "HCJW": "0.10", "HPJW": "0.40", "HCJR": "0.10", "HPJR": "1.00"},
    subscription="31.00",
)


def winter(first=JANUARY, ejp=(), until=TODAY):
    """Return days from *first* on, weekdays of 24 kWh and days of week-ends of 48 kWh, and *ejp* days of 12 kWh."""
    found = {}
    for number in range(first.toordinal(), until.toordinal()):
        day = date.fromordinal(number)
        found[day] = made(day, {"HN": 1000 if day.weekday() >= 5 else 500, "PM": 0})
        if day in ejp:
            found[day] = made(day, {"HN": 0, "PM": 250}, ejp=True)
    return found


def after(outlook, *so_far):
    assert outlook.reason is None
    return outlook.ahead.after(SoFar(*so_far))


def test_when_the_season_has_no_ejp_day_left_each_day_to_come_is_plain():
    used = Calendar(ejp_used=DaysUsed(22, date(2026, 1, 20)))
    found = after(outlook_of(winter(), PRICES, TODAY, LAST, calendar=used), 100_000, Decimal("50.00"))
    # Today 24 kWh; then 7 weekdays of 24 kWh and 3 days of week-ends of 48 kWh; 10 days at 1 € of subscription.
    assert found.wh == 100_000 + 24_000 + 7 * 24_000 + 3 * 48_000
    assert found.eur == Decimal("50.00") + Decimal("2.40") + Decimal("31.20") + Decimal("10.00")
    assert (found.low_eur, found.high_eur) == (found.eur, found.eur)
    assert (found.weekdays, found.weekend_days, found.days) == (14, 6, 11)


def test_an_ejp_day_to_come_is_as_likely_as_the_calendar_has_it():
    """6 of 22 days are left for 69; an EJP day of 12 kWh costs 13.20 €, a weekday 2.40 €, a Saturday 4.80 €."""
    used = Calendar(ejp_used=DaysUsed(16, date(2026, 1, 20)))
    summaries = winter(ejp=[date(2026, 1, 6), date(2026, 1, 7)])
    found = after(outlook_of(summaries, PRICES, TODAY, LAST, calendar=used), 0, Decimal(0))
    chance = Decimal(6) / 69
    cost = 8 * Decimal("2.40") + 3 * Decimal("4.80")
    more = chance * (7 * (Decimal("13.20") - Decimal("2.40")) + 3 * (Decimal("13.20") - Decimal("4.80")))
    assert found.eur == round(cost + more + 10, 2)
    assert (found.chances[0].left, found.chances[0].low, found.chances[0].high) == (6, 0, 2)
    # At most two EJP days, at 10.08 € more than the mean of these ten days; at least none.
    assert found.low_eur == cost + 10
    assert found.high_eur == round(cost + 10 + 2 * Decimal("10.08"), 2)
    assert (found.one_more, found.one_more_eur) == ("ejp", Decimal("10.80"))


def test_the_days_of_a_winter_that_was_seen_whole_need_no_setting():
    ejp = [date(2025, 11, day) for day in (18, 19, 20, 25)] + [date(2026, 1, 6)]
    found = outlook_of(winter(date(2025, 11, 1), ejp), PRICES, TODAY, LAST)
    # Nothing is heard of today yet: it has no EJP day so far.
    assert found.ahead.chances[0].left == 17


def test_a_season_that_was_not_seen_whole_counts_as_when_it_began():
    found = outlook_of(winter(), PRICES, TODAY, LAST)
    assert found.ahead.chances[0].left is None
    assert found.ahead.chances[0].mean == Decimal(220) / 151


def test_a_house_without_an_ejp_day_so_far_is_taken_to_heed_none():
    """From 1:00 to 7:00 a weekday uses 6 kWh, in the other 18 hours 18 kWh, which a peak would price at 1.10 €."""
    used = Calendar(ejp_used=DaysUsed(0, date(2026, 3, 29)))
    monday, tuesday = date(2026, 3, 30), date(2026, 3, 31)
    # Two days are left and 22 EJP days: tomorrow is one.
    found = after(
        outlook_of(days(date(2026, 3, 1), 29, {"HN": 500}), PRICES, monday, tuesday, calendar=used),
        0,
        Decimal(0),
    )
    assert found.eur == Decimal("2.40") + Decimal("0.60") + Decimal("19.80") + Decimal("1.00")
    assert found.one_more is None


def test_red_and_white_days_have_their_own_price():
    """Each plain day is blue and uses 8 kWh off-peak and 16 kWh at peak hours: 4 €; white it is 7.20 €, red 16.80 €."""
    summaries = {}
    for number in range(JANUARY.toordinal(), TODAY.toordinal()):
        day = date.fromordinal(number)
        colour = {6: "white", 7: "red"}.get(day.day, "blue")
        letter = colour[0].upper()
        wh = {
            f"HCJ{letter}": (500,) * 12 + (0,) * 32 + (500,) * 4,
            f"HPJ{letter}": (0,) * 12 + (500,) * 32 + (0,) * 4,
        }
        summaries[day] = made(day, {}, option="TEMPO", colour=colour)._replace(half_hours=wh)
    used = Calendar(red_used=DaysUsed(12, date(2026, 1, 20)), white_used=DaysUsed(23, date(2026, 1, 20)))
    found = after(outlook_of(summaries, TEMPO, TODAY, LAST, calendar=used), 0, Decimal(0))
    red, white = found.chances
    # From 22 January on: 49 weekdays until 31 March for 10 red days, 7 of them in January.
    assert red.mean == Decimal(70) / 49
    # 190 days that are no Sunday until 31 August for 20 white days, 9 of them in January.
    assert white.mean == Decimal(180) / 190
    expected = 11 * Decimal(4) + 10 + red.mean * Decimal("12.80") + white.mean * Decimal("3.20")
    assert abs(found.eur - expected) <= Decimal("0.01")
    # At the bounds all days cost the same but for their colour.
    assert found.low_eur == 54 + red.low * Decimal("12.80") + white.low * Decimal("3.20")
    assert found.high_eur == 54 + red.high * Decimal("12.80") + white.high * Decimal("3.20")


def test_a_peak_today_is_like_the_peaks_before_it():
    used = Calendar(ejp_used=DaysUsed(21, date(2026, 1, 20)))
    summaries = winter(ejp=[date(2026, 1, 6)])
    summaries[TODAY] = made(TODAY, {"HN": 0, "PM": 100}, ejp=True, until=made(TODAY, {}).start + 9 * 3600)
    found = after(
        outlook_of(summaries, PRICES, TODAY, LAST, calendar=used),
        4_800,
        Decimal("5.28"),
        4_800,
        Decimal("5.28"),
    )
    # Of 13.20 €, the 5.28 € of today are used already; today was the last EJP day.
    assert found.chances[0].left == 0
    assert found.eur == Decimal("13.20") + Decimal("31.20") + Decimal("10.00")


def test_a_day_that_has_used_more_than_a_mean_day_has_nothing_left():
    used = Calendar(ejp_used=DaysUsed(22, date(2026, 1, 20)))
    outlook = outlook_of(winter(), PRICES, TODAY, TODAY, calendar=used)
    assert after(outlook, 90_000, Decimal("9.00"), 30_000, Decimal("3.00")).wh == 90_000


def test_a_month_of_which_a_price_is_missing_has_energy_and_a_reason():
    reason = Text("prix inconnus", "prices unknown")
    prices = book({"HN": "0.10"}, subscription="31.00", reason=reason)
    found = after(outlook_of(winter(), prices, TODAY, LAST), 100_000, Decimal("50.00"))
    assert found.wh > 100_000
    assert (found.eur, found.low_eur, found.high_eur) == (None, None, None)
    assert found.reason == reason


def test_too_few_days_and_too_many_to_come_have_a_reason():
    few = outlook_of(days(JANUARY, 4, {"HN": 20}), PRICES, date(2026, 1, 5), LAST)
    assert few.reason.en == "fewer than 5 whole, ordinary days in the last four weeks"
    assert outlook_of({}, PRICES, JANUARY, LAST).reason == few.reason
    far = outlook_of(winter(), PRICES, TODAY, TODAY + timedelta(days=45))
    assert far.reason.en == "more than 45 days to come"


def test_a_log_that_has_stopped_has_no_estimate():
    stopped = outlook_of(winter(until=date(2026, 1, 20)), PRICES, TODAY, LAST)
    assert stopped.reason.en == "no data of yesterday or today"


def test_days_without_data_are_plain_days_whose_subscription_is_counted():
    used = Calendar(ejp_used=DaysUsed(22, date(2026, 1, 20)))
    summaries = winter()
    del summaries[date(2026, 1, 8)]
    outlook = outlook_of(summaries, PRICES, TODAY, LAST, missing=[date(2026, 1, 8)], calendar=used)
    found = after(outlook, 0, Decimal(0))
    assert (found.days, found.missing) == (11, 1)
    assert found.eur == Decimal("2.40") + Decimal("2.40") + Decimal("31.20") + Decimal("10.00")


def test_old_days_days_of_another_contract_and_days_of_a_change_of_hour_are_no_sample():
    old = days(date(2025, 11, 1), 40, {"HN": 9000})
    other = days(JANUARY, 10, {"TH": 9000}, option="BASE")
    used = Calendar(ejp_used=DaysUsed(22, date(2026, 1, 20)))
    summaries = old | other | winter(date(2026, 1, 11))
    found = after(outlook_of(summaries, PRICES, TODAY, LAST, calendar=used), 0, Decimal(0))
    assert found.wh == 8 * 24_000 + 3 * 48_000
    assert (found.weekdays, found.weekend_days) == (7, 3)
    sunday = date(2026, 3, 29)
    assert len(made(sunday, {"HN": 1}).half_hours["HN"]) == 46
    spring = days(date(2026, 3, 23), 6, {"HN": 500}) | {sunday: made(sunday, {"HN": 9000})}
    found = outlook_of(spring, PRICES, date(2026, 3, 30), date(2026, 3, 31))
    assert found.ahead.weekend_days == 1


def test_the_first_day_that_is_needed_is_that_of_the_season_or_of_the_last_four_weeks():
    assert needed_since(date(2026, 1, 21)) == date(2025, 9, 1)
    assert needed_since(date(2026, 9, 5)) == date(2026, 8, 8)


@pytest.mark.parametrize(
    ("elapsed", "left", "expected"),
    [
        (10 * 86400, 20 * 86400, "106.00"),  # 30 € in 10 days, 60 € in 20 days, and 16 €
        (86400, 29 * 86400, "916.00"),
        (86399, 29 * 86400, None),
    ],
)
def test_linkypy_adds_the_rest_of_the_month_at_the_pace_so_far(elapsed, left, expected):
    found = linkypy(Decimal("30.00"), Decimal("16.00"), elapsed, left)
    assert found.current_cost == Decimal("46.00")
    assert found.estimated_cost == (None if expected is None else Decimal(expected))
