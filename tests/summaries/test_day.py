"""The summary of a day against the figures of its page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Mode
from linkymonitor.report.summarise import summarise
from linkymonitor.summaries.day import DaySummary, LogSpan
from tests.report.house import contract, flat, local, period_of, records
from tests.report.test_figures import WINTER, around, of_day

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
HOUR = timedelta(hours=1)


def summary_of(rows, day=WINTER, **options) -> DaySummary:
    return summarise(of_day(rows, day, **options))


@pytest.mark.parametrize(("day", "half_hours"), [(WINTER, 48), (SPRING, 46), (AUTUMN, 50)])
def test_the_half_hours_add_up_to_the_lines_of_the_page_to_the_wh(day, half_hours):
    figures = of_day(around(day, period=period_of("EJP", [day]), injected_index=500), day)
    summary = summarise(figures)
    assert {len(wh) for wh in summary.half_hours.values()} == {half_hours}
    assert (summary.end - summary.start) // 1800 == half_hours
    assert summary.energy == {line.code: line.wh for line in figures.lines}
    assert summary.wh == figures.consumed
    assert summary.injected_half_hours is not None
    assert sum(summary.injected_half_hours) == figures.injected.wh > 0
    assert summary.ejp


def test_the_hours_of_the_page_are_two_half_hours_each():
    figures = of_day(around(AUTUMN), AUTUMN)
    assert len(figures.hours) == 25
    for at, hour in enumerate(figures.hours):
        halves = [sum(energy.values()) for energy in figures.half_hours[2 * at : 2 * at + 2]]
        assert sum(halves) == hour.wh


def test_each_half_hour_has_the_energy_of_its_register():
    rows = around(WINTER, power=flat(1200), period=period_of("EJP", [WINTER]))
    summary = summary_of(rows)
    assert summary.half_hours["HN"] == (600,) * 14 + (0,) * 34
    assert summary.half_hours["PM"] == (0,) * 14 + (600,) * 34


def test_an_estimated_injection_adds_up_by_half_hours():
    figures = of_day(around(WINTER))
    summary = summarise(figures)
    assert summary.injected is not None
    assert summary.injected.estimated
    assert summary.injected_half_hours is not None
    assert sum(summary.injected_half_hours) == summary.injected.wh == figures.injected.wh
    assert not any(summary.injected_half_hours[:18])  # the panels rise at 9:18


def test_the_terms_are_those_at_the_end_of_the_day():
    summary = summary_of(around(WINTER, contract=contract("HC", subscribed_power=12000, phases=3)))
    assert (summary.option, summary.subscribed_kva) == ("HC", 12)
    assert summary.phases == 3
    assert summary.mode == "historique"


def test_an_index_at_midnight_is_that_of_the_record_that_ends_there():
    rows = around(WINTER, power=flat(1000), injected_index=500)
    (at_midnight,) = (row for row in rows if row.ended_at == local(WINTER))
    assert summary_of(rows).midnight == {**at_midnight.indexes, "injected": 500}


def test_an_index_at_midnight_is_shared_by_time_within_half_an_hour():
    silent = (local(WINTER) - timedelta(minutes=20), local(WINTER, 0, 10))
    rows = around(
        WINTER, power=flat(6000), silent=[silent], period=period_of("BASE"), contract=contract("BASE")
    )
    last = max(row for row in rows if row.ended_at <= silent[0])
    assert summary_of(rows).midnight == {"TH": last.indexes["TH"] + 2000}


def test_an_index_at_midnight_is_not_made_up_in_a_long_silence():
    silent = (local(WINTER) - timedelta(minutes=20), local(WINTER, 1))
    assert summary_of(around(WINTER, silent=[silent])).midnight == {}


def test_the_first_day_of_a_log_has_no_index_at_its_midnight():
    rows = [row for row in around(WINTER) if row.ended_at > local(WINTER)]
    summary = summary_of(rows)
    assert summary.midnight == {}
    assert summary.log == LogSpan(first=None, last=date(2026, 1, 13))


def test_a_day_without_a_later_record_is_not_final():
    rows = [row for row in around(WINTER) if row.ended_at <= local(WINTER + timedelta(days=1))]
    summary = summary_of(rows)
    assert summary.log == LogSpan(first=date(2026, 1, 12), last=None)
    assert not summary.final
    assert summary_of(around(WINTER)).final


def test_a_day_that_is_not_over_is_not_final():
    rows = [row for row in around(WINTER) if row.ended_at <= local(WINTER, 15)]
    summary = summary_of(rows, now=local(WINTER, 15))
    assert summary.so_far
    assert not summary.final


def test_voltages_and_currents_of_three_phases():
    rows = [
        row._replace(currents=(n % 5, 2, None), voltages=(230, 228 + n % 3, 231))
        for n, row in enumerate(around(WINTER, contract=contract("BASE", phases=3, mode=Mode.STANDARD)))
    ]
    first, second, third = summary_of(rows).by_phase
    assert (first.lowest, first.mean, first.highest, first.current_most) == (230, 230, 230, 4)
    assert (second.lowest, second.highest, second.current_mean, second.current_most) == (228, 230, 2, 2)
    assert (third.mean, third.current_mean, third.current_most) == (231, None, None)


def test_the_current_of_a_single_phase_is_kept():
    (phase,) = summary_of(around(WINTER, power=flat(2300))).by_phase
    assert (phase.current_mean, phase.current_most, phase.lowest) == (10, 10, None)


def test_a_meter_swap_is_a_break_without_the_number_of_a_meter():
    noon = local(WINTER, 12)
    old: Contract = contract("BASE")
    rows = [
        *records(local(WINTER) - HOUR, noon, contract=old),
        *records(
            noon,
            local(WINTER + timedelta(days=1), 1),
            contract=old._replace(meter="0123456789ab"),
            indexes={"TH": 5},
        ),
    ]
    summary = summary_of(rows)
    assert [epoch.contract_changed for epoch in summary.breaks] == [True]
    (change,) = (change for change in summary.changes if change.what == "meter")
    assert (change.before, change.after) == (None, None)


def test_a_register_that_is_not_read_leaves_the_energy_unknown():
    rows = [
        row._replace(indexes={code: wh for code, wh in row.indexes.items() if code != "PM"})
        for row in around(WINTER, period=period_of("EJP", [WINTER]))
    ]
    summary = summary_of(rows)
    assert summary.unread == ("PM",)
    assert summary.wh is None


def test_a_silent_day_has_its_share_of_the_silence():
    rows = [
        *records(local(WINTER) - 5 * HOUR, local(WINTER) - HOUR),
        *records(
            local(WINTER, 30 - 24) + 24 * HOUR,
            local(WINTER, 9) + 24 * HOUR,
            indexes={"HN": 1_020_000, "PM": 2_000_000},
        ),
    ]
    figures = of_day(rows, now=local(WINTER + timedelta(days=3)))
    summary = summarise(figures)
    assert summary.silent
    assert summary.wh == figures.consumed > 0
    assert summary.energy["HN"] == sum(summary.half_hours["HN"]) == figures.consumed
