"""The table of hallard/teleinfo in MariaDB or MySQL, which the pages of BmdOnline/Teleinfo read."""

# Strategy
#
# - A record of the log is one row. When a reading of its last seconds is at hand, the row has each group of that frame,
#   as that program would have inserted it; else it has what the log has, and NULL elsewhere. A meter in standard mode,
#   which that program cannot read, gets the columns that mean the same.
# - DATE is what NOW() would have been at the end of the record: a time in the zone of the server. In the hour that
#   comes twice in autumn two records may have one DATE; the second one is left out.
# - The key (ADCO, DATE) of the table is not unique, so the rows that are there are looked up before new ones are
#   inserted. A table of MyISAM, as that program has it, has no transactions; looking up makes a second try safe.
# - A server that was too slow for the sink may still be inserting when the sink tries again, and a look at the table
#   does not show these rows yet. So a lock of the server is held from the look to the end of the transaction.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.mariadb_server import MariaDB
from linkymonitor.sinks.shapes.groups import ADDRESSES
from linkymonitor.sinks.shapes.historique_names import REGISTERS
from linkymonitor.sinks.shapes.recent import Recent
from linkymonitor.sinks.shapes.their_table import (
    Slots,
    TableSettings,
    Taken,
    TheirTable,
    address_of,
    may_not_make,
)
from linkymonitor.sinks.sql_server import Cursor
from linkymonitor.system.resources import shipped

NEEDS_RAW = True
#: The name of the table, and the file that makes it.
_TABLE, _FILE = "DbiTeleinfo", "etc/sql/shapes/hallard.sql"
#: A name that needs no quotes within backquotes.
_NAME = re.compile(r"[A-Za-z0-9_$]{1,64}")
_OPTIONS = {"BASE": "BASE", "HC": "HC..", "EJP": "EJP."}
#: OPTARIF of Tempo ends with a letter that the log does not have.
_TEMPO = "BBR"
_TEMPO_OPTION = f"{_TEMPO}("
#: The label of a single phase → the column of the first one.
_FIRST_PHASE = {"IINST": "IINST1", "IMAX": "IMAX1"}
_NUMBERS = {"power": "PAPP", "voltage_1": "TENSION", **{f"current_{n}": f"IINST{n}" for n in (1, 2, 3)}}
_COLUMNS = frozenset(
    (
        *("ADCO", "OPTARIF", "ISOUSC", "DEMAIN", "PEJP", "PTEC", "HHPHC", "PMAX", "ADPS", "MOTDETAT"),
        *("IMAX1", "IMAX2", "IMAX3"),
        *REGISTERS.values(),
        *_NUMBERS.values(),
    )
)
#: The name of the lock of a table, of 64 characters at most.
_LOCK = "CONCAT('linkymonitor.', SHA1(CONCAT(DATABASE(), '.', %s)))"
#: How long the lock is waited for, in seconds: less than the sink waits for any answer.
_LOCK_MOST = 8
#: How many stamps are turned into times of the server by one statement.
_STAMPS_MOST = 500


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(TableSettings):
    """``[sink:NAME]`` with ``type = mariadb`` and ``shape = hallard``."""

    #: The name of the table.
    table: str = _TABLE

    def more_faults(self) -> list[Text]:
        """Return one sentence for each fault of the other keys."""
        if _NAME.fullmatch(self.table):
            return []
        return [
            Text(
                f"table = {self.table} : on attend des lettres, des chiffres, _ ou $",
                f"table = {self.table}: expected letters, digits, _ or $",
            )
        ]


class HallardTable:
    """The table in one database."""

    def __init__(self, settings: Settings) -> None:
        self._server = MariaDB(settings)
        self._name = settings.table
        self._table = TheirTable(settings.section, settings.table)
        self._number = settings.meter_number
        self._slots = Slots.of(settings.rows_every)
        self._recent = Recent()
        #: The slots that the table has; None: it was not looked at since the server was away.
        self._taken: Taken | None = None
        #: OPTARIF of Tempo, as the table has it already; empty: not looked up yet.
        self._tempo = ""

    def live(self, reading: Live) -> bool:
        """Keep *reading* for the record that it belongs to; nothing is sent."""
        self._recent.add(reading)
        return False

    def write(self, records: Sequence[Row]) -> None:
        """Return once the table has a row for each of *records*, or one in each `rows_every`.

        Raises:
            SinkUnavailable: the server is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the rows.
        """
        completed = self._recent.complete(records)
        try:
            if self._taken is None:
                self._server.run(self._look)
                self._taken = self._slots_taken()
            taken = self._taken
            inserted = self._server.run(lambda cursor: self._insert(cursor, completed, taken))
            self._server.run(self._unlock)
        except (SinkUnavailable, SinkRefused):
            self._taken = None
            self._server.close()  # which gives up the lock, too
            raise
        for address, date in inserted.items():
            taken.add(address, date)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _look(self, cursor: Cursor) -> None:
        """Make the table if it is not there, and note its columns."""
        self._note_columns(cursor)
        if not self._table.columns:
            words = shipped(_FILE).read_text(encoding="utf-8")
            if not self._server.may_change(cursor, words.replace(_TABLE, f"`{self._name}`")):
                raise may_not_make(self._server.place, self._name, _FILE)
            self._note_columns(cursor)
        date = self._table.columns.pop("DATE", None)
        if date is None or date.type not in ("datetime", "timestamp"):
            raise SinkUnavailable(self._not_theirs(None if date is None else date.type))
        self._table.tell_missing(_COLUMNS)

    def _note_columns(self, cursor: Cursor) -> None:
        generated = "LOWER(extra) REGEXP 'auto_increment|virtual|stored|persistent'"
        self._table.look(cursor, "DATABASE()", generated)
        self._table.columns = {name.upper(): column for name, column in self._table.columns.items()}

    def _not_theirs(self, kind: str | None) -> Text:
        """Return the fault of a column DATE of the type *kind*; None: there is none."""
        fault = Text("manque", "is missing")
        if kind is not None:
            fault = Text(f"est de type {kind}", f"is of type {kind}")
        return Text(
            f"{self._server.place} : la colonne {self._name}.DATE {fault.fr}, on attend datetime ; "
            "nommez une autre table par table",
            f"{self._server.place}: the column {self._name}.DATE {fault.en}, expected datetime; "
            "name another table by table",
        )

    def _slots_taken(self) -> Taken:
        which = "ADCO = %s" if "ADCO" in self._table.columns else "%s IS NOT NULL"
        return Taken(self._slots, "DATE", f"`{self._name}` WHERE {which}")

    def _insert(
        self, cursor: Cursor, completed: Sequence[tuple[Row, Live | None]], taken: Taken
    ) -> dict[str, datetime]:
        """Insert a row for each of *completed* whose slot has none; return address → time of its last row."""
        self._lock(cursor)
        # NOW() is in the zone of the server. Each transaction sets it, and a new connection is in UTC.
        cursor.execute("SET time_zone = DEFAULT")
        dates = _local_times(cursor, [row.ended_at for row, _ in completed])
        rows: list[tuple[datetime, dict[str, object]]] = []
        slots: dict[str, set[datetime]] = {}
        inserted: dict[str, datetime] = {}
        for (row, reading), date in zip(completed, dates, strict=True):
            address = address_of(row, self._number)
            if row.contract == "TEMPO" and not self._tempo:
                self._tempo = self._tempo_of(cursor, address)
            if address not in slots:
                slots[address] = taken.among(cursor, address, dates)
            slot = self._slots.begin(date)
            if slot not in slots[address]:
                slots[address].add(slot)
                inserted[address] = max(date, inserted.get(address, date))
                rows.append((date, self._table.fitting(cells_of(row, reading, self._number, self._tempo))))
        if not rows:
            return inserted
        columns = sorted(set().union(*(cells for _, cells in rows)))
        values = [value for date, cells in rows for value in (date, *map(cells.get, columns))]
        each = f"({', '.join(['%s'] * (len(columns) + 1))})"
        names = ", ".join(f"`{name}`" for name in ("DATE", *columns))
        cursor.execute(f"INSERT INTO `{self._name}` ({names}) VALUES {', '.join([each] * len(rows))}", values)
        return inserted

    def _lock(self, cursor: Cursor) -> None:
        """Take the lock of the table, which one connection has at a time.

        Raises:
            SinkUnavailable: another connection has it.
        """
        # After a deadlock this connection has it already, and would have to release it twice.
        self._unlock(cursor)
        cursor.execute(f"SELECT GET_LOCK({_LOCK}, %s)", (self._name, _LOCK_MOST))
        if cursor.fetchall()[0][0] != 1:
            place, table = self._server.place, self._name
            raise SinkUnavailable(
                Text(
                    f"{place} : la table {table} est encore prise par un envoi d'avant ; vérifiez la charge du serveur "
                    "et la place sur son disque",
                    f"{place}: the table {table} is still in use by a delivery before this one; check the load of the "
                    "server and the room on its disk",
                )
            )

    def _unlock(self, cursor: Cursor) -> None:
        """Release the lock of the table."""
        cursor.execute(f"SELECT RELEASE_LOCK({_LOCK})", (self._name,))

    def _tempo_of(self, cursor: Cursor, address: str) -> str:
        """Return OPTARIF of the last row of the meter *address*, if it is one of Tempo."""
        found: Sequence[Sequence[object]] = ()
        if {"ADCO", "OPTARIF"} <= self._table.columns.keys():
            cursor.execute(
                f"SELECT OPTARIF FROM `{self._name}` WHERE ADCO = %s ORDER BY DATE DESC LIMIT 1", (address,)
            )
            found = cursor.fetchall()
        return next((str(last) for (last,) in found if str(last).startswith(_TEMPO)), _TEMPO_OPTION)


def cells_of(row: Row, reading: Live | None, number: str | None, tempo: str) -> dict[str, object]:
    """Return column → value of *row*, without DATE.

    Args:
        row: a record of the log.
        reading: the reading that completes it, None when there is none.
        number: the address of the meter, None when its owner has not written it.
        tempo: OPTARIF of a contract Tempo.
    """
    cells = dict(_of_terms(row, row.fields if reading is None else reading.fields, tempo))
    if reading is not None and reading.reading.mode is Mode.HISTORIQUE:
        for label, (_, data) in reading.raw.items():
            if label not in ADDRESSES:
                cells[_FIRST_PHASE.get(label, label)] = data
    cells["ADCO"] = address_of(row, number)
    return cells


def _of_terms(row: Row, fields: Mapping[str, int], tempo: str) -> Iterator[tuple[str, object]]:
    """Yield column and value of what the log, or a reading in either mode, has in our own terms."""
    option = tempo if row.contract == "TEMPO" else _OPTIONS.get(row.contract)
    if option:
        yield "OPTARIF", option
    if row.subscribed_power is not None:
        phases = 3 if "current_2" in fields else 1
        yield "ISOUSC", row.subscribed_power // (200 * phases)
    if row.period in REGISTERS:
        yield "PTEC", row.period.ljust(4, ".")
    if "tomorrow" in row.words:
        yield "DEMAIN", row.words["tomorrow"]
    for name, value in fields.items():
        column = _NUMBERS.get(name) or REGISTERS.get(name.removeprefix("index_"))
        if column:
            yield column, value


def _local_times(cursor: Cursor, stamps: Sequence[datetime]) -> list[datetime]:
    """Return each of *stamps* in the time zone of the session, without it."""
    found: list[datetime] = []
    for start in range(0, len(stamps), _STAMPS_MOST):
        seconds = [int(at.timestamp()) for at in stamps[start : start + _STAMPS_MOST]]
        cursor.execute(f"SELECT {', '.join(['FROM_UNIXTIME(%s)'] * len(seconds))}", seconds)
        found += cursor.fetchall()[0]
    return found


#: The name under which every module of a sink has its class.
Sink = HallardTable
