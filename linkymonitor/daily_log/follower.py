"""Reads a log from a place on, a piece at a time: the log as a queue."""

# Strategy
#
# - A place is a file, an offset in it, and the stamp of the line that ends there. The line is looked at before each
#   read: a file that was cut, replaced or restored from a backup has another line there, or none.
# - A place that is lost is found again by the series and the stamp of the last record that was handed out, which only
#   grow. Everything after that record follows.
# - A line without its line end waits: it is being written, or it will be cut off at the next start of `acquire`.
# - A compressed file has the same lines at the same offsets. It is read as a stream, which goes on with the next piece.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import LogFile, line_reader
from linkymonitor.daily_log.line import DATA_HEAD, STAMP, STAMP_WIDTH
from linkymonitor.daily_log.reader import Entry, LineReader
from linkymonitor.daily_log.segments import Segment, Segments
from linkymonitor.daily_log.statements import CONTRACT_HEAD, HEADS
from linkymonitor.system.own_files import BLOCK
from linkymonitor.system.storage import Storage

#: The line before a place is looked for in so many bytes.
_LINE = 4096
#: How many bytes are read at once.
_CHUNK = 4 * BLOCK
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
#: How often a file may vanish, because it is compressed, before the read is given up for now.
_TRIES = 3
#: Of so many files the records are counted.
_COUNTED = 40


class Place(NamedTuple):
    """A place in a log; without a file, the place before everything."""

    #: The name of the file, without ``.gz``.
    file: str = ""
    #: How many bytes of the uncompressed file are before the place.
    offset: int = 0
    #: The stamp of the line that ends there; empty at the beginning of a file.
    line: str = ""
    #: The series and the stamp of the last record before the place; empty when there is none.
    series: int = 0
    stamp: str = ""


class Piece(NamedTuple):
    """Some lines that follow each other."""

    #: Records as columns, other lines as entries, in their order.
    content: list[Columns | Entry]
    #: The place after them.
    end: Place


class Lag(NamedTuple):
    """The records that follow a place."""

    records: int
    #: False when there are more, in files that were not searched.
    counted: bool
    #: The stamp of the newest record of the log, None when there is none.
    newest: datetime | None


class Follower:
    """Reads a log from any place on.

    Args:
        directory: the folder of the log.
        storage: reads it.
    """

    def __init__(self, directory: Path, storage: Storage | None = None) -> None:
        self._storage = storage or Storage()
        self.segments = Segments(directory, self._storage)
        self._text: _Text | None = None
        self._reader: LineReader | None = None
        #: The place at which the text and the reader stand.
        self._at: Place | None = None
        #: Records of the file from this POSIX time on are left out, None for no limit.
        self._limit: int | None = None

    def after(self, place: Place, most: int) -> Piece | None:
        """Return the lines that follow *place*, at most *most* of them; None when there are none yet.

        Raises:
            StorageError: a file cannot be read.
        """
        for _ in range(_TRIES):
            try:
                return self._after(place, most)
            except FileNotFoundError:
                self._forget()  # compressed or removed since the names were read
        return None

    def newest(self) -> Place:
        """Return the place after the last whole line of the log.

        Raises:
            StorageError: a file cannot be read.
        """
        segments = self.segments.all()
        if not segments:
            return Place()
        end = None
        for segment in reversed(segments):
            here = _end_of(self._lines(segment, segments), segment)
            end = end._replace(series=here.series, stamp=here.stamp) if end else here
            if end.stamp:
                break
        assert end is not None
        return end

    def contract_at(self, place: Place) -> str:
        """Return the text of the contract line in force at *place*, empty when its file has none.

        Raises:
            StorageError: the file cannot be read.
        """
        found = b""
        for segment in self.segments.all():
            if segment.name == place.file:
                for _, line in _Text(self._storage, segment.file).lines(0, place.offset):
                    if line.startswith(CONTRACT_HEAD, STAMP_WIDTH):
                        found = line[STAMP_WIDTH + len(CONTRACT_HEAD) :]
                break
        return found.decode(errors="replace")

    def since(self, instant: datetime) -> Place:
        """Return the place before the first record that ended at *instant* or later.

        Raises:
            StorageError: a file cannot be read.
        """
        stamp = (instant.astimezone(UTC) - _SECOND).strftime(STAMP)
        segments = self.segments.all()
        first = min((segment.series for segment in segments), default=0)
        return self._found(Place(series=first, stamp=stamp), segments)

    def lag(self, place: Place) -> Lag:
        """Return how many records follow *place*, and the newest stamp.

        Raises:
            StorageError: a file cannot be read.
        """
        segments = self.segments.all()
        if not segments:
            return Lag(0, counted=True, newest=None)
        index, place = self._placed(place, segments)
        ahead = segments[index:]
        records, newest = 0, b""
        for segment in ahead[:_COUNTED]:
            for start, line in self._lines(segment, segments):
                if line.startswith(DATA_HEAD, STAMP_WIDTH) and (
                    segment is not ahead[0] or start >= place.offset
                ):
                    records += 1
                    newest = line[:STAMP_WIDTH]
        stamp = newest.decode(errors="replace") or place.stamp
        return Lag(records, counted=len(ahead) <= _COUNTED, newest=time_of(stamp))

    def _after(self, place: Place, most: int) -> Piece | None:
        while True:
            # The segments are listed before the text is read: the last lines of a file were written before the next
            # file was made.
            segments = self.segments.all()
            if not segments:
                return None
            index, place = self._placed(place, segments)
            segment = segments[index]
            text, reader = self._open(segment.file, place, segments)
            data = text.read(place.offset)
            if (limit := _end(segment, segments)) is not None:
                data = data[: max(limit - place.offset, 0)]
            whole = data.rfind(b"\n") + 1
            if whole:
                return self._piece(segment, place, data[:whole], most, reader)
            if len(data) >= _CHUNK and (end := _next_line(text, place.offset)):  # no line is so long: damaged
                self._at = place = place._replace(offset=end, line=_line_before(text, end) or "")
                continue
            if index + 1 == len(segments):
                self._at = place
                return None
            place = self._start_of(segments[index + 1], place)

    def _piece(self, segment: Segment, place: Place, data: bytes, most: int, reader: LineReader) -> Piece:
        """Return the first *most* lines of *data*, which are whole lines."""
        lines = data.split(b"\n", most)
        lines.pop()  # what is behind the last line end that was split at
        length = sum(map(len, lines)) + len(lines)
        content: list[Columns | Entry] = []
        series, stamp = place.series, place.stamp
        for batch in reader.batches([line.removesuffix(b"\r") for line in lines]):
            if isinstance(batch, Columns):
                span = segment.file.span
                limit = span.stop if self._limit is None else min(self._limit, span.stop)
                kept = batch.where([span.start <= at < limit for at in batch.ended_at])
                if not len(kept):
                    continue
                content.append(kept)
                series = kept.series[-1]
                stamp = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=kept.ended_at[-1])).strftime(
                    STAMP
                )
            elif batch is not None and batch.at.date() in segment.file.stamped:
                content.append(batch)
        # Of a line that is too long _line_before() sees the end alone.
        last = lines[-1][-(_LINE - 1) :][:STAMP_WIDTH].decode(errors="replace")
        end = Place(segment.name, place.offset + length, last, series, stamp)
        self._at = end
        return Piece(content, end)

    def _placed(self, place: Place, segments: list[Segment]) -> tuple[int, Place]:
        """Return the segment of *place*, and the place itself, which is looked for when it is lost."""
        index = _segment_at(place, segments)
        if index is None or not self._fits(place, segments[index]):
            self._forget()
            place = self._found(place, segments)
            index = _segment_at(place, segments)
            assert index is not None
        return index, place

    def _fits(self, place: Place, segment: Segment) -> bool:
        """Return whether the line before *place* is the one that was there."""
        if place.offset == 0:
            return True
        if segment.file.compressed and place == self._at:
            return True  # its stream stands there; a compressed file is only replaced whole
        return _line_before(_Text(self._storage, segment.file), place.offset) == place.line

    def _found(self, place: Place, segments: list[Segment]) -> Place:
        """Return the place after the last record up to the series and stamp of *place*."""
        lost = place._replace(file="", offset=0, line="")
        if not segments:
            return lost
        if not lost.stamp:
            return self._start_of(segments[0], lost)
        # A log that was begun anew may have fewer series.
        series = min(lost.series, segments[-1].series)
        day = _day_of(lost.stamp)
        for segment in segments:
            if segment.series < series or (segment.series == series and max(segment.file.stamped) < day):
                continue
            if segment.series > series or segment.file.day > day:
                return self._start_of(segment, lost)
            limit = lost.stamp.encode()
            found = self._start_of(segment, lost)
            for start, line in self._lines(segment, segments):
                if line.startswith(DATA_HEAD, STAMP_WIDTH):
                    if line[:STAMP_WIDTH] > limit:
                        break
                    stamp = line[:STAMP_WIDTH].decode(errors="replace")
                    found = found._replace(offset=start + len(line) + 1, line=stamp)
            return found
        # All files are older: what they have was handed out, and what is added follows.
        last = segments[-1]
        end = _end_of(self._lines(last, segments), last)
        return end._replace(series=lost.series, stamp=lost.stamp)

    def _start_of(self, segment: Segment, place: Place) -> Place:
        """Return the place at the beginning of *segment*, with the last record of *place*.

        The stamps of another series may be earlier than that record; the place then has the second before its day.
        """
        if segment.series > place.series:
            midnight = datetime.combine(min(segment.file.stamped), datetime.min.time(), UTC)
            stamp = (midnight - _SECOND).strftime(STAMP)
            place = place._replace(series=segment.series, stamp=stamp)
        line = ""
        if segment.start:
            line = _line_before(_Text(self._storage, segment.file), segment.start) or ""
        return place._replace(file=segment.name, offset=segment.start, line=line)

    def _open(self, file: LogFile, place: Place, segments: list[Segment]) -> tuple[_Text, LineReader]:
        """Return the text of *file*, and a reader that knows the lines before *place* on which later lines depend."""
        text, reader = self._text, self._reader
        if text is None or reader is None or text.file != file or self._at != place:
            text, reader = _Text(self._storage, file), line_reader(file)
            for _, line in text.lines(0, place.offset):
                if line.startswith(HEADS, STAMP_WIDTH):
                    reader.parse(line)
            self._text, self._reader, self._at = text, reader, place
            self._limit = self._first_of_ours(file, segments)
        return text, reader

    def _first_of_ours(self, file: LogFile, segments: list[Segment]) -> int | None:
        """Return when our records begin in the days of *file*, a file of LinkyAcq.pl: ours are believed from then."""
        for segment in segments if file.forerunner else ():
            if not segment.file.forerunner and segment.file.day in file.stamped:
                for _, line in self._lines(segment, segments):
                    if line.startswith(DATA_HEAD, STAMP_WIDTH):
                        at = time_of(line[:STAMP_WIDTH].decode(errors="replace"))
                        if at is not None:
                            return int(at.timestamp())
        return None

    def _lines(self, segment: Segment, segments: list[Segment]) -> Iterator[tuple[int, bytes]]:
        """Yield the whole lines of *segment*, each with the place of its first byte."""
        return _Text(self._storage, segment.file).lines(segment.start, _end(segment, segments))

    def _forget(self) -> None:
        self._text = self._reader = self._at = None


class _Text:
    """The uncompressed bytes of one file, from any offset on."""

    def __init__(self, storage: Storage, file: LogFile) -> None:
        self.file = file
        self._storage = storage
        self._stream: Iterator[bytes] | None = None
        self._position = 0
        self._block = b""

    def read(self, offset: int, size: int = _CHUNK) -> bytes:
        """Return *size* bytes from *offset* on; of a compressed file there may be more, and at the end there are fewer.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: the file cannot be read.
        """
        if not self.file.compressed:
            return self._storage.part_of(self.file.path, offset, size)
        if self._stream is None or offset < self._position:
            self._stream, self._position, self._block = self._storage.blocks(self.file.path), 0, b""
        while len(self._block) - (offset - self._position) < size:
            more = next(self._stream, b"")
            drop = min(max(offset - self._position, 0), len(self._block))
            self._block = self._block[drop:] + more
            self._position += drop
            if not more:
                break
        return self._block[offset - self._position :]

    def lines(self, start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
        """Yield the whole lines from *start* to *end*, each with the place of its first byte."""
        while end is None or start < end:
            data = self.read(start)
            if end is not None:
                data = data[: end - start]
            whole = data.rfind(b"\n") + 1
            if not whole:
                if len(data) < _CHUNK:
                    return
                start += len(data)
                continue
            for line in data[: whole - 1].split(b"\n"):
                yield start, line
                start += len(line) + 1


def _segment_at(place: Place, segments: list[Segment]) -> int | None:
    """Return the number of the segment that has *place*, None when no file has its name."""
    found = None
    for number, segment in enumerate(segments):
        if (
            segment.name == place.file
            and (segment.start < place.offset or _begins(segment, place))
            and (found is None or segment.start > segments[found].start)
        ):
            found = number
    return found


def _begins(segment: Segment, place: Place) -> bool:
    """Return whether *place* is the beginning of *segment*, and not the end of the segment before it in the file."""
    return segment.start == place.offset and (segment.start == 0 or segment.series <= place.series)


def _end(segment: Segment, segments: list[Segment]) -> int | None:
    """Return the offset at which the next segment of the same file begins, None when *segment* is the last."""
    if len({one.series for one in segments}) == 1:
        return None
    starts = [one.start for one in segments if one.name == segment.name and one.start > segment.start]
    return min(starts, default=None)


def _end_of(lines: Iterable[tuple[int, bytes]], segment: Segment) -> Place:
    """Return the place after the last of *lines*, which are those of *segment*."""
    offset, stamp, last = segment.start, "", b""
    for start, line in lines:
        offset, last = start + len(line) + 1, line
        if line.startswith(DATA_HEAD, STAMP_WIDTH):
            stamp = line[:STAMP_WIDTH].decode(errors="replace")
    return Place(segment.name, offset, last[:STAMP_WIDTH].decode(errors="replace"), segment.series, stamp)


def _line_before(text: _Text, offset: int) -> str | None:
    """Return the stamp of the line that ends at *offset*, None when no line ends there."""
    start = max(offset - _LINE, 0)
    before = text.read(start, offset - start)[: offset - start]
    if len(before) < offset - start or not before.endswith(b"\n"):
        return None
    start = before.rfind(b"\n", 0, -1) + 1
    return before[start : start + STAMP_WIDTH].decode(errors="replace").rstrip("\n")


def _next_line(text: _Text, offset: int) -> int | None:
    """Return where the line after the one at *offset* begins, None when that line has no end yet."""
    while data := text.read(offset):
        found = data.find(b"\n")
        if found >= 0:
            return offset + found + 1
        offset += len(data)
    return None


def _day_of(stamp: str) -> date:
    at = time_of(stamp)
    return at.date() if at else date.min


def time_of(stamp: str) -> datetime | None:
    """Return the time of a *stamp* of the log, None when it is none."""
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
