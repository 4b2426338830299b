"""Figures of months, years and ranges: sums by hand, and what is not known stays unknown."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.language import Text
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.period.values import period_name
from linkymonitor.summaries.day import Break, InjectedEnergy, PhaseExtremes, Silence, TermChange
from tests.report.house import PARIS, local
from tests.report.made_days import days, made
from tests.report.price_books import book

JANUARY = date(2026, 1, 1)
LAST = date(2026, 1, 31)
LATER = local(date(2026, 3, 1))
EJP = {"HN": "0.1418", "PM": "1.0867"}


def of_month(summaries, prices, *, first=JANUARY, last=LAST, now=LATER, failed=()):
    return period_figures(summaries, prices, first, last, tz=PARIS, now=now, failed=failed)


def test_a_month_is_the_sum_of_its_days_and_each_line_is_rounded_once():
    """31 days of 48 × 7 Wh are 10 416 Wh, at 0.1418 €/kWh 1.4769888 €; each day is 0.0476448 €, shown as 0.05 €."""
    figures = of_month(days(JANUARY, 31, {"HN": 7}), book(EJP, subscription="19.32"))
    (line,) = figures.lines
    assert (line.wh, line.eur) == (10_416, Decimal("1.48"))
    assert figures.consumed == 10_416
    assert figures.consumed_eur == Decimal("1.48")
    assert figures.subscription == Decimal("19.32")
    assert figures.total == Decimal("20.80")
    # A day is shown with 0.05 € of energy and 0.62 € of subscription: 31 × 0.67 € = 20.77 €.
    assert figures.rounding == Decimal("-0.03")


def test_a_day_keeps_the_prices_of_its_time():
    """15 days at 0.1418 and 16 at 0.1781, 24 kWh each: 51.048 € and 68.3904 €, together 119.4384 €."""
    summaries = days(JANUARY, 31, {"HN": 500})
    prices = book(EJP, (date(2026, 1, 16), {"HN": "0.1781", "PM": "0.3440"}), subscription="19.32")
    figures = of_month(summaries, prices)
    (line,) = figures.lines
    assert line.eur == Decimal("119.44")
    assert line.prices == (Decimal("0.1418"), Decimal("0.1781"))
    assert [(mark.day, mark.kind) for mark in figures.marks] == [(date(2026, 1, 16), "price")]
    # The peak counted nothing, so its new price is no news.
    assert [step.what for step in figures.marks[0].steps] == ["HN"]


def test_the_subscription_of_a_month_whose_price_changes_is_that_of_each_part():
    prices = book(EJP, (date(2026, 1, 16), EJP), subscription="31.00", later_subscription="62.00")
    assert of_month(days(JANUARY, 31, {"HN": 1}), prices).subscription == Decimal("47.00")


def test_a_price_that_is_missing_leaves_no_amount_and_has_its_reason():
    reason = Text("prix inconnus du 1er au 9", "prices unknown from 1 to 9")
    prices = book({"HN": "0.1418"}, subscription="19.32", reason=reason)
    figures = of_month(days(JANUARY, 31, {"HN": 10, "PM": 1}), prices)
    assert [(line.code, line.eur is None) for line in figures.lines] == [("HN", False), ("PM", True)]
    assert (figures.consumed_eur, figures.total) == (None, None)
    assert figures.consumed == 31 * 48 * 11
    assert figures.reason == reason


def test_a_register_that_rested_needs_no_price():
    figures = of_month(days(JANUARY, 31, {"HN": 10, "PM": 0}), book({"HN": "0.10"}, subscription="31.00"))
    assert figures.total == Decimal("1.49") + Decimal("31.00")


def test_energy_whose_period_the_offer_cannot_name_has_no_price_and_says_why():
    figures = of_month(days(JANUARY, 31, {"unknown": 10}), book(EJP, subscription="19.32"))
    assert figures.total is None
    assert figures.reason is not None
    assert "colour" in figures.reason.en


def test_energy_of_no_known_register_has_no_price():
    summaries = days(JANUARY, 31, {"HN": 10}) | {LAST: made(LAST, {"HN": 10, "?": 2})}
    figures = of_month(summaries, book(EJP, subscription="19.32"))
    assert figures.elsewhere == 96
    assert figures.total is None
    assert figures.consumed == 31 * 480 + 96


def test_a_register_that_was_not_read_leaves_the_energy_unknown():
    summaries = days(JANUARY, 31, {"HN": 10}) | {LAST: made(LAST, {"HN": 10}, unread=("PM",))}
    figures = of_month(summaries, book(EJP, subscription="19.32"))
    assert (figures.consumed, figures.total) == (None, None)
    assert [(line.code, line.wh) for line in figures.lines] == [("HN", 31 * 480), ("PM", None)]


def test_a_day_whose_figures_cannot_be_computed_leaves_no_sum():
    summaries = days(JANUARY, 31, {"HN": 10})
    del summaries[LAST]
    figures = of_month(summaries, book(EJP, subscription="19.32"), failed={LAST})
    assert (figures.consumed, figures.consumed_eur, figures.total) == (None, None, None)
    assert of_month(summaries, book(EJP, subscription="19.32"), failed={date(2026, 2, 1)}).total is not None


def test_days_without_data_are_named_and_add_nothing():
    summaries = days(JANUARY, 31, {"HN": 10})
    gone = (date(2026, 1, 9), date(2026, 1, 10))
    for day in gone:
        del summaries[day]
    figures = of_month(summaries, book(EJP, subscription="31.00"))
    assert figures.missing == gone
    assert figures.consumed == 29 * 480
    # The subscription is due all the same.
    assert figures.subscription == Decimal("31.00")


def test_the_subscription_begins_with_the_first_measured_day():
    figures = of_month(days(date(2026, 1, 22), 10, {"HN": 10}), book(EJP, subscription="31.00"))
    assert figures.subscription == Decimal("10.00")
    assert figures.missing == ()
    assert figures.since == date(2026, 1, 22)


def test_what_the_total_has_for_days_without_a_cost_is_told_apart_from_the_rounding():
    """21 of 31 days have data: 10 of them bear 1 € of subscription each, and no page of a day shows it."""
    figures = of_month(days(JANUARY, 21, {"HN": 7}), book(EJP, subscription="31.00"))
    assert figures.apart == Decimal("10.00")
    # Each of 21 days is 1.0476448 €, shown as 1.05 €; their energy, 7056 Wh, is 1.0005408 €, shown as 1.00 €.
    assert figures.total == Decimal("32.00")
    assert figures.rounding == Decimal("0.05")


def test_a_month_within_a_year_costs_what_its_own_page_shows_though_days_are_missing():
    summaries = days(date(2025, 3, 9), 40, {"HN": 7}) | days(date(2025, 6, 11), 3, {"HN": 7})
    prices = book(EJP, subscription="19.32")
    year = of_month(summaries, prices, first=date(2025, 1, 1), last=date(2025, 12, 31))
    for month, last in zip(year.months, (31, 30, 30), strict=True):
        first = month.first.replace(day=1)
        assert month.eur == of_month(summaries, prices, first=first, last=first.replace(day=last)).total


def test_a_day_without_data_was_not_heard():
    """Of 31 days of January 21 were heard, whether the others have a summary or none."""
    heard = days(JANUARY, 21, {"HN": 7})
    silent = days(date(2026, 1, 22), 10, {}, coverage=0.0, records=0)
    for summaries in (heard, heard | silent):
        assert of_month(summaries, book(EJP)).coverage.share == pytest.approx(21 / 31)


def test_a_day_that_was_hardly_heard_has_its_energy_in_the_sums_and_no_cost_of_its_own():
    summaries = days(JANUARY, 31, {"HN": 10}) | {LAST: made(LAST, {"HN": 1}, barely=True, partial=True)}
    figures = of_month(summaries, book(EJP, subscription="31.00"))
    assert figures.consumed == 30 * 480 + 48
    assert figures.days[-1].shown is None
    assert figures.missing == (LAST,)
    assert figures.known_in_part


def test_nothing_measured_has_nulls_and_no_sum():
    figures = of_month({}, book(EJP, subscription="31.00"))
    assert figures.empty
    assert (figures.consumed, figures.consumed_eur, figures.total) == (None, None, None)
    assert figures.projection is None
    assert figures.before is None


def test_what_is_injected_has_its_revenue_where_it_is_counted():
    given = InjectedEnergy(1000, 1000, 1000, estimated=False)
    prices = book(EJP, subscription="19.32", injection="0.1269")
    figures = of_month(days(JANUARY, 31, {"HN": 10}, injected=given), prices)
    assert (figures.injected.wh, figures.injected.eur) == (31_000, Decimal("3.93"))
    estimate = given._replace(low_wh=900, high_wh=1100, estimated=True)
    figures = of_month(days(JANUARY, 31, {"HN": 10}, injected=estimate), prices)
    assert (figures.injected.low_wh, figures.injected.high_wh, figures.injected.eur) == (27_900, 34_100, None)


def test_ejp_days_are_counted_and_so_is_the_cost_of_their_peak():
    summaries = days(JANUARY, 31, {"HN": 10, "PM": 0})
    for day in (date(2026, 1, 5), date(2026, 1, 6)):
        summaries[day] = made(day, {"HN": 5, "PM": 25}, ejp=True)
    (special,) = of_month(summaries, book(EJP, subscription="19.32")).specials
    # 2 × 48 × 25 Wh at 1.0867 €/kWh.
    assert (special.kind, special.days, special.wh, special.eur) == ("ejp", 2, 2400, Decimal("2.61"))


def test_tempo_days_are_counted_by_colour():
    prices = dict.fromkeys(("HCJB", "HPJB", "HCJW", "HPJW", "HCJR"), "0.1") | {"HPJR": "0.7"}
    summaries = days(JANUARY, 31, {"HCJB": 4, "HPJB": 8}, option="TEMPO", colour="blue")
    summaries[LAST] = made(LAST, {"HCJR": 4, "HPJR": 8}, option="TEMPO", colour="red")
    figures = of_month(summaries, book(prices, subscription="19.32"))
    found = {special.kind: (special.days, special.wh, special.eur) for special in figures.specials}
    # Red: 48 × 4 Wh at 0.1 and 48 × 8 Wh at 0.7 are 0.0192 € and 0.2688 €.
    assert found == {"red": (1, 576, Decimal("0.29")), "blue": (30, 17_280, Decimal("1.73"))}


def test_only_days_that_both_years_have_whole_are_compared():
    summaries = days(JANUARY, 31, {"HN": 20}) | days(date(2025, 1, 11), 21, {"HN": 30})
    summaries[date(2025, 1, 31)] = made(date(2025, 1, 31), {"HN": 30}, partial=True)
    before = of_month(summaries, book(EJP, subscription="31.00")).before
    assert (before.first, before.last, before.days) == (date(2025, 1, 1), date(2025, 1, 31), 20)
    assert (before.wh, before.own_wh) == (20 * 1440, 20 * 960)
    # 20 × (1.44 × 0.1418 + 1) and 20 × (0.96 × 0.1418 + 1).
    assert (before.eur, before.own_eur) == (Decimal("24.08"), Decimal("22.72"))
    assert before.by_price == Decimal("0.00")


def test_a_difference_is_taken_apart_into_prices_and_use():
    summaries = days(JANUARY, 31, {"HN": 20}) | days(date(2025, 1, 1), 31, {"HN": 30})
    prices = book({"HN": "0.10"}, (date(2025, 8, 1), {"HN": "0.20"}), subscription="0")
    before = of_month(summaries, prices).before
    # Then 31 × 1.44 kWh at 0.10, now 31 × 0.96 kWh at 0.20; the energy of then at the price of now is 8.928 €.
    assert (before.eur, before.own_eur, before.by_price) == (
        Decimal("4.46"),
        Decimal("5.95"),
        Decimal("4.46"),
    )


def test_without_a_year_before_the_month_before_is_compared_day_by_day():
    summaries = days(date(2025, 12, 1), 62, {"HN": 20})
    before = of_month(summaries, book(EJP, subscription="31.00")).before
    assert (before.first, before.last, before.days) == (date(2025, 12, 1), date(2025, 12, 31), 31)


def test_the_29th_of_february_stands_beside_the_28th():
    summaries = days(date(2024, 2, 1), 29, {"HN": 20}) | days(date(2023, 2, 1), 28, {"HN": 10})
    figures = of_month(
        summaries, book(EJP, subscription="31"), first=date(2024, 2, 1), last=date(2024, 2, 29)
    )
    assert figures.before.days == 29


def unfinished():
    """Return the first 20 days of January, weekdays of 24 kWh and days of week-ends of 48 kWh, and today's 10 kWh."""
    summaries = {}
    for at in range(20):
        day = JANUARY + timedelta(days=at)
        summaries[day] = made(day, {"HN": 1000 if day.weekday() >= 5 else 500}, option="BASE")
    today = date(2026, 1, 21)
    noon = round(local(today, 12).timestamp())
    summaries[today] = made(today, {}, option="BASE")._replace(
        half_hours={"HN": (500,) * 20 + (0,) * 28}, until=noon
    )
    return summaries


def test_the_projection_counts_the_kinds_of_days_that_are_left():
    """Of today 14 kWh are left; then come 7 weekdays of 24 kWh and 3 days of week-ends of 48 kWh."""
    figures = of_month(
        unfinished(), book({"HN": "0.10"}, subscription="31.00"), now=local(date(2026, 1, 21), 12)
    )
    ahead = figures.projection
    assert ahead.days == 11
    assert ahead.wh == figures.consumed + 14_000 + 7 * 24_000 + 3 * 48_000
    assert (ahead.low_wh, ahead.high_wh) == (ahead.wh, ahead.wh)  # the days of a kind are all alike
    # So far 14 weekdays, 6 days of week-ends and 10 kWh of today, then 326 kWh to come; the subscription of 31 days.
    assert figures.consumed == 14 * 24_000 + 6 * 48_000 + 10_000
    assert ahead.eur == Decimal("96.00") + Decimal("31.00")


def test_the_bounds_of_the_projection_are_the_lightest_and_the_heaviest_days():
    summaries = unfinished()
    summaries[date(2026, 1, 2)] = made(date(2026, 1, 2), {"HN": 100}, option="BASE")
    summaries[date(2026, 1, 5)] = made(date(2026, 1, 5), {"HN": 1500}, option="BASE")
    ahead = of_month(
        summaries, book({"HN": "0.10"}, subscription="31.00"), now=local(date(2026, 1, 21), 12)
    ).projection
    assert ahead.low_wh < ahead.wh < ahead.high_wh
    assert ahead.low_eur < ahead.eur < ahead.high_eur


def test_the_days_to_come_have_the_prices_to_come():
    prices = book({"HN": "0.10"}, (date(2026, 1, 22), {"HN": "0.20"}), subscription="31.00")
    ahead = of_month(unfinished(), prices, now=local(date(2026, 1, 21), 12)).projection
    # 63.4 kWh so far and the 14 kWh that are left of today at 0.10 €, 312 kWh at 0.20 €, and the subscription.
    assert ahead.eur == Decimal("64.80") + Decimal("62.40") + Decimal("31.00")


def test_days_without_data_are_expected_like_days_to_come():
    summaries = unfinished()
    del summaries[date(2026, 1, 8)]
    figures = of_month(
        summaries, book({"HN": "0.10"}, subscription="31.00"), now=local(date(2026, 1, 21), 12)
    )
    ahead = figures.projection
    assert (ahead.days, ahead.missing) == (11, 1)
    # The same as with the weekday that is missing, whose subscription is counted already.
    assert ahead.wh == 14 * 24_000 + 6 * 48_000 + 24_000 + 7 * 24_000 + 3 * 48_000
    assert ahead.eur == Decimal("96.00") + Decimal("31.00")


def test_a_log_that_has_stopped_is_not_projected():
    figures = of_month(
        days(JANUARY, 15, {"HN": 500}), book(EJP, subscription="31"), now=local(date(2026, 1, 21), 12)
    )
    assert figures.projection is None


@pytest.mark.parametrize("count", [0, 4])
def test_too_few_days_are_no_projection(count):
    summaries = days(JANUARY, count, {"HN": 20})
    figures = of_month(
        summaries, book(EJP, subscription="31"), now=local(JANUARY + timedelta(days=count), 12)
    )
    assert figures.projection is None
    assert "5" in figures.no_projection.en if count else figures.no_projection is None


def test_a_year_is_not_projected_from_its_winter():
    figures = of_month(
        days(JANUARY, 60, {"HN": 20}),
        book(EJP, subscription="31"),
        last=date(2026, 12, 31),
        now=local(date(2026, 3, 1), 12),
    )
    assert figures.projection is None
    assert figures.no_projection.en == "more than 45 days to come"


def test_the_mean_day_is_that_of_whole_days_of_one_kind():
    figures = of_month(unfinished(), book(EJP, subscription="31"), now=local(date(2026, 1, 21), 12))
    assert [(mean.kind, mean.days, mean.wh) for mean in figures.means] == [
        ("weekday", 14, 24_000),
        ("weekend", 6, 48_000),
    ]


def test_the_base_load_costs_the_mean_price_of_the_days():
    night = {"base_load_va": 220, "base_watts_low": 190, "base_watts_high": 210}
    base = of_month(days(JANUARY, 31, {"HN": 500}, **night), book({"HN": "0.20"}, subscription="31")).base
    assert (base.va, base.nights, base.low_watts, base.high_watts) == (220, 31, 190, 210)
    # 200 W for 31 days are 148.8 kWh of 744 kWh.
    assert (base.share, base.eur) == (pytest.approx(0.2), Decimal("29.76"))


@pytest.mark.parametrize(
    ("loads", "middle"), [((220, 100, 400), 220), ((400, 220, 100, 230), 225), ((90,), 90)]
)
def test_the_base_load_is_the_median_of_the_nights(loads, middle):
    nights = {
        day: summary._replace(base_load_va=va)
        for (day, summary), va in zip(days(JANUARY, len(loads), {"HN": 500}).items(), loads, strict=True)
    }
    assert of_month(nights, book({"HN": "0.20"}, subscription="31")).base.va == middle


def test_the_best_and_the_worst_days_are_whole_ones():
    summaries = {
        JANUARY + timedelta(days=at): made(JANUARY + timedelta(days=at), {"HN": 100 + at}) for at in range(31)
    }
    summaries[JANUARY] = made(JANUARY, {"HN": 1}, partial=True)
    figures = of_month(summaries, book(EJP, subscription="31"))
    assert [day.date.day for day in figures.best] == [2, 3, 4]
    assert [day.date.day for day in figures.worst] == [31, 30, 29]
    assert figures.coverage.whole_days == 30


def test_another_meter_and_an_index_that_leapt_are_marked():
    swap, leap = local(date(2026, 1, 9), 12).timestamp(), local(date(2026, 1, 20), 3).timestamp()
    summaries = days(JANUARY, 31, {"HN": 10})
    summaries[date(2026, 1, 9)] = made(
        date(2026, 1, 9),
        {"HN": 10},
        breaks=(Break(round(swap), contract_changed=True),),
        changes=(TermChange(round(swap), "meter", None, None),),
    )
    summaries[date(2026, 1, 20)] = made(
        date(2026, 1, 20), {"HN": 10}, breaks=(Break(round(leap), contract_changed=False),)
    )
    marks = of_month(summaries, book(EJP, subscription="31")).marks
    assert [(mark.day.day, mark.kind) for mark in marks] == [(9, "meter"), (20, "index")]


def test_phases_have_the_extremes_of_the_period_and_the_day_of_each():
    summaries = days(JANUARY, 31, {"HN": 10}, by_phase=(PhaseExtremes(225.0, 231.0, 238.0, 2.0, 10.0),))
    summaries[LAST] = made(LAST, {"HN": 10}, by_phase=(PhaseExtremes(205.0, 231.0, 251.0, 2.0, 30.0),))
    (phase,) = of_month(summaries, book(EJP, subscription="31")).phases
    assert (phase.lowest, phase.lowest_on) == (205.0, LAST)
    assert (phase.highest, phase.highest_on) == (251.0, LAST)
    assert (phase.mean, phase.current_mean, phase.current_most) == (231.0, 2.0, 30.0)


def test_the_gaps_of_the_days_are_those_of_the_month():
    start = local(date(2026, 1, 9), 10).timestamp()
    summaries = days(JANUARY, 31, {"HN": 10})
    summaries[date(2026, 1, 9)] = made(
        date(2026, 1, 9),
        {"HN": 10},
        coverage=0.5,
        partial=True,
        gaps=(Silence(round(start), round(start) + 43_200, 240),),
    )
    quality = of_month(summaries, book(EJP, subscription="31")).coverage
    assert quality.share == pytest.approx(30.5 / 31)
    assert [gap.wh for gap in quality.gaps] == [240]
    assert (quality.whole_days, quality.over_days) == (30, 31)


@pytest.mark.parametrize(
    ("gone", "energy", "together"),
    [((), 100, 850), ((), None, None), ((11, 12, 13), 100, None)],
)
def test_a_silence_that_midnights_cut_is_one_gap(gone, energy, together):
    """From the 9th at noon to the 16th at noon: 50 Wh, six days, 200 Wh; days of *gone* have no summary."""
    summaries = days(JANUARY, 31, {"HN": 10})
    for number in range(9, 17):
        day = summaries[date(2026, 1, number)]
        begin = day.start + 43_200 if number == 9 else day.start
        end = day.start + 43_200 if number == 16 else day.end
        wh = {9: 50, 16: 200}.get(number, energy)
        summaries[day.date] = day._replace(gaps=(Silence(begin, end, wh),), coverage=0.0)
    for number in gone:
        del summaries[date(2026, 1, number)]
    gaps = of_month(summaries, book(EJP, subscription="31")).coverage.gaps
    assert gaps == (
        (local(date(2026, 1, 9), 12).timestamp(), local(date(2026, 1, 16), 12).timestamp(), together),
    )


def test_two_silences_between_which_the_meter_was_heard_are_two_gaps():
    """One ends at a midnight; the other begins five minutes after it."""
    summaries = days(JANUARY, 31, {"HN": 10})
    one, other = summaries[date(2026, 1, 9)], summaries[date(2026, 1, 10)]
    summaries[one.date] = one._replace(gaps=(Silence(one.end - 3600, one.end, 5),))
    summaries[other.date] = other._replace(gaps=(Silence(other.start + 300, other.start + 3600, 7),))
    gaps = of_month(summaries, book(EJP, subscription="31")).coverage.gaps
    assert [gap.wh for gap in gaps] == [5, 7]


@pytest.mark.parametrize(
    ("first", "count", "half_hours"), [(date(2026, 3, 1), 31, 1486), (date(2025, 10, 1), 31, 1490)]
)
def test_a_month_with_a_change_of_hour_adds_up(first, count, half_hours):
    last = first + timedelta(days=count - 1)
    figures = of_month(
        days(first, count, {"HN": 10}),
        book(EJP, subscription="31"),
        first=first,
        last=last,
        now=local(date(2026, 5, 1)),
    )
    assert figures.consumed == 10 * half_hours


def test_a_year_has_its_months_and_the_sum_of_the_months_is_its_energy():
    summaries = days(date(2025, 1, 1), 365, {"HN": 7})
    figures = of_month(
        summaries, book(EJP, subscription="19.32"), first=date(2025, 1, 1), last=date(2025, 12, 31)
    )
    assert len(figures.months) == 12
    assert sum(month.wh for month in figures.months) == figures.consumed == 365 * 336
    assert figures.subscription == Decimal("231.84")
    alone = of_month(
        summaries, book(EJP, subscription="19.32"), first=date(2025, 5, 1), last=date(2025, 5, 31)
    )
    assert figures.months[4].eur == alone.total


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), "2026-01"),
        (date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026"),
        (date(2026, 1, 5), date(2026, 1, 11), "2026-01-05_2026-01-11"),
        (date(2026, 1, 1), date(2026, 1, 30), "2026-01-01_2026-01-30"),
        (date(2025, 12, 1), date(2026, 1, 31), "2025-12-01_2026-01-31"),
    ],
)
def test_a_period_has_one_name(first, last, name):
    assert period_name(first, last) == name


@pytest.mark.parametrize(("count", "named"), [(3, 0), (4, 2), (5, 2), (6, 3), (31, 3)])
def test_no_day_is_among_the_dearest_and_the_cheapest_alike(count, named):
    summaries = {
        JANUARY + timedelta(days=at): made(JANUARY + timedelta(days=at), {"HN": 10 + at})
        for at in range(count)
    }
    figures = of_month(summaries, book(EJP, subscription="31.00"))
    assert (len(figures.best), len(figures.worst)) == (named, named)
    assert not {day.date for day in figures.best} & {day.date for day in figures.worst}
