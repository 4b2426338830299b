"""Writes the daily log, a file for each UTC day."""

# Strategy
#
# - The log is the interface between the commands, and outlives them all.
# - Lines wait in memory and reach the card together: writing each costs the card 145 times its bytes. The
#   queue is also where lines wait while the card refuses them.
# - A Pi has no clock of its own: a line keeps the monotonic time of what it tells, and gets its date when it is
#   written. What waits for the clock to be set, or for the card, is then dated right.

from __future__ import annotations

import errno
import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.daily_log.files import LogFile, entries, file_of, files, line_reader, records
from linkymonitor.daily_log.line import STAMP, format_record, printable
from linkymonitor.daily_log.search import last_before
from linkymonitor.daily_log.statements import LONGEST_SERIES, SERIES, SERIES_HEAD, format_contract
from linkymonitor.errors import BadSetting, StorageError
from linkymonitor.language import DEFAULT, Text, as_text, cause
from linkymonitor.model.record import Contract, Record
from linkymonitor.system.clock import Clock
from linkymonitor.system.storage import AppendFile, Storage
from linkymonitor.system.timeline import Era, Timeline

#: Lines kept in memory while they cannot be written.
RING = 4096
#: Between two attempts to write to a card that refuses, in seconds.
RETRY_AFTER = 10.0

_LONGEST_NOTE = 1000
_TAIL_SIZE = 1 << 18
_LONGEST_BATCH = 512
_PROBE = 16
_SMALL_STEP = timedelta(seconds=60)
#: A step forward that is worth a line.
_TOLD_STEP = timedelta(seconds=2)
_SECOND = timedelta(seconds=1)
_CHORES_EVERY = 3600.0
_BETWEEN_STEPS = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """``[log]``: the daily log."""

    #: Where the daily files are.
    dir: Path = Path("/var/log/linkymonitor")
    #: Frames that make one DATA line; 16 halves the log of a meter in standard mode.
    frames_per_record: int = 8
    #: How long lines wait in memory before they are written and synced.
    sync_every: timedelta = timedelta(minutes=1)
    #: Full days a file stays uncompressed.
    compress_after: timedelta = timedelta(days=2)
    #: How long files are kept; empty: for ever.
    retention: timedelta | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.frames_per_record <= 1000:
            raise BadSetting(
                Text(
                    f"frames_per_record = {self.frames_per_record} : on attend 1 à 1000",
                    f"frames_per_record = {self.frames_per_record}: expected 1 to 1000",
                )
            )
        if self.retention is not None and self.retention < timedelta(days=2):
            raise BadSetting(Text("retention : on attend au moins 2j", "retention: expected at least 2d"))


class _Line(NamedTuple):
    """What is to be written; it gets its stamp when it is."""

    #: When it happened, as the clock of the house showed it in that era.
    at: datetime
    era: Era
    #: INFO, WARN, ERROR or DATA; empty for a line that only says the contract.
    status: str
    text: str
    #: The text of the contract in force.
    contract: str


class _Batch(NamedTuple):
    """The lines that come next and go to one file, as bytes, and what is true once they are on the card."""

    day: date
    data: bytes
    #: How many lines of the queue they are.
    lines: int
    contract: str
    series: int
    last_stamp: datetime | None
    #: How far the time goes back, at each place where it does.
    backwards: list[timedelta]


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
        directory: where; created if need be.
        clock: says when lines are due.
        timeline: the time of the house, which dates lines; one of the log's own when there is no house.
        sync_every: seconds that lines may wait in memory.
        salt: what the address of the meter is hashed with.
        compress_after_days: full days that a file stays plain after its own.
        retention_days: full days that a file is kept after its own; None keeps all.
        lang: of the notes for people.
        on_event: told status and text of our own notes: what befalls the card or the clock.
        on_full: asked to make room when the disk is full: removes what can be made again, never a log, and
            returns whether there was any.
    """

    def __init__(
        self,
        storage: Storage,
        directory: Path,
        clock: Clock,
        *,
        timeline: Timeline | None = None,
        sync_every: float = 60.0,
        salt: str = "",
        compress_after_days: int = 2,
        retention_days: int | None = None,
        lang: str = DEFAULT,
        on_event: Callable[[str, Text], object] | None = None,
        on_full: Callable[[], bool] | None = None,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._clock = clock
        self._sync_every = sync_every
        self._salt = salt
        self._compress_after = compress_after_days
        self._retention = retention_days
        self._lang = lang
        self._on_event = on_event
        self._on_full = on_full

        self.timeline = timeline or Timeline(clock)
        #: Up to where its steps are told.
        self._shifted = self.timeline.shifted
        self._queue: deque[_Line] = deque()
        self._dropped = 0
        self._due = math.inf
        self._tried_at = -math.inf
        self._refused = False
        self._writing = False
        #: It refuses because it is full.
        self._full = False

        self._file: AppendFile | None = None
        self._open_day: date | None = None
        #: What was written last in this run: the day, and the contract.
        self._written_day: date | None = None
        self._written_contract = ""
        self._started = False

        self._stated: Contract | None = None
        self._contract_text = ""
        self._period: str | None = None
        self._recorded = False
        #: How often the stamps have gone back.
        self._series = 0
        #: Day → the highest series that its file tells, of files that were looked at and not written since.
        self._series_of: dict[date, int] = {}
        #: Stamp of the newest record in the directory; None when there is none.
        self.last_stamp: datetime | None = None

        self._began = clock.monotonic()
        self._chores: Generator[None] | None = None
        self._chores_at = self._began
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

        Some may be later than now: a clock that was ahead has written them, and the report counts them, too.

        Raises:
            StorageError: a file cannot be read.
        """
        if any(line.status == "DATA" for line in self._queue):
            self.flush()
        before = last_before(self._directory, midnight, storage=self._storage)
        if before is not None:
            yield before
        yield from records(self._directory, midnight + timedelta.resolution, end, storage=self._storage)

    def flush(self) -> None:
        """Write all lines that wait, if the card takes them and the time is known."""
        if self._writing:
            return  # what is noted while lines are written is written with them
        self._look()
        self._tried_at = self._clock.monotonic()
        self._due = math.inf
        try:
            self._writing = True
            try:
                self._start(raising=True)
                self._write()
            finally:
                self._writing = False
        except StorageError as error:
            self._due = self._tried_at + RETRY_AFTER
            self._full = _is_full(error)
            if isinstance(error.__cause__, FileNotFoundError):
                self._started = False  # somebody has removed the folder: it is made again
            if self._on_full is not None and _is_full(error) and self._on_full():
                self._due = self._tried_at + 1.0
            if not self._refused:
                self._refused = True
                self._own_note("WARN", _refusal(error))
            return
        self._full = False
        if not self.timeline.settled:
            self._due = self._tried_at
        elif self._refused:
            self._refused = False
            lost, self._dropped = self._dropped, 0
            self._own_note(
                "WARN",
                Text(
                    f"Journal : la carte accepte de nouveau les écritures ; lignes perdues : {lost}",
                    f"Log: the card takes lines again; lines lost: {lost}",
                ),
            )

    def tick(self, now: float) -> float:
        """Do what is due at the monotonic time *now*; return when something next is."""
        self._look()
        if now >= self._due and (self.timeline.settled or not self._started):
            self.flush()
        if not self.timeline.settled:
            return now + 1.0
        if now >= self._chores_at and (self._full or not self._refused):
            self._do_chores(now)
        return min(self._due, self._chores_at if self._full or not self._refused else math.inf)

    def close(self) -> None:
        """Write what waits and let go of the files."""
        self._look()
        if not self.timeline.settled and self._queue:
            self._assume()
        self.flush()
        if self._queue and not self._refused:  # writing may have found something to say
            self.flush()
        self._close_file()
        self._stop_chores()

    # What happens, and when

    def _look(self) -> None:
        self.timeline.look()
        self._tell_step()

    def _tell_step(self) -> None:
        """Say that the time of the house goes forward; where it goes back the stamps say so, when they do."""
        change, self._shifted = self.timeline.shifted - self._shifted, self.timeline.shifted
        if change > _TOLD_STEP and self._recorded:
            span = _span(change)
            self._own_note(
                "INFO",
                Text(f"Horloge : l'heure avance de {span.fr}", f"Clock: the time goes forward by {span.en}"),
            )

    def _assume(self) -> None:
        """Date what waits although nobody knows the time, and write it."""
        possible = self.timeline.assume()
        self.flush()
        if not possible:
            self._own_note(
                "WARN",
                Text(
                    "Horloge jamais mise à l'heure : lignes datées au plus tôt",
                    "The clock was never set: lines are dated as early as they can be",
                ),
            )

    def _state(self, contract: Contract) -> bool:
        """Have the lines that follow stand under *contract*; return whether that is another text."""
        if contract == self._stated:
            return False
        self._stated = contract
        text = format_contract(contract, self._salt)
        if text == self._contract_text:
            return False  # a register more, which each record says by itself
        self._contract_text = text
        self._hurry()
        return True

    def _put(self, status: str, text: str, at: datetime | None) -> None:
        now = self.timeline.read()
        at, era = self.timeline.place(at.astimezone(UTC) if at is not None else now)
        if len(self._queue) == RING and not self.timeline.settled:
            self._assume()
        self._queue.append(_Line(at, era, status, text, self._contract_text))
        if len(self._queue) > RING:
            self._queue.popleft()
            self._dropped += 1
        self._tell_step()  # after what came before it
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

    def _next_batch(self, most: int) -> _Batch:
        """Date at most so many lines at the head of the queue, up to the first of another day."""
        last, contract, batch_day = self.last_stamp, self._written_contract, None
        series = told = self._series
        data: list[bytes] = []
        backwards: list[timedelta] = []
        count = 0

        def put(stamp: datetime, status: str, text: str) -> None:
            data.append(f"{stamp.strftime(STAMP)}\t{status}\t{text}\n".encode(errors="replace"))

        for line in self._queue:
            stamp = self.timeline.date(line.at, line.era).replace(microsecond=0)
            record = line.status == "DATA"
            back = timedelta(0)
            if last is not None and last >= stamp:
                if last - stamp > _SMALL_STEP:
                    back = last - stamp
                elif record:
                    stamp = last + _SECOND
                else:
                    stamp = last
            day = stamp.date()
            if batch_day is None:
                batch_day = day
                if day != self._written_day:
                    contract, told = "", 0
                    series = self._series_from(day, None if back else stamp)
            elif day != batch_day or count == most:
                break
            count += 1
            if back:
                backwards.append(back)
                series += 1
                put(stamp, "INFO", _gone_back(back).render(self._lang))
                last = stamp - _SECOND
            # Notes that came before the meter was heard stand after the contract, which opens the file.
            stated = line.contract or contract or self._first_contract()
            if stated != contract:
                contract = stated
                put(stamp, "INFO", contract)
            if series != told:
                told = series
                put(stamp, "INFO", f"{SERIES}{series}")
            if line.status:
                put(stamp, line.status, line.text)
            if record:
                last = stamp
        assert batch_day is not None
        return _Batch(batch_day, b"".join(data), count, contract, series, last, backwards)

    def _series_from(self, day: date, stamp: datetime | None) -> int:
        """Return the series in which the file of *day* goes on with a line of *stamp*; None: after a step back.

        The file may tell more than this run knows, if it was written before the clock was set back, or by a run
        before a cut.
        """
        file = next((one for one in self._ours() if one.day == day), None)
        if file is None:
            return self._series
        there, last = self._series_in(file), None
        with suppress(StorageError, FileNotFoundError):
            last = self._last_of(file)
        overlaps = stamp is not None and last is not None and last != self.last_stamp and stamp <= last
        return max(self._series, there + overlaps)

    def _first_contract(self) -> str:
        return next((line.contract for line in self._queue if line.contract), "")

    # The card

    def _start(self, *, raising: bool = False) -> None:
        """Make the directory usable: what a cut left is healed, what was written last is known."""
        if self._started:
            return
        try:
            self._storage.make_directory(self._directory)
            for name in self._storage.names(self._directory):
                if name.startswith(".") and name.endswith(".tmp"):
                    with suppress(StorageError):
                        self._storage.remove(self._directory / name)
            there = files(self._directory, self._storage)
            ours = [file for file in there if not file.forerunner and not file.compressed]
            if ours:
                # One that cannot be opened must not keep the others from being written.
                with suppress(StorageError):
                    self._open(ours[-1].day)
                self._close_file()
            found = self._newest_stamp(there)
            # A file that lines were added to of late is plain, but for the newest after a long rest.
            ours = self._ours(there)[-4:]
            for file in [one for one in ours if not one.compressed or one is ours[-1]]:
                self._series = max(self._series, self._series_in(file))
            if found is not None and (self.last_stamp is None or found > self.last_stamp):
                self.last_stamp = self.timeline.newest = found
            self._started = True
        except StorageError:
            if raising:
                raise
            self._due = self._began  # said, and tried again, by the first flush

    def _newest_stamp(self, there: list[LogFile]) -> datetime | None:
        newest: datetime | None = None
        for file in reversed(there[-4:]):
            if newest is not None and file.day < newest.date():
                break
            try:
                found = self._last_of(file)
            except (StorageError, FileNotFoundError):
                continue  # one that cannot be read must not keep the others from being written
            if found is not None and (newest is None or found > newest):
                newest = found
        return newest

    def _ours(self, there: Iterable[LogFile] | None = None) -> list[LogFile]:
        there = files(self._directory, self._storage) if there is None else there
        return [file for file in there if not file.forerunner]

    def _series_in(self, file: LogFile) -> int:
        """Return the highest series that *file* tells, 0 when it tells none."""
        if (found := self._series_of.get(file.day)) is not None:
            return found
        highest, rest = 0, b""
        # One that cannot be read must not keep the others from being written.
        with suppress(StorageError, FileNotFoundError):
            for block in self._storage.blocks(file.path):
                text = rest + block
                for piece in text.split(SERIES_HEAD)[1:]:
                    number, end, _ = piece[: LONGEST_SERIES + 1].partition(b"\n")
                    if end and number.isdigit():
                        highest = max(highest, int(number))
                rest = text[-len(SERIES_HEAD) - LONGEST_SERIES - 1 :]
        self._series_of[file.day] = highest
        return highest

    def _last_of(self, file: LogFile) -> datetime | None:
        """Return the stamp of the last record of *file*."""
        if file.compressed:
            stamps = (one.at for one in entries(file.path, storage=self._storage) if one.record)
            return max(stamps, default=None)
        reader = line_reader(file)
        tail = self._storage.end_of(file.path, _TAIL_SIZE)
        for line in reversed(tail.split(b"\n")[:-1]):
            entry = reader.parse(line)
            if entry and entry.record and entry.at.date() in file.stamped:
                return entry.at
        return None

    def _write(self) -> None:
        # A card that has refused is tried with little: dating thousands of lines in vain takes its time, too.
        most = _PROBE if self._refused else _LONGEST_BATCH
        while self._queue and self.timeline.settled:
            batch = self._next_batch(most)
            most = _LONGEST_BATCH
            file = self._open(batch.day)
            if not file.size and self._written_day == batch.day:
                self._written_day = None  # begun again: it has to say its contract, too
                continue
            file.append(batch.data)
            file.sync()
            for _ in range(batch.lines):
                self._queue.popleft()
            self._written_day, self._written_contract = batch.day, batch.contract
            self._series, self.last_stamp = batch.series, batch.last_stamp
            self._series_of.pop(batch.day, None)
            for back in batch.backwards:
                if self._on_event:
                    self._on_event("INFO", _gone_back(back))

    def _open(self, day: date) -> AppendFile:
        """Return the file of *day*, ready to grow."""
        if self._file is not None and self._open_day == day and self._file.is_in_place():
            return self._file
        if self._file is not None and self._file.is_in_place():
            self._file.settle()  # else what is given again would be there twice
        self._close_file()
        self._stop_chores()
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
        self._file, self._open_day = file, day
        if removed:
            self._own_note(
                "INFO",
                Text(
                    f"Journal : {removed} octets d'une ligne coupée retirés de {path.name}",
                    f"Log: {removed} bytes of a cut line removed from {path.name}",
                ),
            )
        return file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._open_day = None

    def _stop_chores(self) -> None:
        if self._chores is not None:
            self._chores.close()
            self._chores = None

    def _do_chores(self, now: float) -> None:
        """Take one small step of what may wait: compressing old days, removing those past retention."""
        if self._chores is None:
            self._chores = self._chore_steps()
        try:
            next(self._chores)
            self._chores_at = now + _BETWEEN_STEPS
        except (StopIteration, StorageError):
            self._chores = None
            self._chores_at = now + _CHORES_EVERY

    def _chore_steps(self) -> Generator[None]:
        today = self.timeline.now().date()
        busy = {self._open_day, today, *(self.timeline.date(one.at, one.era).date() for one in self._queue)}
        ours = [file for file in files(self._directory, self._storage) if not file.forerunner]
        for newer, file in zip(range(len(ours) - 1, -1, -1), ours, strict=True):
            age = (today - file.day).days - 1  # full days since
            if file.day in busy:
                continue
            # A clock that nobody vouches for may be years ahead: it costs no more files than it has written.
            expired = self._retention is not None and age >= self._retention
            if expired and (self.timeline.vouched or newer > (self._retention or 0)):
                with suppress(StorageError):
                    self._storage.remove(file.path)
                    self._storage.remove(file.path.with_name(file.path.name + ".gz"))
                yield
            elif age >= self._compress_after and not file.compressed and not self._full:
                with suppress(StorageError):  # one that cannot be read must not keep the others plain
                    yield from self._storage.compress_steps(file.path)


def _refusal(error: StorageError) -> Text:
    """Return the sentence for a card that refuses to be written."""
    why = error.text
    if isinstance(error.__cause__, OSError):
        why = cause(error.__cause__)
        if error.__cause__.filename:  # a file of another user, say: the others can be written
            why = Path(error.__cause__.filename).name + Text(" : ", ": ") + why
    return Text(
        f"Journal : écriture refusée ({why.fr}) ; les lignes attendent en mémoire, "
        "vérifiez la carte et la place libre",
        f"Log: writing is refused ({why.en}); lines wait in memory, check the card and its free space",
    )


def _is_full(error: StorageError) -> bool:
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.ENOSPC, errno.EDQUOT)


def _gone_back(back: timedelta) -> Text:
    span = _span(back)
    return Text(f"Horloge : l'heure recule de {span.fr}", f"Clock: the time goes back by {span.en}")


def _span(span: timedelta) -> Text:
    """Return *span* for people: ``42 s``, ``1:00:00``, ``400 j 0:00:00``."""
    whole = timedelta(seconds=round(span.total_seconds()))
    if whole < timedelta(minutes=2):
        return as_text(f"{whole.seconds} s")
    days = f"{whole.days} " + Text("j ", "d ") if whole.days else as_text("")
    return days + str(timedelta(seconds=whole.seconds))
