"""A relay on a pin, driven by a rule, safe when the data are old."""

# Strategy
#
# - "On" means that the coil is fed; active_high says which level of the pin feeds it.
# - The fail state is the one at start, at a stop, and from 15 s after the last complete frame on. It should
#   be the state of a coil at rest, because that is the only one that survives a power cut, a kill or a
#   crash: the other has to be accepted by name.
# - Time is the monotonic one that tick() is given: no clock is read here, so none can be wrong.

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.outputs import rules
from linkymonitor.outputs.base import NEVER, ROUNDING
from linkymonitor.outputs.gpio import Pin
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.sections import RelaySettings as Settings

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

log = logging.getLogger(__name__)

#: Seconds before a pin that refused its state is tried again.
PIN_RETRY = 1.0


class Relay:
    """One relay.

    Raises:
        ConfigError: when the pin does not exist or is used already.
    """

    def __init__(self, settings: Settings, hardware: Hardware) -> None:
        self._place = f"[relay:{settings.name}]"
        self._rule = rules.build(settings.rule, settings)
        self._memory: Any = None
        self._fail_state = bool(settings.fail_state)
        self._wanted = self._fail_state
        # Nothing has been heard yet, which is how old data are treated, without a message.
        self._stale = True
        self._pin = Pin(
            settings.pin,
            active_high=settings.active_high,
            on=self._fail_state,
            hardware=hardware,
            place=self._place,
        )

    @property
    def on(self) -> bool:
        """Whether the coil is fed."""
        return self._pin.on

    def update(self, view: View) -> None:
        """Do at once what the rule wants, given *view*."""
        self._stale = False
        try:
            self._wanted, self._memory = self._rule.wants(view, self._pin.on, self._memory)
        except Exception:
            # A rule with a fault must not hold its last decision for as long as frames keep coming. It begins anew,
            # for its memory may be what it stumbles over.
            self._wanted, self._memory = self._fail_state, None
            self._take(self._fail_state)
            raise
        self._take(self._wanted)

    def tick(self, now: float, data_age: float) -> float:
        """Take the fail state when the data are old; return when that will be."""
        if data_age > TRUSTED_FOR and not self._stale:
            self._stale = True
            self._wanted = self._fail_state
            text = Text(
                "%s : aucune trame depuis %d s, relais %s par sécurité",
                "%s: no frame for %d s, relay %s to be safe",
            )
            log.warning(text, self._place, int(data_age), self._word(self._fail_state))
        self._take(self._wanted)
        if self._pin.failing:
            return now + PIN_RETRY
        return NEVER if self._stale else now + max(0.0, TRUSTED_FOR - data_age) + ROUNDING

    def close(self) -> None:
        """Take the fail state and give the pin back."""
        self._wanted = self._fail_state
        self._take(self._fail_state)
        self._pin.close()

    def _take(self, on: bool) -> None:
        before = self._pin.on
        self._pin.set(on)
        if self._pin.on != before:
            text = Text("%s : %s", "%s: %s")
            if self._pin.imagined:
                text += Text(" (imaginé : pas de broche ici)", " (imagined: there is no pin here)")
            log.info(text, self._place, self._word(on))

    @staticmethod
    def _word(on: bool) -> Text:
        return Text("collé" if on else "au repos", "on" if on else "off")


#: The name under which a module of outputs shows its class.
Output = Relay
