"""A display on a bus in memory, and the pictures that it should show."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gpiozero.pins.mock import MockFactory

from linkymonitor.model.reading import Health, Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.display.compose import compose
from linkymonitor.outputs.display.paint import paint, to_image
from linkymonitor.outputs.display.screen import Scene
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import WireClock
from tests.support.fake_oled import FakeOled

EVENING = datetime(2026, 2, 20, 18, 42, tzinfo=UTC)
#: The same in local time.
LOCAL = EVENING.astimezone(ZoneInfo("Europe/Paris"))
NO_ANSWER = OSError(errno.EREMOTEIO, "Remote I/O error")


def view(va: int = 1234, frames: int = 10, **tariff: object) -> View:
    return View(
        reading=Reading(
            taken_at=EVENING,
            mode=Mode.HISTORIQUE,
            tariff_period="HN..",
            apparent_power=va,
            injected_power=0,
            currents=(5,),
        ),
        tariff=TariffState(**{"ejp": Ejp.NORMAL, "has_peaks": True, **tariff}),
        health=Health(frames=frames, groups=100, speed=1200),
    )


class Bench:
    """A display on a bus, with a clock that the test advances."""

    def __init__(self, chip: str = "ssd1306", size: str = "128x32", bus: FakeOled | None = None, **settings):
        self.settings = oled.Settings(chip=oled.Chip(chip), size=oled.Size(size), **settings)
        self.bus = bus or FakeOled(chip, height=self.settings.size.height)
        self.clock = WireClock(EVENING)
        self.pins = MockFactory()
        self.output = oled.Output(
            self.settings, Hardware(i2c=self.bus, clock=self.clock, pins=self.pins, lang="fr")
        )

    def update(self, view: View) -> int:
        """Update the display; return how many bytes it sent on the bus."""
        before = self.bus.sent
        self.output.update(view)
        return self.bus.sent - before

    def wait(self, seconds: float, age: float = 0.0) -> float:
        """Advance the clock and tick; return the seconds until the next tick that the output asks for."""
        self.clock.advance(seconds)
        return self.output.tick(self.clock.monotonic(), age) - self.clock.monotonic()

    @property
    def picture(self) -> bytes:
        return self.bus.image().tobytes()

    def expect(self, page: str, view: View, shift: tuple[int, int] = (0, 0), **fields: object) -> bytes:
        """Return the picture of *page*, painted without any bus."""
        size = self.settings.size
        fields = {"now": LOCAL, "beat": True, **fields}
        scene = Scene(width=size.width, height=size.height, **fields)
        screen = compose(page, view, scene)
        return to_image(paint(screen, size.width, size.height, shift), screen.inverted).tobytes()
