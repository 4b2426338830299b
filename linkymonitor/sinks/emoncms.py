"""Sends readings to EmonCMS over HTTP, as hallard/teleinfo does: a GET with the values that have changed."""

# Strategy
#
# - The query is that program's: its JSON has no quotes, and EmonCMS takes it. Numbers keep their leading zeros.
# - A value counts as sent once EmonCMS has answered ``ok``. What it has not taken comes with the next reading.
# - The key of the API is in the address of the request, so it is in no message.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.http_post import Client, address_of, quoted
from linkymonitor.sinks.network import check_plaintext, read_secret
from linkymonitor.sinks.shapes.emoncms_values import changed, numbers_of
from linkymonitor.sinks.shapes.groups import number_faults

NEEDS_RAW = True


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = emoncms``."""

    #: The address of the request, such as http://192.168.1.20/emoncms/input/post.json.
    url: str
    #: The file that has the key of the API, which may write.
    token_file: Path
    #: The number of the node; 0: none.
    node: int = 0
    #: The address of the meter; empty: it is not sent.
    meter_number: str | None = None
    #: The certificates that are trusted; empty: those of the system.
    ca: Path | None = None
    #: yes: the key may go to another machine without TLS.
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults = number_faults(self.meter_number)
        try:
            if "?" in address_of(self.url).path:
                faults.append(
                    Text(
                        "url : on attend une adresse sans « ? » ; donnez node et token_file",
                        "url: expected an address without a “?”; set node and token_file",
                    )
                )
        except BadSetting as error:
            faults += error.faults
        if self.node < 0:
            faults.append(
                Text(
                    f"node = {self.node} : on attend 0 ou plus",
                    f"node = {self.node}: expected 0 or more",
                )
            )
        if faults:
            raise BadSetting(*faults)


class EmonCMS:
    """One EmonCMS."""

    takes_records = False

    def __init__(self, settings: Settings) -> None:
        section = f"[sink:{settings.name}]"
        address = address_of(settings.url)
        check_plaintext(
            address.host,
            secret=True,
            tls=address.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        key = read_secret(settings.token_file, section=section, key="token_file")
        node = f"node={settings.node}&" if settings.node else ""
        self._target = f"{address.path}?{node}apikey={key}&json="
        self._url = address.url
        self._client = Client(address, section=section, ca=settings.ca)
        self._meter_number = settings.meter_number
        #: What EmonCMS has.
        self._taken: Mapping[str, str] = {}

    def write(self, records: Sequence[Row]) -> bool:
        """Take no record: EmonCMS gets readings."""
        return False

    def live(self, reading: Live) -> bool:
        """Send what of *reading* has changed; return whether there was something.

        Raises:
            SinkUnavailable: EmonCMS is away, or does not take it.
        """
        if reading.age > TRUSTED_FOR:
            return False
        new = changed(self._taken, numbers_of(reading, self._meter_number))
        if new:
            self._send(new)
            self._taken = {**self._taken, **new}
        return bool(new)

    def test(self) -> Text:
        """Send the value 1 under the name TEST.

        Raises:
            SinkUnavailable: EmonCMS is away, or does not take it.
        """
        self._send({"TEST": "1"})
        return Text("TEST:1", "TEST:1")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(self, values: Mapping[str, str]) -> None:
        pairs = ",".join(f"{name}:{number}" for name, number in values.items())
        answer = self._client.get(f"{self._target}{{{pairs}}}", {})
        if answer.status == 200 and answer.text.strip().strip('"') == "ok":
            return
        words = quoted(answer.text)
        ending = f" ({words})" if words else ""
        raise SinkUnavailable(
            Text(
                f"{self._url} : réponse {answer.status}{ending} ; corrigez url, ou la clé de token_file",
                f"{self._url}: answer {answer.status}{ending}; correct url, or the key in token_file",
            )
        )


#: The name under which every module of a sink has its class.
Sink = EmonCMS
