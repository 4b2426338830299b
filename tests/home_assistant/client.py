"""Talks to a Home Assistant: its REST interface, and just enough of its websocket."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class HomeAssistant:
    """One Home Assistant that has just been installed.

    Args:
        port: of its page, on the loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._token = ""
        #: What the page of Home Assistant keeps of somebody who has signed in.
        self.tokens: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def call(self, path: str, body: object = None, *, form: bool = False) -> Any:
        """Return the answer of *path*; with a *body* it is posted.

        Raises:
            OSError: it is not there, or refuses.
        """
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None
        if body is not None:
            data = urlencode(body).encode() if form else json.dumps(body).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
        try:
            with urlopen(Request(f"{self.address}{path}", data, headers), timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            raise OSError(f"{path}: {error.code} {error.read()[:300]!r}") from error

    def onboard(self, lang: str = "fr") -> None:
        """Make the owner, who reads *lang*, and sign in."""
        client = f"{self.address}/"
        owner = {
            "client_id": client,
            "name": "Owner",
            "username": "owner",
            "password": "owner-1",
            "language": lang,
        }
        code = self.call("/api/onboarding/users", owner)["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self.tokens = self.call("/auth/token", grant, form=True)
        self._token = self.tokens["access_token"]
        for step in ("core_config", "analytics"):
            self.call(f"/api/onboarding/{step}", {"client_id": client})
        self.call("/api/onboarding/integration", {"client_id": client, "redirect_uri": client})

    def add_mqtt(self, port: int) -> None:
        """Add the integration of MQTT, with a broker on *port*."""
        flow = self.call("/api/config/config_entries/flow", {"handler": "mqtt"})
        answer = self.call(
            f"/api/config/config_entries/flow/{flow['flow_id']}", {"broker": "127.0.0.1", "port": port}
        )
        if answer.get("type") != "create_entry":
            raise OSError(f"MQTT cannot be added: {answer}")

    def states(self) -> dict[str, dict[str, Any]]:
        """Return entity id → state and attributes, of the entities that have a linky in their id."""
        return {one["entity_id"]: one for one in self.call("/api/states") if "linky" in one["entity_id"]}

    def ask(self, *commands: dict[str, object]) -> list[Any]:
        """Return the results of *commands*, by the websocket."""
        with socket.create_connection(("127.0.0.1", self._port), 60) as connection:
            key = base64.b64encode(os.urandom(16)).decode()
            connection.sendall(
                f"GET /api/websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            stream = connection.makefile("rb")
            while stream.readline().strip():
                pass
            _receive(stream)
            _send(connection, {"type": "auth", "access_token": self._token})
            _receive(stream)
            results = []
            for number, command in enumerate(commands, 1):
                _send(connection, {"id": number, **command})
                answer = _receive(stream)
                if not answer.get("success"):
                    raise OSError(f"{command['type']}: {answer}")
                results.append(answer["result"])
            stream.close()
            return results


def _send(connection: socket.socket, message: object) -> None:
    data = json.dumps(message).encode()
    head = bytes([0x81, 0x80 | 126]) + struct.pack(">H", len(data)) + bytes(4)
    connection.sendall(head + data)


def _receive(stream: Any) -> Any:
    _, size = stream.read(2)
    if size == 126:
        (size,) = struct.unpack(">H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", stream.read(8))
    return json.loads(stream.read(size))
