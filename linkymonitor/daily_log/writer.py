"""Writes the daily log, a file for each UTC day."""

# Strategy
#
# - The log is the interface between the commands, and outlives them all.
# - Lines wait in memory and reach the card together: writing each costs the card 145 times its bytes. The
#   queue is also where lines wait while the card refuses them, or while nobody knows the time.
# - Here is only when what is done: queue.py makes bytes of lines, day_file.py adds them to a file, chores.py tends
#   the old ones.

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
#: How many lines are written at once, and how many are tried after a refusal.
_LONGEST_BATCH = 512
_PROBE = 16
#: A step forward that is worth a line.
_TOLD_STEP = timedelta(seconds=2)


class DailyLog:
    """Writes records and notes, a file for each UTC day.

    No call raises for a card that refuses: lines then wait in memory, are tried again every RETRY_AFTER
    seconds, and get written in order. Call tick() now and then.

    A line is dated when it is written, by the time of the house: a wall clock that is wrong, or jumps, is not believed
    at once, and lines that wait are dated anew when the time turns out to be another. While there is no time at
    all to be believed they wait; if that lasts until the end, or until there is no room left, they are dated as
    early as they can be.

    Stamps of records in a file only grow, by a second at least: a small step back of the time is made up for,
    a larger one is noted and begins another series, whose number a line ``Serie:`` tells there and at the head of
    each file from then on. No two records of one series have the same stamp, whatever the clock did. A record that
    ends at 00:00:00 goes to the file of the day which that begins. A note bears its own time, or that of the record
    before it if that is later.

    Args:
        storage: writes the files.
        settings: where they are, and how long lines wait and files are kept.
        clock: says when lines are due.
        timeline: the time of the house, which dates lines; one of the log's own when there is no house.
        salt: what the address of the meter is hashed with.
        lang: of the notes for people.
        on_event: told status and text of our own notes: what befalls the card or the clock.
        on_full: asked to make room when the disk is full: removes what can be made again, never a log, and
            returns whether there was any.
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
        #: Up to where its steps are told.
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

        #: When what waits is to be written, on the monotonic clock.
        self._due = math.inf
        self._tried_at = -math.inf
        self._writing = False
        self._started = False
        #: Whether the card refuses to be written, and whether because it is full.
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
        """Whether the card refuses to be written."""
        return self._refused

    @property
    def last_stamp(self) -> datetime | None:
        """Stamp of the newest record in the directory; None when there is none."""
        return self._queue.last_stamp

    def append(self, record: Record) -> None:
        """Take one record; it reaches the card when it is due, at once when the tariff period changes."""
        if record.contract is not None:
            self._state(record.contract)
        if record.tariff_period is not None:
            if self._period is not None and record.tariff_period != self._period:
                self._hurry()
            self._period = record.tariff_period
        self._recorded = True
        self._put("DATA", format_record(record), record.ended_at)

    def note(self, status: str, text: Text | str, at: datetime | None = None) -> None:
        """Take a line for people, at once when *status* is WARN or ERROR.

        Args:
            status: INFO, WARN or ERROR.
            text: one sentence; what would not fit in a line is blanked or cut.
            at: when, if not now.
        """
        if status != "INFO":
            self._hurry()
        words = text.render(self._lang) if isinstance(text, Text) else text
        self._put(status, printable(words)[:_LONGEST_NOTE], at)

    def contract(self, contract: Contract, at: datetime | None = None) -> None:
        """Say which contract the next records stand under, if it has changed; written at once.

        Args:
            contract: the contract.
            at: since when, if not now.
        """
        if self._state(contract):
            self._put("", "", at)

    def day_so_far(self, midnight: datetime, end: datetime) -> Iterator[Record]:
        """Yield the last record until *midnight* and those from then until *end*, those that wait included.

        When that last record lacks the index of a register, older records that have it come first, as in the report.

        Some may be later than now: a clock that was ahead has written them, and the report counts them, too.

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
        """Write all lines that wait, if the card takes them and the time is known."""
        if self._writing:
            return  # what is noted while lines are written is written with them
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
        """Do what is due at the monotonic time *now*; return when something next is."""
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
        """Write what waits, say how much the card does not take, and let go of the files."""
        self._look()
        if not self.timeline.settled and len(self._queue):
            self._assume()
        self.flush()
        if len(self._queue) and not self._refused:  # writing may have found something to say
            self.flush()
        if len(self._queue) and self._on_event:  # no line of the log can tell it
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
        """Note that the time of the house goes forward; where it goes back the stamps say so, when they do."""
        change, self._shifted = self.timeline.shifted - self._shifted, self.timeline.shifted
        if change > _TOLD_STEP and self._recorded:
            self._own_note("INFO", notes.gone_forward(change))

    def _assume(self) -> None:
        """Date what waits although nobody knows the time, and write it."""
        possible = self.timeline.assume()
        self.flush()
        if not possible:
            self._own_note("WARN", notes.NEVER_SET)

    def _state(self, contract: Contract) -> bool:
        """Have the lines that follow stand under *contract*; return whether that is another text."""
        if contract == self._contract:
            return False
        self._contract = contract
        text = format_contract(contract, self._salt)
        if text == self._queue.contract:
            return False  # a register more, which each record says by itself
        self._queue.contract = text
        self._hurry()
        return True

    def _put(self, status: str, text: str, at: datetime | None) -> None:
        line = self._queue.line(status, text, at)
        if len(self._queue) == RING and not self.timeline.settled:
            self._assume()
        self._queue.put(line)
        self._note_step()  # after what came before it
        if not self._refused:
            self._due = min(self._due, self._clock.monotonic() + self._sync_every)
            if self._clock.monotonic() >= self._due and self.timeline.settled:
                self.flush()

    def _hurry(self) -> None:
        """Have what comes next written at once, but for bursts: at most once a second."""
        if not self._refused:
            self._due = min(self._due, max(self._clock.monotonic(), self._tried_at + 1.0))

    def _own_note(self, status: str, text: Text) -> None:
        self.note(status, text)
        if self._on_event:
            self._on_event(status, text)

    def _start(self, *, raising: bool = False) -> None:
        """Make the directory usable: what a cut left is healed, what was written last is known."""
        if self._started:
            return
        try:
            self._folder.prepare()
            there = self._folder.files()
            plain = [file for file in there if not file.forerunner and not file.compressed]
            if plain:
                # One that cannot be opened must not keep the others from being written.
                with suppress(StorageError):
                    self._open(plain[-1].day)
                self._day_file.close()
            self._queue.series = max(self._queue.series, self._folder.highest_series(there))
            newest = self._folder.newest_stamp(there)
            if newest is not None and (self.last_stamp is None or newest > self.last_stamp):
                self._queue.last_stamp = self.timeline.newest = newest
            self._started = True
        except StorageError:
            if raising:
                raise
            self._due = self._clock.monotonic()  # noted, and tried again, by the first flush

    def _write(self) -> None:
        # A card that has refused is tried with little: dating thousands of lines in vain takes its time, too.
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
        """Have the file of *day* ready to grow."""
        if self._day_file.is_open(day):
            return
        self._chores.stop()
        removed = self._day_file.open(day)
        if removed:
            self._own_note("INFO", notes.healed(removed, file_of(self._directory, day).name))

    def _wait_for_card(self, error: StorageError) -> None:
        """Try again later, and say so the first time."""
        self._due = self._tried_at + RETRY_AFTER
        self._full = notes.is_full(error)
        if isinstance(error.__cause__, FileNotFoundError):
            self._started = False  # somebody has removed the folder: it is made again
        if self._full and self._on_full is not None and self._on_full():
            self._due = self._tried_at + 1.0
        if not self._refused:
            self._refused = True
            self._own_note("WARN", notes.refusal(error))
