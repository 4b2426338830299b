"""Tells the service manager how this process is: one datagram to its socket for each message (sd_notify(3))."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress


class Manager:
    """The service manager that has started this process; where none has, each method does nothing.

    Args:
        environ: has NOTIFY_SOCKET, the address of the manager, and WATCHDOG_USEC and WATCHDOG_PID.
        patience: the seconds for which a message may wait for room in the socket; then it is lost.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, patience: float = 1.0) -> None:
        self._patience = patience
        self._address = environ.get("NOTIFY_SOCKET", "")
        #: Seconds within which the manager wants a sign of life, or it kills this process; None: it wants none.
        self.watchdog: float | None = None
        microseconds = environ.get("WATCHDOG_USEC", "")
        # The variables are inherited: those of another process are not for this one.
        ours = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
        if ours and microseconds.isdecimal() and int(microseconds) > 0:
            self.watchdog = int(microseconds) / 1e6

    @property
    def listens(self) -> bool:
        """Whether a manager has started this process."""
        return self._address.startswith(("/", "@"))

    def ready(self, status: object = "") -> None:
        """Tell that the start, or a reload, is over."""
        self._send("READY=1", _status(status))

    def reloading(self) -> None:
        """Tell that the settings are read again; `ready` ends it."""
        # systemd 253 and later compare the time with that of their request, in microseconds of CLOCK_MONOTONIC.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Tell that this process ends."""
        self._send("STOPPING=1")

    def alive(self, status: object = "") -> None:
        """Give a sign of life, and *status* in words, which ``systemctl status`` shows."""
        self._send("WATCHDOG=1", _status(status))

    def _send(self, *lines: str) -> None:
        if not self.listens:
            return
        import socket  # imported late: acquire has no other use for it, and most commands have no manager

        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # A manager that is gone or busy costs a message, and nothing else.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.settimeout(self._patience)
            out.connect(address)
            out.send("\n".join(filter(None, lines)).encode())


def _status(words: object) -> str:
    """Return the line of *words*, which may have no line end of their own; empty without words."""
    text = " ".join(str(words).split())
    return f"STATUS={text}" if text else ""
