"""The mean day of a period: what each half hour uses on weekdays, at week-ends, on EJP or red days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.report.period.values import MeanDay

if TYPE_CHECKING:
    from linkymonitor.summaries.day import DaySummary

_SATURDAY = 5
#: Half hours of a day without a change of hour; the two other days of a year would shift the mean.
_HALF_HOURS = 48
#: Days whose energy has another shape, because of their price.
_DEAR = ("ejp", "red")


def kind_of(day: DayCost) -> str:
    """Return which mean *day* belongs to: ``ejp``, ``red``, else ``weekday`` or ``weekend``."""
    if day.kind in _DEAR:
        return str(day.kind)
    return "weekend" if day.date.weekday() >= _SATURDAY else "weekday"


def mean_days(days: Sequence[DaySummary], whole: Mapping[date, DayCost]) -> tuple[MeanDay, ...]:
    """Return the mean day of each kind that *whole*, the whole ones of *days*, have."""
    sums: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    for day in days:
        if day.date not in whole or day.silent:
            continue
        columns = list(day.half_hours.values())
        if not columns or len(columns[0]) != _HALF_HOURS:
            continue
        kind = kind_of(whole[day.date])
        counts[kind] = counts.get(kind, 0) + 1
        sums[kind] = [sum(values) for values in zip(sums.get(kind, [0] * _HALF_HOURS), *columns, strict=True)]
    return tuple(
        MeanDay(kind=kind, days=counts[kind], half_hours=tuple(wh / counts[kind] for wh in sums[kind]))
        for kind in ("weekday", "weekend", *_DEAR)
        if kind in sums
    )
