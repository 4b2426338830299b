"""The file of the day, to which lines are added, and the last stamps and series of the files in the folder."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from linkymonitor.daily_log.files import LogFile, entries, file_of, files, line_reader
from linkymonitor.daily_log.queue import DayState
from linkymonitor.daily_log.statements import LONGEST_SERIES, SERIES_HEAD
from linkymonitor.errors import StorageError
from linkymonitor.system.storage import AppendFile, Storage

#: The last record of a plain file is searched in so many bytes at its end.
_TAIL_SIZE = 1 << 18
#: How many of the newest files are read when the log starts.
_NEWEST = 4


class DayFile:
    """The file of a UTC day, open for appending; one file at a time is open.

    Args:
        storage: opens and writes the files.
        directory: the folder of the log.
    """

    def __init__(self, storage: Storage, directory: Path) -> None:
        self._storage = storage
        self._directory = directory
        self._file: AppendFile | None = None
        #: The day whose file is open, None when no file is open.
        self.day: date | None = None

    def is_open(self, day: date) -> bool:
        """Return whether the file of *day* is open, and nobody has moved, replaced or removed it."""
        return self._file is not None and self.day == day and self._file.is_in_place()

    def open(self, day: date) -> int:
        """Open the file of *day* for appending; return how many bytes of a cut line were removed from its end.

        A compressed file is expanded first, and the file that was open is closed.

        Raises:
            StorageError: the file cannot be opened or healed, or the file before it cannot be brought to the state
                of its last sync.
        """
        if self._file is not None and self._file.is_in_place():
            self._file.settle()  # else lines that the caller writes again would be in the file twice
        self.close()
        path = file_of(self._directory, day)
        names = self._storage.names(self._directory)
        if path.name not in names and path.name + ".gz" in names:
            self._storage.expand(path)
        file = self._storage.append_to(path)
        try:
            removed = file.heal()
        except StorageError:
            file.close()
            raise
        self._file, self.day = file, day
        return removed

    @property
    def is_empty(self) -> bool:
        """Whether the open file has no bytes."""
        return self._file is not None and not self._file.size

    def append(self, data: bytes) -> None:
        """Add *data* to the open file, and return when the data are on the card.

        Raises:
            StorageError: the data are not on the card.
        """
        assert self._file is not None
        self._file.append(data)
        self._file.sync()

    def close(self) -> None:
        """Close the file, if one is open."""
        if self._file is not None:
            self._file.close()
        self._file = self.day = None


class Folder:
    """The files of a log directory, with their last stamps and their series.

    A file that cannot be read is skipped: it must not keep the others from being written.

    Args:
        storage: reads the files.
        directory: the folder of the log.
    """

    def __init__(self, storage: Storage, directory: Path) -> None:
        self._storage = storage
        self._directory = directory
        #: Day → the highest series in its file, for the files that were read, and not written since.
        self._series: dict[date, int] = {}

    def prepare(self) -> None:
        """Make the directory if need be, and remove the temporary files that a power cut left in it.

        Raises:
            StorageError: there is no directory, and it cannot be made.
        """
        self._storage.make_directory(self._directory)
        for name in self._storage.names(self._directory):
            if name.startswith(".") and name.endswith(".tmp"):
                with suppress(StorageError):
                    self._storage.remove(self._directory / name)

    def files(self) -> list[LogFile]:
        """Return all files of the log, those of LinkyAcq.pl included, the oldest first.

        Raises:
            StorageError: the directory cannot be read.
        """
        return files(self._directory, self._storage)

    def newest_stamp(self, log_files: list[LogFile]) -> datetime | None:
        """Return the stamp of the newest record in *log_files*, which `files` returned; None when there is none."""
        newest: datetime | None = None
        for file in reversed(log_files[-_NEWEST:]):
            if newest is not None and file.day < newest.date():
                break
            last = self._last_stamp(file)
            if last is not None and (newest is None or last > newest):
                newest = last
        return newest

    def highest_series(self, log_files: Iterable[LogFile]) -> int:
        """Return the highest series in the newest of *log_files*, which `files` returned; 0 when there is none."""
        # Compressed files are older than the plain ones, and the series only grows. But after a long rest even the
        # newest file may be compressed.
        ours = [file for file in log_files if not file.forerunner][-_NEWEST:]
        return max(
            (self._series_of(file) for file in ours if not file.compressed or file is ours[-1]), default=0
        )

    def state_of(self, day: date) -> DayState | None:
        """Return the state of our own file of *day*, None when there is no such file.

        Raises:
            StorageError: the directory cannot be read.
        """
        file = next((file for file in self.files() if file.day == day and not file.forerunner), None)
        return DayState(self._series_of(file), self._last_stamp(file)) if file else None

    def has_grown(self, day: date) -> None:
        """Forget the series of the file of *day*: lines were added to it."""
        self._series.pop(day, None)

    def _series_of(self, file: LogFile) -> int:
        if (known := self._series.get(file.day)) is not None:
            return known
        highest, rest = 0, b""
        with suppress(StorageError, FileNotFoundError):
            for block in self._storage.blocks(file.path):
                text = rest + block
                for piece in text.split(SERIES_HEAD)[1:]:
                    number, end, _ = piece[: LONGEST_SERIES + 1].partition(b"\n")
                    if end and number.isdigit():
                        highest = max(highest, int(number))
                rest = text[-len(SERIES_HEAD) - LONGEST_SERIES - 1 :]
        self._series[file.day] = highest
        return highest

    def _last_stamp(self, file: LogFile) -> datetime | None:
        """Return the stamp of the last record of *file*, or the newest stamp of a compressed file."""
        with suppress(StorageError, FileNotFoundError):
            if file.compressed:
                stamps = (entry.at for entry in entries(file.path, storage=self._storage) if entry.record)
                return max(stamps, default=None)
            reader = line_reader(file)
            tail = self._storage.end_of(file.path, _TAIL_SIZE)
            for line in reversed(tail.split(b"\n")[:-1]):
                entry = reader.parse(line)
                if entry and entry.record and entry.at.date() in file.stamped:
                    return entry.at
        return None
