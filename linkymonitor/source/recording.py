"""Recordings: raw bytes with the times at which they came, written and read back."""

# Strategy
#
# - A chunk is one line of text: seconds since the start, a space, the bytes in hexadecimal. That is twice the size
#   of a binary file, but gzip makes up for it, and `cut -d' ' -f2 | xxd -r -p` gives the bytes without this program.
#   After a power cut the end of the file is mended as that of a daily log: the last line goes if it has no end.
# - The bytes are in hexadecimal, not text, because bit 7 carries the parity, and noise may be any byte.
# - The first line has the name of the format, its version, the wall time of second 0 and the speed. A second
#   recording in the same file begins with such a line too, and its times go on from the first one.
# - A line that does not match the format in full is skipped, wherever it is. So a torn end, a block of NUL bytes or
#   a bad sector costs the lines that it hit and no others.

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from linkymonitor.errors import LineError
from linkymonitor.language import Text, cause
from linkymonitor.source.base import Source

if TYPE_CHECKING:
    from linkymonitor.system.clock import Clock

MAGIC = b"linkymonitor-recording "

#: Bytes that one line holds at most; block() cuts a longer chunk into several lines.
CHUNK = 4096

#: Errors of a gzipped file that was cut short.
CUT_SHORT = (EOFError, zlib.error)

_VERSION = 1
_LONGEST_LINE = 2 * CHUNK + 64
# These patterns are compiled where they are first needed: most sources are no recordings.
_HEADER = rb"linkymonitor-recording (\d{1,4}) (\S{1,40})Z (\d{1,7}|-) unmasked\n"
_BLOCK = rb"(\d{1,12}\.\d{3}) ((?:[0-9a-f]{2})+)\n"


class Header(NamedTuple):
    """The first line of a recording: when it began, and at which speed."""

    started_at: datetime
    #: In baud; None when the source has no speed.
    speed: int | None


def header(started_at: datetime, speed: int | None = None) -> bytes:
    """Return the line that begins a recording, or a further recording in the same file.

    The word ``unmasked`` in it warns that the bytes hold the number of the meter in clear.
    """
    start = started_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return b"%b%d %bZ %b unmasked\n" % (MAGIC, _VERSION, start.encode(), str(speed or "-").encode())


def block(offset: float, data: bytes) -> bytes:
    """Return the line, or the lines, of *data* that came *offset* seconds after the time in the header."""
    stamp = b"%.3f " % max(offset, 0.0)
    cuts = range(0, len(data), CHUNK)
    return b"".join(stamp + data[cut : cut + CHUNK].hex().encode() + b"\n" for cut in cuts)


def is_recording(beginning: bytes) -> bool:
    """Return whether a file that starts with *beginning* is a recording."""
    return beginning.startswith(MAGIC)


def open_plain(path: Path) -> BufferedReader:
    """Open *path* for reading; a gzipped file is uncompressed while it is read."""
    file = path.open("rb")
    compressed = file.peek(2)[:2] == b"\x1f\x8b"
    if not compressed:
        return file
    file.close()
    import gzip  # here, because most sources do without

    return cast("BufferedReader", gzip.open(path, "rb"))


def read_header(path: Path) -> Header:
    """Return the header of the recording at *path*, gzipped or not.

    Raises:
        LineError: the file is absent, or is no recording of this version of the format.
    """
    try:
        with open_plain(path) as file:
            first = _header(file.readline(_LONGEST_LINE))
    except (OSError, *CUT_SHORT) as error:
        why = cause(error)
        raise LineError(
            Text(
                f"{path} : illisible ({why.fr}) ; vérifiez le nom et le droit de le lire",
                f"{path}: cannot be read ({why.en}); check the name and the right to read it",
            )
        ) from error
    if first is None:
        raise LineError(
            Text(
                f"{path} : sa première ligne n'est pas celle d'un enregistrement, version {_VERSION} ; "
                "donnez un fichier écrit par linkymonitor record",
                f"{path}: its first line is not that of a recording, version {_VERSION}; "
                "give a file that linkymonitor record wrote",
            )
        )
    return first


def read_recording(path: Path) -> Iterator[tuple[float, bytes]]:
    """Yield the chunks of the recording at *path*, each with its seconds since the first header.

    The seconds never decrease, even when the clock was set back between two recordings in the file.

    Raises:
        LineError: as for `read_header`.
    """
    first = read_header(path)
    session, latest = 0.0, 0.0
    block = re.compile(_BLOCK)
    with open_plain(path) as file:
        for line in _lines(file):
            if match := block.fullmatch(line):
                latest = max(latest, session + float(match[1]))
                yield latest, bytes.fromhex(match[2].decode())
            elif again := _header(line):
                session = max(latest, (again.started_at - first.started_at).total_seconds())


def paced(
    chunks: Iterable[tuple[float, bytes]],
    clock: Clock,
    speed: float = 1.0,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[bytes]:
    """Yield the bytes of *chunks* when they are due, *speed* times as fast as they came.

    Args:
        chunks: seconds and bytes, as `read_recording` yields them.
        clock: its monotonic time decides when a chunk is due. Delays do not add up: after a late chunk the next
            chunk is due at its own time.
        speed: ``math.inf`` yields all at once.
        sleep: called with the seconds to wait.
    """
    start: float | None = None
    for offset, data in chunks:
        if start is None:
            start = clock.monotonic() - offset / speed
        early = start + offset / speed - clock.monotonic()
        if early > 0:
            sleep(early)
        yield data


class Tap(Source):
    """Another source, each chunk of which is also given to a function.

    A settled port may change the ends of lines, so this class leaves the other source raw: `settle` does nothing.

    Args:
        source: the other source.
        show: called with each chunk that is not empty, before `read` returns it.
    """

    def __init__(self, source: Source, show: Callable[[bytes], object]) -> None:
        self.name = source.name
        self.is_meter = source.is_meter
        self.live = source.live
        self.instant = source.instant
        self.mode = source.mode
        self.started_at = source.started_at
        self._source = source
        self._show = show

    @property
    def away(self) -> bool:
        """Whether the other source is away."""
        return self._source.away

    def read(self, timeout: float) -> bytes | None:
        """Return the next bytes of the other source."""
        chunk = self._source.read(timeout)
        self.mode, self.offset, self.elapsed = self._source.mode, self._source.offset, self._source.elapsed
        if chunk:
            self._show(chunk)
        return chunk

    def set_speed(self, speed: int) -> None:
        """Set the speed of the other source."""
        self._source.set_speed(speed)

    def discard(self) -> None:
        """Throw away the bytes that have come and were not read yet."""
        self._source.discard()

    def close(self) -> None:
        """Close the other source."""
        self._source.close()


def _header(line: bytes) -> Header | None:
    match = re.fullmatch(_HEADER, line)
    if match is None or int(match[1]) != _VERSION:
        return None
    try:
        started_at = datetime.fromisoformat(match[2].decode()).replace(tzinfo=UTC)
    except ValueError:  # a damaged date; UnicodeDecodeError is one too
        return None
    return Header(started_at=started_at, speed=None if match[3] == b"-" else int(match[3]))


def _lines(file: BufferedReader) -> Iterator[bytes]:
    """Yield the lines of *file*. A line that is too long comes in pieces, and no piece is a line of the format."""
    with suppress(*CUT_SHORT):
        while line := file.readline(_LONGEST_LINE):
            yield line
