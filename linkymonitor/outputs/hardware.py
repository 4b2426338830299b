"""The hardware on which outputs act; a caller hands it to them, so a test can hand in its own."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from linkymonitor.system.clock import Clock, SystemClock
from linkymonitor.system.timeline import Timeline


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Hardware:
    """Pins, bus, terminal and clocks for the outputs; None is the real thing, opened when it is needed."""

    #: A gpiozero pin factory; None lets gpiozero choose.
    pins: Any = None
    #: An object with the methods of smbus2.SMBus; None opens the bus of the settings.
    i2c: Any = None
    #: Draws a 1-bit Pillow image in the terminal, in place of the display; None when there is a display.
    terminal: Callable[[Any], None] | None = None
    #: The language of the display, ``fr`` or ``en``.
    lang: str = "fr"
    #: The zone of the times on the display.
    timezone: str = "Europe/Paris"
    #: Relays stay in their fail state until this monotonic time.
    relays_from: float = -math.inf
    clock: Clock = field(default_factory=SystemClock)
    #: The time of the house, for the times on the display; None: a Timeline of *clock* alone.
    timeline: Timeline | None = None
