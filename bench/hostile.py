"""Far ends that do all that they can to hold up `deliver`: away, silent, and without an end."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType

_BLOCK = b"x" * 1_000_000
_FLOOD = 100 * len(_BLOCK)


class HostileServers:
    """Servers on the loopback, and the sections of sinks that lead to them."""

    def __enter__(self) -> HostileServers:
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self._open: list[socket.socket] = []
        hangs, floods, gone = self._listeners
        for listener, answer in ((hangs, self._hold), (floods, self._flood)):
            threading.Thread(target=self._serve, args=(listener, answer), daemon=True).start()
        ports = [listener.getsockname()[1] for listener in self._listeners]
        gone.close()
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        #: For an INI file.
        self.sections = (
            f"[sink:hangs]\ntype = influxdb\nurl = {urls[0]}\n"
            f"[sink:floods]\ntype = influxdb\nurl = {urls[1]}\n"
            f"[sink:gone]\ntype = influxdb\nurl = {urls[2]}\n"
            f"[sink:hook]\ntype = webhook\nurl = {urls[1]}\n"
            f"[sink:broker]\ntype = mqtt\nhost = 127.0.0.1\nport = {ports[0]}\n"
        )
        #: How many connections were accepted.
        self.connections = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in (*self._listeners, *self._open):
            # What a thread waits for ends with the shutdown.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, listener: socket.socket, answer: object) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections += 1
                self._open.append(connection)
                assert callable(answer)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def _hold(self, connection: socket.socket) -> None:
        """Read nothing and answer nothing."""

    def _flood(self, connection: socket.socket) -> None:
        """Answer 100 MB."""
        with suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 500 no\r\nContent-Length: %d\r\n\r\n" % _FLOOD)
            for _ in range(_FLOOD // len(_BLOCK)):
                connection.sendall(_BLOCK)
