"""Files, recordings and pipes: sources that have an end, and no meter behind them."""

from __future__ import annotations

import errno
import fcntl
import math
import os
import re
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from linkymonitor.errors import LineError
from linkymonitor.language import Text
from linkymonitor.source.base import Source
from linkymonitor.source.faults import cause_of
from linkymonitor.source.recording import CUT_SHORT, open_plain, read_header, read_recording

#: Bytes that a read gives at most where no ETX comes.
BLOCK = 4096

_READ = 65536
_ETX = re.compile(rb"[\x03\x83]")


def unreadable(path: str, error: OSError) -> LineError:
    """Return the error that reports that the file at *path* cannot be read because of *error*."""
    why = cause_of(error)
    return LineError(
        Text(
            f"{path} : illisible ({why.fr}) ; vérifiez le fichier et le droit de le lire",
            f"{path}: cannot be read ({why.en}); check the file and the right to read it",
        )
    )


class File(Source):
    """A file of bytes as a port gave them, gzipped or not; a read gives one frame."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file = open_plain(Path(name))
        self._buffer = b""
        self._at = 0

    def read(self, timeout: float) -> bytes | None:
        if len(self._buffer) - self._at < BLOCK:
            self._buffer = self._buffer[self._at :] + self._more()
            self._at = 0
        start, self._at = self._at, _frame_end(self._buffer, self._at)
        return self._buffer[start : self._at] or None

    def close(self) -> None:
        with suppress(OSError):  # a callback of the user may have closed the descriptor
            self._file.close()

    def _more(self) -> bytes:
        try:
            # Of a gzipped file that was cut short, read() would lose the bytes before the cut.
            return self._file.read1(_READ)
        except CUT_SHORT:
            return b""
        except OSError as error:
            raise unreadable(self.name, error) from error


class Recorded(Source):
    """A recording: chunks of bytes as they came, each with the time at which it came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started_at = read_header(Path(name)).started_at
        self.offset = 0.0
        self._chunks: Iterator[tuple[float, bytes]] = read_recording(Path(name))

    def read(self, timeout: float) -> bytes | None:
        try:
            self.offset, chunk = next(self._chunks, (self.offset, None))
        except OSError as error:
            raise unreadable(self.name, error) from error
        return chunk

    def close(self) -> None:
        self._chunks = iter(())


class Stream(Source):
    """Stdin or a pipe; a read gives the bytes that have come, up to the end of a frame."""

    live = True

    def __init__(self, name: str, fd: int | None = None) -> None:
        self.name = name
        self._buffer = b""
        self._at = 0
        self._ours = fd is None
        self._fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC) if fd is None else fd
        try:
            os.fstat(self._fd)
            # If the caller has closed stdin, console.py has opened /dev/null in its place, which can only be written.
            if fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        except OSError as error:
            raise unreadable(name, error) from error
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def read(self, timeout: float) -> bytes | None:
        if self._at == len(self._buffer):
            if not self._poll.poll(math.ceil(timeout * 1000)):
                return b""
            try:
                self._buffer, self._at = os.read(self._fd, _READ), 0
            except BlockingIOError:
                return b""
            except OSError:  # the terminal has gone away
                return None
            if not self._buffer:
                return None
        start, self._at = self._at, _frame_end(self._buffer, self._at)
        return self._buffer[start : self._at]

    def close(self) -> None:
        if self._ours:
            self._ours = False
            os.close(self._fd)


def _frame_end(buffer: bytes, start: int) -> int:
    """Return the position after the first ETX from *start* on in *buffer*; without ETX, at most BLOCK bytes on."""
    etx = _ETX.search(buffer, start, start + BLOCK)
    return etx.end() if etx else min(start + BLOCK, len(buffer))
