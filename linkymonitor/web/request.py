"""The head of a request, read strictly: what two readers could understand in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

#: The longest head in bytes: the line of the request and its headers.
LONGEST = 16384
#: The longest path, its query included, in characters.
_LONGEST_PATH = 2048
_MOST_HEADERS = 64
_LINE = re.compile(rb"([A-Za-z]{1,20}) ([\x21-\x7e]+) HTTP/1\.([0-9])")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
#: What a value may not have: control characters, but for a tab.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,15}")
_ZERO = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
#: Headers that may come once.
_ONCE = frozenset({"host", "content-length", "cookie", "origin", "if-none-match"})


class BadRequest(Exception):
    """A request that is answered with *status*, and whose connection is closed after that.

    Args:
        status: of HTTP.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """The head of one request."""

    method: str
    #: From its ``/`` on, as it came: nothing is decoded.
    path: str
    #: What stands behind the first ``?``.
    query: str
    #: Name in small letters → value.
    headers: Mapping[str, str]
    #: Whether the client closes the connection after the answer.
    last: bool
    #: Bytes of the body.
    length: int


def line_is_wrong(start: bytes) -> bool:
    """Return whether *start*, the first bytes of a head, has a whole first line that is not one of HTTP/1."""
    line, end, _ = start.partition(b"\n")
    return bool(end) and not (line.endswith(b"\r") and _LINE.fullmatch(line[:-1]))


def parse(head: bytes) -> Request:
    """Return the request whose *head* is given, without the empty line behind it.

    Raises:
        BadRequest: the head is not understood, or asks for what is not done.
    """
    first, *lines = head.split(b"\r\n")
    match = _LINE.fullmatch(first)
    # A path in absolute form names a host of its own, beside that of the header.
    if match is None or not match[2].startswith(b"/"):
        raise BadRequest(400)
    if len(match[2]) > _LONGEST_PATH:
        raise BadRequest(414)
    if len(lines) > _MOST_HEADERS:
        raise BadRequest(431)
    headers = _headers(lines)
    if "transfer-encoding" in headers:
        raise BadRequest(501 if "content-length" not in headers else 400)
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length):
        raise BadRequest(400)
    oldest = match[3] == b"0"
    if "host" not in headers and not oldest:
        raise BadRequest(400)
    path, _, query = match[2].decode("ascii").partition("?")
    return Request(
        match[1].decode("ascii"),
        path,
        query,
        headers,
        oldest or "close" in headers.get("connection", "").lower(),
        int(length),
    )


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        # A line that begins with a blank would go on the line before, for some readers.
        if not colon or not _NAME.fullmatch(name) or _CONTROL.search(value):
            raise BadRequest(400)
        key = name.decode("ascii").lower()
        if key in headers and key in _ONCE:
            raise BadRequest(400)
        headers[key] = value.decode("latin-1").strip(" \t")
    return headers


def cookie(request: Request, name: str) -> str | None:
    """Return the cookie *name* of *request*, None when it has none."""
    for part in request.headers.get("cookie", "").split(";"):
        key, equals, value = part.strip().partition("=")
        if equals and key == name:
            return value
    return None


def takes(request: Request, coding: str) -> bool:
    """Return whether *request* takes an answer packed by *coding*."""
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == coding:
            return not _ZERO.fullmatch(weight)
    return False
