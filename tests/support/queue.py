"""A log that is written and read at the same time: a real DailyLog, and what a follower has read of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.logs import START, record


class Box:
    """A box that logs records, numbered by their index, and one reader of its log.

    Args:
        folder: the folder of the log.
        at: the time of the box at first.
    """

    def __init__(self, folder: Path, at: datetime = START) -> None:
        self.folder = folder
        self.clock = WireClock(at)
        self.log = self._started()
        self.place = Place()
        self.read: list[int] = []
        self.follower = Follower(folder)

    def _started(self) -> DailyLog:
        return DailyLog(Storage(), LogSettings(dir=self.folder), self.clock, salt="salt")

    def write(self, numbers: range, every: float = 12.0, **fields) -> None:
        """Log the records *numbers*, and sync them."""
        for number in numbers:
            self.clock.advance(every)
            self.log.append(record(number, self.clock.now(), **fields))
        self.log.flush()

    def restart(self, at: datetime | None = None) -> None:
        """End `acquire`, and start it again, at another time if *at* is given."""
        self.log.close()
        if at is not None:
            self.clock = WireClock(at)
        self.log = self._started()

    def follow(self, most: int = 7) -> list[int]:
        """Read all that follows the place; return the numbers of the records."""
        new: list[int] = []
        while (piece := self.follower.after(self.place, most)) is not None:
            assert piece.end != self.place
            self.place = piece.end
            for item in piece.content:
                if isinstance(item, Columns):
                    new += [number for number in item.registers["HN"] if number is not None]
        self.read += new
        return new

    def reopen(self) -> None:
        """Read on as another process does, which knows the place alone."""
        self.follower = Follower(self.folder)

    def files(self) -> list[Path]:
        """Return the files of the log, the oldest first."""
        return sorted(self.folder.glob("*_linkymonitor.log*"))
