"""What an MQTT sink keeps from one run to the next."""

# Strategy
#
# - One file a sink, mqtt-NAME.json, beside the places of `deliver`, replaced whole.
# - The file of a sink that was renamed or removed has the topics that a broker still retains for it. The next sink
#   that connects to that broker removes them, and the file.

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.sinks.costs import Costs
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
        if self._path is None:
            return
        document = {
            "schema": _SCHEMA,
            **kept._asdict(),
            "retained": sorted(kept.retained),
            "seen": sorted(kept.seen),
            "entities": dict(kept.entities),
            "costs": kept.costs.document(),
        }
        try:
            self._storage.replace(self._path, json.dumps(document, ensure_ascii=False).encode() + b"\n")
        except StorageError as error:
            log.warning("%s", error.text)

    def abandoned(self, broker: str) -> frozenset[str]:
        """Return the topics that *broker* retains for sinks that are no longer in use."""
        return frozenset().union(*(other.retained for _, other in self._others(broker)))

    def forget_abandoned(self, broker: str) -> None:
        """Remove the files of the sinks that are no longer in use, and were connected to *broker*."""
        for path, _ in self._others(broker):
            with suppress(StorageError):
                self._storage.remove(path)

    def _others(self, broker: str) -> list[tuple[Path, Kept]]:
        found = []
        for file in self._names():
            name = unquote(file.removeprefix(_HEAD).removesuffix(_TAIL))
            if name not in self._in_use and self._folder is not None:
                path = self._folder / file
                with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
                    kept = _read(path)
                    found += [(path, kept)] if kept.broker == broker else []
        return found

    def _names(self) -> list[str]:
        if self._folder is None:
            return []
        try:
            names = self._storage.names(self._folder)
        except StorageError:
            return []
        return [file for file in names if file.startswith(_HEAD) and file.endswith(_TAIL)]


def _read(path: Path) -> Kept:
    document: Mapping[str, Any] = json.loads(path.read_bytes())
    return Kept(
        str(document["broker"]),
        frozenset(map(str, document["retained"])),
        str(document["mode"]),
        str(document["option"]),
        frozenset(map(str, document["seen"])),
        {str(name): str(platform) for name, platform in document["entities"].items()},
        Costs.of(document["costs"]),
    )
