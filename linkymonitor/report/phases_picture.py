"""The pictures of the phases of a day: a line for each phase, with a step each ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING

from linkymonitor.language import Text
from linkymonitor.report.day import DayFigures
from linkymonitor.report.formats import NBSP
from linkymonitor.report.phases import STRETCH
from linkymonitor.report.texts import Texts

if TYPE_CHECKING:
    from linkymonitor.report.words import Words

#: Where the curves stand in the picture, in its units: from left to right, from top to bottom.
_LEFT, _RIGHT, _TOP, _FLOOR = 42, 336, 8, 106
#: The bounds in V within which the grid keeps its voltage: 230 V ± 10 %.
LOWEST, HIGHEST = 207, 253
#: The scale of voltages, in V, covers at least this range.
_CALM = (220, 240)


def pictures(day: DayFigures, words: Words) -> list[dict[str, object]]:
    """Return the curves of currents, when there are several phases, and of voltages."""
    if day.phases is None:
        return []
    drawn = []
    currents, voltages = day.phases.currents, day.phases.voltages
    if len(currents) > 1:
        most = max((value for line in currents for value in line if value is not None), default=0)
        # Both scales end, and have their middle, at a whole number.
        bounds = 0, max(2 * ceil(most / 2), 2)
        drawn.append(_picture(day, words, currents, bounds, "A", Texts.phases_current))
    known = [value for line in voltages for value in line if value is not None]
    if known:
        bounds = 10 * floor(min(*known, _CALM[0]) / 10), 10 * ceil(max(*known, _CALM[1]) / 10)
        drawn.append(_picture(day, words, voltages, bounds, "V", Texts.phases_voltage))
    return drawn


def _picture(
    day: DayFigures,
    words: Words,
    lines: Sequence[Sequence[float | None]],
    bounds: tuple[int, int],
    unit: str,
    label: Text,
) -> dict[str, object]:
    low, high = bounds
    length = day.end - day.start

    def x(seconds: float) -> float:
        return round(_LEFT + min(seconds / length, 1) * (_RIGHT - _LEFT), 1)

    def y(value: float) -> float:
        return round(_FLOOR - (value - low) / (high - low) * (_FLOOR - _TOP), 1)

    paths = []
    for line in lines:
        path, pen = "", False
        for at, value in enumerate(line):
            if value is None:
                pen = False
                continue
            path += f"{'L' if pen else 'M'}{x(at * STRETCH)} {y(value)}H{x((at + 1) * STRETCH)}"
            pen = True
        paths.append(path)
    return {
        "label": words.say(label),
        "paths": paths,
        "lines": [
            {"y": y(value), "text": words.number(value) + (f"{NBSP}{unit}" if value == high else "")}
            for value in (low, (low + high) // 2, high)
        ],
        "marks": [
            {"x": x(hour.start - day.start), "text": words.hour(hour.hour)}
            for hour in day.hours
            if hour.hour % 6 == 0
        ],
    }
