"""Reads latest.json back: the newest reading, and how old it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from linkymonitor.live.latest import FILE_NAME
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.system.json_text import read_json
from linkymonitor.tic.interpret import interpret_values

#: A longer file is not ours.
_LONGEST = 1 << 17
_SCHEMA = 1


class Newest(NamedTuple):
    """The content of latest.json."""

    reading: Reading
    #: None until the clock of the box is vouched for.
    taken_at: datetime | None
    #: Seconds of the monotonic clock of this machine.
    heard: float
    #: As the historique TIC codes it (``HN..``), or ``F01``; empty when it is not known.
    period: str
    #: ``normal``, ``notice``, ``peak`` or ``unknown``.
    ejp: str
    #: Label → value.
    values: Mapping[str, object]
    #: The name of each relay of the box, and whether its coil is fed.
    relays: Mapping[str, bool] = MappingProxyType({})
    #: Label → horodate and data as the meter sent them; empty unless acquire writes them.
    raw: Mapping[str, tuple[str | None, str]] = MappingProxyType({})

    def age(self, now: float) -> float:
        """Return the seconds since the reading at monotonic *now*."""
        return max(now - self.heard, 0.0)


class Watcher:
    """Tells when latest.json has another content; a look costs one call of stat.

    Args:
        directory: the folder of latest.json.
        monotonic: the clock of `heard`.
    """

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = str(directory / FILE_NAME)
        self._monotonic = monotonic
        self._seen: tuple[int, int] | None = None

    def changed(self) -> bool:
        """Return whether the file differs from that of the last call; a file that is away has not changed."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 -- pathlib keeps each name in a table
        except OSError:
            return False
        seen = (status.st_mtime_ns, status.st_ino)
        changed = seen != self._seen
        self._seen = seen
        return changed

    def read(self) -> Newest | None:
        """Return the content of the file, None when it is away or is not ours."""
        try:
            return _newest(read_json(_content(self._path).decode()), self._monotonic())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def _content(path: str) -> bytes:
    """Return the content of a small file; a file object would cost more than the rest of the reading."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, _LONGEST)
    finally:
        os.close(file)


def _newest(document: dict[str, Any], now: float) -> Newest | None:
    if document["schema"] != _SCHEMA:
        return None
    values = dict(document["values"])
    taken_at = document["taken_at"]
    at = datetime.fromisoformat(taken_at).astimezone(UTC) if taken_at else None
    heard = float(document["heard"])
    # A file from before the machine was started has seconds of another monotonic clock.
    if heard > now + 1:
        return None
    reading = interpret_values(values, Mode(document["mode"]), at or datetime.now(UTC))
    return Newest(
        reading if at else reading._replace(dated=False),
        at,
        heard,
        str(document["period"] or ""),
        str(document["ejp"]),
        values,
        {str(name): on is True for name, on in dict(document.get("relays") or {}).items()},
        {label: (horodate, data) for label, (horodate, data) in (document.get("raw") or {}).items()},
    )
