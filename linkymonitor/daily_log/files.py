"""The files of a log directory: their names and days, and the lines of some of them as records and entries."""

# Strategy
#
# - Files are read as streams, in bounded memory whatever the file. Only whole lines with a stamp of the file's own day
#   are believed; all other lines are counted.
# - Records come in batches, as columns, so that a reader can treat the column of a day at once. records() yields them
#   one by one.
# - Lines that are no records come in the same stream, in the order of the files.

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.line import DATA_HEAD, STAMP, STAMP_WIDTH
from linkymonitor.daily_log.statements import HEADS
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.daily_log.reader import Entry, LineReader
    from linkymonitor.model.record import Record

    #: The batches of one file.
    _Batches = Iterator[Columns | Entry]
    #: The batches of several files, each with whether it comes from a file of the forerunner, LinkyAcq.pl.
    _Parts = Iterator[tuple[bool, Columns | Entry]]

_LONGEST_LINE = 4096
_DAY = timedelta(days=1)
_DAY_SECONDS = 86400
_EPOCH = date(1970, 1, 1).toordinal()
#: What follows the day in the name of a file → whether the forerunner has written the file.
_NAMES = {
    "_linkymonitor.log": False,
    "_linkymonitor.log.gz": False,
    "_LinkyAcq.pl.log": True,
    "_LinkyAcq.pl.log.gz": True,
}


@dataclass(kw_only=True, slots=True)
class Statistics:
    """Counts of the lines that a reader has met."""

    records: int = 0
    #: Lines that are no records.
    notes: int = 0
    #: Lines that do not match in full, or have the stamp of another day.
    refused: int = 0
    #: Files that end without a line end: they are being written, or were cut.
    torn: int = 0
    #: Paths of the compressed files that are damaged or cut.
    damaged: list[str] = field(default_factory=list)


class LogFile(NamedTuple):
    """One file of a log directory, after its name."""

    day: date
    #: True for a file of LinkyAcq.pl.
    forerunner: bool
    directory: Path
    name: str

    @property
    def path(self) -> Path:
        """The path of the file. It is only made on demand, since pathlib keeps each name in a table that then grows."""
        return self.directory / self.name

    @property
    def compressed(self) -> bool:
        """Whether the file is gzipped."""
        return self.name.endswith(".gz")

    @property
    def stamped(self) -> set[date]:
        """The days that the stamps of the file may have."""
        # LinkyAcq.pl changes file after its first line of a day: the first line is in the file of the day before.
        if self.forerunner and self.day < date.max:
            return {self.day, self.day + _DAY}
        return {self.day}

    @property
    def span(self) -> range:
        """The POSIX seconds that the stamps of the file may have."""
        begin = (self.day.toordinal() - _EPOCH) * _DAY_SECONDS
        return range(begin, begin + len(self.stamped) * _DAY_SECONDS)


def file_of(directory: Path, day: date) -> Path:
    """Return the path of the file that records of the UTC *day* go to."""
    return directory / f"{day:%Y_%m_%d}_linkymonitor.log"


def log_file(directory: Path, name: str) -> LogFile | None:
    """Return the file of *directory* that has this *name*, None when *name* is no name of a log."""
    day, forerunner = name[:10], _NAMES.get(name[10:])
    if forerunner is None or day[4] + day[7] != "__" or "-" in day:
        return None
    try:
        return LogFile(date.fromisoformat(day.replace("_", "-")), forerunner, directory, name)
    except ValueError:
        return None


def files(
    directory: Path, storage: Storage | None = None, first: date = date.min, last: date = date.max
) -> list[LogFile]:
    """Return the log files of *directory*, by day; of the files of one day the forerunner's comes last.

    If a file is there both plain and gzipped, only the plain file is returned: it is complete as long as it exists.

    Args:
        directory: the log directory.
        storage: reads it.
        first: the first day that is wanted.
        last: the last day that is wanted.

    Raises:
        StorageError: the directory cannot be read.
    """
    low, high = (day.isoformat().replace("-", "_") for day in (first, last))
    by_day: dict[tuple[date, bool], LogFile] = {}
    for name in (storage or Storage()).names(directory):  # sorted: x.log comes before x.log.gz
        # Names compare like days, and a name that is not taken apart costs nothing: a log may have years of files.
        file = log_file(directory, name) if low <= name[: len(low)] <= high else None
        if file is not None:
            by_day.setdefault((file.day, file.forerunner), file)
    return [by_day[key] for key in sorted(by_day)]


def eve(day: date) -> date:
    """Return the day before *day*, or *day* itself when it is the first of all."""
    return day - _DAY if day > date.min else day


def end_of_file(at: datetime) -> datetime:
    """Return the midnight in UTC that ends the file in which *at* is; a midnight ends the file before it."""
    midnight = datetime.combine(at.astimezone(UTC).date(), datetime.min.time(), UTC)
    return midnight if midnight == at else midnight + _DAY


def line_reader(file: LogFile | None) -> "LineReader":
    """Return a reader of the lines of *file*; None stands for a file whose name is no name of a log."""
    # Only here, because a daemon that starts its first log has nothing to read.
    from linkymonitor.daily_log.reader import LineReader

    return LineReader(forerunner=file is not None and file.forerunner)


def entries(
    path: Path, *, statistics: Statistics | None = None, storage: Storage | None = None
) -> "Iterator[Entry]":
    """Yield the lines of one file, plain or gzipped, that can be believed.

    Args:
        path: the name of the file gives the day that stamps must have. If it gives none, each stamp is believed.
        statistics: counts what was read.
        storage: reads the file.

    Raises:
        FileNotFoundError: there is no such file.
        StorageError: it cannot be read.
    """
    from linkymonitor.daily_log.reader import Entry

    statistics = statistics or Statistics()
    file = log_file(path.parent, path.name)
    reader = line_reader(file)
    for lines in whole_lines(_blocks(path, statistics, storage or Storage()), statistics):
        for batch in reader.batches(lines):
            if batch is None:
                statistics.refused += 1
                continue
            said = (
                [batch]
                if isinstance(batch, Entry)
                else [Entry(record.ended_at, "DATA", "", record) for record in batch.rows()]
            )
            for entry in said:
                if file is not None and entry.at.date() not in file.stamped:
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
) -> "Iterator[Record]":
    """Yield the records of *directory* with start ≤ ended_at < end, one by one: those of `batches`.

    Raises:
        StorageError: a file cannot be read.
    """
    for batch in batches(directory, start, end, statistics=statistics, storage=storage):
        if isinstance(batch, Columns):
            yield from batch.rows()


def batches(
    directory: Path,
    start: datetime,
    end: datetime,
    *,
    statistics: Statistics | None = None,
    storage: Storage | None = None,
) -> "Iterator[Columns | Entry]":
    """Yield records and other lines of *directory* from *start* until just before *end*, in the order of its files.

    A line has only the time at which its record ended. If the record before ended at most LONGEST_INTERVAL earlier,
    the record is taken to have started there. Else, and for the first record of a file, its ``started_at`` is its
    end: the time that the record covers is not known.

    On a day that has a file of ours and a file of LinkyAcq.pl, ours is believed from its first record to its last.
    Before and after, the file of LinkyAcq.pl is believed.

    Args:
        directory: the log directory.
        start: aware.
        end: aware.
        statistics: counts what was read, from *start* on.
        storage: reads the files.

    Yields:
        Records with start ≤ ended_at < end as `Columns`, never empty, of lines next to each other in one file. Lines
        that are no records as `Entry`, in their place. Of the lines before *start*, only those that give later lines
        their meaning (``Contrat:``, ``Grille:``, ``Serie:``), and only in files that have records of the range.

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
    # A file of LinkyAcq.pl reaches into the next day.
    for file in files(directory, storage, eve(first), last):
        if first <= max(file.stamped):
            by_day.setdefault(file.day, []).append(file)
    parts = (
        part
        for day in sorted(by_day)
        for part in _day_parts(
            [(file.forerunner, _file_batches(file, start, end, statistics, storage)) for file in by_day[day]]
        )
    )
    if any(file.forerunner for there in by_day.values() for file in there):
        yield from _without_doubles(parts)
    else:
        yield from (batch for _, batch in parts)


def _day_parts(sources: "list[tuple[bool, _Batches]]") -> "_Parts":
    """Yield the batches of the one or two files of a day: those of the forerunner stand before and after ours."""
    if len(sources) == 1:
        ((forerunner, stream),) = sources
        yield from ((forerunner, batch) for batch in stream)
        return
    (_, ours), (_, theirs) = sources
    after: Columns | None = None  # records of the forerunner from the time on at which ours begin
    begun = False
    for batch in ours:
        if isinstance(batch, Columns) and not begun:
            begun = True
            for other in theirs:
                if not isinstance(other, Columns):
                    yield True, other
                    continue
                late = (place for place, at in enumerate(other.ended_at) if at >= batch.ended_at[0])
                cut = next(late, len(other))
                if cut:
                    yield True, other[:cut]
                if cut < len(other):
                    after = other[cut:]
                    break
        yield False, batch
    if after is not None:
        yield True, after
    yield from ((True, batch) for batch in theirs)


def _without_doubles(parts: "_Parts") -> "Iterator[Columns | Entry]":
    """Yield *parts* without the records of the forerunner that are no later than a record before them."""
    newest: int | None = None
    for forerunner, batch in parts:
        if not isinstance(batch, Columns):
            yield batch
            continue
        wanted = []
        for ended_at in batch.ended_at:
            later = newest is None or ended_at > newest
            wanted.append(later or not forerunner)
            newest = ended_at if newest is None or later else newest
        kept = batch.where(wanted)
        if len(kept):
            yield kept


def _file_batches(
    file: LogFile, start: datetime, end: datetime, statistics: Statistics, storage: Storage
) -> "_Batches":
    """Yield the batches of one file within the range."""
    reader = line_reader(file)
    try:
        for lines in _lines_of_range(file, start, end, statistics, storage):
            for batch in reader.batches(lines):
                if batch is None:
                    statistics.refused += 1
                elif not isinstance(batch, Columns):
                    statistics.notes += 1
                    if batch.at < end and batch.at.date() in file.stamped:
                        yield batch
                elif len(kept := _kept(batch, file, start, end, statistics)):
                    statistics.records += len(kept)
                    yield kept
    except FileNotFoundError:
        # Compressed, perhaps, since the names were read.
        if not file.compressed:
            packed = file._replace(name=file.name + ".gz")
            yield from _file_batches(packed, start, end, statistics, storage)


def _kept(batch: Columns, file: LogFile, start: datetime, end: datetime, statistics: Statistics) -> Columns:
    """Return the records of *batch* that are in the range and of a day of the file."""
    first, last, span = min(batch.ended_at), max(batch.ended_at), file.span
    low, high = start.timestamp(), end.timestamp()
    if low <= first and last < high and first in span and last in span:
        return batch
    inside = [low <= at < high for at in batch.ended_at]
    wanted = [near and at in span for near, at in zip(inside, batch.ended_at, strict=True)]
    statistics.refused += sum(inside) - sum(wanted)
    return batch.where(wanted)


def _lines_of_range(
    file: LogFile, start: datetime, end: datetime, statistics: Statistics, storage: Storage
) -> Iterator[list[bytes]]:
    """Yield the lines of *file* that are to be read. Lines that are plainly out of the range are not even parsed.

    Two kinds of lines before the range are wanted all the same. The last line of data shows where the next record
    starts, and lines such as ``Contrat:`` give later lines their meaning.

    Raises:
        FileNotFoundError: there is no such file.
    """
    # Stamps compare like text.
    low, high = start.strftime(STAMP).encode(), end.strftime(STAMP).encode()
    before = b""  # the last line of data before the range
    for lines in whole_lines(_blocks(file.path, statistics, storage), statistics):
        first, last = min(lines), max(lines)
        if (last < low or first[:STAMP_WIDTH] > high) and _is_all_data(lines):
            before = lines[-1]
            continue
        if low <= first[:STAMP_WIDTH] and last[:STAMP_WIDTH] <= high and not before:
            yield lines  # most blocks of a day
            continue
        wanted = []
        for line in lines:
            stamp = line[:STAMP_WIDTH]
            if not low <= stamp <= high and b"\0" not in line:
                if line.startswith(DATA_HEAD, STAMP_WIDTH):
                    before = line
                    continue
                if stamp < low and not line.startswith(HEADS, STAMP_WIDTH):
                    continue
            if before:
                wanted.append(before)
                before = b""
            wanted.append(line)
        yield wanted


def _blocks(path: Path, statistics: Statistics, storage: Storage) -> Iterator[bytes]:
    return storage.blocks(path, lambda _: statistics.damaged.append(str(path)))


def whole_lines(blocks: Iterable[bytes], statistics: Statistics) -> Iterator[list[bytes]]:
    """Yield whole lines, without their ends, some at a time, in bounded memory whatever the file."""
    rest = b""
    skipping = False  # True within a line that is too long: only bytes after a NUL byte may be a line there
    for block in blocks:
        data = rest + block
        parts = data.split(b"\n")
        rest = parts.pop()
        if b"\r" in data:  # a file that was copied by way of Windows
            parts = [part.removesuffix(b"\r") for part in parts]
        if skipping and parts:
            skipping = False
            if b"\0" not in parts[0]:
                statistics.refused += 1
                del parts[0]
        if parts:
            yield parts
        if len(rest) > _LONGEST_LINE:
            nul = rest.rfind(b"\0")
            rest = rest[nul:] if nul >= 0 and len(rest) - nul <= _LONGEST_LINE else b""
            skipping = not rest
    if rest or skipping:
        statistics.torn += 1


def _is_all_data(lines: list[bytes]) -> bool:
    block = b"\n".join(lines)
    return block.count(DATA_HEAD) == len(lines) and b"\0" not in block
