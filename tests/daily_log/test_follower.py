"""A place in the log is kept, and found again whatever happens to the files."""

from __future__ import annotations

import gzip
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.daily_log.segments import Segments
from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage
from tests.support.logs import START, data_line, forerunner_line
from tests.support.queue import Box


@pytest.fixture(params=["one reader", "another reader each time"])
def box(request, tmp_path) -> Box:
    """A box whose log is read by one process, or each time by another one that knows the place alone."""
    box = Box(tmp_path)
    if request.param != "one reader":
        follow = box.follow

        def follow_anew(most: int = 7) -> list[int]:
            box.reopen()
            return follow(most)

        box.follow = follow_anew
    return box


def compress(path):
    """Compress *path* as `acquire` does."""
    for _ in Storage().compress_steps(path):
        pass


def test_every_record_is_read_once_and_in_order_over_midnights(box):
    for day in range(4):
        box.write(range(day * 20, day * 20 + 20), every=5000)
        box.follow()
    assert box.read == list(range(80))
    assert len(box.files()) > 3


def test_a_new_reader_begins_at_the_end(box):
    box.write(range(10))
    box.place = Follower(box.folder).newest()
    box.write(range(10, 15))
    assert box.follow() == list(range(10, 15))


def test_a_reader_that_begins_before_there_is_a_log_misses_nothing(box):
    box.place = Follower(box.folder).newest()
    assert box.place == Place()
    assert box.follow() == []
    box.write(range(3))
    assert box.follow() == [0, 1, 2]


def test_a_reader_that_begins_in_a_log_of_notes_alone_finds_its_place_again(box):
    box.log.note("INFO", "Bonjour")
    box.log.flush()
    box.place = Follower(box.folder).newest()
    box.files()[0].unlink()
    box.restart()
    box.write(range(3))
    assert box.follow() == [0, 1, 2]


def test_a_day_can_be_read_from_its_beginning(box):
    box.write(range(40), every=5000)
    third = START + timedelta(seconds=5000 * 10)
    box.place = Follower(box.folder).since(third)
    assert box.follow() == list(range(9, 40))


def test_a_torn_line_waits_until_it_is_whole(box):
    box.write(range(3))
    (path,) = box.files()
    whole = data_line(box.clock.now() + timedelta(seconds=12), 3)
    with path.open("ab") as file:
        file.write(whole[:40])
        file.flush()
        assert box.follow() == [0, 1, 2]
        assert box.follow() == []
        file.write(whole[40:])
    assert box.follow() == [3]


def test_a_torn_line_that_is_healed_at_the_next_start_costs_no_line(box):
    box.write(range(3))
    box.follow()
    (path,) = box.files()
    box.log.close()
    with path.open("ab") as file:
        file.write(data_line(box.clock.now(), 99)[:50])
    assert box.follow() == []
    box.clock.advance(60)
    box.restart()
    box.write(range(3, 6))
    assert box.follow() == [3, 4, 5]


def test_lines_that_a_power_cut_took_away_after_they_were_read_do_not_confuse(box):
    box.write(range(10))
    before = box.files()[0].stat().st_size
    box.write(range(10, 13))
    box.follow()
    with box.files()[0].open("r+b") as file:
        file.truncate(before)
    box.clock.advance(60)
    box.restart()
    box.write(range(20, 26))
    assert box.follow() == list(range(20, 26))


def test_a_run_of_nul_bytes_after_a_power_cut_costs_no_line(box):
    box.write(range(5))
    box.follow()
    with box.files()[0].open("ab") as file:
        file.write(b"\0" * 3000)
    box.clock.advance(60)
    box.restart()
    box.write(range(5, 9))
    assert box.follow() == [5, 6, 7, 8]


def test_a_file_that_is_compressed_while_it_is_read_is_read_on(box):
    box.write(range(30), every=2000)
    piece = box.follower.after(box.place, 7)
    box.place = piece.end
    begun = sum(len(item) for item in piece.content if hasattr(item, "ended_at"))
    for path in box.files()[:-1]:
        compress(path)
    assert box.follow() == list(range(begun, 30))
    box.write(range(30, 33))
    assert box.follow() == [30, 31, 32]


def test_a_compressed_file_to_which_lines_are_added_is_read_on(box):
    box.write(range(5))
    box.follow()
    box.log.close()
    compress(box.files()[0])
    assert box.follow() == []
    box.clock.advance(60)
    box.restart()
    box.write(range(5, 8))
    assert box.follow() == [5, 6, 7]


def test_a_damaged_archive_costs_its_damaged_end_alone(box):
    box.write(range(30), every=4000)
    first = box.files()[0]
    compress(first)
    packed = first.with_name(first.name + ".gz")
    content = gzip.decompress(packed.read_bytes())
    packed.write_bytes(gzip.compress(content)[:-30])
    read = box.follow()
    assert read == sorted(read)
    assert read[-20:] == list(range(10, 30))


def test_a_file_that_is_removed_costs_what_was_not_read_of_it(box):
    box.write(range(10))
    box.follow()
    box.write(range(10, 30), every=5000)
    box.files()[0].unlink()
    left = box.follow()
    assert left == sorted(left)
    assert left[-1] == 29
    box.write(range(30, 33))
    assert box.follow() == [30, 31, 32]


def test_a_log_that_is_removed_whole_begins_anew(box):
    box.write(range(10))
    box.follow()
    box.log.close()
    for path in box.files():
        path.unlink()
    assert box.follow() == []
    box.clock.advance(60)
    box.restart()
    box.write(range(10, 14))
    assert box.follow() == [10, 11, 12, 13]


def test_a_backup_that_is_restored_is_not_read_again(box, tmp_path_factory):
    backup = tmp_path_factory.mktemp("backup") / "log"
    box.write(range(20), every=5000)
    box.log.close()
    shutil.copytree(box.folder, backup)
    box.restart()
    box.write(range(20, 40), every=5000)
    box.follow()
    box.log.close()
    for path in box.files():
        path.unlink()
    shutil.copytree(backup, box.folder, dirs_exist_ok=True)
    assert box.follow() == []
    box.clock.advance(600)
    box.restart()
    box.write(range(40, 50), every=5000)
    assert box.follow() == list(range(40, 50))


def test_another_log_in_its_place_is_read_from_the_stamp_on(box, tmp_path_factory):
    """As when the card was changed: lines of the same day at other offsets."""
    box.write(range(20))
    box.follow()
    box.log.close()
    (path,) = box.files()
    path.write_bytes(b"".join(data_line(START + timedelta(seconds=30 * n), 100 + n) for n in range(20)))
    last = START + timedelta(seconds=20 * 12)
    later = [100 + n for n in range(20) if START + timedelta(seconds=30 * n) > last]
    assert box.follow() == later


def test_a_clock_that_is_set_back_within_the_day_costs_no_record_and_repeats_none(box):
    box.write(range(10))
    box.follow()
    box.clock.set(box.clock.now() - timedelta(hours=1))
    box.write(range(10, 20))
    box.follow()
    box.write(range(20, 400))
    box.follow()
    assert box.read == list(range(400))


@pytest.mark.parametrize("unread", [False, True], ids=["followed", "read afterwards"])
def test_a_clock_that_was_years_ahead_costs_no_record_and_repeats_none(box, unread):
    """The file of today grows on after a file of the future has been written."""
    steps = [
        (None, range(10)),
        (datetime(2031, 5, 3, 12, tzinfo=UTC), range(10, 20)),
        (START + timedelta(hours=1), range(20, 30)),
        (START + timedelta(days=2), range(30, 40)),
    ]
    for at, numbers in steps:
        if at is not None:
            box.clock.set(at)
        box.write(numbers)
        if not unread:
            box.follow()
    box.follow()
    assert box.read == list(range(40))


def test_a_clock_that_is_set_back_over_midnight_twice_costs_no_record(box):
    number = 0
    for hours in (0, 30, 2, 50, 4, 60):
        box.clock.set(START + timedelta(hours=hours))
        box.write(range(number, number + 10))
        number += 10
        if hours != 50:
            box.follow()
    box.follow()
    assert box.read == list(range(number))


def test_the_logs_of_the_forerunner_come_first(box):
    day = START.date() - timedelta(days=1)
    early = datetime.combine(day, datetime.min.time(), UTC)
    (box.folder / f"{day:%Y_%m_%d}_LinkyAcq.pl.log").write_bytes(
        b"".join(forerunner_line(early + timedelta(minutes=n), n) for n in range(10))
    )
    box.write(range(10, 20))
    assert box.follow() == list(range(20))


def test_on_the_day_of_the_change_each_record_of_the_forerunner_before_ours_comes_and_none_after(box):
    box.write(range(10, 20))
    (box.folder / f"{START:%Y_%m_%d}_LinkyAcq.pl.log").write_bytes(
        b"".join(forerunner_line(START + timedelta(seconds=12 * n - 60), n) for n in range(12))
    )
    assert box.follow() == [*range(6), *range(10, 20)]


def test_a_line_without_end_is_passed(box):
    box.write(range(3))
    box.log.close()
    with box.files()[0].open("ab") as file:
        file.write(b"x" * 700_000 + b"\n")
        file.write(data_line(box.clock.now() + timedelta(minutes=1), 3))
    assert box.follow() == [0, 1, 2, 3]


def test_the_lag_is_what_follows_the_place(box):
    box.write(range(30), every=5000)
    piece = box.follower.after(Place(), 7)
    read = sum(len(item) for item in piece.content if hasattr(item, "ended_at"))
    compress(box.files()[0])
    lag = box.follower.lag(piece.end)
    assert (lag.records, lag.counted) == (30 - read, True)
    assert lag.newest == box.clock.now().replace(microsecond=0)


def test_a_folder_that_cannot_be_read_is_an_error_of_the_storage(tmp_path):
    (tmp_path / "log").write_text("a file")
    with pytest.raises(StorageError):
        Follower(tmp_path / "log").after(Place(), 10)


class Midnight(Storage):
    """A storage whose folder gets the file of the next day right after it was listed, once."""

    def __init__(self, folder) -> None:
        super().__init__()
        self._folder = folder
        self._next = "2026_01_02_linkymonitor.log"

    def names(self, directory):
        found = super().names(directory)
        if self._next:
            (self._folder / self._next).write_bytes(data_line(START + timedelta(days=1), 2))
            self._next = ""
        return found


def test_a_file_that_is_made_while_the_folder_is_listed_is_seen_at_the_next_look(tmp_path):
    (tmp_path / "2026_01_01_linkymonitor.log").write_bytes(data_line(START, 1))
    # The folder was last changed long before: the clock of the kernel moves every few milliseconds only.
    os.utime(tmp_path, (0, 0))
    segments = Segments(tmp_path, Midnight(tmp_path))
    assert len(segments.all()) == 1
    assert [segment.name for segment in segments.all()] == [
        "2026_01_01_linkymonitor.log",
        "2026_01_02_linkymonitor.log",
    ]
