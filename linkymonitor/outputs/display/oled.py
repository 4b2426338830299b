"""The display: an OLED panel on the I2C bus, pages in rotation, only what changed on the wire."""

# Strategy
#
# - luma.oled knows how each chip is set up and how a bus is spoken to. It is asked once for the first, by a
#   device made on an interface that only listens, and used for the second. Its display() is left alone: it
#   sends the whole picture each time, after a pure Python loop that costs a Pi Zero tens of milliseconds.
# - Only one luma device is ever made, because each leaves a hook that runs at exit and may talk to the bus: a
#   display that is absent for a month would leave a quarter of a million of them.
# - Both chips are driven in page addressing mode: three bytes of command, then the columns that changed.
# - Nothing raises. What fails closes the bus, is logged once, and is tried again every ten seconds with the
#   whole set-up and the whole picture; that it works again is logged too.
# - A transfer is never longer than one band (128 columns, 13 ms at 100 kHz), the kernel gives up on each
#   after 50 ms, and a picture that takes too long is finished at the next tick: readings never wait for glass.

from __future__ import annotations

import contextlib
import logging
import math
import re
import threading
import warnings
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from linkymonitor.errors import ConfigError, DisplayError
from linkymonitor.language import Text
from linkymonitor.outputs.base import NEVER
from linkymonitor.outputs.display.pages import Bands, Scene, Screen, compose, paint, to_image
from linkymonitor.outputs.display.panel import Chip, Settings, Size
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.system.clock import Timeline

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

__all__ = ["Chip", "Output", "Panel", "Settings", "Size", "picture"]

log = logging.getLogger(__name__)

#: Seconds without a good frame after which its values are no longer shown.
STALE = 10.0
#: Seconds between two attempts to wake a display that does not answer.
RETRY = 10.0
#: Seconds that one refresh may keep the bus; the rest waits for the next tick.
PATIENCE = 0.04
#: Seconds between two looks at the button.
BUTTON_PERIOD = 0.15

#: The places that the picture takes in turn, in pixels, so that no pixel is always lit.
_SHIFTS = ((0, 0), (1, 0), (1, 1), (0, 1))

#: Runs of columns that differ. A gap of up to seven equal columns is cheaper to send than to skip: a new run
#: is two transfers, so two addresses, two control bytes and three bytes of command.
_CHANGED = re.compile(rb"[^\0]+(?:\0{1,7}[^\0]+)*")

#: Every byte with its bits in reverse, for a panel that hangs upside down.
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))

# The commands that both chips share (SSD1306 and SH1106 data sheets, "Command Table").
_MEMORY_MODE, _PAGE_ADDRESSING = 0x20, 0x02
_CONTRAST = 0x81
_UPRIGHT, _INVERTED = 0xA6, 0xA7
_OFF, _ON = 0xAE, 0xAF
_BAND, _HIGH_COLUMN = 0xB0, 0x10

# linux/i2c-dev.h; the unit is 10 ms.
_I2C_TIMEOUT, _FIFTY_MS = 0x0702, 5


class Output:
    """The display, or the terminal in its place."""

    def __init__(self, settings: Settings, hardware: Hardware) -> None:
        self._settings = settings
        self._clock = hardware.clock
        self._timeline = hardware.timeline or Timeline(hardware.clock)
        self._lang = hardware.lang
        self._zone = _zone(hardware.timezone)
        self._terminal = hardware.terminal
        self._panel = Panel(settings, hardware.i2c, self._clock.monotonic)
        self._view: View | None = None
        self._beat = False
        self._shown: tuple[object, ...] | None = None  # what the whole picture was made from
        now = self._clock.monotonic()
        self._page, self._page_since = 0, now
        self._shift, self._shift_since = 0, now
        self._retry_at: float | None = None
        self._closed = False
        self._pressed = threading.Event()
        self._button = _open_button(settings.button, hardware, self._pressed)
        self._refresh(now, math.inf)

    def update(self, view: View) -> None:
        """Show a new reading, at once."""
        if self._view is None or view.health.frames != self._view.health.frames:
            self._beat = not self._beat
        self._view = view
        self._refresh(self._clock.monotonic(), 0.0)

    def tick(self, now: float, data_age: float) -> float:
        """Turn the page when its time has come, let old data fade, wake a display that was away."""
        if self._closed:
            return NEVER
        stay, shift = self._settings.rotate_every.total_seconds(), self._settings.shift_every.total_seconds()
        if self._pressed.is_set() or (stay and now - self._page_since >= stay):
            self._pressed.clear()
            self._page = (self._page + 1) % len(self._settings.pages)
            self._page_since = now
        if shift and now - self._shift_since >= shift:
            self._shift = (self._shift + 1) % len(_SHIFTS)
            self._shift_since = now
            self._panel.forget()
        complete = self._refresh(now, data_age)

        deadlines = [now + self._until_next_word(data_age)]
        if stay and len(self._settings.pages) > 1:
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

    def close(self) -> None:
        """Leave a dark display."""
        if self._closed:
            return
        self._closed = True
        if self._button is not None:
            self._button.close()
        self._panel.close()

    def _refresh(self, now: float, data_age: float) -> bool:
        """Bring the display up to date and return whether all of it is."""
        if self._closed or (self._retry_at is not None and now < self._retry_at):
            return True
        settings, local = self._settings, self._local_time()
        scene = Scene(
            width=settings.size.width,
            height=settings.size.height,
            lang=self._lang,
            now=local,
            silence=_whole(data_age) if data_age >= STALE else None,
            beat=self._beat,
        )
        contrast = settings.night_contrast if self._is_night(local) else settings.contrast
        wanted = (self._view, self._page, scene, self._shift, contrast)
        if wanted == self._shown:
            return True
        screen = compose(settings.pages[self._page], self._view, scene)
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
                    "[display] %s ; vérifiez câblage, adresse et activation de l'I2C ; nouvel essai toutes les %d s",
                    "[display] %s; check the wiring, the address and that I2C is enabled; trying again every %d s",
                )
                log.warning(text, error, RETRY)
            self._retry_at = now + RETRY
            self._shown = None
            return True
        if self._retry_at is not None:
            log.info(Text("[display] l'afficheur répond", "[display] the display answers"))
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
        """Return the seconds until the clock or the age on the screen reads otherwise."""
        now: datetime = self._timeline.read()
        wait = 60 - now.second - now.microsecond / 1e6
        if data_age < STALE:
            wait = min(wait, STALE - data_age)
        elif math.isfinite(data_age):
            step = 1 if data_age < 60 else 60
            wait = min(wait, step - data_age % step)
        return max(wait, 0.01)


class Panel:
    """A panel on the bus, and what it shows as far as we know.

    Args:
        settings: the section [display].
        bus: an object with the methods of smbus2.SMBus, or None to open the bus of the settings.
        monotonic: the clock that PATIENCE is measured on.
    """

    def __init__(self, settings: Settings, bus: Any, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._bus = bus
        self._monotonic = monotonic
        self._wire: Any = None  # a luma i2c interface while the display answers
        self._setup: list[tuple[int, ...]] = []
        self._glass: list[bytes | None] = [None] * (settings.size.height // 8)
        self._lit = False
        self._inverted: bool | None = None
        self._contrast: int | None = None

    def forget(self) -> None:
        """Send everything anew at the next show(): a panel that was disturbed may not have said so."""
        self._glass = [None] * len(self._glass)
        self._lit, self._inverted, self._contrast = False, None, None

    def show(self, bands: Bands, inverted: bool, contrast: int) -> bool:
        """Bring the glass up to date and return whether there was time for all of it.

        Raises:
            DisplayError: the display is absent or has stopped answering.
        """
        try:
            if self._wire is None:
                self._open()
            return self._send(bands, inverted, contrast)
        except Exception as error:
            if not _is_ailment(error):
                raise
            self._drop()
            raise DisplayError(f"{self._settings.chip.value} i2c-{self._settings.port}: {error}") from error

    def close(self) -> None:
        """Switch the panel off, if it still listens."""
        if self._wire is not None:
            with contextlib.suppress(Exception):
                self._wire.command(_OFF)
        self._drop()

    def _open(self) -> None:
        from luma.core.interface.serial import i2c

        if not self._setup:
            self._setup = _setup_of(self._settings)
        wire = i2c(bus=self._bus, port=self._settings.port, address=self._settings.address)
        self._wire = wire
        _bound(wire)
        for command in self._setup:
            wire.command(*command)
        if self._settings.chip is Chip.SSD1306:  # an SH1106 knows no other mode
            wire.command(_MEMORY_MODE, _PAGE_ADDRESSING)
        self.forget()

    def _send(self, bands: Bands, inverted: bool, contrast: int) -> bool:
        wire, started = self._wire, self._monotonic()
        if contrast != self._contrast:
            wire.command(_CONTRAST, contrast)
            self._contrast = contrast
        if inverted != self._inverted:
            wire.command(_INVERTED if inverted else _UPRIGHT)
            self._inverted = inverted
        if self._settings.flip:
            bands = tuple(band[::-1].translate(_REVERSED) for band in reversed(bands))
        first = self._settings.chip.first_column
        for index, band in enumerate(bands):
            known = self._glass[index]
            if band == known:
                continue
            if self._monotonic() - started > PATIENCE:
                return False
            self._glass[index] = None  # until all of it is there
            for start, end in _runs(known, band):
                column = first + start
                wire.command(_BAND | index, column & 0x0F, _HIGH_COLUMN | column >> 4)
                wire.data(band[start:end])
            self._glass[index] = band
        if not self._lit:
            # Only now: what the memory held at power-on is not worth seeing.
            wire.command(_ON)
            self._lit = True
        return True

    def _drop(self) -> None:
        """Let go of the bus; the next show() starts from nothing."""
        if self._wire is not None:
            with contextlib.suppress(Exception):
                self._wire.cleanup()
            self._wire = None


def _whole(seconds: float) -> float:
    """Return *seconds* without their fraction, so that a screen is made anew once a second at most."""
    return seconds if math.isinf(seconds) else float(int(seconds))


def picture(screen: Screen, width: int, height: int) -> Any:
    """Return *screen* as a 1-bit Pillow picture whose ``info["text"]`` holds its lines."""
    image = to_image(paint(screen, width, height), screen.inverted)
    image.info["text"] = screen.text
    return image


def _runs(known: bytes | None, wanted: bytes) -> list[tuple[int, int]]:
    """Return the first and past-the-last column of each run to send."""
    if known is None:
        return [(0, len(wanted))]
    difference = int.from_bytes(known, "little") ^ int.from_bytes(wanted, "little")
    return [match.span() for match in _CHANGED.finditer(difference.to_bytes(len(wanted), "little"))]


class _Listener:
    """A luma interface that only listens."""

    def __init__(self) -> None:
        self.commands: list[tuple[int, ...]] = []

    def command(self, *command: int) -> None:
        self.commands.append(command)

    def data(self, data: object) -> None:
        """Hear nothing: the picture is our affair."""

    def cleanup(self) -> None:
        """Have nothing to close: this is what luma's hook at exit comes to."""


def _setup_of(settings: Settings) -> list[tuple[int, ...]]:
    """Return the commands that set up the panel, as luma knows them."""
    import luma.oled.device

    # Without clear() and show(): the first picture does both. clear() would also call Image.getdata, which
    # Pillow 14 takes away.
    silent = {"clear": lambda device: None, "show": lambda device: None, "cleanup": lambda device: None}
    known = type("Silent", (getattr(luma.oled.device, settings.chip.value),), silent)
    listener = _Listener()
    known(listener, width=settings.size.width, height=settings.size.height)
    return listener.commands


def _bound(wire: Any) -> None:
    """Have the kernel give up on a transfer after 50 ms instead of a second, where the bus is a real one."""
    descriptor = getattr(getattr(wire, "_bus", None), "fd", None)
    if isinstance(descriptor, int):
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, _I2C_TIMEOUT, _FIFTY_MS)


def _is_ailment(error: Exception) -> bool:
    """Return whether *error* says that the display is away, rather than that we are wrong."""
    if isinstance(error, OSError | ImportError):
        return True
    try:
        from luma.core.error import Error
    except ImportError:
        return True
    return isinstance(error, Error)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _open_button(number: int | None, hardware: Hardware, pressed: threading.Event) -> Any:
    """Return a gpiozero button that sets *pressed*; None when none is wanted or the machine has no pins.

    Raises:
        ConfigError: the pin is used already.
    """
    if number is None:
        return None
    try:
        # gpiozero warns of each backend it cannot load; one message of ours is enough.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from gpiozero import Button

            # A pin in memory does not bounce, and gpiozero's mock cannot pretend to.
            button = Button(number, bounce_time=None if hardware.pins else 0.03, pin_factory=hardware.pins)
    except Exception as error:  # each backend of gpiozero raises what it likes
        if type(error).__name__ == "GPIOPinInUse":
            raise ConfigError(
                Text(
                    f"[display] button = {number} : broche déjà prise par une lampe ou un relais",
                    f"[display] button = {number}: already used by a lamp or a relay",
                )
            ) from error
        text = Text(
            "[display] button = %d : pas de broches GPIO ici (%s) ; l'afficheur se passe de bouton",
            "[display] button = %d: no GPIO pins here (%s); the display does without its button",
        )
        log.warning(text, number, error)
        return None
    button.when_pressed = pressed.set
    return button
