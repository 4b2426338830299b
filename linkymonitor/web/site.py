"""What each request is answered: the table of routes, the headers, and who may see what."""

# Strategy
#
# - A request is answered with bytes, and changes nothing but a session. The routes are those of this module; what is
#   none of them is not found, and nothing of a path is decoded or joined to another path.
# - Each answer has a policy that lets a browser load our own scripts alone (pages.py), and lets no other site show our
#   pages.

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus

from linkymonitor.errors import StorageError
from linkymonitor.system.resources import shipped
from linkymonitor.web import hosts, texts
from linkymonitor.web.own_pages import RELOAD, OwnPages
from linkymonitor.web.pages import Page, Pages, name_of, packed, unpacked
from linkymonitor.web.request import Request, cookie, takes

if TYPE_CHECKING:
    # Only a house with a password hashes anything, and hashing takes 3 MB of memory.
    from linkymonitor.web.door import Door
    from linkymonitor.web.drawing import Drawing

log = logging.getLogger(__name__)

#: The name of our cookie.
COOKIE = "linkymonitor"
#: The longest body of a form, in bytes.
LONGEST_FORM = 2048
_FORMS = ("/login", "/logout")
_HTML = "text/html; charset=utf-8"
#: Path → file below static/, and its type.
_STATIC = {
    "/dygraphs/dygraph.min.js": ("dygraphs/dygraph.min.js", "text/javascript; charset=utf-8"),
    "/dygraphs/dygraph.min.css": ("dygraphs/dygraph.min.css", "text/css; charset=utf-8"),
    "/dygraphs/LICENSE": ("dygraphs/LICENSE", "text/plain; charset=utf-8"),
    "/dygraphs/VERSION": ("dygraphs/VERSION", "text/plain; charset=utf-8"),
}
#: The headers of every answer, besides its policy.
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_OUT = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"


class Response(NamedTuple):
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    #: Whether the connection is closed after it.
    last: bool = False


class _File(NamedTuple):
    """A shipped file, as it is sent."""

    kind: str
    tag: str
    packed: bytes


def _headers(scripts: str, *, form: bool = False) -> tuple[tuple[str, str], ...]:
    """Return the headers of every answer; *scripts* are the hashes of inline scripts, *form* is for a page with a form.

    The style of the drawn pages has attributes in their markup, which no hash can allow.
    """
    action = "'self'" if form else "'none'"
    own = f"'self' {scripts}".strip()
    rule = (
        f"default-src 'none'; script-src {own}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; base-uri 'none'; form-action {action}; frame-ancestors 'none'"
    )
    # A browser that may name no page names no origin with a form either, and we look at the origin.
    referrer = "same-origin" if form else "no-referrer"
    return (*_ALWAYS, ("Content-Security-Policy", rule), ("Referrer-Policy", referrer))


class Site:
    """Answers requests.

    Args:
        pages: the drawn pages.
        own: the pages of `serve` itself.
        names: the names under which a browser may ask.
        drawing: draws the pages afresh.
        door: asks for the password; None: everybody may see the pages.
    """

    def __init__(
        self, pages: Pages, own: OwnPages, names: frozenset[str], drawing: Drawing, door: Door | None = None
    ) -> None:
        self._pages = pages
        self._own = own
        #: The names under which a browser may ask.
        self.names = names
        self._drawing = drawing
        self._door = door
        self._static = {path: _load(name, kind) for path, (name, kind) in _STATIC.items()}

    def takes_body(self, request: Request) -> bool:
        """Return whether the body of *request* is to be read before it is answered."""
        form = request.method == "POST" and request.path in _FORMS and self._door is not None
        return form and request.length <= LONGEST_FORM

    def answer(self, request: Request, body: bytes, address: str) -> Response:
        """Return the answer to *request*.

        Args:
            request: its head.
            body: its body, if it is one that is taken.
            address: of the client.
        """
        lang = self._own.language(request.headers.get("accept-language", ""))
        if not hosts.is_ours(request.headers.get("host", "localhost"), self.names):
            return self.failure(421, lang)
        if request.method == "POST":
            return self._form(request, body, address, lang)
        if request.method not in ("GET", "HEAD"):
            return self.failure(405, lang, ("Allow", "GET, HEAD"))
        if request.length:
            return self.failure(413, lang)
        found = self._static.get(request.path)
        if found is not None:
            return _file(request, found)
        if self._door is not None:
            stopped = self._at_the_door(self._door, request, lang)
            if stopped is not None:
                return stopped
        name = name_of(request.path)
        return self.failure(404, lang) if name is None else self._page(request, name, lang)

    def _at_the_door(self, door: Door, request: Request, lang: str) -> Response | None:
        """Return the answer to who has to sign in, or asks for a page of the door; None for who may come in."""
        signed_in = door.sessions.has(cookie(request, COOKIE))
        if request.path == "/login":
            if signed_in:
                return _elsewhere(_back(request.query))
            return self._html(200, self._own.sign_in(lang, _back(request.query)), form=True)
        if not signed_in:
            back = _back(request.path)
            return _elsewhere("/login" if back == "/" else f"/login?{back}")
        if request.path == "/logout":
            return self._html(200, self._own.sign_out(lang), form=True)
        return None

    def failure(self, status: int, lang: str = "fr", *more: tuple[str, str]) -> Response:
        """Return the page for the error *status*, such as 404 or 503; every error but 404 closes the connection."""
        title, sentence = texts.STATUS[status]
        page = self._own.sentence(lang, title, sentence, link=status == 404)
        return self._html(status, page, *more)._replace(last=status != 404)

    def _page(self, request: Request, name: str, lang: str) -> Response:
        try:
            page = self._pages.page(name)
        except StorageError as error:
            log.warning("%s", error)
            drawn = self._drawing.wish(None)
            title, sentence = texts.BEING_DRAWN if drawn else texts.CANNOT_SHOW
            return self._html(503, self._own.sentence(lang, title, sentence, reload=drawn), _retry())
        drawing = self._drawing.wish(None if page is None else page.drawn_at)
        if page is not None:
            return self._drawn(request, page)
        if name not in ("index", "today", "yesterday"):
            return self.failure(404, lang)
        title, sentence = texts.BEING_DRAWN if drawing else texts.NOT_DRAWN
        return self._html(503, self._own.sentence(lang, title, sentence, reload=drawing), _retry())

    def _drawn(self, request: Request, page: Page) -> Response:
        # What needs a password is kept by no browser: the next one who uses it may not know the password.
        keep = "private, no-cache" if self._door is None else "no-store"
        headers = (*_headers(page.scripts), ("Cache-Control", keep))
        return _either(request, page.tag, page.packed, _HTML, headers)

    def _form(self, request: Request, body: bytes, address: str, lang: str) -> Response:
        if self._door is None or request.path not in _FORMS:
            return self.failure(405, lang, ("Allow", "GET, HEAD"))
        if request.length > LONGEST_FORM:
            return self.failure(413, lang)
        # A form of another site is not ours; SameSite does not yet count before there is a cookie.
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() != f"http://{request.headers.get('host', '').lower()}":
            return self.failure(403, lang)
        if request.path == "/logout":
            self._door.sessions.end(cookie(request, COOKIE))
            return _elsewhere("/login", ("Set-Cookie", _OUT))
        fields = _fields(body)
        back = _back(fields.get("back", ""))
        try:
            entry = self._door.enter(fields.get("password", ""), address)
        except StorageError as error:
            log.warning("%s", error)
            return self._html(503, self._own.sign_in(lang, back, texts.NO_PASSWORD), form=True)
        if entry.word:
            from linkymonitor.web.sessions import LIFE

            given = f"{COOKIE}={entry.word}; Path=/; Max-Age={LIFE}; HttpOnly; SameSite=Strict"
            return _elsewhere(back, ("Set-Cookie", given))
        if entry.wait:
            page = self._own.sign_in(lang, back, texts.wait_sentence(entry.wait))
            return self._html(429, page, ("Retry-After", str(entry.wait)), form=True)
        return self._html(403, self._own.sign_in(lang, back, texts.WRONG), form=True)

    def _html(self, status: int, page: bytes, *more: tuple[str, str], form: bool = False) -> Response:
        headers = (*_headers("", form=form), ("Cache-Control", "no-store"), ("Content-Type", _HTML))
        return Response(status, (*headers, *more), page)


def _load(name: str, kind: str) -> _File:
    plain = (shipped("static") / name).read_bytes()
    pack = packed(plain)
    return _File(kind, f"{len(plain):x}-{int.from_bytes(pack[-8:-4], 'little'):x}", pack)


def _file(request: Request, file: _File) -> Response:
    headers = (*_headers(""), ("Cache-Control", "public, max-age=3600"))
    return _either(request, file.tag, file.packed, file.kind, headers)


def _either(
    request: Request,
    tag: str,
    pack: bytes,
    kind: str,
    headers: tuple[tuple[str, str], ...],
) -> Response:
    """Return the answer with the packed or the plain bytes, or without bytes when the client has them already."""
    unpacks = takes(request, "gzip")
    etag = f'"{tag}-g"' if unpacks else f'"{tag}"'
    headers = (*headers, ("ETag", etag), ("Vary", "Accept-Encoding"))
    known = request.headers.get("if-none-match", "")
    if known == "*" or etag in (word.strip().removeprefix("W/") for word in known.split(",")):
        return Response(304, headers)
    headers = (*headers, ("Content-Type", kind))
    if unpacks:
        return Response(200, (*headers, ("Content-Encoding", "gzip")), pack)
    return Response(200, headers, unpacked(pack))


def _elsewhere(path: str, *more: tuple[str, str]) -> Response:
    """Return the answer that leads the browser to *path*, one of our own."""
    return Response(303, (*_headers(""), ("Cache-Control", "no-store"), ("Location", path), *more))


def _retry() -> tuple[str, str]:
    return ("Retry-After", str(RELOAD))


def _back(words: str) -> str:
    """Return the path to which *words* of a client lead: that of one of our pages, else the calendar."""
    name = name_of(words)
    return "/" if name in (None, "index") else f"/{name}"


def _fields(body: bytes) -> Mapping[str, str]:
    """Return the fields of a form; of two of one name, the last."""
    fields = (part.partition("=") for part in body.decode("latin-1").split("&"))
    return {unquote_plus(name): unquote_plus(value) for name, _, value in fields}
