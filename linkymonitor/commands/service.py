"""``acquire`` as a service: READY, words for ``systemctl status``, and the watchdog, fed by the turns of the loop."""

# Strategy
#
# - READY means: each relay and lamp has its state for a start, the folder of the log is ours, and the port is open or
#   is being tried again. It does not wait for the meter: a meter may be silent for days.
# - The watchdog is fed at the end of a turn of the loop, in the one thread that does everything. So a sign of life
#   proves that the read came back, with a frame or with an honest silence, and that no output, no file and no callback
#   holds the loop up. A thread of its own would hide a hang.

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from linkymonitor.language import Text
from linkymonitor.model import counts
from linkymonitor.system.notify import Manager

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from linkymonitor.appliance import Appliance
    from linkymonitor.commands.reload import Reload

#: Seconds between two messages where the manager has no watchdog, and the most where it has one.
_EVERY = 10.0
#: So many messages come in the time that the watchdog allows.
_SIGNS = 3


class Service:
    """An appliance that a service manager watches.

    Args:
        manager: gets the messages.
        appliance: runs.
        zone: the time zone of the times in words.
        reload: reads the configuration again; None: it is read once.
    """

    def __init__(
        self,
        manager: Manager,
        appliance: Appliance,
        zone: ZoneInfo,
        reload: Reload | None = None,
    ) -> None:
        self._manager = manager
        self._appliance = appliance
        self._zone = zone
        self._every = min(_EVERY, (manager.watchdog or math.inf) / _SIGNS)
        self._next_sign = -math.inf
        self._reload = reload
        self._reload_wanted = False

    def reload_soon(self) -> None:
        """Ask that the configuration is read again after this turn of the loop; safe in a signal handler."""
        self._reload_wanted = True

    def run(self, until: float) -> None:
        """Run the appliance until the monotonic time *until*, and tell the manager what it needs to know."""
        try:
            self._manager.ready(self.words())
            self._appliance.follow(until, self._turned)
        finally:
            self._manager.stopping()
            self._appliance.close()

    def _turned(self, now: float) -> None:
        """Do what is due after a turn of the loop, at monotonic *now*: a reload, a sign of life."""
        if self._reload_wanted and self._reload is not None:
            self._reload_wanted = False
            self._manager.reloading()
            self._reload()
            self._manager.ready(self.words())
        if now >= self._next_sign:
            self._next_sign = now + self._every
            self._manager.alive(self.words())

    def words(self) -> Text:
        """Return how the meter is heard, and whether the configuration was refused, in one sentence."""
        if self._reload is not None and self._reload.refused:
            return self._heard() + Text(
                " ; réglages refusés, ceux d'avant restent", "; settings refused, those of before stay"
            )
        return self._heard()

    def _heard(self) -> Text:
        meter = self._appliance.meter
        name = meter.name
        if meter.away:
            return Text(
                f"{name} : absent ou ne s'ouvre pas, nouveaux essais",
                f"{name}: absent or does not open, trying again",
            )
        if meter.last_heard is None:
            return Text(
                f"{name} : aucune trame entendue encore",
                f"{name}: no frame heard yet",
            )
        health = meter.health
        ago = timedelta(seconds=self._appliance.clock.monotonic() - meter.last_heard)
        at = (self._appliance.timeline.read() - ago).astimezone(self._zone)
        rejected = sum(health.rejected.values())
        heard = Text(f"dernière trame à {at:%H:%M:%S} ; ", f"last frame at {at:%H:%M:%S}; ")
        heard += counts.frames(health.frames) + ", " + counts.rejected(rejected)
        if meter.mode is None:
            return heard
        mode, speed = meter.mode.value, health.speed
        return Text(f"{mode}, {speed} bauds ; ", f"{mode}, {speed} baud; ") + heard
