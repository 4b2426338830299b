"""The summary of a day that `report` keeps becomes an event, once for each sink."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal

import pytest

from linkymonitor.delivery.days import DayEur, Days
from linkymonitor.delivery.delivery import Delivery
from linkymonitor.delivery.state import StateFolder
from linkymonitor.sinks.base import House
from linkymonitor.summaries.day import DaySummary, InjectedEnergy, LogSpan
from linkymonitor.summaries.store import Store
from linkymonitor.system.storage import Storage
from tests.support.collecting import Collecting, configured

FIRST = date(2026, 1, 10)


def summary(number: int, **fields) -> DaySummary:
    """Return the summary of day *number*; 2026-01-10 begins at 23 h UTC of the day before."""
    day = FIRST + timedelta(days=number)
    start = 1768086000 + 86400 * (number - 1)
    known = {
        "half_hours": {"HC": (100,) * 48, "HP": (200,) * 48},
        "peak_va": 6230,
        "peak_at": start + 42120,
        "coverage": 0.9987,
        "log": LogSpan(day, day),
    }
    return DaySummary(day, "Europe/Paris", start, start + 86400, start + 86400, **{**known, **fields})


class Kept:
    """A log with summaries."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self._stamp = 1_768_000_000_000_000_000
        self.state = StateFolder(folder / "state", Storage())
        self.state.prepare()

    def add(self, *summaries: DaySummary) -> None:
        store = Store(self.folder, "Europe/Paris", Storage())
        store.write(summaries)
        # Two writes within one tick of the clock of the disk are told apart, as those of two nights are.
        self._stamp += 1_000_000_000
        os.utime(store.directory, ns=(self._stamp, self._stamp))

    def days(self, *cost) -> Days:
        return Days(self.folder, "Europe/Paris", Storage(), *cost)

    def delivery(self, sink: Collecting) -> Delivery:
        made = Delivery(
            {"test": configured(sink)}, House("en"), self.folder, self.state, self.folder / "run", Storage()
        )
        made.open()
        return made


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(tmp_path)


def test_a_day_is_a_sentence_and_its_figures(kept):
    kept.add(summary(0, injected=InjectedEnergy(1105, 584, 1833, True), option="HC"))
    (event,) = kept.days().events()
    assert (event.kind, event.value) == ("day", "2026-01-10")
    assert f"{event.at:%Y-%m-%dT%H:%M}" == "2026-01-10T23:00"
    english = event.text.en.replace("\u00a0", " ")
    assert english == (
        "10 January 2026: 14.40 kWh, HC 4.80 kWh, HP 9.60 kWh, injected 1.11 kWh, peak 6230 VA at 11:42"
    )
    assert event.text.fr.replace("\u00a0", " ").startswith("10 janvier 2026 : 14,40 kWh, HC 4,80 kWh")
    assert event.figures["consumed_wh"] == 14400
    assert event.figures["periods_wh"] == {"HC": 4800, "HP": 9600}
    assert event.figures["peak_at"] == "2026-01-10T10:42:00Z"


def test_a_day_has_its_cost_where_its_prices_are_known(kept):
    kept.add(summary(0))
    (event,) = kept.days(lambda day: DayEur(Decimal("2.3"), Decimal("2.92"))).events()
    assert (event.figures["energy_eur"], event.figures["eur"]) == ("2.30", "2.92")
    assert event.text.en.startswith("10 January 2026: 14.40\u00a0kWh, €2.92, HC")
    assert event.text.fr.startswith("10 janvier 2026\u00a0: 14,40\u00a0kWh, 2,92\u00a0€, HC")
    (event,) = kept.days(lambda day: DayEur(Decimal("2.3"))).events()
    assert event.figures["eur"] is None
    assert "€2.30" in event.text.en


def test_a_day_without_prices_has_no_cost(kept):
    kept.add(summary(0))
    (event,) = kept.days().events()
    assert (event.figures["energy_eur"], event.figures["eur"]) == (None, None)
    assert "€" not in event.text.en


def test_what_is_not_known_is_told(kept):
    kept.add(summary(0, half_hours={}, peak_va=None, peak_at=None, coverage=0.31, partial=True))
    (event,) = kept.days().events()
    assert event.text.en == "10 January 2026: energy not known, 31% of the day heard"
    assert event.figures["consumed_wh"] is None


def test_the_newest_days_are_looked_at_again_once_they_have_changed(kept):
    days = kept.days()
    assert (days.newest(), days.events()) == ("", [])
    kept.add(*map(summary, range(5)))
    assert [event.value for event in days.events()] == ["2026-01-12", "2026-01-13", "2026-01-14"]
    kept.add(summary(5))
    assert days.newest() == "2026-01-15"


def test_a_new_sink_is_not_told_of_the_past_and_each_later_day_once(kept):
    kept.add(summary(0))
    sink = Collecting()
    delivery = kept.delivery(sink)
    feeder = delivery.feeders[0]
    days = kept.days()
    assert not feeder.tell_days(days.events())
    kept.add(summary(1))
    assert feeder.tell_days(days.events())
    assert not feeder.tell_days(days.events())
    feeder.step()
    assert [event.value for event in sink.told if event.kind == "day"] == ["2026-01-11"]
    again = kept.delivery(Collecting()).feeders[0]
    assert not again.tell_days(days.events())


def test_a_day_that_could_not_be_told_is_told_after_a_restart(kept):
    kept.add(summary(0))
    away = Collecting()
    feeder = kept.delivery(away).feeders[0]
    kept.add(summary(1))
    away.unavailable()
    feeder.tell_days(kept.days().events())
    feeder.step()
    back = Collecting()
    again = kept.delivery(back).feeders[0]
    assert again.tell_days(kept.days().events())
    again.step()
    assert [event.value for event in back.told if event.kind == "day"] == ["2026-01-11"]
