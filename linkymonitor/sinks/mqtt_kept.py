"""What an MQTT sink keeps from one run to the next."""

# Strategy
#
# - One file a sink, mqtt-NAME.json, beside the places of `deliver`, replaced whole.
# - The file of a sink that was renamed or removed has the topics that a broker still retains for it. The next sink
#   that connects to that broker removes them, and the file. A sink that goes to another broker leaves such a file, too.
# - When no sink goes to that broker any more, only the owner can remove them; `deliver --status` names them.

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.sinks.base import Configured
from linkymonitor.sinks.costs import Costs
from linkymonitor.sinks.mqtt_broker import BrokerSettings, Link, place_of
from linkymonitor.sinks.mqtt_session import Message
from linkymonitor.system.json_text import read_json
from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

_SCHEMA = 1
_HEAD, _TAIL = "mqtt-", ".json"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Kept(NamedTuple):
    """What outlives a restart."""

    #: ``host:port``, and the topics that the broker retains.
    broker: str = ""
    retained: frozenset[str] = frozenset()
    #: Mode and option of the contract, and the names of the live message that were seen under it.
    mode: str = ""
    option: str = ""
    seen: frozenset[str] = frozenset()
    #: The entities of Home Assistant that were announced, and their platforms.
    entities: Mapping[str, str] = _NOTHING
    costs: Costs = Costs()


class KeptFile:
    """The file of the sink *name*.

    Args:
        folder: its folder; None: nothing is kept.
        name: the NAME of the section.
        in_use: the names of all sinks that are in use.
    """

    def __init__(self, folder: Path | None, name: str, in_use: frozenset[str]) -> None:
        self._folder = folder
        self._name = name
        self._section = f"[sink:{name}]"
        self._path = None if folder is None else folder / f"{_HEAD}{quote(name, safe='')}{_TAIL}"
        self._in_use = in_use | {name}
        self._storage = Storage()

    def read(self) -> Kept:
        """Return what is kept; nothing when the file is away or damaged."""
        if self._path is None:
            return Kept()
        try:
            return _read(self._path)
        except FileNotFoundError:
            return Kept()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            log.warning(
                Text(
                    "%s : illisible (%s) ; les coûts de %s repartent de zéro",
                    "%s: cannot be read (%s); the costs of %s begin again at zero",
                ),
                self._path,
                error,
                self._section,
            )
            with suppress(StorageError):
                self._storage.set_aside(self._path)
            return Kept()

    def write(self, kept: Kept) -> None:
        """Keep *kept*; a file that cannot be written is logged."""
        if self._path is not None:
            self._write(self._path, kept)

    def _write(self, path: Path, kept: Kept) -> None:
        document = {
            "schema": _SCHEMA,
            **kept._asdict(),
            "retained": sorted(kept.retained),
            "seen": sorted(kept.seen),
            "entities": dict(kept.entities),
            "costs": kept.costs.document(),
        }
        try:
            self._storage.replace(path, json.dumps(document, ensure_ascii=False).encode() + b"\n")
        except StorageError as error:
            log.warning("%s", error.text)

    def settle(self, kept: Kept, link: Link, own: frozenset[str]) -> Kept:
        """Note that the broker of *link* will retain *own*, and remove what it retains of topics that were left.

        Args:
            kept: what is kept so far.
            link: an open connection.
            own: the topics of this sink that are retained.

        Returns:
            What is kept now.

        Raises:
            SinkUnavailable, SinkRefused: the broker does not take it.
        """
        broker = f"{link.broker.host}:{link.broker.port}"
        others = [file for file in kept_files(self._folder, self._storage) if file.name != self._name]
        there = [file for file in others if file.kept.broker == broker]
        abandoned = [file for file in there if file.name not in self._in_use]
        wanted = own.union(*(file.kept.retained for file in there if file.name in self._in_use))
        old = frozenset().union(*(file.kept.retained for file in abandoned))
        if kept.broker == broker:
            old |= kept.retained
        elif kept.retained and self._folder is not None:
            # The sink went to another broker before.
            left = f"{_HEAD}{quote(f'{self._name} {kept.broker}', safe='')}{_TAIL}"
            self._write(self._folder / left, kept)
        # Until the broker has acknowledged the removal, all of them are noted.
        kept = self._note(kept, broker, old | own)
        for file in abandoned:
            with suppress(StorageError):
                self._storage.remove(file.path)
        link.publish([Message(topic, b"", retain=True) for topic in sorted(old - wanted)])
        return self._note(kept, broker, own)

    def _note(self, kept: Kept, broker: str, topics: frozenset[str]) -> Kept:
        if (kept.broker, kept.retained) == (broker, topics) or not (kept.retained or topics):
            return kept
        kept = kept._replace(broker=broker, retained=topics)
        self.write(kept)
        return kept


class SinkFile(NamedTuple):
    """A file, the name of its sink, and its content."""

    path: Path
    name: str
    kept: Kept


def kept_files(folder: Path | None, storage: Storage) -> list[SinkFile]:
    """Return the files of all sinks in *folder* that can be read."""
    if folder is None:
        return []
    try:
        names = storage.names(folder)
    except StorageError:
        return []
    found = []
    for file in names:
        if file.startswith(_HEAD) and file.endswith(_TAIL):
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
                name = unquote(file.removeprefix(_HEAD).removesuffix(_TAIL))
                found.append(SinkFile(folder / file, name, _read(folder / file)))
    return found


def left_behind(folder: Path, sinks: Iterable[Configured], storage: Storage) -> list[Text]:
    """Return a sentence for each broker that retains topics of this box which no sink can remove any more.

    Args:
        folder: the folder of the files.
        sinks: all sinks that are in use.
        storage: reads the names of the files.
    """
    files = [file for file in kept_files(folder, storage) if file.kept.retained]
    brokers = {place_of(sink.settings) for sink in sinks if isinstance(sink.settings, BrokerSettings)}
    return [_what_to_do(file) for file in files if file.kept.broker not in brokers]


def _what_to_do(file: SinkFile) -> Text:
    host, _, port = file.kept.broker.rpartition(":")
    topics = ", ".join(sorted(file.kept.retained))
    command = f"mosquitto_pub -h {host} -p {port} -r -n -t"
    return Text(
        f"courtier MQTT {file.kept.broker} : il retient {topics}, et plus aucune destination n'y va ; enlevez-les par "
        f"« {command} SUJET », puis supprimez {file.path}",
        f"MQTT broker {file.kept.broker}: it retains {topics}, and no sink goes there any more; remove them by "
        f"“{command} TOPIC”, then remove {file.path}",
    )


def _read(path: Path) -> Kept:
    document: Mapping[str, Any] = read_json(path.read_bytes())
    return Kept(
        str(document["broker"]),
        frozenset(map(str, document["retained"])),
        str(document["mode"]),
        str(document["option"]),
        frozenset(map(str, document["seen"])),
        {str(name): str(platform) for name, platform in document["entities"].items()},
        Costs.of(document["costs"]),
    )
