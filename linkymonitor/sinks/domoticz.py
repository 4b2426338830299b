"""Sends readings to Domoticz over HTTP: a GET for each device."""

# Strategy
#
# - Domoticz answers 200 to a request that it refuses, with ``"status": "ERR"``: the idx is that of no device.
# - There is no request for the past: Domoticz gets readings.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.http_post import Answer, Client, address_of, quoted
from linkymonitor.sinks.network import check_plaintext, read_secret
from linkymonitor.sinks.shapes.domoticz_devices import Devices, Updates
from linkymonitor.system.json_text import read_json


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common, Devices):
    """``[sink:NAME]`` with ``type = domoticz``."""

    #: The address of Domoticz, such as http://192.168.1.20:8080.
    url: str
    #: The shortest time between two updates.
    every: timedelta = timedelta(seconds=10)
    #: The name under which the box signs in; empty: none.
    user: str | None = None
    #: The file with the password.
    password_file: Path | None = None
    #: The certificates that are trusted; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults = self.device_faults()
        try:
            address_of(self.url)
        except BadSetting as error:
            faults += error.faults
        if bool(self.user) != bool(self.password_file):
            faults.append(
                Text(
                    "user et password_file vont ensemble ; donnez les deux, ou aucun",
                    "user and password_file go together; give both, or neither",
                )
            )
        if faults:
            raise BadSetting(*faults)


class Domoticz:
    """One Domoticz."""

    takes_records = False

    def __init__(self, settings: Settings) -> None:
        from base64 import b64encode

        section = f"[sink:{settings.name}]"
        address = address_of(settings.url)
        check_plaintext(
            address.host,
            secret=settings.password_file is not None,
            tls=address.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        self._headers = {}
        if settings.password_file is not None:
            password = read_secret(settings.password_file, section=section)
            pair = f"{settings.user}:{password}".encode()
            self._headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        self._path = f"{address.path}/json.htm?type=command&param="
        self._url = address.url
        self._updates = Updates(settings)
        self._client = Client(address, section=section, ca=settings.ca)

    def write(self, records: Sequence[Row]) -> bool:
        """Take no record: Domoticz gets readings."""
        return False

    def live(self, reading: Live) -> bool:
        """Update each device; return whether there was one to update.

        Raises:
            SinkUnavailable: Domoticz is away, or does not take it.
        """
        from urllib.parse import quote

        if reading.age > TRUSTED_FOR:
            return False
        updates = self._updates.of(reading)
        try:
            for update in updates:
                value = quote(update.svalue, safe=";")
                command = f"udevice&idx={update.idx}&nvalue={update.nvalue}&svalue={value}"
                self._send(command, f"idx = {update.idx}")
        except SinkUnavailable:
            self._updates.forget()
            raise
        return bool(updates)

    def test(self) -> Text:
        """Ask for the version of Domoticz; return what it has taken.

        Raises:
            SinkUnavailable: Domoticz is away, or does not take it.
        """
        self._send("getversion", "url")
        return Text("la connexion", "the connection")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(self, command: str, cause: str) -> None:
        """Send *command*; *cause* is the setting that is wrong when Domoticz refuses it."""
        answer = self._client.get(f"{self._path}{command}", self._headers)
        if answer.status == 200 and _is_ok(answer):
            return
        remedy = "user, password_file" if answer.status in (401, 403) else cause
        words = quoted(answer.text)
        ending = f" ({words})" if words else ""
        raise SinkUnavailable(
            Text(
                f"{self._url} : réponse {answer.status}{ending} ; corrigez {remedy}",
                f"{self._url}: answer {answer.status}{ending}; correct {remedy}",
            )
        )


def _is_ok(answer: Answer) -> bool:
    try:
        document = read_json(answer.text)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("status") == "OK"


#: The name under which every module of a sink has its class.
Sink = Domoticz
