"""Machines with wrong wall clocks, and the logs that they write; for tests of the time of the house."""

# Strategy
#
# - A Machine has the truth, and a wall clock that differs from it by a script: it boots in 1970, or as far behind as
#   the power was off; somebody sets it by seconds or by decades, to and fro; a time service sets it right after a few
#   minutes, or never; a standard meter sends its DATE, or does not.
# - The log is compared with the truth, line by line. A forward step that nobody vouches for is undone, or
#   corrected, within the ten minutes after which it would be accepted where nobody had ever vouched for
#   another time.

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log.files import files, records
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.system.clock import BUILT, LONGEST_DOUBT, WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk

LOG = Path("/log")
TRUTH = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
PAST = datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)
MINUTE, YEAR = 60.0, 365.25 * 86400.0
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))
BACKWARDS = "Horloge : l'heure recule"
CONTRACT = Contract(mode=Mode.STANDARD, option="BASE", registers=("TH",), subscribed_power=9000, phases=1)


class Machine(WireClock):
    """A machine with a wrong wall clock: ``now()`` is the truth plus the error of the clock."""

    def __init__(self, truth: datetime = TRUTH) -> None:
        super().__init__(truth)
        self.wrong = timedelta(0)
        self.is_kept = True
        #: Whether a time service has set the clock, and nobody since.
        self.vouched = False
        self.wait = LONGEST_DOUBT
        #: The monotonic time of each event, and the event, in order.
        self.script: list[tuple[float, Callable[[], object]]] = []

    @property
    def truth(self) -> datetime:
        return super().now()

    def now(self) -> datetime:
        return self.truth + self.wrong

    def trusted(self, not_before: datetime) -> bool:
        return self.now() >= max(BUILT, not_before)

    def synchronized(self, since: datetime | None) -> bool:
        return self.vouched

    def patience(self) -> float:
        return self.wait

    def kept(self) -> bool:
        return self.is_kept

    def advance(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while self.script and self.script[0][0] <= until:
            when, act = self.script.pop(0)
            super().advance(max(when - self.monotonic(), 0.0))
            act()
        super().advance(max(until - self.monotonic(), 0.0))

    def stray(self, wrong: timedelta) -> None:
        """Set the clock by hand: from then on its error is *wrong*."""
        self.wrong, self.vouched = wrong, False

    def show(self, wall: datetime) -> None:
        self.stray(wall - self.truth)

    def serve(self) -> None:
        """Set the clock as a time service does."""
        self.wrong, self.vouched = timedelta(0), True


def record(number: int, at: datetime) -> Record:
    return Record(
        started_at=at,
        ended_at=at,
        contract=CONTRACT,
        tariff_period="TH..",
        apparent_power=number % 9000,
        indexes={"TH": number},
        total_index=number,
        frames=8,
    )


@dataclass
class Life:
    """One machine, its log, and the truth of each record."""

    machine: Machine
    disk: CrashDisk = field(default_factory=CrashDisk)
    truths: dict[int, datetime] = field(default_factory=dict)
    #: The error of the meter's DATE; None when the meter has no DATE.
    date: timedelta | None = None
    degraded: bool = False

    def start(self, **settings: timedelta) -> DailyLog:
        return DailyLog(Storage(self.disk), LogSettings(dir=LOG, **settings), self.machine)

    def feed(self, log: DailyLog, count: int, every: float = 12.0) -> None:
        """Append *count* records; the frame that closes a record comes two seconds after its last frame."""
        for _ in range(count):
            number = len(self.truths)
            self.machine.advance(every - 2.0)
            self.hear(log)
            at = log.timeline.read()
            self.truths[number] = self.machine.truth
            self.machine.advance(2.0)
            log.append(record(number, at))
            log.tick(self.machine.monotonic())

    def hear(self, log: DailyLog) -> None:
        if self.date is not None and not self.degraded:
            date = (self.machine.truth - timedelta(seconds=1) + self.date).replace(microsecond=0)
            log.timeline.hear_meter(date)

    def lines(self) -> Iterator[tuple[bool, datetime, int | None]]:
        """Yield, line by line, whether it begins a series, its stamp, and the number of its record."""
        for file in files(LOG, Storage(self.disk)):
            reader = LineReader()
            begins = True
            for line in b"".join(Storage(self.disk).blocks(file.path)).splitlines():
                entry = reader.parse(line)
                assert entry is not None
                assert entry.at.date() == file.day
                begins = begins or entry.text.startswith(BACKWARDS)
                yield begins, entry.at, entry.record.indexes["TH"] if entry.record else None
                begins = False

    def records(self) -> list[Record]:
        """Return the records of the log, as a report reads them."""
        return list(records(LOG, *ALWAYS, storage=Storage(self.disk)))

    def series(self) -> dict[int, int]:
        """Return the series of each record; assert that no two records of a series have the same stamp."""
        records = self.records()
        keys = Counter((record.series, record.ended_at) for record in records)
        assert max(keys.values(), default=1) == 1, keys.most_common(1)
        return {
            record.indexes["TH"]: record.series
            for record in sorted(records, key=lambda record: record.indexes["TH"])
        }

    def told(self) -> list[int]:
        """Return the numbers of the lines ``Serie:``, file after file."""
        return [int(number) for number in re.findall(r"\tINFO\tSerie: (\d+)\n", self.text())]

    def stamps(self) -> dict[int, datetime]:
        return {number: at for _, at, number in self.lines() if number is not None}

    def errors(self) -> list[float]:
        """Return the error of the stamp of each record, in seconds."""
        return [(at - self.truths[number]).total_seconds() for number, at in sorted(self.stamps().items())]

    def text(self) -> str:
        storage = Storage(self.disk)
        return b"".join(block for file in files(LOG, storage) for block in storage.blocks(file.path)).decode()


def wind(machine: Machine, by: timedelta) -> None:
    """Set the clock forward or back by *by*, but not before PAST."""
    machine.stray(max(machine.wrong + by, PAST - machine.truth))


def obeyed(log: DailyLog, life: Life, by: timedelta) -> None:
    """Set the clock to *by* after the truth, as a time service: the log must follow it."""
    life.machine.wrong, life.machine.vouched = by, True
    life.feed(log, 1)
