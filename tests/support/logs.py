"""Records with different indexes, the lines of logs with them, and a log on a disk that may fail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log.files import Statistics, file_of, files, records
from linkymonitor.daily_log.line import STAMP, format_record
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk

START = datetime(2026, 2, 20, 19, 10, tzinfo=UTC)
TODAY = START.date()
LOG = Path("/log")
EJP = Contract(
    mode=Mode.HISTORIQUE,
    option="EJP",
    registers=("HN", "PM"),
    subscribed_power=9000,
    phases=1,
    meter="021861123456",
)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def record(number: int, at: datetime = START, **fields) -> Record:
    """Return record *number*, which differs from all others by its index."""
    fields = {
        "contract": EJP,
        "tariff_period": "HN..",
        "apparent_power": number % 9000,
        "power_min": 0,
        "power_max": 9000,
        "injected_power": 0,
        "current": 5,
        "currents": (5,),
        "indexes": {"HN": number, "PM": 80072},
        "frames": 8,
        **fields,
    }
    return Record(started_at=at, ended_at=at, **fields)


def log_on(disk: CrashDisk, clock: WireClock, retention: timedelta | None = None, **options) -> DailyLog:
    return DailyLog(Storage(disk), LogSettings(dir=LOG, retention=retention), clock, **options)


def feed(log: DailyLog, clock: WireClock, numbers: range, every: float = 12.0) -> None:
    for number in numbers:
        clock.advance(every)
        log.append(record(number, clock.now()))
        log.tick(clock.monotonic())


def text_of(disk: CrashDisk, day: date = TODAY) -> str:
    return disk.content().get(str(file_of(LOG, day)), b"").decode()


def numbers_in(disk: CrashDisk, statistics: Statistics | None = None) -> list[int]:
    logged = records(LOG, *ALWAYS, statistics=statistics, storage=Storage(disk))
    return [record.indexes["HN"] for record in logged]


def data_line(at: datetime, number: int) -> bytes:
    return f"{at.strftime(STAMP)}\tDATA\t{format_record(record(number))}\n".encode()


def forerunner_line(at: datetime, number: int) -> bytes:
    return (
        f"{at.strftime(STAMP)}\tDATA\tPeriode=HN.., IndexHN={number:09}, IndexHPM=000080072, "
        "PuissConsommee=00410, IConsommee=002\n"
    ).encode()


def read(folder: Path, start: datetime = ALWAYS[0], end: datetime = ALWAYS[1], **options) -> list[int]:
    return [record.indexes["HN"] for record in records(folder, start, end, **options)]


def old_files(count: int) -> dict[str, bytes]:
    first = datetime(2026, 2, 20, tzinfo=UTC)
    return {
        str(file_of(LOG, (first - timedelta(days=n)).date())): data_line(first - timedelta(days=n), n)
        for n in range(count)
    }


def days(directory: Path, storage: Storage | None = None) -> list[date]:
    """Return the UTC days that have a file in *directory*, in order."""
    return sorted({file.day for file in files(directory, storage)})
