"""The files of a log in the order in which they were written: by series, then by day."""

# Strategy
#
# - A log is written in the order of (series, stamp). While the clock never goes back there is one series, and the order
#   is that of the files. When it has gone back, an older file may have grown after a newer one: a file then has several
#   segments, one for each series.
# - A line ``Serie: N`` stands at the head of each file while N is not 0. So if the newest files have none, no file has
#   been written to out of order, and no older file is searched.
# - Whether anything has changed is seen from a few calls of stat: the folder (a file was made, renamed or removed), its
#   newest files and the file of today, which is the one that grows, whatever its place in the order.

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from linkymonitor.daily_log.files import LogFile, file_of, files
from linkymonitor.daily_log.line import DATA_HEAD
from linkymonitor.daily_log.statements import LONGEST_SERIES, SERIES_HEAD
from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage

#: Of so many of the newest files the size is looked at.
_NEWEST = 4


class Segment(NamedTuple):
    """The lines of one series in one file."""

    series: int
    file: LogFile
    #: The place of its first byte in the file, when the file is not compressed.
    start: int

    @property
    def name(self) -> str:
        """The name of the file without ``.gz``: to compress a file changes no place in it."""
        return self.file.name.removesuffix(".gz")


class _Scan(NamedTuple):
    """The series of a file, as far as it was searched."""

    size: int
    segments: tuple[tuple[int, int], ...]
    has_data: bool


class Segments:
    """The segments of a log directory.

    Args:
        directory: the folder of the log.
        storage: reads it.
    """

    def __init__(self, directory: Path, storage: Storage) -> None:
        self._directory = directory
        self._storage = storage
        self._listed: list[Segment] = []
        self._newest: list[str] = []
        self._signature: object = None
        self._today: tuple[date, str] = (date.min, "")
        self._scans: dict[str, _Scan] = {}

    def all(self) -> list[Segment]:
        """Return all segments, in the order in which they were written.

        Raises:
            StorageError: the folder cannot be read.
        """
        if self._signature is None or self.signature() != self._signature:
            # Before the folder is listed, so that a file that is made meanwhile is a change at the next call.
            modified = _modified(str(self._directory))
            there = files(self._directory, self._storage)
            self._newest = [str(file.path) for file in there[-_NEWEST:]]
            self._signature = self._signature_of(modified)
            self._listed = self._segments_of(there)
        return self._listed

    def signature(self) -> object:
        """Return a value that differs from the one before when the log has changed."""
        return self._signature_of(_modified(str(self._directory)))

    def _signature_of(self, modified: int) -> object:
        """Return the signature of a folder that was changed at *modified*."""
        today = self._path_of(datetime.now(UTC).date())
        paths = (*self._newest, *(() if today in self._newest else (today,)))
        return (modified, *map(_size, paths), len(self._newest))

    def _path_of(self, day: date) -> str:
        """Return the path of the file of *day*; it is made once a day only."""
        if self._today[0] != day:
            self._today = day, str(file_of(self._directory, day))
        return self._today[1]

    def _segments_of(self, there: list[LogFile]) -> list[Segment]:
        ours = [file for file in there if not file.forerunner]
        watched = [file for file in ours if not file.compressed] + ours[-1:]
        found = {file.name: self._series_of(file) for file in watched}
        if all(series == 0 for segments in found.values() for series, _ in segments):
            return [Segment(0, file, 0) for file in sorted(there, key=_order)]
        segments = [
            Segment(series, file, start)
            for file in there
            for series, start in (
                ((0, 0),) if file.forerunner else found.get(file.name) or self._series_of(file)
            )
        ]
        return sorted(segments, key=lambda one: (one.series, *_order(one.file)))

    def _series_of(self, file: LogFile) -> tuple[tuple[int, int], ...]:
        """Return the series of *file*, each with the place at which it begins."""
        size = _size(str(file.path))
        scan = self._scans.get(file.name)
        if scan is None or size < scan.size:
            scan = _Scan(0, ((0, 0),), has_data=False)
        if size != scan.size:
            with suppress(StorageError, FileNotFoundError):
                scan = _searched(scan, self._storage, file)
                self._scans[file.name] = scan
        return scan.segments


def _order(file: LogFile) -> tuple[object, bool]:
    # The file of LinkyAcq.pl comes first: on the day of the change it was written first.
    return file.day, not file.forerunner


def _searched(scan: _Scan, storage: Storage, file: LogFile) -> _Scan:
    """Return *scan* carried on to the end of the whole lines of *file*."""
    segments, has_data = list(scan.segments), scan.has_data
    at = 0 if file.compressed else scan.size
    if at == 0:
        segments, has_data = [(0, 0)], False
    rest = b""
    for block in storage.blocks(file.path) if file.compressed else storage.blocks_from(file.path, at):
        text = rest + block
        end = text.rfind(b"\n") + 1
        found = text.find(SERIES_HEAD, 0, end)
        while found >= 0:
            begin = text.rfind(b"\n", 0, found) + 1
            number, _, _ = text[found + len(SERIES_HEAD) : end][: LONGEST_SERIES + 1].partition(b"\n")
            has_data = has_data or text.find(DATA_HEAD, 0, begin) >= 0
            if number.isdigit() and int(number) > segments[-1][0]:
                if has_data:
                    segments.append((int(number), at + begin))
                else:  # the head of the file
                    segments = [(int(number), 0)]
            found = text.find(SERIES_HEAD, found + 1, end)
        has_data = has_data or text.find(DATA_HEAD, 0, end) >= 0
        at += end
        rest = text[end:]
    return _Scan(_size(str(file.path)) if file.compressed else at, tuple(segments), has_data)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 -- pathlib keeps each name in a table
    except OSError:
        return -1


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 -- the same
    except OSError:
        return -1
