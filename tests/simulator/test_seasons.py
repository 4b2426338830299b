"""The calendar of the simulated supplier and its tariffs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date

import pytest

from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.simulator.seasons import ejp_season, tempo_season
from linkymonitor.tic.encoder import write_frame
from tests.simulator.houses import DAY, HOUR, MINUTE, bad_lines, data, house
from tests.support.truth import energy, local, timeline


def test_a_peak_day_is_announced_at_6_30_begins_at_7_and_ends_at_1():
    simulated = house("ejp,ejp=2026-01-13,day=2026-01-12")
    assert timeline(simulated, lambda truth: truth.ejp, simulated.now, simulated.now + 3 * DAY) == [
        (local(date(2026, 1, 12)), Ejp.NORMAL),
        (local(date(2026, 1, 13), "06:30"), Ejp.NOTICE),
        (local(date(2026, 1, 13), "07:00"), Ejp.PEAK),
        (local(date(2026, 1, 14), "01:00"), Ejp.NORMAL),
    ]


def test_the_notice_can_be_given_the_evening_before():
    simulated = house("ejp=2026-01-13,day=2026-01-12,notice=11h")
    assert timeline(simulated, lambda truth: truth.ejp, simulated.now, simulated.now + DAY + 8 * HOUR)[
        1:
    ] == [
        (local(date(2026, 1, 12), "20:00"), Ejp.NOTICE),
        (local(date(2026, 1, 13), "07:00"), Ejp.PEAK),
    ]


@pytest.mark.parametrize(
    ("at", "pejp", "ptec"),
    [
        ("06:29:59", None, "HN.."),
        ("06:30", "30", "HN.."),
        ("07:00", "30", "PM.."),
        ("23:59", "30", "PM.."),
    ],
)
def test_the_historique_meter_says_the_peak(at, pejp, ptec):
    spec = f"ejp=2026-01-13,day=2026-01-13,at={at}"
    assert data(spec, "PEJP") == pejp
    assert data(spec, "PTEC") == ptec


@pytest.mark.parametrize(
    ("at", "status", "dpm", "profile"),
    [
        ("06:00", "003AC001", None, None),
        ("06:30", "103AC001", " 260113070000", "01008001 0700C002"),
        ("07:00", "403AC400", " 260113070000", None),
        ("22:00", "403A8400", " 260113070000", None),
    ],
)
def test_the_standard_meter_says_the_peak(at, status, dpm, profile):
    # The distributor's index is that of winter peak hours from 6:00 to 22:00, in the two top bits of the nibble.
    spec = f"standard,ejp=2026-01-13,day=2026-01-13,at={at},seed=4"
    assert data(spec, "STGE") == status
    assert data(spec, "DPM1", horodate=True) == dpm
    assert data(spec, "FPM1", horodate=True) == (dpm and " 260114010000")
    assert (data(spec, "PPOINTE") or "")[:17] == (profile or "")


def test_a_tempo_day_runs_from_6_to_6_and_is_announced_at_20():
    """In June all days are blue, but for the day of the options."""
    simulated = house("tempo,colour=white,day=2026-06-10")
    changes = timeline(
        simulated,
        lambda truth: (truth.colour, truth.tomorrow),
        simulated.now - 5 * HOUR,
        simulated.now + DAY + 8 * HOUR,
    )
    assert changes == [
        (local(date(2026, 6, 9), "19:00"), (Colour.BLUE, None)),
        (local(date(2026, 6, 9), "20:00"), (Colour.BLUE, Colour.WHITE)),
        (local(date(2026, 6, 10)), (Colour.BLUE, None)),
        (local(date(2026, 6, 10), "06:00"), (Colour.WHITE, None)),
        (local(date(2026, 6, 10), "20:00"), (Colour.WHITE, Colour.BLUE)),
        (local(date(2026, 6, 11)), (Colour.WHITE, None)),
        (local(date(2026, 6, 11), "06:00"), (Colour.BLUE, None)),
    ]
    assert data("tempo,colour=white,day=2026-06-10,at=05:59:59", "PTEC") == "HCJB"
    assert data("tempo,colour=white,day=2026-06-10,at=06:00", "PTEC") == "HPJW"


def test_an_old_meter_keeps_the_colour_of_tomorrow_until_6():
    assert data("old,tempo,colour=white,at=05:00", "DEMAIN") == "BLAN"
    assert data("tempo,colour=white,at=05:00", "DEMAIN") == "----"


@pytest.mark.parametrize(
    ("today", "tomorrow", "at", "status"),
    [
        # As captured: a red evening before a white day, the contact closed at night.
        pytest.param(Colour.RED, Colour.WHITE, "22:29", "9B3A9000", id="red then white"),
        pytest.param(Colour.WHITE, Colour.RED, "12:00", "423ACC01", id="white, tomorrow not yet known"),
        pytest.param(Colour.WHITE, Colour.RED, "21:00", "6E3ACC01", id="white then red"),
        pytest.param(Colour.WHITE, Colour.BLUE, "22:00", "463A8800", id="white then blue"),
        pytest.param(Colour.BLUE, Colour.WHITE, "20:00", "193AC401", id="blue then white"),
    ],
)
def test_the_status_register_tells_the_colours(today, tomorrow, at, status):
    """9B3A9000 was read on a real meter."""
    season = tempo_season(1, 2025)
    day = next(
        day
        for day in (date(2025, 11, 1) + n * DAY for n in range(140))
        if (season.get(day, Colour.BLUE), season.get(day + DAY, Colour.BLUE)) == (today, tomorrow)
    )
    assert data(f"standard,tempo,seed=1,day={day},at={at}", "STGE") == status


@pytest.mark.parametrize(
    ("day", "hours", "letters"),
    [
        pytest.param(date(2026, 3, 29), 23, ("H", "E"), id="spring"),
        pytest.param(date(2026, 10, 25), 25, ("E", "H"), id="autumn"),
    ],
)
def test_the_day_the_clocks_change_is_an_hour_off_and_loses_nothing(day, hours, letters):
    simulated = house(f"standard,hc,day={day}")
    start, end = local(day).astimezone(UTC), local(day + DAY).astimezone(UTC)
    assert end - start == hours * HOUR
    assert data(f"standard,day={day},at=01:30", "DATE", horodate=True)[0] == letters[0]
    assert data(f"standard,day={day},at=03:30", "DATE", horodate=True)[0] == letters[1]
    periods = timeline(simulated, lambda truth: truth.period, start, end, MINUTE)
    assert periods == [
        (start, "HC.."),
        (local(day, "06:00"), "HP.."),
        (local(day, "22:00"), "HC.."),
    ]
    for minutes in range(0, hours * 60, 10):
        frame = simulated.frame_at(start + minutes * MINUTE)
        assert bad_lines(write_frame(frame, Mode.STANDARD), Mode.STANDARD) == []
    assert 4000 < sum(energy(simulated, start, end).values()) < 40000


@pytest.mark.parametrize("autumn", range(2020, 2030))
def test_a_season_follows_the_rules_of_the_supplier(autumn):
    season = tempo_season(7, autumn)
    assert Counter(season.values()) == {Colour.WHITE: 43, Colour.RED: 22}
    assert all(date(autumn, 9, 1) <= day < date(autumn + 1, 9, 1) for day in season)
    assert all(day.weekday() != 6 for day in season)
    red = ejp_season(7, autumn)
    assert len(red) == 22
    assert all(day.weekday() < 5 and day.month in (11, 12, 1, 2, 3) for day in red)
    holidays = {(1, 1), (11, 1), (11, 11), (12, 25)}
    assert all((day.month, day.day) not in holidays for day in red)
    assert date(2027, 3, 29) not in red  # the one Easter Monday of these years that falls in March
    assert season == tempo_season(7, autumn) != tempo_season(8, autumn)
