"""Writes the records to InfluxDB 1, 2 or 3, or to VictoriaMetrics, in line protocol over HTTP."""

# Strategy
#
# - A point has the tags and the time of its record, so a record that comes twice is the same point. (VictoriaMetrics
#   keeps both samples, unless it is started with -dedup.minScrapeInterval=1s.)
# - Every field is an integer in every point: no two of them can disagree about the type of a field.
# - The first record of a day has the prices of that day, as fields: InfluxQL multiplies fields of one measurement only.
# - Only 204 is success. A page that answers 200 to anything, such as that of a captive portal, has taken nothing.
# - 400, 413 and 422 are about the points that were sent: they are looked for in halves. Every other answer is about the
#   server, the name of the database or the password, which somebody can mend: the records wait. So they do for a field
#   that has another type in the database, as the next record has that field, too.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from linkymonitor.errors import BadSetting, SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.forms import influx_line
from linkymonitor.sinks.http_post import Address, Answer, Client, address_of, authorization, quoted
from linkymonitor.sinks.network import check_plaintext, check_unread, keep_secret, read_secret
from linkymonitor.sinks.prices import Prices, millionths
from linkymonitor.system.json_text import read_json

_ABOUT_THE_POINTS = (400, 413, 422)
_TAKEN = 204
#: What InfluxDB 1 and 2 answer about a field of another type: field, measurement, type that was sent, type in there.
_CONFLICT = (
    r'input field \\?"(.+?)\\?" on measurement \\?"(.+?)\\?" is type (\w+), already exists as type (\w+)'
)
#: The type of a field in the words of the server → in words for people, for one field and for many values.
_TYPES = {
    "integer": (Text("entier", "whole number"), Text("entiers", "whole numbers")),
    "unsigned": (
        Text("entier sans signe", "unsigned number"),
        Text("entiers sans signe", "unsigned numbers"),
    ),
    "float": (Text("décimal", "decimal number"), Text("décimaux", "decimal numbers")),
    "string": (Text("texte", "text"), Text("textes", "texts")),
    "boolean": (Text("booléen", "truth value"), Text("booléens", "truth values")),
}
#: What the server says of a disk that is full.
_DISK_FULL = "no space left on device"
#: So many bytes of the answer to a query are read.
_SERIES_MOST = 1_000_000
#: Level 1 takes half of the time of the usual level 6, for a body that is an eighth larger.
_GZIP_LEVEL = 1


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = influxdb``."""

    #: The address of the server, such as http://192.168.1.20:8086.
    url: str
    #: 1, 2 or 3. Empty: 2 when a bucket is set, else 1, which VictoriaMetrics takes too.
    version: int | None = None
    #: Versions 1 and 3. VictoriaMetrics needs none.
    database: str | None = None
    #: Version 1.
    user: str | None = None
    #: Version 1: the file that has the password of *user*.
    password_file: Path | None = None
    #: Version 2.
    org: str | None = None
    #: Version 2.
    bucket: str | None = None
    #: Versions 2 and 3: the file that has the token.
    token_file: Path | None = None
    #: The token itself, instead of *token_file*; then not everybody may read the configuration.
    token: str | None = None
    #: The certificates that are trusted; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults: list[Text] = []
        try:
            if "?" in address_of(self.url).path:
                faults.append(
                    Text(
                        "url : on attend une adresse sans « ? » ; donnez la base par database ou bucket",
                        "url: expected an address without a “?”; name the database by database or bucket",
                    )
                )
        except BadSetting as error:
            faults += error.faults
        if self.version not in (None, 1, 2, 3):
            faults.append(
                Text(
                    f"version = {self.version} : on attend 1, 2 ou 3",
                    f"version = {self.version}: expected 1, 2 or 3",
                )
            )
        elif self.api == 2 and not self.bucket:
            faults.append(Text("bucket : manque ; on attend son nom", "bucket: missing; expected its name"))
        elif self.api == 3 and not self.database:
            faults.append(
                Text("database : manque ; on attend son nom", "database: missing; expected its name")
            )
        given = [key for key in ("password_file", "token_file", "token") if getattr(self, key)]
        if len(given) > 1:
            faults.append(
                Text(
                    f"{given[1]} : ne va pas avec {given[0]} ; gardez-en un",
                    f"{given[1]}: does not go with {given[0]}; keep one",
                )
            )
        if bool(self.user) != bool(self.password_file):
            faults.append(
                Text(
                    "user et password_file vont ensemble ; donnez les deux, ou aucun",
                    "user and password_file go together; give both, or neither",
                )
            )
        if faults:
            raise BadSetting(*faults)

    @property
    def api(self) -> int:
        """The version whose requests are sent."""
        return self.version or (2 if self.bucket else 1)


class _Request(NamedTuple):
    """What is the same in every request."""

    target: str
    headers: dict[str, str]


class InfluxDB:
    """One database."""

    def __init__(self, settings: Settings) -> None:
        section = f"[sink:{settings.name}]"
        address = address_of(settings.url)
        check_plaintext(
            address.host,
            secret=bool(settings.password_file or settings.token_file or settings.token),
            tls=address.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        self._api = settings.api
        self._database = settings.database
        self._path = address.path
        self._url = address.url
        self._client = Client(address, section=section, ca=settings.ca)
        self._request = _request(settings, address, section)
        self._prices = Prices(settings.house)

    def write(self, records: Sequence[Row]) -> None:
        """Return once the database has all of *records*.

        Raises:
            SinkUnavailable: it is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the points.
        """
        # A point without a field cannot be written: a record without a number is left out.
        lines = [influx_line(row) for row in self._priced(records) if row.fields]
        if lines:
            self.send(lines)
            self._prices.written(records)

    def send(self, lines: Sequence[str], policy: str = "") -> None:
        """Return once the database has all points of *lines*.

        Args:
            lines: points in line protocol, with times in seconds.
            policy: the retention policy, of InfluxDB 1; empty: the default one.

        Raises:
            SinkUnavailable, SinkRefused: as for `write`.
        """
        from gzip import compress

        target = self._request.target + (f"&rp={policy}" if policy else "")
        body = compress("\n".join(lines).encode(), _GZIP_LEVEL, mtime=0)
        answer = self._client.post(target, body, self._request.headers)
        if answer.status in _ABOUT_THE_POINTS:
            if conflict := _conflict(answer, self._api):
                raise SinkUnavailable(Text(f"{self._url} : ", f"{self._url}: ") + conflict)
            raise SinkRefused(self._sentence(answer))
        if answer.status != _TAKEN:
            raise SinkUnavailable(self._sentence(answer) + _remedy(answer, self._api))

    def ask(self, query: str) -> list[Mapping[str, Any]]:
        """Return the series that answer *query*, in InfluxQL, of InfluxDB 1; times are in seconds.

        Raises:
            SinkUnavailable: the server is away, or does not answer the query.
        """
        from urllib.parse import urlencode

        words = {"q": query, "db": self._database or "", "epoch": "s"}
        headers = {name: text for name, text in self._request.headers.items() if name == "Authorization"}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._client.post(f"{self._path}/query", urlencode(words).encode(), headers, _SERIES_MOST)
        try:
            result = read_json(answer.text)["results"][0]
        except (ValueError, LookupError, TypeError):
            raise SinkUnavailable(self._sentence(answer) + _remedy(answer, self._api)) from None
        if "error" in result:
            why = quoted(str(result["error"]))
            remedy = Text("", "")
            if "authoriz" in why:
                remedy = Text(
                    " ; donnez à user tous les droits (GRANT ALL PRIVILEGES)",
                    "; grant the user all rights (GRANT ALL PRIVILEGES)",
                )
            raise SinkUnavailable(Text(f"{self._url} : {why}", f"{self._url}: {why}") + remedy)
        return list(result.get("series", []))

    def _priced(self, records: Sequence[Row]) -> list[Row]:
        """Return *records*, the first of each day with the prices of the day."""
        rows = list(records)
        for day in self._prices.of(records):
            row = rows[day.position]
            prices = {f"price_{register}": millionths(price) for register, price in day.prices.items()}
            rows[day.position] = row._replace(fields={**row.fields, **prices})
        return rows

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _sentence(self, answer: Answer) -> Text:
        words = quoted(answer.text)
        ending = f" ({words})" if words else ""
        return Text(
            f"{self._url} : réponse {answer.status}{ending}", f"{self._url}: answer {answer.status}{ending}"
        )


def _request(settings: Settings, address: Address, section: str) -> _Request:
    """Return the address and the headers of each request.

    Raises:
        ConfigError: the file of the password or of the token cannot be used.
    """
    from base64 import b64encode
    from urllib.parse import urlencode

    scheme = "Token" if settings.api == 2 else "Bearer"
    headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}
    if settings.password_file:
        password = read_secret(settings.password_file, section=section)
        pair = f"{settings.user}:{password}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    elif settings.token_file:
        token = read_secret(settings.token_file, section=section, key="token_file")
        headers |= authorization(scheme, token, f"{section} token_file")
    elif settings.token:
        check_unread(settings.house.config, section=section, key="token")
        headers |= authorization(scheme, keep_secret(settings.token), f"{section} token")
    if settings.api == 3:
        path, query = "/api/v3/write_lp", {"db": settings.database, "precision": "second"}
    elif settings.api == 2:
        path, query = "/api/v2/write", {"org": settings.org, "bucket": settings.bucket, "precision": "s"}
    else:
        path, query = "/write", {"db": settings.database, "precision": "s"}
    given = {name: value for name, value in query.items() if value}
    return _Request(f"{address.path}{path}?{urlencode(given)}", headers)


def _conflict(answer: Answer, api: int) -> Text | None:
    """Return which field has another type in the database, and what to do; None for any other *answer*."""
    import re

    found = re.search(_CONFLICT, answer.text)
    if found is None:
        return None
    field, measurement = (quoted(name) for name in found.groups()[:2])
    sent, there = (_TYPES.get(kind, (Text(kind, kind),) * 2) for kind in found.groups()[2:])
    key = "bucket" if api == 2 else "database"
    return Text(
        f"le champ {field} de la mesure {measurement} a le type {there[0].fr} dans la base, et des {sent[1].fr} lui "
        f"sont envoyés ; donnez une autre base par {key}, ou supprimez la mesure sur le serveur",
        f"the field {field} of the measurement {measurement} has the type {there[0].en} in the database, and "
        f"{sent[1].en} are sent to it; name another database by {key}, or drop the measurement on the server",
    )


def _remedy(answer: Answer, api: int) -> Text:
    """Return what to do about *answer*, with the separator before it; nothing for a fault that passes."""
    status = answer.status
    if _DISK_FULL in answer.text:
        # InfluxDB 1 goes on refusing once there is room, until it is started again.
        return Text(
            " ; faites de la place sur le serveur, et relancez-le",
            "; make room on the server, and start it again",
        )
    if status in (401, 403):
        return Text(
            " ; corrigez user et password_file, ou token_file, ou donnez-lui le droit d'écrire",
            "; correct user and password_file, or token_file, or grant it the right to write",
        )
    if status == 404:
        key = "bucket" if api == 2 else "database"
        return Text(
            f" ; créez la base sur le serveur, ou corrigez {key}, version ou url",
            f"; create the database on the server, or correct {key}, version or url",
        )
    if 300 <= status < 400:
        return Text(
            " : renvoi vers une autre adresse, qu'on ne suit pas ; corrigez url",
            ": a redirection, which is not followed; correct url",
        )
    if 200 <= status < 300:
        return Text(
            " : ce n'est pas InfluxDB qui répond ; corrigez url", ": what answers is no InfluxDB; correct url"
        )
    return Text("", "")


#: The name under which every module of a sink has its class.
Sink = InfluxDB
