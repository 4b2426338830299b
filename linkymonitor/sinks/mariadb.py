"""Writes records, events and the prices of each day to our tables in MariaDB or MySQL."""

# Strategy
#
# - A batch is one INSERT with many rows. Meter, series and ended_at are the key, and a record that comes twice changes
#   nothing. INSERT IGNORE would also let a value be cut that does not fit.
# - Instants are DATETIME in UTC: a TIMESTAMP would end in 2038, and is shown in the zone of whoever asks.
# - There is a partition for each month. Only an empty partition is divided, which takes no time however large the table
#   is, and only before a record of that month comes. The partition of a month is named for the month after it, which
#   is where it ends.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from linkymonitor.sinks.mariadb_server import MariaDB
from linkymonitor.sinks.sql_server import Cursor, ServerSettings
from linkymonitor.sinks.sql_sink import SqlSink
from linkymonitor.sinks.sql_tables import Dialect, Kind, Month

_DIALECT = Dialect(
    folder="mariadb",
    lock="SELECT GET_LOCK(CONCAT('linkymonitor.', DATABASE()), 8)",
    unlock="SELECT RELEASE_LOCK(CONCAT('linkymonitor.', DATABASE()))",
    price="INSERT INTO prices (meter, day, register, price) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE price = VALUES(price)",
    schema="DATABASE()",
    types={
        Kind.WORD: ("varchar", "text"),
        Kind.NUMBER: ("int", "bigint", "decimal"),
        Kind.INSTANT: ("datetime",),
        Kind.TRUTH: ("tinyint",),
        Kind.DAY: ("date",),
        Kind.AMOUNT: ("decimal",),
    },
    splits=True,
)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(ServerSettings):
    """``[sink:NAME]`` with ``type = mariadb``."""


class _Partition(NamedTuple):
    """A partition of the table, with what is before an instant and not in the partition before it."""

    name: str
    #: The first instant that it has not, as SQL writes it; empty: it has all that is left.
    end: str


class Sink(SqlSink):
    """The tables of one database."""

    def __init__(self, settings: Settings) -> None:
        self._maria = MariaDB(settings)
        super().__init__(self._maria, _DIALECT, settings.house)

    def insert(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Insert *rows*, column → value, into *table*, but for those that are there."""
        rows = list(rows)
        there = set().union(*rows)
        names = [name for name in columns if name in there]
        each = f"({', '.join(['%s'] * len(names))})"
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([each] * len(rows))}"
            f" ON DUPLICATE KEY UPDATE meter = {table}.meter",
            [row.get(name) for row in rows for name in names],
        )

    def make_partitions(self, cursor: Cursor, months: Sequence[Month]) -> None:
        """Divide the empty partitions in which a month begins or ends, there."""
        bounds = sorted({bound.first() for month in months for bound in (month, month.next())})
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
            if not self._maria.may_change(
                cursor, f"ALTER TABLE records REORGANIZE PARTITION {last.name} INTO ({both})"
            ):
                return
            partitions.insert(place, new)


def _end(partition: _Partition) -> str:
    return f"('{partition.end}')" if partition.end else "(MAXVALUE)"
