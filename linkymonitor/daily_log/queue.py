"""The lines of the log that wait to be written, and the stamps that they get when they are."""

# Strategy
#
# - A Pi has no clock of its own: a line keeps the monotonic time of what it is about, and gets its date when it is
#   written. What waits for the clock to be set, or for the card, is then dated right.
# - Nothing is taken out before it is on the card: a batch is made, written, and only then said to be written.
# - No file is touched here.

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
    """What is to be written; it gets its stamp when it is."""

    #: When it happened, as the clock of the house showed it in that era.
    at: datetime
    era: Era
    #: INFO, WARN, ERROR or DATA; empty for a line that only says the contract.
    status: str
    text: str
    #: The text of the contract in force.
    contract: str


class Batch(NamedTuple):
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


class DayState(NamedTuple):
    """What the file of a day has already."""

    #: The highest series that it tells, 0 when it tells none.
    series: int
    #: Stamp of its last record; None when it has none, or cannot be read.
    last_stamp: datetime | None


class Queue:
    """Lines in the order in which they are written; at most RING, the oldest are dropped.

    Args:
        timeline: dates them.
        lang: of the notes for people.
    """

    def __init__(self, timeline: Timeline, lang: str) -> None:
        self._timeline = timeline
        self._lang = lang
        self._lines: deque[WaitingLine] = deque()
        #: How many lines were dropped, until somebody sets it back.
        self.dropped = 0
        #: The text of the contract under which the next lines stand.
        self.contract = ""
        #: How often the stamps of what is written have gone back.
        self.series = 0
        #: Stamp of the newest record written; None when there is none.
        self.last_stamp: datetime | None = None
        #: What was written last in this run: the day, and the contract.
        self._written_day: date | None = None
        self._written_contract = ""

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def has_records(self) -> bool:
        """Whether a record waits."""
        return any(line.status == "DATA" for line in self._lines)

    def line(self, status: str, text: str, at: datetime | None) -> WaitingLine:
        """Return a line that happened *at*, or now, for `put`."""
        now = self._timeline.read()
        at, era = self._timeline.place(at.astimezone(UTC) if at is not None else now)
        return WaitingLine(at, era, status, text, self.contract)

    def put(self, line: WaitingLine) -> None:
        """Take *line*; the oldest one is dropped when there is no room."""
        self._lines.append(line)
        if len(self._lines) > RING:
            self._lines.popleft()
            self.dropped += 1

    def days(self) -> set[date]:
        """Return the days of the lines that wait; only once the timeline is settled."""
        return {self._timeline.date(line.at, line.era).date() for line in self._lines}

    def next_batch(self, most: int, state_of: Callable[[date], DayState | None]) -> Batch:
        """Date at most so many lines at the head of the queue, up to the first of another day.

        There has to be a line, and the timeline to be settled.

        Args:
            most: lines in a batch.
            state_of: returns what the file of a day has already, None when there is no such file.
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
            # Notes that came before the meter was heard stand after the contract, which opens the file.
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
        """Take out the lines of *batch*, which are on the card."""
        for _ in range(batch.lines):
            self._lines.popleft()
        self._written_day, self._written_contract = batch.day, batch.contract
        self.series, self.last_stamp = batch.series, batch.last_stamp

    def has_begun(self, day: date) -> bool:
        """Return whether the last batch that was written was of *day*: its file has the contract."""
        return self._written_day == day

    def begin_again(self) -> None:
        """Have the next batch say contract and series anew: its file is not the one that was written."""
        self._written_day = None

    def _stamp(self, line: WaitingLine, last: datetime | None) -> tuple[datetime, timedelta]:
        """Return the stamp of *line* after a record of the stamp *last*, and how far the time goes back there."""
        stamp = self._timeline.date(line.at, line.era).replace(microsecond=0)
        if last is None or stamp > last:
            return stamp, _NO_TIME
        if last - stamp > _SMALL_STEP:
            return stamp, last - stamp
        # Made up for: stamps of records grow, and a note stands at the record before it.
        return (last + _SECOND if line.status == "DATA" else last), _NO_TIME

    def _series_in(self, there: DayState | None, stamp: datetime | None) -> int:
        """Return the series in which a file goes on with a line of *stamp*; None: after a step back.

        The file may tell more than this run knows, if it was written before the clock was set back, or by a run
        before a cut.
        """
        if there is None:
            return self.series
        last = there.last_stamp
        overlaps = stamp is not None and last is not None and last != self.last_stamp and stamp <= last
        return max(self.series, there.series + overlaps)

    def _first_contract(self) -> str:
        return next((line.contract for line in self._lines if line.contract), "")


def _written(stamp: datetime, status: str, text: str) -> bytes:
    return f"{stamp.strftime(STAMP)}\t{status}\t{text}\n".encode(errors="replace")
