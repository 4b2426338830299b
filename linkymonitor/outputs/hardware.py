"""The hardware an output acts on, handed in from above so that a test hands in another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linkymonitor.frozen import Frozen
from linkymonitor.system.clock import Clock, SystemClock, Timeline


class Hardware(Frozen):
    """What the world offers to the outputs; None means "the real one, opened when needed"."""

    #: A gpiozero pin factory; None lets gpiozero choose.
    pins: Any = None
    #: An object with the methods of smbus2.SMBus; None opens the bus of the settings.
    i2c: Any = None
    #: Draws a 1-bit Pillow image in the terminal instead of on a display.
    terminal: Callable[[Any], None] | None = None
    #: Language of a screen, ``fr`` or ``en``.
    lang: str = "fr"
    #: Language of warnings, which go to a terminal; None is that of the screen.
    messages: str | None = None
    #: The zone of the times that are shown.
    timezone: str = "Europe/Paris"
    clock: Clock = SystemClock()
    #: The time of the house, for the time that is shown; None makes one of *clock* alone.
    timeline: Timeline | None = None

    @property
    def spoken(self) -> str:
        """The language of what is logged."""
        return self.messages or self.lang
