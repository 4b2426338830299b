"""The standard streams of a process, so that printing fails only where the output is what was asked for."""

# Strategy
#
# - A stream that the caller has closed (>&-) becomes the null device, before a file of ours takes its number: what
#   is printed by then would go into the log.
# - What is said on stderr is told to whoever listens. A pipe whose reader has left, or a full disk, must not stop the
#   work. The same goes for the readers of stdout where it holds only words; where it holds what was asked for
#   (frames, figures), a reader that leaves ends the command.
# - A terminal that lacks a letter (LC_ALL=C) gets the nearest that it has.

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO, cast

#: What the decomposition of Unicode does not reduce to ASCII.
_NEAREST = {
    "«": '"',
    "»": '"',
    "“": '"',
    "”": '"',
    "’": "'",
    "…": "...",
    "–": "-",
    "—": "-",
    "→": "->",
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
}
_HANDLER = "linkymonitor.nearest"


class _Unfailing(io.FileIO):
    """A descriptor to which writing succeeds whatever becomes of it.

    Args:
        descriptor: stays open.
        causes: the errors that are not raised.
    """

    def __init__(self, descriptor: int, causes: type[OSError]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._causes = causes

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Write *data*, or drop it."""
        try:
            return super().write(data) or 0
        except self._causes:
            return len(data)


class Console:
    """What is known of the standard streams of this process."""

    def __init__(self) -> None:
        #: True once the streams are ours: not while a test or another program calls the commands.
        self.settled = False
        #: True when whoever called has closed stdout.
        self.stdout_closed = False

    def settle(self) -> None:
        """Make the streams of this process safe to print to; call it before anything is opened."""
        for descriptor in range(3):
            try:
                os.fstat(descriptor)
            except OSError:
                # The lowest number that is free, which is this one. Stdin stays unreadable, as it was.
                os.open(os.devnull, os.O_RDWR if descriptor else os.O_WRONLY)
                self.stdout_closed |= descriptor == 1
        codecs.register_error(_HANDLER, _nearest)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors=_HANDLER)
        else:
            sys.stdout = _stream(1, OSError, sys.stdout)
        sys.stderr = _stream(2, OSError, sys.stderr)
        self.settled = True

    def outlive_readers_of_stdout(self) -> None:
        """Go on when whoever reads stdout has left; a full disk is still an error."""
        if self.settled:
            sys.stdout = _stream(1, BrokenPipeError, sys.stdout)


#: That of this process.
console = Console()


def _stream(descriptor: int, causes: type[OSError], like: TextIO | None) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(cast("io.FileIO", _Unfailing(descriptor, causes))),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors=_HANDLER,
        line_buffering=True,
    )


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the letters that the terminal does not know: é is e."""
    assert isinstance(error, UnicodeEncodeError)
    import unicodedata

    found = []
    for letter in error.object[error.start : error.end]:
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        found.append(_NEAREST.get(letter) or plain or "?")
    return "".join(found), error.end
