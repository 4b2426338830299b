"""Writes the records to the table ``records`` of MariaDB or MySQL, and the prices of each day to ``prices``."""

# Strategy
#
# - A batch is one INSERT with many rows. Meter, series and ended_at are the key, and a record that comes twice changes
#   nothing. INSERT IGNORE would also let a value be cut that does not fit.
# - Instants are DATETIME in UTC: a TIMESTAMP would end in 2038, and is shown in the zone of whoever asks.
# - There is a partition for each month. Only an empty partition is divided, which takes no time however large the table
#   is, and only before a record of that month comes. The partition of a month is named for the month after it, which
#   is where it ends.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.mariadb_server import MariaDB
from linkymonitor.sinks.prices import Prices
from linkymonitor.sinks.sql_server import Cursor, ServerSettings
from linkymonitor.sinks.sql_tables import RECORDS, Dialect, Kind, Month, Tables, cells_of, price_cells

_DIALECT = Dialect(
    folder="mariadb",
    lock="",
    schema="DATABASE()",
    types={
        Kind.WORD: ("varchar", "text"),
        Kind.NUMBER: ("int", "bigint", "decimal"),
        Kind.INSTANT: ("datetime",),
        Kind.TRUTH: ("tinyint",),
    },
    splits=True,
)
#: A price that was corrected replaces the old one.
_PRICE = (
    "INSERT INTO prices (meter, day, register, price) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE price = VALUES(price)"
)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(ServerSettings):
    """``[sink:NAME]`` with ``type = mariadb``."""


class _Partition(NamedTuple):
    """A partition of the table, with what is before an instant and not in the partition before it."""

    name: str
    #: The first instant that it has not, as SQL writes it; empty: it has all that is left.
    end: str


class Sink:
    """The tables of one database."""

    def __init__(self, settings: Settings) -> None:
        self._server = MariaDB(settings)
        self._tables = Tables(self._server, _DIALECT)
        self._prices = Prices(settings.house)
        #: The months that have a partition, or go without; None: not looked at since the server was away.
        self._months: set[Month] | None = None

    def write(self, records: Sequence[Row]) -> None:
        """Return once the database has all of *records*.

        Raises:
            SinkUnavailable: it is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the records.
        """
        rows = [cells_of(row) for row in records]
        there = set().union(*rows)
        columns = [name for name in RECORDS if name in there]
        values = [row.get(name) for row in rows for name in columns]
        each = f"({', '.join(['%s'] * len(columns))})"
        statement = (
            f"INSERT INTO records ({', '.join(columns)}) VALUES {', '.join([each] * len(rows))}"
            " ON DUPLICATE KEY UPDATE meter = records.meter"
        )
        prices = price_cells(self._prices.of(records))

        def insert(cursor: Cursor) -> None:
            cursor.execute(statement, values)
            for cells in prices:
                cursor.execute(_PRICE, cells)

        try:
            self._make_partitions({Month(row.ended_at.year, row.ended_at.month) for row in records})
            self._server.run(insert)
        except SinkUnavailable:
            self._months = None
            raise
        self._prices.written(records)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _make_partitions(self, months: set[Month]) -> None:
        """Make the partitions of *months*, and of the month after each, which are not there yet."""
        if self._months is None:
            self._tables.prepare()
            self._months = set()
        new = (months | {month.next() for month in months}) - self._months
        if new:
            bounds = sorted({bound.first() for month in new for bound in (month, month.next())})
            self._server.run(lambda cursor: self._divide(cursor, bounds))
            self._months |= new

    def _divide(self, cursor: Cursor, bounds: Sequence[str]) -> None:
        """Divide the empty partitions in which *bounds* lie, there."""
        cursor.execute(
            "SELECT partition_name, partition_description FROM information_schema.partitions"
            " WHERE table_schema = DATABASE() AND table_name = 'records' AND partition_name IS NOT NULL"
            " ORDER BY partition_ordinal_position"
        )
        partitions = [
            _Partition(name, "" if end == "MAXVALUE" else end.strip("'")) for name, end in cursor.fetchall()
        ]
        for bound in bounds:
            place = next((n for n, one in enumerate(partitions) if not one.end or one.end >= bound), None)
            if place is None or partitions[place].end == bound:
                continue  # the owner has ended the table there, or the bound is there
            last = partitions[place]
            cursor.execute(f"SELECT 1 FROM records PARTITION ({last.name}) LIMIT 1")
            if cursor.fetchall():
                continue
            new = _Partition(f"before_{bound[:7].replace('-', '_')}", bound)
            both = ", ".join(f"PARTITION {one.name} VALUES LESS THAN {_end(one)}" for one in (new, last))
            if not self._server.may_change(
                cursor, f"ALTER TABLE records REORGANIZE PARTITION {last.name} INTO ({both})"
            ):
                return
            partitions.insert(place, new)


def _end(partition: _Partition) -> str:
    return f"('{partition.end}')" if partition.end else "(MAXVALUE)"
