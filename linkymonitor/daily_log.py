"""The daily log: the file of the day, and the files of a range."""

# Strategy
#
# - The log is the interface between the commands, and outlives them all. log_line.py knows its lines, this
#   module its files.
# - Reading streams, in bounded memory whatever the file, and believes only whole lines that bear a stamp of the
#   file's own day; the others are counted.
# - Lines wait in memory and reach the card together: writing each costs the card 145 times its bytes. The
#   queue is also where lines wait while the card refuses them.
# - A Pi has no clock of its own: until the wall clock is right, what happens is held with its monotonic time,
#   and dated backwards.

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.clock import Clock
from linkymonitor.errors import StorageError
from linkymonitor.language import DEFAULT, pick
from linkymonitor.log_line import (
    CONTIGUOUS,
    CONTRACT_HEAD,
    DATA_HEAD,
    STAMP,
    STAMP_WIDTH,
    UNPRINTABLE,
    Entry,
    LineReader,
    format_contract,
    format_record,
)
from linkymonitor.model import Contract, Record
from linkymonitor.storage import AppendFile, Storage

#: Lines kept in memory while they cannot be written.
RING = 4096
#: Between two attempts to write to a card that refuses, in seconds.
RETRY_AFTER = 10.0
#: After so long without a clock to believe, the newest stamp of the log is thought to be the wrong one.
LONGEST_HOLD = 600.0

_LONGEST_LINE = 4096
_LONGEST_NOTE = 1000
_TAIL_SIZE = 1 << 18
_SMALL_STEP = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_CHORES_EVERY = 3600.0
_BETWEEN_STEPS = 0.1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"(\d{4})_(\d\d)_(\d\d)_(linkymonitor|LinkyAcq\.pl)\.log(\.gz)?", re.ASCII)


@dataclass(kw_only=True)
class Statistics:
    """What a reader came across."""

    records: int = 0
    notes: int = 0
    #: Lines that do not match in full, or bear the stamp of another day.
    refused: int = 0
    #: Files that end without a line end: written at this moment, or cut.
    torn: int = 0
    #: Compressed files that end before their time.
    damaged: list[str] = field(default_factory=list)


class LogFile(NamedTuple):
    """One file of a log directory, after its name."""

    day: date
    #: True for a file of LinkyAcq.pl.
    forerunner: bool
    path: Path

    @property
    def compressed(self) -> bool:
        """Whether the file is gzipped."""
        return self.path.suffix == ".gz"


def file_of(directory: Path, day: date) -> Path:
    """Return the path of the file that records of the UTC *day* go to."""
    return directory / f"{day:%Y_%m_%d}_linkymonitor.log"


def files(directory: Path, storage: Storage | None = None) -> list[LogFile]:
    """Return the log files of *directory*, by day; on the same day the forerunner's comes last.

    Of a file that is there both plain and gzipped only the plain one: it is complete as long as it exists.

    Raises:
        StorageError: the directory cannot be read.
    """
    found: dict[tuple[date, bool], LogFile] = {}
    for name in (storage or Storage()).names(directory):  # sorted: x.log comes before x.log.gz
        file = _log_file(directory / name)
        if file is not None:
            found.setdefault((file.day, file.forerunner), file)
    return [found[key] for key in sorted(found)]


def _log_file(path: Path) -> LogFile | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return LogFile(day, match[4] != "linkymonitor", path)


def days(directory: Path, storage: Storage | None = None) -> list[date]:
    """Return the UTC days that have a file in *directory*, in order.

    Raises:
        StorageError: the directory cannot be read.
    """
    return sorted({file.day for file in files(directory, storage)})


def entries(
    path: Path, *, statistics: Statistics | None = None, storage: Storage | None = None
) -> Iterator[Entry]:
    """Yield the lines of one file, plain or gzipped, that can be believed.

    Args:
        path: its name tells the day that stamps must be of; any other name, and no stamp is refused.
        statistics: counts what was found.
        storage: reads the file.

    Raises:
        FileNotFoundError: there is no such file.
        StorageError: it cannot be read.
    """
    statistics = statistics or Statistics()
    file = _log_file(path)
    allowed = _allowed(file) if file else None
    parser = LineReader()
    for line in _lines((storage or Storage()).blocks(path, statistics.damaged.append), statistics):
        entry = parser.parse(line)
        if entry is None or (allowed is not None and entry.at.date() not in allowed):
            statistics.refused += 1
            continue
        if entry.record:
            statistics.records += 1
        else:
            statistics.notes += 1
        yield entry


def records(
    directory: Path,
    start: datetime,
    end: datetime,
    *,
    statistics: Statistics | None = None,
    storage: Storage | None = None,
) -> Iterator[Record]:
    """Yield the records of *directory* with start ≤ ended_at < end, in the order of their files.

    A record says when it ended; it is taken to have started where the one before it ended, when that was at
    most CONTIGUOUS earlier, else its ``started_at`` is its end: nothing is known of what it covers. So is that
    of the first record of a file.

    On a day that has a file of ours and one of LinkyAcq.pl, ours is believed from its first record to its last,
    and the other before and after.

    Args:
        directory: the log directory.
        start: aware.
        end: aware.
        statistics: counts what was found, from *start* on.
        storage: reads the files.

    Raises:
        StorageError: a file cannot be read.
    """
    storage = storage or Storage()
    statistics = statistics or Statistics()
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return
    first, last = start.date(), (end - timedelta.resolution).date()
    by_day: dict[date, list[LogFile]] = {}
    for file in files(directory, storage):
        # LinkyAcq.pl changes file after its first line of a day: that one is in the file of the day before.
        earliest = first - _DAY if file.forerunner and first > date.min else first
        if earliest <= file.day <= last:
            by_day.setdefault(file.day, []).append(file)
    newest: datetime | None = None
    for day in sorted(by_day):
        for record, forerunner in _day_records(by_day[day], start, end, statistics, storage):
            if forerunner and newest is not None and record.ended_at <= newest:
                continue
            newest = record.ended_at if newest is None else max(newest, record.ended_at)
            yield record


def _day_records(
    day_files: list[LogFile], start: datetime, end: datetime, statistics: Statistics, storage: Storage
) -> Iterator[tuple[Record, bool]]:
    """Yield the records of one day, and whether each is the forerunner's."""
    streams = [_file_records(file, start, end, statistics, storage) for file in day_files]
    if len(streams) == 1:
        for record in streams[0]:
            yield record, day_files[0].forerunner
        return
    ours, theirs = streams
    mine = next(ours, None)
    other = next(theirs, None)
    while mine is not None and other is not None and other.ended_at < mine.ended_at:
        yield other, True
        other = next(theirs, None)
    while mine is not None:
        yield mine, False
        mine = next(ours, None)
    while other is not None:  # records() leaves out those that ours cover
        yield other, True
        other = next(theirs, None)


def _file_records(
    file: LogFile, start: datetime, end: datetime, statistics: Statistics, storage: Storage
) -> Iterator[Record]:
    allowed = _allowed(file)
    parser = LineReader()
    low = start.strftime(STAMP).encode()
    before = b""  # the last line of data before the range
    try:
        blocks = storage.blocks(file.path, statistics.damaged.append)
        lines = _lines(blocks, statistics)
        for line in lines:
            # Stamps compare like text: what comes before the range is not even parsed, contracts apart.
            if line[:STAMP_WIDTH] < low and b"\0" not in line:
                if line.startswith(DATA_HEAD, STAMP_WIDTH):
                    before = line
                    continue
                if not line.startswith(CONTRACT_HEAD, STAMP_WIDTH):
                    continue
            if before:
                parser.record(before)
                before = b""
            record = parser.record(line)
            if record is None:
                entry = parser.parse(line)
                if entry is None:
                    statistics.refused += 1
                    continue
                record = entry.record
                if record is None:
                    statistics.notes += 1
                    continue
            if record.ended_at.date() not in allowed:
                statistics.refused += 1
            elif start <= record.ended_at < end:
                statistics.records += 1
                yield record
    except FileNotFoundError:
        # Compressed, perhaps, since the names were read.
        if not file.compressed:
            packed = file._replace(path=file.path.with_name(file.path.name + ".gz"))
            yield from _file_records(packed, start, end, statistics, storage)


def _allowed(file: LogFile) -> set[date]:
    """Return the days that the stamps of *file* may be of."""
    if file.forerunner and file.day < date.max:
        return {file.day, file.day + _DAY}
    return {file.day}


def _lines(blocks: Iterable[bytes], statistics: Statistics) -> Iterator[bytes]:
    """Yield whole lines, without their ends, in bounded memory whatever the file."""
    rest = b""
    skipping = False  # within a line that is too long: only what follows a NUL byte may be one
    for block in blocks:
        parts = (rest + block).split(b"\n")
        rest = parts.pop()
        if skipping and parts:
            skipping = False
            if b"\0" not in parts[0]:
                statistics.refused += 1
                del parts[0]
        yield from parts
        if len(rest) > _LONGEST_LINE:
            nul = rest.rfind(b"\0")
            rest = rest[nul:] if nul >= 0 and len(rest) - nul <= _LONGEST_LINE else b""
            skipping = not rest
    if rest or skipping:
        statistics.torn += 1


# --- writing -----------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    day: date
    data: bytes
    #: Whether it says the contract: such a line is never dropped for want of room.
    contract: bool = False


class DailyLog:
    """Writes records and notes, a file for each UTC day.

    No call raises for a card that refuses: lines then wait in memory, are tried again every RETRY_AFTER
    seconds, and get written in order. Call tick() now and then.

    Stamps of records in a file only grow, by a second at least: a small step back of the clock is made up for,
    a larger one is noted and believed. A record that ends at 00:00:00 goes to the file of the day which that
    begins. A note bears its own time, or that of the record before it if that is later.

    Args:
        storage: writes the files.
        directory: where; created if need be.
        clock: dates notes, says when lines are due, and when the wall time can be believed.
        sync_every: seconds that lines may wait in memory.
        salt: what the address of the meter is hashed with.
        compress_after_days: full days that a file stays plain after its own.
        retention_days: full days that a file is kept after its own; None keeps all.
        lang: of our own notes.
        on_event: told status and text of our own notes: what befalls the card or the clock.
    """

    def __init__(
        self,
        storage: Storage,
        directory: Path,
        clock: Clock,
        *,
        sync_every: float = 60.0,
        salt: str = "",
        compress_after_days: int = 2,
        retention_days: int | None = None,
        lang: str = DEFAULT,
        on_event: Callable[[str, str], object] | None = None,
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

        self._queue: deque[_Line] = deque()
        self._queued_day: date | None = None
        self._written_day: date | None = None
        self._dropped = 0
        self._due = math.inf
        self._tried_at = -math.inf
        self._refused = False

        self._file: AppendFile | None = None
        self._open_day: date | None = None
        self._started = False

        self._stated: Contract | None = None
        self._contract_text = ""
        self._period: str | None = None
        #: Stamp of the newest record in the directory; None when there is none.
        self.last_stamp: datetime | None = None

        #: What happened before the clock was right: monotonic time, and what to do with the date once known.
        self._held: deque[tuple[float, Callable[[datetime], None]]] = deque()
        self._trusted = False
        self._began = clock.monotonic()

        self._chores: Generator[None] | None = None
        self._chores_at = self._began
        self._start()

    @property
    def pending(self) -> int:
        """How many lines are not on the card yet."""
        return len(self._queue) + len(self._held)

    @property
    def refused(self) -> bool:
        """Whether the card refuses to be written."""
        return self._refused

    def append(self, record: Record) -> None:
        """Take one record; it reaches the card when it is due, at once when the tariff period changes."""
        changed = record.contract if record.contract != self._stated else None
        self._stated = record.contract or self._stated

        def put(at: datetime) -> None:
            if changed is not None:
                self._put_contract(changed, at)
            self._put_record(record, at)

        self._hold_or_do(put, record.ended_at)

    def note(self, status: str, text: str, at: datetime | None = None) -> None:
        """Take a line for people, at once when *status* is WARN or ERROR.

        Args:
            status: INFO, WARN or ERROR.
            text: one sentence; what would not fit in a line is blanked or cut.
            at: when, if not now.
        """
        self._hold_or_do(lambda when: self._put_note(status, text, when), at or self._clock.now())

    def contract(self, contract: Contract, at: datetime | None = None) -> None:
        """Say which contract the next records stand under, if it has changed; written at once.

        Args:
            contract: the contract.
            at: since when, if not now.
        """
        if contract != self._stated:
            self._stated = contract
            self._hold_or_do(lambda when: self._put_contract(contract, when), at or self._clock.now())

    def flush(self) -> None:
        """Write all lines that wait, if the card takes them."""
        self._settle()
        self._tried_at = self._clock.monotonic()
        self._due = math.inf
        try:
            self._start(raising=True)
            self._write()
        except StorageError as error:
            self._due = self._tried_at + RETRY_AFTER
            if not self._refused:
                self._refused = True
                self._own_note("WARN", *_refusal(error))
            return
        if self._refused:
            self._refused = False
            lost, self._dropped = self._dropped, 0
            self._own_note(
                "WARN",
                f"Journal : la carte accepte de nouveau les écritures ; lignes perdues : {lost}",
                f"Log: the card takes lines again; lines lost: {lost}",
            )

    def tick(self, now: float) -> float:
        """Do what is due at the monotonic time *now*; return when something next is."""
        self._settle()
        if now >= self._due:
            self.flush()
        if now >= self._chores_at and self._trusted and not self._refused:
            self._do_chores(now)
        deadline = min(self._due, self._chores_at if self._trusted and not self._refused else math.inf)
        return min(deadline, now + 1.0) if self._held else deadline

    def close(self) -> None:
        """Write what waits and let go of the files."""
        self.flush()
        if self._queue and not self._refused:  # writing may have found something to say
            self.flush()
        self._close_file()
        self._stop_chores()

    # What happens, and when

    def _hold_or_do(self, action: Callable[[datetime], None], at: datetime) -> None:
        if self._settle():
            action(at)
            if self._clock.monotonic() >= self._due:
                self.flush()
            return
        # How long ago it was, on the same wrong clock: a record is closed by what comes after it.
        age = min(max((self._clock.now() - at).total_seconds(), 0.0), CONTIGUOUS.total_seconds())
        if len(self._held) == RING:
            self._held.popleft()
            self._dropped += 1
        self._held.append((self._clock.monotonic() - age, action))

    def _settle(self) -> bool:
        """Return whether the wall clock can be believed; once it can, date what was held."""
        if self._trusted:
            return True
        if not self._clock.trusted(self.last_stamp or _EPOCH):
            # A log from the future must not keep the present from being written for ever.
            waited = self._clock.monotonic() - self._began
            if waited < LONGEST_HOLD or not self._clock.trusted(_EPOCH):
                return False
        self._trusted = True
        now, mono = self._clock.now(), self._clock.monotonic()
        while self._held:
            happened_at, action = self._held.popleft()
            action(now - timedelta(seconds=mono - happened_at))
        return True

    def _put_record(self, record: Record, at: datetime) -> None:
        stamp = at.astimezone(UTC).replace(microsecond=0)
        last = self.last_stamp
        if last is not None and stamp <= last:
            if last - stamp <= _SMALL_STEP:
                stamp = last + _SECOND
            else:
                self.last_stamp = stamp
                self._own_note(
                    "INFO",
                    f"Horloge : l'heure recule de {last - stamp}",
                    f"Clock: the time goes back by {last - stamp}",
                )
        self.last_stamp = stamp
        if record.tariff_period is not None:
            if self._period is not None and record.tariff_period != self._period:
                self._hurry()
            self._period = record.tariff_period
        self._put("DATA", format_record(record), stamp)

    def _put_note(self, status: str, text: str, at: datetime) -> None:
        if status != "INFO":
            self._hurry()
        self._put(status, UNPRINTABLE.sub(" ", text)[:_LONGEST_NOTE], self._not_before_last(at))

    def _put_contract(self, contract: Contract, at: datetime) -> None:
        text = format_contract(contract, self._salt)
        if text == self._contract_text:
            return  # a register more, which each record says by itself
        first = not self._contract_text
        self._contract_text = text
        stamp = self._not_before_last(at)
        self._queued_day = stamp.date()
        self._hurry()
        self._enqueue("INFO", text, stamp)
        if first and stamp.date() != self._written_day:
            # It opens the file: notes that came before the meter was heard stand after it.
            line = self._queue.pop()
            place = next((n for n, one in enumerate(self._queue) if one.day == line.day), len(self._queue))
            if place < len(self._queue):
                line = line._replace(data=self._queue[place].data[:STAMP_WIDTH] + line.data[STAMP_WIDTH:])
            self._queue.insert(place, line)

    def _put(self, status: str, text: str, stamp: datetime) -> None:
        if stamp.date() != self._queued_day:
            self._queued_day = stamp.date()
            if self._contract_text:
                self._enqueue("INFO", self._contract_text, stamp)
        self._enqueue(status, text, stamp)

    def _not_before_last(self, at: datetime) -> datetime:
        stamp = at.astimezone(UTC).replace(microsecond=0)
        if self.last_stamp is not None and stamp < self.last_stamp <= stamp + _SMALL_STEP:
            return self.last_stamp
        return stamp

    def _enqueue(self, status: str, text: str, stamp: datetime) -> None:
        data = f"{stamp.strftime(STAMP)}\t{status}\t{text}\n".encode(errors="replace")
        self._queue.append(_Line(stamp.date(), data, contract=text is self._contract_text))
        if len(self._queue) > RING:
            oldest = next((n for n, line in enumerate(self._queue) if not line.contract), 0)
            del self._queue[oldest]
            self._dropped += 1
        if not self._refused:
            self._due = min(self._due, self._clock.monotonic() + self._sync_every)

    def _hurry(self) -> None:
        """Have what comes next written at once, but for bursts: at most once a second."""
        if not self._refused:
            self._due = min(self._due, max(self._clock.monotonic(), self._tried_at + 1.0))

    def _own_note(self, status: str, fr: str, en: str) -> None:
        text = pick(self._lang, fr, en)
        self.note(status, text)
        if self._on_event:
            self._on_event(status, text)

    # The card

    def _start(self, *, raising: bool = False) -> None:
        """Make the directory usable: what a cut left is healed, what was written last is known."""
        if self._started:
            return
        try:
            self._storage.make_directory(self._directory)
            for name in self._storage.names(self._directory):
                if name.startswith(".") and name.endswith(".tmp"):
                    self._storage.remove(self._directory / name)
            there = files(self._directory, self._storage)
            ours = [file for file in there if not file.forerunner and not file.compressed]
            if ours:
                self._open(ours[-1].day)
                self._close_file()
            found = self._newest_stamp(there)
            if found is not None and (self.last_stamp is None or found > self.last_stamp):
                self.last_stamp = found
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
            found = self._last_of(file)
            if found is not None and (newest is None or found > newest):
                newest = found
        return newest

    def _last_of(self, file: LogFile) -> datetime | None:
        """Return the stamp of the last record of *file*."""
        if file.compressed:
            stamps = (one.at for one in entries(file.path, storage=self._storage) if one.record)
            return max(stamps, default=None)
        allowed, reader = _allowed(file), LineReader()
        tail = self._storage.end_of(file.path, _TAIL_SIZE)
        for line in reversed(tail.split(b"\n")[:-1]):
            entry = reader.parse(line)
            if entry and entry.record and entry.at.date() in allowed:
                return entry.at
        return None

    def _write(self) -> None:
        while self._queue:
            day = self._queue[0].day
            batch = []
            for line in self._queue:
                if line.day != day:
                    break
                batch.append(line.data)
            file = self._open(day)
            file.append(b"".join(batch))
            file.sync()
            for _ in batch:
                self._queue.popleft()
            self._written_day = day

    def _open(self, day: date) -> AppendFile:
        """Return the file of *day*, ready to grow."""
        if self._file is not None and self._open_day == day and self._file.is_in_place():
            return self._file
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
                f"Journal : {removed} octets d'une ligne coupée retirés de {path.name}",
                f"Log: {removed} bytes of a cut line removed from {path.name}",
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
        today = self._clock.now().date()
        for file in files(self._directory, self._storage):
            age = (today - file.day).days - 1  # full days since
            if (
                file.forerunner
                or file.day == self._open_day
                or any(file.day == one.day for one in self._queue)
            ):
                continue
            if self._retention is not None and age >= self._retention:
                self._storage.remove(file.path)
                self._storage.remove(file.path.with_name(file.path.name + ".gz"))
                yield
            elif age >= self._compress_after and not file.compressed:
                yield from self._storage.compress_steps(file.path)


def _refusal(error: StorageError) -> tuple[str, str]:
    """Return the sentence, in French and in English, for a card that refuses to be written."""
    why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else str(error)
    return (
        f"Journal : écriture refusée ({why}) ; les lignes attendent en mémoire, "
        "vérifiez la carte et la place libre",
        f"Log: writing is refused ({why}); lines wait in memory, check the card and its free space",
    )
