"""Rules: pure decisions about a relay."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs import rules
from linkymonitor.outputs.rules import AvoidEjp, Periods

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)


def view(period=None, told=None, ejp=Ejp.UNKNOWN):
    """Return a view: *period* is in the frame, and *told* is the last period that is known."""
    reading = Reading(taken_at=NOON, mode=Mode.HISTORIQUE, tariff_period=period)
    return View(reading=reading, tariff=TariffState(tariff_period=told, ejp=ejp))


@pytest.mark.parametrize(
    ("periods", "period", "on"),
    [
        pytest.param(("HC",), "HC..", True, id="off-peak hours"),
        pytest.param(("HC",), "HP..", False, id="peak hours"),
        pytest.param(("hc",), "HC..", True, id="in lower case"),
        pytest.param(("HC..",), "HC..", True, id="with the dots of the wire"),
        pytest.param(("HN",), "PM..", False, id="mobile peak"),
        pytest.param(("HCJB", "HCJW"), "HCJW", True, id="one of two"),
        pytest.param(("HCJB", "HCJW"), "HCJR", False, id="none of two"),
        pytest.param(("F03",), "F03", True, id="a market offer"),
        pytest.param(("F03",), "F01", False, id="another index of it"),
    ],
)
@pytest.mark.parametrize("now_on", [True, False])
def test_periods_is_on_in_its_periods_and_off_in_the_others(periods, period, on, now_on):
    assert Periods(periods=periods).wants(view(period), now_on, None) == (on, None)


@pytest.mark.parametrize("now_on", [True, False])
def test_periods_goes_by_the_last_period_told_when_the_frame_has_none(now_on):
    assert Periods(periods=("HC",)).wants(view(None, told="HC.."), now_on, None).on
    assert not Periods(periods=("HC",)).wants(view(None, told="HP.."), now_on, None).on


@pytest.mark.parametrize("now_on", [True, False])
def test_periods_stays_as_it_is_while_no_period_was_ever_told(now_on):
    assert Periods(periods=("HC",)).wants(view(), now_on, None).on is now_on


@pytest.mark.parametrize("ejp", Ejp)
@pytest.mark.parametrize("now_on", [True, False])
def test_ejp_is_on_only_when_no_peak_is_announced_nor_in_progress_nor_possible(ejp, now_on):
    assert AvoidEjp().wants(view(ejp=ejp), now_on, None).on is (ejp is Ejp.NORMAL)


def test_every_rule_is_found_by_its_name():
    assert rules.find("periods") is Periods
    assert rules.find("ejp") is AvoidEjp
    assert rules.find("EJP") is AvoidEjp
    assert set(rules.names()) == {"periods", "ejp"}


def test_a_rule_takes_its_settings_from_the_keys_of_the_same_name():
    settings = SimpleNamespace(pin=17, periods=("hc", "HP.."))
    assert rules.build("periods", settings) == Periods(periods=("HC", "HP"))
    assert rules.build("ejp", settings) == AvoidEjp()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("name", "periods", "fault"),
    [
        pytest.param("tide", (), "rule = tide: unknown, expected one of ejp, periods", id="no such rule"),
        pytest.param("periods", (), "periods: missing", id="no period"),
        pytest.param("periods", ("HC", "HX"), "periods = HX: unknown", id="no such period"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_one_sentence(name, periods, fault):
    with pytest.raises(ValueError, match=fault):
        rules.build(name, SimpleNamespace(periods=periods))
