"""Writes the records to the table ``records`` of PostgreSQL, and the prices of each day to ``prices``."""

# Strategy
#
# - A batch goes as one parameter, a JSON text, and the server makes rows of it: that is the cheapest for the box.
# - Meter, series and ended_at are the key, so a record that comes twice is left out the second time.
# - There is a partition for each month, made before the first record of that month or of the month before it. A user
#   who may not make any has one partition for all: records_rest.

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from linkymonitor.errors import SinkUnavailable
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.postgresql_server import PostgreSQL
from linkymonitor.sinks.prices import Prices
from linkymonitor.sinks.sql_server import Cursor, ServerSettings
from linkymonitor.sinks.sql_tables import RECORDS, Dialect, Kind, Month, Tables, cells_of, price_cells

#: Any number that no other program uses for its own locks.
_LOCK = 0x6C696E6B79
_DIALECT = Dialect(
    folder="postgresql",
    lock=f"SELECT pg_advisory_xact_lock({_LOCK})",
    schema="current_schema()",
    types={
        Kind.WORD: ("text", "character varying"),
        Kind.NUMBER: ("integer", "bigint", "numeric"),
        Kind.INSTANT: ("timestamp with time zone",),
        Kind.TRUTH: ("boolean",),
    },
    splits=False,
)
_COLUMNS = ", ".join(RECORDS)
_INSERT = (
    f"INSERT INTO records ({_COLUMNS}) SELECT {_COLUMNS}"
    " FROM json_populate_recordset(NULL::records, %s::json) ON CONFLICT DO NOTHING"
)
#: A price that was corrected replaces the old one.
_PRICE = (
    "INSERT INTO prices (meter, day, register, price) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (meter, day, register) DO UPDATE SET price = EXCLUDED.price"
)
#: The name of a partition of ours.
_NAME = re.compile(r"records_(\d{4})_(\d\d)")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat).encode


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(ServerSettings):
    """``[sink:NAME]`` with ``type = postgresql``."""


class Sink:
    """The tables of one database."""

    def __init__(self, settings: Settings) -> None:
        self._server = PostgreSQL(settings)
        self._tables = Tables(self._server, _DIALECT)
        self._prices = Prices(settings.house)
        #: The months that have a partition, or go without; None: not looked at since the server was away.
        self._months: set[Month] | None = None
        self._partitioned = True

    def write(self, records: Sequence[Row]) -> None:
        """Return once the database has all of *records*.

        Raises:
            SinkUnavailable: it is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the records.
        """
        words = _encode([cells_of(row) for row in records])
        prices = price_cells(self._prices.of(records))
        try:
            new = self._without_partition(records)

            def insert(cursor: Cursor) -> None:
                for month in new:
                    cursor.execute(_partition(month))
                cursor.execute(_INSERT, (words,))
                for cells in prices:
                    cursor.execute(_PRICE, cells)

            self._server.run(insert)
        except SinkUnavailable:
            self._months = None
            raise
        assert self._months is not None
        self._months.update(new)
        self._prices.written(records)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _without_partition(self, records: Sequence[Row]) -> list[Month]:
        """Return the months of *records*, and the month after each, that have no partition yet."""
        if self._months is None:
            self._tables.prepare()
            self._months = self._server.run(self._look)
        if not self._partitioned:
            return []
        months = {Month(row.ended_at.year, row.ended_at.month) for row in records}
        return sorted((months | {month.next() for month in months}) - self._months)

    def _look(self, cursor: Cursor) -> set[Month]:
        cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = 'records'::regclass")
        self._partitioned = bool(cursor.fetchall()[0][0])
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'records'::regclass"
        )
        names = (_NAME.fullmatch(str(name)) for (name,) in cursor.fetchall())
        return {Month(int(name[1]), int(name[2])) for name in names if name}


def _partition(month: Month) -> str:
    """Return the statement that makes the partition of *month*.

    It does nothing when the user may not make any, when records_rest has records of that month, or when the owner has
    made other partitions.
    """
    return (
        f"DO $$ BEGIN CREATE TABLE IF NOT EXISTS records_{month.year:04}_{month.month:02} PARTITION OF records"
        f" FOR VALUES FROM ('{month.first()}+00') TO ('{month.next().first()}+00');"
        " EXCEPTION WHEN insufficient_privilege OR check_violation OR invalid_object_definition THEN NULL; END $$"
    )
