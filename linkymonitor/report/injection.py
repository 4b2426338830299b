"""The energy given to the grid on a day: from the injected index if the meter has one, else by the current."""

# Without a producer's contract a meter does not send the injected power. While the house injects, the meter only shows
# a drawn power of zero and a current in whole amperes. So the estimate is a range, from a lowest to a highest energy.

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from math import ceil
from operator import sub

from linkymonitor.daily_log.columns import Columns, known
from linkymonitor.report.day import Injected
from linkymonitor.report.gaps import Hearing
from linkymonitor.report.heard import HeardDay, half_hour_marks
from linkymonitor.report.indexes import Indexes, Kind
from linkymonitor.summaries.day import HALF_HOUR

#: The volts of the estimate when the meter sends no voltage, and the lowest and highest volts of its range.
NOMINAL = 230
_LOWEST, _HIGHEST = 220, 240
#: The meter gives whole amperes.
_HALF_AMPERE = 0.5
_HOUR = 3600


def injected(day: HeardDay, heard: Hearing, price: Decimal | None) -> Injected | None:
    """Return the energy given to the grid on *day*, None when the house gave none.

    Args:
        day: the day.
        heard: when the day was heard.
        price: what is paid for an injected kWh, in €; None when the price is not set.
    """
    if known(day.rows.injected_index):
        counted = Indexes(day.around.columns, day.around.times, Kind.INJECTED)
        half_hours = counted_half_hours(counted, day.start, day.end)
        wh = sum(half_hours)
        return Injected(
            half_hours=half_hours,
            wh=wh,
            low_wh=wh,
            high_wh=wh,
            estimated=False,
            reading=day.rows.injected_index[-1],
            at_least=any(counted.over(start, end) is None for start, end in heard.silences),
            price=price,
        )
    if not may_inject(day.rows):
        return None
    estimate = _estimated(day, heard.seconds)
    # There is no index here, so the energy injected during silences is not known.
    return estimate and estimate._replace(at_least=bool(heard.silences), price=price)


def counted_half_hours(counted: Indexes, start: float, end: float) -> tuple[int, ...]:
    """Return the Wh of each half hour of a day by the injected index."""
    return tuple(sum(energy.values()) for energy in counted.between(half_hour_marks(start, end)))


def may_inject(rows: Columns) -> bool:
    """Return whether any record injects, or draws nothing, so that its current may go either way."""
    return any(rows.injected_power) or 0 in rows.apparent_power


def _estimated(day: HeardDay, seconds: Sequence[float]) -> Injected | None:
    """Return the energy of the records of *day*, each heard for so many *seconds*; None when no record shows any."""
    rows = day.rows
    best = low = high = 0.0
    half_hours = [0.0] * (len(half_hour_marks(day.start, day.end)) - 1)
    for at, power, drawn, current, voltages, duration in zip(
        day.times, rows.injected_power, rows.apparent_power, rows.current, rows.voltages, seconds, strict=True
    ):
        if not power and (drawn != 0 or current is None):
            continue
        likely, least, most = _power(power, current or 0, [volts for volts in voltages if volts])
        best += likely * duration
        # A record ends at each half hour, so all of it is in the half hour in which it ends.
        half_hours[ceil((at - day.start) / HALF_HOUR) - 1] += likely * duration
        low += least * duration
        high += most * duration
    if not best:
        return None
    grown = [round(amount / _HOUR) for amount in accumulate(half_hours, initial=0.0)]
    return Injected(
        wh=grown[-1],
        low_wh=int(low // _HOUR),
        high_wh=-int(-high // _HOUR),
        estimated=True,
        half_hours=tuple(map(sub, grown[1:], grown)),
    )


def _power(power: int | None, amperes: int, voltages: Sequence[int]) -> tuple[float, float, float]:
    """Return the power of one record: the likely one, the least and the most that it may be, in VA.

    Args:
        power: as the meter gives it, if it does.
        amperes: sum over the phases.
        voltages: those that are measured.
    """
    volts = sum(voltages) / len(voltages) if voltages else NOMINAL
    likely = power or amperes * volts
    if amperes:
        lowest, highest = (volts, volts) if voltages else (_LOWEST, _HIGHEST)
        least = min(likely, max(amperes - _HALF_AMPERE, 0) * lowest)
        return likely, least, max(likely, (amperes + _HALF_AMPERE) * highest)
    if likely:
        return likely, likely, likely
    # Less than half an ampere may be flowing out: it counts only where some was seen.
    return 0.0, 0.0, _HALF_AMPERE * _HIGHEST
