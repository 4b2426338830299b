"""Writes records, events and prices to our tables; each kind of server has statements of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.sinks.base import Event, House, Row
from linkymonitor.sinks.prices import Prices
from linkymonitor.sinks.sql_server import Cursor, Server
from linkymonitor.sinks.sql_tables import (
    EVENTS,
    RECORDS,
    Dialect,
    Month,
    Tables,
    cells_of,
    cells_of_event,
    price_cells,
)

#: The events that a line of the log has, or a change between two records: a table of the others would have gaps.
_LOGGED = frozenset(("note", "contract", "period"))


class SqlSink(ABC):
    """The tables of one database.

    Args:
        server: where they are.
        dialect: how they are made there.
        house: the language of the texts of events, and the prices.
    """

    def __init__(self, server: Server, dialect: Dialect, house: House) -> None:
        self._server = server
        self._dialect = dialect
        self._lang = house.lang
        self._prices = Prices(house)
        self._tables = Tables(server, dialect)
        #: Whether the tables were looked at since the server was away.
        self._prepared = False
        #: The months that have a partition, or go without.
        self._months: set[Month] = set()

    def write(self, records: Sequence[Row]) -> None:
        """Return once the database has all of *records*.

        Raises:
            SinkUnavailable: it is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the records.
        """
        prices = price_cells(self._prices.of(records))
        months = {Month(row.ended_at.year, row.ended_at.month) for row in records}
        months |= {month.next() for month in months}

        def work(cursor: Cursor) -> None:
            if new := months - self._months:
                cursor.execute(self._dialect.lock)
                self.make_partitions(cursor, sorted(new))
                if self._dialect.unlock:
                    cursor.execute(self._dialect.unlock)
            self.insert(cursor, "records", tuple(RECORDS), map(cells_of, records))
            for cells in prices:
                cursor.execute(self._dialect.price, cells)

        self._run(work)
        self._months |= months
        self._prices.written(records)

    def events(self, events: Sequence[Event]) -> None:
        """Return once the database has those of *events* that are in the log.

        Raises:
            SinkUnavailable: it is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the events, and has the others.
        """
        rows = [
            cells_of_event(event, self._lang)
            for event in events
            if event.kind in _LOGGED and event.at is not None
        ]
        if not rows:
            return
        try:
            self._run(lambda cursor: self.insert(cursor, "events", tuple(EVENTS), rows))
        except SinkRefused as first:
            if len(rows) == 1:
                raise
            refusal = first
            for row in rows:
                try:
                    self._run(lambda cursor, row=row: self.insert(cursor, "events", tuple(EVENTS), [row]))  # type: ignore[misc]
                except SinkRefused as error:
                    refusal = error
            raise refusal from None

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _run(self, work: Callable[[Cursor], None]) -> None:
        try:
            if not self._prepared:
                self._prepare()
            self._server.run(work)
        except SinkUnavailable:
            self._prepared = False
            self._server.close()  # which gives up the lock, too
            raise

    def _prepare(self) -> None:
        try:
            self._tables.prepare()
        except SinkRefused as error:  # no record has caused it
            raise SinkUnavailable(error.text) from error
        self._prepared, self._months = True, set()

    @abstractmethod
    def make_partitions(self, cursor: Cursor, months: Sequence[Month]) -> None:
        """Make the partitions of *months* that are not there, where the user may and there is need of them."""

    @abstractmethod
    def insert(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
    ) -> None:
        """Insert *rows*, column → value, into *table*, but for those that are there."""
