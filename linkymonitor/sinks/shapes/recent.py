"""The readings of the last minutes: a record is completed by the one that it ends with."""

# Strategy
#
# - A record comes out of the log up to a minute after its end, because the log is written in batches. So the readings
#   of the last minutes are kept, and each record finds the last one within its interval.
# - A record of the past, or of a box whose clock was not vouched for, finds none: then the log has to do.

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from linkymonitor.sinks.base import Live, Row

#: How many readings are kept, at most one a second: [log] sync_every is a minute.
_KEPT = 120
#: A reading is taken for a record when it is not older than this at the end of the record.
_FRESH = timedelta(seconds=30)


class Recent:
    """The last readings that have their groups as the meter sent them."""

    def __init__(self) -> None:
        self._readings: deque[tuple[datetime, Live]] = deque(maxlen=_KEPT)

    def add(self, reading: Live) -> None:
        """Keep *reading*, unless it has no date or no groups."""
        if reading.taken_at is not None and reading.raw:
            # The end of a record is a whole second.
            self._readings.append((reading.taken_at.replace(microsecond=0), reading))

    def complete(self, rows: Sequence[Row]) -> list[tuple[Row, Live | None]]:
        """Return each of *rows*, which are in the order of the log, with the last reading within its interval."""
        found: list[tuple[Row, Live | None]] = []
        before: datetime | None = None
        for row in rows:
            began = row.ended_at - _FRESH
            if before is not None and began < before < row.ended_at:
                began = before
            found.append((row, self._last(began, row.ended_at)))
            before = row.ended_at
        return found

    def _last(self, began: datetime, ended_at: datetime) -> Live | None:
        return next((live for at, live in reversed(self._readings) if began < at <= ended_at), None)
