"""Publishes readings, records and events to an MQTT broker, and announces the box to Home Assistant."""

# Strategy
#
# - Below linkymonitor/<id>/ there are live (the newest reading, retained), record (each record of the log), event, and
#   status: online while readings come, else offline, retained; the broker publishes offline when the box is gone.
# - Every message but live has QoS 1, and records are acknowledged before their place in the log moves
#   (mqtt_session.py).
# - What Home Assistant needs is published at each connection, as a broker may have forgotten what it retained.
# - A file beside the places of `deliver` has what must outlive a restart: which entities were announced, which topics
#   the broker retains, and the costs. It is written when one of the first two changes, else every ten minutes: each
#   record carries whole indexes, so the cost of what was not kept is found again with the next record.

from __future__ import annotations

import json
import logging
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.reading import Contract
from linkymonitor.model.terms import PERIODS, TRUSTED_FOR, code
from linkymonitor.sinks.base import Event, Live, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.forms import as_dict, iso
from linkymonitor.sinks.home_assistant import Box, announcement
from linkymonitor.sinks.mqtt_kept import KeptFile
from linkymonitor.sinks.mqtt_session import Broker, ConnectionLost, Message, Session
from linkymonitor.sinks.network import check_plaintext, library, read_secret, tls_context

log = logging.getLogger(__name__)

SCHEMA = 1
ONLINE, OFFLINE = b"online", b"offline"
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: The costs are kept so often, in seconds.
_KEPT_EVERY = 600.0
#: A broker that closes the connection so many times within so many seconds has another client of the same name.
_CLOSED, _WITHIN = 4, 60.0
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Protocol(Enum):
    """The version of MQTT."""

    V3_1_1 = "3.1.1"
    V5 = "5"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = mqtt``."""

    #: The machine of the broker.
    host: str = "localhost"
    #: Its port; empty: 1883, with TLS 8883.
    port: int | None = None
    #: The name under which the box signs in; empty: none.
    user: str | None = None
    #: The file with the password, which only its owner and his group may read.
    password_file: Path | None = None
    #: yes: the connection is encrypted, and the certificate of the broker is verified.
    tls: bool = False
    #: The file with the certificate of the authority that has signed that of the broker; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False
    #: 3.1.1 or 5: the version of MQTT.
    protocol: Protocol = Protocol.V3_1_1
    #: The id of the box in topics; empty: the box makes one, and keeps it.
    id: str | None = None
    #: What stands before the id in topics.
    topic: str = "linkymonitor"
    #: yes: the box is announced to Home Assistant.
    discovery: bool = True
    #: The topic below which Home Assistant listens.
    discovery_prefix: str = "homeassistant"
    #: The name of the device in Home Assistant.
    device: str = "Linky"

    def __post_init__(self) -> None:
        faults: list[Text] = []
        try:
            Common.__post_init__(self)
        except BadSetting as error:
            faults += error.faults
        if self.port is not None and not 1 <= self.port <= 65535:
            faults.append(
                Text(f"port = {self.port} : on attend 1 à 65535", f"port = {self.port}: expected 1 to 65535")
            )
        if self.id is not None and not _ID.fullmatch(self.id):
            faults.append(
                Text(
                    f"id = {self.id} : on attend 40 lettres sans accent, chiffres, - ou _ au plus",
                    f"id = {self.id}: expected at most 40 plain letters, digits, - or _",
                )
            )
        for key, topic in (("topic", self.topic), ("discovery_prefix", self.discovery_prefix)):
            if not _is_topic(topic):
                faults.append(
                    Text(
                        f"{key} = {topic} : on attend un sujet sans #, +, espace ni / aux bouts",
                        f"{key} = {topic}: expected a topic without #, +, a space or a / at its ends",
                    )
                )
        if set(self.name) & set("#+/"):
            faults.append(
                Text(
                    f"le nom {self.name} : on attend un nom sans #, + ni /",
                    f"the name {self.name}: expected a name without #, + or /",
                )
            )
        if faults:
            raise BadSetting(*faults)


class Mqtt:
    """The sink of MQTT: publishes records, live values and events of this box below its topic on a broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._house = settings.house
        self._section = section = f"[sink:{settings.name}]"
        self._mqtt = library("paho.mqtt.client", section=section, extra="mqtt", debian="python3-paho-mqtt")
        self._zone = ZoneInfo(self._house.timezone)
        self._id = settings.id or self._house.box
        self._root = f"{settings.topic}/{self._id}"
        self._discovery = f"{settings.discovery_prefix}/device/linkymonitor_{self._id}/config"
        self._broker = self._broker_of(settings)
        self._file = KeptFile(self._house.folder, settings.name, self._house.sinks)
        self._kept = self._file.read()
        self._kept_at = time.monotonic()
        self._session: Session | None = None
        #: When the broker has closed the connection, by the monotonic clock.
        self._closed: deque[float] = deque(maxlen=_CLOSED)
        #: The last live message, and whether it was fresh; None before the first.
        self._live: dict[str, object] | None = None
        self._fresh = False
        self._status: bytes = b""
        self._announced: bytes = b""
        self._relays: tuple[str, ...] = ()
        #: Frames and refused groups of the last record; the costs, once a record has brought them up to date.
        self._quality: dict[str, int] = {}
        self._costs: dict[str, str | None] = {}

    def write(self, records: Sequence[Row]) -> None:
        """Return once the broker has acknowledged *records*."""
        topic = f"{self._root}/record"
        self._send([Message(topic, _encode({"schema": SCHEMA, **as_dict(row)}).encode()) for row in records])
        before = costs = self._kept.costs
        for row in records:
            costs = costs.add(row, self._house.price, self._zone)
        self._quality = {
            name: wh for name, wh in records[-1].fields.items() if name in ("frames", "rejected")
        }
        self._costs = costs.shown()
        self._kept = self._kept._replace(costs=costs)
        # A crash before the first index of a register is kept would lose where its cost begins.
        begun = (before.meter, before.indexes.keys()) != (costs.meter, costs.indexes.keys())
        if begun or time.monotonic() - self._kept_at >= _KEPT_EVERY:
            self._keep()

    def live(self, reading: Live) -> None:
        """Publish *reading*; before the first one of a contract, announce the box to Home Assistant."""
        contract = reading.reading.contract
        if contract is not None:
            self._note_contract(contract)
        document = self._document(reading)
        self._note_seen(document, reading)
        document |= dict.fromkeys(sorted(self._kept.seen - document.keys()))
        self._live, self._fresh = document, reading.age <= TRUSTED_FOR
        if self._session is not None and any(words == ONLINE for words in self._session.heard):
            # Home Assistant has started, and may have lost what it knew.
            self._session.heard.clear()
            self._announced = b""
        self._send([], self._live_message())

    def events(self, events: Sequence[Event]) -> None:
        """Publish *events*; the box is offline from the beginning of a silence."""
        messages = []
        for event in events:
            if event.kind == "silence" and event.value == "begins":
                self._fresh = False
            messages.append(Message(f"{self._root}/event", self._event(event)))
        self._send(messages)

    def close(self) -> None:
        """Tell the broker that the box is offline, and keep the costs."""
        if self._session is not None:
            self._session.close([] if self._is_test else [self._status_message(OFFLINE)])
            self._session = None
        if self._kept.costs.ended_at:
            self._keep()

    # What is published

    def _document(self, reading: Live) -> dict[str, object]:
        """Return the live message of *reading*, without what it lacks."""
        values = reading.reading
        fields = dict(reading.fields)
        if "index_total" not in fields and (total := self._total(fields)) is not None:
            fields["index_total"] = total
        return {
            "schema": SCHEMA,
            "taken_at": None if reading.taken_at is None else iso(reading.taken_at),
            "age": reading.age,
            "mode": values.mode.value,
            "contract": self._kept.option,
            "period": reading.period or None,
            "ejp": reading.ejp,
            "overload": values.overload,
            **({"colour": values.colour.value} if values.colour else {}),
            **({"tomorrow": values.tomorrow.value} if values.tomorrow else {}),
            **fields,
            **self._quality,
            **self._costs_of(fields),
            **({"relays": dict(reading.relays)} if reading.relays else {}),
        }

    def _costs_of(self, fields: Mapping[str, int]) -> dict[str, str | None]:
        """Return the costs without those of registers that the contract no longer has."""
        there = self._kept.seen | fields.keys() | {"index_day", "index_month"}
        return {name: eur for name, eur in self._costs.items() if name.replace("cost_", "index_", 1) in there}

    def _total(self, fields: Mapping[str, int]) -> int | None:
        """Return the sum of the registers of the contract, None when one of them is missing."""
        periods = PERIODS.get(self._kept.option, ())
        indexes = [fields.get(f"index_{code(period)}") for period in periods]
        known = [index for index in indexes if index is not None]
        return sum(known) if known and len(known) == len(indexes) else None

    def _live_message(self) -> Message:
        return Message(f"{self._root}/live", _encode(self._live).encode(), retain=True)

    def _status_message(self, status: bytes) -> Message:
        return Message(f"{self._root}/status", status, retain=True)

    def _event(self, event: Event) -> bytes:
        document = {
            "schema": SCHEMA,
            "kind": event.kind,
            "at": None if event.at is None else iso(event.at),
            "value": event.value,
            "before": event.before,
            "text": event.text.render(self._house.lang),
            "status": event.status,
            "meter": event.meter,
            "series": event.series,
            "since": None if event.since is None else iso(event.since),
        }
        return _encode(document).encode()

    def _greeting(self) -> list[Message]:
        """Return what the broker does not have yet: the announcement, and the status."""
        if self._is_test:
            return []
        messages = []
        if self._settings.discovery and not self._announced and self._kept.option and self._live:
            payload, entities = announcement(self._described(), self._kept.entities.items())
            messages.append(Message(self._discovery, payload, retain=True))
            self._announced = payload
            if entities != self._kept.entities:
                self._kept = self._kept._replace(entities=entities)
                self._keep()
        status = ONLINE if self._fresh else OFFLINE
        if status != self._status:
            messages.append(self._status_message(status))
            self._status = status
        return messages

    def _described(self) -> Box:
        return Box(
            id=self._id,
            name=self._settings.device,
            lang=self._house.lang,
            live=f"{self._root}/live",
            status=f"{self._root}/status",
            option=self._kept.option,
            mode=self._kept.mode,
            seen=self._kept.seen,
            relays=self._relays,
            expires=max(60, round(5 * self._settings.every.total_seconds())),
        )

    # What was seen

    def _note_contract(self, contract: Contract) -> None:
        mode, option = contract.mode.value, contract.option
        if (mode, option) != (self._kept.mode, self._kept.option):
            self._kept = self._kept._replace(mode=mode, option=option, seen=frozenset())
            self._announced = b""

    def _note_seen(self, document: Mapping[str, object], reading: Live) -> None:
        """Remember the names of *document*; a new one is announced."""
        seen = {name for name in document if name not in _ALWAYS}
        if self._kept.option == "EJP" or reading.ejp in ("notice", "peak"):
            seen.add("ejp")
        if tuple(reading.relays) != self._relays:
            self._relays = tuple(reading.relays)
            self._announced = b""
        if not seen <= self._kept.seen:
            self._kept = self._kept._replace(seen=self._kept.seen | seen)
            self._announced = b""

    # The connection

    @property
    def _is_test(self) -> bool:
        return self._house.folder is None

    def _broker_of(self, settings: Settings) -> Broker:
        """Return the broker of *settings*.

        Raises:
            ConfigError: its password or its certificates cannot be used.
        """
        section = self._section
        password = None
        if settings.password_file is not None:
            password = read_secret(settings.password_file, section=section)
        check_plaintext(
            settings.host,
            secret=password is not None,
            tls=settings.tls,
            allowed=settings.allow_plaintext,
            section=section,
        )
        # A test has a name of its own: the broker would close the connection of the `deliver` that runs.
        test = "-test" if self._is_test else ""
        return Broker(
            host=settings.host,
            port=settings.port or (8883 if settings.tls else 1883),
            client_id=f"linkymonitor-{self._id}-{quote(settings.name)}{test}",
            keepalive=max(10, round(2 * settings.every.total_seconds())),
            user=settings.user,
            password=password,
            tls=tls_context(settings.ca, section=section) if settings.tls else None,
            version_5=settings.protocol is Protocol.V5,
        )

    def _send(self, messages: list[Message], shown: Message | None = None) -> None:
        """Publish *messages*, and show *shown*; if the broker has closed the connection meanwhile, on a new one."""
        try:
            if self._session is None:
                self._open()
            self._publish([*self._greeting(), *messages], shown)
        except ConnectionLost:
            self._note_closed()
            self._open()
            self._publish([*self._greeting(), *messages], shown)

    def _note_closed(self) -> None:
        """Note that the broker has closed the connection.

        Raises:
            SinkUnavailable: it does so again and again.
        """
        self._closed.append(time.monotonic())
        if len(self._closed) == _CLOSED and self._closed[-1] - self._closed[0] < _WITHIN:
            self._closed.clear()
            raise SinkUnavailable(self._broker.taken_over()) from None

    def _publish(self, messages: list[Message], shown: Message | None = None) -> None:
        assert self._session is not None
        try:
            if messages:
                self._session.publish(messages)
            if shown is not None:
                self._session.show(shown)
        except SinkUnavailable:
            self._session = None
            raise

    def _open(self) -> None:
        """Connect, and remove what the broker retains for no one."""
        will = listen = None
        if not self._is_test:
            will = self._status_message(OFFLINE)
            listen = f"{self._settings.discovery_prefix}/status" if self._settings.discovery else None
        session = Session(self._mqtt, self._broker, will, listen)
        session.open()
        self._session = session
        self._status = self._announced = b""
        if not self._is_test:
            self._clear()

    def _clear(self) -> None:
        """Note the topics that the broker will retain, and remove what it retains of topics that the box has left."""
        broker = f"{self._broker.host}:{self._broker.port}"
        own = {f"{self._root}/live", f"{self._root}/status"}
        if self._settings.discovery:
            own.add(self._discovery)
        old = self._file.abandoned(broker)
        if self._kept.broker == broker:
            old |= self._kept.retained
        self._note_retained(broker, old | own)
        self._file.forget_abandoned(broker)
        self._publish([Message(topic, b"", retain=True) for topic in sorted(old - own)])
        self._note_retained(broker, frozenset(own))

    # What is kept

    def _note_retained(self, broker: str, topics: frozenset[str]) -> None:
        if (self._kept.broker, self._kept.retained) != (broker, topics):
            self._kept = self._kept._replace(broker=broker, retained=topics)
            self._keep()

    def _keep(self) -> None:
        self._kept_at = time.monotonic()
        self._file.write(self._kept)


#: The names of the live message that are no entity by themselves.
_ALWAYS = frozenset({"schema", "taken_at", "age", "mode", "contract", "period", "ejp", "overload", "relays"})


def _is_topic(words: str) -> bool:
    return (
        0 < len(words.encode("utf-8", "replace")) <= 200
        and words.isprintable()
        and not set(words) & set("#+ ")
        and not words.startswith(("/", "$"))
        and not words.endswith("/")
    )


#: The name under which every module of a sink has its class.
Sink = Mqtt
