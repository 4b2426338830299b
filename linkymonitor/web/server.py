"""The sockets of `serve`: a thread for each connection, of which there are few, and none may be slow."""

# Strategy
#
# - A connection has a thread of its own, which ends with it. The 65th connection is answered that the box is busy, in
#   the thread that accepts, and is closed a moment later: closed at once, the answer could be lost.
# - Each wait has an end: for the first byte of a request, for its whole head, for its body, for the client to take the
#   answer. Time is counted for the whole, not for each byte.
# - The next request of a connection is read when the one before is answered. A head that could end elsewhere for
#   another reader is refused, and the connection with it (request.py).

from __future__ import annotations

import _thread
import logging
import socket
import socketserver
import threading
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus

from linkymonitor.language import Text
from linkymonitor.web.request import LONGEST, BadRequest, line_is_wrong, parse
from linkymonitor.web.section import Address
from linkymonitor.web.site import Response, Site

log = logging.getLogger(__name__)

#: Connections at once.
CONNECTIONS = 64
#: Requests of one connection.
REQUESTS = 200
#: Seconds for a head or a body to arrive, between two requests, and for an answer to be taken.
_HEAD, _IDLE, _ANSWER = 5.0, 15.0, 30.0
#: What an early client may still send after its answer: bytes, and seconds.
_LINGER, _LINGER_SECONDS = 1 << 20, 1.0
#: A thread needs little, and 64 of them share the memory of a Pi Zero.
_STACK = 256 << 10
#: Seconds between two looks of the server at what it has to close.
_LOOK = 0.5
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_END = b"\r\n\r\n"

#: What the standard library hands on: it has sockets of datagrams, too.
Request = socket.socket | tuple[bytes, socket.socket]
Client = object


class Server(socketserver.TCPServer):
    """Listens at *address* and answers by *site*.

    Raises:
        OSError: the address is not of this machine, or in use.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: Address, site: Site) -> None:
        if ":" in address.host:
            self.address_family = socket.AF_INET6
        self.site = site
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        busy = site.failure(503)
        self._busy = written(busy._replace(headers=(*busy.headers, ("Retry-After", "10"))), body=True)
        #: Connections that were answered with 503, and the time in seconds (monotonic) at which each is closed.
        self._told: deque[tuple[float, socket.socket]] = deque()
        threading.stack_size(_STACK)
        super().__init__((address.host, address.port), _Connection)

    def server_bind(self) -> None:
        """Bind the socket; ``::`` takes IPv4, too."""
        # The connections inherit it: an answer does not wait for the client to confirm the one before.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def process_request(self, request: Request, client_address: Client) -> None:
        """Give a connection a thread, or tell it that there is none."""
        if self._free.acquire(blocking=False):
            try:
                # Less work than an object of threading, whose start waits for its thread to run.
                _thread.start_new_thread(self._serve, (request, client_address))
            except BaseException:
                self._free.release()
                raise
        else:
            assert isinstance(request, socket.socket)
            self._tell_busy(request)

    def _serve(self, request: Request, client_address: Client) -> None:
        """Answer a connection, in its thread."""
        try:
            self.finish_request(request, client_address)
        except Exception:  # a fault of ours costs one connection
            self.handle_error(request, client_address)
        finally:
            self.close_request(request)
            self._free.release()

    def handle_error(self, request: Request, client_address: Client) -> None:
        """Log an error of ours; the other connections go on."""
        fault = Text("une demande a échoué par notre faute", "a request failed by our fault")
        log.error("%s", fault, exc_info=True)  # noqa: LOG014 -- the standard library calls this in its handler

    def service_actions(self) -> None:
        """Close the connections that have had time to read that the box is busy."""
        now = time.monotonic()
        while self._told and self._told[0][0] <= now:
            self._told.popleft()[1].close()

    def server_close(self) -> None:
        """Close the listening socket, and the connections that were told that the box is busy."""
        super().server_close()
        while self._told:
            self._told.popleft()[1].close()

    def _tell_busy(self, connection: socket.socket) -> None:
        if len(self._told) >= CONNECTIONS:
            self._told.popleft()[1].close()
        connection.setblocking(False)
        with suppress(OSError):
            connection.send(self._busy)
            connection.shutdown(socket.SHUT_WR)
        self._told.append((time.monotonic() + _LOOK, connection))


class _Connection(socketserver.BaseRequestHandler):
    """One connection, until it ends."""

    server: Server
    request: socket.socket

    def setup(self) -> None:
        self._bytes = bytearray()

    def handle(self) -> None:
        # A client that leaves, whenever it likes, is no error.
        with suppress(OSError):
            for number in range(1, REQUESTS + 1):
                if not self._one(_HEAD if number == 1 else _IDLE, last=number == REQUESTS):
                    break

    def _one(self, patience: float, *, last: bool) -> bool:
        """Answer one request, for which we have *patience* s; return whether there may be another one."""
        site, head_only, body = self.server.site, False, b""
        try:
            head = self._head(patience)
            if head is None:
                return False
            request = parse(head)
            head_only = request.method == "HEAD"
            if request.length and site.takes_body(request):
                body = self._body(request.length)
            response = site.answer(request, body, str(self.client_address[0]))
            unread = bool(request.length) and not body
            last = last or request.last or unread or response.last
        except BadRequest as error:
            response, last = site.failure(error.status), True
        self._send(written(response._replace(last=last), body=not head_only))
        if last:
            self._linger()
        return not last

    def _head(self, patience: float) -> bytes | None:
        """Return the next head; None when the client has left, or begins none for *patience* s.

        Raises:
            BadRequest: it is too long or too slow, or does not begin as a request does.
        """
        self.request.settimeout(patience)
        until, looked = 0.0, 0
        while True:
            at = self._bytes.find(_END, max(looked - 3, 0))
            if at >= 0:
                head = bytes(self._bytes[:at])
                del self._bytes[: at + len(_END)]
                if len(head) > LONGEST:
                    raise BadRequest(431)
                return head
            looked = len(self._bytes)
            if looked > LONGEST:
                raise BadRequest(431 if b"\n" in self._bytes else 414)
            if line_is_wrong(bytes(self._bytes)):
                raise BadRequest(400)
            if looked:
                until = until or time.monotonic() + _HEAD
                self._wait_until(until)
            try:
                block = self.request.recv(8192)
            except TimeoutError:
                if looked:
                    raise BadRequest(408) from None
                return None
            if not block:
                return None
            self._bytes += block

    def _body(self, length: int) -> bytes:
        """Return the body of *length* bytes.

        Raises:
            BadRequest: it is too slow, or not whole.
        """
        until = time.monotonic() + _HEAD
        while len(self._bytes) < length:
            self._wait_until(until)
            try:
                block = self.request.recv(4096)
            except TimeoutError:
                raise BadRequest(408) from None
            if not block:
                raise BadRequest(400)
            self._bytes += block
        body = bytes(self._bytes[:length])
        del self._bytes[:length]
        return body

    def _wait_until(self, until: float) -> None:
        """Let the next wait end at *until*.

        Raises:
            BadRequest: that is past.
        """
        left = until - time.monotonic()
        if left <= 0:
            raise BadRequest(408)
        self.request.settimeout(left)

    def _send(self, data: bytes) -> None:
        until, left = time.monotonic() + _ANSWER, memoryview(data)
        while left:
            self.request.settimeout(max(until - time.monotonic(), 0.001))
            left = left[self.request.send(left) :]

    def _linger(self) -> None:
        """Take what the client still sends, a little of it: a close with unread bytes would take our answer away."""
        self.request.shutdown(socket.SHUT_WR)
        until, taken = time.monotonic() + _LINGER_SECONDS, 0
        while taken < _LINGER and (left := until - time.monotonic()) > 0:
            self.request.settimeout(left)
            block = self.request.recv(65536)
            if not block:
                return
            taken += len(block)


def written(response: Response, *, body: bool) -> bytes:
    """Return *response* as it goes over the wire, with its bytes unless *body* is False."""
    lines = [f"HTTP/1.1 {response.status} {_PHRASES[response.status]}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.status != 304:
        lines.append(f"Content-Length: {len(response.body)}")
    if response.last:
        lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1") + _END
    return head + response.body if body and response.status != 304 else head
