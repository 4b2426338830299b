"""The reader of the bytes of a connection to `serve`."""

from __future__ import annotations

from functools import cache

from linkymonitor.system.storage import Storage
from linkymonitor.web.attempts import Attempts
from linkymonitor.web.door import Door
from linkymonitor.web.drawing import Drawing
from linkymonitor.web.hosts import names_of
from linkymonitor.web.own_pages import OwnPages
from linkymonitor.web.pages import Pages
from linkymonitor.web.password import write as write_password
from linkymonitor.web.request import BadRequest, line_is_wrong, parse
from linkymonitor.web.server import written
from linkymonitor.web.site import Site
from tests.fuzz.shared import scratch


@cache
def _site() -> Site:
    """Return a site of three pages, with a password that nobody has."""
    folder = scratch() / "web"
    folder.mkdir()
    for name in ("index", "2026", "2026-01-13"):
        (folder / f"{name}.html").write_text("<!doctype html><footer></footer>")
    write_password(folder, "personne-ne-le-sait", Storage())
    closed = Door(folder, Storage(), Attempts(lambda: 0.0))
    return Site(Pages(folder), OwnPages(None), names_of("maison", ()), Drawing([], 0), closed)


def request(data: bytes) -> None:
    """The bytes of a connection, to heads, to answers: each is whole, and none has a page without the password."""
    site = _site()
    line_is_wrong(data)
    for head in data.split(b"\r\n\r\n")[:8]:
        try:
            parsed = parse(head)
        except BadRequest as error:
            written(site.failure(error.status), body=True)
            continue
        assert "\n" not in "".join((parsed.path, parsed.query, *parsed.headers, *parsed.headers.values()))
        body = data[-parsed.length :] if site.takes_body(parsed) else b""
        answer = site.answer(parsed, body, "192.0.2.7")
        assert answer.status in (200, 303, 304, 403, 404, 405, 413, 421, 429), answer.status
        names = {name for name, _ in answer.headers}
        assert {"Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"} <= names
        sent = written(answer, body=parsed.method != "HEAD")
        lines = sent.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert len(lines) <= len(answer.headers) + 3, "a value has made a header of its own"
        assert b"<footer>" not in answer.body
        assert "Set-Cookie" not in names or parsed.path == "/logout"
