"""The pins of lamps and relays, which also work, as imagined pins, on a machine without GPIO."""

# Strategy
#
# - gpiozero is imported when the first pin is opened: a machine without lamp or relay never imports it.
# - A fault in the configuration (a pin that does not exist, a pin used twice) is a ConfigError. When the machine has
#   no pins, or no library for them, there is one WARN with the remedy, and the pin is imagined: it has a state that
#   the terminal can show, and the meter is read all the same.
# - Each backend of gpiozero raises its own errors (lgpio.error is a bare Exception). So Exception is caught, around
#   single calls of the library only.

from __future__ import annotations

import logging
import warnings
from typing import Any

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, cause
from linkymonitor.outputs.hardware import Hardware

log = logging.getLogger(__name__)

#: How many times a write is tried before it has failed.
TRIES = 3


#: Class of an error of gpiozero → its cause; the sentences of gpiozero are in English only.
_FAULTS = {
    "BadPinFactory": Text("aucune bibliothèque de broches ne se charge", "no library for pins can be loaded"),
    "PinUnknownPi": Text(
        "cette machine n'est pas un Raspberry Pi connu", "this machine is no known Raspberry Pi"
    ),
}


def fault_of(error: Exception) -> Text:
    """Return the cause of *error*, which gpiozero or one of its backends raised, in both languages."""
    kind = type(error).__name__
    if kind in _FAULTS:
        return _FAULTS[kind]
    if isinstance(error, ImportError):
        return Text(f"un module ne se charge pas ({error})", f"a module does not load ({error})")
    if isinstance(error, OSError) and error.errno is not None:
        return cause(error)
    return Text(f"panne ({kind} : {error})", f"failure ({kind}: {error})")


def simulated_pins() -> Any:
    """Return a gpiozero pin factory whose pins exist in memory only, for a demonstration or a test."""
    from gpiozero.pins.mock import MockFactory

    return MockFactory()


class Pin:
    """An output pin, which has its initial state from the moment it is opened.

    Args:
        number: the GPIO number.
        active_high: True when the high level is "on".
        on: the initial state.
        hardware: has the gpiozero pin factory, in ``pins``.
        place: the section of the pin in messages, such as ``[relay:heater]``.

    Raises:
        ConfigError: the pin does not exist or is used already.
    """

    def __init__(self, number: int, *, active_high: bool, on: bool, hardware: Hardware, place: str) -> None:
        #: The state after the last write that succeeded.
        self.on = on
        #: True from a write that failed to the next write that succeeds.
        self.failing = False
        self._place = place
        self._device = self._open(number, active_high, hardware)
        #: True when this machine has no pins: then the state is only a variable.
        self.imagined = self._device is None

    def set(self, on: bool) -> None:
        """Set the pin to *on*. A failure is logged once; the next call tries again."""
        if on == self.on and not self.failing:
            return
        error = self._write(on)
        if error is None:
            self.on = on
        if (error is not None) == self.failing:
            return
        self.failing = error is not None
        if error is not None:
            text = Text(
                "%s : la broche n'a pas pris l'état %d en %d essais (%s) ; vérifiez câblage et alimentation",
                "%s: the pin did not take state %d in %d tries (%s); check the wiring and the supply",
            )
            log.error(text, self._place, on, TRIES, fault_of(error))
        else:
            log.info(Text("%s : la broche répond de nouveau", "%s: the pin answers again"), self._place)

    def close(self) -> None:
        """Release the pin; it becomes an input."""
        device, self._device = self._device, None
        if device is None:
            return
        try:
            device.close()
        except Exception as error:
            text = Text("%s : broche non rendue (%s)", "%s: pin not given back (%s)")
            log.warning(text, self._place, fault_of(error))

    def _write(self, on: bool) -> Exception | None:
        """Return None when the pin has taken the state *on*, else the error of the last try."""
        if self._device is None:
            return None
        last: Exception | None = None
        for _ in range(TRIES):
            try:
                self._device.value = on
            except Exception as error:
                last = error
            else:
                return None
        return last

    def _open(self, number: int, active_high: bool, hardware: Hardware) -> Any:
        try:
            # gpiozero warns of each backend that it cannot load; our own message has the remedy.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import gpiozero

                return gpiozero.OutputDevice(
                    number, active_high=active_high, initial_value=self.on, pin_factory=hardware.pins
                )
        except Exception as error:
            kind = type(error).__name__
            if kind == "GPIOPinInUse":
                raise ConfigError(
                    Text(
                        f"{self._place} pin = {number} : déjà prise par une autre lampe ou un autre relais",
                        f"{self._place} pin = {number}: already used by another lamp or relay",
                    )
                ) from error
            if kind == "PinInvalidPin":
                raise ConfigError(
                    Text(
                        f"{self._place} pin = {number} : cette carte n'a pas de broche de ce numéro",
                        f"{self._place} pin = {number}: this board has no such pin",
                    )
                ) from error
            text = Text(
                "%s : pas de broches GPIO ici (%s) ; sur un Raspberry Pi, installez python3-lgpio,"
                " ajoutez l'utilisateur au groupe gpio, puis relancez",
                "%s: no GPIO pins here (%s); on a Raspberry Pi install python3-lgpio, add the user to the"
                " gpio group, then restart",
            )
            log.warning(text, self._place, fault_of(error))
            return None
