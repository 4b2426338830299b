"""A run of records as columns: a list for each field."""

# A day has 7,000 records and a Pi Zero one slow core. Work on a whole column costs a fraction of the same work on
# record after record, and a number of seconds a fraction of a datetime.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any

from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Colour, Ejp

_NAMES = tuple(name for name in Record._fields if name != "indexes")
_TIMES = ("started_at", "ended_at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Columns:
    """Records, field by field: each attribute of Record is a list, as long as there are records.

    Times are POSIX time in whole seconds: the log has no finer ones. The indexes are by register. A register that a
    record does not name, or whose field is empty, is None there.

    Args:
        columns: one for each attribute of Record but `indexes`, by its name.
        registers: one for each register, by its code.
    """

    __slots__ = (*_NAMES, "registers")

    started_at: list[int]
    ended_at: list[int]
    contract: list[Contract | None]
    tariff_period: list[str | None]
    apparent_power: list[int | None]
    power_min: list[int | None]
    power_max: list[int | None]
    injected_power: list[int | None]
    current: list[int | None]
    currents: list[tuple[int | None, ...]]
    voltages: list[tuple[int | None, ...]]
    total_index: list[int | None]
    injected_index: list[int | None]
    colour: list[Colour | None]
    tomorrow: list[Colour | None]
    frames: list[int]
    rejected: list[int]
    ejp: list[Ejp]
    overload: list[bool | None]
    series: list[int]
    registers: dict[str, list[int | None]]

    def __init__(self, columns: Mapping[str, list[Any]], registers: dict[str, list[int | None]]) -> None:
        for name in _NAMES:
            setattr(self, name, columns[name])
        self.registers = registers

    @classmethod
    def of(cls, rows: Sequence[Record]) -> Columns:
        """Return *rows* as columns."""
        columns = dict(zip(Record._fields, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
        for name in _NAMES:
            columns.setdefault(name, [])
        for name in _TIMES:
            columns[name] = [int(at.timestamp()) for at in columns[name]]
        codes = dict.fromkeys(code for row in rows for code in row.indexes)
        return cls(columns, {code: [row.indexes.get(code) for row in rows] for code in codes})

    @classmethod
    def joined(cls, parts: Iterable[Columns]) -> Columns:
        """Return the records of all *parts*, one part after the other."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        columns: dict[str, list[Any]] = {name: [] for name in _NAMES}
        for part in parts:
            for name, column in columns.items():
                column += getattr(part, name)
        return cls(columns, joined_registers(parts))

    def __len__(self) -> int:
        return len(self.ended_at)

    def __getitem__(self, part: slice) -> Columns:
        """Return some of these records, as columns."""
        return self._each(lambda column: column[part])

    def where(self, wanted: Sequence[bool]) -> Columns:
        """Return the records whose place in *wanted* is true, as columns."""
        return self if all(wanted) else self._each(lambda column: list(compress(column, wanted)))

    def rows(self) -> Iterator[Record]:
        """Yield these records one by one."""
        columns = {name: getattr(self, name) for name in Record._fields}
        for name in _TIMES:
            columns[name] = [_EPOCH + timedelta(seconds=at) for at in columns[name]]
        return map(Record._make, zip(*columns.values(), strict=True))

    def row(self, place: int) -> Record:
        """Return the record at *place*, from 0."""
        return next(self[place : place + 1].rows())

    @property
    def indexes(self) -> list[Mapping[str, int]]:
        """The indexes of each record, by register; without those that it does not have."""
        rows: list[dict[str, int]] = [{} for _ in self.ended_at]
        for code, column in self.registers.items():
            for row, index in zip(rows, column, strict=True):
                if index is not None:
                    row[code] = index
        return list(rows)

    def _each(self, change: Any) -> Columns:
        return Columns(
            {name: change(getattr(self, name)) for name in _NAMES},
            {code: change(column) for code, column in self.registers.items()},
        )


def joined_registers(parts: Sequence[Columns]) -> dict[str, list[int | None]]:
    """Return the registers of all *parts*, one part after the other; None where a part lacks one."""
    registers: dict[str, list[int | None]] = {}
    for code in dict.fromkeys(code for part in parts for code in part.registers):
        registers[code] = []
        for part in parts:
            registers[code] += part.registers.get(code) or [None] * len(part)
    return registers


def without_gaps(column: Iterable[int | None]) -> list[int]:
    """Return the values of *column* in their order, without its Nones."""
    # `is` and not `in`: to compare a number with None takes four times as long.
    return [value for value in column if value is not None]


def known(column: Sequence[int | None]) -> bool:
    """Return whether *column* has any value."""
    # Most columns have a value that is not 0 near their beginning; only where there is none, the Nones are counted.
    return any(column) or column.count(None) < len(column)
