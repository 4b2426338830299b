"""The shape of a day's power: its peak, what the house draws when it sleeps, and the load that stands out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, floor
from operator import mul

from linkymonitor.daily_log.columns import without_gaps
from linkymonitor.report.day import Band, DayFigures, SteadyLoad, Watts
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
#: So many stretches are a while: longer than an electric heater is on at a time.
_WHILE = 6
#: The watts of the base load are those of stretches whose power is within this share of it.
_NEAR_BASE = 0.1
#: Hours of a year, and those of each register of the regulated options.
_YEAR = 8760
YEAR_HOURS: Mapping[str, Mapping[str, float]] = {
    "BASE": {"TH": _YEAR},
    "HC": {"HC": 8 * 365, "HP": 16 * 365},
    "EJP": {"HN": _YEAR - 22 * 18, "PM": 22 * 18},
    "TEMPO": {
        "HCJB": 8 * 300,
        "HPJB": 16 * 300,
        "HCJW": 8 * 43,
        "HPJW": 16 * 43,
        "HCJR": 8 * 22,
        "HPJR": 16 * 22,
    },
}
#: A silence of fewer stretches does not end a load.
_BRIDGED = 4


def with_loads(figures: DayFigures, day: HeardDay, heard: Hearing) -> DayFigures:
    """Return *figures*, whose tariff periods are known, with the peak and the loads of *day*."""
    peak, peak_at = _peak(day)
    means = _means(day, heard)
    base_load = _base_load(means, day)
    # Where a register was not read, nobody knows what the night used.
    watts = None if base_load is None or figures.unaccounted else _base_watts(means, day, base_load)
    return figures._replace(
        base_watts=watts,
        base_year_eur=None if watts is None else _cost_of_a_year(watts, figures),
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


def _base_watts(means: Mapping[int, float], day: HeardDay, base_load: int) -> Watts | None:
    """Return the active power of the stretches of the night whose apparent power is near *base_load*."""
    dawn = day.at_hour(_DAWN)
    near = [
        stretch
        for stretch, mean in means.items()
        if day.start + (stretch + 1) * _STRETCH <= dawn and abs(mean - base_load) <= _NEAR_BASE * base_load
    ]
    if not day.registers.stairs or len(near) * _STRETCH < _HOUR:
        return None
    wh = runs = 0
    for at, stretch in enumerate(near):
        begin = day.start + stretch * _STRETCH
        wh += sum(day.registers.between([begin, begin + _STRETCH])[0].values())
        runs += at == 0 or near[at - 1] != stretch - 1
    hours = len(near) * _STRETCH / _HOUR
    # Each end of a run of stretches falls between two whole Wh.
    return Watts(low=max(floor((wh - runs) / hours), 0), high=ceil((wh + runs) / hours))


def _cost_of_a_year(watts: Watts, figures: DayFigures) -> Decimal | None:
    """Return what a power that is drawn all the year costs, in whole €; None when a price is missing."""
    hours: dict[str, float] = {}
    option = figures.contract.option if figures.contract else ""
    if option in YEAR_HOURS:
        hours = dict(YEAR_HOURS[option])
    else:
        for band in figures.bands:
            hours[band.code] = hours.get(band.code, 0.0) + band.end - band.start
    total = sum(hours.values())
    prices = {line.code: line.price for line in figures.lines}
    if not total or any(prices.get(code) is None for code in hours):
        return None
    mean = sum((prices[code] or 0) * Decimal(share / total) for code, share in hours.items())
    return Decimal((watts.low + watts.high) / 2 * _YEAR / 1000) * mean


def _long_load(
    means: Mapping[int, float], start: float, bands: Sequence[Band], base_load: int
) -> SteadyLoad | None:
    """Return the longest steady load, at least an hour and 1 kVA above the night minimum, if there is one."""
    above = {stretch: floor - base_load for stretch, floor in _floors(means).items()}
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


def _floors(means: Mapping[int, float]) -> dict[int, float]:
    """Return for each stretch the highest power that lasts for a while around it.

    What comes and goes above it, such as electric heating in winter, does not hide a load that goes on below.
    """
    stretches = sorted(means)
    powers = [means[stretch] for stretch in stretches]
    size = len(powers)
    lowest = [min(powers[at : at + _WHILE]) for at in range(max(size - _WHILE + 1, 0))]
    if not lowest:
        return {}
    return {stretch: max(lowest[max(at - _WHILE + 1, 0) : at + 1]) for at, stretch in enumerate(stretches)}


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
