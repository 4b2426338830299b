"""A lamp on a pin: it announces mobile peaks, or shows that the meter is heard."""

# Strategy
#
# - A pattern is data: (seconds on, seconds off) again and again from the moment it began. The phase is
#   always computed from that moment, so late ticks do not add up and no thread is needed.
# - A dark lamp means that nothing works: every pattern gives a sign of life, and old data are never shown
#   as if they were new.

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from linkymonitor.model.terms import TRUSTED_FOR, Ejp
from linkymonitor.outputs.base import ROUNDING
from linkymonitor.outputs.gpio import Pin
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.sections import LampSettings as Settings
from linkymonitor.outputs.sections import Shows

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

#: Seconds on and off, repeated in this order.
Pattern = tuple[tuple[float, float], ...]

WINK: Pattern = ((0.05, 29.95),)
SLOW: Pattern = ((1.0, 1.0),)
STEADY: Pattern = ((math.inf, 0.0),)
DOUBLE_WINK: Pattern = ((0.1, 0.2), (0.1, 3.6))
FLASH: Pattern = ((0.1, math.inf),)

PATTERNS = {Ejp.NORMAL: WINK, Ejp.NOTICE: SLOW, Ejp.PEAK: STEADY, Ejp.UNKNOWN: DOUBLE_WINK}


def at(pattern: Pattern, elapsed: float) -> tuple[bool, float]:
    """Return whether *pattern* is lit after *elapsed* seconds, and for how many seconds more."""
    left = elapsed % sum(on + off for on, off in pattern)
    for on, off in pattern:
        if left < on:
            return True, on - left
        left -= on
        if left < off:
            return False, off - left
        left -= off
    # Only the rounding of the subtractions leads here, at the very end of a turn.
    return True, pattern[0][0]


class Lamp:
    """One lamp.

    Raises:
        ConfigError: when the pin does not exist or is used already.
    """

    def __init__(self, settings: Settings, hardware: Hardware) -> None:
        self._shows = settings.shows
        self._pattern: Pattern | None = None
        self._began = 0.0
        place = f"[lamp:{settings.name}]"
        self._pin = Pin(
            settings.pin, active_high=settings.active_high, on=False, hardware=hardware, place=place
        )

    @property
    def on(self) -> bool:
        """Whether the lamp is lit."""
        return self._pin.on

    def update(self, view: View) -> None:
        """Show *view* at once."""
        if self._shows is Shows.LINK:
            self._began = view.now
            self._pattern = FLASH
        else:
            self._take(PATTERNS[view.tariff.ejp], view.now)
        self._show(view.now)

    def tick(self, now: float, data_age: float) -> float:
        """Go on with the pattern, or with that of old data; return when it next changes."""
        if data_age > TRUSTED_FOR or self._pattern is None:
            self._take(DOUBLE_WINK, now)
        deadline = now + self._show(now)
        if data_age > TRUSTED_FOR:
            return deadline
        return min(deadline, now + TRUSTED_FOR - data_age + ROUNDING)

    def close(self) -> None:
        """Go dark."""
        self._pin.set(False)
        self._pin.close()

    def _take(self, pattern: Pattern, now: float) -> None:
        if pattern is not self._pattern:
            self._pattern, self._began = pattern, now

    def _show(self, now: float) -> float:
        """Set the pin as the pattern is at *now*; return the seconds until it changes."""
        assert self._pattern is not None
        lit, remaining = at(self._pattern, max(0.0, now - self._began) + ROUNDING)
        self._pin.set(lit)
        return remaining + ROUNDING


#: The name under which a module of outputs shows its class.
Output = Lamp
