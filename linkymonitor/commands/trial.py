"""The parts of `run` that `acquire` does not have: a search for the meter, and the display in a terminal."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, escape_controls
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import View
from linkymonitor.outputs.base import NEVER
from linkymonitor.source.auto import serial_ports
from linkymonitor.source.open import open_source
from linkymonitor.system.clock import Clock, SystemClock

if TYPE_CHECKING:
    from linkymonitor.outputs.base import Output
    from linkymonitor.outputs.display.terminal import TerminalDisplay
    from linkymonitor.outputs.led import Lamp
    from linkymonitor.outputs.relay import Relay

#: A port is read for so many seconds: a little longer than a hunt through both speeds takes.
_PATIENCE = 13.0
#: Seconds between two updates of the states of the lamps.
_REFRESH = 0.25


def find_meter(port: str, *, devices: Path = Path("/dev"), clock: Clock | None = None) -> str | None:
    """Return the first port that gives groups with a right checksum, or None.

    Args:
        port: the port of the configuration, which is tried first.
        devices: the folder of the devices.
        clock: the clock for the time that each port is read; None: that of the machine.
    """
    clock = clock or SystemClock()
    places = [Path(port)] if "://" not in port else []
    places += map(Path, serial_ports(devices))
    tried: set[str] = set()
    for path in places:
        real = os.path.realpath(path)
        if real in tried or not path.is_char_device():
            continue
        tried.add(real)
        print(escape_controls(str(Text(f"Écoute de {path}…", f"Listening to {path}…"))), flush=True)
        if _hears(str(path), clock):
            return str(path)
    return None


def _hears(port: str, clock: Clock) -> bool:
    try:
        source = open_source(port, clock=clock)
    except LinkyMonitorError:
        return False
    meter = Meter(source, clock)
    until = clock.monotonic() + _PATIENCE
    try:
        while clock.monotonic() < until:
            if meter.frames(0.5) is None:
                return False  # only a device that is no serial port has an end
            if meter.mode is not None:
                return True
    finally:
        meter.close()
    return False


def terminal_display() -> TerminalDisplay:
    """Return the display on standard output: a picture, or lines of text where there are no block characters."""
    from linkymonitor.outputs.display.terminal import TerminalDisplay

    environ = dict(os.environ)
    try:
        "▀▙".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        environ["TERM"] = "dumb"
    return TerminalDisplay(sys.stdout, environ)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """The replacements of the hardware in a trial."""

    #: Draws the display.
    terminal: TerminalDisplay
    #: A gpiozero pin factory.
    pins: object
    #: Outputs that a trial has besides.
    others: Sequence[Output] = ()

    def captions(self, relays: Mapping[str, Relay], lamps: Mapping[str, Lamp]) -> Captions:
        """Return an output that shows the states of *relays* and *lamps* beside the display; both are name → part."""
        parts: list[tuple[Text, Relay | Lamp]] = [
            (Text(f"relais {name}", f"relay {name}"), relay) for name, relay in relays.items()
        ]
        parts += [(Text(f"voyant {name}", f"lamp {name}"), lamp) for name, lamp in lamps.items()]
        return Captions(self.terminal, parts)


class Captions:
    """An output that shows the states of lamps and relays in words, beside the display in the terminal."""

    def __init__(self, terminal: TerminalDisplay, parts: Sequence[tuple[Text, Relay | Lamp]]) -> None:
        self._terminal = terminal
        self._parts = parts
        self._health: Text | str = ""

    def update(self, view: View) -> None:
        """Show the quality of the line after a new reading."""
        health = view.health
        frames, refused = health.frames, sum(health.rejected.values())
        self._health = Text(
            f"{view.reading.mode.value}, {health.speed} bauds, {frames} {'trames' if frames > 1 else 'trame'}, "
            f"{refused} {'groupes refusés' if refused > 1 else 'groupe refusé'}",
            f"{view.reading.mode.value}, {health.speed} baud, {frames} {'frame' if frames == 1 else 'frames'}, "
            f"{refused} {'group' if refused == 1 else 'groups'} rejected",
        )
        self._show()

    def tick(self, now: float, data_age: float) -> float:
        """Show the states of the lamps, which blink between frames."""
        self._show()
        return now + _REFRESH if math.isfinite(data_age) else NEVER

    def close(self) -> None:
        """Do nothing: the last picture stays on the terminal."""

    def _show(self) -> None:
        # Both words are equally long, so that the words beside them stay in place when a lamp changes.
        on, off = Text("allumé", "on "), Text("éteint", "off")
        colon = Text(" : ", ": ")
        self._terminal.tell(
            [str(name + colon + (on if part.on else off)) for name, part in self._parts], str(self._health)
        )
