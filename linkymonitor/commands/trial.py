"""What a first trial adds to acquire: finding a meter that is plugged in, and words beside the display."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import View
from linkymonitor.outputs.base import NEVER
from linkymonitor.settings import Settings
from linkymonitor.source.open import open_source
from linkymonitor.system.clock import Clock, SystemClock

#: Where a meter may be plugged in, besides the port of the configuration.
_PLACES = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA0", "serial0")
#: Both speeds are listened to for a little longer than a hunt takes, in seconds.
_PATIENCE = 13.0


def find_meter(port: str, *, devices: Path = Path("/dev"), clock: Clock | None = None) -> str | None:
    """Return the first port on which a meter is heard, or None; *port* is tried first.

    A port that exists proves nothing: only groups with a right checksum do.
    """
    clock = clock or SystemClock()
    found = [Path(port)] if "://" not in port else []
    for place in _PLACES:
        found += sorted(devices.glob(place))
    tried: set[str] = set()
    for path in found:
        real = os.path.realpath(path)
        if real in tried or not path.is_char_device():
            continue
        tried.add(real)
        print(Text(f"Écoute de {path}…", f"Listening to {path}…"), flush=True)
        if _speaks(str(path), clock):
            return str(path)
    return None


def _speaks(port: str, clock: Clock) -> bool:
    try:
        source = open_source(port, clock=clock)
    except LinkyMonitorError:
        return False
    meter = Meter(source, clock)
    until = clock.monotonic() + _PATIENCE
    try:
        while clock.monotonic() < until:
            meter.frames(0.5)
            if meter.mode is not None:
                return True
    finally:
        meter.close()
    return False


def named_parts(settings: Settings, outputs: Sequence[Any]) -> list[tuple[Text, Any]]:
    """Return the relays and lamps among *outputs* under the names that *settings* gives them."""
    names = [Text(f"relais {name}", f"relay {name}") for name in settings.relay]
    names += [Text(f"voyant {name}", f"lamp {name}") for name in settings.lamp]
    return list(zip(names, outputs, strict=False))


class Words:
    """An output that says in words what lamps and relays do, beside the display in the terminal."""

    def __init__(self, terminal: Any, named: Sequence[tuple[Text, Any]]) -> None:
        self._terminal = terminal
        self._named = named
        self._health: Text | str = ""

    def update(self, view: View) -> None:
        """Tell the health of the line."""
        health = view.health
        refused = sum(health.rejected.values())
        self._health = Text(
            f"{view.reading.mode.value}, {health.speed} bauds, {health.frames} trames, {refused} groupes refusés",
            f"{view.reading.mode.value}, {health.speed} baud, {health.frames} frames, {refused} groups rejected",
        )
        self._tell()

    def tick(self, now: float, data_age: float) -> float:
        """Follow the lamps, which blink between frames."""
        self._tell()
        return now + 0.25 if math.isfinite(data_age) else NEVER

    def close(self) -> None:
        """Leave the last picture on the terminal."""

    def _tell(self) -> None:
        on, off = Text("allumé", "on"), Text("éteint", "off")
        self._terminal.tell(
            [f"{name} : {on if part.on else off}" for name, part in self._named], str(self._health)
        )
