"""Limits how often the same message is logged, and counts the lines that are held back."""

# Strategy
#
# - The first line of a cause is logged at once. After it, lines of that cause are held back for a minute, then for
#   twice as long after each logged line, up to an hour. A cable that comes and goes all day leaves some thirty lines
#   instead of thousands. A cause without a line for twice its wait is new again.
# - The caller gives the monotonic time. The next line that is logged has the count of the lines that were held back.

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable

from linkymonitor.language import Text

#: The wait after the first line of a cause, and the longest wait, in seconds.
FIRST, LONGEST = 60.0, 3600.0
#: How many causes are remembered: their texts come from outside, so there may be any number of them.
_MOST = 256


class RateLimit:
    """Decides which lines are logged."""

    def __init__(self) -> None:
        #: Cause → time of its last logged line, the wait after that line, lines held back since, time of the last line.
        self._causes: dict[Hashable, tuple[float, float, int, float]] = {}

    def due(self, cause: Hashable, now: float) -> int | None:
        """Return None when a line of *cause* must be held back, else how many were held back since the last one.

        Args:
            cause: lines with equal causes are counted together.
            now: the monotonic time, in seconds.
        """
        known = self._causes.pop(cause, None)
        if known is None:
            while len(self._causes) >= _MOST:
                del self._causes[next(iter(self._causes))]
            self._causes[cause] = (now, FIRST, 0, now)
            return 0
        logged_at, wait, kept, tried_at = known
        if now - logged_at < wait:
            self._causes[cause] = (logged_at, wait, kept + 1, now)
            return None
        longer = FIRST if now - tried_at >= 2 * wait else min(2 * wait, LONGEST)
        self._causes[cause] = (now, longer, 0, now)
        return kept


class RateLimitFilter(logging.Filter):
    """Limits the lines of a logging handler; a logged record gets an attribute ``repeats``: empty, or `` (+3)``.

    The cause of a record is its message with the texts and errors among its arguments. Numbers are not part of it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._limit = RateLimit()
        self._monotonic = monotonic

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* is logged."""
        values = record.args.values() if isinstance(record.args, dict) else record.args or ()
        # An error is compared by its text: two errors are never equal, and each would keep its stack frames in memory.
        words = tuple(
            str(value) if isinstance(value, BaseException) else value
            for value in values
            if isinstance(value, str | Text | BaseException)
        )
        kept = self._limit.due((record.name, str(record.msg), words), self._monotonic())
        record.repeats = f" (+{kept})" if kept else ""
        return kept is not None
