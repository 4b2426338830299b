"""The highest power of a day, its night base load, and its longest steady load."""

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

#: The power of a day is averaged over stretches of this length, in seconds.
_STRETCH = 300
_HOUR = 3600
#: The base load is taken between midnight and this hour, if at least so many seconds of that time were heard.
_DAWN = 6
_ENOUGH = 4 * _HOUR
#: A load begins at so many VA above the base load. It is steady while it differs by at most this share from its
#: first stretch.
_STANDS_OUT = 1000
_STEADY = 0.25
#: A power lasts if it is held for so many stretches: longer than an electric heater is on at a time.
_WHILE = 6
#: The watts of the base load are taken from the stretches whose VA are within this share of the base load.
_NEAR_BASE = 0.1
#: Hours of a year; for each regulated option, the hours of a year in which each register is in force.
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
    # Where a register was not read, the energy of the night is not known.
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
    """Return the highest power of *day* and the end of its record; None for both when no power is known."""
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
    """Return the night base load: the tenth percentile of the five-minute means from midnight to 6:00.

    None when less than four hours of that time were heard, or when the percentile is 0, as it is while the house
    injects: its own production then hides the power that it draws.
    """
    dawn = day.at_hour(_DAWN)
    night = sorted(mean for stretch, mean in means.items() if day.start + (stretch + 1) * _STRETCH <= dawn)
    if len(night) * _STRETCH < _ENOUGH:
        return None
    low = round(night[len(night) // 10])
    return low if low > 0 else None


def _base_watts(means: Mapping[int, float], day: HeardDay, base_load: int) -> Watts | None:
    """Return the active power of the stretches of the night whose apparent power is near *base_load*.

    None when these stretches last less than an hour in all, or when no index was read.
    """
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
    # Indexes are in whole Wh, so the energy of a run of stretches is uncertain by 1 Wh either way.
    return Watts(low=max(floor((wh - runs) / hours), 0), high=ceil((wh + runs) / hours))


def _cost_of_a_year(watts: Watts, figures: DayFigures) -> Decimal | None:
    """Return about what *watts*, drawn all year, cost in €; None when a price is missing."""
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
    """Return the longest steady load of an hour or more, 1 kVA or more above *base_load*; None if there is none."""
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
    # The load begins and ends somewhere within its first and last stretch: these do not decide its tariff periods.
    inner = (begin + _STRETCH, end - _STRETCH)
    codes = dict.fromkeys(band.code for band in bands if band.start < inner[1] and band.end > inner[0])
    return SteadyLoad(start=begin, end=end, va=round(powers[len(powers) // 2]), codes=tuple(codes))


def _floors(means: Mapping[int, float]) -> dict[int, float]:
    """Return for each stretch the highest power that is held for half an hour in a row around the stretch.

    Loads that come and go on top, such as electric heating in winter, do not hide a load that goes on below them.
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
        above: stretch → its mean power above the base load, in VA, in order.
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
