"""When nothing was heard on a day, how long each record was heard, and the share of the day that was heard."""

# A gap is a silence of more than five minutes. Its energy is known from the indexes and its curve is not. So figures
# that need a curve (highest power, base load, injected current) leave gaps out.

from collections.abc import Sequence
from operator import sub
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.report.day import Gap, Quality
from linkymonitor.summaries.day import SHORTEST_GAP

if TYPE_CHECKING:
    from linkymonitor.report.heard import HeardDay

#: A record of our log lasts four minutes at most. A longer one, of another program, was heard throughout if it has a
#: frame for each so many seconds: no meter is slower.
_SLOWEST_FRAME = 12


class Hearing(NamedTuple):
    """When a day was heard, in seconds."""

    #: For how long before its end each record was heard.
    seconds: Sequence[float]
    #: The beginning and the end of each silence that is a gap.
    silences: Sequence[tuple[float, float]]
    #: From the last record to the next one, to the end of the day or to the present.
    tail: float


def hearing(day: "HeardDay") -> Hearing:
    """Return when *day* was heard."""
    begun = _beginning(day)
    silences: list[tuple[float, float]] = []
    if day.records.before is None and begun - day.start > SHORTEST_GAP:
        silences.append((day.start, begun))
    previous = [begun, *day.times[:-1]]
    seconds = list(map(sub, day.times, previous))
    for at, step in enumerate(seconds):
        if step > SHORTEST_GAP:
            seconds[at], silence = _heard_since(day, at, previous[at])
            silences += silence
    after = day.records.after
    resumed = day.until if after is None else min(after.ended_at.timestamp(), day.end)
    tail = resumed - day.times[-1]
    if tail > SHORTEST_GAP:
        silences.append((day.times[-1], resumed))
    return Hearing(seconds=seconds, silences=silences, tail=max(tail, 0.0))


def _beginning(day: "HeardDay") -> float:
    """Return when listening began: at the end of the record before the day, else at the start of the first record."""
    before = day.records.before
    if before is not None:
        return max(before.ended_at.timestamp(), day.start)
    return min(max(day.rows.started_at[0], day.start), day.times[0])


def _heard_since(day: "HeardDay", at: int, previous: float) -> tuple[float, list[tuple[float, float]]]:
    """Return for how long the record at the position *at* was heard, and the silence before the record, if any.

    Args:
        day: the day of the record.
        at: the position of a record that ended more than SHORTEST_GAP after *previous*.
        previous: when the record before ended, in POSIX seconds.
    """
    begun, ended = day.rows.started_at[at], day.times[at]
    frames = day.rows.frames[at]
    dense = frames > 0 and frames * _SLOWEST_FRAME >= ended - begun
    if begun - previous > SHORTEST_GAP:
        heard = dense or ended - begun <= SHORTEST_GAP
        return (ended - begun if heard else 0.0), [(previous, begun)]
    if dense:
        return ended - previous, []
    return 0.0, [(previous, ended)]


def quality(day: "HeardDay", heard: Hearing, now: float) -> Quality:
    """Return how much of *day* was heard, and how well.

    Args:
        day: the day.
        heard: when it was heard.
        now: the present, in POSIX seconds: refused groups are written some minutes late, so the newest may be missing.
    """
    refusals = day.records.held
    return Quality(
        coverage=_coverage(day, heard),
        records=len(day.times),
        frames=sum(day.rows.frames),
        rejected=sum(day.rows.rejected),
        gaps=_gaps(day, heard.silences),
        held=None if refusals is None else refusals.between(day.start, day.until),
        held_whole=refusals is not None and refusals.all_of(day.start, day.until, now),
    )


def _coverage(day: "HeardDay", heard: Hearing) -> float:
    """Return the share of *day* up to the present that was heard: 0 to 1."""
    # The time after the last record counts once the next record has come. Until then that record is still to come.
    pending = day.records.after is None and heard.tail <= SHORTEST_GAP
    covered = sum(heard.seconds) + (0.0 if pending or heard.tail > SHORTEST_GAP else heard.tail)
    possible = (day.times[-1] if pending else day.until) - day.start
    return min(round(covered / possible, 4), 1.0) if possible > 0 else 0.0


def _gaps(day: "HeardDay", silences: Sequence[tuple[float, float]]) -> tuple[Gap, ...]:
    """Return the silences with their energy, which is shared by time where they run past a midnight."""
    known_from, known_to = day.registers.times[0], day.registers.times[-1]
    return tuple(
        Gap(
            start=start,
            end=end,
            wh=day.registers.over(start, end),
            shared=(start <= day.start and known_from < day.start) or (end >= day.end and known_to > day.end),
        )
        for start, end in silences
    )
