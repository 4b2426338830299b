"""A table of another program in a database: its columns as they are, what fits into them, and which rows it has."""

# Strategy
#
# - A table that is there stays as it is: a column that it lacks is left out, and a value that does not fit its column
#   is left out, too. Both are logged, once.
# - These tables have no key that tells whether a record has come before, and some have no transactions. So time is
#   divided into slots, and a slot that has a row already gets no second one.

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.shapes.groups import number_faults
from linkymonitor.sinks.sql_server import Cursor, ServerSettings, clean

log = logging.getLogger(__name__)

#: Types of columns with numbers of any size.
_FLOATS = frozenset(("float", "double", "real", "double precision"))
_DECIMALS = frozenset(("decimal", "numeric"))
#: Type of a column with whole numbers → the largest of them.
_WHOLE = {
    "tinyint": 2**7 - 1,
    "smallint": 2**15 - 1,
    "mediumint": 2**23 - 1,
    **dict.fromkeys(("int", "integer"), 2**31 - 1),
    "bigint": 2**63 - 1,
}
_TRUTH = "boolean"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class TableSettings(ServerSettings):
    """The keys of a sink that fills a table of another program."""

    #: The shortest time between two rows.
    rows_every: timedelta = timedelta(seconds=1)
    #: The address of the meter; empty: the hash that stands for it in the log.
    meter_number: str | None = None

    def __post_init__(self) -> None:
        faults: list[Text] = []
        try:
            ServerSettings.__post_init__(self)
        except BadSetting as error:
            faults += error.faults
        if not timedelta(seconds=1) <= self.rows_every <= timedelta(days=1):
            faults.append(Text("rows_every : on attend de 1s à 1j", "rows_every: expected 1s to 1d"))
        faults += self.more_faults() + number_faults(self.meter_number)
        if faults:
            raise BadSetting(*faults)

    def more_faults(self) -> list[Text]:
        """Return one sentence for each fault of the other keys of a shape."""
        return []


class Slots(NamedTuple):
    """The times in each of which there is one row at most: of *seconds* each, since midnight."""

    seconds: int

    @classmethod
    def of(cls, rows_every: timedelta) -> Slots:
        """Return the slots of so much time each."""
        return cls(int(rows_every.total_seconds()))

    def begin(self, at: datetime) -> datetime:
        """Return the begin of the slot of *at*."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = int((at - midnight).total_seconds())
        return midnight + timedelta(seconds=passed - passed % self.seconds)

    def bounds(self, times: Iterable[datetime]) -> tuple[datetime, datetime]:
        """Return the begin of the first slot of *times*, and the end of the last one."""
        begins = sorted(map(self.begin, times))
        return begins[0], begins[-1] + timedelta(seconds=self.seconds)


class Taken:
    """The slots that have a row, for each meter.

    The other program may have made its table without an index, so the table is not read when all new rows are younger
    than the newest one in it, as nearly always.

    Args:
        slots: the slots.
        column: the column with the time.
        source: what stands behind FROM, up to a condition whose one parameter is the address of the meter.
    """

    def __init__(self, slots: Slots, column: str, source: str) -> None:
        self._slots = slots
        self._column = column
        self._source = source
        #: Address → the time of its newest row, None when it has none; only those that were looked up.
        self._newest: dict[str, datetime | None] = {}

    def among(self, cursor: Cursor, address: str, times: Sequence[datetime]) -> set[datetime]:
        """Return the begins of the slots of *times* in which the meter *address* has a row."""
        if address not in self._newest:
            cursor.execute(f"SELECT MAX({self._column}) FROM {self._source}", (address,))
            self._newest[address] = cursor.fetchall()[0][0]
        newest = self._newest[address]
        first, end = self._slots.bounds(times)
        if newest is None or newest < first:
            return set()
        cursor.execute(
            f"SELECT {self._column} FROM {self._source} AND {self._column} >= %s AND {self._column} < %s",
            (address, first, end),
        )
        return {self._slots.begin(at) for (at,) in cursor.fetchall()}

    def add(self, address: str, at: datetime) -> None:
        """Note that the meter *address* has a row of *at*, which is committed."""
        newest = self._newest.get(address)
        if newest is None or newest < at:
            self._newest[address] = at


class Column(NamedTuple):
    """A column of the table as it is."""

    #: As information_schema.columns.data_type has it.
    type: str
    #: The largest number, None for a column with other values or without a limit.
    largest: int | None
    #: How many characters a text may have, None for a column with other values.
    longest: int | None
    #: Whether a row must have a value: then an empty one stands for none, as in a server that is not strict.
    needed: bool

    @property
    def is_number(self) -> bool:
        """Whether the column has numbers."""
        return self.largest is not None or self.type in _FLOATS

    @property
    def empty(self) -> object:
        """What stands for no value: None where a row may go without."""
        if not self.needed:
            return None
        return 0 if self.is_number else "" if self.longest is not None else None

    def fitting(self, value: object) -> object:
        """Return *value* as the column takes it, None when it does not."""
        if self.type == _TRUTH:
            return value if isinstance(value, bool) else None
        text = clean(str(value))
        if self.is_number:
            number = int(text) if text.isdecimal() else None
            return number if number is None or self.largest is None or number <= self.largest else None
        return text if self.longest is not None and len(text) <= self.longest else None


class TheirTable:
    """One table.

    Args:
        section: the section of the sink, for the log.
        name: the name of the table.
    """

    def __init__(self, section: str, name: str) -> None:
        self._section = section
        self.name = name
        #: Name → column, as the server writes the names, of those that may be filled.
        self.columns: dict[str, Column] = {}
        self._told: set[str] = set()

    def look(self, cursor: Cursor, schema: str, generated: str) -> None:
        """Note the columns that there are; none when there is no table.

        Args:
            cursor: the transaction.
            schema: the expression for the place of the table in information_schema.
            generated: the condition for a column that the server fills by itself.
        """
        cursor.execute(
            "SELECT column_name, LOWER(data_type), numeric_precision, numeric_scale,"
            " character_maximum_length, is_nullable = 'NO' AND column_default IS NULL"
            f" FROM information_schema.columns WHERE table_schema = {schema} AND table_name = %s"
            f" AND NOT ({generated})",
            (self.name,),
        )
        self.columns = {
            str(name): Column(kind, _largest(kind, digits, decimals), length, bool(needed))
            for name, kind, digits, decimals, length, needed in cursor.fetchall()
        }

    def tell_missing(self, expected: Iterable[str]) -> None:
        """Log which of the columns *expected* are not there."""
        missing = sorted(set(expected) - self.columns.keys())
        if missing:
            self._tell(
                "",
                Text(
                    f"la table {self.name} n'a pas ces colonnes, laissées de côté : {', '.join(missing)}",
                    f"the table {self.name} lacks these columns, which are left out: {', '.join(missing)}",
                ),
            )

    def fitting(self, cells: Mapping[str, object]) -> dict[str, object]:
        """Return *cells* as the columns take them, without those that there is no column for."""
        found: dict[str, object] = {}
        for name, column in self.columns.items():
            value = cells.get(name)
            fitting = None if value is None else column.fitting(value)
            if value is not None and fitting is None:
                self._tell(
                    name,
                    Text(
                        f"une valeur n'entre pas dans la colonne {self.name}.{name}, laissée vide",
                        f"a value does not fit the column {self.name}.{name}, which is left empty",
                    ),
                )
            if fitting is None:
                fitting = column.empty
            if fitting is not None:
                found[name] = fitting
        return found

    def _tell(self, about: str, words: Text) -> None:
        """Log *words*, once."""
        if about not in self._told:
            self._told.add(about)
            log.warning("%s %s", self._section, words)


def _largest(kind: str, digits: int | None, decimals: int | None) -> int | None:
    """Return the largest number of a column of the type *kind*; None when it has no numbers, or any."""
    if kind in _WHOLE:
        return _WHOLE[kind]
    if kind in _DECIMALS and digits is not None:
        return int("9" * (digits - (decimals or 0)) or "0")
    return None


def may_not_make(place: str, table: str, file: str) -> SinkUnavailable:
    """Return the error of a user who may not make the missing *table*, which the statements of *file* make."""
    return SinkUnavailable(
        Text(
            f"{place} : il n'y a pas de table {table}, et cet utilisateur n'a pas le droit de la créer ; donnez-lui "
            f"ce droit, ou faites exécuter {file} par le propriétaire de la base",
            f"{place}: there is no table {table}, and this user may not create it; grant the user this right, or let "
            f"the owner of the database run {file}",
        )
    )


def address_of(row: Row, number: str | None) -> str:
    """Return what stands for the address of the meter of *row*: *number*, else the hash of the log, as long as that."""
    return number or row.meter or "*" * 12
