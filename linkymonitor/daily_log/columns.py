"""A run of records as columns: a list for each field."""

# A day has 7 000 records and a Pi Zero one slow core: what is done to a whole column at once costs a fraction of
# the same done to record after record.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, compress
from typing import Any

from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Colour, Ejp

_NAMES = tuple(name for name in Record._fields if name != "indexes")


class Columns:
    """Records, field by field: each attribute of Record is a list, as long as there are records.

    The indexes are by register. A register that a record does not name, or whose field is empty, is None there.

    Args:
        columns: one for each attribute of Record but `indexes`, by its name.
        registers: one for each register, by its code.
    """

    __slots__ = (*_NAMES, "registers")

    started_at: list[datetime]
    ended_at: list[datetime]
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
        codes = dict.fromkeys(code for row in rows for code in row.indexes)
        return cls(columns, {code: [row.indexes.get(code) for row in rows] for code in codes})

    @classmethod
    def joined(cls, parts: Iterable[Columns]) -> Columns:
        """Return the records of all *parts*, one part after the other."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        columns: dict[str, list[Any]] = {
            name: list(chain.from_iterable(getattr(part, name) for part in parts)) for name in _NAMES
        }
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
        return map(Record._make, zip(*(getattr(self, name) for name in Record._fields), strict=True))

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


def known(column: Sequence[int | None]) -> bool:
    """Return whether *column* has any value."""
    return column.count(None) < len(column)
