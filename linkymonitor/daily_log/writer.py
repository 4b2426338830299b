"""Writes the daily log, a file for each UTC day."""

# Strategy
#
# - The log is the interface between the commands, and outlives them all.
# - Lines wait in memory and reach the card together: a line written alone costs the card 145 times its bytes. Lines
#   also wait while the card refuses them, or while nobody knows the time.
# - This module decides when something is done. queue.py makes bytes of lines, day_file.py adds them to a file, and
#   chores.py compresses and removes old files.

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta

from linkymonitor.daily_log import notes
from linkymonitor.daily_log.chores import Chores
from linkymonitor.daily_log.day_file import DayFile, Folder
from linkymonitor.daily_log.files import file_of, records
from linkymonitor.daily_log.line import format_record, printable
from linkymonitor.daily_log.queue import RING, Queue
from linkymonitor.daily_log.search import last_before, lead
from linkymonitor.daily_log.section import Settings
from linkymonitor.daily_log.statements import format_contract
from linkymonitor.errors import StorageError
from linkymonitor.language import DEFAULT, Text
from linkymonitor.model.record import Contract, Record
from linkymonitor.system.clock import Clock
from linkymonitor.system.storage import Storage
from linkymonitor.system.timeline import Timeline

#: Between two attempts to write to a card that refuses, in seconds.
RETRY_AFTER = 10.0

_LONGEST_NOTE = 1000
#: How many lines are written at once, and how many at the first attempt after a refusal.
_LONGEST_BATCH = 512
_PROBE = 16
#: A smaller step forward of the time is not noted.
_TOLD_STEP = timedelta(seconds=2)


class DailyLog:
    """Writes records and notes, a file for each UTC day.

    No method raises when the card refuses to be written. Lines then wait in memory, in order, and the log tries
    again every RETRY_AFTER seconds. Call tick() regularly.

    A line gets its stamp when it is written, from the time of the house (Timeline). A wall clock that is wrong or
    jumps is not followed at once. While the time is not settled, lines wait. If it is still not settled at the end, or
    when the queue is full, the time is assumed: as early as it can be.

    Stamps of records in a file grow by a second at least. A step back of the time by a minute or less is hidden: the
    stamps go on growing. A larger step is noted and begins another series. A line ``Serie:`` has its number, there and
    at the head of each file from then on. Two records of one series never have the same stamp. A record that ends at
    00:00:00 goes to the file of the day that begins then. The stamp of a note is its own time, or that of the record
    before it if that is later.

    Args:
        storage: writes the files.
        settings: the folder, how long lines wait, and how long files are kept.
        clock: the monotonic clock, by which writing is due.
        timeline: the time of the house, which gives the stamps; when not given, the log makes its own from *clock*.
        salt: the address of the meter is hashed with this salt.
        lang: the language of the notes.
        on_event: called with status and text of each note that the log itself writes about the card or the clock.
        on_full: called when the disk is full, to make room. It must not remove a log, and returns True when it has
            removed something.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        clock: Clock,
        *,
        timeline: Timeline | None = None,
        salt: str = "",
        lang: str = DEFAULT,
        on_event: Callable[[str, Text], object] | None = None,
        on_full: Callable[[], bool] | None = None,
    ) -> None:
        self._storage = storage
        self._directory = settings.dir
        self._clock = clock
        self._sync_every = settings.sync_every.total_seconds()
        self._salt = salt
        self._lang = lang
        self._on_event = on_event
        self._on_full = on_full

        self.timeline = timeline or Timeline(clock)
        #: The value of timeline.shifted when a step was noted last.
        self._shifted = self.timeline.shifted
        self._queue = Queue(self.timeline, lang)
        self._folder = Folder(storage, settings.dir)
        self._day_file = DayFile(storage, settings.dir)
        self._chores = Chores(
            storage,
            settings.dir,
            self.timeline,
            compress_after=settings.compress_after.days,
            retention=settings.retention.days if settings.retention else None,
            now=clock.monotonic(),
        )

        #: The monotonic time at which the waiting lines are due to be written, and that of the last attempt.
        self._due = math.inf
        self._tried_at = -math.inf
        self._writing = False
        self._started = False
        #: Whether the card refuses to be written, and whether the reason is a full disk.
        self._refused = self._full = False

        self._contract: Contract | None = None
        self._period: str | None = None
        self._recorded = False
        self._start()
        self._look()

    @property
    def pending(self) -> int:
        """How many lines are not on the card yet."""
        return len(self._queue)

    @property
    def refused(self) -> bool:
        """Whether the card refused the last attempt to write."""
        return self._refused

    @property
    def last_stamp(self) -> datetime | None:
        """The stamp of the newest record in the directory; None when there is none."""
        return self._queue.last_stamp

    def append(self, record: Record) -> None:
        """Add one record; it is written when lines are due, and at once when the tariff period changes."""
        if record.contract is not None:
            self._state(record.contract)
        if record.tariff_period is not None:
            if self._period is not None and record.tariff_period != self._period:
                self._hurry()
            self._period = record.tariff_period
        self._recorded = True
        self._put("DATA", format_record(record), record.ended_at)

    def note(self, status: str, text: Text | str, at: datetime | None = None) -> None:
        """Add a line for people; it is written at once when *status* is WARN or ERROR.

        Args:
            status: INFO, WARN or ERROR.
            text: one sentence; control characters become blanks, and a long sentence is cut.
            at: the time of the event; None for now.
        """
        if status != "INFO":
            self._hurry()
        words = text.render(self._lang) if isinstance(text, Text) else text
        self._put(status, printable(words)[:_LONGEST_NOTE], at)

    def contract(self, contract: Contract, at: datetime | None = None) -> None:
        """Add a line with the contract of the next records, if it has changed; it is written at once.

        Args:
            contract: the contract.
            at: the beginning of the contract; None for now.
        """
        if self._state(contract):
            self._put("", "", at)

    def day_so_far(self, midnight: datetime, end: datetime) -> Iterator[Record]:
        """Yield the last record until *midnight*, and the records from then until *end*, the waiting ones included.

        When that last record lacks the index of a register, older records that have the index come first, as in the
        report. Records may be later than now: a clock that was ahead wrote them, and the report counts them, too.

        Raises:
            StorageError: a file cannot be read.
        """
        if self._queue.has_records:
            self.flush()
        before = last_before(self._directory, midnight, storage=self._storage)
        if before is not None:
            yield from lead(self._directory, before, storage=self._storage)
            yield before
        yield from records(self._directory, midnight + timedelta.resolution, end, storage=self._storage)

    def flush(self) -> None:
        """Write all waiting lines, if the card can be written and the time is settled."""
        if self._writing:
            return  # a note made while lines are written joins the queue, and is written with them
        self._look()
        self._tried_at = self._clock.monotonic()
        self._due = math.inf
        self._writing = True
        refusal: StorageError | None = None
        try:
            self._start(raising=True)
            self._write()
        except StorageError as error:
            refusal = error
        finally:
            self._writing = False
        if refusal is not None:
            self._wait_for_card(refusal)
            return
        self._full = False
        if not self.timeline.settled:
            self._due = self._tried_at
        elif self._refused:
            self._refused = False
            lost, self._queue.dropped = self._queue.dropped, 0
            self._own_note("WARN", notes.accepted(lost))

    def tick(self, now: float) -> float:
        """Do what is due at the monotonic time *now*; return the monotonic time of the next call."""
        self._look()
        if now >= self._due and (self.timeline.settled or not self._started):
            self.flush()
        if not self.timeline.settled:
            return now + 1.0
        if self._refused and not self._full:
            return self._due
        if now >= self._chores.due:
            self._chores.step(now, self._busy_days, full=self._full)
        return min(self._due, self._chores.due)

    def close(self) -> None:
        """Write the waiting lines, report how many cannot be written, and close the files."""
        self._look()
        if not self.timeline.settled and len(self._queue):
            self._assume()
        self.flush()
        if len(self._queue) and not self._refused:  # writing may have added a note
            self.flush()
        if len(self._queue) and self._on_event:  # the log cannot be written, so only on_event can report it
            self._on_event("WARN", notes.never_written(len(self._queue) + self._queue.dropped))
        self._day_file.close()
        self._chores.stop()

    def _busy_days(self) -> set[date]:
        days = self._queue.days()
        return days if self._day_file.day is None else {*days, self._day_file.day}

    def _look(self) -> None:
        self.timeline.look()
        self._note_step()

    def _note_step(self) -> None:
        """Note a step forward of the time of the house; a step back is noted where the stamps go back."""
        change, self._shifted = self.timeline.shifted - self._shifted, self.timeline.shifted
        if change > _TOLD_STEP and self._recorded:
            self._own_note("INFO", notes.gone_forward(change))

    def _assume(self) -> None:
        """Settle the time although nobody knows it, and write the waiting lines."""
        possible = self.timeline.assume()
        self.flush()
        if not possible:
            self._own_note("WARN", notes.NEVER_SET)

    def _state(self, contract: Contract) -> bool:
        """Set the contract of the next lines; return whether its text is a new one."""
        if contract == self._contract:
            return False
        self._contract = contract
        text = format_contract(contract, self._salt)
        if text == self._queue.contract:
            return False  # only the registers differ, which the text does not have: each record names its own
        self._queue.contract = text
        self._hurry()
        return True

    def _put(self, status: str, text: str, at: datetime | None) -> None:
        line = self._queue.line(status, text, at)
        if len(self._queue) == RING and not self.timeline.settled:
            self._assume()
        self._queue.put(line)
        self._note_step()  # after the line, which is from before the step
        if not self._refused:
            self._due = min(self._due, self._clock.monotonic() + self._sync_every)
            if self._clock.monotonic() >= self._due and self.timeline.settled:
                self.flush()

    def _hurry(self) -> None:
        """Make the next line due at once, but write at most once a second."""
        if not self._refused:
            self._due = min(self._due, max(self._clock.monotonic(), self._tried_at + 1.0))

    def _own_note(self, status: str, text: Text) -> None:
        self.note(status, text)
        if self._on_event:
            self._on_event(status, text)

    def _start(self, *, raising: bool = False) -> None:
        """Heal the directory after a cut, and read the last stamp and series; do so once.

        Raises:
            StorageError: the directory cannot be used, and *raising* is True.
        """
        if self._started:
            return
        try:
            self._folder.prepare()
            log_files = self._folder.files()
            plain = [file for file in log_files if not file.forerunner and not file.compressed]
            if plain:
                # A file that cannot be opened must not keep the others from being written.
                with suppress(StorageError):
                    self._open(plain[-1].day)
                self._day_file.close()
            self._queue.series = max(self._queue.series, self._folder.highest_series(log_files))
            newest = self._folder.newest_stamp(log_files)
            if newest is not None and (self.last_stamp is None or newest > self.last_stamp):
                self._queue.last_stamp = self.timeline.newest = newest
            self._started = True
        except StorageError:
            if raising:
                raise
            self._due = self._clock.monotonic()  # the first flush tries again, and notes the error

    def _write(self) -> None:
        # After a refusal the first attempt has few lines: giving stamps to thousands in vain takes time, too.
        most = _PROBE if self._refused else _LONGEST_BATCH
        while len(self._queue) and self.timeline.settled:
            batch = self._queue.next_batch(most, self._folder.state_of)
            most = _LONGEST_BATCH
            self._open(batch.day)
            if self._day_file.is_empty and self._queue.has_begun(batch.day):
                self._queue.begin_again()
                continue
            self._day_file.append(batch.data)
            self._queue.written(batch)
            self._folder.has_grown(batch.day)
            for back in batch.backwards:
                if self._on_event:
                    self._on_event("INFO", notes.gone_back(back))

    def _open(self, day: date) -> None:
        """Open the file of *day*, unless it is open."""
        if self._day_file.is_open(day):
            return
        self._chores.stop()
        removed = self._day_file.open(day)
        if removed:
            self._own_note("INFO", notes.healed(removed, file_of(self._directory, day).name))

    def _wait_for_card(self, error: StorageError) -> None:
        """Plan the next attempt, and note the refusal when it is the first."""
        self._due = self._tried_at + RETRY_AFTER
        self._full = notes.is_full(error)
        if isinstance(error.__cause__, FileNotFoundError):
            self._started = False  # somebody has removed the folder: the next flush makes it again
        if self._full and self._on_full is not None and self._on_full():
            self._due = self._tried_at + 1.0
        if not self._refused:
            self._refused = True
            self._own_note("WARN", notes.refusal(error))
