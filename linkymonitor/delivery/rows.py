"""Turns the records of the log into the rows that sinks and exports have."""

# The table of the fields of the log has the name that each field has in a row (Field.exported). A row is made for each
# record of a catch-up, so what holds for a whole column is found out once.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from linkymonitor.daily_log.columns import Columns, known
from linkymonitor.daily_log.fields import FIELDS, MORE_REGISTERS, REGISTERS, Field
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Ejp, code
from linkymonitor.sinks.base import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_REGISTERS = (REGISTERS, MORE_REGISTERS)
#: The fields with a number, in the order of a line.
NUMBERS = tuple(
    field for field in FIELDS if field.exported and not field.words and field not in _OF_REGISTERS
)
_WORDS = tuple(field for field in FIELDS if field.words and field.attribute in ("colour", "tomorrow", "ejp"))


def rows_of(columns: Columns) -> Iterator[Row]:
    """Yield a row for each record of *columns*."""
    numbers = _numbers(columns)
    names, values = tuple(numbers), zip(*numbers.values(), strict=True)
    words = _words(columns)
    for number, ended_at in enumerate(columns.ended_at):
        contract = columns.contract[number]
        period = columns.tariff_period[number]
        fields = (
            {name: value for name, value in zip(names, next(values), strict=True) if value is not None}
            if names
            else {}
        )
        yield Row(
            contract.meter or "" if contract else "",
            columns.series[number],
            _EPOCH + timedelta(seconds=ended_at),
            contract.option if contract else "",
            code(period) if period else "",
            fields,
            words[number] if words else {},
            columns.overload[number],
            contract.subscribed_power if contract else None,
        )


def _numbers(columns: Columns) -> dict[str, list[int | None]]:
    """Return name → column of each number that at least one record has, in the order of a line."""
    found: dict[str, list[int | None]] = {}
    for field in FIELDS:
        if field is REGISTERS:
            for register, column in columns.registers.items():
                if known(column):
                    found[f"{field.exported}{register}"] = column
        elif field in NUMBERS:
            column = _column(columns, field)
            if known(column):
                found[field.exported] = column
    return found


def _column(columns: Columns, field: Field) -> list[Any]:
    column: list[Any] = getattr(columns, field.attribute)
    if not field.phase:
        return column
    if not any(column):
        return [None] * len(column)
    return [value[field.phase - 1] if len(value) >= field.phase else None for value in column]


def _words(columns: Columns) -> list[Mapping[str, str]]:
    """Return the words of each record; nothing at all when no record has one."""
    found: list[dict[str, str]] = [{} for _ in columns.ended_at]
    for field in _WORDS:
        for words, value in zip(found, getattr(columns, field.attribute), strict=True):
            if value is not None and value is not Ejp.UNKNOWN:
                words[field.exported] = value.value if isinstance(value, Enum) else value
    return list(found)


def fields_of(reading: Reading) -> dict[str, int]:
    """Return the numbers of *reading* by the names that they have in a row."""
    total = sum(amps for amps in reading.currents if amps is not None) if reading.currents else None
    found: dict[str, int | None] = {
        "power": reading.apparent_power,
        "injected": reading.injected_power,
        "current": total,
    }
    for name, phases in (("current", reading.currents), ("voltage", reading.voltages)):
        found |= {f"{name}_{phase}": value for phase, value in enumerate(phases, 1)}
    found |= {f"{REGISTERS.exported}{register}": index for register, index in reading.indexes.items()}
    found |= {"index_total": reading.total_index, "index_injected": reading.injected_index}
    return {name: value for name, value in found.items() if value is not None}
