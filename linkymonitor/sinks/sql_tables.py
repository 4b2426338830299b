"""The tables of our own in a database on a server: their columns, and the numbered files that make them."""

# Strategy
#
# - The files etc/sql/<server>/NNNN_*.sql make the tables. Each of them ends with its number in linkymonitor_schema, so
#   the owner of a database may run them by hand, when the user of linkymonitor may not.
# - Each connection begins with a look at that number and at the types of the columns: a table of somebody else, or one
#   with local times, gets no record.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Event, Row
from linkymonitor.sinks.prices import PricedDay
from linkymonitor.sinks.sql_server import Cursor, Server, clean
from linkymonitor.system.resources import shipped


class Kind(Enum):
    """What a column has."""

    WORD = "text"
    NUMBER = "whole number"
    INSTANT = "instant in UTC"
    TRUTH = "yes or no"
    DAY = "date"
    AMOUNT = "decimal number"


_REGISTERS = (
    *("TH", "HC", "HP", "HN", "PM", "HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
    *(f"F{number:02}" for number in range(1, 11)),
)
_KEY = {"meter": Kind.WORD, "series": Kind.NUMBER}
#: Column → what it has, in the order of the table.
RECORDS: Mapping[str, Kind] = {
    **_KEY,
    "ended_at": Kind.INSTANT,
    "contract": Kind.WORD,
    "period": Kind.WORD,
    **dict.fromkeys(("power", "power_min", "power_max", "injected", "current"), Kind.NUMBER),
    **dict.fromkeys(
        (f"{name}_{phase}" for name in ("current", "voltage") for phase in (1, 2, 3)), Kind.NUMBER
    ),
    **dict.fromkeys((f"index_{register.lower()}" for register in _REGISTERS), Kind.NUMBER),
    **dict.fromkeys(("index_total", "index_injected", "frames", "rejected"), Kind.NUMBER),
    **dict.fromkeys(("colour", "tomorrow", "ejp"), Kind.WORD),
    "overload": Kind.TRUTH,
}
EVENTS: Mapping[str, Kind] = {**_KEY, "at": Kind.INSTANT, "status": Kind.WORD, "text": Kind.WORD}
_PRICES = {"meter": Kind.WORD, "day": Kind.DAY, "register": Kind.WORD, "price": Kind.AMOUNT}
_TABLES: Mapping[str, Mapping[str, Kind]] = {"records": RECORDS, "events": EVENTS, "prices": _PRICES}
#: How many characters a status and the text of an event have at most: the columns of MariaDB are as long.
_STATUS_MOST, _TEXT_MOST = 8, 600
#: The name of a number in a row → its column.
_COLUMN_OF = {f"index_{register}": f"index_{register.lower()}" for register in _REGISTERS} | {
    name: name for name in RECORDS
}


class Month(NamedTuple):
    """A month in UTC; the records of a month are together in one partition."""

    year: int
    month: int

    def next(self) -> Month:
        """Return the month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def first(self) -> str:
        """Return its first instant, as SQL writes it."""
        return f"{self.year:04}-{self.month:02}-01 00:00:00"


class Dialect(NamedTuple):
    """How our tables are looked at on one kind of server."""

    #: The folder of the files that make the tables, below etc/sql.
    folder: str
    #: The statement that waits until no other box makes tables or partitions.
    lock: str
    #: The statement after that; empty: the end of the transaction is enough.
    unlock: str
    #: The statement that inserts a row of the table ``prices``; a price that was corrected replaces the old one.
    price: str
    #: The expression for the place of our tables in information_schema.
    schema: str
    #: The types that a column may have, as information_schema.columns.data_type has them.
    types: Mapping[Kind, Sequence[str]]
    #: How a file of statements is run: as a whole, or one by one.
    splits: bool


def cells_of(row: Row) -> dict[str, object]:
    """Return column → value of *row*; what the record lacks is not there.

    Raises:
        SinkRefused: the table has no column for one of its numbers.
    """
    cells: dict[str, object] = {
        "meter": clean(row.meter),
        "series": row.series,
        "ended_at": row.ended_at,
        "contract": clean(row.contract),
        "period": clean(row.period),
    }
    for name, value in row.fields.items():
        column = _COLUMN_OF.get(name)
        if column is None:
            raise SinkRefused(
                Text(f"la table records n'a pas de colonne {name}", f"the table records has no column {name}")
            )
        cells[column] = value
    cells |= row.words
    if row.overload is not None:
        cells["overload"] = row.overload
    return cells


def cells_of_event(event: Event, lang: str) -> dict[str, object]:
    """Return column → value of *event*, its text in the language *lang*; a text that is too long ends with ``…``."""
    text = clean(event.text.render(lang))
    return {
        "meter": clean(event.meter),
        "series": event.series,
        "at": event.at,
        "status": clean(event.status)[:_STATUS_MOST],
        "text": text if len(text) <= _TEXT_MOST else f"{text[: _TEXT_MOST - 1]}…",
    }


def price_cells(days: Iterable[PricedDay]) -> list[tuple[object, ...]]:
    """Return the rows of the table ``prices`` for *days*: meter, day, register, price."""
    return [
        (clean(day.meter), day.day, register, price)
        for day in days
        for register, price in day.prices.items()
        if f"index_{register}" in _COLUMN_OF
    ]


class Tables:
    """Our tables in one database.

    Args:
        server: where they are.
        dialect: how they are looked at there.
    """

    def __init__(self, server: Server, dialect: Dialect) -> None:
        self._server = server
        self._dialect = dialect

    def prepare(self) -> None:
        """Bring the tables to the newest version, and look whether they are ours.

        Raises:
            SinkUnavailable: they are newer than this program, or not ours, or the user may not make them.
        """
        files = _files(self._dialect.folder)
        version = self._server.run(self._version)
        while version < len(files):
            version = self._server.run(lambda cursor: self._step(cursor, files))
        if version > len(files):
            raise SinkUnavailable(
                f"{self._server.place}"
                + Text(
                    f" : ses tables sont de la version {version}, ce linkymonitor ne connaît que {len(files)} ; "
                    "mettez linkymonitor à jour, ou nommez une autre base par database",
                    f": its tables are of version {version}, this linkymonitor knows {len(files)} at most; "
                    "update linkymonitor, or name another database by database",
                )
            )
        self._server.run(lambda cursor: self._check(cursor, made=True))

    def _step(self, cursor: Cursor, files: Sequence[Path]) -> int:
        """Run the next file, unless another box has run it meanwhile; return the version after that."""
        # First of all: what a transaction has looked at before it waits, it does not see change.
        cursor.execute(self._dialect.lock)
        version = self._version(cursor)
        if version == 0:
            self._check(cursor, made=False)
        if version < len(files):
            self._run_file(cursor, files[version])
            version += 1
        if self._dialect.unlock:
            cursor.execute(self._dialect.unlock)
        return version

    def _run_file(self, cursor: Cursor, path: Path) -> None:
        words = path.read_text(encoding="utf-8")
        for statement in _statements(words) if self._dialect.splits else [words]:
            cursor.execute(statement)

    def _version(self, cursor: Cursor) -> int:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.tables"
            f" WHERE table_schema = {self._dialect.schema} AND table_name = 'linkymonitor_schema'"
        )
        if not cursor.fetchall()[0][0]:
            return 0
        cursor.execute("SELECT COALESCE(MAX(version), 0) FROM linkymonitor_schema")
        return int(cursor.fetchall()[0][0])

    def _check(self, cursor: Cursor, *, made: bool) -> None:
        """Look whether the columns are ours; before the tables are *made*, those of a table that is there."""
        for table, columns in _TABLES.items():
            cursor.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                f" WHERE table_schema = {self._dialect.schema} AND table_name = '{table}'"
            )
            found = {str(name).lower(): str(kind).lower() for name, kind in cursor.fetchall()}
            for column, kind in columns.items() if made or found else ():
                if found.get(column) not in self._dialect.types[kind]:
                    raise SinkUnavailable(self._not_ours(f"{table}.{column}", found.get(column), kind))

    def _not_ours(self, column: str, found: str | None, kind: Kind) -> Text:
        expected = self._dialect.types[kind][0]
        fault = Text(f"manque, on attend {expected}", f"is missing, expected {expected}")
        if found:
            fault = Text(
                f"est de type {found}, on attend {expected}", f"is of type {found}, expected {expected}"
            )
        return Text(
            f"{self._server.place} : la colonne {column} {fault.fr} ; renommez cette table, "
            "ou nommez une autre base par database",
            f"{self._server.place}: the column {column} {fault.en}; rename that table, "
            "or name another database by database",
        )


def _files(folder: str) -> list[Path]:
    """Return the files that make the tables, in the order of their numbers."""
    return sorted(shipped(f"etc/sql/{folder}").glob("[0-9]*.sql"))


def _statements(words: str) -> Iterable[str]:
    """Yield each statement of a file; each ends with a ``;`` at the end of a line."""
    for part in words.split(";\n"):
        lines = [line for line in part.splitlines() if line.strip() and not line.startswith("--")]
        if lines:
            yield "\n".join(lines)
