"""``port = auto``: listens to the serial ports that there are, and reads the one on which a meter is heard."""

# Strategy
#
# - All ports are listened to at the same time, each at both speeds, and nothing is chosen before all had their time: a
#   second meter must not be overlooked. Where there is one port only, nothing is waited for.
# - A port that another program has, or the console, is left alone: to open it would take bytes from the other.
# - Two meters are refused with both names, and listening goes on: one of them may be unplugged. Two ports that hear the
#   same number in the same mode hear one meter, which is no fault; the first is read.
# - The port that was chosen is read as if the configuration named it. When it has been away for a while, the search
#   begins again: a dongle may come back under another name.

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import LineBusy
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode
from linkymonitor.source.base import AUTO, Source
from linkymonitor.source.holders import is_console, lockers, openers, process
from linkymonitor.source.tty import Tty
from linkymonitor.system.clock import Clock
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.detect import count_valid, decided
from linkymonitor.tic.interpret import interpret
from linkymonitor.tic.privacy import mask

log = logging.getLogger(__name__)

#: The names of serial ports, below /dev; names that stay the same come first.
_PLACES = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "serial0", "ttyAMA*")
#: Seconds at each speed: two frames of the slowest kind.
_TRY = 6.0
#: Seconds after which a port that was chosen and is away is no longer waited for.
_GIVEN_UP = 15.0
_SPEEDS = (9600, 1200)
#: Bytes of a port that are kept: a little more than two frames in standard mode.
_SAMPLE = 4096

_FOUND = Text("auto : compteur entendu sur %s", "auto: a meter is heard on %s")
_TWO = Text(
    "auto : %s compteurs entendus : %s ; écrivez dans [meter] port celui qu'il faut lire",
    "auto: %s meters are heard: %s; write the one to be read into [meter] port",
)
_NONE = Text(
    "auto : aucun compteur entendu%s%s ; vérifiez le branchement aux bornes I1 et I2, ou écrivez le port dans "
    "[meter] port ; nouveaux essais",
    "auto: no meter is heard%s%s; check the wiring to I1 and I2, or write the port into [meter] port; trying again",
)
_NO_PORT = Text(
    "auto : aucun port série à écouter%s ; branchez le module TIC, ou écrivez le port dans [meter] port ; "
    "nouveaux essais",
    "auto: no serial port to listen to%s; plug the TIC module in, or write the port into [meter] port; trying again",
)


def serial_ports(devices: Path = Path("/dev")) -> list[str]:
    """Return the path of each serial port of this machine; a port with several names has one path here."""
    found: dict[Path, str] = {}
    for pattern in _PLACES:
        for path in sorted(devices.glob(pattern)):
            if path.is_char_device():
                found.setdefault(path.resolve(), str(path))
    return list(found.values())


def address_in(raw: bytes, mode: Mode, at: datetime) -> str | None:
    """Return the address of the meter that sent *raw*, which is personal; None when no group with it has come."""
    decoder = FrameDecoder(mode, unframed=True)
    for frame in (*decoder.feed(raw), *decoder.close()):
        if (meter := interpret(frame, mode, at).meter) is not None:
            return meter
    return None


class _Heard(NamedTuple):
    """A meter on a port."""

    port: str
    #: Its address, or None when no group with it has come yet.
    address: str | None

    def __str__(self) -> str:
        number = f"{mask(self.address)}" if self.address else "?"
        return f"{self.port} ({Text('compteur', 'meter')} {number})"


class _Ear:
    """One port that is listened to."""

    def __init__(self, port: Tty, speeds: Iterable[int]) -> None:
        self.port = port
        self._speeds = list(speeds)
        self._counts = dict.fromkeys(Mode, 0)
        self._sample = b""
        #: The mode of the meter, once it is heard.
        self.mode: Mode | None = None

    def listen(self, timeout: float, elapsed: float) -> None:
        """Read for *timeout* seconds, when *elapsed* seconds of the search are over."""
        speed = self._speeds[min(int(elapsed / _TRY), len(self._speeds) - 1)]
        if self.mode is None and self.port.speed != speed:
            self.port.set_speed(speed)
            self._sample = b""
        chunk = self.port.read(timeout)
        if not chunk:
            return
        self._sample = (self._sample + chunk)[-_SAMPLE:]
        if self.mode is None:
            self.mode = decided(count_valid(self._sample))

    def address(self, clock: Clock) -> str | None:
        """Return the address of the meter that is heard."""
        return None if self.mode is None else address_in(self._sample, self.mode, clock.now())


class Auto(Source):
    """The serial port on which a meter is heard. Reading it never ends and never raises.

    Args:
        clock: monotonic time.
        speed: in baud; None tries both speeds.
        pause: the longest pause between two tries to open a port, and the pause between two searches, in seconds.
        sleep: called with the seconds to wait, in the time of *clock*.
        root: the folder that holds ``proc``, ``etc`` and ``run``.
        ports: returns the ports that there are.
    """

    live = True
    is_meter = True

    def __init__(
        self,
        *,
        clock: Clock,
        speed: int | None = None,
        pause: float = 10.0,
        sleep: Callable[[float], object] = time.sleep,
        root: Path = Path("/"),
        ports: Callable[[], list[str]] = serial_ports,
    ) -> None:
        self._clock = clock
        self._speeds = _SPEEDS if speed is None else (speed,)
        self._wanted_speed = self._speeds[0]
        self._pause = pause
        self._sleep = sleep
        self._root = root
        self._ports = ports
        self._chosen: Tty | None = None
        self._away_since: float | None = None
        self._ears: list[_Ear] = []
        self._left: list[str] = []
        self._began = 0.0
        self._next_search = -math.inf
        #: The last sentence about a search, which is not said twice in a row.
        self._said = ""

    @property
    def name(self) -> str:  # type: ignore[override]
        """The port that was chosen, auto before."""
        return self._chosen.name if self._chosen is not None else AUTO

    @property
    def away(self) -> bool:
        """Whether no meter is found yet, or its port is absent."""
        return self._chosen is None or self._chosen.away

    def read(self, timeout: float) -> bytes:
        if self._chosen is not None:
            chunk = self._chosen.read(timeout)
            self._mind_absence(self._chosen)
            return chunk
        self._search(timeout)
        return b""

    def set_speed(self, speed: int) -> None:
        self._wanted_speed = speed
        if self._chosen is not None:
            self._chosen.set_speed(speed)

    def settle(self) -> None:
        if self._chosen is not None:
            self._chosen.settle()

    def discard(self) -> None:
        if self._chosen is not None:
            self._chosen.discard()

    def close(self) -> None:
        for ear in self._ears:
            ear.port.close()
        self._ears = []
        if self._chosen is not None:
            self._chosen.close()

    def _mind_absence(self, chosen: Tty) -> None:
        """Give the port up that was *chosen* once it has been away for a while."""
        now = self._clock.monotonic()
        if not chosen.away:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= _GIVEN_UP:
            chosen.close()
            self._chosen = self._away_since = None

    def _search(self, timeout: float) -> None:
        """Go on with the search for *timeout* seconds."""
        now = self._clock.monotonic()
        if not self._ears:
            if now < self._next_search:
                self._sleep(min(timeout, self._next_search - now))
                return
            self._begin(now)
            if not self._ears:
                self._end(now)
                return
        for ear in self._ears:
            ear.listen(timeout / len(self._ears), now - self._began)
        now = self._clock.monotonic()
        if now - self._began >= _TRY * len(self._speeds) or all(map(self._is_clear, self._ears)):
            self._end(now)

    def _is_clear(self, ear: _Ear) -> bool:
        """Return whether nothing more needs to be heard of *ear*."""
        return ear.mode is not None and (len(self._ears) == 1 or ear.address(self._clock) is not None)

    def _begin(self, now: float) -> None:
        """Open each port that nobody else has."""
        self._began, self._left = now, []
        for name in self._ports():
            if (why := self._taken(name)) is not None:
                self._leave(name, why)
                continue
            try:
                port = Tty(
                    name,
                    clock=self._clock,
                    speed=self._speeds[0],
                    pause=self._pause,
                    sleep=self._sleep,
                    root=self._root,
                )
            except LineBusy:
                self._leave(name, Text("déjà lu", "already read"))
                continue
            if port.away:  # and it has said why
                port.close()
                self._leave(name, Text("ne s'ouvre pas", "does not open"))
            else:
                self._ears.append(_Ear(port, self._speeds))

    def _leave(self, name: str, why: Text) -> None:
        self._left.append(f"{name} ({why})")

    def _taken(self, name: str) -> Text | None:
        """Return who else has the port *name*, None when nobody has."""
        if is_console(name, self._root):
            return Text("console série", "serial console")
        others = lockers(name, self._root) or openers(name, self._root)
        return process(others[0], self._root) if others else None

    def _end(self, now: float) -> None:
        """Choose the port of the one meter that was heard, or say why none is chosen."""
        ears, self._ears = self._ears, []
        meters = [ear for ear in ears if ear.mode is not None]
        addresses = [ear.address(self._clock) for ear in meters]
        # A meter whose address is not known counts as another one, and one meter sends one mode.
        kinds = {(ear.mode, address) for ear, address in zip(meters, addresses, strict=True)}
        if meters and (len(meters) == 1 or (None not in addresses and len(kinds) == 1)):
            self._chosen = meters[0].port
            self._chosen.set_speed(self._wanted_speed)
            self._said = ""
            log.info(_FOUND, self._chosen.name)
        for ear in ears:
            if ear.port is not self._chosen:
                ear.port.close()
        if self._chosen is not None:
            return
        self._next_search = now + self._pause
        left = self._left and Text(" ; laissés : ", "; left alone: ") + ", ".join(self._left)
        if meters:
            heard = map(_Heard, (ear.port.name for ear in meters), addresses)
            self._say(_TWO, len(meters), ", ".join(map(str, heard)))
        elif ears:
            tried = Text(" sur ", " on ") + ", ".join(ear.port.name for ear in ears)
            self._say(_NONE, tried, left or "")
        else:
            self._say(_NO_PORT, left or "")

    def _say(self, sentence: Text, *values: object) -> None:
        told = str(sentence) % values
        if told != self._said:
            self._said = told
            log.warning(sentence, *values)
