"""Wall clocks that are wrong, jump and come back: what the log says of them, and that nothing else notices."""

# A Machine is the truth and a wall clock that strays from it by a script: it boots in 1970, or as far behind as
# the power was off; somebody sets it by seconds or by decades, to and fro; a time service sets it right after
# some minutes, or never; a standard meter tells its DATE, or does not. What the log holds is compared with the
# truth, line by line. A forward step that nobody vouches for is undone, or corrected, before the ten minutes are
# over after which it would be believed where nobody had ever vouched for another time.

from __future__ import annotations

import ctypes
import errno
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from gpiozero.pins.mock import MockFactory

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.files import file_of, files, records
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.daily_log.writer import RING, DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.outputs import led, relay
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import BUILT, LONGEST_DOUBT, SystemClock, WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.system.timeline import Timeline
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.crash_model import CrashDisk, PowerCut, cut_at, no_fault
from tests.support.extent import extent
from tests.support.fakes import Bytes, told_pins
from tests.support.tally import tally

SCRIPTS, RELAY_SCRIPTS, CUT_SCRIPTS = extent(100, 2000), extent(10, 500), extent(20, 1000)

LOG = Path("/log")
TRUTH = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
PAST = datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)
MINUTE, YEAR = 60.0, 365.25 * 86400.0
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))
BACKWARDS = "Horloge : l'heure recule"
CONTRACT = Contract(mode=Mode.STANDARD, option="BASE", registers=("TH",), subscribed_power=9000, phases=1)


class Machine(WireClock):
    """A machine whose wall clock strays: ``now()`` is the truth and how wrong it is."""

    def __init__(self, truth: datetime = TRUTH) -> None:
        super().__init__(truth)
        self.wrong = timedelta(0)
        self.is_kept = True
        #: Whether a time service has set the clock, and nobody since.
        self.vouched = False
        self.wait = LONGEST_DOUBT
        #: Monotonic time and what happens then, in order.
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
        """Have somebody set the clock: from then on it is *wrong*."""
        self.wrong, self.vouched = wrong, False

    def show(self, wall: datetime) -> None:
        self.stray(wall - self.truth)

    def serve(self) -> None:
        """Have a time service set the clock."""
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
    #: What the meter's DATE is off by; None when it has none.
    date: timedelta | None = None
    degraded: bool = False

    def start(self, **options: object) -> DailyLog:
        return DailyLog(Storage(self.disk), LOG, self.machine, **options)

    def feed(self, log: DailyLog, count: int, every: float = 12.0) -> None:
        """Append *count* records; each is closed by the frame that comes two seconds after its own."""
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
        """Yield whether a line begins a series, its stamp, and the number of its record, file after file."""
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
        """Return the records as a report reads them."""
        return list(records(LOG, *ALWAYS, storage=Storage(self.disk)))

    def series(self) -> dict[int, int]:
        """Return the series of each record, after having found that no two of a series have the same stamp."""
        found = self.records()
        keys = Counter((one.series, one.ended_at) for one in found)
        assert max(keys.values(), default=1) == 1, keys.most_common(1)
        return {one.indexes["TH"]: one.series for one in sorted(found, key=lambda one: one.indexes["TH"])}

    def told(self) -> list[int]:
        """Return the numbers of the lines that tell a series, file after file."""
        return [int(number) for number in re.findall(r"\tINFO\tSerie: (\d+)\n", self.text())]

    def stamps(self) -> dict[int, datetime]:
        return {number: at for _, at, number in self.lines() if number is not None}

    def errors(self) -> list[float]:
        """Return how many seconds each record is dated after its truth."""
        return [(at - self.truths[number]).total_seconds() for number, at in sorted(self.stamps().items())]

    def text(self) -> str:
        storage = Storage(self.disk)
        return b"".join(block for file in files(LOG, storage) for block in storage.blocks(file.path)).decode()


# The campaign


def strayed(chance: random.Random) -> timedelta:
    """Return a step of one second to fifty years, to and fro."""
    seconds = (
        10 ** chance.uniform(0.0, 9.19) if chance.random() < 0.8 else chance.choice([1, 60, 3600, 50 * YEAR])
    )
    return timedelta(seconds=round(seconds, 3)) * chance.choice([1, -1])


def outage(chance: random.Random) -> timedelta:
    return timedelta(seconds=round(10 ** chance.uniform(0.5, 6.5), 3))


def boot(machine: Machine, chance: random.Random) -> None:
    way = chance.choice(["1970", "behind", "behind", "just behind", "right", "served"])
    machine.wait = chance.choice([LONGEST_DOUBT, LONGEST_DOUBT, 0.0])
    if way == "1970":
        machine.show(PAST)
    elif way == "behind":
        machine.stray(-outage(chance))
    elif way == "just behind":
        machine.stray(-timedelta(seconds=chance.uniform(0, 3600)))
    elif way == "right":
        machine.stray(timedelta(0))
    else:
        machine.serve()


def misfortunes(machine: Machine, chance: random.Random, begin: float, length: float) -> None:
    """Write the script of what happens to the wall clock in *length* seconds."""
    script = machine.script
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        when = begin + chance.uniform(0.0, length)
        kind = chance.choice(["to and fro", "to and fro", "back", "served", "slew"])
        if kind == "served":
            script.append((when, machine.serve))
        elif kind == "slew":
            script.append((when, lambda: setattr(machine, "wrong", machine.wrong - timedelta(seconds=0.3))))
        elif kind == "back":
            by = -abs(strayed(chance))
            script.append((when, lambda by=by: wind(machine, by)))
        else:
            step, lasting = strayed(chance), chance.uniform(1.0, 9.5 * MINUTE)
            script.append((when, lambda step=step, lasting=lasting: to_and_fro(machine, step, lasting)))
    script.sort(key=lambda one: one[0])


def wind(machine: Machine, by: timedelta) -> None:
    """Set the clock by *by*, but no clock shows less than its first second."""
    machine.stray(max(machine.wrong + by, PAST - machine.truth))


def to_and_fro(machine: Machine, step: timedelta, lasting: float) -> None:
    before, vouched = machine.wrong, machine.vouched
    wind(machine, step)
    strayed_to = machine.wrong

    def back() -> None:
        if machine.wrong == strayed_to:  # else it was set since
            machine.wrong, machine.vouched = before, vouched

    machine.script.append((machine.monotonic() + lasting, back))
    machine.script.sort(key=lambda one: one[0])
    # What else somebody does meanwhile may leave it ahead: it is put right in time.
    machine.script[:] = [one for one in machine.script if one[1] is back or not ahead(machine, one, lasting)]


def ahead(machine: Machine, event: tuple[float, object], lasting: float) -> bool:
    return machine.monotonic() <= event[0] <= machine.monotonic() + lasting and event[1] != machine.serve


def live(seed: int) -> Life:
    """Live through one script: one or two boots, each some minutes long, each ended by a stop."""
    chance = random.Random(seed)
    life = Life(Machine(TRUTH.replace(hour=chance.randrange(24), minute=chance.choice([0, 30, 50]))))
    machine = life.machine
    life.date = chance.choice([None, None, None, timedelta(0), timedelta(seconds=1)])
    if chance.random() < 0.1:
        life.date, life.degraded = strayed(chance), True
    for _ in range(chance.choice([1, 1, 2])):
        boot(machine, chance)
        count = chance.choice([1, 20, 100, 200])
        misfortunes(machine, chance, machine.monotonic(), count * 12.0)
        log = life.start()
        log.note("INFO", "Démarrage")
        life.feed(log, count)
        log.note("INFO", "Arrêt")
        log.close()
        assert log.pending == 0
        # What was still to happen happens to nobody; the power is off for a while.
        machine.script.clear()
        machine.advance(10 ** chance.uniform(0.0, 5.0))
    return life


@pytest.mark.campaign
def test_whatever_the_wall_clock_does_the_log_tells_the_time_that_was():
    found = Counter[str]()
    for seed in range(SCRIPTS):
        life = live(seed)
        found["records"] += len(life.truths)
        stamps = life.stamps()
        found["lost"] += len(life.truths.keys() - stamps.keys())
        series = life.series()
        assert series.keys() == life.truths.keys()
        assert list(series.values()) == sorted(series.values()), f"script {seed}"
        steps = life.text().count(BACKWARDS)
        assert steps >= max(series.values()) == max(life.told(), default=0), f"script {seed}"
        found["series"] += steps
        last: datetime | None = None
        for begins, at, number in life.lines():
            if not begins and last is not None and at < last:
                found["decreasing"] += 1
            if number is not None:
                last = at
                found["ahead"] += at > life.truths[number] + timedelta(seconds=5)
                found["exact"] += abs(at - life.truths[number]) <= timedelta(seconds=5)
            elif begins:
                last = at
            found["before the build"] += at < BUILT
        if found["lost"] + found["decreasing"] + found["ahead"] + found["before the build"]:
            pytest.fail(f"script {seed}: {dict(found)}")
    tally(
        "scripts of wrong clocks",
        SCRIPTS,
        wrong=found["decreasing"] + found["before the build"] + found["ahead"],
        lost=found["lost"],
        note=f"{found['records']:,} records in {SCRIPTS + found['series']:,} series; stamps decreasing, before the "
        "build or more than 5 s ahead are wrong, as are two of a series that are the same; "
        f"{100 * found['exact'] / found['records']:.1f} % within 5 s",
    )
    assert found["records"] > SCRIPTS * 50


# Booting


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
    """Whoever stops a machine properly has its time saved, later than the newest line."""
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
    """An hour off is a meter that has the wrong season."""
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
        timeline.hear_meter(machine.truth + timedelta(days=days))
        assert timeline.known() is None
    machine.advance(2.0)
    timeline.hear_meter(machine.truth + timedelta(days=1))
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
    assert all(abs(one - error) < 15.0 for one in life.errors()[int(known) :])
    assert ("datées au plus tôt" in life.text()) is (error != -1200.0)


def test_no_line_is_lost_for_want_of_a_clock():
    """Without any clock for sixteen hours there is no room left: an early date is better than none."""
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


# Steps while running


def test_a_step_forward_is_told_and_what_waits_is_dated_anew():
    life = Life(Machine())
    life.machine.stray(-timedelta(hours=1))
    life.machine.wait = 0.0
    log = life.start(sync_every=300.0)
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


# Series: what tells records of the same stamp apart


def obeyed(log: DailyLog, life: Life, by: timedelta) -> None:
    """Have a time service set the clock, which shows what is right and *by* more: as if the truth had been wrong."""
    life.machine.wrong, life.machine.vouched = by, True
    life.feed(log, 1)


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
    log = life.start(sync_every=3600.0)
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


@pytest.mark.campaign
def test_no_two_records_are_alike_whatever_cuts_and_steps_around_midnight_there_were():
    for seed in range(CUT_SCRIPTS):
        chance = random.Random(seed)
        life = Life(Machine(TRUTH.replace(hour=23, minute=chance.choice([40, 50, 58]))))
        by = timedelta(0)
        for _ in range(4):
            life.machine.serve()
            life.disk.calls, life.disk.fault = 0, cut_at(chance.randint(3, 80))
            try:
                log = life.start()
                for _ in range(chance.choice([1, 3, 5])):
                    by = timedelta(minutes=chance.choice([0, 0, -2, -7, -15, -30, 10, -1500, 1440]))
                    obeyed(log, life, by)
                    life.feed(log, chance.choice([5, 40, 90]))
                log.close()
            except PowerCut:
                life.disk = CrashDisk(life.disk.crash(chance))
            life.disk.fault = no_fault
            life.machine.advance(chance.choice([1.0, 60.0, 600.0]))
        log = life.start()
        obeyed(log, life, by)
        life.feed(log, 3)
        log.close()
        assert life.series(), f"script {seed}"


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


def test_a_half_hour_keeps_its_very_second_while_the_clock_is_slewed():
    life = Life(Machine(TRUTH.replace(minute=20)))
    life.machine.serve()
    log = life.start(sync_every=3600.0)
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
    log = life.start(retention_days=60)
    life.feed(log, 5)
    life.machine.stray(timedelta(days=20_000))
    for _ in range(200):
        life.feed(log, 1, every=60.0)
    log.close()
    assert {path.removesuffix(".gz") for path in life.disk.content()} >= old.keys()


# Acting: the monotonic clock alone


FRAME = (
    ("ADCO", "041876543210"),
    ("OPTARIF", "EJP."),
    ("ISOUSC", "45"),
    ("EJPHN", "000688322"),
    ("EJPHPM", "000080072"),
    ("PTEC", "HN.."),
    ("IINST", "013"),
    ("IMAX", "090"),
    ("PAPP", "03010"),
    ("HHPHC", "A"),
    ("MOTDETAT", "000000"),
)
RELAY, LAMP = 17, 25


def wire_frame(**changes: str) -> bytes:
    rows = [(label, changes.get(label, data)) for label, data in FRAME]
    if "PEJP" in changes:
        rows.insert(5, ("PEJP", changes["PEJP"]))
    return write_frame(Frame(tuple(InfoGroup(*row) for row in rows)), Mode.HISTORIQUE, parity=True)


def an_hour_of_frames() -> list[tuple[float, bytes]]:
    """Peak hours, their notice, silences shorter and longer than what relays bear, and the return."""
    normal, notice, peak = wire_frame(), wire_frame(PEJP="30"), wire_frame(PTEC="PM..")
    return [
        *[(2.0, normal)] * 6,
        (14.0, normal),
        *[(2.0, notice)] * 8,
        *[(2.0, peak)] * 6,
        (40.0, peak),
        *[(2.0, peak)] * 4,
        (1200.0, normal),
        *[(2.0, normal)] * 6,
    ]


FRAMES = an_hour_of_frames()


def trace(machine: Machine) -> list[tuple[float, int, bool]]:
    """Return the monotonic time and the level of each change of the pins of a whole appliance on *machine*."""
    levels: list[tuple[float, int, bool]] = []
    pins: MockFactory = told_pins(
        # A relay asks for 15 s and a microsecond: sums of floats reach that a rounding earlier or later.
        lambda pin, level: levels.append((round(machine.monotonic(), 5), pin, level))
    )
    hardware = Hardware(pins=pins, clock=machine)
    storage = Storage(CrashDisk())
    Appliance(
        meter=Meter(Bytes(machine, FRAMES, Mode.HISTORIQUE), machine),
        clock=machine,
        log=DailyLog(storage, LOG, machine),
        aggregator=Aggregator(4),
        ledger=Ledger(ZoneInfo("Europe/Paris")),
        latest=Latest(storage, None),
        outputs=[
            relay.Relay(relay.Settings(pin=RELAY, rule="ejp", fail_state=False, name="tank"), hardware),
            led.Lamp(led.Settings(pin=LAMP, name="ejp"), hardware),
        ],
    ).run()
    pins.reset()
    return levels


@pytest.mark.campaign
def test_relays_and_lamps_do_the_same_whatever_the_wall_clock_does():
    right = Machine()
    right.serve()
    expected = trace(right)
    assert {pin for _, pin, _ in expected} == {RELAY, LAMP}
    assert len(expected) > 100
    for seed in range(RELAY_SCRIPTS):
        chance = random.Random(seed)
        machine = Machine()
        boot(machine, chance)
        misfortunes(machine, chance, machine.monotonic(), 1400.0)
        assert trace(machine) == expected, f"script {seed}"
    tally(
        "the same, and what pins do",
        RELAY_SCRIPTS,
        note=f"{len(expected)} changes of pins, the same each time",
    )


# The machine itself


def test_the_real_clock_answers():
    clock = SystemClock()
    assert (
        not clock.synchronized(clock.now() + timedelta(days=1)) or not Path("/run/systemd/timesync").exists()
    )
    assert 0.0 <= clock.patience() <= LONGEST_DOUBT
    assert clock.trusted(BUILT) == (clock.now() >= BUILT)


def test_the_kernel_is_asked_where_systemd_has_set_no_clock(monkeypatch, tmp_path):
    """clock_adjtime(2) says the same by another door: what it returns is 5 while nobody keeps the clock."""
    monkeypatch.setattr("linkymonitor.system.clock._TOUCHED", str(tmp_path / "nothing"))
    libc = ctypes.CDLL(None)
    state = libc.clock_adjtime(time.CLOCK_REALTIME, ctypes.create_string_buffer(512))
    assert SystemClock().synchronized(None) is (0 <= state < 5)
