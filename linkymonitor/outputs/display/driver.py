"""Drives a panel on the I2C bus, and sends only the columns that changed."""

# Strategy
#
# - luma.oled has the commands that set up each chip, and the code for the bus. For the commands, one luma device is
#   made on an interface that records them (_Listener). For the bus, its i2c class is used. Its display() is not
#   used: it sends the whole picture each time, after a loop in Python that costs a Pi Zero tens of milliseconds.
# - Only one luma device is ever made, because each leaves a hook that runs at exit and may use the bus. A display
#   that is absent for a month would leave a quarter of a million such hooks.
# - Both chips are driven in page addressing mode: three bytes of command, then the columns that changed.
# - The display must not delay readings. A transfer has at most one band (128 columns, 13 ms at 100 kHz), the kernel
#   gives up a transfer after 50 ms, and a picture that takes too long is finished at the next show().

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable
from typing import Any

from linkymonitor.errors import DisplayError
from linkymonitor.language import Text, cause
from linkymonitor.outputs.display.paint import Bands
from linkymonitor.outputs.display.panel import Chip, Settings

#: The longest time that one show() uses the bus, in seconds; the rest of the picture waits for the next show().
PATIENCE = 0.04

#: A run of columns that differ. Up to seven equal columns are sent along, because a new run costs more: two transfers
#: with two addresses, two control bytes and three bytes of command.
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


class Panel:
    """A panel on the bus, with the picture that it shows.

    Args:
        settings: the settings of the display.
        bus: an object with the methods of smbus2.SMBus, or None to open the bus of the settings.
        monotonic: the clock for PATIENCE.
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
        """Send the whole picture at the next show(): noise may have disturbed the panel without an error."""
        self._glass = [None] * len(self._glass)
        self._lit, self._inverted, self._contrast = False, None, None

    def show(self, bands: Bands, inverted: bool, contrast: int) -> bool:
        """Send the picture to the panel; return whether PATIENCE was enough for all of it.

        Args:
            bands: the picture.
            inverted: True to swap light and dark.
            contrast: the brightness, 0 to 255.

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
            place = f"{self._settings.chip.value} i2c-{self._settings.port}"
            raise DisplayError(place + Text(" : ", ": ") + _why(error, self._settings)) from error

    def close(self) -> None:
        """Switch the panel off, if it answers, and close the bus."""
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
        if self._settings.chip is Chip.SSD1306:  # page addressing is the only mode of an SH1106
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
            self._glass[index] = None  # not known until the whole band is sent
            for start, end in _runs(known, band):
                column = first + start
                wire.command(_BAND | index, column & 0x0F, _HIGH_COLUMN | column >> 4)
                wire.data(band[start:end])
            self._glass[index] = band
        if not self._lit:
            # Switched on after the first picture: the memory of the panel has random pixels after power-on.
            wire.command(_ON)
            self._lit = True
        return True

    def _drop(self) -> None:
        """Close the bus; the next show() opens it again, with the whole set-up."""
        if self._wire is not None:
            with contextlib.suppress(Exception):
                self._wire.cleanup()
            self._wire = None


def _runs(known: bytes | None, wanted: bytes) -> list[tuple[int, int]]:
    """Return the first column and the column after the last of each run to send.

    Args:
        known: the band on the panel, None when it is not known.
        wanted: the band to show.
    """
    if known is None:
        return [(0, len(wanted))]
    difference = int.from_bytes(known, "little") ^ int.from_bytes(wanted, "little")
    return [match.span() for match in _CHANGED.finditer(difference.to_bytes(len(wanted), "little"))]


class _Listener:
    """A luma interface that records the commands and sends nothing."""

    def __init__(self) -> None:
        self.commands: list[tuple[int, ...]] = []

    def command(self, *command: int) -> None:
        self.commands.append(command)

    def data(self, data: object) -> None:
        """Drop the picture: only the commands are needed."""

    def cleanup(self) -> None:
        """Do nothing; luma's hook at exit calls this."""


def _setup_of(settings: Settings) -> list[tuple[int, ...]]:
    """Return the commands with which luma sets up the panel."""
    import luma.oled.device

    # clear() and show() are left out, because the first picture does the work of both. clear() would also call
    # Image.getdata, which Pillow 14 removes.
    silent = {"clear": lambda device: None, "show": lambda device: None, "cleanup": lambda device: None}
    known = type("Silent", (getattr(luma.oled.device, settings.chip.value),), silent)
    listener = _Listener()
    known(listener, width=settings.size.width, height=settings.size.height)
    return listener.commands


def _bound(wire: Any) -> None:
    """Make the kernel give up a transfer after 50 ms instead of a second; a bus of a test has no kernel."""
    descriptor = getattr(getattr(wire, "_bus", None), "fd", None)
    if isinstance(descriptor, int):
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, _I2C_TIMEOUT, _FIFTY_MS)


def _why(error: Exception, settings: Settings) -> Text:
    """Return the fault of the display in both languages; the sentences of luma are in English only."""
    if isinstance(error, ImportError):
        return Text(f"un module ne se charge pas ({error})", f"a module does not load ({error})")
    # luma raises its own error while it handles that of the system.
    root = error if isinstance(error, OSError) else error.__context__
    number = root.errno if isinstance(root, OSError) else None
    if root is None or number is None:
        return Text(f"panne ({error})", f"failure ({error})")
    if number == errno.ENOENT:
        return Text(f"/dev/i2c-{settings.port} absent", f"/dev/i2c-{settings.port} is not there")
    if number in (errno.EREMOTEIO, errno.EIO):
        address = f"0x{settings.address:02X}"
        return Text(f"rien ne répond à l'adresse {address}", f"nothing answers at the address {address}")
    return cause(root)


def _is_ailment(error: Exception) -> bool:
    """Return whether *error* comes from the bus or from luma, and not from a mistake in our code."""
    if isinstance(error, OSError | ImportError):
        return True
    try:
        from luma.core.error import Error
    except ImportError:
        return True
    return isinstance(error, Error)
