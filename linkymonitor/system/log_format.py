"""Formats the lines that the program logs about itself, with all control characters escaped."""

from __future__ import annotations

import logging
from types import TracebackType

from linkymonitor.language import Text, escape_controls, legible

#: The level of a line → its word for people; a level that is not here keeps its own.
_LEVELS = {
    "WARNING": Text("ATTENTION", "WARNING"),
    "ERROR": Text("ERREUR", "ERROR"),
    "CRITICAL": Text("ERREUR", "ERROR"),
}


class EscapingFormatter(logging.Formatter):
    """Formats lines so that no character from outside can control a terminal, or begin a line of its own.

    ``%(level)s`` is the level in the language of the terminal.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name is logging's
        """Return the line of *record*, with control characters escaped and very long words cut."""
        record.level = _LEVELS.get(record.levelname, record.levelname)
        return legible(super().formatMessage(record))

    def formatException(  # noqa: N802 -- the name is logging's
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Return the traceback of *ei*, with all control characters but the line ends escaped."""
        return escape_controls(super().formatException(ei), keep="\n")
