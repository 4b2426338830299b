"""The chores of the log, which may wait: compressing old files, and removing those past their retention."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import date
from pathlib import Path

from linkymonitor.daily_log.files import files
from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage
from linkymonitor.system.timeline import Timeline

#: Seconds between two rounds, and between two steps of a round.
_EVERY = 3600.0
_BETWEEN_STEPS = 0.1


class Chores:
    """A round of chores each hour, in small steps, because the same thread reads a frame each second.

    Args:
        storage: compresses and removes files.
        directory: the folder of the log.
        timeline: the time of the house; it must be settled when `step` is called.
        compress_after: how many full days after its own day a file stays plain.
        retention: how many full days after its own day a file is kept; None keeps all files.
        now: the monotonic time.
    """

    def __init__(
        self,
        storage: Storage,
        directory: Path,
        timeline: Timeline,
        *,
        compress_after: int,
        retention: int | None,
        now: float,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._timeline = timeline
        self._compress_after = compress_after
        self._retention = retention
        self._round: Generator[None] | None = None
        self._full = False
        #: The monotonic time at which the next step is due.
        self.due = now

    def step(self, now: float, busy_days: Callable[[], set[date]], *, full: bool) -> None:
        """Take one step, and set `due`.

        Args:
            now: the monotonic time.
            busy_days: returns the days whose files a new round leaves alone.
            full: True while the disk is full: files are removed, but none is compressed.
        """
        self._full = full
        if self._round is None:
            self._round = self._steps(busy_days())
        try:
            next(self._round)
            self.due = now + _BETWEEN_STEPS
        except (StopIteration, StorageError):
            self._round = None
            self.due = now + _EVERY

    def stop(self) -> None:
        """End the round that is under way; the temporary file of a half compressed one is removed."""
        if self._round is not None:
            self._round.close()
            self._round = None

    def _steps(self, busy: set[date]) -> Generator[None]:
        today = self._timeline.now().date()
        ours = [file for file in files(self._directory, self._storage) if not file.forerunner]
        for newer, file in zip(range(len(ours) - 1, -1, -1), ours, strict=True):
            age = (today - file.day).days - 1  # full days since its own day
            if file.day == today or file.day in busy:
                continue
            # A clock that nobody vouches for may be years ahead. Then only files with more than *retention* newer
            # files are removed, so a wrong clock removes no more files than it has written.
            expired = self._retention is not None and age >= self._retention
            if expired and (self._timeline.vouched or newer > (self._retention or 0)):
                with suppress(StorageError):
                    self._storage.remove(file.path)
                    self._storage.remove(file.path.with_name(file.path.name + ".gz"))
                yield
            elif age >= self._compress_after and not file.compressed and not self._full:
                with suppress(StorageError):  # a file that cannot be read must not keep the others plain
                    yield from self._storage.compress_steps(file.path)
