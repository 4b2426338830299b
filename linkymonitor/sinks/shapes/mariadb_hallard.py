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
# - A table that is there stays as it is: a column that it lacks is left out, and a value that does not fit a column is
#   NULL. Both are logged.

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.mariadb_server import MariaDB
from linkymonitor.sinks.shapes.groups import ADDRESSES, number_faults
from linkymonitor.sinks.shapes.recent import Recent
from linkymonitor.sinks.sql_server import Cursor, ServerSettings, clean
from linkymonitor.system.resources import shipped

log = logging.getLogger(__name__)

NEEDS_RAW = True
_TABLE = "DbiTeleinfo"
#: A name that needs no quotes within backquotes.
_NAME = re.compile(r"[A-Za-z0-9_$]{1,64}")
#: The code of a register → its column.
_REGISTERS = {
    "TH": "BASE",
    "HC": "HCHC",
    "HP": "HCHP",
    "HN": "EJPHN",
    "PM": "EJPHPM",
    **{f"{hours}{day}": f"BBR{hours}{day}" for hours in ("HC", "HP") for day in ("JB", "JW", "JR")},
}
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
        *_REGISTERS.values(),
        *_NUMBERS.values(),
    )
)
#: How many stamps are turned into times of the server by one statement.
_STAMPS_MOST = 500


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(ServerSettings):
    """``[sink:NAME]`` with ``type = mariadb`` and ``shape = hallard``."""

    #: The name of the table.
    table: str = _TABLE
    #: The shortest time between two rows.
    rows_every: timedelta = timedelta(seconds=1)
    #: The address of the meter, for ADCO; empty: the hash that stands for it in the log.
    meter_number: str | None = None

    def __post_init__(self) -> None:
        faults: list[Text] = []
        try:
            ServerSettings.__post_init__(self)
        except BadSetting as error:
            faults += error.faults
        if not _NAME.fullmatch(self.table):
            faults.append(
                Text(
                    f"table = {self.table} : on attend des lettres, des chiffres, _ ou $",
                    f"table = {self.table}: expected letters, digits, _ or $",
                )
            )
        faults += rows_every_faults(self.rows_every) + number_faults(self.meter_number)
        if faults:
            raise BadSetting(*faults)


def rows_every_faults(rows_every: timedelta) -> list[Text]:
    """Return a sentence when there is no such time between two rows."""
    if timedelta(seconds=1) <= rows_every <= timedelta(days=1):
        return []
    return [Text("rows_every : on attend de 1s à 1d", "rows_every: expected 1s to 1d")]


class _Column(NamedTuple):
    """A column of the table as it is."""

    is_number: bool
    #: How many digits or characters a value may have.
    room: int
    #: Whether a row must have a value: then an empty one stands for none, as in a server that is not strict.
    needed: bool

    def value(self, value: object) -> object:
        """Return *value* as the column takes it, None when it does not fit."""
        empty = (0 if self.is_number else "") if self.needed else None
        if value is None:
            return empty
        text = clean(str(value))
        if not self.is_number:
            return text if len(text) <= self.room else empty
        return int(text) if text.isdecimal() and len(text.lstrip("0")) <= self.room else empty


class HallardTable:
    """The table in one database."""

    def __init__(self, settings: Settings) -> None:
        self._server = MariaDB(settings)
        self._section = settings.section
        self._table = settings.table
        self._number = settings.meter_number
        self._every = int(settings.rows_every.total_seconds())
        self._recent = Recent()
        #: The columns of the table that we fill; None: not looked at since the server was away.
        self._columns: dict[str, _Column] | None = None
        #: OPTARIF of Tempo, as the table has it already; empty: not looked up yet.
        self._tempo = ""
        self._told: set[str] = set()

    def live(self, reading: Live) -> None:
        """Keep *reading* for the record that it belongs to."""
        self._recent.add(reading)

    def write(self, records: Sequence[Row]) -> None:
        """Return once the table has a row for each of *records*, or one in each `rows_every`.

        Raises:
            SinkUnavailable: the server is away, or refuses for a reason that its owner can mend.
            SinkRefused: it refuses at least one of the rows.
        """
        completed = self._recent.complete(records)
        try:
            if self._columns is None:
                self._server.run(self._look)
            self._server.run(lambda cursor: self._insert(cursor, completed))
        except SinkUnavailable:
            self._columns = None
            raise

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _look(self, cursor: Cursor) -> None:
        """Make the table if it is not there, and note its columns."""
        date, found = self._columns_there(cursor)
        if date is None and not found:
            words = shipped("etc/sql/shapes/hallard.sql").read_text(encoding="utf-8")
            cursor.execute(words.replace(_TABLE, f"`{self._table}`"))
            date, found = self._columns_there(cursor)
        if date not in ("datetime", "timestamp"):
            raise SinkUnavailable(self._not_theirs(date))
        self._columns = found
        missing = sorted(_COLUMNS - self._columns.keys())
        if missing:
            self._tell(
                "columns",
                Text(
                    f"la table {self._table} n'a pas ces colonnes, laissées de côté : {', '.join(missing)}",
                    f"the table {self._table} lacks these columns, which are left out: {', '.join(missing)}",
                ),
            )

    def _not_theirs(self, kind: str | None) -> Text:
        """Return the fault of a column DATE of the type *kind*; None: there is none."""
        fault = Text("manque", "is missing")
        if kind is not None:
            fault = Text(f"est de type {kind}", f"is of type {kind}")
        return Text(
            f"{self._server.place} : la colonne {self._table}.DATE {fault.fr}, on attend datetime ; "
            "nommez une autre table par table",
            f"{self._server.place}: the column {self._table}.DATE {fault.en}, expected datetime; "
            "name another table by table",
        )

    def _columns_there(self, cursor: Cursor) -> tuple[str | None, dict[str, _Column]]:
        """Return the type of DATE, None when there is no such column, and the columns that may be filled."""
        cursor.execute(
            "SELECT UPPER(column_name), LOWER(data_type), numeric_precision, character_maximum_length,"
            " is_nullable = 'NO' AND column_default IS NULL FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s AND extra = ''",
            (self._table,),
        )
        date: str | None = None
        found: dict[str, _Column] = {}
        for name, kind, digits, length, needed in cursor.fetchall():
            if name == "DATE":
                date = kind
            elif digits or length:
                found[name] = _Column(digits is not None, digits or length, bool(needed))
        return date, found

    def _insert(self, cursor: Cursor, completed: Sequence[tuple[Row, Live | None]]) -> None:
        assert self._columns is not None
        # NOW() is in the zone of the server. Each transaction sets it, and a new connection is in UTC.
        cursor.execute("SET time_zone = DEFAULT")
        dates = _local_times(cursor, [row.ended_at for row, _ in completed])
        rows: list[tuple[datetime, dict[str, object]]] = []
        taken: dict[object, set[datetime]] = {}
        for (row, reading), date in zip(completed, dates, strict=True):
            if row.contract == "TEMPO" and not self._tempo:
                self._tempo = self._tempo_of(cursor, address_of(row, self._number))
            cells = self._fitting(cells_of(row, reading, self._number, self._tempo))
            address = cells.get("ADCO")
            if address not in taken:
                taken[address] = self._taken(cursor, address, min(dates), max(dates))
            slot = self._slot(date)
            if slot not in taken[address]:
                taken[address].add(slot)
                rows.append((date, cells))
        if not rows:
            return
        columns = sorted(set().union(*(cells for _, cells in rows)))
        values = [value for date, cells in rows for value in (date, *map(cells.get, columns))]
        each = f"({', '.join(['%s'] * (len(columns) + 1))})"
        names = ", ".join(f"`{name}`" for name in ("DATE", *columns))
        cursor.execute(
            f"INSERT INTO `{self._table}` ({names}) VALUES {', '.join([each] * len(rows))}", values
        )

    def _tempo_of(self, cursor: Cursor, address: str) -> str:
        """Return OPTARIF of the last row of the meter *address*, if it is one of Tempo."""
        assert self._columns is not None
        found: Sequence[Sequence[object]] = ()
        if {"ADCO", "OPTARIF"} <= self._columns.keys():
            cursor.execute(
                f"SELECT OPTARIF FROM `{self._table}` WHERE ADCO = %s ORDER BY DATE DESC LIMIT 1", (address,)
            )
            found = cursor.fetchall()
        return next((str(last) for (last,) in found if str(last).startswith(_TEMPO)), _TEMPO_OPTION)

    def _taken(self, cursor: Cursor, address: object, first: datetime, last: datetime) -> set[datetime]:
        """Return the slots between *first* and *last* in which the meter *address* has a row."""
        begin, end = self._slot(first), self._slot(last) + timedelta(seconds=self._every)
        which = "" if address is None else " AND ADCO = %s"
        parameters = [begin, end] if address is None else [begin, end, address]
        cursor.execute(f"SELECT DATE FROM `{self._table}` WHERE DATE >= %s AND DATE < %s{which}", parameters)
        return {self._slot(date) for (date,) in cursor.fetchall()}

    def _slot(self, date: datetime) -> datetime:
        """Return the begin of the time in which there is one row: of each `rows_every` since midnight."""
        midnight = date.replace(hour=0, minute=0, second=0, microsecond=0)
        seconds = int((date - midnight).total_seconds())
        return midnight + timedelta(seconds=seconds - seconds % self._every)

    def _fitting(self, cells: Mapping[str, object]) -> dict[str, object]:
        """Return *cells* without those that the table has no column for; what does not fit its column is None."""
        assert self._columns is not None
        found: dict[str, object] = {}
        for name, column in self._columns.items():
            value = cells.get(name)
            fitting = column.value(value)
            if fitting is not None:
                found[name] = fitting
            elif value is not None:
                self._tell(
                    name,
                    Text(
                        f"la colonne {self._table}.{name} est trop étroite pour une valeur, laissée vide",
                        f"the column {self._table}.{name} is too narrow for a value, which is left out",
                    ),
                )
        return found

    def _tell(self, about: str, words: Text) -> None:
        """Log *words*, once."""
        if about not in self._told:
            self._told.add(about)
            log.warning("%s %s", self._section, words)


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


def address_of(row: Row, number: str | None) -> str:
    """Return what stands for the address of the meter of *row*: *number*, else the hash of the log, as long as that."""
    return number or row.meter or "*" * 12


def _of_terms(row: Row, fields: Mapping[str, int], tempo: str) -> Iterator[tuple[str, object]]:
    """Yield column and value of what the log, or a reading in either mode, has in our own terms."""
    option = tempo if row.contract == "TEMPO" else _OPTIONS.get(row.contract)
    if option:
        yield "OPTARIF", option
    if row.subscribed_power is not None:
        phases = 3 if "current_2" in fields else 1
        yield "ISOUSC", row.subscribed_power // (200 * phases)
    if row.period in _REGISTERS:
        yield "PTEC", row.period.ljust(4, ".")
    if "tomorrow" in row.words:
        yield "DEMAIN", row.words["tomorrow"]
    for name, value in fields.items():
        column = _NUMBERS.get(name) or _REGISTERS.get(name.removeprefix("index_"))
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
