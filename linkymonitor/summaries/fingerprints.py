"""Fingerprints of the files of a log, which show whether a summary still agrees with the log."""

# Strategy
#
# - A fingerprint is the length and the CRC-32 of the content. A gzipped file has both at its end, so it costs one read
#   of eight bytes, and compressing a file does not change its fingerprint. A plain file is read whole: there are three
#   or four of them.
# - A local day may end before the UTC file that it ends in, and this file goes on growing after the day was summarised.
#   A file that begins with the same content will do, if all that was added is later than the day. (A clock that was
#   set back adds lines that are not.)

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log.files import LogFile, files
from linkymonitor.daily_log.line import STAMP, STAMP_WIDTH
from linkymonitor.errors import StorageError
from linkymonitor.summaries.day import LogSpan
from linkymonitor.system.storage import Storage

_DAY = timedelta(days=1)
#: The fingerprint of a file that cannot be read.
UNREADABLE = ""
#: The end of a gzipped file: CRC-32 and length of its content, four bytes each.
_TRAILER = 8


class Fingerprints:
    """The fingerprints of the files of a log, each read once, when it is asked for first.

    Args:
        log_dir: the folder of the log.
        storage: reads the files.
    """

    def __init__(self, log_dir: Path, storage: Storage) -> None:
        self._storage = storage
        self._log_dir = log_dir
        self._files: list[LogFile] | None = None
        #: The day of each of these files, its name without ``.gz``, and its fingerprint once it has been read.
        self._days: list[date] = []
        self._names: list[str] = []
        self._known: dict[int, str] = {}

    def of(self, span: LogSpan) -> dict[str, str]:
        """Return the fingerprint of each file of *span* that is there, by its name without ``.gz``.

        Raises:
            StorageError: the folder cannot be read.
        """
        return {self._names[place]: self._of(place) for place in self._within(span)}

    def agree(self, span: LogSpan, made_of: Mapping[str, str], end: int) -> bool:
        """Return whether each file of *span* that is there has the content that it had in *made_of*.

        What was added since may only be later than *end*, in POSIX seconds.

        A file that is gone proves nothing: the retention has removed it, and its summary stays right. A file that
        was healed has another content; one that came back from a backup has another one, or is not in *made_of*.

        Raises:
            StorageError: the folder cannot be read.
        """
        return all(self._agrees(place, made_of.get(self._names[place]), end) for place in self._within(span))

    def _within(self, span: LogSpan) -> Iterator[int]:
        """Yield the places of the files of *span* in the list of all files."""
        there = self._listed()
        # A file of LinkyAcq.pl reaches into the next day.
        start = 0 if span.first is None else bisect_left(self._days, span.first - _DAY)
        stop = len(there) if span.last is None else bisect_right(self._days, span.last)
        for place in range(start, stop):
            if span.first is None or self._days[place] >= span.first or there[place].forerunner:
                yield place

    def _listed(self) -> list[LogFile]:
        if self._files is None:
            self._files = files(self._log_dir, self._storage)
            self._days = [file.day for file in self._files]
            self._names = [file.name.removesuffix(".gz") for file in self._files]
        return self._files

    def _agrees(self, place: int, expected: str | None, end: int) -> bool:
        """Return whether a file has the content of the fingerprint *expected*, and only later lines after it."""
        file, found = self._listed()[place], self._of(place)
        if not expected or found == UNREADABLE:
            return False
        if found == expected or file.compressed:
            return found == expected
        length, size = _length(expected), _length(found)
        if not 0 < length < size:
            return False
        content = b""
        with suppress(FileNotFoundError, StorageError):
            content = b"".join(self._storage.blocks(file.path))[:size]
        added = [line for line in content[length:].split(b"\n") if line]
        last = datetime.fromtimestamp(end, UTC).strftime(STAMP).encode()
        return _print_of((content[:length],)) == expected and min(added, default=b"")[:STAMP_WIDTH] > last

    def _of(self, place: int) -> str:
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._print(self._listed()[place])
        return found

    def _print(self, file: LogFile) -> str:
        try:
            if file.compressed:
                end = self._storage.end_of(file.path, _TRAILER)
                return _text(int.from_bytes(end[4:], "little"), int.from_bytes(end[:4], "little"))
            return _print_of(self._storage.blocks(file.path))
        except (FileNotFoundError, StorageError):
            return UNREADABLE  # reported when its day is drawn


def _print_of(blocks: Iterable[bytes]) -> str:
    """Return the fingerprint of *blocks*."""
    size = crc = 0
    for block in blocks:
        crc = zlib.crc32(block, crc)
        size += len(block)
    return _text(size, crc)


def _text(size: int, crc: int) -> str:
    return f"{size}:{crc:08x}"


def _length(text: str) -> int:
    """Return the length of the content of which *text* is the fingerprint; 0 when *text* is none."""
    digits = text.partition(":")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
