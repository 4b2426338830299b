"""Sends one request over HTTP, within bounds of time and size."""

# Strategy
#
# - The connection is kept for the next request. A server may have closed it meanwhile: then the request is sent once
#   more, over a new one. So a request may come twice, as a record may.
# - The whole exchange has a deadline, not each read: a server that sends a byte every few seconds is no better than a
#   silent one. Of an answer no more than its beginning is read.
# - No redirection is followed, and no proxy of the environment is used: a secret goes to the host of the settings only.

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from linkymonitor.errors import BadSetting, ConfigError, SinkUnavailable
from linkymonitor.language import CONTROLS, Text
from linkymonitor.sinks.network import connection_cause, no_answer, tls_cause, tls_context

if TYPE_CHECKING:
    from http.client import HTTPConnection

    from _typeshed import WriteableBuffer

#: How long an exchange may last, in seconds; connecting may take as long before it.
PATIENCE = 10.0
#: So many bytes of an answer are read.
ANSWER_MOST = 16_384
#: So many characters of an answer are repeated to people.
_QUOTED = 200


class Answer(NamedTuple):
    """What a server has answered."""

    status: int
    #: The beginning of the answer.
    text: str


class Address(NamedTuple):
    """Where requests go."""

    host: str
    port: int
    tls: bool
    #: The path and query of the URL, without a ``/`` at its end.
    path: str

    @property
    def url(self) -> str:
        """The URL without its path, which may hold a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def address_of(url: str, key: str = "url") -> Address:
    """Return where *url* leads; the sentence of a fault does not repeat it, because it may hold a password.

    Args:
        url: an address, ``http://host:port/path`` or with ``https``.
        key: the setting that has it.

    Raises:
        BadSetting: it is no such address, or has a user or a password in it.
    """
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        split, port = SplitResult("", "", "", "", ""), None
    if split.scheme not in ("http", "https") or not split.hostname or not url.isascii() or " " in url:
        raise BadSetting(
            Text(
                f"{key} : on attend une adresse telle que http://192.168.1.20:8086",
                f"{key}: expected an address such as http://192.168.1.20:8086",
            )
        )
    if split.username is not None or split.password is not None:
        raise BadSetting(
            Text(
                f"{key} : contient un nom ou un mot de passe ; donnez-les par user et password_file",
                f"{key}: has a user or a password in it; give them by user and password_file",
            )
        )
    tls = split.scheme == "https"
    path = split.path.rstrip("/") + (f"?{split.query}" if split.query else "")
    return Address(split.hostname, port or (443 if tls else 80), tls, path)


def authorization(scheme: str, token: str, place: str) -> dict[str, str]:
    """Return the header that carries *token*.

    Args:
        scheme: ``Token`` or ``Bearer``.
        token: the secret.
        place: the setting that has it, for the sentence of a fault.

    Raises:
        ConfigError: *token* has a character that no header can carry.
    """
    if not token.isascii() or not token.isprintable():
        raise ConfigError(
            Text(
                f"{place} : on attend des lettres, chiffres et signes ASCII, sans accent",
                f"{place}: expected letters, digits and signs of ASCII",
            )
        )
    return {"Authorization": f"{scheme} {token}"}


class Client:
    """Requests to one address.

    Args:
        address: where they go.
        section: the section that names it, ``[sink:NAME]``.
        ca: the file of the certificates that are trusted; None: those of the system.

    Raises:
        ConfigError: *ca* cannot be read.
    """

    def __init__(self, address: Address, *, section: str, ca: Path | None = None) -> None:
        self._address = address
        self._tls = tls_context(ca, section=section) if address.tls else None
        self._connection: HTTPConnection | None = None

    def post(self, target: str, body: bytes, headers: Mapping[str, str], most: int = ANSWER_MOST) -> Answer:
        """Return the answer to a POST of *body*.

        Args:
            target: path and query.
            body: the content.
            headers: the headers beside those of the transport.
            most: so many bytes of the answer are read.

        Raises:
            SinkUnavailable: nobody answers in time, or what answers is no HTTP.
        """
        return self._ask("POST", target, body, headers, most)

    def get(self, target: str, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a GET of *target*, path and query.

        Raises:
            SinkUnavailable: nobody answers in time, or what answers is no HTTP.
        """
        return self._ask("GET", target, None, headers, ANSWER_MOST)

    def _ask(
        self, verb: str, target: str, body: bytes | None, headers: Mapping[str, str], most: int
    ) -> Answer:
        from http.client import HTTPException, RemoteDisconnected

        again = self._connection is not None
        try:
            try:
                return self._exchange(verb, target, body, headers, most)
            except (RemoteDisconnected, ConnectionError):
                self.close()
                if not again:
                    raise
                return self._exchange(verb, target, body, headers, most)
        except (OSError, HTTPException, UnicodeError) as error:
            self.close()
            raise SinkUnavailable(f"{self._address.url}" + Text(" : ", ": ") + self._why(error)) from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, verb: str, target: str, body: bytes | None, headers: Mapping[str, str], most: int
    ) -> Answer:
        from http.client import HTTPResponse

        connection = self._connection = self._connection or self._connect()
        end = time.monotonic() + PATIENCE

        def answer_from(sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> HTTPResponse:
            timed: Any = _Timed(sock, end)
            return HTTPResponse(timed, debuglevel, method)

        connection.response_class = answer_from  # type: ignore[assignment]
        connection.request(verb, target or "/", body, dict(headers))
        response = connection.getresponse()
        content = response.read(most)
        if not response.isclosed():
            self.close()  # a longer answer: its rest is not waited for
        return Answer(response.status, content.decode("utf-8", "replace"))

    def _connect(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        host, port = self._address.host, self._address.port
        if self._tls is not None:
            return HTTPSConnection(host, port, timeout=PATIENCE, context=self._tls)
        return HTTPConnection(host, port, timeout=PATIENCE)

    def _why(self, error: Exception) -> Text:
        """Return what is wrong with the far end, in words."""
        url = Text("url", "url")
        if isinstance(error, TimeoutError):
            return no_answer(PATIENCE, url)
        if isinstance(error, OSError):
            http = Text("http:// dans url", "http:// in url")
            return tls_cause(error, self._address.host, "url", http) or connection_cause(error, url)
        if isinstance(error, UnicodeError):
            return Text(
                "ce n'est pas un nom de machine ; corrigez url", "this is no name of a host; correct url"
            )
        return Text("ce qui répond n'est pas un serveur HTTP", "what answers is no HTTP server")


class _Timed(io.RawIOBase):
    """Reads a socket up to a deadline, and keeps it open although the connection is closed."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._end = end

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Fill *buffer* with what comes before the deadline."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._socket.settimeout(PATIENCE)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the file that a response reads."""
        return io.BufferedReader(self)


def quoted(text: str) -> str:
    """Return the beginning of an answer, fit for one line of a log."""
    import re

    return re.sub(CONTROLS, " ", " ".join(text.split()))[:_QUOTED].strip()
