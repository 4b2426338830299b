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

from linkymonitor.errors import BadSetting, ConfigError, SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.announce import Sent, encoded, sentence, trial
from linkymonitor.sinks.base import Event, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.event_kinds import KINDS, check_events
from linkymonitor.sinks.http_post import Address, Answer, Client, address_of, authorization, quoted
from linkymonitor.sinks.network import check_plaintext, check_unread, is_loopback, keep_secret, read_secret

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

    #: Where each event goes. When its path is long, and so a secret, not everybody may read the configuration.
    url: str | None = None
    #: The file that has the address, instead of *url*.
    url_file: Path | None = None
    #: json: everything that is known; slack: a text as Slack and Mattermost take it; ntfy: a text with a priority.
    #: Empty: what the host takes, slack for hooks.slack.com, ntfy for ntfy.*, else json.
    format: Format | None = None
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
        for check in (self._check_url, lambda: check_events(self.events)):
            try:
                check()
            except BadSetting as error:
                faults += error.faults
        if faults:
            raise BadSetting(*faults)

    def _check_url(self) -> None:
        if self.url and self.url_file:
            raise BadSetting(
                Text(
                    "url : ne va pas avec url_file ; gardez-en un", "url: does not go with url_file; keep one"
                )
            )
        if self.url:
            address_of(self.url)
        elif not self.url_file:
            raise BadSetting(
                Text(
                    "url : manque ; on attend une adresse, ou url_file",
                    "url: missing; expected an address, or url_file",
                )
            )


class Request(NamedTuple):
    """The content of one request."""

    body: bytes
    headers: dict[str, str]


class Webhook:
    """One URL that takes events."""

    takes_records = False

    def __init__(self, settings: Settings) -> None:
        section = f"[sink:{settings.name}]"
        address = _address(settings, section)
        check_plaintext(
            address.host,
            secret=bool(settings.token_file),
            tls=address.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        self._address = address
        self._lang = settings.house.lang
        self._form = _FORMS[settings.format or _format_of(address.host)]
        self._key = b""
        if settings.secret_file:
            self._key = read_secret(settings.secret_file, section=section, key="secret_file").encode()
        self._headers = {}
        if settings.token_file:
            token = read_secret(settings.token_file, section=section, key="token_file")
            self._headers = authorization("Bearer", token, f"{section} token_file")
        self._client = Client(address, section=section, ca=settings.ca)
        self._sent = Sent(settings.events, settings.oldest)

    def write(self, records: Sequence[Row]) -> bool:
        """Take no record: a webhook has events only."""
        return False

    def events(self, events: Sequence[Event]) -> bool:
        """Send those of *events* that the settings ask for; return whether there was one.

        Raises:
            SinkUnavailable: the far end is away; what was sent before is not sent again.
            SinkRefused: the far end refuses at least one of the events; the others were sent.
        """
        refused: SinkRefused | None = None
        wanted = self._sent.wanted(events)
        for event in wanted:
            try:
                self._send(event)
            except SinkRefused as error:
                refused = error
            self._sent.add(event)
        if refused is not None:
            raise refused
        return bool(wanted)

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


def _address(settings: Settings, section: str) -> Address:
    """Return where events go.

    Raises:
        ConfigError: the file of the address cannot be used, or everybody may read an address that is a secret.
    """
    if settings.url is None:
        assert settings.url_file is not None
        written = read_secret(settings.url_file, section=section, key="url_file")
        try:
            address = address_of(written, "url_file")
        except BadSetting as error:
            raise ConfigError(*(f"{section} " + fault for fault in error.faults)) from error
    else:
        address = address_of(settings.url)
        if _is_secret(address):
            check_unread(settings.house.config, section=section, key="url")
    if len(address.path) > _SECRET_PATH:
        keep_secret(address.path)
    return address


def _is_secret(address: Address) -> bool:
    """Return whether who knows *address* may send there: its path is long, and it is not of this machine."""
    return len(address.path) > _SECRET_PATH and not is_loopback(address.host)


def _format_of(host: str) -> Format:
    """Return the form that *host* takes."""
    if host == "hooks.slack.com":
        return Format.SLACK
    return Format.NTFY if host.split(".", maxsplit=1)[0] == "ntfy" else Format.JSON


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
