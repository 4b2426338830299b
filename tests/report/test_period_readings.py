"""The first and the last index of each register over a period: read or exactly derived, else not shown."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape

import pytest

from linkymonitor.report.pages import Pages
from linkymonitor.report.period.as_json import as_json
from linkymonitor.report.period.figures import period_figures
from linkymonitor.report.section import Settings
from linkymonitor.summaries.day import TOTAL, Break, InjectedEnergy
from linkymonitor.system.resources import shipped
from tests.report.drawn import text_of
from tests.report.house import PARIS, local
from tests.report.made_days import days
from tests.report.price_books import book

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
LATER = local(date(2026, 3, 1))
#: A day of 48 half hours at 500 Wh and 25 Wh.
HN, PM = 24_000, 1_200
PRICES = book({"HN": "0.1418", "PM": "1.0867"}, subscription="19.32")


def month(*, count=31, start=FIRST, hn=68_480_117, pm=7_878_340):
    """Return days from *start* on; the indexes at their midnights grow by the energy of each day."""
    summaries = days(start, count, {"HN": 500, "PM": 25})
    return {
        day: summary._replace(midnight={"HN": hn + HN * at, "PM": pm + PM * at})
        for at, (day, summary) in enumerate(summaries.items())
    }


def figures_of(summaries, *, prices=PRICES, last=LAST, now=LATER):
    return period_figures(summaries, prices, FIRST, last, tz=PARIS, now=now)


def page_of(figures, lang="fr"):
    pages = Pages([shipped("templates")], lang, PARIS, Settings().sections)
    page = pages.period(figures, [], frozenset(), LATER.timestamp(), "abc").decode()
    return unescape(text_of(page)).replace("\xa0", " ").replace("\u202f", " ")


def test_the_indexes_of_a_month_are_those_of_its_two_ends():
    figures = figures_of(month())
    assert figures.readings["HN"] == (68_480_117, 69_224_117)
    assert figures.readings["PM"] == (7_878_340, 7_915_540)
    assert figures.readings["HN"].grown == next(line.wh for line in figures.lines if line.code == "HN")
    page = page_of(figures)
    assert "Index, 01/01 Index, 31/01" in page
    assert "Heures normales 068 480 117 069 224 117 744,000" in page
    assert as_json(figures, PARIS, "fr")["periods"]["PM"]["index"] == {"first": 7_878_340, "last": 7_915_540}


def test_where_the_midnight_was_not_read_the_index_is_that_of_the_next_one_without_the_energy_between():
    summaries = month()
    for day in (FIRST, FIRST + timedelta(days=1), LAST):
        summaries[day] = summaries[day]._replace(midnight={})
    assert figures_of(summaries).readings["HN"] == (68_480_117, 69_224_117)


def test_the_month_that_goes_on_ends_with_the_last_reading():
    today = date(2026, 1, 21)
    summaries = month(count=21)
    noon = round(local(today, 12).timestamp())
    summaries[today] = summaries[today]._replace(
        half_hours={"HN": (500,) * 24 + (0,) * 24, "PM": (0,) * 48}, until=noon
    )
    figures = figures_of(summaries, now=local(today, 12))
    assert figures.readings["HN"] == (68_480_117, 68_480_117 + 20 * HN + 12_000)
    assert "Index, 01/01 Index, 21/01" in page_of(figures)


def test_after_another_meter_both_indexes_stand_and_the_page_says_that_they_are_no_difference():
    summaries = month(count=12) | month(count=20, start=date(2026, 1, 12), hn=5_000, pm=300)
    swap = date(2026, 1, 12)
    at = round(local(swap, 12).timestamp())
    summaries[swap] = summaries[swap]._replace(midnight={"HN": 68_744_117}, breaks=(Break(at, True),))
    figures = figures_of(summaries)
    assert figures.readings["HN"] == (68_480_117, 5_000 + 20 * HN)
    assert "La différence de deux index n’est pas toujours l’énergie" in page_of(figures)
    assert "The difference of two indexes is not always the energy" in page_of(figures, "en")


@pytest.mark.parametrize("gone", ["nothing", "day"])
def test_days_that_are_missing_leave_the_two_indexes_that_were_read(gone):
    summaries = month()
    if gone == "day":
        del summaries[date(2026, 1, 20)]
    figures = figures_of(summaries)
    assert figures.readings["HN"] == (68_480_117, 69_224_117)
    assert ("n’est pas toujours l’énergie" in page_of(figures)) is (gone == "day")


def test_an_index_that_no_midnight_leads_to_is_not_shown():
    """Another meter on the last day, which has no index of its own midnight: where it ended is not known."""
    summaries = month()
    at = round(local(LAST, 12).timestamp())
    summaries[LAST] = summaries[LAST]._replace(midnight={}, breaks=(Break(at, True),))
    figures = figures_of(summaries)
    assert figures.readings == {}
    assert "Index," not in page_of(figures)


def test_an_index_that_passes_its_end_begins_anew_and_still_counts():
    figures = figures_of(month(hn=999_990_000))
    assert figures.readings["HN"] == (999_990_000, 734_000)
    assert figures.readings["HN"].grown == 31 * HN
    assert "n’est pas toujours l’énergie" not in page_of(figures)


def test_injected_energy_has_its_indexes_where_it_is_counted():
    given = InjectedEnergy(1000, 1000, 1000, estimated=False)
    summaries = {
        day: summary._replace(
            injected=given, midnight={**summary.midnight, "injected": 1_204_811 + 1000 * at}
        )
        for at, (day, summary) in enumerate(month().items())
    }
    assert figures_of(summaries).readings["injected"] == (1_204_811, 1_235_811)
    assert "Injecté, hors total 001 204 811 001 235 811 31,000" in page_of(figures_of(summaries))
    estimate = {day: s._replace(injected=given._replace(estimated=True)) for day, s in summaries.items()}
    assert "injected" not in figures_of(estimate).readings


def test_a_period_of_an_offer_that_is_no_register_has_no_index():
    """The meter counts HN and PM together in one register, which the offer splits by the hour."""
    summaries = {
        day: s._replace(midnight={"TH": 4}, half_hours={"HN": (9,) * 48}) for day, s in month().items()
    }
    figures = figures_of(summaries)
    assert figures.readings == {}
    assert "index" not in as_json(figures, PARIS, "fr")["periods"]["HN"]


@pytest.mark.parametrize(("off", "shown"), [(0, "Registres et total écart 0 Wh"), (7, "écart 7 Wh")])
def test_registers_and_total_of_the_meter_are_compared(off, shown):
    summaries = {
        day: summary._replace(
            midnight={**summary.midnight, TOTAL: sum(summary.midnight.values()) + (off if day > FIRST else 0)}
        )
        for day, summary in month().items()
    }
    assert shown in page_of(figures_of(summaries))


def test_a_meter_without_a_total_and_a_new_meter_are_not_compared():
    assert "Registres et total" not in page_of(figures_of(month()))
    summaries = {
        day: summary._replace(midnight={**summary.midnight, TOTAL: sum(summary.midnight.values())})
        for day, summary in month().items()
    }
    broken = FIRST + timedelta(days=10)
    at = local(broken).timestamp() + 3600
    summaries[broken] = summaries[broken]._replace(breaks=(Break(at, contract_changed=True),))
    assert "Registres et total" not in page_of(figures_of(summaries))
