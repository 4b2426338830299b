"""Lamps on gpiozero's mock pins: patterns in time, and the pattern of old data."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from linkymonitor.errors import ConfigError
from linkymonitor.language import speak
from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs import led
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.led import Lamp, Settings, Shows, at

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)


@pytest.fixture
def pins():
    factory = MockFactory()
    yield factory
    factory.reset()


def view(ejp=Ejp.NORMAL, now=100.0):
    return View(reading=Reading(taken_at=NOON, mode=Mode.HISTORIQUE), tariff=TariffState(ejp=ejp), now=now)


def lamp(pins, **given):
    return Lamp(Settings(name="ejp", **given), Hardware(pins=pins, lang="en"))


def watch(light, start, end, heard=math.inf):
    """Tick the lamp *one* from *start* to *end*, at the times that it asks for; return the changes as (time, lit).

    The last frame came at *heard*; by default, one comes at each tick.
    """
    changes = []
    now = start
    while now <= end:
        before = light.on
        deadline = light.tick(now, max(0.0, now - heard))
        assert deadline > now
        if light.on is not before:
            changes.append((round(now, 3), light.on))
        now = deadline
    return changes


def test_the_lamp_is_on_pin_25_and_dark_at_first(pins):
    light = lamp(pins)
    assert not light.on
    assert [state.state for state in pins.pin(25).states] == [False]


@pytest.mark.parametrize(
    ("ejp", "changes"),
    [
        pytest.param(Ejp.NORMAL, [(100.05, False), (130.0, True), (130.05, False)], id="a wink each 30 s"),
        pytest.param(Ejp.NOTICE, [(100.0 + n, n % 2 == 0) for n in range(1, 41)], id="slow blinking"),
        pytest.param(Ejp.PEAK, [], id="steady"),
    ],
)
def test_each_state_of_the_tariff_has_its_pattern(pins, ejp, changes):
    light = lamp(pins)
    light.update(view(ejp))
    assert light.on, "the pattern begins within the update"
    assert watch(light, 100.0, 140.0) == changes


def test_an_unknown_state_winks_twice_each_four_seconds(pins):
    light = lamp(pins)
    light.update(view(Ejp.UNKNOWN))
    assert watch(light, 100.0, 104.2) == [
        (100.1, False),
        (100.3, True),
        (100.4, False),
        (104.0, True),
        (104.1, False),
    ]


def test_no_frame_yet_looks_like_an_unknown_state(pins):
    light = lamp(pins)
    light.tick(50.0, math.inf)
    assert light.on
    assert watch(light, 50.0, 51.0, heard=-math.inf) == [(50.1, False), (50.3, True), (50.4, False)]


def test_a_peak_is_not_shown_any_more_when_the_data_are_old(pins):
    light = lamp(pins)
    light.update(view(Ejp.PEAK))
    changes = watch(light, 100.0, 120.0, heard=100.0)
    assert changes[:3] == [(115.1, False), (115.3, True), (115.4, False)]


def test_the_peak_is_shown_again_with_the_first_frame(pins):
    light = lamp(pins)
    light.update(view(Ejp.PEAK))
    watch(light, 100.0, 118.0, heard=100.0)
    assert not light.on
    light.update(view(Ejp.PEAK, now=118.5))
    assert light.on


def test_frames_that_say_the_same_do_not_disturb_the_pattern(pins):
    light = lamp(pins)
    lit = []
    for tenth in range(100):
        light.update(view(Ejp.NOTICE, now=100.0 + tenth / 10))
        lit.append(light.on)
    assert lit == [second % 2 == 0 for second in range(10) for _ in range(10)]


def test_a_change_is_shown_within_the_update(pins):
    light = lamp(pins)
    states = []
    for moment, ejp in enumerate([Ejp.NORMAL, Ejp.NOTICE, Ejp.PEAK, Ejp.NORMAL]):
        light.tick(100.5 + moment * 10, 0.0)
        light.update(view(ejp, now=101.0 + moment * 10))
        states.append(light.on)
    assert states == [True] * 4


def test_late_ticks_do_not_shift_the_pattern(pins):
    """After a year of late ticks the pattern still begins on time."""
    light = lamp(pins)
    light.update(view(Ejp.NOTICE))
    for second in range(0, 365 * 86400, 86399):
        light.tick(100.0 + second + 0.3, 0.0)
        assert light.on is (second % 2 == 0)


def test_the_link_lamp_flashes_at_each_frame(pins):
    light = lamp(pins, shows=Shows.LINK)
    light.update(view(now=100.0))
    assert watch(light, 100.0, 101.5, heard=100.0) == [(100.1, False)]
    light.update(view(now=101.5))
    assert light.on
    assert watch(light, 101.5, 103.0, heard=101.5) == [(101.6, False)]


def test_the_link_lamp_says_that_the_meter_is_silent(pins):
    light = lamp(pins, shows=Shows.LINK)
    light.update(view(now=100.0))
    assert watch(light, 100.0, 115.2, heard=100.0) == [(100.1, False), (115.0, True), (115.1, False)]


def test_a_lamp_that_a_low_level_lights(pins):
    light = lamp(pins, active_high=False)
    assert pins.pin(25).state
    light.update(view(Ejp.PEAK))
    assert not pins.pin(25).state
    light.close()
    assert [bool(state.state) for state in pins.pin(25).states] == [False, True, False, True]


def test_a_stop_leaves_the_lamp_dark_and_the_pin_free(pins):
    light = lamp(pins)
    light.update(view(Ejp.PEAK))
    light.close()
    light.close()
    assert not light.on
    assert not pins.pin(25).state
    lamp(pins)


@pytest.mark.usefixtures("english")
def test_settings_name_a_pin_that_exists():
    with pytest.raises(ValueError, match="pin = 40: expected a GPIO number from 0 to 27"):
        Settings(pin=40)


@pytest.mark.usefixtures("english")
def test_a_pin_used_twice_is_a_fault_of_the_configuration(pins):
    first = lamp(pins)
    with pytest.raises(ConfigError, match=r"\[lamp:ejp\] pin = 25: already used"):
        lamp(pins)
    first.close()


@pytest.mark.parametrize(
    ("lang", "cure"),
    [
        (
            "fr",
            "ici (aucune bibliothèque de broches ne se charge) ; sur un Raspberry Pi, installez python3-lgpio",
        ),
        ("en", "here (no library for pins can be loaded); on a Raspberry Pi install python3-lgpio"),
    ],
)
def test_without_gpio_the_lamp_is_imagined_and_one_warning_names_the_cure(monkeypatch, caplog, lang, cure):
    """The real search for a pin factory fails, with the warnings of gpiozero."""
    if Path("/proc/device-tree/model").exists():
        pytest.skip("this machine may have GPIO pins, and something on pin 25")
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(Device, "pin_factory", None)
    speak(lang)
    light = Lamp(Settings(name="ejp"), Hardware())
    light.update(view(Ejp.PEAK))
    assert light.on
    light.close()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert cure in record.getMessage()


PATTERNS = {name: value for name, value in vars(led).items() if name.isupper() and isinstance(value, tuple)}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
@settings(deadline=None)
@given(elapsed=st.floats(0.0, 1e8))
def test_a_pattern_is_lit_for_as_long_as_it_says(pattern, elapsed):
    lit, remaining = at(pattern, elapsed)
    assert remaining > 0
    if remaining > 1e-5:  # below, the sum is rounded over the edge
        assert lit is at(pattern, elapsed + min(remaining, 1e6) * 0.9)[0]
    if remaining < math.inf:
        assert at(pattern, elapsed + remaining + 1e-6)[0] is not lit


def test_the_last_instant_of_a_turn_lost_to_rounding_belongs_to_the_next():
    pattern = ((0.1, 0.2),) * 3
    whole = sum(on + off for on, off in pattern)
    assert at(pattern, math.nextafter(whole, 0)) == (True, 0.1)
