"""The log holds what was acknowledged, whatever befalls the card, the power or the clock."""

from __future__ import annotations

import errno
import gzip
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.daily_log.files import Statistics, days, entries, file_of, files, records
from linkymonitor.daily_log.line import STAMP, format_record
from linkymonitor.daily_log.search import first_after, last_before
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import RING, DailyLog
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.system.clock import LONGEST_DOUBT, WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk, PowerCut, cut_at, fail_at
from tests.support.extent import extent
from tests.support.tally import tally

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
#: More of them for a longer campaign: 20,000 is the goal of a release.
STATES = int(os.environ.get("LINKYMONITOR_CRASH_STATES") or extent(200, 20_000))


class UntrustedClock(WireClock):
    """A clock that is wrong until somebody says it is right, and that a time service may vouch for."""

    right = False
    vouched = True

    def trusted(self, not_before: datetime) -> bool:
        return self.right and self.now() >= not_before

    def synchronized(self, since: datetime | None) -> bool:
        return self.vouched

    def patience(self) -> float:
        return LONGEST_DOUBT


def record(number: int, at: datetime = START, **fields) -> Record:
    """Return a record that can be told from any other by its index."""
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
    found = records(LOG, *ALWAYS, statistics=statistics, storage=Storage(disk))
    return [one.indexes["HN"] for one in found]


@pytest.fixture
def clock() -> WireClock:
    return WireClock(START)


@pytest.fixture
def disk() -> CrashDisk:
    return CrashDisk()


# Writing, on a good day


def test_lines_reach_the_card_together_each_minute(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(1))
    assert text_of(disk).count("DATA") == 1, "it comes with the contract, which is written at once"
    log.tick(clock.monotonic())
    writes = disk.calls
    feed(log, clock, range(1, 5))
    assert disk.calls == writes
    assert log.pending == 4
    feed(log, clock, range(5, 7))
    assert log.pending <= 1
    assert text_of(disk).count("DATA") >= 6


def test_the_contract_opens_each_file_and_follows_each_change(disk):
    clock = WireClock(START.replace(hour=23, minute=59, second=30))
    log = log_on(disk, clock)
    log.note("INFO", "Démarrage")
    feed(log, clock, range(4))
    other = replace(EJP, subscribed_power=6000)
    clock.advance(12)
    log.append(record(4, clock.now(), contract=other))
    log.append(record(5, clock.now(), contract=replace(other, registers=("HN", "PM", "F03"))))
    log.close()
    first, second = (text_of(disk, START.date() + timedelta(days=n)).splitlines() for n in (0, 1))
    assert ["Contrat" in line for line in first] == [True, False, False, False]
    assert ["Contrat" in line for line in second] == [True, False, False, True, False, False]
    assert "puissance=9000" in second[0]
    assert "puissance=6000" in second[3]
    assert "021861123456" not in text_of(disk)


def test_a_record_that_ends_at_midnight_is_in_the_file_that_its_stamp_names(disk):
    midnight = datetime(2026, 2, 21, tzinfo=UTC)
    clock = WireClock(midnight)
    log = log_on(disk, clock)
    log.append(record(1, midnight - timedelta(seconds=1)))
    log.append(record(2, midnight))
    log.close()
    assert days(LOG, Storage(disk)) == [date(2026, 2, 20), date(2026, 2, 21)]
    read = list(records(LOG, midnight, midnight + timedelta(hours=1), storage=Storage(disk)))
    assert [one.ended_at for one in read] == [midnight]


@pytest.mark.parametrize("event", ["period", "warning", "contract", "close"])
def test_some_lines_do_not_wait(disk, clock, event):
    log = log_on(disk, clock)
    feed(log, clock, range(2))
    clock.advance(12)
    log.append(record(2, clock.now()))
    assert log.pending
    if event == "period":
        log.append(record(3, clock.now(), tariff_period="PM.."))
    elif event == "warning":
        log.note("WARN", "Compteur muet")
    elif event == "contract":
        log.contract(replace(EJP, subscribed_power=6000))
    else:
        log.close()
    assert log.pending == 0


def test_a_burst_of_warnings_is_not_a_burst_of_syncs(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(2))
    calls = disk.calls
    for _ in range(100):
        clock.advance(0.01)
        log.note("WARN", "Encore")
    assert disk.calls < calls + 10
    clock.advance(1)
    log.tick(clock.monotonic())
    assert log.pending == 0


def test_tick_says_when_it_is_next_needed(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(2))
    log.flush()
    log.tick(clock.monotonic())  # the chores of the start
    log.append(record(2, clock.now()))
    assert log.tick(clock.monotonic()) == clock.monotonic() + 60


def test_a_note_stays_on_its_line(disk, clock):
    log = log_on(disk, clock)
    log.note("ERROR", "a\nb\0c\r" + "x" * 5000)
    log.close()
    (line,) = text_of(disk).splitlines()
    assert line.startswith("2026/02/20 19:10:00\tERROR\ta b c xxx")
    assert len(line) < 1100


def test_records_of_the_same_second_get_stamps_of_their_own(disk, clock):
    log = log_on(disk, clock)
    for number in range(3):
        log.append(record(number, clock.now()))
    log.close()
    stamps = [one.ended_at for one in records(LOG, *ALWAYS, storage=Storage(disk))]
    assert stamps == [START + timedelta(seconds=n) for n in range(3)]


def test_a_folder_that_is_not_there_is_made(tmp_path, clock):
    log = DailyLog(Storage(), LogSettings(dir=tmp_path / "a" / "b"), clock)
    log.append(record(1))
    log.close()
    assert days(tmp_path / "a" / "b") == [START.date()]


def test_a_log_moved_away_under_our_feet_is_begun_again(tmp_path, clock):
    log = DailyLog(Storage(), LogSettings(dir=tmp_path), clock)
    log.append(record(1, START))
    log.flush()
    file_of(tmp_path, TODAY).rename(tmp_path / "moved")
    log.append(record(2, START + timedelta(seconds=12)))
    log.close()
    assert [one.indexes["HN"] for one in records(tmp_path, *ALWAYS)] == [2]


def test_a_whole_day_stays_within_two_megabytes_and_a_fifth(disk):
    """It was two before a line told the state of the peak and an overload."""
    clock = WireClock(START.replace(hour=0, minute=0))
    log = log_on(disk, clock)
    for number in range(7363):
        clock.advance(86390 / 7363)
        log.append(record(number, clock.now(), ejp=Ejp.NORMAL, overload=False))
        log.tick(clock.monotonic())
    log.close()
    assert len(text_of(disk)) < 2_200_000


# Starting


def test_the_newest_file_is_healed_at_the_start_whatever_its_day(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(3))
    log.close()
    whole = disk.content()
    path = str(file_of(LOG, TODAY))
    torn = CrashDisk({path: whole[path] + b"2026/02/20 19:1" + bytes(99)})
    later = WireClock(START + timedelta(days=1))
    said = []
    log = log_on(torn, later, on_event=lambda status, text: said.append((status, str(text))))
    assert torn.content()[path] == whole[path]
    log.close()
    assert said == [("INFO", f"Journal : 114 octets d'une ligne coupée retirés de {Path(path).name}")]
    assert said[0][1] in text_of(torn, date(2026, 2, 21))


@pytest.mark.parametrize(
    "content",
    [b"", bytes(9000), b"\xff" * 9000, b"\n" * 9000, b"2099/01/01 00:00:00\tDATA\t\n", b"x" * 500_000],
    ids=["empty", "NUL", "FF", "line ends", "another day", "no line end"],
)
@pytest.mark.parametrize("suffix", [".log", ".log.gz"])
def test_no_damage_keeps_the_log_from_starting(content, suffix, clock):
    disk = CrashDisk({str(file_of(LOG, TODAY).with_suffix(suffix)): content})
    log = log_on(disk, clock)
    feed(log, clock, range(10))
    log.close()
    assert numbers_in(disk) == list(range(10))


def test_what_an_interrupted_replacement_left_aside_is_removed(clock):
    disk = CrashDisk({"/log/.2026_02_17_linkymonitor.log.gz.123.tmp": b"x", "/log/.linkymonitor.lock": b"1"})
    log_on(disk, clock)
    assert set(disk.content()) == {"/log/.linkymonitor.lock"}


def test_the_newest_stamp_of_the_folder_is_known(disk, clock):
    path = "/log/2026_02_20_LinkyAcq.pl.log"
    other = CrashDisk({path: data_line(START, 1) + data_line(START + timedelta(seconds=9), 2)})
    assert log_on(disk, clock).last_stamp is None
    assert log_on(other, clock).last_stamp == START + timedelta(seconds=9)
    packed = CrashDisk({path + ".gz": gzip.compress(data_line(START, 1))})
    assert log_on(packed, clock).last_stamp == START


# A card that refuses


def test_lines_wait_for_the_card_and_are_written_in_order(disk, clock):
    said = []
    log = log_on(disk, clock, on_event=lambda status, text: said.append(status))
    feed(log, clock, range(10))
    disk.fault = lambda number, name: errno.ENOSPC if name == "write" else None
    feed(log, clock, range(10, 40))
    assert log.refused
    assert len(numbers_in(disk)) <= 10
    disk.fault = lambda number, name: None
    feed(log, clock, range(40, 50))
    assert not log.refused
    log.close()
    assert numbers_in(disk) == list(range(50))
    assert said == ["WARN", "WARN"], "one when it begins, one when it ends"
    assert text_of(disk).count("\tWARN\t") == 2


def test_a_refusing_card_is_tried_again_every_ten_seconds(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(2))
    tries = 0

    def refuse(number: int, name: str) -> int | None:
        nonlocal tries
        tries += name == "write"
        return errno.EIO if name == "write" else None

    disk.fault = refuse
    log.note("WARN", "x")
    for _ in range(100):
        clock.advance(1)
        log.tick(clock.monotonic())
    assert 9 <= tries <= 12


def test_what_a_card_never_takes_costs_the_oldest_lines_and_says_how_many(disk, clock):
    log = log_on(disk, clock)
    disk.fault = lambda number, name: errno.EROFS if name == "open" else None
    feed(log, clock, range(RING + 100))
    assert log.pending == RING
    disk.fault = lambda number, name: None
    log.flush()
    log.close()
    read = numbers_in(disk)
    assert read == list(range(read[0], RING + 100))
    assert len(read) >= RING - 5
    # The warning of the beginning is one of them.
    assert f"lignes perdues : {read[0] + 1}" in text_of(disk) + text_of(disk, date(2026, 2, 21))
    assert "Contrat" in text_of(disk).splitlines()[0]


@pytest.mark.parametrize("trouble", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, "short"], ids=str)
@pytest.mark.parametrize("length", [1, 7, 10_000])
def test_whatever_call_fails_no_record_is_lost_and_nothing_is_raised(trouble, length):
    first = START.replace(hour=23, minute=58)
    old = {str(file_of(LOG, date(2026, 2, 10))): data_line(datetime(2026, 2, 10, 1, tzinfo=UTC), 999)}
    for number in range(1, 90):
        disk = CrashDisk(old, fail_at(range(number, number + length), trouble))
        clock = WireClock(first)
        log = log_on(disk, clock)
        feed(log, clock, range(20))
        disk.fault = lambda number, name: None
        clock.advance(60)
        log.tick(clock.monotonic())
        feed(log, clock, range(20, 22))
        log.close()
        statistics = Statistics()
        assert numbers_in(disk, statistics) == [999, *range(22)]
        assert statistics.refused == 0


# A clock that is wrong


def test_what_happens_before_the_clock_is_right_is_dated_backwards(disk):
    clock = UntrustedClock(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    log = log_on(disk, clock)
    log.note("INFO", "Démarrage")
    feed(log, clock, range(5))
    assert disk.content() == {}
    assert log.pending
    clock.advance(3)
    clock.set(START)
    clock.right = True
    log.tick(clock.monotonic())
    log.close()
    read = list(records(LOG, *ALWAYS, storage=Storage(disk)))
    assert [one.indexes["HN"] for one in read] == list(range(5))
    assert [START - one.ended_at for one in read] == [timedelta(seconds=3 + 12 * n) for n in (4, 3, 2, 1, 0)]
    assert "19:08:57\tINFO\tDémarrage" in text_of(disk)


@pytest.mark.parametrize("vouched", [True, False])
def test_a_log_from_the_future_does_not_keep_the_present_out(vouched):
    future = datetime(2036, 5, 1, tzinfo=UTC)
    disk = CrashDisk({str(file_of(LOG, future.date())): data_line(future, 1)})
    clock = UntrustedClock(START)
    clock.right, clock.vouched = True, vouched
    log = log_on(disk, clock)
    feed(log, clock, range(10, 40))
    assert (log.pending < 10) is vouched
    feed(log, clock, range(40, 70))
    log.close()
    now = records(LOG, START, START + timedelta(hours=1), storage=Storage(disk))
    assert [one.indexes["HN"] for one in now] == list(range(10, 70))


def test_held_lines_are_bounded(disk):
    clock = UntrustedClock(START)
    log = log_on(disk, clock)
    feed(log, clock, range(RING + 500), every=0.1)
    assert log.pending <= RING


@pytest.mark.parametrize("back", [0.5, 1, 30, 59])
def test_a_small_step_back_leaves_stamps_that_grow(disk, clock, back):
    log = log_on(disk, clock)
    feed(log, clock, range(5))
    clock.set(clock.now() - timedelta(seconds=12 + back))
    feed(log, clock, range(5, 20))
    log.close()
    stamps = [one.ended_at for one in records(LOG, *ALWAYS, storage=Storage(disk))]
    assert stamps == sorted(set(stamps))
    assert stamps[-1] == clock.now().replace(microsecond=0), "time is caught up"


def test_a_large_step_back_is_noted_and_believed(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(5))
    clock.set(clock.now() - timedelta(days=400))
    feed(log, clock, range(5, 10))
    log.close()
    assert numbers_in(disk) == [*range(1, 10), 0], "what was not written yet is dated anew"
    assert "Horloge : l'heure recule de 39" in text_of(disk, date(2025, 1, 16))


# Chores


def chores(log: DailyLog, clock: WireClock) -> None:
    for _ in range(40):
        log.tick(clock.monotonic())
        clock.advance(1)


def old_files(count: int) -> dict[str, bytes]:
    first = datetime(2026, 2, 20, tzinfo=UTC)
    return {
        str(file_of(LOG, (first - timedelta(days=n)).date())): data_line(first - timedelta(days=n), n)
        for n in range(count)
    }


def test_a_day_is_compressed_when_two_full_days_old(clock):
    disk = CrashDisk({**old_files(6), "/log/2026_02_01_LinkyAcq.pl.log": data_line(START, 1)})
    log = log_on(disk, clock)
    chores(log, clock)
    assert [(file.day.day, file.compressed) for file in files(LOG, Storage(disk))] == [
        (1, False),  # not ours
        (15, True),
        (16, True),
        (17, True),
        (18, False),
        (19, False),
        (20, False),
    ]
    log.close()


def test_compressing_takes_one_small_step_at_a_time(clock):
    path = str(file_of(LOG, date(2026, 2, 10)))
    disk = CrashDisk({path: data_line(datetime(2026, 2, 10, tzinfo=UTC), 1) * 4000})
    log = log_on(disk, clock)
    steps = 0
    while path in disk.content():
        calls = disk.calls
        due = log.tick(clock.monotonic())
        assert disk.calls - calls < 9
        clock.advance(due - clock.monotonic())
        steps += 1
    assert steps > 5


def test_files_are_kept_for_ever_unless_told_otherwise(clock):
    disk = CrashDisk(old_files(30))
    chores(log_on(disk, clock), clock)
    assert len(days(LOG, Storage(disk))) == 30
    chores(log_on(disk, clock, retention=timedelta(days=10)), clock)
    assert [day.day for day in days(LOG, Storage(disk))] == list(range(10, 21))


def test_a_compressed_day_can_still_grow(clock):
    """The clock may come back from the future, or a copy be put back."""
    day = START.replace(hour=1)
    path = file_of(LOG, day.date())
    disk = CrashDisk({f"{path}.gz": gzip.compress(data_line(day, 1))})
    log = log_on(disk, clock)
    feed(log, clock, range(2, 4))
    log.close()
    assert numbers_in(disk) == [1, 2, 3]
    assert set(disk.content()) == {str(path)}


# Reading


def data_line(at: datetime, number: int) -> bytes:
    return f"{at.strftime(STAMP)}\tDATA\t{format_record(record(number))}\n".encode()


def forerunner_line(at: datetime, number: int) -> bytes:
    return (
        f"{at.strftime(STAMP)}\tDATA\tPeriode=HN.., IndexHN={number:09}, IndexHPM=000080072, "
        "PuissConsommee=00410, IConsommee=002\n"
    ).encode()


def read(folder: Path, start: datetime = ALWAYS[0], end: datetime = ALWAYS[1], **options) -> list[int]:
    return [one.indexes["HN"] for one in records(folder, start, end, **options)]


def test_a_range_holds_its_start_and_not_its_end(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(
        b"".join(data_line(START + timedelta(seconds=n), n) for n in range(10))
    )
    assert read(tmp_path, START + timedelta(seconds=3), START + timedelta(seconds=6)) == [3, 4, 5]
    assert read(tmp_path, START, START) == []
    first = next(records(tmp_path, START + timedelta(seconds=3), ALWAYS[1]))
    assert first.started_at == START + timedelta(seconds=2)


def test_the_contract_in_force_is_known_within_a_range(disk, clock, tmp_path):
    log = DailyLog(Storage(), LogSettings(dir=tmp_path), clock)
    feed(log, clock, range(3))
    log.append(record(3, clock.now(), contract=replace(EJP, subscribed_power=6000)))
    feed(log, clock, range(4, 6))
    log.close()
    one = next(records(tmp_path, clock.now(), ALWAYS[1]))
    assert one.contract.subscribed_power == 9000
    assert one.contract.meter not in (None, EJP.meter)
    assert one.contract.phases == 1


def test_all_four_kinds_of_file_are_read(tmp_path):
    def at(day: int) -> datetime:
        return datetime(2026, 2, day, 12, tzinfo=UTC)

    (tmp_path / "2026_02_10_LinkyAcq.pl.log").write_bytes(forerunner_line(at(10), 10))
    (tmp_path / "2026_02_11_LinkyAcq.pl.log.gz").write_bytes(gzip.compress(forerunner_line(at(11), 11)))
    (tmp_path / "2026_02_12_linkymonitor.log").write_bytes(data_line(at(12), 12))
    (tmp_path / "2026_02_13_linkymonitor.log.gz").write_bytes(gzip.compress(data_line(at(13), 13)))
    (tmp_path / "2026_13_45_linkymonitor.log").write_bytes(data_line(at(13), 99))
    (tmp_path / "linkymonitor.log").write_bytes(data_line(at(13), 99))
    assert read(tmp_path) == [10, 11, 12, 13]
    assert [day.day for day in days(tmp_path)] == [10, 11, 12, 13]


def test_of_a_day_both_plain_and_compressed_the_plain_file_is_read(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(data_line(START, 1) + data_line(START + timedelta(seconds=9), 2))
    path.with_suffix(".log.gz").write_bytes(gzip.compress(data_line(START, 1)))
    assert read(tmp_path) == [1, 2]


def test_ours_is_believed_over_the_forerunners_from_its_first_record_to_its_last(tmp_path):
    times = [START + timedelta(seconds=10 * n) for n in range(10)]
    file_of(tmp_path, TODAY).write_bytes(b"".join(data_line(times[n], 100 + n) for n in (3, 4, 6)))
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        b"".join(forerunner_line(time, n) for n, time in enumerate(times))
    )
    assert read(tmp_path) == [0, 1, 2, 103, 104, 106, 7, 8, 9]


def test_the_forerunners_first_record_of_a_day_is_in_the_file_of_the_day_before(tmp_path):
    """It changes file after the first line of a day."""
    midnight = datetime(2026, 2, 21, tzinfo=UTC)
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        forerunner_line(midnight - timedelta(seconds=5), 1)
        + forerunner_line(midnight + timedelta(seconds=7), 2)
    )
    (tmp_path / "2026_02_21_LinkyAcq.pl.log").write_bytes(
        forerunner_line(midnight + timedelta(seconds=19), 3)
    )
    assert read(tmp_path) == [1, 2, 3]
    assert read(tmp_path, midnight, midnight + timedelta(hours=1)) == [2, 3]


FIELDS = ["Periode=HN..", "IndexHN=000000007", "IndexHPM=000080072", "PuissConsommee=00410", "IConsommee=002"]


@pytest.mark.parametrize(
    ("fields", "end", "power"),
    [
        pytest.param(FIELDS, "\r\n", 410, id="crlf"),
        pytest.param(FIELDS[::-1], "\n", 410, id="another-order"),
        pytest.param(FIELDS[:4], "\n", 410, id="no-current"),
        pytest.param([*FIELDS[:3], FIELDS[4]], "\n", None, id="no-power"),
        pytest.param([*FIELDS[:2], *FIELDS[3:]], "\r\n", 410, id="no-peak-index"),
        pytest.param(FIELDS[1:], "\n", 410, id="no-period"),
    ],
)
def test_a_file_of_the_forerunner_is_read_by_the_names_of_its_fields(tmp_path, fields, end, power):
    lines = [f"{START + timedelta(seconds=12 * n):{STAMP}}\tDATA\t{', '.join(fields)}{end}" for n in range(3)]
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes("".join(lines).encode())
    statistics = Statistics()
    found = list(records(tmp_path, *ALWAYS, statistics=statistics))
    assert [one.indexes["HN"] for one in found] == [7, 7, 7]
    assert {one.apparent_power for one in found} == {power}
    assert (statistics.refused, statistics.torn) == (0, 0)


def test_a_field_of_the_forerunner_that_is_torn_or_of_two_that_are_missing_is_refused(tmp_path):
    lines = [FIELDS[:3], [*FIELDS[:4], "IConsommee=02"], [*FIELDS[:4], "IConsommee=00\r2"], FIELDS]
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        "".join(f"{START:{STAMP}}\tDATA\t{', '.join(fields)}\r\n" for fields in lines).encode()
    )
    statistics = Statistics()
    assert len(list(records(tmp_path, *ALWAYS, statistics=statistics))) == 1
    assert statistics.refused == 3


def test_lines_of_ours_may_end_in_crlf_and_miss_no_field(tmp_path):
    path = file_of(tmp_path, TODAY)
    one = data_line(START, 1)
    path.write_bytes(one[:-1] + b"\r\n" + one.partition(b", Demain")[0] + b"\r\n")
    statistics = Statistics()
    assert read(tmp_path, statistics=statistics) == [1]
    assert statistics.refused == 1


@pytest.mark.parametrize("power", ["9" * 30, "9" * 400, "9" * 4000, "0009000", "-1", "9e3"])
def test_a_contract_whose_power_is_damaged_is_refused_and_counted(tmp_path, power):
    path = file_of(tmp_path, TODAY)
    path.write_text(
        f"{START:{STAMP}}\tINFO\tContrat: mode=historique, option=EJP, puissance={power}, phases=1, producteur=, "
        "compteur=00\n" + data_line(START, 1).decode()
    )
    statistics = Statistics()
    (found,) = records(tmp_path, *ALWAYS, statistics=statistics)
    assert found.contract.subscribed_power is None
    assert statistics.refused == 1


def test_the_last_record_before_and_the_first_after_are_found_however_far_away(tmp_path):
    early, late = START - timedelta(days=40), START + timedelta(days=300)
    file_of(tmp_path, early.date()).write_bytes(
        data_line(early, 1) + b"2026/01/11 99:99:99\tDATA\tnonsense\n"
    )
    file_of(tmp_path, late.date()).write_bytes(
        b"\0\n" + data_line(late, 2) + data_line(late + timedelta(seconds=1), 3)
    )
    file_of(tmp_path, START.date() - timedelta(days=1)).write_bytes(b"")
    assert last_before(tmp_path, START).indexes["HN"] == 1
    assert first_after(tmp_path, START, ALWAYS[1]).indexes["HN"] == 2
    assert first_after(tmp_path, START, START + timedelta(days=9)) is None
    assert last_before(tmp_path, early - timedelta(seconds=1)) is None


def test_what_is_not_believed_is_counted(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(
        data_line(START, 1)
        + b"garbage\n"
        + data_line(START - timedelta(days=1), 2)
        + b"2026/02/20 19:11:00\tINFO\tbonjour\n"
        + data_line(START + timedelta(minutes=2), 3)[:-1]
    )
    for count in (
        lambda found: read(tmp_path, statistics=found),
        lambda found: list(entries(path, statistics=found)),
    ):
        statistics = Statistics()
        count(statistics)
        assert statistics == Statistics(records=1, notes=1, refused=2, torn=1)


def test_a_torn_gzip_gives_what_it_holds(tmp_path):
    whole = b"".join(data_line(START + timedelta(seconds=n), n * 7919 % 99991) for n in range(2000))
    file_of(tmp_path, TODAY).with_suffix(".log.gz").write_bytes(gzip.compress(whole)[:4000])
    statistics = Statistics()
    found = read(tmp_path, statistics=statistics)
    assert found == [n * 7919 % 99991 for n in range(len(found))]
    assert len(found) > 50
    assert len(statistics.damaged) == 1


def test_a_folder_that_is_not_there_has_no_records(tmp_path):
    assert read(tmp_path / "nowhere") == []
    assert days(tmp_path / "nowhere") == []


def test_a_huge_foreign_file_is_read_in_little_memory(tmp_path):
    """Two hundred megabytes of nothing: a sparse file."""
    import resource

    path = file_of(tmp_path, TODAY)
    with path.open("wb") as file:
        file.truncate(200_000_000)
        file.seek(200_000_000)
        file.write(
            data_line(START, 1) + b"x" * 3_000_000 + b"\n" + data_line(START + timedelta(seconds=9), 2)
        )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    statistics = Statistics()
    assert read(tmp_path, statistics=statistics) == [1, 2]
    assert statistics.refused == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8000


def test_a_file_compressed_while_it_is_read_is_read_once(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(b"".join(data_line(START + timedelta(seconds=n), n) for n in range(2000)))
    stream = records(tmp_path, *ALWAYS)
    found = [next(stream).indexes["HN"]]
    for _ in Storage().compress_steps(path):
        pass
    found += [one.indexes["HN"] for one in stream]
    assert found == list(range(2000))


class Vanishing(Storage):
    """A storage under which a file is compressed after its name was read."""

    def blocks(self, path, damaged=None) -> Iterator[bytes]:
        if path.suffix == ".log" and path.exists():
            for _ in self.compress_steps(path):
                pass
        return super().blocks(path, damaged)


def test_a_file_compressed_before_it_is_read_is_read(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(data_line(START, 1))
    assert read(tmp_path, storage=Vanishing()) == [1]


# Every offset (in short, every fourth), every tail, every way to go on

STALE = (
    b'{"schema": 1, "taken_at": "2019-03-04T10:00:00Z"}\n'
    b"2019/03/04 10:00:00\tDATA\tPeriode=HN.., IndexHN=000000666, IndexHPM=000000000, PuissConsommee=00666, "
    b"IConsommee=006\n2019/03/04 10:00:1"
)
TAILS = [
    pytest.param(b"", id="nothing"),
    pytest.param(bytes(1), id="1 NUL"),
    pytest.param(bytes(37), id="37 NUL"),
    pytest.param(bytes(4095), id="4095 NUL"),
    pytest.param(b"\xff" * 16, id="FF"),
    pytest.param(STALE, id="stale"),
]


@pytest.mark.campaign
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("going_on", ["as is", "after a line end", "healed"])
@pytest.mark.parametrize("maker", [data_line, forerunner_line])
def test_wherever_a_log_is_cut_no_wrong_value_is_read(tail, going_on, maker):
    path = file_of(LOG, TODAY)
    contract = b"2026/02/20 19:09:00\tINFO\tContrat: mode=historique, option=EJP, puissance=9000, phases=1, "
    lines = [contract + b"producteur=, compteur=\n"]
    lines += [maker(START + timedelta(seconds=12 * n), 1000 + 37 * n) for n in range(5)]
    after = [maker(START + timedelta(minutes=5, seconds=12 * n), 2000 + n) for n in range(2)]
    truth = {START + timedelta(seconds=12 * n): 1000 + 37 * n for n in range(5)}
    truth |= {START + timedelta(minutes=5, seconds=12 * n): 2000 + n for n in range(2)}
    whole = b"".join(lines)
    step = extent(4, 1)
    for offset in range(len(tail) % step, len(whole) + 1, step):
        disk = CrashDisk({str(path): whole[:offset] + tail})
        with Storage(disk).append_to(path) as file:
            if going_on == "healed":
                file.heal()
            file.append((b"\n" if going_on == "after a line end" else b"") + b"".join(after))
        found = {}
        for one in records(LOG, *ALWAYS, storage=Storage(disk)):
            found[one.ended_at] = one.indexes["HN"]
            assert one.indexes["PM"] == 80072
            assert one.apparent_power in (410, one.indexes["HN"] % 9000)
        assert found.items() <= truth.items(), f"wrong at {offset}"
        complete = max(whole[:offset].count(b"\n") - 1, 0)
        assert len(found) >= complete + (1 if going_on == "as is" else 2)


# A life, a power cut, another life


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_whatever_a_cut_leaves_nothing_acknowledged_is_lost_and_nothing_wrong_is_read():
    cuts = 0
    for seed in range(STATES):
        cuts += live_and_die(random.Random(seed))
    tally("power cuts, model of a card", STATES, note=f"{cuts} lives were cut short")
    assert cuts > STATES * 0.8


def live_and_die(chance: random.Random) -> bool:
    """Write through a power cut and check what is there after it; return whether it came."""
    clock = WireClock(chance.choice([START, START.replace(hour=23, minute=58)]))
    old = old_files(chance.choice([0, 0, 5]))
    old.pop(str(file_of(LOG, TODAY)), None)
    trouble = chance.choice([None, None, None, errno.EIO, errno.ENOSPC, "short"])
    cut = cut_at(chance.randint(3, 60))
    failing = range(start := chance.randint(1, 60), start + chance.choice([1, 2, 10]))

    def fault(number: int, name: str) -> int | str | None:
        cut(number, name)
        return trouble if number in failing else None

    disk = CrashDisk(old, fault)
    appended = acknowledged = 0
    died = False
    try:
        log = log_on(disk, clock)
        for number in range(1000, 1060):
            clock.advance(chance.choice([1.0, 11.7, 11.7, 11.7, 61.0]))
            appended += 1
            log.append(record(number, clock.now(), tariff_period=chance.choice(["HN.."] * 9 + ["PM.."])))
            if chance.random() < 0.1:
                log.note(chance.choice(["INFO", "WARN"]), "note")
            if log.pending == 0:
                acknowledged = appended
            log.tick(clock.monotonic())
            if log.pending == 0:
                acknowledged = appended
        log.close()
    except PowerCut:
        died = True
    disk.fault = lambda number, name: None
    state = disk.crash(chance) if died else disk.content()

    again = CrashDisk(state)
    clock.advance(chance.choice([30, 3600, 400_000]))
    log = log_on(again, clock)
    feed(log, clock, range(2000, 2010))
    for _ in range(30):  # chores
        clock.advance(0.2)
        log.tick(clock.monotonic())
    log.close()
    statistics = Statistics()
    found = numbers_in(again, statistics)
    of_old, first, second = (
        [number for number in found if low <= number < low + 1000] for low in (0, 1000, 2000)
    )
    assert of_old == sorted(range(1, len(old) + 1), reverse=True)
    assert first == list(range(1000, 1000 + len(first)))
    assert acknowledged <= len(first) <= appended
    assert second == list(range(2000, 2010))
    assert found == of_old + first + second
    assert (statistics.refused, statistics.torn, statistics.damaged) == (0, 0, [])
    return died


# What one bad file may cost


def test_a_file_that_cannot_be_opened_does_not_keep_other_days_from_being_written(tmp_path):
    """A link, or the file of another user: one `sudo` is enough."""
    file_of(tmp_path, date(2099, 1, 1)).symlink_to(tmp_path / "elsewhere")
    clock = WireClock(START)
    log = DailyLog(Storage(), LogSettings(dir=tmp_path, sync_every=timedelta(0)), clock, salt="salt")
    feed(log, clock, range(5))
    log.close()
    assert len(list(entries(file_of(tmp_path, TODAY)))) >= 5


def test_what_cannot_be_written_is_named(tmp_path):
    file_of(tmp_path, TODAY).symlink_to(tmp_path / "elsewhere")
    clock, told = WireClock(START), []
    log = DailyLog(
        Storage(),
        LogSettings(dir=tmp_path, sync_every=timedelta(0)),
        clock,
        on_event=lambda *event: told.append(event),
    )
    feed(log, clock, range(5))
    (refused,) = told
    assert refused[0] == "WARN"
    assert f"({file_of(tmp_path, TODAY).name} : liens symboliques en boucle)" in refused[1].fr
    file_of(tmp_path, TODAY).unlink()
    clock.advance(60)
    log.tick(clock.monotonic())
    log.close()
    assert sum(entry.record is not None for entry in entries(file_of(tmp_path, TODAY))) == 5


def test_one_bad_old_day_does_not_keep_the_others_from_being_compressed(tmp_path):
    days_ago = [TODAY - timedelta(days=back) for back in range(20, 10, -1)]
    for day in days_ago:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        file_of(tmp_path, day).write_bytes(data_line(at, 1))
    file_of(tmp_path, days_ago[0]).unlink()
    file_of(tmp_path, days_ago[0]).mkdir()
    clock = WireClock(START)
    log = DailyLog(
        Storage(),
        LogSettings(dir=tmp_path, sync_every=timedelta(0), compress_after=timedelta(days=5)),
        clock,
    )
    feed(log, clock, range(2))
    for _ in range(4000):
        clock.advance(5)
        log.tick(clock.monotonic())
    log.close()
    assert len(list(tmp_path.glob("*.log.gz"))) == len(days_ago) - 1


def test_a_full_disk_makes_room_by_what_is_past_retention():
    old = {
        str(file_of(LOG, TODAY - timedelta(days=back))): data_line(START - timedelta(days=back), back)
        for back in range(12, 5, -1)
    }
    full = True
    disk = CrashDisk(old)

    def fault(number, name):
        if full and name == "write" and len(disk.names(str(LOG))) > 3:
            return errno.ENOSPC
        return None

    disk.fault = fault
    clock = WireClock(START)
    log = DailyLog(
        Storage(disk),
        LogSettings(dir=LOG, sync_every=timedelta(seconds=1), retention=timedelta(days=5)),
        clock,
    )
    feed(log, clock, range(5))
    for _ in range(100):
        clock.advance(10)
        log.tick(clock.monotonic())
    assert numbers_in(disk, Statistics()) == list(range(5))


def test_a_log_begun_again_on_its_day_says_its_contract_too(tmp_path):
    clock = WireClock(START)
    log = DailyLog(Storage(), LogSettings(dir=tmp_path, sync_every=timedelta(0)), clock, salt="salt")
    log.contract(EJP)
    feed(log, clock, range(3))
    file_of(tmp_path, TODAY).unlink()
    feed(log, clock, range(3, 6))
    log.close()
    lines = file_of(tmp_path, TODAY).read_text().splitlines()
    assert "Contrat: " in lines[0]
    assert sum("\tDATA\t" in line for line in lines) == 3


def test_a_folder_that_was_removed_is_made_again(tmp_path):
    folder = tmp_path / "log"
    clock = WireClock(START)
    log = DailyLog(Storage(), LogSettings(dir=folder, sync_every=timedelta(0)), clock)
    feed(log, clock, range(3))
    file_of(folder, TODAY).unlink()
    folder.rmdir()
    feed(log, clock, range(3, 6))
    clock.advance(60)
    log.tick(clock.monotonic())
    log.close()
    assert sum(entry.record is not None for entry in entries(file_of(folder, TODAY))) == 3


def test_a_line_said_while_lines_are_written_is_written_once(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(b"2026/02/20 19:00:00\tINFO\tcut")
    clock = WireClock(START)
    log = DailyLog(Storage(), LogSettings(dir=tmp_path, sync_every=timedelta(0)), clock)
    feed(log, clock, range(3))
    log.close()
    lines = file_of(tmp_path, TODAY).read_text().splitlines()
    assert len(lines) == len(set(lines))
    assert sum("\tDATA\t" in line for line in lines) == 3
