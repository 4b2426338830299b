"""What `deliver` keeps of each sink: its place in the log, and how it goes."""

# Strategy
#
# - One small file a sink, replaced whole after each batch. A power cut leaves the state of the batch before, and the
#   batch then comes again.
# - `deliver --status` reads these files, whether `deliver` runs or not.

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from linkymonitor.daily_log.follower import Place
from linkymonitor.delivery.events import Known, Watched
from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.forms import as_dict
from linkymonitor.sinks.network import without_secrets
from linkymonitor.system.json_text import read_json
from linkymonitor.system.storage import Storage
from linkymonitor.system.troubles import trouble

log = logging.getLogger(__name__)

_SCHEMA = 1
_HEAD, _TAIL = "sink-", ".json"
_ASIDE = ".refused.jsonl"
_WATCH = "watch.json"
_BOX = "box-id"
#: How many bytes of refused records are kept of a sink.
ASIDE_MOST = 1_000_000


class Standing(NamedTuple):
    """How one sink goes, and where it is."""

    place: Place = Place()
    known: Known = Known()
    #: Times are ISO 8601 in UTC; empty when there is none.
    last_success: str = ""
    #: The last error, without secrets, and when it came; it stays after the sink has taken records again.
    last_error: str = ""
    last_error_at: str = ""
    #: Since when the sink takes nothing, and when it is tried again; empty while it does.
    unavailable_since: str = ""
    next_try: str = ""
    #: How many records were delivered, and how many were refused and set aside.
    delivered: int = 0
    set_aside: int = 0
    #: The last day whose summary the sink has, as ISO 8601; empty when it has none.
    day: str = ""


class StateFolder:
    """The folder in which `deliver` keeps its files.

    Args:
        directory: the folder; it is made by `prepare`.
        storage: writes the files.
    """

    def __init__(self, directory: Path, storage: Storage) -> None:
        self.directory = directory
        self._storage = storage
        # A sink that hangs is reported from another thread than its own.
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            StorageError: it cannot be made.
        """
        self._storage.make_directory(self.directory)

    def box_id(self, *, keep: bool = True) -> str:
        """Return the id of this box, eight hexadecimal digits; the first call makes it.

        Args:
            keep: keep an id that is made; False for a trial, which may be that of another user.

        Raises:
            StorageError: it cannot be kept.
        """
        path = self.directory / _BOX
        with suppress(OSError):
            kept = path.read_bytes().strip()
            if re.fullmatch(rb"[0-9a-f]{8}", kept):
                return kept.decode()
        made = secrets.token_hex(4)
        if not keep:
            return made
        self.prepare()
        self._storage.replace(path, made.encode() + b"\n")
        return made

    def read(self, name: str, *, mend: bool = True) -> Standing | None:
        """Return what is kept of the sink *name*, None when nothing is, or the file is damaged.

        Args:
            name: the sink.
            mend: set a damaged file aside, and log it; False for a command that only looks.

        Raises:
            StorageError: the file cannot be read.
        """
        path = self._path(name)
        try:
            kept = read_json(path.read_bytes())
            return _standing(kept)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise trouble(path, error) from error
        except (ValueError, KeyError, TypeError) as error:
            if not mend:
                return None
            log.warning(
                Text(
                    "%s : illisible (%s) ; [sink:%s] repart de la fin du journal ; "
                    "« deliver --from DATE --sink %s » envoie ce qui manque",
                    "%s: cannot be read (%s); [sink:%s] starts at the end of the log; "
                    "“deliver --from DATE --sink %s” sends what is missing",
                ),
                path,
                error,
                name,
                name,
            )
            with suppress(StorageError):
                self._storage.set_aside(path)
            return None

    def write(self, name: str, standing: Standing) -> None:
        """Keep *standing* of the sink *name*.

        Raises:
            StorageError: the file cannot be written; the older one is there.
        """
        kept = {
            "schema": _SCHEMA,
            **standing._asdict(),
            "place": standing.place._asdict(),
            "known": standing.known._asdict(),
        }
        with self._lock:
            self._storage.replace(self._path(name), _json(kept))

    def forget_others(self, names: Iterable[str]) -> list[str]:
        """Remove what is kept of every sink but *names*, and return the names of those: a disabled sink has no queue.

        Raises:
            StorageError: the folder cannot be read.
        """
        wanted = {self._path(name).name for name in names}
        gone = []
        for file in self._storage.names(self.directory):
            if file.startswith(_HEAD) and file.endswith(_TAIL) and file not in wanted:
                self._storage.remove(self.directory / file)
                gone.append(unquote(file.removeprefix(_HEAD).removesuffix(_TAIL)))
        return gone

    def put_aside(self, name: str, row: Row, why: str, now: datetime) -> Path | None:
        """Keep a refused record; return its file, None when the file is full or cannot be written."""
        path = self._path(name).with_suffix(_ASIDE)
        line = _json({"at": now.isoformat(), "why": without_secrets(why)[:500], "record": as_dict(row)})
        try:
            with self._storage.append_to(path) as file:
                if file.size + len(line) > ASIDE_MOST:
                    return None
                file.heal()
                file.append(line)
                file.sync()
        except StorageError:
            return None
        return path

    def read_watch(self) -> tuple[Watched, datetime | None]:
        """Return the states that were seen last, and when; nothing was seen when the file is away or damaged."""
        try:
            kept = read_json((self.directory / _WATCH).read_bytes())
            states = Watched(*(kept["states"][name] is True for name in Watched._fields))
            return states, datetime.fromisoformat(kept["at"]).astimezone(UTC)
        except (OSError, ValueError, KeyError, TypeError):
            return Watched(), None

    def write_watch(self, states: Watched, at: datetime) -> None:
        """Keep the states that were seen.

        Raises:
            StorageError: the file cannot be written.
        """
        self._storage.replace(
            self.directory / _WATCH, _json({"states": states._asdict(), "at": at.isoformat()})
        )

    def _path(self, name: str) -> Path:
        # The name of a sink may have any character; a file has only harmless ones.
        return self.directory / f"{_HEAD}{quote(name, safe='')}{_TAIL}"


def _standing(kept: dict[str, Any]) -> Standing:
    standing = Standing(
        Place(**kept["place"]),
        Known(**kept["known"]),
        **{name: kept[name] for name in Standing._fields if name in kept and name not in ("place", "known")},
    )
    texts = (standing.place.file, standing.place.line, standing.place.stamp, standing.day)
    numbers = (standing.place.offset, standing.place.series, standing.set_aside)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(one, int) for one in numbers):
        raise ValueError("not the types that were written")
    return standing


def _json(kept: object) -> bytes:
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"
