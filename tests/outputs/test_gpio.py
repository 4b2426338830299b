"""The faults of pins, in both languages whatever the library says."""

from __future__ import annotations

import pytest
from gpiozero import BadPinFactory
from gpiozero.pins.mock import MockFactory, MockPin

from linkymonitor.language import speak
from linkymonitor.outputs.gpio import Pin, fault_of
from linkymonitor.outputs.hardware import Hardware


@pytest.mark.parametrize(
    ("error", "fr", "en"),
    [
        pytest.param(
            BadPinFactory("Unable to load any default pin factory!"),
            "aucune bibliothèque de broches ne se charge",
            "no library for pins can be loaded",
            id="no library",
        ),
        pytest.param(
            ModuleNotFoundError("No module named 'lgpio'"),
            "un module ne se charge pas (No module named 'lgpio')",
            "a module does not load (No module named 'lgpio')",
            id="a library that does not load",
        ),
        pytest.param(
            PermissionError(13, "Permission denied"), "accès refusé", "Permission denied", id="the system"
        ),
        pytest.param(
            RuntimeError("odd"),
            "panne (RuntimeError : odd)",
            "failure (RuntimeError: odd)",
            id="anything else",
        ),
    ],
)
def test_a_fault_of_the_library_has_a_cause_in_both_languages(error, fr, en):
    assert (fault_of(error).fr, fault_of(error).en) == (fr, en)


def test_a_pin_that_refuses_its_state_is_logged_in_the_language_of_the_terminal(caplog):
    class Refusing(MockPin):
        refusing = False

        def _set_state(self, value):
            if self.refusing:
                raise OSError(5, "Input/output error")
            super()._set_state(value)

    factory = MockFactory(pin_class=Refusing)
    pin = Pin(17, active_high=True, on=False, hardware=Hardware(pins=factory), place="[relay:tank]")
    Refusing.refusing = True
    speak("fr")
    pin.set(True)
    assert "en 3 essais (erreur d'entrée-sortie)" in caplog.text
    Refusing.refusing = False
    pin.close()
    factory.reset()
