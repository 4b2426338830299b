"""The display: pages in rotation on an OLED panel, or in a terminal in its place."""

# Strategy
#
# - No method raises for a panel that fails. After a failure the bus is closed, one warning is logged, and the panel is
#   tried again every ten seconds with the whole set-up and the whole picture. Its return is logged, too.

from __future__ import annotations

import logging
import math
import threading
import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from linkymonitor.errors import ConfigError, DisplayError
from linkymonitor.language import Text
from linkymonitor.outputs.base import NEVER
from linkymonitor.outputs.display.compose import compose
from linkymonitor.outputs.display.driver import Panel
from linkymonitor.outputs.display.line_quality import LineQuality
from linkymonitor.outputs.display.paint import paint, to_image
from linkymonitor.outputs.display.panel import Chip, Settings, Size
from linkymonitor.outputs.display.screen import Scene, Screen
from linkymonitor.outputs.gpio import fault_of
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.timeline import Timeline

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

__all__ = ["Chip", "Display", "Output", "Settings", "Size", "picture"]

log = logging.getLogger(__name__)

#: After so many seconds without a believed frame, the values of the last one are no longer shown.
SHOWN_FOR = 10.0
#: Seconds between two attempts to set up a display that does not answer.
WAKE_EVERY = 10.0
#: Seconds between two checks of the button.
BUTTON_PERIOD = 0.15

#: The shifts of the picture in turn, in pixels, so that no pixel is always lit.
_SHIFTS = ((0, 0), (1, 0), (1, 1), (0, 1))


class Display:
    """The display, or the terminal in its place."""

    def __init__(self, settings: Settings, hardware: Hardware) -> None:
        self._settings = settings
        self._clock = hardware.clock
        self._timeline = hardware.timeline or Timeline(hardware.clock)
        self._lang = hardware.lang
        self._zone = ZoneInfo(hardware.timezone)
        self._terminal = hardware.terminal
        self._panel = Panel(settings, hardware.i2c, self._clock.monotonic)
        self._view: View | None = None
        self._beat = False
        self._injects = False
        self._line_quality = LineQuality()
        self._shown: tuple[object, ...] | None = None  # the inputs of the picture on the panel; None: send it
        now = self._clock.monotonic()
        self._page, self._page_since = 0, now
        self._shift, self._shift_since = 0, now
        self._retry_at: float | None = None
        self._closed = False
        self._pressed = threading.Event()
        self._button = _open_button(settings, hardware, self._pressed)
        self._refresh(now, math.inf)

    def update(self, view: View) -> None:
        """Show the values of a new reading, at once."""
        if self._view is None or view.health.frames != self._view.health.frames:
            self._beat = not self._beat
        self._view = view
        now = self._clock.monotonic()
        contract = view.reading.contract
        if view.reading.injected_power or (contract and contract.producer):
            self._injects = True
        self._line_quality.update(view.health, now)
        self._refresh(now, 0.0)

    def tick(self, now: float, data_age: float) -> float:
        """Turn the page when it is due, replace old values by ``--``, and set up a display that was away."""
        if self._closed:
            return NEVER
        stay, shift = self._settings.rotate_every.total_seconds(), self._settings.shift_every.total_seconds()
        if self._pressed.is_set() or (stay and now - self._page_since >= stay):
            self._pressed.clear()
            self._page = (self._page + 1) % len(self._pages)
            self._page_since = now
        if shift and now - self._shift_since >= shift:
            self._shift = (self._shift + 1) % len(_SHIFTS)
            self._shift_since = now
            self._panel.forget()
        complete = self._refresh(now, data_age)

        deadlines = [now + self._until_next_word(data_age)]
        if stay and len(self._pages) > 1:
            deadlines.append(self._page_since + stay)
        if shift:
            deadlines.append(self._shift_since + shift)
        if self._retry_at is not None:
            deadlines = [self._retry_at]
        elif not complete:
            deadlines.append(now)
        if self._button is not None:
            deadlines.append(now + BUTTON_PERIOD)
        return min(deadlines)

    @property
    def _pages(self) -> tuple[str, ...]:
        """The pages in rotation: that of the month while its cost is known, that of the line while the line is bad."""
        pages = self._settings.pages
        if self._view is None or self._view.month is None or self._view.month.eur is None:
            pages = tuple(page for page in pages if page != "month") or pages
        return (*pages, "line") if self._line_quality.is_bad and "line" not in pages else pages

    def close(self) -> None:
        """Switch the display off and release the hardware."""
        if self._closed:
            return
        self._closed = True
        if self._button is not None:
            self._button.close()
        self._panel.close()

    def _refresh(self, now: float, data_age: float) -> bool:
        """Update the display; return False when the rest of the picture must be sent at the next call."""
        if self._closed or (self._retry_at is not None and now < self._retry_at):
            return True
        settings, local = self._settings, self._local_time()
        scene = Scene(
            width=settings.size.width,
            height=settings.size.height,
            lang=self._lang,
            now=local,
            silence=_whole(data_age) if data_age >= SHOWN_FOR else None,
            beat=self._beat,
            injects=self._injects,
        )
        contrast = settings.night_contrast if self._is_night(local) else settings.contrast
        pages = self._pages
        page = pages[self._page % len(pages)]
        wanted = (self._view, page, scene, self._shift, contrast)
        if wanted == self._shown:
            return True
        screen = compose(page, self._view, scene)
        if self._terminal is not None:
            self._terminal(picture(screen, scene.width, scene.height))
            self._shown = wanted
            return True
        try:
            bands = paint(screen, scene.width, scene.height, _SHIFTS[self._shift])
            complete = self._panel.show(bands, screen.inverted, contrast)
        except DisplayError as error:
            if self._retry_at is None:
                text = Text(
                    "%s %s ; vérifiez câblage, adresse et activation de l'I2C ; nouvel essai toutes les %d s",
                    "%s %s; check the wiring, the address and that I2C is enabled; trying again every %d s",
                )
                log.warning(text, settings.place, error.text, WAKE_EVERY)
            self._retry_at = now + WAKE_EVERY
            self._shown = None
            return True
        if self._retry_at is not None:
            log.info(Text("%s l'afficheur répond", "%s the display answers"), settings.place)
            self._retry_at = None
        self._shown = wanted if complete else None
        return complete

    def _local_time(self) -> datetime | None:
        now: datetime | None = self._timeline.known()
        return None if now is None else now.astimezone(self._zone).replace(second=0, microsecond=0)

    def _is_night(self, local: datetime | None) -> bool:
        start, end = self._settings.night_start, self._settings.night_end
        if start is None or end is None or local is None:
            return False
        now = local.time()
        return start <= now < end if start <= end else now >= start or now < end

    def _until_next_word(self, data_age: float) -> float:
        """Return the seconds until the time or the age on the screen changes."""
        now: datetime = self._timeline.read()
        wait = 60 - now.second - now.microsecond / 1e6
        if data_age < SHOWN_FOR:
            wait = min(wait, SHOWN_FOR - data_age)
        elif math.isfinite(data_age):
            step = 1 if data_age < 60 else 60
            wait = min(wait, step - data_age % step)
        return max(wait, 0.01)


def _whole(seconds: float) -> float:
    """Return *seconds* without their fraction, so that a screen is made once a second at most."""
    return seconds if math.isinf(seconds) else float(int(seconds))


def picture(screen: Screen, width: int, height: int) -> Any:
    """Return *screen* as a 1-bit Pillow picture; its ``info["text"]`` has the lines of text."""
    image = to_image(paint(screen, width, height), screen.inverted)
    image.info["text"] = screen.text
    return image


def _open_button(settings: Settings, hardware: Hardware, pressed: threading.Event) -> Any:
    """Return a gpiozero button that sets *pressed*; None when none is wanted or the machine has no pins.

    Raises:
        ConfigError: the pin is used already.
    """
    number = settings.button
    if number is None:
        return None
    try:
        # gpiozero warns of each backend that it cannot load; our own message is enough.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from gpiozero import Button

            # A pin in memory does not bounce, and gpiozero's mock cannot pretend to.
            button = Button(number, bounce_time=None if hardware.pins else 0.03, pin_factory=hardware.pins)
    except Exception as error:  # each backend of gpiozero raises what it likes
        if type(error).__name__ == "GPIOPinInUse":
            raise ConfigError(
                Text(
                    f"{settings.place} button = {number} : broche déjà prise par une lampe ou un relais",
                    f"{settings.place} button = {number}: already used by a lamp or a relay",
                )
            ) from error
        text = Text(
            "%s button = %d : pas de broches GPIO ici (%s) ; l'afficheur se passe de bouton",
            "%s button = %d: no GPIO pins here (%s); the display does without its button",
        )
        log.warning(text, settings.place, number, fault_of(error))
        return None
    button.when_pressed = pressed.set
    return button


#: The name under which every module of an output has its class.
Output = Display
