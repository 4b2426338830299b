"""A service manager for tests: it hears what a service tells it, as systemd does."""

from __future__ import annotations

import socket
from pathlib import Path


class FakeManager:
    """The socket of a service manager, to be closed at the end.

    Args:
        folder: gets the socket.
        watchdog: the seconds within which the service must give a sign of life; None: it need not.
    """

    def __init__(self, folder: Path, watchdog: float | None = None) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        #: What systemd sets for the service.
        self.environ = {"NOTIFY_SOCKET": str(folder / "notify")}
        if watchdog is not None:
            self.environ["WATCHDOG_USEC"] = str(round(watchdog * 1e6))
        #: Each message so far, oldest first.
        self.messages: list[dict[str, str]] = []

    def hear(self, seconds: float = 60.0) -> dict[str, str] | None:
        """Return the next message, by its keys; None when none comes within *seconds*."""
        self._socket.settimeout(seconds)
        try:
            text = self._socket.recv(4096).decode()
        except TimeoutError:
            return None
        message = dict(line.split("=", 1) for line in text.splitlines())
        self.messages.append(message)
        return message

    def hear_until(self, key: str) -> dict[str, str]:
        """Return the next message that has *key*."""
        while (message := self.hear()) is not None:
            if key in message:
                return message
        raise AssertionError(f"{key} was never told, only {self.messages}")

    def drain(self) -> None:
        """Hear what was told so far."""
        while self.hear(0.001) is not None:
            pass

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

    def __enter__(self) -> FakeManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
