"""A box that serves pages, for tests: its folders, its server, and a client that writes any bytes."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from linkymonitor.system.storage import Storage
from linkymonitor.web.door import Door
from linkymonitor.web.drawing import Drawing
from linkymonitor.web.hosts import names_of
from linkymonitor.web.own_pages import OwnPages
from linkymonitor.web.pages import Pages
from linkymonitor.web.password import write
from linkymonitor.web.section import Address
from linkymonitor.web.server import Server
from linkymonitor.web.site import Site

PASSWORD = "compteur-bleu-42"
#: The hash that a page of `page_of` allows, and the script that has it.
SCRIPT = "document.title = 1"
_HASH = "sha256-Q36D6Uk7W0215wajbK9dq3X/PIE9glH7LT4XQYrvSeY="


class Answer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    body: bytes


def page_of(words: str) -> str:
    """Return a page as `report` writes it, in small."""
    return (
        '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self' '{_HASH}'\">\n"
        f"<title>t</title>\n</head>\n<body>\n<p>{words}</p>\n<footer><span>f</span></footer>\n"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def draw(folder: Path, *names: str) -> None:
    """Write a page of each name into *folder*."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.html").write_text(page_of(name))


class Box:
    """A server of the pages in *folder*, which runs until `close`."""

    def __init__(self, folder: Path, state: Path | None = None, drawing: Drawing | None = None) -> None:
        self.folder = folder
        door = None
        if state is not None:
            state.mkdir(exist_ok=True)
            write(state, PASSWORD, Storage())
            door = Door(state, Storage())
        own = OwnPages(None)
        pages = Pages(folder, own.foot("fr").encode() if door else b"")
        self.site = Site(
            pages, own, names_of("maison", ["compteur.example"]), drawing or Drawing([], 0), door
        )
        self.server = Server(Address("127.0.0.1", 0), self.site)
        self.port = self.server.server_address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop to listen."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def raw(self, data: bytes) -> bytes:
        """Send *data* on a connection of its own; return all that comes back until it is closed."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server has said all that it wants to
            return everything(connection)

    def get(self, path: str, **headers: str) -> Answer:
        """Return the answer to GET *path*; a header ``accept_encoding`` is ``Accept-Encoding``."""
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Return the answer to a request that closes its connection."""
        sent = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        if body:
            sent["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        return answers(self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body))[0]

    def sign_in(self, password: str = PASSWORD, back: str = "") -> Answer:
        """Return the answer to the form of the password."""
        return self.ask("POST", "/login", f"back={back}&password={password}".encode())


def everything(connection: socket.socket) -> bytes:
    """Return what comes from *connection* until it is closed."""
    received = b""
    try:
        while block := connection.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return received


def answers(data: bytes) -> list[Answer]:
    """Return the answers in *data*, none of them to a HEAD."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Z][A-Za-z -]+", first)
        assert match is not None, first
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        found.append(Answer(int(match[1]), headers, rest[:length]))
        data = rest[length:]
    return found


@contextmanager
def box(folder: Path, state: Path | None = None, drawing: Drawing | None = None):
    """Serve while the block runs."""
    served = Box(folder, state, drawing)
    try:
        yield served
    finally:
        served.close()
