"""Keeps raw bytes with the times they came at, and plays them back."""

# Strategy
#
# - One line of text a chunk: seconds since the start, a space, the bytes in hexadecimal. Twice the size of
#   a binary file, but the storage heals it like a daily log (what follows the last line end is cut off),
#   gzip wins the size back, and `cut -d' ' -f2 | xxd -r -p` reads it without us.
# - Hexadecimal and not text: bit 7 is the parity of each character, and noise is the point of a recording.
# - A first line names the format, its version, the wall time of second 0 and the speed. Recording again
#   into the same file adds another such line; times then go on from the first one.
# - A line that does not match in full is skipped, wherever it stands: a cut tail, a block of NUL bytes or
#   a bad sector costs what it hit and nothing else.

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, cast

from linkymonitor.errors import LineError
from linkymonitor.language import Text, cause
from linkymonitor.source.base import Source

if TYPE_CHECKING:
    from linkymonitor.system.clock import Clock

MAGIC = b"linkymonitor-recording "

#: Bytes that one line may carry; block() cuts what is longer.
CHUNK = 4096

#: What reading a gzipped file raises where it was cut short.
CUT_SHORT = (EOFError, zlib.error)

_VERSION = 1
_LONGEST_LINE = 2 * CHUNK + 64
_HEADER = re.compile(rb"linkymonitor-recording (\d{1,4}) (\S{1,40})Z (\d{1,7}|-) unmasked\n")
_BLOCK = re.compile(rb"(\d{1,12}\.\d{3}) ((?:[0-9a-f]{2})+)\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What the first line of a recording says."""

    started_at: datetime
    #: In baud; None when the source has no speed.
    speed: int | None


def header(started_at: datetime, speed: int | None = None) -> bytes:
    """Return the line that begins a recording, or goes on with one after a pause.

    It says ``unmasked``: the bytes hold the number of the meter as it is.
    """
    start = started_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return b"%b%d %bZ %b unmasked\n" % (MAGIC, _VERSION, start.encode(), str(speed or "-").encode())


def block(offset: float, data: bytes) -> bytes:
    """Return the line, or lines, for *data* that came *offset* seconds after the header's time."""
    stamp = b"%.3f " % max(offset, 0.0)
    cuts = range(0, len(data), CHUNK)
    return b"".join(stamp + data[cut : cut + CHUNK].hex().encode() + b"\n" for cut in cuts)


def is_recording(beginning: bytes) -> bool:
    """Return whether a file that starts with *beginning* is a recording."""
    return beginning.startswith(MAGIC)


def open_plain(path: Path) -> BufferedReader:
    """Return *path* opened for reading, uncompressed on the way if it is gzipped."""
    file = path.open("rb")
    compressed = file.peek(2)[:2] == b"\x1f\x8b"
    if not compressed:
        return file
    file.close()
    import gzip  # only where it is needed: most sources are not

    return cast("BufferedReader", gzip.open(path, "rb"))


def read_header(path: Path) -> Header:
    """Return what the first line of the recording at *path* says.

    Args:
        path: the recording, gzipped or not.

    Raises:
        LineError: there is no such file, or it is not a recording of a version that this one knows.
    """
    try:
        with open_plain(path) as file:
            found = _header(file.readline(_LONGEST_LINE))
    except (OSError, *CUT_SHORT) as error:
        why = cause(error)
        raise LineError(
            Text(
                f"{path} : illisible ({why.fr}) ; vérifiez le nom et le droit de le lire",
                f"{path}: cannot be read ({why.en}); check the name and the right to read it",
            )
        ) from error
    if found is None:
        raise LineError(
            Text(
                f"{path} : sa première ligne n'est pas celle d'un enregistrement, version {_VERSION} ; "
                "donnez un fichier écrit par linkymonitor record",
                f"{path}: its first line is not that of a recording, version {_VERSION}; "
                "give a file that linkymonitor record wrote",
            )
        )
    return found


def read_recording(path: Path) -> Iterator[tuple[float, bytes]]:
    """Yield the chunks of the recording at *path*, each with its seconds since the first header.

    Times never decrease, whatever the clock did between two sessions.

    Raises:
        LineError: as read_header does.
    """
    first = read_header(path)
    session, latest = 0.0, 0.0
    with open_plain(path) as file:
        for line in _lines(file):
            if match := _BLOCK.fullmatch(line):
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
        chunks: seconds and bytes, as read_recording yields them.
        clock: its monotonic time says what is due; lateness is caught up.
        speed: ``math.inf`` never waits.
        sleep: waits for so many seconds.
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
    """Another source, of which each chunk is shown before it is handed on.

    It does not settle the source below: what is shown must be every byte as it was sent.

    Args:
        source: gives the bytes, and is set and closed through this one.
        show: called with each chunk that is not empty.
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
        """Whether the source below is away."""
        return self._source.away

    def read(self, timeout: float) -> bytes | None:
        """Return what the source below reads."""
        chunk = self._source.read(timeout)
        self.mode, self.offset, self.elapsed = self._source.mode, self._source.offset, self._source.elapsed
        if chunk:
            self._show(chunk)
        return chunk

    def set_speed(self, speed: int) -> None:
        """Set the speed of the source below."""
        self._source.set_speed(speed)

    def discard(self) -> None:
        """Throw away what the source below has not read yet."""
        self._source.discard()

    def close(self) -> None:
        """Close the source below."""
        self._source.close()


def _header(line: bytes) -> Header | None:
    match = _HEADER.fullmatch(line)
    if match is None or int(match[1]) != _VERSION:
        return None
    try:
        started_at = datetime.fromisoformat(match[2].decode()).replace(tzinfo=UTC)
    except ValueError:  # a damaged date; UnicodeDecodeError is one too
        return None
    return Header(started_at=started_at, speed=None if match[3] == b"-" else int(match[3]))


def _lines(file: BufferedReader) -> Iterator[bytes]:
    """Yield the lines of *file* in bounded memory; pieces of a line that is too long match nothing."""
    with suppress(*CUT_SHORT):
        while line := file.readline(_LONGEST_LINE):
            yield line
