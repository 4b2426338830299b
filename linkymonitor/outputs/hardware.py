"""The hardware an output acts on, handed in from above so that a test hands in another."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from linkymonitor.system.clock import Clock, SystemClock
from linkymonitor.system.timeline import Timeline


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Hardware:
    """What the world offers to the outputs; None means "the real one, opened when needed"."""

    #: A gpiozero pin factory; None lets gpiozero choose.
    pins: Any = None
    #: An object with the methods of smbus2.SMBus; None opens the bus of the settings.
    i2c: Any = None
    #: Draws a 1-bit Pillow image in the terminal instead of on a display.
    terminal: Callable[[Any], None] | None = None
    #: Language of a screen, ``fr`` or ``en``.
    lang: str = "fr"
    #: The zone of the times that are shown.
    timezone: str = "Europe/Paris"
    clock: Clock = field(default_factory=SystemClock)
    #: The time of the house, for the time that is shown; None makes one of *clock* alone.
    timeline: Timeline | None = None
