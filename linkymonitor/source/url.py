"""A URL of pyserial: a serial server, a spy on a port, a loop."""

from __future__ import annotations

import errno
import math
import re
import select
from contextlib import suppress

from linkymonitor.errors import LineError
from linkymonitor.language import Text
from linkymonitor.source.port import Port

#: Seconds without a byte after which a connection is made anew: TCP may never report that the other side is gone.
SILENCE = 60.0

_READ = 65536
# Seconds between two looks at a URL that has no descriptor to wait on (rfc2217://, loop://).
_SLICE = 0.05
#: Scheme → the options that pyserial takes in the query of the URL. Options of other schemes are left to pyserial.
_OPTIONS = {
    "socket": {"logging"},
    "rfc2217": {"logging", "ign_set_control", "poll_modem", "timeout"},
    "loop": {"logging"},
}
_LOGGING = {"debug", "info", "warning", "error"}


class Url(Port):
    """A URL of pyserial: a serial server, a spy on a port, a loop."""

    _opened = False

    def _configure(self) -> None:
        before = self._port.baudrate
        try:
            super()._configure()
        except ValueError:
            # RFC 2217: a server that cannot change its speed refuses, and keeps the speed that it has.
            self._speed = before
            with suppress(ValueError):
                self._port.baudrate = before

    def _open(self) -> None:
        import serial

        if not self._opened and not _is_url(self.name):
            raise _refusal(self.name)
        self._last_byte = self._clock.monotonic()
        try:
            self._port = serial.serial_for_url(
                self.name, do_not_open=True, baudrate=self._speed, timeout=0, exclusive=True
            )
            self._port.open()
            self._opened = True
        except (ValueError, serial.SerialException) as error:
            if _is_ill_formed(error):
                if self._opened:  # the URL has worked before, so the server refuses for now
                    raise OSError(errno.EIO, str(error)) from None
                raise _refusal(self.name) from error
            raise
        except re.error as error:  # hwgrep:// holds a pattern
            raise _refusal(self.name) from error
        try:
            fd = self._port.fileno()
        except OSError:  # rfc2217:// and loop:// have no descriptor
            self._poll = None
        else:
            self._poll = select.poll()
            self._poll.register(fd, select.POLLIN)

    def _receive(self, timeout: float) -> bytes:
        self._wait(timeout)
        chunk = bytes(self._port.read(_READ))
        now = self._clock.monotonic()
        if chunk:
            self._last_byte = now
        elif now - self._last_byte >= SILENCE:
            self.close()
            self._open()
        return chunk

    def _wait(self, timeout: float) -> None:
        if self._poll is not None:
            self._poll.poll(math.ceil(timeout * 1000))
            return
        for _ in range(math.ceil(timeout / _SLICE)):
            if self._port.in_waiting:
                return
            self._sleep(_SLICE)


def _refusal(url: str) -> LineError:
    return LineError(
        Text(
            f"{url} : URL mal formée ; on attend socket://machine:port ou rfc2217://machine:port, "
            "port de 1 à 65535, ou une autre URL de pyserial",
            f"{url}: not a URL that can be read; expected socket://host:port or rfc2217://host:port, "
            "port 1 to 65535, or another URL of pyserial",
        )
    )


def _is_ill_formed(error: BaseException | None) -> bool:
    """Return whether *error*, or the error that it wraps, comes from the text of a URL, which then never opens."""
    return error is not None and (
        isinstance(error, ValueError | TypeError | KeyError) or _is_ill_formed(error.__context__)
    )


def _is_url(text: str) -> bool:
    """Return whether pyserial can read the URL *text*. Asked first, for pyserial has no useful message on some URLs."""
    from urllib.parse import parse_qs, urlsplit

    try:
        parts = urlsplit(text)
        options = parse_qs(parts.query, keep_blank_values=True)
        if parts.scheme in ("socket", "rfc2217") and not (parts.hostname and parts.port):
            return False
        if "timeout" in options and parts.scheme == "rfc2217":
            float(options["timeout"][0])
    except ValueError:
        return False
    known = _OPTIONS.get(parts.scheme)
    return known is None or (options.keys() <= known and set(options.get("logging", ())) <= _LOGGING)
