"""Keeps what lasts from filling the card: one line of each cause now and then, with the count of the others."""

# Strategy
#
# - What repeats is not news. The first line of a cause goes through at once; the next one a minute later at the
#   earliest, and each time that does not end it the wait doubles, up to an hour: a cable that comes and goes all
#   day leaves some thirty lines instead of thousands. A cause that has kept quiet for two waits is new again.
# - Time is monotonic and handed in. What was kept back is told with the next line that goes through.

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from types import TracebackType

from linkymonitor.language import escape_controls, legible

#: Seconds between the first two lines of one cause, and at most between any two.
FIRST, LONGEST = 60.0, 3600.0
#: Causes remembered: what comes from outside may have any name.
_MOST = 256


class Sparing:
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
        told, wait, kept, tried = known
        if now - told < wait:
            self._causes[cause] = (told, wait, kept + 1, now)
            return None
        longer = FIRST if now - tried >= 2 * wait else min(2 * wait, LONGEST)
        self._causes[cause] = (now, longer, 0, now)
        return kept


class SparingFilter(logging.Filter):
    """Does so for the lines of a logging handler, and gives each its ``repeats``: empty, or `` (+3)``.

    A cause is a sentence with the words that fill it: numbers make no new one.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._sparing = Sparing()
        self._monotonic = monotonic

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* goes through."""
        values = record.args.values() if isinstance(record.args, dict) else record.args or ()
        words = tuple(value for value in values if isinstance(value, str))
        kept = self._sparing.due((record.name, str(record.msg), words), self._monotonic())
        record.repeats = f" (+{kept})" if kept else ""
        return kept is not None


class EscapingFormatter(logging.Formatter):
    """Formats lines in which no character from outside can command a terminal, or begin a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name is logging's
        """Return the line of *record*, each control character escaped and its longest words cut."""
        return legible(super().formatMessage(record))

    def formatException(  # noqa: N802 -- the name is logging's
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Return the traceback of *ei*, each control character but its line ends escaped."""
        return escape_controls(super().formatException(ei), keep="\n")
