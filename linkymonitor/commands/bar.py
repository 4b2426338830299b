"""A progress bar on a terminal."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from linkymonitor.language import Text

if TYPE_CHECKING:
    from typing import TextIO

#: The width of the bar, in characters, and the shortest time between two drawings of it, in seconds.
_WIDTH, _PACE = 24, 0.1


class Bar:
    """One line on a terminal that shows the progress, and is erased at the end. Where there is no terminal, nothing.

    Args:
        stream: the terminal, or any other stream.
        days: what the days are called that the run goes through.
    """

    def __init__(self, stream: TextIO, days: Text) -> None:
        self._stream = stream
        self._days = days
        self._shown = -math.inf

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown > 0:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, made: int, days: int) -> None:
        """Show that *made* of so many *days* are made."""
        if days > 1 and time.monotonic() - self._shown >= _PACE:
            done = "#" * (_WIDTH * made // days)
            words = self._days.map(lambda word: f" {word} {made}/{days} ") + Text("j", "d")
            self.say(f"[{done:.<{_WIDTH}}]" + words)

    def say(self, words: Text) -> None:
        """Show *words* in place of the bar."""
        if self._stream.isatty():
            self._shown = time.monotonic()
            self._stream.write(f"\r\x1b[K{words}")
            self._stream.flush()
