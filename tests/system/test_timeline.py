"""Which clock becomes the time of the house, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.writer import RING
from linkymonitor.system.clock import BUILT, LONGEST_DOUBT
from linkymonitor.system.timeline import Timeline
from tests.support.crash_model import CrashDisk
from tests.support.wrong_clocks import BACKWARDS, PAST, TRUTH, YEAR, Life, Machine, record, wind


def test_lines_wait_for_the_time_service_and_are_dated_to_the_second():
    life = Life(Machine())
    life.machine.stray(-timedelta(hours=7))
    log = life.start()
    log.note("INFO", "Démarrage")
    life.feed(log, 20)
    assert life.text() == ""
    life.machine.serve()
    life.feed(log, 1)
    assert len(life.stamps()) >= 20
    log.close()
    assert all(-1.0 <= error <= 0.0 for error in life.errors())


def test_a_clock_that_can_be_right_is_believed_after_ten_minutes():
    life = Life(Machine())
    log = life.start()
    life.feed(log, 49)
    assert life.text() == ""
    life.feed(log, 2)
    assert len(life.stamps()) >= 50
    assert all(-1.0 <= error <= 0.0 for error in life.errors())


def test_where_nobody_will_ever_set_the_clock_nobody_is_waited_for():
    life = Life(Machine())
    life.machine.wait = 0.0
    log = life.start()
    life.feed(log, 1)
    assert len(life.stamps()) == 1


@pytest.mark.parametrize(
    "wrong", [timedelta(0), timedelta(days=-30), timedelta(days=-800), PAST - TRUTH], ids=str
)
def test_the_meter_tells_the_time_where_the_wall_clock_agrees_or_is_plainly_wrong(wrong):
    life = Life(Machine(), date=timedelta(0))
    life.machine.stray(wrong)
    log = life.start()
    life.feed(log, 2)
    assert life.stamps(), "two frames are enough"
    life.feed(log, 400)
    log.close()
    assert len(life.stamps()) == 402
    assert all(-3.0 <= error <= 0.0 for error in life.errors())
    assert "recule" not in life.text()


def test_the_meter_tells_the_time_where_the_wall_clock_is_older_than_the_log():
    life = Life(Machine(), date=timedelta(0))
    life.machine.serve()
    log = life.start()
    life.feed(log, 1)
    log.close()
    life.machine.advance(3 * 3600.0)
    life.machine.stray(-timedelta(hours=3, minutes=20))
    log = life.start()
    life.feed(log, 100)
    log.close()
    assert all(-3.0 <= error <= 0.0 for error in life.errors())


@pytest.mark.parametrize(("kept", "behind"), [(True, -5 * 3600.0), (False, 0.0)])
def test_a_clock_without_a_battery_that_went_on_from_where_it_stopped_is_plainly_wrong(kept, behind):
    """A proper stop of the machine saves the time, which is later than the newest line."""
    life = Life(Machine(), date=timedelta(0))
    life.machine.is_kept = kept
    life.machine.stray(-timedelta(hours=5))
    log = life.start()
    life.feed(log, 100)
    log.close()
    assert all(abs(error - behind) <= 3.0 for error in life.errors())


@pytest.mark.parametrize("wait", [0.0, LONGEST_DOUBT])
@pytest.mark.parametrize("off", [timedelta(hours=3, minutes=30), timedelta(hours=-1)], ids=str)
def test_a_wall_clock_that_can_be_right_is_believed_over_a_meter_that_is_hours_off(off, wait):
    """A meter that is wrong by an hour has the wrong season."""
    life = Life(Machine(), date=off)
    life.machine.wait = wait
    log = life.start()
    life.feed(log, 200)
    log.close()
    assert all(-1.0 <= error <= 0.0 for error in life.errors())
    assert log.timeline.meter_ahead is not None
    assert abs(log.timeline.meter_ahead - off) <= timedelta(seconds=2)
    assert not log.timeline.vouched


def test_one_frame_of_the_meter_proves_nothing():
    machine = Machine()
    machine.show(PAST)
    timeline = Timeline(machine)
    for days in (0, 3, 9, 1):
        machine.advance(2.0)
        assert timeline.hear_meter(machine.truth + timedelta(days=days)) == machine.now()
        assert timeline.known() is None
    machine.advance(2.0)
    assert timeline.hear_meter(machine.truth + timedelta(days=1)) == timeline.read()
    assert timeline.known() == machine.truth + timedelta(days=1)


def test_a_time_service_is_believed_over_the_meter():
    life = Life(Machine(), date=timedelta(minutes=7))
    life.machine.serve()
    log = life.start()
    life.feed(log, 50)
    assert all(-1.0 <= error <= 0.0 for error in life.errors())


@pytest.mark.parametrize(
    ("wrong", "known", "error"),
    [
        # The last line of the log is an hour old.
        (timedelta(minutes=-20), True, -1200.0),  # it may be: it is taken
        (timedelta(hours=-2), True, -3600.0),  # before that line: from that line on
        (PAST - TRUTH, True, -3600.0),
        (PAST - TRUTH, False, (BUILT - TRUTH).total_seconds()),
    ],
)
def test_what_still_waits_at_the_stop_is_dated_as_early_as_it_can_be(wrong, known, error):
    life = Life(Machine())
    if known:
        life.machine.serve()
        log = life.start()
        life.feed(log, 1)
        log.close()
        life.machine.advance(3600.0)
    life.machine.stray(wrong)
    log = life.start()
    life.feed(log, 20)
    log.close()
    assert len(life.stamps()) == 20 + known
    assert all(abs(seconds - error) < 15.0 for seconds in life.errors()[int(known) :])
    assert ("datées au plus tôt" in life.text()) is (error != -1200.0)


def test_no_line_is_lost_for_want_of_a_clock():
    """After sixteen hours without a clock the queue is full: an early stamp is better than a lost line."""
    life = Life(Machine())
    life.machine.show(PAST)
    log = life.start()
    life.feed(log, RING - 1)
    assert life.text() == ""
    life.feed(log, 300)
    assert len(life.stamps()) > RING
    life.machine.serve()
    life.feed(log, 10)
    log.close()
    assert sorted(life.stamps()) == list(range(RING + 309))
    assert all(error <= 0.0 for error in life.errors())
    assert all(abs(error) <= 1.0 for error in life.errors()[-11:])


def test_a_clock_just_behind_the_log_is_wrong_and_not_the_log():
    """fake-hwclock saves the time once an hour."""
    life = Life(Machine())
    life.machine.serve()
    log = life.start()
    life.feed(log, 30)
    log.close()
    life.machine.stray(-timedelta(minutes=50))
    log = life.start()
    life.feed(log, 60)
    log.close()
    assert BACKWARDS not in life.text()
    assert all(-15.0 < error <= 1.0 for error in life.errors())


def test_a_step_forward_is_told_and_what_waits_is_dated_anew():
    life = Life(Machine())
    life.machine.stray(-timedelta(hours=1))
    life.machine.wait = 0.0
    log = life.start(sync_every=timedelta(seconds=300))
    life.feed(log, 10)
    log.flush()
    life.feed(log, 10)
    life.machine.serve()
    life.feed(log, 10)
    log.close()
    errors = life.errors()
    assert all(abs(error + 3600) <= 1.0 for error in errors[:10])
    assert all(abs(error) <= 1.0 for error in errors[10:])
    assert life.text().count("INFO\tHorloge : l'heure avance de 1:00:00") == 1


@pytest.mark.parametrize("by", [1.0, 30.0, 3600.0, 50 * YEAR])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_time_that_was_vouched_for_outlives_whoever_sets_the_clock(by, sign):
    life = Life(Machine())
    life.machine.serve()
    log = life.start()
    life.feed(log, 10)
    wind(life.machine, timedelta(seconds=sign * by))
    life.feed(log, 300)
    life.machine.serve()
    life.feed(log, 10)
    log.close()
    assert all(-1.0 <= error <= 0.0 for error in life.errors())
    assert "Horloge" not in life.text()


def test_who_sets_the_clock_is_obeyed_after_ten_minutes_where_nobody_knew_better():
    life = Life(Machine())
    life.machine.stray(-timedelta(days=3))
    life.machine.wait = 0.0
    log = life.start()
    life.feed(log, 10)
    life.machine.stray(timedelta(0))
    life.feed(log, 45)
    assert all(error < -100_000 for error in life.errors())
    life.feed(log, 20)
    log.close()
    assert all(abs(error) <= 1.0 for error in life.errors()[-15:])


def test_who_sets_the_clock_is_obeyed_after_a_day_even_where_somebody_knew():
    machine = Machine()
    machine.serve()
    timeline = Timeline(machine)
    timeline.look()
    machine.stray(timedelta(hours=1))
    for _ in range(144):
        machine.advance(600.0)
        timeline.look()
        assert timeline.now() == machine.truth
    machine.advance(700.0)
    timeline.look()
    assert timeline.now() == machine.truth + timedelta(hours=1)
    assert not timeline.vouched


def test_a_half_hour_keeps_its_very_second_while_the_clock_is_slewed():
    life = Life(Machine(TRUTH.replace(minute=20)))
    life.machine.serve()
    log = life.start(sync_every=timedelta(seconds=3600))
    half = TRUTH.replace(minute=30)
    life.machine.advance(600.0)
    log.append(record(0, half))
    for _ in range(100):
        life.machine.wrong += timedelta(microseconds=317)
        life.machine.advance(1.0)
        log.tick(life.machine.monotonic())
    log.close()
    assert life.stamps() == {0: half}


def test_no_file_is_removed_on_the_word_of_a_clock_that_nobody_vouches_for():
    old = {
        f"/log/{TRUTH - timedelta(days=days):%Y_%m_%d}_linkymonitor.log": (
            f"{TRUTH - timedelta(days=days):%Y/%m/%d %H:%M:%S}\tDATA\t{format_record(record(days, TRUTH))}\n"
        ).encode()
        for days in range(1, 40)
    }
    life = Life(Machine(), CrashDisk(old))
    life.machine.wait = 0.0
    log = life.start(retention=timedelta(days=60))
    life.feed(log, 5)
    life.machine.stray(timedelta(days=20_000))
    for _ in range(200):
        life.feed(log, 1, every=60.0)
    log.close()
    assert {path.removesuffix(".gz") for path in life.disk.content()} >= old.keys()
