"""The standard streams of a process, made so that printing fails only when the output is the answer of a command."""

# Strategy
#
# - A stream that the caller has closed (>&-) is opened on the null device. Else the next file that we open, such as
#   the log, would get its number, and printed words would go into that file.
# - Words on stderr must not stop the work: a pipe whose reader has left, and a full disk, are ignored there. On stdout
#   a reader that leaves ends the command when the output is its answer (frames, figures), and is ignored else.
# - A terminal that lacks a letter (LC_ALL=C) gets the nearest letter that it has.

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO, cast

#: ASCII for the letters that the decomposition of Unicode does not reduce to ASCII.
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
    "•": "*",
    "€": "EUR",
    "œ": "oe",
    "Œ": "OE",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
}
_HANDLER = "linkymonitor.nearest"


class _Unfailing(io.FileIO):
    """A file to which writing succeeds even when the descriptor fails; the bytes are then dropped.

    Args:
        descriptor: the descriptor; closing this object leaves it open.
        causes: the kind of errors that are ignored.
    """

    def __init__(self, descriptor: int, causes: type[OSError]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._causes = causes

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Write *data*, or drop it; return how many bytes were written or dropped."""
        try:
            return super().write(data) or 0
        except self._causes:
            return len(data)


class Console:
    """The state of the standard streams of this process."""

    def __init__(self) -> None:
        #: True once `settle` has replaced the streams; False while a test or another program calls the commands.
        self.settled = False
        #: True when the caller has closed stdout.
        self.stdout_closed = False

    def settle(self) -> None:
        """Make the streams of this process safe to print to; call it before anything is opened."""
        for descriptor in range(3):
            try:
                os.fstat(descriptor)
            except OSError:
                # os.open takes the lowest free number, which is this one. Stdin stays unreadable, as it was.
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
        """Ignore that the reader of stdout has left; a full disk is still an error."""
        if self.settled:
            sys.stdout = _stream(1, BrokenPipeError, sys.stdout)


#: The streams of this process.
console = Console()


def _stream(descriptor: int, causes: type[OSError], like: TextIO | None) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(cast("io.FileIO", _Unfailing(descriptor, causes))),
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors=_HANDLER,
        line_buffering=True,
    )


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """Return the ASCII in place of the letters that a terminal lacks, ``e`` for ``é``, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    import unicodedata

    letters = []
    for letter in error.object[error.start : error.end]:
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        letters.append(_NEAREST.get(letter) or plain or "?")
    return "".join(letters), error.end
