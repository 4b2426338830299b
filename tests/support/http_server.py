"""A server over HTTP on the loopback that keeps what it is sent, and answers what the test wants."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Sent(NamedTuple):
    """One request, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, unpacked."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


#: Status, and the body of the answer.
Said = tuple[int, bytes]


class HttpServer:
    """Answers each request by *answer*, and keeps the requests in `sent`."""

    def __init__(self, answer: Callable[[Sent], Said], tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.sent: list[Sent] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()
                outer._open.append(self.connection)

            def do_POST(self) -> None:
                url = urlsplit(self.path)
                sent = Sent(
                    self.command,
                    url.path,
                    {
                        name: value[-1]
                        for name, value in parse_qs(url.query, strict_parsing=bool(url.query)).items()
                    },
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers["Content-Length"] or 0)),
                )
                outer.sent.append(sent)
                status, body = outer.answer(sent)
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if status != 204 else b"")

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def drop(self) -> None:
        """Close every open connection, as a server that restarts does."""
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.drop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(answer: Callable[[Sent], Said], tls: ssl.SSLContext | None = None):
    """Serve while the block runs."""
    server = HttpServer(answer, tls)
    try:
        yield server
    finally:
        server.close()
