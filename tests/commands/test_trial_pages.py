"""The pages of a trial."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from linkymonitor.commands.trial_pages import (
    EVERY,
    SOON,
    TrialPages,
    settings_of_trial,
    show_in_browser,
    write_settings,
)
from linkymonitor.money.contract import Contract, Proration
from linkymonitor.money.tariffs import Prices
from linkymonitor.settings import Settings, load
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.report.house import records, write_log

NOW = datetime(2026, 1, 13, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path) -> Settings:
    found = settings_of_trial(Settings(), tmp_path, "fr", simulated=True)
    write_log(found.log.dir, records(NOW - timedelta(days=2), NOW, step=60))
    return found


@pytest.fixture
def clock() -> WireClock:
    return WireClock(NOW)


@pytest.fixture
def pages(settings, clock) -> TrialPages:
    return TrialPages(settings, Storage(), clock.now, clock.monotonic)


def drawn(settings) -> dict[str, int]:
    """Return day → when its page was drawn, in the order of the days."""
    pages = sorted(settings.report.dir.glob("????-??-??.html"))
    return {page.stem: page.stat().st_mtime_ns for page in pages}


def test_the_first_drawing_has_each_day_of_the_log_and_the_next_what_has_changed(settings, pages):
    assert pages.draw_all(None) == []
    first = drawn(settings)
    assert sorted(first) == ["2026-01-11", "2026-01-12", "2026-01-13"]
    assert pages.logged_until() == NOW
    pages.draw_all(NOW - timedelta(days=1))
    second = drawn(settings)
    assert [day for day in second if second[day] != first[day]] == ["2026-01-12", "2026-01-13"]
    (settings.report.dir / "2026-01-11.html").unlink()
    pages.draw_all(NOW)
    assert sorted(drawn(settings)) == sorted(first)


def test_pages_are_drawn_again_while_the_trial_goes_on(settings, pages, clock):
    pages.draw_all(None)
    first = drawn(settings)
    clock.advance(EVERY - 1)
    pages.tick(clock.monotonic(), 0.0)
    pages.close()
    assert drawn(settings) == first
    clock.advance(1)
    pages.tick(clock.monotonic(), 0.0)
    pages.close()
    later = drawn(settings)
    assert [day for day in later if later[day] != first[day]] == ["2026-01-12", "2026-01-13"]


def test_an_empty_log_has_no_pages_until_there_is_something_to_draw(tmp_path, clock):
    settings = settings_of_trial(Settings(), tmp_path, "fr", simulated=False)
    pages = TrialPages(settings, Storage(), clock.now, clock.monotonic)
    settings.log.dir.mkdir()
    assert pages.logged_until() is None
    assert pages.draw_all(None) == []
    assert not pages.index.exists()
    write_log(settings.log.dir, records(NOW - timedelta(minutes=5), NOW, step=60))
    clock.advance(SOON)
    pages.tick(clock.monotonic(), 0.0)
    pages.close()
    assert sorted(drawn(settings)) == ["2026-01-13"]


def test_a_drawing_that_fails_is_logged_and_tried_again(settings, pages, clock, caplog):
    settings.report.dir.write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            clock.advance(EVERY)
            pages.tick(clock.monotonic(), 0.0)
            pages.close()
    assert len(caplog.records) == 2
    assert all("pages" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("lang", "note"), [("fr", "Maison simulée, prix inventés"), ("en", "Simulated house, invented prices")]
)
def test_the_configuration_of_a_trial_names_invented_prices_as_such(tmp_path, lang, note):
    settings = settings_of_trial(Settings(), tmp_path / "100 % à moi", lang, simulated=True)
    path = tmp_path / "my.ini"
    assert write_settings(settings, path, Storage())
    assert not write_settings(settings, path, Storage())
    read = load(path)
    assert (read.lang, read.report.note, read.report.dir) == (lang, note, settings.report.dir)
    assert read.log.dir == settings.log.dir
    assert not read.report.silent_after, "a trial of last week draws its pages, and has no meter to warn of"
    assert read.tariff.pm == settings.tariff.pm
    assert note in path.read_text("utf-8").split("[tariff]")[1]


def test_the_contract_and_dated_prices_of_a_trial_are_written_for_reports_by_hand(tmp_path):
    terms = Contract(
        offer="ejp", power=9, off_peak=("22:00-06:00", "12:00-14:00"), proration=Proration.MONTH_30
    )
    day = date(2026, 8, 1)
    settings = Settings(
        contract=terms,
        contracts={day: Contract(power=12)},
        tariffs={day: Prices(injection=Decimal("0.04"))},
    )
    write_settings(settings, tmp_path / "trial.ini", Storage())
    read = load(tmp_path / "trial.ini")
    assert [(each.offer, each.power, each.off_peak, each.proration) for each in (terms, read.contract)] == [
        ("ejp", 9, ("22:00-06:00", "12:00-14:00"), Proration.MONTH_30)
    ] * 2
    assert read.contracts[day].power == 12
    assert read.tariffs[day].injection == Decimal("0.04")


def test_prices_of_ones_own_are_used_and_a_meter_has_no_note(tmp_path):
    own = Settings(tariff=Prices(hn=Decimal("0.1")))
    simulated = settings_of_trial(own, tmp_path, "en", simulated=True)
    assert (simulated.tariff, simulated.report.note) == (own.tariff, "Simulated house")
    meter = settings_of_trial(Settings(), tmp_path, "en", simulated=False)
    assert (meter.tariff.hn, meter.report.note) == (None, None)


def test_what_is_so_now_comes_back_after_each_other_page_of_the_display(tmp_path):
    pages = settings_of_trial(Settings(), tmp_path, "en", simulated=True).display.pages
    assert set(pages[::2]) == {"live"}
    assert "live" not in pages[1::2]


def test_without_a_desktop_no_browser_is_looked_for(tmp_path):
    assert not show_in_browser(tmp_path / "index.html", {"PATH": "/usr/bin:/bin"})
    assert not show_in_browser(tmp_path / "index.html", {"DISPLAY": ":0", "PATH": str(tmp_path)})
