"""The tariff periods of a day: when each was in force, mobile peaks and Tempo colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from linkymonitor.model.terms import PERIODS, code
from linkymonitor.report.day import Band, DayFigures, Gap
from linkymonitor.report.heard import HeardDay
from linkymonitor.summaries.day import SHORTEST_GAP

#: Before this local hour a mobile peak belongs to the day before (it ends at 1 h), likewise a Tempo colour.
_EJP_TURNS, _TEMPO_TURNS = 4, 6
_COLOURS = {"B": "blue", "W": "white", "R": "red"}


def with_periods(figures: DayFigures, day: HeardDay) -> DayFigures:
    """Return *figures*, whose gaps are known, with the tariff periods of *day*."""
    bands = _bands(day, figures.quality.gaps)
    turn, dawn = day.at_hour(_EJP_TURNS), day.at_hour(_TEMPO_TURNS)
    last, tomorrow = day.rows.colour[-1], day.rows.tomorrow[-1]
    return figures._replace(
        bands=bands,
        ejp=any(band.code == "PM" and band.end > turn for band in bands),
        ejp_tail=any(band.code == "PM" and band.start < turn for band in bands),
        colour=_colour(bands, dawn, day.end) or (last.name.lower() if last else None),
        tomorrow=tomorrow.name.lower() if tomorrow else None,
    )


def _bands(day: HeardDay, gaps: Sequence[Gap]) -> tuple[Band, ...]:
    """Return the tariff periods in force; a gap within one period does not cut it."""
    bands: list[Band] = []
    times = day.times
    begun = max(day.rows.started_at[0], day.start)
    previous = begun if times[0] - begun <= SHORTEST_GAP else times[0]
    silent_from = {gap.start for gap in gaps}
    at = 0
    for period, run in groupby(day.rows.tariff_period):
        # After a gap nobody knows when the period changed.
        start = times[at] if previous in silent_from else previous
        at += len(list(run))
        previous = times[at - 1]
        if period:
            bands.append(Band(start=start, end=previous, code=code(period)))
    return tuple(bands)


def _colour(bands: Sequence[Band], begin: float, end: float) -> str | None:
    """Return the Tempo colour that lasted longest from *begin* to *end*."""
    lasted: dict[str, float] = {}
    for band in bands:
        seconds = min(band.end, end) - max(band.start, begin)
        if band.code in PERIODS["TEMPO"] and seconds > 0:
            colour = _COLOURS[band.code[-1]]
            lasted[colour] = lasted.get(colour, 0) + seconds
    return max(lasted, key=lasted.__getitem__) if lasted else None
