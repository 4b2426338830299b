"""The data from which the script of a page draws the curve of a day, packed to be small."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub

from linkymonitor.report.cells import harmless, quoted
from linkymonitor.report.day import DayFigures
from linkymonitor.report.hourly import repeated_hours
from linkymonitor.report.texts import Texts
from linkymonitor.report.words import Words


def chart_data(day: DayFigures, words: Words, refresh: int | None) -> dict[str, object]:
    """Return the data for the script of the page; times are in seconds since the day began.

    Args:
        day: the figures.
        words: the language of the page.
        refresh: the seconds after which an open page reloads itself in the browser; None: it does not.
    """
    curve = day.curve
    if not curve.times:
        return {"refresh": refresh, "words": {}, "times": None}
    prices = _prices(day)
    return {
        "lang": words.lang,
        "name": day.date.isoformat(),
        "start": int(day.start),
        "length": int(day.end - day.start),
        "refresh": refresh,
        "hours": _hour_marks(day, words),
        "bands": [
            [
                int(band.start - day.start),
                int(band.end - day.start),
                words.kind(band.code),
                words.in_period(band.code),
                prices.get(band.code),
            ]
            for band in day.bands
        ],
        "gaps": [[int(gap.start - day.start), int(gap.end - day.start)] for gap in day.quality.gaps],
        "breaks": [int(epoch.at - day.start) for epoch in day.breaks],
        # False when some energy has no known register: the script adds up registers, so it then shows no sum.
        "accounted": not day.unaccounted,
        "hourly": _hourly(day),
        "times": _differences(curve.times),
        # The lowest and highest powers as distances from the mean: small numbers make a small page.
        "below": _with_zeros_packed(list(map(sub, curve.power, curve.low))),
        "above": _with_zeros_packed(list(map(sub, curve.high, curve.power))),
        "series": _series(day, words),
        "words": {
            "clock": "{h}\u00a0h\u00a0{m}" if words.french else "{h}:{m}",
            "seconds": "\u00a0min\u00a0{s}\u00a0s" if words.french else ":{s}",
            "hour": "{h}\u00a0h" if words.french else "{h}:00",
            "colon": "\u00a0: " if words.french else ": ",
            "pad": not words.french,
            "gap": words.say(Texts.gap),
            "rest": words.say(Texts.chart_rest),
            "span": words.say(Texts.min_max),
            "pick": words.say(Texts.chart_pick),
            "range": words.say(Texts.chart_range),
            "money": words.say(Texts.money),
            "rate": words.say(Texts.rate),
            "csv": _csv_words(day, words),
        },
    }


def _prices(day: DayFigures) -> dict[str, float]:
    """Return the price of a kWh in each register that has one."""
    return {line.code: float(line.price) for line in day.lines if line.price is not None}


def _hourly(day: DayFigures) -> list[object]:
    """Return for each hour its energy by register, its cost, and 1 if its curve is known; None if not measured."""
    codes = [line.code for line in day.lines]
    return [
        [
            [hour.energy.get(code, 0) for code in codes],
            None if hour.eur is None else round(float(hour.eur), 4),
            int(hour.known),
        ]
        if hour.measured
        else None
        for hour in day.hours
    ]


def _csv_words(day: DayFigures, words: Words) -> dict[str, object]:
    """Return how the files for a spreadsheet are written: French ones have `;` and a decimal comma."""
    time = [words.say(Texts.csv_local), words.say(Texts.csv_utc)]
    powers = [words.say(text) for text in (Texts.csv_power, Texts.csv_least, Texts.csv_most)]
    # The names of periods come from tables that anybody may write.
    registers = [quoted(harmless(f"{words.line(line)} (kWh)")) for line in day.lines]
    sums = [words.say(text) for text in (Texts.csv_total, Texts.csv_cost, Texts.csv_remark)]
    return {
        "separator": ";" if words.french else ",",
        "decimal": "," if words.french else ".",
        "date": "{d}/{m}/{y}" if words.french else "{y}-{m}-{d}",
        "records": time + powers,
        "hours": time + registers + sums,
        "estimated": words.say(Texts.csv_estimated),
        "names": {"records": "", "hours": words.say(Texts.csv_hours_name)},
    }


def _hour_marks(day: DayFigures, words: Words) -> list[list[object]]:
    """Return the start and the number of each hour; an hour that comes twice also has its offset from UTC."""
    twice = repeated_hours(day) if len({hour.offset for hour in day.hours}) > 1 and day.length > 24 else set()
    return [
        [int(hour.start - day.start), hour.hour]
        + ([f"({words.offset(hour.offset)})"] if hour.hour in twice else [])
        for hour in day.hours
    ]


def _series(day: DayFigures, words: Words) -> list[dict[str, object]]:
    """Return the curves that can be shown, each with whether it is shown at first."""
    curve = day.curve
    prices = _prices(day)
    series = [_serie("power", words.say(Texts.series_power), True, curve.power)]
    if curve.injected is not None:
        estimated = day.injected is not None and day.injected.estimated
        label = words.say(Texts.series_injected_estimated if estimated else Texts.series_injected)
        series.append(_serie("injected", label, True, curve.injected))
    if curve.current is not None:
        series.append(_serie("current", words.say(Texts.series_current), False, curve.current))
    for name, column in curve.indexes.items():
        # Six registers would hide the curve of the power: of more than two, those that stood still are left out.
        if len(curve.indexes) > 2 and column[0] == column[-1]:
            continue
        # The name of a register of the supplier has the word "index" already.
        supplier = name[:1] == "F" and name[1:].isdecimal()
        label = words.period(name) if supplier else words.say(Texts.series_index, words.in_period(name))
        series.append(
            _serie("index", label, False, column) | {"kind": words.kind(name), "price": prices.get(name)}
        )
    return series


def _serie(key: str, label: str, on: bool, column: Sequence[int]) -> dict[str, object]:
    return {"key": key, "label": label, "on": on, "kind": "", "values": _differences(column)}


def _differences(column: Sequence[int]) -> list[object]:
    """Return the first value of *column*, then the difference of each value from the one before it, packed."""
    return _with_zeros_packed([column[0], *map(sub, column[1:], column)])


def _with_zeros_packed(column: list[int]) -> list[object]:
    """Return *column*; if a quarter of it or more is 0, each run of three zeros or more is a list of its length."""
    zeros = len(column) - len(list(filter(None, column)))
    if zeros * 4 < len(column):
        return list(column)
    packed: list[object] = []
    zeros = 0
    for value in column:
        if not value:
            zeros += 1
            continue
        if zeros:
            packed += _run_of_zeros(zeros)
            zeros = 0
        packed.append(value)
    return packed + _run_of_zeros(zeros)


def _run_of_zeros(length: int) -> list[object]:
    return [[length]] if length > 2 else [0] * length
