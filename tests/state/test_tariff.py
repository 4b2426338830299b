"""The tariff fold: what the newest frame says wins, what it cannot say stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.state.tariff import TariffFold

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)
METER = "000000000123"


def contract(option="EJP", mode=Mode.HISTORIQUE):
    return Contract(mode=mode, option=option, registers=("HN", "PM"), meter=METER)


def reading(**fields):
    defaults = {"taken_at": NOON, "mode": Mode.HISTORIQUE, "meter": METER, "contract": contract()}
    return Reading(**(defaults | fields))


@pytest.fixture
def fold():
    return TariffFold()


def test_nothing_is_known_before_the_first_frame(fold):
    assert fold.state.ejp is Ejp.UNKNOWN
    assert not fold.state.has_peaks
    assert fold.state.tariff_period is None


def test_a_frame_that_says_wins_at_once(fold):
    fold.update(reading(ejp=Ejp.NORMAL))
    assert fold.update(reading(ejp=Ejp.PEAK)).ejp is Ejp.PEAK


def test_a_frame_that_cannot_say_keeps_the_last_word(fold):
    fold.update(reading(ejp=Ejp.PEAK, tariff_period="PM.."))
    state = fold.update(reading(ejp=Ejp.UNKNOWN))
    assert (state.ejp, state.tariff_period) == (Ejp.PEAK, "PM..")


@pytest.mark.parametrize(
    ("option", "ejp", "peaks"),
    [
        pytest.param("EJP", Ejp.NORMAL, True, id="an EJP contract has peaks before the first one"),
        pytest.param("BASE", Ejp.NORMAL, False, id="base has none"),
        pytest.param("JOURS DE POINTE", Ejp.NOTICE, True, id="a market offer that gave a notice has"),
        pytest.param("JOURS DE POINTE", Ejp.PEAK, True, id="a market offer in a peak has"),
        pytest.param("TEMPO", Ejp.PEAK, False, id="the peaks of Tempo are its colours"),
    ],
)
def test_a_contract_has_peaks(fold, option, ejp, peaks):
    assert fold.update(reading(contract=contract(option), ejp=ejp)).has_peaks is peaks


def test_peaks_once_seen_are_remembered(fold):
    fold.update(reading(contract=contract("OFFRE"), ejp=Ejp.PEAK))
    assert fold.update(reading(contract=contract("OFFRE"), ejp=Ejp.NORMAL)).has_peaks


def test_a_peak_seen_before_the_contract_is_known_does_not_make_tempo_a_contract_with_peaks(fold):
    assert fold.update(reading(contract=None, ejp=Ejp.PEAK)).has_peaks
    assert not fold.update(reading(contract=contract("TEMPO"), ejp=Ejp.NORMAL)).has_peaks


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"contract": contract("BASE")}, id="contract"),
        pytest.param({"meter": "000000000999"}, id="meter"),
        pytest.param({"mode": Mode.STANDARD, "contract": contract(mode=Mode.STANDARD)}, id="mode"),
    ],
)
def test_another_contract_meter_or_mode_forgets_all(fold, change):
    fold.update(
        reading(ejp=Ejp.PEAK, tariff_period="PM..", overload=True, colour=Colour.RED, tomorrow=Colour.RED),
    )
    state = fold.update(reading(**change))
    assert state.ejp is Ejp.UNKNOWN
    assert (state.tariff_period, state.overload, state.colour, state.tomorrow) == (None, False, None, None)


def test_a_frame_that_lost_its_meter_and_contract_is_no_change(fold):
    fold.update(reading(ejp=Ejp.PEAK))
    state = fold.update(reading(meter=None, contract=None))
    assert (state.ejp, state.has_peaks, state.contract) == (Ejp.PEAK, True, contract())


def test_a_peak_goes_on_in_another_mode(fold):
    fold.update(reading(ejp=Ejp.PEAK))
    state = fold.update(reading(mode=Mode.STANDARD, contract=contract(mode=Mode.STANDARD), ejp=Ejp.PEAK))
    assert state.ejp is Ejp.PEAK


@pytest.mark.parametrize(
    ("frames", "overload"),
    [
        pytest.param([{"overload": True}], True, id="said"),
        pytest.param([{"overload": True, "short": True}], True, id="said by a short frame"),
        pytest.param([{"overload": True}, {"overload": False}], False, id="taken back"),
        pytest.param([{"overload": True}, {"overload": False, "short": True}], False, id="by a short frame"),
        pytest.param([{"overload": True}, {"overload": None}], True, id="a frame that cannot say"),
    ],
)
def test_an_overload_lasts_until_a_frame_takes_it_back(fold, frames, overload):
    for frame in frames:
        state = fold.update(reading(**frame))
    assert state.overload is overload


def test_the_colour_of_tomorrow_does_not_outlive_its_announcement(fold):
    """DEMAIN falls back to ---- when the day turns: yesterday's answer would be about today."""
    tempo = contract("TEMPO")
    fold.update(reading(contract=tempo, colour=Colour.BLUE, tomorrow=Colour.RED))
    state = fold.update(reading(contract=tempo, colour=Colour.RED))
    assert (state.colour, state.tomorrow) == (Colour.RED, None)


def test_the_colour_of_today_stays_when_a_frame_lost_it(fold):
    fold.update(reading(contract=contract("TEMPO"), colour=Colour.WHITE))
    assert fold.update(reading(contract=contract("TEMPO"))).colour is Colour.WHITE
