"""latest.json: the newest reading, for the programs that want it at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, cause, escape_controls
from linkymonitor.model.reading import View
from linkymonitor.tic.privacy import mask_group

FILE_NAME = "latest.json"
_NO_RELAYS: Mapping[str, bool] = MappingProxyType({})


class Replacer(Protocol):
    """The one call of Storage that Latest needs."""

    def replace(self, path: Path, data: bytes, *, sync: bool = True) -> None:
        """Put *data* in the place of *path*, whole."""


class Latest:
    """Replaces one small file in memory at each frame. Live values are never queued: the newest replaces the others.

    Args:
        storage: writes the file.
        directory: a folder in memory (``/run/linkymonitor``); None writes nothing.
        relays: returns the name of each relay, and whether its coil is fed.
    """

    def __init__(
        self, storage: Replacer, directory: Path | None, relays: Callable[[], Mapping[str, bool]] = dict
    ) -> None:
        self._storage = storage
        self._relays = relays
        self._path = directory / FILE_NAME if directory else None
        self._document = Document()

    def write(self, view: View) -> None:
        """Replace the content of the file by the values of *view*.

        Raises:
            StorageError: the folder cannot be written.
        """
        if self._path is not None:
            # No sync: the folder is in memory, and a power cut empties it.
            self._storage.replace(self._path, self._document.of(view, self._relays()), sync=False)

    def remove(self) -> None:
        """Remove the file, so that no old reading is taken for a new one.

        Raises:
            StorageError: the file cannot be removed.
        """
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


class Document:
    """The content of latest.json, one view after another."""

    def __init__(self) -> None:
        #: Label → its last value, and the text of its member of the JSON object ``values``. Cached by identity: while
        #: the value is the same object, the text is used again.
        self._members: dict[str, tuple[object, str]] = {}

    def of(self, view: View, relays: Mapping[str, bool] = _NO_RELAYS) -> bytes:
        """Return the JSON of *view* (docs/formats.md, ``latest.json``), meter numbers masked, and of *relays*."""
        reading = view.reading
        taken_at = f'"{reading.taken_at.isoformat()}"' if reading.dated else "null"
        text = (
            f'{{"schema":1,"taken_at":{taken_at},"heard":{round(view.now, 3)},"mode":"{reading.mode.value}"'
            f',"period":{_json(reading.tariff_period)},"ejp":"{view.tariff.ejp.value}"'
            f',"values":{{{self._values(reading.values)}}}'
        )
        if relays:
            text += f',"relays":{_json(dict(relays))}'
        if reading.raw:
            raw = {
                label: [horodate, mask_group(label, data)] for label, (horodate, data) in reading.raw.items()
            }
            text += f',"raw":{_json(raw)}'
        return f"{text}}}\n".encode()

    def _values(self, values: Mapping[str, object]) -> str:
        """Return the members of *values*; a text is only made for a value that is not the object of the last time."""
        texts = []
        for label, value in values.items():
            member = self._members.get(label)
            if member is None or member[0] is not value:
                member = self._members[label] = value, f"{_json(label)}:{_json(shown(label, value))}"
            texts.append(member[1])
        return ",".join(texts)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(value: object) -> str:
    """Return the JSON of *value*, which may be a typed one."""
    if type(value) is int:
        return str(value)  # nine in ten of the values that change; the encoder takes ten times as long
    return escape_controls(_encode(plain(value)))


def jsonable(values: Mapping[str, object], *, show_ids: bool = False) -> dict[str, object]:
    """Return *values* (label → typed value) as JSON can carry them, meter numbers masked unless *show_ids*."""
    return {
        label: plain(value) if show_ids else plain(shown(label, value)) for label, value in values.items()
    }


def shown(label: str, value: object) -> object:
    """Return *value* as everybody may see it: the number of a meter masked."""
    return mask_group(label, value) if isinstance(value, str) else value


#: The simple types of JSON, as Python has them.
_PLAIN = (str, int, float, type(None))


def plain(value: object) -> object:
    """Return *value* in the types of JSON: a tuple with named fields becomes an object."""
    if isinstance(value, _PLAIN):
        return value
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
