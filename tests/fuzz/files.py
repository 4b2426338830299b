"""The readers of files of the box: a file of the log, a folder of the log, the configuration, the salt."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import date, timedelta
from zlib import crc32

from linkymonitor.daily_log.files import Statistics, entries, file_of, records
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.errors import ConfigError
from linkymonitor.model.record import Record
from linkymonitor.settings import load
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.fuzz.shared import LOG, NOON, scratch
from tests.support.crash_model import CrashDisk

TODAY = file_of(LOG, NOON.date())


def log(data: bytes) -> None:
    """A file of the daily log; one in four gzipped too, and the compressed file cut or no such file at all."""
    found = _read(data, ".log")
    for record in found:
        assert record.ended_at.date() == NOON.date()
        assert LineReader().parse(f"2026/11/21 12:00:00\tDATA\t{format_record(record)}".encode()) is not None
    if crc32(data) % 4:
        return
    packed = gzip.compress(data, 1, mtime=0)
    assert _read(packed, ".log.gz") == found, "a compressed file reads otherwise"
    cut = _read(packed[: len(packed) - 7], ".log.gz")
    assert cut == found[: len(cut)], "a cut file reads otherwise"
    _read(data, ".log.gz")


def _read(data: bytes, suffix: str) -> list[Record]:
    path = TODAY.with_suffix(suffix)
    storage = Storage(CrashDisk({str(path): data}))
    statistics = Statistics()
    found = list(
        records(
            LOG, NOON - timedelta(days=1), NOON + timedelta(days=1), statistics=statistics, storage=storage
        )
    )
    by_entry = [entry.record for entry in entries(path, storage=storage) if entry.record]
    assert by_entry == found, "entries() and records() do not agree"
    return found


def ini(data: bytes) -> None:
    """The configuration."""
    path = scratch() / "linkymonitor.ini"
    path.write_bytes(data)
    faults: tuple[object, ...] = ("",)
    try:
        load(path)
    except ConfigError as error:
        faults = error.faults
    assert faults, "refused without a word"
    for fault in faults:
        assert len(str(fault).splitlines()) <= 1, "a fault takes more than a line"


def state(data: bytes) -> None:
    """A log directory with damaged files: the daily log starts, writes on, and its lines read back."""
    first, _, second = data.partition(b"\xff\xfe\xfd")
    before = file_of(LOG, NOON.date() - timedelta(days=1))
    ahead = file_of(LOG, date(2031, 1, 1))
    content = {
        str(TODAY): first,
        str(before) + ".gz": second,
        str(LOG / f".{before.name}.gz.77.tmp"): second,
        str(LOG / "salt"): data,
    }
    if data[:1] == b"\x01":
        content[str(ahead)] = first
    if data[:1] == b"\x02":  # today's file was compressed: the clock went back
        content = {str(TODAY) + ".gz": gzip.compress(first, 1, mtime=0)[: len(first) + 9]}
    disk = CrashDisk(content)
    storage = Storage(disk)
    storage.lock(LOG).close()
    clock = WireClock(NOON)
    log = DailyLog(
        storage,
        LogSettings(dir=LOG, compress_after=timedelta(days=1), retention=timedelta(days=30)),
        clock,
        lang="en",
    )
    clock.advance(5)
    one = Record(
        started_at=clock.now() - timedelta(seconds=5),
        ended_at=clock.now(),
        contract=None,
        tariff_period="HN..",
        apparent_power=1234,
        indexes={"HN": 688322},
        frames=3,
    )
    log.append(one)
    log.note("WARN", "fuzz")
    for _ in range(12):
        clock.advance(60)
        log.tick(clock.monotonic())
    log.close()
    assert not log.refused
    assert log.pending == 0
    assert disk.descriptors == 0, "a file stays open"
    told = [
        record
        for path in disk.content()
        if path.endswith((".log", ".log.gz"))
        for record in records(LOG, NOON - timedelta(days=3), NOON + timedelta(days=2000), storage=storage)
        if record.apparent_power == 1234 and record.frames == 3 and path
    ]
    assert told, "what was written after the start does not read back"
    for path, held in disk.content().items():
        if path.endswith(".log"):
            assert not held or held.endswith(b"\n"), "a torn line was left"


def salt(data: bytes) -> None:
    """The salt file: whatever is in it, the salt has at least 16 characters, and is the same at the next start."""
    from linkymonitor.commands import folders

    where = scratch() / "salted"
    where.mkdir(exist_ok=True)
    path = where / "salt"
    path.write_bytes(data)
    drawn = folders.salt(Storage(), where)
    assert len(drawn.strip()) >= 16
    assert folders.salt(Storage(), where) == drawn, (
        "another salt at the next start: the meter would be another one"
    )
    with suppress(FileNotFoundError):
        path.unlink()
