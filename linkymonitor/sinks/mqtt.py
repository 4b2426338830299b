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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from linkymonitor.language import Text
from linkymonitor.model.reading import Contract
from linkymonitor.model.terms import PERIODS, TRUSTED_FOR, code
from linkymonitor.sinks.announce import encoded
from linkymonitor.sinks.base import Event, Live, Row
from linkymonitor.sinks.forms import as_dict, iso
from linkymonitor.sinks.home_assistant import Box, announcement
from linkymonitor.sinks.mqtt_broker import BrokerSettings, Link, broker_of, paho, topic_faults
from linkymonitor.sinks.mqtt_kept import KeptFile
from linkymonitor.sinks.mqtt_session import Message

log = logging.getLogger(__name__)

SCHEMA = 1
ONLINE, OFFLINE = b"online", b"offline"
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: The costs are kept so often, in seconds.
_KEPT_EVERY = 600.0
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(BrokerSettings):
    """``[sink:NAME]`` with ``type = mqtt``."""

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

    def faults(self) -> list[Text]:
        """Return one sentence for each fault."""
        faults = BrokerSettings.faults(self)
        if self.id is not None and not _ID.fullmatch(self.id):
            faults.append(
                Text(
                    f"id = {self.id} : on attend 40 lettres sans accent, chiffres, - ou _ au plus",
                    f"id = {self.id}: expected at most 40 plain letters, digits, - or _",
                )
            )
        faults += topic_faults("topic", self.topic)
        return faults + topic_faults("discovery_prefix", self.discovery_prefix)


class Mqtt:
    """The sink of MQTT: publishes records, live values and events of this box below its topic on a broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._house = settings.house
        self._zone = ZoneInfo(self._house.timezone)
        self._id = settings.id or self._house.box
        self._root = f"{settings.topic}/{self._id}"
        self._discovery = f"{settings.discovery_prefix}/device/linkymonitor_{self._id}/config"
        self._link = self._make_link()
        self._file = KeptFile(self._house.folder, settings.name, self._house.sinks)
        self._kept = self._file.read()
        self._kept_at = time.monotonic()
        #: The last live message, and whether it was fresh; None before the first.
        self._live: dict[str, object] | None = None
        self._contract: Contract | None = None
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
        self._link.send(
            [Message(topic, _encode({"schema": SCHEMA, **as_dict(row)}).encode()) for row in records]
        )
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
        # While nothing of a contract changes, it is the same object.
        if contract is not None and contract is not self._contract:
            self._note_contract(contract)
        document = self._document(reading)
        self._note_seen(document, reading)
        if not self._kept.seen <= document.keys():
            document |= dict.fromkeys(sorted(self._kept.seen - document.keys()))
        self._live, self._fresh = document, reading.age <= TRUSTED_FOR
        if ONLINE in self._link.heard():
            # Home Assistant has started, and may have lost what it knew.
            self._announced = b""
        self._link.send([], [self._live_message()])

    def events(self, events: Sequence[Event]) -> None:
        """Publish *events*; the box is offline from the beginning of a silence."""
        messages = []
        for event in events:
            if event.kind == "silence" and event.value == "begins":
                self._fresh = False
            messages.append(Message(f"{self._root}/event", encoded(event, self._house.lang)))
        self._link.send(messages)

    def close(self) -> None:
        """Tell the broker that the box is offline, and keep the costs."""
        self._link.close([] if self._is_test else [self._status_message(OFFLINE)])
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
        if not self._costs:
            return {}
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
        self._contract = contract
        mode, option = contract.mode.value, contract.option
        if (mode, option) != (self._kept.mode, self._kept.option):
            self._kept = self._kept._replace(mode=mode, option=option, seen=frozenset())
            self._announced = b""

    def _note_seen(self, document: Mapping[str, object], reading: Live) -> None:
        """Remember the names of *document*; a new one is announced."""
        seen = self._kept.seen
        if not document.keys() - _ALWAYS <= seen:
            seen |= document.keys() - _ALWAYS
        if "ejp" not in seen and (self._kept.option == "EJP" or reading.ejp in ("notice", "peak")):
            seen |= {"ejp"}
        relays = tuple(reading.relays)
        if (seen, relays) != (self._kept.seen, self._relays):
            self._kept, self._relays = self._kept._replace(seen=seen), relays
            self._announced = b""

    # The connection

    @property
    def _is_test(self) -> bool:
        return self._house.folder is None

    def _make_link(self) -> Link:
        """Return the connection, which is not open yet.

        Raises:
            ConfigError: the library is missing, or the password or the certificates cannot be used.
        """
        settings = self._settings
        will = listen = None
        if not self._is_test:
            will = self._status_message(OFFLINE)
            listen = f"{settings.discovery_prefix}/status" if settings.discovery else None
        return Link(
            paho(f"[sink:{settings.name}]"),
            broker_of(settings, f"linkymonitor-{self._id}-{quote(settings.name)}"),
            will=will,
            listen=listen,
            opened=self._opened,
            greeting=self._greeting,
        )

    def _opened(self) -> None:
        """Begin a new connection, and remove what the broker retains for no one."""
        self._status = self._announced = b""
        if not self._is_test:
            own = {f"{self._root}/live", f"{self._root}/status"}
            if self._settings.discovery:
                own.add(self._discovery)
            self._kept = self._file.settle(self._kept, self._link, frozenset(own))

    # What is kept

    def _keep(self) -> None:
        self._kept_at = time.monotonic()
        self._file.write(self._kept)


#: The names of the live message that are no entity by themselves.
_ALWAYS = frozenset({"schema", "taken_at", "age", "mode", "contract", "period", "ejp", "overload", "relays"})


#: The name under which every module of a sink has its class.
Sink = Mqtt
