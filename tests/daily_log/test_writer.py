"""The log keeps all acknowledged lines through faults of the card, the power or the clock."""

from __future__ import annotations

import errno
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.daily_log.files import Statistics, entries, file_of, records
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import RING, DailyLog
from linkymonitor.model.terms import Ejp
from linkymonitor.system.clock import LONGEST_DOUBT, WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk, fail_at
from tests.support.logs import (
    ALWAYS,
    EJP,
    LOG,
    START,
    TODAY,
    data_line,
    days,
    feed,
    log_on,
    numbers_in,
    record,
    text_of,
)


class UntrustedClock(WireClock):
    """A clock that is wrong until a test sets it right; a time service may vouch for it."""

    right = False
    vouched = True

    def trusted(self, not_before: datetime) -> bool:
        return self.right and self.now() >= not_before

    def synchronized(self, since: datetime | None) -> bool:
        return self.vouched

    def patience(self) -> float:
        return LONGEST_DOUBT


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
    other = EJP._replace(subscribed_power=6000)
    clock.advance(12)
    log.append(record(4, clock.now(), contract=other))
    log.append(record(5, clock.now(), contract=other._replace(registers=("HN", "PM", "F03"))))
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
    assert [logged.ended_at for logged in read] == [midnight]


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
        log.contract(EJP._replace(subscribed_power=6000))
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
    stamps = [logged.ended_at for logged in records(LOG, *ALWAYS, storage=Storage(disk))]
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
    assert [logged.indexes["HN"] for logged in records(tmp_path, *ALWAYS)] == [2]


def test_a_whole_day_stays_within_two_megabytes_and_a_fifth(disk):
    """It was two megabytes before a line had the state of the peak and the overload."""
    clock = WireClock(START.replace(hour=0, minute=0))
    log = log_on(disk, clock)
    for number in range(7363):
        clock.advance(86390 / 7363)
        log.append(record(number, clock.now(), ejp=Ejp.NORMAL, overload=False))
        log.tick(clock.monotonic())
    log.close()
    assert len(text_of(disk)) < 2_200_000


def test_the_newest_file_is_healed_at_the_start_whatever_its_day(disk, clock):
    log = log_on(disk, clock)
    feed(log, clock, range(3))
    log.close()
    whole = disk.content()
    path = str(file_of(LOG, TODAY))
    torn = CrashDisk({path: whole[path] + b"2026/02/20 19:1" + bytes(99)})
    later = WireClock(START + timedelta(days=1))
    notes = []
    log = log_on(torn, later, on_event=lambda status, text: notes.append((status, str(text))))
    assert torn.content()[path] == whole[path]
    log.close()
    assert notes == [("INFO", f"Journal : 114 octets d'une ligne coupée retirés de {Path(path).name}")]
    assert notes[0][1] in text_of(torn, date(2026, 2, 21))


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


def test_lines_wait_for_the_card_and_are_written_in_order(disk, clock):
    statuses = []
    log = log_on(disk, clock, on_event=lambda status, text: statuses.append(status))
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
    assert statuses == ["WARN", "WARN"], "one when it begins, one when it ends"
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
    # The warning about the start is one of these lines.
    assert f"lignes perdues : {read[0] + 1}" in text_of(disk) + text_of(disk, date(2026, 2, 21))
    assert "Contrat" in text_of(disk).splitlines()[0]


def test_what_a_card_refuses_until_the_end_is_told_as_lost(disk, clock):
    events = []
    log = log_on(disk, clock, on_event=lambda *event: events.append(event))
    disk.fault = lambda number, name: errno.EROFS if name == "open" else None
    feed(log, clock, range(RING + 100))
    log.close()
    assert [status for status, _ in events] == ["WARN", "WARN"]
    # The records, and the note of the refusal.
    assert f"sont perdues : {RING + 101} ; vérifiez la carte" in events[-1][1].fr
    assert f"are lost: {RING + 101}; check the card" in events[-1][1].en


def test_a_card_that_takes_all_lines_at_the_end_loses_none(disk, clock):
    events = []
    log = log_on(disk, clock, on_event=lambda *event: events.append(event))
    disk.fault = lambda number, name: errno.EROFS if name == "open" else None
    feed(log, clock, range(5))
    disk.fault = lambda number, name: None
    log.close()
    assert log.pending == 0
    assert not any("sont perdues" in text.fr for _, text in events)


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
    assert [logged.indexes["HN"] for logged in read] == list(range(5))
    assert [START - logged.ended_at for logged in read] == [
        timedelta(seconds=3 + 12 * n) for n in (4, 3, 2, 1, 0)
    ]
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
    assert [logged.indexes["HN"] for logged in now] == list(range(10, 70))


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
    stamps = [logged.ended_at for logged in records(LOG, *ALWAYS, storage=Storage(disk))]
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


def test_a_file_that_cannot_be_opened_does_not_keep_other_days_from_being_written(tmp_path):
    """A link, or the file of another user, which one `sudo` may make."""
    file_of(tmp_path, date(2099, 1, 1)).symlink_to(tmp_path / "elsewhere")
    clock = WireClock(START)
    log = DailyLog(Storage(), LogSettings(dir=tmp_path, sync_every=timedelta(0)), clock, salt="salt")
    feed(log, clock, range(5))
    log.close()
    assert len(list(entries(file_of(tmp_path, TODAY)))) >= 5


def test_what_cannot_be_written_is_named(tmp_path):
    file_of(tmp_path, TODAY).symlink_to(tmp_path / "elsewhere")
    clock, events = WireClock(START), []
    log = DailyLog(
        Storage(),
        LogSettings(dir=tmp_path, sync_every=timedelta(0)),
        clock,
        on_event=lambda *event: events.append(event),
    )
    feed(log, clock, range(5))
    (refused,) = events
    assert refused[0] == "WARN"
    assert f"({file_of(tmp_path, TODAY).name} : liens symboliques en boucle)" in refused[1].fr
    file_of(tmp_path, TODAY).unlink()
    clock.advance(60)
    log.tick(clock.monotonic())
    log.close()
    assert sum(entry.record is not None for entry in entries(file_of(tmp_path, TODAY))) == 5


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
