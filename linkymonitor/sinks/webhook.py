"""Sends events and the summary of each day to a URL, as JSON, or as a text for ntfy or Slack."""

# Strategy
#
# - An event is a request of its own. When one of them fails, those before it were sent, and are not sent again.
# - The body is signed: the far end can tell that it comes from this box, and that nobody changed it. The body has the
#   time and an id, so the far end can drop what it has got already.
# - The path of a URL is a secret of its own (Slack, ntfy, Home Assistant), so it is in no message.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import BadSetting, SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.announce import Sent, encoded, sentence, trial
from linkymonitor.sinks.base import Event, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.event_kinds import KINDS, check_events
from linkymonitor.sinks.http_post import Answer, Client, address_of, authorization, quoted
from linkymonitor.sinks.network import check_plaintext, keep_secret, read_secret

#: The header with the signature: ``sha256=`` and the HMAC-SHA-256 of the body, in hexadecimal digits.
SIGNATURE = "X-Linkymonitor-Signature"
#: These answers are about the event itself; every other one that is no success may be mended by somebody.
_ABOUT_THE_EVENT = (400, 413, 415, 422)
#: A shorter path is no secret.
_SECRET_PATH = 8


class Format(Enum):
    """The form of a request."""

    JSON = "json"
    SLACK = "slack"
    NTFY = "ntfy"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = webhook``."""

    #: Where each event goes.
    url: str
    #: json: everything that is known; slack: a text as Slack and Mattermost take it; ntfy: a text with a priority.
    format: Format = Format.JSON
    #: The kinds of events that are sent.
    events: tuple[str, ...] = tuple(kind for kind in KINDS if kind != "note")
    #: The file with the key of the signature; empty: nothing is signed.
    secret_file: Path | None = None
    #: The file with the token that is sent as ``Authorization: Bearer``.
    token_file: Path | None = None
    #: The certificates that are trusted; empty: those of the system.
    ca: Path | None = None
    #: yes: the token may go to another machine without TLS.
    allow_plaintext: bool = False
    #: An event that is older is not sent; no key of the file.
    oldest: timedelta | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults: list[Text] = []
        for check in (lambda: address_of(self.url), lambda: check_events(self.events)):
            try:
                check()
            except BadSetting as error:
                faults += error.faults
        if faults:
            raise BadSetting(*faults)


class Request(NamedTuple):
    """The content of one request."""

    body: bytes
    headers: dict[str, str]


class Webhook:
    """One URL that takes events."""

    def __init__(self, settings: Settings) -> None:
        section = f"[sink:{settings.name}]"
        address = address_of(settings.url)
        check_plaintext(
            address.host,
            secret=bool(settings.token_file),
            tls=address.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        if len(address.path) > _SECRET_PATH:
            keep_secret(address.path)
        self._address = address
        self._lang = settings.house.lang
        self._form = _FORMS[settings.format]
        self._key = b""
        if settings.secret_file:
            self._key = read_secret(settings.secret_file, section=section, key="secret_file").encode()
        self._headers = {}
        if settings.token_file:
            token = read_secret(settings.token_file, section=section, key="token_file")
            self._headers = authorization("Bearer", token, f"{section} token_file")
        self._client = Client(address, section=section, ca=settings.ca)
        self._sent = Sent(settings.events, settings.oldest)

    def write(self, records: Sequence[Row]) -> None:
        """Take no record: a webhook has events only."""

    def events(self, events: Sequence[Event]) -> None:
        """Send those of *events* that the settings ask for.

        Raises:
            SinkUnavailable: the far end is away; what was sent before is not sent again.
            SinkRefused: the far end refuses at least one of the events; the others were sent.
        """
        refused: SinkRefused | None = None
        for event in self._sent.wanted(events):
            try:
                self._send(event)
            except SinkRefused as error:
                refused = error
            self._sent.add(event)
        if refused is not None:
            raise refused

    def test(self) -> None:
        """Send an event that announces nothing."""
        self._send(trial(datetime.now(UTC)))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(self, event: Event) -> None:
        request = self._form(event, self._lang)
        headers = self._headers | request.headers
        if self._key:
            headers[SIGNATURE] = f"sha256={_signature(self._key, request.body)}"
        answer = self._client.post(self._address.path, request.body, headers)
        if answer.status in _ABOUT_THE_EVENT:
            raise SinkRefused(self._sentence(answer))
        if not 200 <= answer.status < 300:
            remedy = Text(" ; corrigez url ou token_file", "; correct url or token_file")
            mended = 300 <= answer.status < 500 and answer.status != 429
            raise SinkUnavailable(self._sentence(answer) + (remedy if mended else Text("", "")))

    def _sentence(self, answer: Answer) -> Text:
        words = quoted(answer.text)
        ending = f" ({words})" if words else ""
        url, status = self._address.url, answer.status
        return Text(f"{url} : réponse {status}{ending}", f"{url}: answer {status}{ending}")


def _signature(key: bytes, body: bytes) -> str:
    import hmac

    return hmac.new(key, body, "sha256").hexdigest()


def _json(event: Event, lang: str) -> Request:
    return Request(encoded(event, lang), {"Content-Type": "application/json"})


def _slack(event: Event, lang: str) -> Request:
    import json

    # Between < and > Slack reads a command, such as one that calls everybody.
    words = sentence(event, lang).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Request(json.dumps({"text": words}).encode(), {"Content-Type": "application/json"})


def _ntfy(event: Event, lang: str) -> Request:
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Title": "linkymonitor",
        "Priority": "high" if event.status != "INFO" else "default",
    }
    return Request(sentence(event, lang).encode("utf-8", "replace"), headers)


_FORMS: dict[Format, Callable[[Event, str], Request]] = {
    Format.JSON: _json,
    Format.SLACK: _slack,
    Format.NTFY: _ntfy,
}

#: The name under which every module of a sink has its class.
Sink = Webhook
