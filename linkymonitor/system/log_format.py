"""How a line of the program's own log is written: no character from outside commands a terminal."""

from __future__ import annotations

import logging
from types import TracebackType

from linkymonitor.language import escape_controls, legible


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
