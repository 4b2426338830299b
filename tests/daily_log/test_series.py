"""No two records of one meter have the same series and stamp, whatever the clock did."""

from __future__ import annotations

import errno
import re
from datetime import timedelta

import pytest

from linkymonitor.daily_log.files import file_of, files
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk
from tests.support.wrong_clocks import BACKWARDS, LOG, TRUTH, Life, Machine, obeyed, record


@pytest.mark.parametrize(("by", "marks"), [(30, 0), (59, 0), (90, 1), (86400, 0)])
def test_a_step_back_leaves_no_stamp_that_decreases_within_a_series(by, marks):
    """A day back is another file."""
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.stray(timedelta(seconds=by))
    life.machine.wait = 0.0
    log = life.start()
    life.feed(log, 10)
    log.flush()
    life.machine.serve()
    life.feed(log, 30)
    log.close()
    last = None
    for begins, at, number in life.lines():
        assert begins or last is None or at >= last
        last = at if number is not None or begins else last
    assert sum(begins for begins, _, _ in life.lines()) - len(life.disk.content()) == marks
    assert (BACKWARDS in life.text()) is (by > 60)
    assert sorted(life.stamps()) == list(range(40))
    assert abs(life.errors()[-1]) <= 1.0


def test_a_record_knows_how_often_the_time_had_gone_back_before_it():
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.serve()
    log = life.start()
    for number, by in enumerate([0, -5, -9, -10, 30, -1]):
        obeyed(log, life, timedelta(minutes=by))
        life.feed(log, 9)
        log.flush()
        assert life.told() == [[], [1], [1, 2], [1, 2], [1, 2], [1, 2, 3]][number]
    log.close()
    assert list(life.series().values()) == [0] * 10 + [1] * 10 + [2] * 30 + [3] * 10
    lines = life.text().splitlines()
    for number, line in enumerate(lines):
        assert ("Serie:" in line) == (BACKWARDS in lines[number - 1]), "beside the sentence for people"


def test_the_series_outlives_a_stop_a_midnight_and_a_rest_of_weeks():
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.serve()
    log = life.start()
    life.feed(log, 5)
    log.flush()
    obeyed(log, life, -timedelta(minutes=5))
    log.close()
    log = life.start()
    life.feed(log, 5)
    life.machine.advance(13 * 3600.0)
    life.feed(log, 5)
    life.machine.advance(4 * 86400.0)
    for _ in range(100):  # old files are compressed
        life.machine.advance(60.0)
        log.tick(life.machine.monotonic())
    log.close()
    assert sum(file.compressed for file in files(LOG, Storage(life.disk))) == 1
    life.machine.advance(20 * 86400.0)
    log = life.start()
    life.feed(log, 5)
    log.close()
    assert list(life.series().values()) == [0] * 5 + [1] * 16
    assert life.told() == [1] * 4, "at the step, at the start, at each head of a file"


@pytest.mark.parametrize("lives", [1, 2, 3])
def test_a_clock_set_back_over_a_midnight_twice_leaves_no_two_records_alike(lives):
    """The same half hour, on both sides of a midnight, is written three times into the same two files."""
    night = TRUTH.replace(hour=23, minute=50)
    life = Life(Machine(night))
    life.machine.serve()
    log = life.start()
    by = timedelta(0)
    for number in range(3):
        obeyed(log, life, by)
        life.feed(log, 100)
        log.flush()
        by -= timedelta(seconds=101 * 12)
        if lives > number + 1:
            log.close()
            log = life.start()
    log.close()
    assert [file.day for file in files(LOG, Storage(life.disk))] == [
        night.date(),
        night.date() + timedelta(days=1),
    ]
    series = life.series()
    assert list(series.values()) == [0] * 101 + [1] * 101 + [2] * 101
    later = life.disk.content()[str(file_of(LOG, night.date() + timedelta(days=1)))].decode()
    assert re.findall(r"Serie: (\d)", later) == ["1", "2"], "said again where the later day is reached again"


def test_old_days_that_are_written_to_again_are_asked_for_their_series():
    """A clock ten days back, whose days the newest files know nothing of, and the same again after a stop."""
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.serve()
    log = life.start()
    for _ in range(6):
        life.feed(log, 1)
        life.machine.advance(86400.0)
    log.flush()
    start, ago = life.machine.truth, timedelta(days=-20)

    def write_at(day: int, minutes: int) -> None:
        """Have the clock show *minutes* after noon of one of two days long ago, and write some records."""
        obeyed(log, life, ago + timedelta(days=day, minutes=minutes) + (start - life.machine.truth))
        life.feed(log, 9)
        log.flush()

    for day, minutes in [(1, 0), (2, 30), (2, 0), (2, 15)]:
        write_at(day, minutes)
    write_at(2, 0)
    log.close()
    log = life.start()
    for day, minutes in [(1, 0), (2, 0)]:
        write_at(day, minutes)
    log.close()
    assert list(life.series().values()) == [0] * 6 + [1] * 20 + [2] * 20 + [3] * 10 + [2] * 10 + [4] * 10


def test_a_cut_between_any_two_bytes_of_a_step_back_leaves_no_two_records_alike():
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.serve()
    log = life.start(sync_every=timedelta(seconds=3600))
    life.feed(log, 3)
    log.flush()
    before = life.text()
    obeyed(log, life, -timedelta(minutes=5))
    life.feed(log, 2)
    log.close()
    path, whole = str(file_of(LOG, TRUTH.date())), life.text().encode()
    for end in range(len(before), len(whole) + 1):
        after = Life(Machine(), CrashDisk({path: whole[:end]}))
        after.machine.show(life.machine.now() + timedelta(seconds=30))
        after.machine.vouched = True
        again = after.start()
        for number in range(10, 13):
            after.machine.advance(12.0)
            again.append(record(number, after.machine.now()))
        again.close()
        series = after.series()
        assert set(series) >= {0, 1, 2, 10, 11, 12}
        assert 1 <= series[10] == series[12] <= after.text().count(BACKWARDS)


def test_a_step_back_that_a_card_refuses_is_counted_once():
    life = Life(Machine(TRUTH.replace(hour=12)))
    life.machine.serve()
    log = life.start()
    life.feed(log, 5)
    log.flush()
    life.disk.fault = lambda number, name: errno.EIO if name in ("write", "sync") else None
    obeyed(log, life, -timedelta(minutes=5))
    life.feed(log, 20)
    assert log.refused
    life.disk.fault = lambda number, name: None
    life.feed(log, 5)
    log.close()
    assert list(life.series().values()) == [0] * 5 + [1] * 26
    assert life.told() == [1]


def test_a_file_without_such_a_line_is_the_first_series():
    life = Life(Machine())
    life.machine.serve()
    log = life.start()
    life.feed(log, 3)
    log.close()
    assert "Serie" not in life.text()
    assert list(life.series().values()) == [0, 0, 0]


@pytest.mark.parametrize("said", ["Serie: ", "Serie: x", "Serie: -1", "Serie: 1234567890", "Serie: ١"])
def test_what_is_no_number_of_a_series_changes_none(said):
    reader = LineReader()
    for text, expected in (("Serie: 3", 3), (said, 3), ("Serie: 4", 4)):
        assert reader.parse(f"2026/02/20 19:10:22\tINFO\t{text}".encode()).text == text
        line = f"2026/02/20 19:10:22\tDATA\t{format_record(record(1, TRUTH))}"
        assert reader.parse(line.encode()).record.series == expected
