"""The life of the house of a trial."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from linkymonitor.model.terms import Colour, Ejp
from linkymonitor.simulator.house import House
from linkymonitor.simulator.life import Life
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.seasons import Calendar

DAY = timedelta(days=1)
FIRST = date(2027, 7, 14)


def at(hour: float, day: date = FIRST) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS) + timedelta(hours=hour)


def life(spec: str = "ejp,seed=7") -> Life:
    return Life(parse_spec(spec), FIRST - 40 * DAY, FIRST)


@pytest.mark.parametrize(
    ("logged_until", "special"),
    [
        pytest.param(None, True, id="nothing is logged"),
        pytest.param(at(6.4), True, id="its peak was not announced yet"),
        pytest.param(at(6.6), False, id="it was announced as an ordinary day"),
        pytest.param(at(12), False, id="it goes on as an ordinary day"),
    ],
)
def test_a_day_is_made_special_only_while_the_log_does_not_have_it(logged_until, special):
    """Else its registers would leap: an earlier run has lived past midnight."""
    looked = life().looked_at(at(13), logged_until)
    assert Calendar(looked.options(at(13))).is_peak(FIRST) is special


@pytest.mark.parametrize("hour", [0, 0.5, 0.99, 1, 6.9, 7, 12, 23.9])
def test_a_trial_of_ejp_shows_a_notice_or_a_peak_at_any_hour(hour):
    """Until 1 h it is the peak of the evening before."""
    now = at(hour)
    looked = life("ejp,seed=7,notice=6h").looked_at(now, None)
    wanted = Ejp.NOTICE if 1 <= hour < 7 else Ejp.PEAK
    assert Calendar(looked.options(now)).at(now).ejp is wanted


def test_the_evening_before_is_no_peak_when_the_log_has_it_as_an_ordinary_one():
    """Else the registers of a second run would leap."""
    looked = life("ejp,seed=7,notice=6h").looked_at(at(0.5), at(-3))
    assert looked.special == {FIRST}


def test_a_day_that_was_asked_for_leaves_the_day_before_alone():
    asked = life("ejp,day=2027-07-14")
    assert asked.looked_at(at(0), None).special == {FIRST}


def test_a_special_day_stays_special_in_later_runs():
    later = life().looked_at(at(13), None).looked_at(at(13, FIRST + 3 * DAY), at(13))
    calendar = Calendar(later.options(at(13, FIRST + 3 * DAY)))
    assert [calendar.is_peak(FIRST + n * DAY) for n in range(-1, 5)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("spec", "peak"),
    [("ejp,seed=7", True), ("ejp,peak", True), ("ejp,peak=no", False), ("ejp=2027-07-13", False)],
)
def test_what_was_asked_for_wins(spec, peak):
    looked = life(spec).looked_at(at(13), None)
    assert Calendar(looked.options(at(13))).is_peak(FIRST) is peak


def test_a_colour_is_that_of_the_days_of_runs():
    looked = life("tempo,seed=7,colour=white").looked_at(at(13), None)
    calendar = Calendar(looked.options(at(13, FIRST + DAY)))
    assert [calendar.colour(FIRST + n * DAY) for n in range(2)] == [Colour.WHITE, Colour.BLUE]


def test_an_overload_comes_two_minutes_after_the_start_of_each_run():
    starts = (at(13), at(14))
    loads = life("hc,overload")._replace(starts=starts).options(at(15)).extra_loads
    assert {start + timedelta(minutes=2) for start in starts} <= {load.at for load in loads}


def test_a_week_before_the_first_run_there_is_a_gap_and_before_that_an_overload():
    """They stay where they are in later runs."""
    later = life("hc,power=6")._replace(starts=(at(13, FIRST + 5 * DAY),))
    (silence,) = later.silences
    assert (silence.begin, silence.end) == (at(18, FIRST - 7 * DAY), at(20.5, FIRST - 7 * DAY))
    overload = later.options(at(13, FIRST + 5 * DAY)).extra_loads[0]
    assert (overload.at, overload.watts) == (at(19, FIRST - 12 * DAY), 7500)


@pytest.mark.parametrize(
    ("hour", "ejp"),
    [
        pytest.param(2, Ejp.NOTICE, id="in the night its notice is given"),
        pytest.param(11, Ejp.PEAK, id="at noon it is a peak"),
        pytest.param(23.5, Ejp.PEAK, id="until the end of the day"),
    ],
)
@pytest.mark.parametrize("month", [1, 7])
def test_today_is_an_ejp_day_at_any_hour_whatever_the_season(hour, ejp, month):
    now = at(hour, date(2027, month, 14))
    today = Life(parse_spec("ejp,seed=7,notice=6h"), now.date(), now.date()).looked_at(now, None)
    assert House(today.options(now)).truth(now).ejp is ejp


def test_winter_has_ejp_days_of_its_own():
    peaks = life().options(at(13)).ejp_days
    assert 20 <= len({day for day in peaks if date(2027, 11, 1) <= day < date(2028, 4, 1)}) <= 23
    assert {day.month for day in peaks} == {11, 12, 1, 2, 3}
    assert all(day.weekday() < 5 for day in peaks)
