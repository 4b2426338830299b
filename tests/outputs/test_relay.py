"""Relays on gpiozero's mock pins: the decision of the rule, at once, and the fail state when the meter is silent."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkymonitor.errors import ConfigError
from linkymonitor.language import speak
from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs import rules
from linkymonitor.outputs.base import NEVER
from linkymonitor.outputs.gpio import simulated_pins
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.relay import PIN_RETRY, Relay, Settings
from linkymonitor.system.clock import WireClock
from tests.support.extent import extent

pytestmark = pytest.mark.usefixtures("english")

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)


@pytest.fixture
def pins():
    factory = MockFactory()
    yield factory
    factory.reset()


def view(period="HC..", ejp=Ejp.NORMAL, now=100.0):
    reading = Reading(taken_at=NOON, mode=Mode.HISTORIQUE, tariff_period=period)
    return View(reading=reading, tariff=TariffState(tariff_period=period, ejp=ejp), now=now)


def options(**given):
    return Settings(
        **({"pin": 17, "rule": "periods", "periods": ("HC",), "fail_state": False, "name": "tank"} | given)
    )


def relay(pins, **given):
    return Relay(options(**given), Hardware(pins=pins, lang="en"))


def levels(pins, pin=17):
    """Return the levels of the pin, in order; the first is from before the relay, when the pin was an input."""
    return [bool(state.state) for state in pins.pin(pin).states]


class StuckPin(MockPin):
    """A pin whose next *failures* writes fail."""

    failures = 0
    writes = 0

    def _set_state(self, value):
        StuckPin.writes += 1
        if StuckPin.failures > 0:
            StuckPin.failures -= 1
            raise OSError(5, "Input/output error")
        super()._set_state(value)


@pytest.fixture
def stuck():
    StuckPin.failures = StuckPin.writes = 0
    factory = MockFactory(pin_class=StuckPin)
    yield factory
    factory.reset()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param(
            {"fail_state": None}, "fail_state: missing.* write fail_state = off", id="no fail state"
        ),
        pytest.param({"fail_state": True}, "fail_state = on: needs the coil fed", id="a coil to be fed"),
        pytest.param({"pin": 28}, "pin = 28: expected a GPIO number from 0 to 27", id="no such pin"),
        pytest.param({"pin": -1}, "pin = -1: expected", id="a negative pin"),
        pytest.param({"rule": "tide"}, "rule = tide: unknown", id="no such rule"),
        pytest.param({"periods": ()}, "periods: missing", id="no period"),
        pytest.param({"rule": "ejp"}, "periods: not for rule = ejp", id="a key of another rule"),
    ],
)
def test_settings_that_are_not_safe_or_not_clear_are_refused(given, fault):
    with pytest.raises(ValueError, match=fault):
        options(**given)


def test_a_fed_fail_state_can_be_accepted_by_name(pins):
    heater = relay(pins, fail_state=True, energised_fail_state_accepted=True)
    assert heater.on
    heater.update(view("HP.."))
    heater.tick(now=116.0, data_age=15.1)
    assert levels(pins) == [False, True, False, True]


@pytest.mark.parametrize(
    ("active_high", "start"),
    [
        pytest.param(True, [False], id="a high level feeds: low from the first instruction"),
        pytest.param(False, [False, True], id="a low level feeds: high from the first instruction"),
    ],
)
def test_the_relay_starts_in_its_fail_state_without_a_glitch(pins, active_high, start):
    heater = relay(pins, active_high=active_high)
    assert levels(pins) == start
    assert pins.pin(17).function == "output"
    assert not heater.on
    assert heater.tick(now=5.0, data_age=math.inf) == NEVER
    assert levels(pins) == start


@pytest.mark.parametrize("active_high", [True, False])
def test_the_rule_is_obeyed_within_the_update(pins, active_high):
    heater = relay(pins, active_high=active_high)
    for period, on in [("HP..", False), ("HC..", True), ("HC..", True), ("HP..", False), ("HC..", True)]:
        heater.update(view(period))
        assert heater.on is on
        assert pins.pin(17).state is (on is active_high)


def test_the_ejp_rule_is_off_from_the_notice_to_the_end_of_the_peak(pins):
    heater = relay(pins, rule="ejp", periods=())
    course = [Ejp.UNKNOWN, Ejp.NORMAL, Ejp.NOTICE, Ejp.PEAK, Ejp.NORMAL]
    states = []
    for ejp in course:
        heater.update(view(ejp=ejp))
        states.append(heater.on)
    assert states == [False, True, False, False, True]


def test_the_relay_is_released_when_the_data_are_old(pins):
    heater = relay(pins)
    heater.update(view())
    heater.tick(now=115.0, data_age=15.0)
    assert heater.on
    heater.tick(now=115.1, data_age=15.1)
    pins.pin(17).assert_states([False, True, False])
    assert levels(pins) == [False, True, False]


def test_crashes_in_a_row_do_not_make_the_relay_rattle(pins):
    """Each start leaves it in its fail state for half a minute, whatever the frames of that time ask for."""
    hardware = Hardware(pins=pins, lang="en", relays_from=130.0)
    made = Relay(options(), hardware)
    for now in (101.0, 115.0, 129.9):
        made.update(view(now=now))
        made.tick(now, 0.5)
        assert not made.on
    assert levels(pins) == [False]
    made.update(view(now=130.0))
    assert made.on


def test_the_deadline_is_the_moment_at_which_the_data_get_old(pins):
    heater = relay(pins)
    heater.update(view(now=100.0))
    deadline = heater.tick(now=101.0, data_age=1.0)
    assert deadline == pytest.approx(115.0, abs=0.001)
    assert heater.tick(now=deadline, data_age=deadline - 100.0) == NEVER
    assert not heater.on


def test_the_relay_obeys_again_at_the_first_frame_after_a_silence(pins):
    heater = relay(pins)
    heater.update(view())
    heater.tick(now=200.0, data_age=100.0)
    heater.update(view(now=201.0))
    assert levels(pins) == [False, True, False, True]


def test_a_stop_takes_the_fail_state_and_gives_the_pin_back(pins):
    heater = relay(pins)
    heater.update(view())
    heater.close()
    heater.close()
    assert levels(pins) == [False, True, False]
    assert not heater.on
    relay(pins)


def test_a_silence_is_told_once(pins, caplog):
    heater = relay(pins)
    heater.tick(now=50.0, data_age=math.inf)
    assert not caplog.records
    heater.update(view())
    for now in range(120, 130):
        heater.tick(now=float(now), data_age=now - 100.0)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "[relay:tank]: no frame for 20 s, relay off to be safe"
    ]


def test_each_change_is_told(pins, caplog):
    caplog.set_level(logging.INFO)
    heater = relay(pins)
    for period in ("HC..", "HC..", "HP.."):
        heater.update(view(period))
    assert [record.getMessage() for record in caplog.records] == ["[relay:tank]: on", "[relay:tank]: off"]


def test_a_pin_used_twice_is_a_fault_of_the_configuration(pins):
    first = relay(pins)
    with pytest.raises(ConfigError, match=r"\[relay:other\] pin = 17: already used"):
        relay(pins, name="other")
    assert not first.on


def test_a_pin_that_the_board_has_not_is_a_fault_of_the_configuration():
    oldest = MockFactory(revision="0002")
    try:
        with pytest.raises(ConfigError, match=r"\[relay:tank\] pin = 27: this board has no such pin"):
            relay(oldest, pin=27)
    finally:
        oldest.reset()


def test_a_relay_on_simulated_pins_needs_no_hardware(caplog):
    pins = simulated_pins()
    heater = relay(pins)
    heater.update(view())
    assert levels(pins) == [False, True]
    heater.close()
    pins.reset()
    assert not caplog.records


def test_without_gpio_the_relay_is_imagined_and_one_warning_names_the_cure(monkeypatch, caplog):
    speak("fr")
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "lgpio-that-is-not-there")
    monkeypatch.setattr(Device, "pin_factory", None)
    heater = Relay(options(), Hardware(lang="fr"))
    heater.update(view())
    assert heater.on
    heater.tick(now=200.0, data_age=100.0)
    assert not heater.on
    heater.close()
    faults = [record for record in caplog.records if "GPIO" in record.getMessage()]
    assert [record.levelname for record in faults] == ["WARNING"]
    assert "installez python3-lgpio" in faults[0].getMessage()
    changes = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert changes == [
        "[relay:tank] : collé (imaginé : pas de broche ici)",
        "[relay:tank] : au repos (imaginé : pas de broche ici)",
    ]


def test_a_write_that_fails_is_tried_three_times_in_the_same_call(stuck, caplog):
    heater = relay(stuck)
    StuckPin.failures = 2
    heater.update(view())
    assert heater.on
    assert levels(stuck) == [False, True]
    assert not caplog.records


def test_a_write_that_goes_on_failing_is_one_error_and_is_tried_again(stuck, caplog):
    caplog.set_level(logging.INFO)
    heater = relay(stuck)
    StuckPin.writes, StuckPin.failures = 0, 7
    heater.update(view(now=100.0))
    assert StuckPin.writes == 3
    assert not heater.on
    assert heater.tick(now=100.1, data_age=0.1) == 100.1 + PIN_RETRY
    heater.tick(now=101.1, data_age=1.1)
    assert heater.on
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO", "INFO"]
    assert "did not take state 1 in 3 tries" in caplog.records[0].getMessage()


def test_a_fail_state_that_the_pin_refused_is_tried_until_it_holds(stuck):
    heater = relay(stuck)
    heater.update(view())
    StuckPin.failures = 5
    deadline = heater.tick(now=116.0, data_age=16.0)
    assert levels(stuck) == [False, True]
    heater.tick(now=deadline, data_age=deadline - 100.0)
    assert levels(stuck) == [False, True, False]


def test_a_pin_that_cannot_be_given_back_does_not_stop_the_stop(pins, caplog):
    class Sticky(MockPin):
        busy = True

        def close(self):
            if Sticky.busy:
                Sticky.busy = False  # gpiozero tries again when its object is collected
                raise OSError(16, "Device or resource busy")
            super().close()

    pins.pin_class = Sticky
    heater = relay(pins)
    heater.update(view())
    heater.close()
    assert levels(pins) == [False, True, False]
    assert "pin not given back (Device or resource busy)" in caplog.text


def test_a_rule_with_a_fault_leaves_the_relay_in_its_fail_state(pins):
    """Frames go on, so the data never grow old."""
    heater = relay(pins)
    heater.update(view())
    with pytest.raises(AttributeError):
        heater.update(None)
    assert not heater.on
    heater.tick(now=101.0, data_age=1.0)
    assert not heater.on


@dataclass(frozen=True, kw_only=True)
class Hold:
    """On in HC, and for a minute at least; its memory is the time since which it is on. It raises in a period XX."""

    def wants(self, view, now_on, memory):
        if view.reading.tariff_period == "XX":
            raise ValueError("XX")
        since = memory if now_on else None
        on = view.reading.tariff_period == "HC.." or (since is not None and view.now - since < 60)
        return rules.Decision(on, view.now if on and since is None else since)


@pytest.fixture
def holding(pins, monkeypatch):
    """Return a relay with a rule that has a memory."""
    monkeypatch.setattr(rules, "Hold", Hold, raising=False)
    return relay(pins, rule="hold", periods=())


def test_a_rule_is_given_again_what_it_remembered(holding):
    for now, period, on in [
        (100, "HC..", True),
        (159, "HP..", True),
        (160, "HP..", False),
        (161, "HP..", False),
    ]:
        holding.update(view(period, now=now))
        assert holding.on is on, now


def test_the_memory_of_a_rule_lasts_over_a_silence_and_now_on_tells_of_it(holding):
    holding.update(view("HC..", now=100.0))
    holding.tick(now=116.0, data_age=15.1)
    assert not holding.on
    holding.update(view("HP..", now=120.0))
    assert not holding.on


def test_a_rule_that_raised_remembers_nothing(holding):
    holding.update(view("HC..", now=100.0))
    with pytest.raises(ValueError, match="XX"):
        holding.update(view("XX", now=101.0))
    assert not holding.on
    holding.update(view("HC..", now=150.0))
    holding.update(view("HP..", now=161.0))
    assert holding.on


FRAMES = st.tuples(st.just("frame"), st.sampled_from(["HC..", "HP..", None]))
WAITS = st.tuples(st.just("wait"), st.floats(0.01, 40.0))
JUMPS = st.tuples(st.just("jump"), st.integers(-50 * 365, 50 * 365))


class Truth:
    """The expected state of the coil at any time, computed from the schedule alone."""

    def __init__(self, fail_state):
        self.fail_state = fail_state
        self.heard = None
        self.ruled = fail_state

    def frame(self, now, period):
        before = self.at(now)
        self.heard = now
        self.ruled = before if period is None else period == "HC.."

    def at(self, now):
        # A float for 15 s may be 15.0000000000001.
        return self.fail_state if self.heard is None or now - self.heard > 15.0 + 1e-9 else self.ruled


@pytest.mark.campaign
@settings(max_examples=extent(200, 1000), deadline=None)
@example(
    [("wait", 1.5627367271269748), ("wait", 8.328437621473935), ("frame", "HP.."), ("wait", 15.0)],
    False,
    True,
)
@given(st.lists(st.one_of(FRAMES, WAITS, WAITS, JUMPS), max_size=30), st.booleans(), st.booleans())
def test_whatever_happens_the_coil_is_as_the_rule_or_the_fail_state_says(schedule, active_high, fail_state):
    """Ticks come only when the relay asks for them; the wall clock jumps by up to fifty years."""
    pins = MockFactory()
    clock = WireClock(NOON)
    heater = Relay(
        options(active_high=active_high, fail_state=fail_state, energised_fail_state_accepted=True),
        Hardware(pins=pins, lang="en", clock=clock),
    )
    truth = Truth(fail_state)

    def check():
        fed = pins.pin(17).state is active_high
        assert fed is heater.on
        assert fed is truth.at(clock.monotonic())

    def tick():
        age = math.inf if truth.heard is None else clock.monotonic() - truth.heard
        return heater.tick(clock.monotonic(), age)

    try:
        deadline = tick()
        for what, value in schedule:
            if what == "frame":
                truth.frame(clock.monotonic(), value)
                heater.update(view(value, now=clock.monotonic()))
                deadline = tick()
            elif what == "jump":
                clock.set(NOON + timedelta(days=value))
            else:
                until = clock.monotonic() + value
                while deadline <= until:
                    clock.advance(max(0.0, deadline - clock.monotonic()))
                    deadline = tick()
                    check()
                clock.advance(until - clock.monotonic())
            check()
        heater.close()
        assert heater.on is fail_state
    finally:
        pins.reset()
