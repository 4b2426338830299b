"""The files of the summaries: one for each month, a line for each day, below the folder of the log."""

# Strategy
#
# - Summaries are a copy: the log is the truth, and what cannot be trusted is dropped and made again from it. So nothing
#   here is repaired, and a file may be removed at any time.
# - But a log may be gone, by its retention. Then its summary is all there is, so a line that is whole stays in its file
#   until a newer one of its day takes its place.
# - A month is replaced whole: a power cut leaves the old file or the new one. Of two reports that write at once the
#   last one wins, and the summaries of the other are made again.

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from itertools import groupby
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.summaries.day import DaySummary
from linkymonitor.summaries.fingerprints import UNREADABLE, Fingerprints
from linkymonitor.summaries.line import Line, day_of, format_line, parse_line
from linkymonitor.system.storage import Storage

#: The folder of the summaries, below that of the log.
FOLDER = "summaries"
_NAME = re.compile(r"(\d{4})-(\d\d)\.jsonl")
#: More bytes than a month has.
_LARGEST = 4_000_000


class Store:
    """The summaries of the days of a log.

    Args:
        log_dir: the folder of the log.
        timezone: the name of the zone whose midnights bound the days.
        storage: reads and writes the files.
    """

    def __init__(self, log_dir: Path, timezone: str, storage: Storage) -> None:
        self.directory = log_dir / FOLDER
        self._timezone = timezone
        self._storage = storage
        self._fingerprints = Fingerprints(log_dir, storage)
        #: Summaries of which a log file has grown since, to be written again with its present fingerprint.
        self._grown: dict[date, Line] = {}
        #: The days read so far whose summary says more than the log that is left.
        self.outliving: set[date] = set()

    def read(self, first: date = date.min, last: date = date.max) -> dict[date, DaySummary]:
        """Return the summaries from *first* to *last* that still agree with the log, in order.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        found: dict[date, DaySummary] = {}
        for year, month in self.months():
            if (first.year, first.month) <= (year, month) <= (last.year, last.month):
                found |= self.of_month(year, month)
        return {day: found[day] for day in sorted(found) if first <= day <= last}

    def months(self) -> list[tuple[int, int]]:
        """Return the year and the month of each file, in order."""
        with suppress(StorageError):  # it is no folder, or not ours to read: nothing is known
            names = map(_NAME.fullmatch, self._storage.names(self.directory))
            return [(int(found[1]), int(found[2])) for found in names if found]
        return []

    def of_month(self, year: int, month: int) -> dict[date, DaySummary]:
        """Return the summaries of a month that still say what the log says.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        lines = (parse_line(text, self._timezone) for text in self._texts(year, month))
        return {
            line.summary.date: line.summary for line in lines if line is not None and self._is_fresh(line)
        }

    def newest(self, most: int) -> list[DaySummary]:
        """Return the *most* newest summaries that still agree with the log, in order.

        Raises:
            StorageError: the folder of the log cannot be read.
        """
        found: dict[date, DaySummary] = {}
        for year, month in self.months()[-2:]:
            found |= self.of_month(year, month)
        return [found[day] for day in sorted(found)][-most:]

    def write(self, summaries: Iterable[DaySummary]) -> None:
        """Keep those of *summaries* that no later line of the log can change.

        Raises:
            StorageError: a folder cannot be read or written.
        """
        lines, self._grown = self._grown, {}
        for summary in summaries:
            files = self._fingerprints.of(summary.log) if summary.final else {}
            if summary.final and UNREADABLE not in files.values():
                lines[summary.date] = Line(summary, files)
        for (year, month), days in groupby(sorted(lines), lambda day: (day.year, day.month)):
            self._replace(year, month, {day: format_line(lines[day]) for day in days})

    def _is_fresh(self, line: Line) -> bool:
        span = line.summary.log
        present = self._fingerprints.of(span)
        if not line.files.keys() <= present.keys():
            self.outliving.add(line.summary.date)
        if present.items() <= line.files.items():
            return True
        if not self._fingerprints.agree(span, line.files, line.summary.end):
            return False
        self._grown[line.summary.date] = line._replace(files={**line.files, **present})
        return True

    def _replace(self, year: int, month: int, lines: dict[date, bytes]) -> None:
        there = {day: text for text in self._texts(year, month) if (day := day_of(text)) is not None}
        whole = there | lines
        if whole == there:
            return
        content = b"".join(text + b"\n" for _, text in sorted(whole.items()))
        self._storage.make_directory(self.directory)
        self._storage.replace(self._path(year, month), content)

    def _texts(self, year: int, month: int) -> list[bytes]:
        """Return the lines of the file of a month; none when it cannot be read."""
        content = b""
        with suppress(FileNotFoundError, StorageError):
            for block in self._storage.blocks(self._path(year, month)):
                content += block
                if len(content) > _LARGEST:
                    break  # no file of ours
        return content.split(b"\n")

    def _path(self, year: int, month: int) -> Path:
        return self.directory / f"{year}-{month:02d}.jsonl"
