"""The columns of the chart of a day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TypeVar

from linkymonitor.daily_log.columns import without_gaps
from linkymonitor.report.day import Curve
from linkymonitor.report.heard import HeardDay, first_known
from linkymonitor.report.injection import NOMINAL, may_inject

T = TypeVar("T")


def curve(day: HeardDay) -> Curve:
    """Return the columns of the chart; records without a power are left out."""
    rows, begin = day.rows, int(day.start)
    power = without_gaps(rows.apparent_power)
    whole = len(power) == len(rows)
    measured = [value is not None for value in rows.apparent_power]

    def kept(column: Sequence[T]) -> Sequence[T]:
        return column if whole else list(compress(column, measured))

    injected = None
    if may_inject(rows):
        # A current while no power is drawn flows out.
        injected = [
            given or (amperes * NOMINAL if drawn == 0 and amperes else 0)
            for given, drawn, amperes in zip(
                kept(rows.injected_power), power, kept(rows.current), strict=True
            )
        ]
    indexes = {}
    for name in filter(None, day.registers.stairs):
        index = _carried(kept(day.registers.column(name)[day.around.first : day.around.stop]))
        if index is not None:
            indexes[name] = index
    return Curve(
        times=[at - begin for at in kept(rows.ended_at)],
        power=power,
        low=[value or 0 for value in first_known(kept(rows.power_min), power)],
        high=[value or 0 for value in first_known(kept(rows.power_max), power)],
        current=_carried(kept(rows.current)),
        injected=injected if injected and any(injected) else None,
        indexes=indexes,
    )


def _carried(values: Sequence[int | None]) -> Sequence[int] | None:
    """Return *values* with the last known one wherever one is missing, None when all are.

    The values before the first known one are equal to it.
    """
    known = without_gaps(values)
    if not known or len(known) == len(values):
        return known or None
    last, carried = known[0], []
    for value in values:
        last = last if value is None else value
        carried.append(last)
    return carried
