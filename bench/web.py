"""What serve costs: its memory, and the CPU of a page that it has packed already."""

# Strategy
#
# - One request a second is more than a house ever asks; its share of a core, times 25, is the share of a Pi Zero.
# - The client opens a connection for each request, as a phone does that looks once; the costs of the client are those
#   of another process.

from __future__ import annotations

import re
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import ENVIRONMENT, OURS, Process, bare_memory
from bench.table import PI_ZERO, Row

_REQUESTS = 2000
#: Bytes of the page: as many as the page of a day may have.
_PAGE = 200_000
#: How often the password is judged before the pages and after them: its memory must be given back each time.
_SIGN_INS = 3
_UNIT = Path(__file__).parent.parent / "etc/systemd/linkymonitor-serve.service"


def measure() -> Iterator[Row]:
    """Yield the CPU of a page and the memory, without a password and after one has been judged."""
    bare = bare_memory() / 1024
    for name, password in (("open", ""), ("with a password", "mot-de-passe-du-banc")):
        with tempfile.TemporaryDirectory() as folder:
            port = _free_port()
            command = (*OURS, "serve", "-c", str(_box(Path(folder), port, password)))
            with Process(command, _environment()) as serve:
                _wait(port, serve)
                cookie = _cookie(port, password)
                request = (
                    "GET /2026-01-13 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
                    f"{cookie}Connection: close\r\n\r\n"
                )
                assert _ask(port, request).startswith(b"HTTP/1.1 200")
                before = serve.cpu_of_all
                for _ in range(_REQUESTS):
                    _ask(port, request)
                each = (serve.cpu_of_all - before) / _REQUESTS
                _cookie(port, password)
                highest, now = serve.memory() / 1024, serve.memory("VmRSS") / 1024
            yield Row(
                figure=f"serve, {name}: a page from its cache each second, of a Pi Zero",
                measured=each * PI_ZERO * 100,
                must=1,
                unit="%",
                note=f"{each * 1e6:.0f} µs of CPU a request × {PI_ZERO}",
            )
            yield Row(
                figure=f"memory of serve, {name}, at its most",
                measured=highest,
                must=25,
                unit="MiB",
                note=f"{now:.1f} when no password is judged" if password else f"bare Python {bare:.1f}",
            )


def _environment() -> dict[str, str]:
    """Return the environment in which the unit starts `serve`: it has settings of the allocator of memory."""
    own = re.findall(r"^Environment=(.*)", _UNIT.read_text(), re.MULTILINE)
    return {**ENVIRONMENT, **dict(word.split("=", 1) for line in own for word in line.split())}


def _box(folder: Path, port: int, password: str) -> Path:
    from linkymonitor.system.storage import Storage
    from linkymonitor.web.password import write

    (folder / "pages").mkdir()
    lines = "\n".join(f"<td>{number * number}</td>" for number in range(_PAGE // 16))
    (folder / "pages/2026-01-13.html").write_text(f"<!doctype html><table>{lines}</table><footer></footer>")
    if password:
        (folder / "serve").mkdir()
        write(folder / "serve", password, Storage())
    ini = folder / "linkymonitor.ini"
    ini.write_text(
        f"[general]\nstate_dir = {folder}\n[report]\ndir = {folder}/pages\n"
        f"[serve]\nbind = 127.0.0.1:{port}\nrefresh = 0\nopen = {'no' if password else 'yes'}\n"
    )
    return ini


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(port: int, serve: Process) -> None:
    while True:
        serve.alive()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


def _cookie(port: int, password: str) -> str:
    """Return the header of the cookie of who has signed in; empty without a password."""
    if not password:
        return ""
    form = f"password={password}"
    head = (
        f"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    for _ in range(_SIGN_INS):
        answer = _ask(port, head + form).decode("latin-1")
    word = answer.partition("Set-Cookie: ")[2].partition(";")[0]
    return f"Cookie: {word}\r\n"


def _ask(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.encode())
        received = bytearray()
        while block := connection.recv(65536):
            received += block
    return bytes(received)
