"""The phases of a day, where the meter gives them: their currents, their voltages, and how unevenly they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linkymonitor.report.day import Phase, Phases
from linkymonitor.report.heard import HeardDay

#: The curves are means over stretches of this length, in seconds.
STRETCH = 600


def phases(day: HeardDay) -> Phases | None:
    """Return the currents and voltages of *day* by phase, None when the meter gives neither.

    The current of a meter with one phase is left out, because the chart of the day has it.
    """
    currents, voltages = columns(day.rows.currents, least=2), columns(day.rows.voltages, least=1)
    count = max(len(currents), len(voltages))
    if not count:
        return None
    numbers = [int((at - day.start - 1) // STRETCH) for at in day.times]
    size = int(-(-(day.end - day.start) // STRETCH))
    amperes = [_known(column) for column in currents]
    total = sum(map(sum, amperes))
    return Phases(
        phases=tuple(
            Phase(
                mean=mean(amperes[n]) if n < len(amperes) else None,
                most=max(amperes[n], default=None) if n < len(amperes) else None,
                share=sum(amperes[n]) / total if total and n < len(amperes) else None,
                voltages=bounds(_known(voltages[n])) if n < len(voltages) else None,
            )
            for n in range(count)
        ),
        currents=tuple(_means(column, numbers, size) for column in currents),
        voltages=tuple(_means(column, numbers, size) for column in voltages),
    )


def columns(rows: Sequence[Sequence[int | None]], least: int) -> list[list[int | None]]:
    """Return a column for each phase of *rows*; none when fewer than *least* phases are measured."""
    count = max(map(len, rows), default=0)
    if count < least:
        return []
    if min(map(len, rows)) == count:
        found = [list(column) for column in zip(*rows, strict=True)]
    else:
        found = [[row[n] if n < len(row) else None for row in rows] for n in range(count)]
    return found if any(value is not None for column in found for value in column) else []


def _known(column: Iterable[int | None]) -> list[int]:
    return [value for value in column if value is not None]


def mean(values: Sequence[int]) -> float | None:
    """Return the mean of *values*, None when there are none."""
    return sum(values) / len(values) if values else None


def bounds(values: Sequence[int]) -> tuple[int, int, int] | None:
    """Return the lowest, the mean and the highest of *values*."""
    return (min(values), round(sum(values) / len(values)), max(values)) if values else None


def _means(column: Sequence[int | None], numbers: Sequence[int], size: int) -> tuple[float | None, ...]:
    """Return the mean of *column* in each of *size* stretches; *numbers* has the stretch of each value."""
    sums, counts = [0] * size, [0] * size
    for value, number in zip(column, numbers, strict=True):
        if value is not None and 0 <= number < size:
            sums[number] += value
            counts[number] += 1
    return tuple(amount / count if count else None for amount, count in zip(sums, counts, strict=True))
