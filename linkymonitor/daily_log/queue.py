"""The lines of the log that wait to be written, and the stamps that they get when they are written."""

# Strategy
#
# - A Pi has no battery for its clock. So a line keeps the time that the clock of the house showed, and the era
#   of that time (Timeline). It gets its stamp when it is written. Lines that wait for the clock to be set, or for
#   the card, get the right stamp that way.
# - A line stays in the queue until it is on the card: next_batch() makes the bytes, the caller writes them, and
#   written() removes the lines.
# - This module opens no file.

from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from linkymonitor.daily_log.line import STAMP
from linkymonitor.daily_log.notes import gone_back
from linkymonitor.daily_log.statements import SERIES
from linkymonitor.system.timeline import Era, Timeline

#: Lines kept in memory while they cannot be written.
RING = 4096

_SMALL_STEP = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)
_NO_TIME = timedelta(0)


class WaitingLine(NamedTuple):
    """A line without its stamp."""

    #: The time of the event, as the clock of the house showed it in *era*.
    at: datetime
    era: Era
    #: INFO, WARN, ERROR or DATA; empty when only the contract is to be written.
    status: str
    text: str
    #: The text of the contract in force.
    contract: str


class Batch(NamedTuple):
    """The next lines for the file of one day, as bytes, and the state of the queue once they are on the card."""

    day: date
    data: bytes
    #: How many lines of the queue the bytes contain.
    lines: int
    #: The contract and the series that are in force after the last line, and the stamp of the last record.
    contract: str
    series: int
    last_stamp: datetime | None
    #: Each step back of the time within the batch, as a positive duration.
    backwards: list[timedelta]


class DayState(NamedTuple):
    """The content of the file of a day, as far as the next line depends on it."""

    #: The highest series in the file, 0 when there is none.
    series: int
    #: The stamp of the last record; None when there is none, or the file cannot be read.
    last_stamp: datetime | None


class Queue:
    """The waiting lines, in the order in which they are written. When there are more than RING, the oldest is dropped.

    Args:
        timeline: the time of the house, which gives the stamps.
        lang: the language of the notes.
    """

    def __init__(self, timeline: Timeline, lang: str) -> None:
        self._timeline = timeline
        self._lang = lang
        self._lines: deque[WaitingLine] = deque()
        #: How many lines were dropped since the caller set this to 0.
        self.dropped = 0
        #: The text of the contract under which the next lines stand.
        self.contract = ""
        #: The number of the current series of stamps: how often the stamps have gone back.
        self.series = 0
        #: The stamp of the newest record written; None when there is none.
        self.last_stamp: datetime | None = None
        #: The day and the contract of the batch that this run wrote last.
        self._written_day: date | None = None
        self._written_contract = ""

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def has_records(self) -> bool:
        """Whether at least one record waits."""
        return any(line.status == "DATA" for line in self._lines)

    def line(self, status: str, text: str, at: datetime | None) -> WaitingLine:
        """Return a line for `put`, about an event *at* that time, or now when *at* is None."""
        now = self._timeline.read()
        at, era = self._timeline.place(at.astimezone(UTC) if at is not None else now)
        return WaitingLine(at, era, status, text, self.contract)

    def put(self, line: WaitingLine) -> None:
        """Add *line*; the oldest line is dropped when there is no room."""
        self._lines.append(line)
        if len(self._lines) > RING:
            self._lines.popleft()
            self.dropped += 1

    def days(self) -> set[date]:
        """Return the days of the waiting lines. The timeline must be settled."""
        return {self._timeline.date(line.at, line.era).date() for line in self._lines}

    def next_batch(self, most: int, state_of: Callable[[date], DayState | None]) -> Batch:
        """Give stamps to the oldest lines of one day, and return them as bytes; they stay in the queue.

        The queue must not be empty, and the timeline must be settled.

        Args:
            most: how many lines the batch may have.
            state_of: returns the state of the file of a day, None when there is no such file.
        """
        day: date | None = None
        last, contract = self.last_stamp, self._written_contract
        series = series_told = self.series
        data: list[bytes] = []
        backwards: list[timedelta] = []
        count = 0
        for line in self._lines:
            stamp, back = self._stamp(line, last)
            if day is None:
                day = stamp.date()
                if day != self._written_day:
                    contract, series_told = "", 0
                    series = self._series_in(state_of(day), None if back else stamp)
            elif stamp.date() != day or count == most:
                break
            count += 1
            if back:
                backwards.append(back)
                series += 1
                data.append(_written(stamp, "INFO", gone_back(back).render(self._lang)))
                last = stamp - _SECOND
            # The contract opens the file. A note from before the first frame has none: it takes the next contract.
            in_force = line.contract or contract or self._first_contract()
            if in_force != contract:
                contract = in_force
                data.append(_written(stamp, "INFO", contract))
            if series != series_told:
                series_told = series
                data.append(_written(stamp, "INFO", f"{SERIES}{series}"))
            if line.status:
                data.append(_written(stamp, line.status, line.text))
            if line.status == "DATA":
                last = stamp
        assert day is not None
        return Batch(day, b"".join(data), count, contract, series, last, backwards)

    def written(self, batch: Batch) -> None:
        """Remove the lines of *batch* from the queue: they are on the card."""
        for _ in range(batch.lines):
            self._lines.popleft()
        self._written_day, self._written_contract = batch.day, batch.contract
        self.series, self.last_stamp = batch.series, batch.last_stamp

    def has_begun(self, day: date) -> bool:
        """Return whether the last batch on the card was of *day*: then the file of *day* has its contract line."""
        return self._written_day == day

    def begin_again(self) -> None:
        """Make the next batch begin with contract and series, because its file is a new one."""
        self._written_day = None

    def _stamp(self, line: WaitingLine, last: datetime | None) -> tuple[datetime, timedelta]:
        """Return the stamp of *line*, and how far it goes back from *last*, the stamp of the record before it.

        A step back of at most a minute is no step of the stamps: the stamp is raised, and the second value is zero.
        """
        stamp = self._timeline.date(line.at, line.era).replace(microsecond=0)
        if last is None or stamp > last:
            return stamp, _NO_TIME
        if last - stamp > _SMALL_STEP:
            return stamp, last - stamp
        # Stamps of records must grow. A note takes the stamp of the record before it.
        return (last + _SECOND if line.status == "DATA" else last), _NO_TIME

    def _series_in(self, file: DayState | None, stamp: datetime | None) -> int:
        """Return the series of the first line that is added to *file*.

        The file may have a higher series than this run: it may be from before the clock was set back, or from an
        earlier run.

        Args:
            file: the state of the file; None when there is no file.
            stamp: the stamp of the line; None when the time has just stepped back.
        """
        if file is None:
            return self.series
        last = file.last_stamp
        overlaps = stamp is not None and last is not None and last != self.last_stamp and stamp <= last
        return max(self.series, file.series + overlaps)

    def _first_contract(self) -> str:
        return next((line.contract for line in self._lines if line.contract), "")


def _written(stamp: datetime, status: str, text: str) -> bytes:
    return f"{stamp.strftime(STAMP)}\t{status}\t{text}\n".encode(errors="replace")
