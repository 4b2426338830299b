"""Wall clocks that are wrong, jump and come back: the log notes them, and nothing else changes."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from gpiozero.pins.mock import MockFactory

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.outputs import led, relay
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import BUILT, LONGEST_DOUBT
from linkymonitor.system.storage import Storage
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.crash_model import CrashDisk, PowerCut, cut_at, no_fault
from tests.support.extent import extent
from tests.support.fakes import Bytes, told_pins
from tests.support.tally import tally
from tests.support.wrong_clocks import BACKWARDS, LOG, MINUTE, PAST, TRUTH, YEAR, Life, Machine, obeyed, wind

SCRIPTS, RELAY_SCRIPTS, CUT_SCRIPTS = extent(100, 2000), extent(10, 500), extent(20, 1000)


def strayed(chance: random.Random) -> timedelta:
    """Return a step of one second to fifty years, forward or back."""
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
    """Return the script of the events of the wall clock in *length* seconds."""
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


def to_and_fro(machine: Machine, step: timedelta, lasting: float) -> None:
    before, vouched = machine.wrong, machine.vouched
    wind(machine, step)
    strayed_to = machine.wrong

    def back() -> None:
        if machine.wrong == strayed_to:  # else it was set since
            machine.wrong, machine.vouched = before, vouched

    machine.script.append((machine.monotonic() + lasting, back))
    machine.script.sort(key=lambda event: event[0])
    # What else somebody does meanwhile may leave it ahead: it is put right in time.
    machine.script[:] = [
        event for event in machine.script if event[1] is back or not ahead(machine, event, lasting)
    ]


def ahead(machine: Machine, event: tuple[float, object], lasting: float) -> bool:
    return machine.monotonic() <= event[0] <= machine.monotonic() + lasting and event[1] != machine.serve


def live(seed: int) -> Life:
    """Run through one script: one or two boots, each some minutes long, each ended by a stop."""
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
    counts = Counter[str]()
    for seed in range(SCRIPTS):
        life = live(seed)
        counts["records"] += len(life.truths)
        stamps = life.stamps()
        counts["lost"] += len(life.truths.keys() - stamps.keys())
        series = life.series()
        assert series.keys() == life.truths.keys()
        assert list(series.values()) == sorted(series.values()), f"script {seed}"
        steps = life.text().count(BACKWARDS)
        assert steps >= max(series.values()) == max(life.told(), default=0), f"script {seed}"
        counts["series"] += steps
        last: datetime | None = None
        for begins, at, number in life.lines():
            if not begins and last is not None and at < last:
                counts["decreasing"] += 1
            if number is not None:
                last = at
                counts["ahead"] += at > life.truths[number] + timedelta(seconds=5)
                counts["exact"] += abs(at - life.truths[number]) <= timedelta(seconds=5)
            elif begins:
                last = at
            counts["before the build"] += at < BUILT
        if counts["lost"] + counts["decreasing"] + counts["ahead"] + counts["before the build"]:
            pytest.fail(f"script {seed}: {dict(counts)}")
    tally(
        "scripts of wrong clocks",
        SCRIPTS,
        wrong=counts["decreasing"] + counts["before the build"] + counts["ahead"],
        lost=counts["lost"],
        note=f"{counts['records']:,} records in {SCRIPTS + counts['series']:,} series; stamps decreasing, before the "
        "build or more than 5 s ahead are wrong, as are two of a series that are the same; "
        f"{100 * counts['exact'] / counts['records']:.1f} % of the stamps are within 5 s of the true time",
    )
    assert counts["records"] > SCRIPTS * 50


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
    """Peak hours, their notice, silences shorter and longer than the limit of relays, and the return."""
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
        # A relay asks for a tick after 15 s and a microsecond; sums of floats are rounded to just before or after that.
        lambda pin, level: levels.append((round(machine.monotonic(), 5), pin, level))
    )
    hardware = Hardware(pins=pins, clock=machine)
    storage = Storage(CrashDisk())
    Appliance(
        meter=Meter(Bytes(machine, FRAMES, Mode.HISTORIQUE), machine),
        clock=machine,
        log=DailyLog(storage, LogSettings(dir=LOG), machine),
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
