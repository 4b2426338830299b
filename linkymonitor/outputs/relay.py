"""A relay on a pin, driven by a rule; it takes a safe state when the data are old."""

# Strategy
#
# - "On" means that the coil is fed; active_high decides which level of the pin feeds the coil.
# - A relay is in its fail state at the start, after a stop, and while the last believed frame is more than 15 s old.
#   After a kill or a crash `linkymonitor safe` puts it there. The fail state should be the coil at rest: only it
#   lasts through a power cut. The other state needs the setting energised_fail_state_accepted.
# - A service that has just started leaves its relays in the fail state for a while (Hardware.relays_from): a program
#   that dies again and again must not make a contactor rattle.
# - The only time is the monotonic one that the caller gives to tick(), so a wrong wall clock moves no relay.

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
        ConfigError: the pin does not exist or is used already.
    """

    def __init__(self, settings: Settings, hardware: Hardware) -> None:
        self._place = f"[relay:{settings.name}]"
        self._rule = rules.build(settings.rule, settings)
        self._memory: Any = None
        self._fail_state = bool(settings.fail_state)
        self._wanted = self._fail_state
        self._from = hardware.relays_from
        # Before the first frame the relay behaves as with old data, but logs nothing.
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
        """Ask the rule for its decision on *view*, and set the relay at once."""
        self._stale = False
        try:
            if view.now < self._from:
                return
            self._wanted, self._memory = self._rule.wants(view, self._pin.on, self._memory)
        except Exception:
            # A rule that raises must not keep its last decision as long as frames come. Its memory may be the cause
            # of the error, so it is dropped.
            self._wanted, self._memory = self._fail_state, None
            self._take(self._fail_state)
            raise
        self._take(self._wanted)

    def tick(self, now: float, data_age: float) -> float:
        """Take the fail state when the data are old; return the monotonic time at which they will be."""
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
        """Take the fail state and release the pin."""
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


#: The name under which every module of an output has its class.
Output = Relay
