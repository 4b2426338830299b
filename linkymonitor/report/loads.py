"""The shape of a day's power: its peak, what the house draws when it sleeps, and the load that stands out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import mul

from linkymonitor.daily_log.columns import without_gaps
from linkymonitor.report.day import Band, DayFigures, SteadyLoad
from linkymonitor.report.gaps import Hearing
from linkymonitor.report.heard import HeardDay, first_known

#: The shape of a day is looked at in stretches of this length, in seconds.
_STRETCH = 300
_HOUR = 3600
#: The night minimum is read between midnight and this hour, when so many seconds of it were heard.
_DAWN = 6
_ENOUGH = 4 * _HOUR
#: A load stands out from so many VA above the night minimum, and is steady within this share of them.
_STANDS_OUT = 1000
_STEADY = 0.25
#: A silence of fewer stretches does not end a load.
_BRIDGED = 4


def with_loads(figures: DayFigures, day: HeardDay, heard: Hearing) -> DayFigures:
    """Return *figures*, whose tariff periods are known, with the peak and the loads of *day*."""
    peak, peak_at = _peak(day)
    means = _means(day, heard)
    base_load = _base_load(means, day)
    return figures._replace(
        peak=peak,
        peak_at=peak_at,
        base_load=base_load,
        load=None if base_load is None else _long_load(means, day.start, figures.bands, base_load),
    )


def _peak(day: HeardDay) -> tuple[int | None, float | None]:
    """Return the highest power and when its record ended."""
    highest = first_known(day.rows.power_max, day.rows.apparent_power)
    peak = max(without_gaps(highest), default=None)
    return (None, None) if peak is None else (peak, day.times[highest.index(peak)])


def _means(day: HeardDay, heard: Hearing) -> dict[int, float]:
    """Return the mean power of each stretch of the day that is at least half covered, by its number."""
    power = day.rows.apparent_power
    weights, powers = heard.seconds, without_gaps(power)
    if len(powers) < len(power):
        weights = [0.0 if value is None else seconds for seconds, value in zip(weights, power, strict=True)]
        powers = [value or 0 for value in power]
    amounts = list(map(mul, weights, powers))
    means = {}
    first = 0
    for stretch in range(int((day.end - day.start) // _STRETCH)):
        stop = bisect_right(day.times, day.start + (stretch + 1) * _STRETCH, first)
        seconds = sum(weights[first:stop])
        if seconds >= _STRETCH / 2:
            means[stretch] = sum(amounts[first:stop]) / seconds
        first = stop
    return means


def _base_load(means: Mapping[int, float], day: HeardDay) -> int | None:
    """Return what the house draws when it sleeps: the tenth percentile of the five-minute means of the night.

    None when less than four hours of the night were heard, or when the house injected: its own
    production then hides what it draws.
    """
    dawn = day.at_hour(_DAWN)
    night = sorted(mean for stretch, mean in means.items() if day.start + (stretch + 1) * _STRETCH <= dawn)
    if len(night) * _STRETCH < _ENOUGH:
        return None
    low = round(night[len(night) // 10])
    return low if low > 0 else None


def _long_load(
    means: Mapping[int, float], start: float, bands: Sequence[Band], base_load: int
) -> SteadyLoad | None:
    """Return the longest steady load, at least an hour and 1 kVA above the night minimum, if there is one."""
    above = {stretch: means[stretch] - base_load for stretch in sorted(means)}
    longest: list[int] = []
    for run in _steady_runs(above):
        if run[-1] - run[0] + 1 >= _HOUR // _STRETCH and (
            not longest or run[-1] - run[0] > longest[-1] - longest[0]
        ):
            longest = run
    if not longest:
        return None
    powers = sorted(above[stretch] for stretch in longest)
    begin, end = start + longest[0] * _STRETCH, start + (longest[-1] + 1) * _STRETCH
    # Where it began and ended within a stretch is not known: its ends name no tariff period.
    inner = (begin + _STRETCH, end - _STRETCH)
    codes = dict.fromkeys(band.code for band in bands if band.start < inner[1] and band.end > inner[0])
    return SteadyLoad(start=begin, end=end, va=round(powers[len(powers) // 2]), codes=tuple(codes))


def _steady_runs(above: Mapping[int, float]) -> list[list[int]]:
    """Return the runs of stretches whose power stays near that of the first of them.

    Args:
        above: stretch → its mean power above the night minimum, in VA, in order.
    """
    runs: list[list[int]] = []
    run: list[int] = []
    for stretch, power in above.items():
        if run and stretch <= run[-1] + _BRIDGED and abs(power - above[run[0]]) <= _STEADY * above[run[0]]:
            run.append(stretch)
            continue
        run = [stretch] if power >= _STANDS_OUT else []
        if run:
            runs.append(run)
    return runs
