"""A device or a URL of a real meter: when it goes away it is opened again, for ever."""

# Strategy
#
# - Reading never raises. The absence of a port is logged once when it begins and once when it ends, and the port
#   is opened again for ever. Its path is looked up at each try, so a stable link finds a dongle that has come
#   back under another name.
# - An absence ends at the first read without an error. That the port opens is not enough: a port that was hung up
#   opens too, and fails at the first read.

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from linkymonitor.errors import LineBusy
from linkymonitor.language import Text
from linkymonitor.source.base import Source
from linkymonitor.source.faults import ABSENT, BUSY, DENIED, PORT_ERRORS, cause_of, number_of
from linkymonitor.source.holders import holder, is_console, openers, process
from linkymonitor.system.clock import Clock

log = logging.getLogger(__name__)

# The most reads that discard() makes. Without a limit, a server that sends without a pause would keep it for ever.
_MOST_FLUSHES = 64
# Seconds between the first two tries to open.
_FIRST_PAUSE = 1.0

_STOPPED = Text(
    "%(port)s : ne répond plus (%(cause)s) ; nouveaux essais jusqu'à son retour",
    "%(port)s: stopped answering (%(cause)s); trying again until it is back",
)
_NOT_THERE = Text(
    "%(port)s : absent ; branchez le module TIC ou corrigez [meter] port ; "
    "nouveaux essais jusqu'à ce qu'il soit là",
    "%(port)s: not there; plug the TIC module in or correct [meter] port; trying until it is there",
)
_DOES_NOT_OPEN = Text(
    "%(port)s : ne s'ouvre pas (%(cause)s) ; nouveaux essais jusqu'à ce qu'il s'ouvre",
    "%(port)s: does not open (%(cause)s); trying until it does",
)
_NOT_ALLOWED = Text(
    "%(port)s : accès refusé à l'utilisateur %(user)s ; "
    "faites « sudo adduser %(user)s %(group)s », puis ouvrez une nouvelle session ou relancez le service",
    "%(port)s: access denied to user %(user)s; run “sudo adduser %(user)s %(group)s”, "
    "then log in again or restart the service",
)
_CONSOLE = Text(
    "%(port)s : la console série se sert de ce port ; retirez « console= » de cmdline.txt "
    "(raspi-config, Interface, Serial Port), faites « sudo systemctl mask --now serial-getty@%(tty)s », "
    "puis redémarrez",
    "%(port)s: the serial console uses this port; take “console=” out of cmdline.txt "
    "(raspi-config, Interface, Serial Port), run “sudo systemctl mask --now serial-getty@%(tty)s”, "
    "then reboot",
)
_TAKEN = Text(
    "%(port)s : déjà lu par %(holder)s ; arrêtez-le d'abord",
    "%(port)s: already read by %(holder)s; stop it first",
)
_SHARED = Text(
    "%(port)s : ouvert aussi par %(holder)s, qui prendra une partie des octets ; arrêtez-le",
    "%(port)s: also open in %(holder)s, which will take some of the bytes; stop it",
)
_READABLE = Text("%(port)s : de nouveau lisible", "%(port)s: readable again")
#: At most one of these sentences is logged for each absence. A fault that has a remedy is logged in addition, once.
_PLAIN = {_STOPPED, _NOT_THERE, _DOES_NOT_OPEN}


class Port(Source):
    """A device or a URL of a real meter. Reading it never ends and never raises.

    Args:
        name: the path or the URL.
        clock: monotonic time for the pauses between two tries.
        speed: in baud.
        pause: longest pause between two tries, in seconds. The first pause is one second, and each next pause is
            twice as long.
        sleep: called with the seconds to wait, in the time of *clock*.
        root: the folder that holds ``proc``, ``etc`` and ``run``.

    Raises:
        LineBusy: another program holds the port; no byte of it was read.
    """

    live = True
    is_meter = True

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        speed: int = 9600,
        pause: float = 10.0,
        sleep: Callable[[float], object] = time.sleep,
        root: Path = Path("/"),
    ) -> None:
        self.name = name
        self._clock = clock
        self._speed = speed
        self._longest_pause = pause
        self._sleep = sleep
        self._root = root
        self._port: Any = None  # a serial.Serial or another class of pyserial while the port is open
        self._pause = min(_FIRST_PAUSE, pause)
        self._next_try = -math.inf
        self._absent = False
        self._fault: Exception | None = None  # that of the present absence
        self._said: set[Text] = set()  # sentences logged about the present absence
        self._try(first=True)

    @property
    def speed(self) -> int:
        """The speed of the port, in baud."""
        return self._speed

    @property
    def away(self) -> bool:
        """Whether the port is absent, or does not open."""
        return self._port is None

    @property
    def why_away(self) -> Exception | None:
        """The error for which the port is away; None while it is open."""
        return self._fault if self.away else None

    def read(self, timeout: float) -> bytes:
        began = self._clock.monotonic()
        if self._port is None:
            if (early := self._next_try - began) > 0 and not self._is_back():
                self._sleep(min(early, timeout))
                if self._clock.monotonic() < self._next_try:
                    return b""
            self._try()
            if self._port is None:
                return b""
        try:
            chunk = self._receive(max(0.0, timeout - (self._clock.monotonic() - began)))
        except PORT_ERRORS as error:
            self._lose(error)
            return b""
        if self._said:
            self._said.clear()
            log.info(_READABLE, {"port": self.name})
        if chunk:
            self._pause = min(_FIRST_PAUSE, self._longest_pause)
        return chunk

    def set_speed(self, speed: int) -> None:
        self._speed = speed
        if self._port is not None:
            try:
                self._configure()
            except PORT_ERRORS as error:
                self._lose(error)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            # pyserial forgets to close a socket whose far end is gone.
            forgotten = getattr(port, "_socket", None)
            with suppress(*PORT_ERRORS):
                port.close()
            if forgotten is not None:
                forgotten.close()

    def discard(self) -> None:
        """Throw away the bytes that have come and were not read yet."""
        if self._port is not None:
            try:
                self._flush()
            except PORT_ERRORS as error:
                self._lose(error)

    def _flush(self) -> None:
        """Read and drop the bytes that have come, or raise one of PORT_ERRORS."""
        for _ in range(_MOST_FLUSHES):
            if not self._receive(0.0):
                break

    def _open(self) -> None:
        """Set ``_port``, or raise one of PORT_ERRORS."""
        raise NotImplementedError

    def _configure(self) -> None:
        """Set the open port to ``_speed``, or raise one of PORT_ERRORS."""
        self._port.baudrate = self._speed

    def _receive(self, timeout: float) -> bytes:
        """Return the bytes that come within *timeout* seconds, or raise one of PORT_ERRORS."""
        raise NotImplementedError

    def _is_back(self) -> bool:
        """Return whether an absent device is there again, so that it may be opened before the pause is over."""
        if self._absent and os.path.exists(self.name):  # noqa: PTH110 -- pathlib interns the parts of each path
            self._absent = False
            self._pause = min(_FIRST_PAUSE, self._longest_pause)
            return True
        return False

    def _try(self, first: bool = False) -> None:
        try:
            self._open()
        except PORT_ERRORS as error:
            self.close()
            self._fault = error
            number = number_of(error)
            # A path that exists and gives ENODEV does not count as absent: _is_back() would try it without a pause.
            self._absent = number in ABSENT and not os.path.exists(self.name)  # noqa: PTH110
            if number in BUSY and first:
                raise LineBusy(_TAKEN.filled(self._about(_TAKEN, error))) from error
            self._put_off()
            self._say_why(number, error)

    def _lose(self, error: Exception) -> None:
        self.close()
        self._fault = error
        self._put_off()
        self._say(_STOPPED, error)

    def _put_off(self) -> None:
        self._next_try = self._clock.monotonic() + self._pause
        self._pause = min(2 * self._pause, self._longest_pause)

    def _say_why(self, number: int | None, error: Exception) -> None:
        if number in DENIED and Path(self.name).exists():
            self._say(_NOT_ALLOWED, error)
            if is_console(self.name, self._root):
                self._say(_CONSOLE, error)
        elif number in BUSY:
            self._say(_TAKEN, error)
        else:
            self._say(_NOT_THERE if number in ABSENT else _DOES_NOT_OPEN, error)

    def _say(self, sentence: Text, error: Exception | None = None) -> None:
        if sentence in self._said or (sentence in _PLAIN and self._said & _PLAIN):
            return
        self._said.add(sentence)
        log.warning(sentence, self._about(sentence, error))

    def _about(self, sentence: Text, error: Exception | None = None) -> dict[str, object]:
        """Return the values for the places of *sentence*."""
        from linkymonitor.system.users import name_of  # only where something is wrong

        return {
            "port": self.name,
            "cause": cause_of(error),
            "user": name_of(os.geteuid()),
            "group": _group(self.name),
            "tty": Path(self.name).resolve().name,
            # holder() may look at every process: it is too slow to be called for a sentence without a holder.
            "holder": holder(self.name, self._root) if sentence is _TAKEN else "",
        }

    def _look_around(self) -> None:
        """Log a warning when another program has this serial port open.

        Such a program takes bytes away from the meter. The lock of the port stops only programs that ask for it.
        """
        if is_console(self.name, self._root):
            log.warning(_CONSOLE, self._about(_CONSOLE))
        elif others := openers(self.name, self._root):
            reader = process(others[0], self._root)
            log.warning(_SHARED, {"port": self.name, "holder": reader})


def _group(path: str) -> str:
    """Return the group whose members may open *path*."""
    from linkymonitor.system.users import group_for_port

    gid = None
    with suppress(OSError):
        gid = Path(path).stat().st_gid
    return group_for_port(gid)
