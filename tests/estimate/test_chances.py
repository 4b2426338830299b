"""How many special days are to be expected: counted by hand, and the numbers of the shipped calendars."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest

from linkymonitor.estimate.chances import chances_of
from linkymonitor.estimate.season import SEASONS
from linkymonitor.money.calendars import read_calendar
from linkymonitor.system.resources import shipped


@pytest.mark.parametrize(
    ("kind", "calendar", "colour"),
    [("ejp", "ejp", "EJP"), ("red", "tempo", "ROUGE"), ("white", "tempo", "BLANC")],
)
def test_the_seasons_are_those_of_the_calendar_of_the_price_tables(kind, calendar, colour):
    terms = read_calendar(calendar, (shipped("etc/tariffs"),)).terms[colour]
    season = SEASONS[kind]
    assert (terms.quota, terms.weekdays) == (season.days, season.weekdays)
    for number in range(date(2025, 9, 1).toordinal(), date(2026, 9, 1).toordinal()):
        day = date.fromordinal(number)
        assert terms.allows(day) == (season.possible(day, day) == [day]), day


def test_the_days_left_are_shared_equally_among_the_days_that_are_possible():
    """6 EJP days from 22 January to 31 March, 69 days, of which 10 are in January."""
    found = chances_of("ejp", date(2026, 1, 21), date(2026, 1, 31), 6)
    assert len(found.by_day) == 10
    assert set(found.by_day.values()) == {Decimal(6) / 69}
    assert found.mean == Decimal(60) / 69


def test_a_season_of_which_nobody_knows_how_many_days_are_left_counts_as_when_it_began():
    """22 EJP days in the 151 days from 1 November to 31 March."""
    found = chances_of("ejp", date(2026, 1, 21), date(2026, 1, 31), None)
    assert found.mean == Decimal(220) / 151


def test_red_days_are_weekdays_and_white_days_no_sundays():
    """From Saturday 24 January to Saturday 31 January there are 5 weekdays, and 7 days that are no Sunday."""
    friday, last = date(2026, 1, 23), date(2026, 1, 31)
    assert [day.day for day in chances_of("red", friday, last, 3).by_day] == [26, 27, 28, 29, 30]
    assert [day.day for day in chances_of("white", friday, last, 3).by_day] == [24, 26, 27, 28, 29, 30, 31]


def test_out_of_season_there_is_no_chance_and_none_left_is_none():
    july = chances_of("ejp", date(2026, 7, 3), date(2026, 7, 31), None)
    assert (july.mean, july.low, july.high, dict(july.by_day)) == (0, 0, 0, {})
    over = chances_of("ejp", date(2026, 2, 3), date(2026, 2, 28), 0)
    assert (over.mean, over.low, over.high) == (0, 0, 0)


def test_days_to_come_may_reach_into_the_next_season():
    """Of the season that ends on 31 March nothing is left; in October nobody knows the next one: 22 of 151 days."""
    found = chances_of("ejp", date(2026, 10, 20), date(2026, 11, 10), None)
    assert list(found.by_day) == [date(2026, 11, day) for day in range(1, 11)]
    assert found.mean == Decimal(220) / 151


@pytest.mark.parametrize("left", [0, 1, 3, 5, 8])
def test_the_bounds_leave_out_one_case_in_ten_on_each_side(left):
    """Of the last 8 days of the season, 5 are in the period: each way to place the days is counted one by one."""
    found = chances_of("ejp", date(2026, 3, 23), date(2026, 3, 28), left)
    ways = [sum(place < 5 for place in places) for places in combinations(range(8), left)]
    below = Fraction(sum(count <= found.low for count in ways), len(ways))
    above = Fraction(sum(count <= found.high for count in ways), len(ways))
    assert below >= Fraction(1, 10)
    assert above >= Fraction(9, 10)
    assert Fraction(sum(count < found.low for count in ways), len(ways)) < Fraction(1, 10)
    assert Fraction(sum(count < found.high for count in ways), len(ways)) < Fraction(9, 10)
