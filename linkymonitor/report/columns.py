"""A run of records as columns: a tuple for each field."""

# A day has 7 000 records and a Pi Zero one slow core: what is done to a whole column at once costs a fraction of
# the same done to record after record.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from linkymonitor.model.record import Contract, Record


class Columns:
    """Records, field by field.

    Args:
        rows: at least one.
    """

    def __init__(self, rows: Sequence[Record]) -> None:
        self.started_at: tuple[datetime, ...]
        self.ended_at: tuple[datetime, ...]
        self.contract: tuple[Contract | None, ...]
        self.tariff_period: tuple[str | None, ...]
        self.apparent_power: tuple[int | None, ...]
        self.power_min: tuple[int | None, ...]
        self.power_max: tuple[int | None, ...]
        self.injected_power: tuple[int | None, ...]
        self.current: tuple[int | None, ...]
        self.voltages: tuple[tuple[int | None, ...], ...]
        self.indexes: tuple[Mapping[str, int], ...]
        self.total_index: tuple[int | None, ...]
        self.injected_index: tuple[int | None, ...]
        self.frames: tuple[int, ...]
        self.rejected: tuple[int, ...]
        for name, column in zip(Record._fields, zip(*rows, strict=True), strict=True):
            setattr(self, name, column)


def known(column: Sequence[int | None]) -> bool:
    """Return whether *column* has any value."""
    return column.count(None) < len(column)
