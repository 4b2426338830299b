"""What only the summary of a day keeps: indexes at midnight, the extremes of each phase, the files it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from linkymonitor.daily_log.columns import Columns, without_gaps
from linkymonitor.model.epochs import ROLL_OVER
from linkymonitor.report.day import Kept
from linkymonitor.report.gather import DayRecords
from linkymonitor.report.indexes import IndexColumns, Indexes, Kind
from linkymonitor.report.phases import bounds, columns, mean
from linkymonitor.summaries.day import HALF_HOUR, INJECTED, TOTAL, LogSpan, PhaseExtremes

#: What `Indexes` calls the total index and the index of injected energy → what the summary calls them.
_NAMES = {"": TOTAL, "injected": INJECTED}


def kept(records: DayRecords, start: float) -> Kept:
    """Return what the summary of a day keeps of *records*.

    Args:
        records: the records of the day and those next to it.
        start: the first midnight of the day, in POSIX seconds.
    """
    earlier = [*records.lead, records.before] if records.before else []
    later = [records.after, *records.trail] if records.after else []
    at_midnight = list(_midnight(records, start))
    return Kept(
        midnight={name: wh for name, wh, _ in at_midnight},
        between=tuple(name for name, _, is_between in at_midnight if is_between),
        by_phase=_by_phase(records.rows),
        log=LogSpan(
            first=min((record.ended_at.date() for record in earlier if record), default=None),
            last=max((record.ended_at.date() for record in later if record), default=None),
        ),
    )


def _midnight(records: DayRecords, start: float) -> Iterator[tuple[str, int, bool]]:
    """Yield each index at the midnight *start*, and whether it lies between two records that are near it."""
    following = records.rows.row(0) if records.rows else records.after
    around = [record for record in (records.before, following) if record is not None]
    near = [record for record in around if abs(record.ended_at.timestamp() - start) <= HALF_HOUR]
    rows = Columns.of(near)
    for kind in Kind:
        indexes = Indexes(IndexColumns.joined([rows]), rows.ended_at, kind)
        for name, parts in indexes.stairs.items():
            for stairs in parts:
                if stairs is not None and stairs.times[0] <= start <= stairs.times[-1]:
                    wh = stairs.at(start) % ROLL_OVER
                    yield _NAMES.get(name, name), wh, start not in stairs.times


def _by_phase(rows: Columns) -> tuple[PhaseExtremes, ...]:
    """Return the currents and voltages of each phase; a meter of one phase may give its current alone."""
    currents = columns(rows.currents, least=1) or ([rows.current] if any(rows.current) else [])
    return tuple(map(_extremes, *_as_long(currents, columns(rows.voltages, least=1))))


def _as_long(*lists: Sequence[Sequence[int | None]]) -> Iterable[Sequence[Sequence[int | None]]]:
    """Return *lists* of columns, all with as many columns as the longest."""
    most = max(map(len, lists))
    return [[*each, *[()] * (most - len(each))] for each in lists]


def _extremes(current: Sequence[int | None], voltage: Sequence[int | None]) -> PhaseExtremes:
    amperes, volts = without_gaps(current), without_gaps(voltage)
    lowest, _, highest = bounds(volts) or (None, None, None)
    return PhaseExtremes(
        lowest=lowest,
        mean=_round(mean(volts)),
        highest=highest,
        current_mean=_round(mean(amperes)),
        current_most=max(amperes, default=None),
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
