"""The days that a season has left, and the days that a day is compared with."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.estimate.season import SEASONS, days_left
from linkymonitor.report.day import Usual
from linkymonitor.report.section import Calendar
from linkymonitor.report.summary import Summary
from linkymonitor.report.usual import usual
from linkymonitor.setting_types import DaysUsed
from linkymonitor.settings import load
from tests.report.drawn import DAY, build, text_of
from tests.report.house import contract, local, period_of, records
from tests.support.ini import faults

NOVEMBER = date(2025, 11, 1)
DECEMBER = date(2025, 12, 10)


def summaries(first: date, last: date, ejp=(), **changes):
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {
        day: Summary(day=day, wh=10_000, eur=Decimal("2.00"), ejp=day in ejp)._replace(**changes)
        for day in days
    }


def test_days_are_left_of_a_winter_that_was_seen_whole():
    days = summaries(NOVEMBER, DECEMBER, ejp=[date(2025, 11, 20), DECEMBER])
    assert days_left("ejp", DECEMBER, days) == 20
    del days[date(2025, 11, 5)]
    assert days_left("ejp", DECEMBER, days) is None


def test_a_setting_stands_for_the_days_that_the_log_does_not_know():
    known = Calendar(ejp_used=DaysUsed(6, date(2025, 12, 5)))
    days = summaries(date(2025, 12, 6), DECEMBER, ejp=[date(2025, 12, 8), DECEMBER])
    assert days_left("ejp", DECEMBER, days, known) == 14
    days[date(2025, 12, 7)] = days[date(2025, 12, 7)]._replace(wh=None)
    assert days_left("ejp", DECEMBER, days, known) is None


def test_a_setting_of_last_winter_counts_no_more():
    old = Calendar(ejp_used=DaysUsed(22, date(2025, 3, 31)))
    assert days_left("ejp", DECEMBER, summaries(NOVEMBER, DECEMBER), old) == 22


def test_no_season_runs_in_summer_but_that_of_white_days():
    june = date(2026, 6, 1)
    assert days_left("ejp", june, summaries(june, june)) is None
    assert days_left("white", june, summaries(date(2025, 9, 1), june, colour="white")) == 0
    assert SEASONS["white"].begun(date(2026, 8, 31)) == date(2025, 9, 1)
    assert SEASONS["red"].begun(date(2026, 3, 31)) == NOVEMBER


def test_the_setting_is_read_and_a_wrong_one_refused(tmp_path):
    path = tmp_path / "a.ini"
    path.write_text("[calendar]\nejp_used = 6 @ 2026-12-09\n")
    assert load(path).calendar.ejp_used == DaysUsed(6, date(2026, 12, 9))
    for wrong in ("six @ 2026-12-09", "6", "6 @ 2026-02-30", "@"):
        assert len(faults(tmp_path, f"[calendar]\nejp_used = {wrong}\n")) == 1


MONDAY = date(2026, 1, 12)


def test_a_day_is_compared_with_the_last_five_of_its_kind():
    days = summaries(MONDAY - timedelta(days=21), MONDAY - timedelta(days=1))
    wh = {day: 1000 * n for n, day in enumerate(sorted(days))}
    days = {day: summary._replace(wh=wh[day]) for day, summary in days.items()}
    today = Summary(day=MONDAY, wh=1, eur=None)
    # From Monday to Friday of the week before: numbers 14 to 18.
    assert usual(today, days) == Usual(days=5, wh=16_000, eur=Decimal("2.00"))


@pytest.mark.parametrize(
    "changes", [{"ejp": True}, {"colour": "red"}, {"so_far": True}, {"partial": True}, {"silent": True}]
)
def test_days_of_another_kind_or_not_whole_are_no_measure(changes):
    days = summaries(MONDAY - timedelta(days=9), MONDAY - timedelta(days=1))
    others = {day: summary._replace(**changes) for day, summary in days.items()}
    assert usual(Summary(day=MONDAY, wh=1, eur=None), others) is None


def test_fewer_than_two_days_are_no_measure_and_a_missing_price_leaves_the_energy():
    today = Summary(day=MONDAY, wh=1, eur=None)
    (one,) = summaries(date(2026, 1, 9), date(2026, 1, 9)).items()
    assert usual(today, dict([one])) is None
    two = summaries(date(2026, 1, 8), date(2026, 1, 9), eur=None)
    assert usual(today, two) == Usual(days=2, wh=10_000, eur=None)


def test_the_page_compares_and_counts(tmp_path):
    first = DAY - timedelta(days=8)
    peaks = [DAY - timedelta(days=5), DAY - timedelta(days=4), DAY]
    rows = records(
        local(first),
        local(DAY + timedelta(days=1)),
        step=300,
        period=period_of("EJP", peaks),
        contract=contract(),
    )
    pages = build(
        tmp_path, rows, (first, DAY), calendar=Calendar(ejp_used=DaysUsed(6, first - timedelta(days=1)))
    )
    words = text_of(pages[f"{DAY}.html"]).replace("\xa0", " ").replace("\u202f", " ")
    assert "Moyenne de 2 jours EJP de semaine" in words
    assert "2 jours semblables" in words
    assert "d’ordinaire" in words
    assert "Il reste 13 jours EJP sur 22." in words
    assert "Il reste 13 jours EJP sur 22 cet hiver." in text_of(pages["index.html"]).replace("\xa0", " ")
    eve = text_of(pages[f"{DAY - timedelta(days=1)}.html"])
    assert "jours de semaine hors EJP" in eve
    assert "EJP : 14 sur 22" in eve.replace("\xa0", " ")
