"""A lamp on a pin: it announces mobile peaks, or flashes at each frame."""

# Strategy
#
# - A pattern is a table of (seconds on, seconds off), repeated from the moment it began. The phase is always computed
#   from that moment, so late ticks do not add up, and no thread is needed.
# - A lamp that stays dark means a fault: in every pattern the lamp is lit now and then. Old data have a pattern of
#   their own, DOUBLE_WINK.

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

#: Pairs of seconds on and seconds off, repeated in this order.
Pattern = tuple[tuple[float, float], ...]

WINK: Pattern = ((0.05, 29.95),)
SLOW: Pattern = ((1.0, 1.0),)
STEADY: Pattern = ((math.inf, 0.0),)
DOUBLE_WINK: Pattern = ((0.1, 0.2), (0.1, 3.6))
FLASH: Pattern = ((0.1, math.inf),)

PATTERNS = {Ejp.NORMAL: WINK, Ejp.NOTICE: SLOW, Ejp.PEAK: STEADY, Ejp.UNKNOWN: DOUBLE_WINK}


def at(pattern: Pattern, elapsed: float) -> tuple[bool, float]:
    """Return whether the lamp is lit *elapsed* seconds after *pattern* began, and the seconds until that changes."""
    left = elapsed % sum(on + off for on, off in pattern)
    for on, off in pattern:
        if left < on:
            return True, on - left
        left -= on
        if left < off:
            return False, off - left
        left -= off
    # Reached only by the rounding of the subtractions, at the very end of a turn.
    return True, pattern[0][0]


class Lamp:
    """One lamp.

    Raises:
        ConfigError: the pin does not exist or is used already.
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
        """Begin the pattern for *view*, at once."""
        if self._shows is Shows.LINK:
            self._began = view.now
            self._pattern = FLASH
        else:
            self._take(PATTERNS[view.tariff.ejp], view.now)
        self._show(view.now)

    def tick(self, now: float, data_age: float) -> float:
        """Go on with the pattern, or with that of old data; return the monotonic time of the next change."""
        if data_age > TRUSTED_FOR or self._pattern is None:
            self._take(DOUBLE_WINK, now)
        deadline = now + self._show(now)
        if data_age > TRUSTED_FOR:
            return deadline
        return min(deadline, now + TRUSTED_FOR - data_age + ROUNDING)

    def close(self) -> None:
        """Switch the lamp off and release the pin."""
        self._pin.set(False)
        self._pin.close()

    def _take(self, pattern: Pattern, now: float) -> None:
        if pattern is not self._pattern:
            self._pattern, self._began = pattern, now

    def _show(self, now: float) -> float:
        """Set the pin to the state of the pattern at *now*; return the seconds until that state changes."""
        assert self._pattern is not None
        lit, remaining = at(self._pattern, max(0.0, now - self._began) + ROUNDING)
        self._pin.set(lit)
        return remaining + ROUNDING


#: The name under which every module of an output has its class.
Output = Lamp
