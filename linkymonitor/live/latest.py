"""latest.json: the newest reading, for whoever wants it now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, cause, escape_controls
from linkymonitor.model.reading import View
from linkymonitor.tic.privacy import mask_group

FILE_NAME = "latest.json"


class Replacer(Protocol):
    """What this needs of the storage."""

    def replace(self, path: Path, data: bytes, *, sync: bool = True) -> None:
        """Put *data* in the place of *path*, whole."""


class Latest:
    """Replaces one small file in memory at each frame; live values are never queued: the newest wins.

    Args:
        storage: writes the file.
        directory: a folder in memory (``/run/linkymonitor``); None writes nothing.
    """

    def __init__(self, storage: Replacer, directory: Path | None) -> None:
        self._storage = storage
        self._path = directory / FILE_NAME if directory else None

    def write(self, view: View) -> None:
        """Replace the file by what *view* says.

        Raises:
            StorageError: the folder cannot be written.
        """
        if self._path is not None:
            # No sync: the file lives in memory, and is worth nothing after a cut.
            self._storage.replace(self._path, document(view), sync=False)

    def remove(self) -> None:
        """Leave no stale reading behind."""
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(
                    Text(
                        f"{self._path} : reste là ({cause(error).fr}) ; supprimez-le, il n'est plus vrai",
                        f"{self._path}: is still there ({cause(error).en}); remove it, it is out of date",
                    )
                ) from error


def document(view: View) -> bytes:
    """Return the JSON of *view* (docs/formats.md, ``latest.json``), meter numbers masked."""
    reading = view.reading
    content: dict[str, object] = {
        "schema": 1,
        "taken_at": reading.taken_at.isoformat() if reading.dated else None,
        "heard": round(view.now, 3),
        "mode": reading.mode.value,
        "period": reading.tariff_period,
        "ejp": view.tariff.ejp.value,
        "values": jsonable(reading.values),
    }
    if reading.raw:
        content["raw"] = {
            label: [horodate, mask_group(label, data)] for label, (horodate, data) in reading.raw.items()
        }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return escape_controls(text).encode() + b"\n"


def jsonable(values: Mapping[str, object], *, show_ids: bool = False) -> dict[str, object]:
    """Return *values* (label → typed value) as JSON can carry them, meter numbers masked unless *show_ids*."""
    return {
        label: plain(value) if show_ids or not isinstance(value, str) else mask_group(label, value)
        for label, value in values.items()
    }


def plain(value: object) -> object:
    """Return *value* in the types of JSON: a tuple with named fields becomes an object."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
