"""Writes the records to CSV files, one for each local day, that a spreadsheet opens as they are."""

# Strategy
#
# - A record that is in the file already is skipped, so a batch may come twice: after a crash, or when the past is
#   fed again.
# - A file has the columns of its first record. When the registers of the contract change within a day, the day goes on
#   in a second file, ``2026-01-13_2.csv``.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkymonitor.errors import BadSetting, SinkUnavailable, StorageError
from linkymonitor.language import LANGUAGES, Text
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.forms import HEADINGS, Table, iso
from linkymonitor.system.storage import AppendFile, Storage

#: Excel reads a file as UTF-8 only when it begins with this mark.
_MARK = "\ufeff"
#: A day with more kinds of columns than this is not believed.
_MOST_FILES = 50


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = csv``."""

    #: The folder of the files.
    dir: Path
    #: fr: semicolons and French headings; en: commas; empty: the language of the box.
    lang: str | None = None

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        if self.lang not in (None, *LANGUAGES):
            raise BadSetting(
                Text(f"lang = {self.lang} : on attend fr ou en", f"lang = {self.lang}: expected fr or en")
            )


class _Day(NamedTuple):
    """The open file of a day."""

    day: str
    columns: tuple[str, ...]
    file: AppendFile
    table: Table
    #: The keys of its records.
    keys: set[str]


class CsvFiles:
    """One folder of CSV files."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.dir
        self._lang = settings.lang or settings.house.lang
        self._zone = ZoneInfo(settings.house.timezone)
        self._storage = Storage()
        self._open: _Day | None = None

    def write(self, records: Sequence[Row]) -> None:
        """Append those of *records* that the files do not have, and sync them."""
        try:
            for (day, columns), rows in groupby(records, self._file_of):
                self._append(self._file(day, columns), list(rows))
        except StorageError as error:
            self.close()
            raise SinkUnavailable(error.text) from error

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.file.close()
            self._open = None

    def _file_of(self, row: Row) -> tuple[str, tuple[str, ...]]:
        """Return the day of *row*, and the columns that it needs."""
        indexes = tuple(name for name in row.fields if name.startswith("index_") and name not in HEADINGS)
        return f"{row.ended_at.astimezone(self._zone):%Y-%m-%d}", (*indexes, *HEADINGS)

    def _append(self, day: _Day, rows: list[Row]) -> None:
        keys, lines = [], []
        for row in rows:
            key = _key(iso(row.ended_at), row.meter, str(row.series))
            if key not in day.keys:
                keys.append(key)
                lines.append(day.table.line(row))
        if lines:
            day.file.append("".join(f"{line}\r\n" for line in lines).encode())
            day.file.sync()
            day.keys.update(keys)

    def _file(self, day: str, columns: tuple[str, ...]) -> _Day:
        """Return the file of *day* with *columns*, which is made if there is none."""
        now = self._open
        if now is not None and (now.day, now.columns) == (day, columns) and now.file.is_in_place():
            return now
        self.close()
        self._storage.make_directory(self._folder)
        table = Table(columns, self._lang, self._zone)
        header = _MARK + table.header()
        for number in range(1, _MOST_FILES):
            path = self._folder / (f"{day}.csv" if number == 1 else f"{day}_{number}.csv")
            file = self._storage.append_to(path)
            file.heal()
            lines = self._lines(path)
            first = next(lines, None)
            if first is None:
                file.append(f"{header}\r\n".encode())
            elif first != header:
                file.close()
                continue
            self._open = _Day(day, columns, file, table, {_key_of(line) for line in lines})
            return self._open
        raise StorageError(
            Text(
                f"{path} : trop de fichiers pour ce jour ; rangez ceux de {self._folder} ailleurs",
                f"{path}: too many files of this day; move those of {self._folder} elsewhere",
            )
        )

    def _lines(self, path: Path) -> Iterator[str]:
        """Yield the lines of *path*, without their ends."""
        rest = b""
        with suppress(FileNotFoundError):
            for block in self._storage.blocks(path):
                *lines, rest = (rest + block).split(b"\r\n")
                for line in lines:
                    yield line.decode(errors="replace")


def _key(ended_at: str, meter: str, series: str) -> str:
    return f"{ended_at} {series} {meter}"


def _key_of(line: str) -> str:
    """Return the key of a *line* of a file."""
    cells = line.replace(";", ",").split(",", 4)
    return _key(*cells[1:4]) if len(cells) > 4 else ""


#: The name under which every module of a sink has its class.
Sink = CsvFiles
