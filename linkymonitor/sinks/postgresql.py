"""Writes records, events and the prices of each day to our tables in PostgreSQL."""

# Strategy
#
# - A batch goes as one parameter, a JSON text, and the server makes rows of it: that is the cheapest for the box.
# - Meter, series and ended_at are the key, so a record that comes twice is left out the second time.
# - There is a partition for each month, made before the first record of that month or of the month before it. A user
#   who may not make any has one partition for all: records_rest.

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from linkymonitor.sinks.postgresql_server import PostgreSQL
from linkymonitor.sinks.sql_server import Cursor, ServerSettings
from linkymonitor.sinks.sql_sink import SqlSink
from linkymonitor.sinks.sql_tables import Dialect, Kind, Month

#: Any number that no other program uses for its own locks.
_LOCK = 0x6C696E6B79
_DIALECT = Dialect(
    folder="postgresql",
    lock=f"SELECT pg_advisory_xact_lock({_LOCK})",
    unlock="",
    price="INSERT INTO prices (meter, day, register, price) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (meter, day, register) DO UPDATE SET price = EXCLUDED.price",
    schema="current_schema()",
    types={
        Kind.WORD: ("text", "character varying"),
        Kind.NUMBER: ("integer", "bigint", "numeric"),
        Kind.INSTANT: ("timestamp with time zone",),
        Kind.TRUTH: ("boolean",),
        Kind.DAY: ("date",),
        Kind.AMOUNT: ("numeric",),
    },
    splits=False,
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat).encode


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(ServerSettings):
    """``[sink:NAME]`` with ``type = postgresql``."""


class Sink(SqlSink):
    """The tables of one database."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(PostgreSQL(settings), _DIALECT, settings.house)

    def make_partitions(self, cursor: Cursor, months: Sequence[Month]) -> None:
        """Make the partitions of *months* that are not there; a hypertable of TimescaleDB makes its own."""
        cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = 'records'::regclass")
        if not cursor.fetchall()[0][0]:
            return
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'records'::regclass"
        )
        there = {str(name) for (name,) in cursor.fetchall()}
        for month in months:
            if _name(month) not in there:
                cursor.execute(_partition(month))

    def insert(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Insert *rows*, column → value, into *table*, but for those that are there."""
        names = ", ".join(columns)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM json_populate_recordset(NULL::{table}, %s::json) ON CONFLICT DO NOTHING",
            (f"[{','.join(map(_encode, rows))}]",),
        )


def _name(month: Month) -> str:
    return f"records_{month.year:04}_{month.month:02}"


def _partition(month: Month) -> str:
    """Return the statement that makes the partition of *month*.

    It does nothing when the user may not make any, when records_rest has records of that month, or when the owner has
    made other partitions.
    """
    return (
        f"DO $$ BEGIN CREATE TABLE IF NOT EXISTS {_name(month)} PARTITION OF records"
        f" FOR VALUES FROM ('{month.first()}+00') TO ('{month.next().first()}+00');"
        " EXCEPTION WHEN insufficient_privilege OR check_violation OR invalid_object_definition THEN NULL; END $$"
    )
