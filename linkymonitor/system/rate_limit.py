"""Limits how often one cause is logged: a line now and then, with the count of those that were kept back."""

# Strategy
#
# - The first line of a cause goes through at once. The next one waits for a minute, and each further one twice as long
#   as the one before, up to an hour: a cable that comes and goes all day leaves some thirty lines instead of thousands.
#   A cause of which nothing came for two waits is new again.
# - Time is monotonic and handed in. The next line that goes through has the count of the lines that were kept back.

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable

from linkymonitor.language import Text

#: Seconds between the first two lines of one cause, and at most between any two.
FIRST, LONGEST = 60.0, 3600.0
#: Causes remembered: what comes from outside may have any name.
_MOST = 256


class RateLimit:
    """Decides which lines go through; it writes nothing itself."""

    def __init__(self) -> None:
        #: Cause → when its last line went through, the wait after that one, lines kept back since, and the last try.
        self._causes: dict[Hashable, tuple[float, float, int, float]] = {}

    def due(self, cause: Hashable, now: float) -> int | None:
        """Return None when a line of *cause* must be kept back, else how many were since the last one.

        Args:
            cause: what it is about, whatever the words.
            now: monotonic seconds.
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
    """Limits the lines of a logging handler, and gives each its ``repeats``: empty, or `` (+3)``.

    A cause is a message and the texts and errors among its arguments: other numbers make no new one.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._limit = RateLimit()
        self._monotonic = monotonic

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* goes through."""
        values = record.args.values() if isinstance(record.args, dict) else record.args or ()
        # An error is compared by its words: two of one kind are never equal, and would be kept with their frames.
        words = tuple(
            str(value) if isinstance(value, BaseException) else value
            for value in values
            if isinstance(value, str | Text | BaseException)
        )
        kept = self._limit.due((record.name, str(record.msg), words), self._monotonic())
        record.repeats = f" (+{kept})" if kept else ""
        return kept is not None
