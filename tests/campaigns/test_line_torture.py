"""The reader of a line under stress: meters that switch, dongles that come and go, noise; on ptys and a test clock."""

from __future__ import annotations

import io
import logging
import math
import os
import random
from pathlib import Path

import pytest

from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.source.base import Source
from linkymonitor.system.clock import WireClock
from linkymonitor.system.rate_limit import RateLimitFilter
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.extent import extent
from tests.support.pty_meter import Dongle, PtyMeter
from tests.support.tally import tally
from tests.support.virtual_line import NOON, Follower, Speaker, Waiting, World

#: The modes and speeds of a meter; some dongles give historique at 9600 baud.
KINDS = ((Mode.HISTORIQUE, 1200), (Mode.STANDARD, 9600), (Mode.HISTORIQUE, 9600))
SWITCHES, UNPLUGS = extent(5, 200), extent(12, 1000)


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.ERROR, "linkymonitor")
    yield
    assert not caplog.records, "a part raised"


@pytest.fixture
def world():
    return World(WireClock(NOON))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.campaign
def test_a_meter_that_changes_mode_or_speed_is_heard_again_within_30_seconds(world, tmp_path):
    chance = random.Random(3)
    with PtyMeter() as meter:
        speaker = Speaker(world, mode=Mode.HISTORIQUE, speed=1200)
        speaker.plugged = meter
        follower = Follower(world, Waiting(world, meter.path), tmp_path, speaker)
        switches = []
        when = world.clock.monotonic() + 40
        kind = KINDS[0]
        for _ in range(SWITCHES):
            kind = chance.choice([other_kind for other_kind in KINDS if other_kind != kind])
            world.at(when, lambda kind=kind: speaker.switch(*kind))
            switches.append((when, kind))
            when += 45 + chance.random() * 10
        follower.run(when)
    data = [at for at, _ in follower.lines("DATA")]
    to_reading, to_data = [], []
    for at, (mode, _) in switches:
        back = next(
            (seen for seen, reading in follower.readings if seen > at and reading.mode is mode), math.inf
        )
        to_reading.append(back - at)
        to_data.append(next((stamp for stamp in data if stamp >= math.floor(back)), math.inf) - at)
    tally(
        "the meter changes mode or speed",
        SWITCHES,
        wrong=len(follower.wrong),
        recovery=max(to_data),
        note=f"to a DATA line; {max(to_reading):.1f} s to a reading; no exit",
    )
    assert max(to_data) <= 30
    assert not follower.wrong


@pytest.mark.campaign
def test_a_dongle_that_comes_back_is_heard_within_10_seconds(world, tmp_path):
    chance = random.Random(5)
    before = descriptors()
    with Dongle(Path(f"/dev/shm/torture-{os.getpid()}")) as dongle:
        speaker = Speaker(world)
        speaker.pieces = lambda wire: [wire[:70], wire[70:]]
        speaker.plugged = dongle.plug()
        source = Waiting(world, dongle.link)
        follower = Follower(world, source, tmp_path, speaker)
        returns = []

        def plug() -> None:
            speaker.plugged = dongle.plug()

        def unplug() -> None:
            speaker.plugged = None
            dongle.unplug()

        when = world.clock.monotonic() + 5
        faults = 0
        for _ in range(UNPLUGS):
            for _ in range(chance.choice([1, 1, 1, 2, 5])):  # some come and go before they stay
                world.at(when, unplug)
                when += math.exp(chance.uniform(math.log(0.05), math.log(60)))
                world.at(when, plug)
                back = when
                when += chance.uniform(0.05, 3)
                faults += 1
            returns.append(back)
            when = back + 12 + chance.uniform(0, 3)
        follower.run(when)
    longest = max(follower.first_after(back) - back for back in returns)
    tally(
        "the dongle is unplugged and comes back",
        faults,
        wrong=len(follower.wrong),
        recovery=longest,
        note=f"{UNPLUGS} schedules; to a reading; no exit",
    )
    assert longest <= 10
    assert not follower.wrong
    assert descriptors() <= before, "a descriptor stays open"


def test_looking_for_a_dongle_costs_next_to_nothing(world, tmp_path):
    """Two checks a second take a thousandth of a core, even when each takes half a millisecond."""
    with Dongle(Path(f"/dev/shm/gone-{os.getpid()}")) as dongle:
        dongle.plug()
        source = Waiting(world, dongle.link)
        dongle.unplug()
        follower = Follower(world, source, tmp_path)
        follower.run(world.clock.monotonic() + 3600)
    assert source.reads <= 3600 * 3


@pytest.mark.parametrize(("mode", "speed"), KINDS, ids=lambda part: str(getattr(part, "value", part)))
def test_the_size_of_a_read_makes_no_difference(world, mode, speed):
    """Reads of one byte, a few, a line or all bytes give the same frames, through a pty whose kernel cuts lines."""
    values_of = {}
    for size in (1, 3, 64, 4096):
        world = World(WireClock(NOON))
        with PtyMeter() as meter:
            speaker = Speaker(world, mode=mode, speed=speed)
            speaker.pieces = lambda wire, size=size: [
                wire[at : at + size] for at in range(0, len(wire), size)
            ]
            speaker.plugged = meter
            listener = Meter(Waiting(world, meter.path), world.clock)
            heard = []
            while len(heard) < 8:
                heard += [one.reading.values for one in listener.frames(0.5) if one.reading]
            listener.close()
        values_of[size] = heard[2:]
    assert values_of[1]
    first = values_of[4096][0]["ADCO" if mode is Mode.HISTORIQUE else "ADSC"]
    for size, values in values_of.items():
        assert {one["ADCO" if mode is Mode.HISTORIQUE else "ADSC"] for one in values} == {first}, size


class InMemory(Source):
    """A source that gives the same bytes in reads of any size."""

    name = "memory"

    def __init__(self, wire: bytes, size: int, mode: Mode) -> None:
        self._chunks = iter([wire[at : at + size] for at in range(0, len(wire), size)])
        self.mode = mode

    def read(self, timeout: float) -> bytes | None:
        return next(self._chunks, None)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_one_byte_or_64_kib_a_read_give_the_same_readings_and_counts(mode):
    from itertools import islice

    from linkymonitor.simulator.house import House
    from linkymonitor.simulator.options import parse_spec

    house = House(parse_spec(f"{mode.value},tempo,noise=0.02"))
    wire = b"".join(one for _, one in islice(house.frames(), 150))
    outcomes = []
    for size in (65536, 4096, 61, 1):
        meter = Meter(InMemory(wire, size, mode), WireClock(NOON))
        told = []
        while (heard := meter.frames(0.0)) is not None:
            told += heard
        outcomes.append(([(one.frame, one.reading) for one in told], meter.health))
    assert outcomes[0][1].frames > 50
    assert all(outcome == outcomes[0] for outcome in outcomes[1:])


@pytest.mark.campaign
@pytest.mark.parametrize("wrong", [(1200, 9600), (9600, 1200)], ids=["1200 as 9600", "9600 as 1200"])
def test_a_meter_at_a_wrong_speed_gives_no_value(world, tmp_path, wrong):
    """The speed is fixed to the wrong one: an hour of noise."""
    sent, listened = wrong
    with PtyMeter() as meter:
        speaker = Speaker(world, mode=Mode.HISTORIQUE, speed=sent)
        speaker.plugged = meter
        listener = Meter(Waiting(world, meter.path, speed=listened), world.clock, speed=listened)
        until = world.clock.monotonic() + extent(120, 900)
        while world.clock.monotonic() < until:
            assert not listener.frames(0.5)
        listener.close()
    assert speaker.wrong == speaker.bytes > 10_000
    assert listener.health.groups == 0


class Repeating(Source):
    """A live source in memory: one frame again and again, each with its time on the clock."""

    live, mode = True, Mode.HISTORIQUE
    name = "repeating"

    def __init__(self, clock: WireClock, frames) -> None:
        self._clock = clock
        self._frames = frames

    def read(self, timeout: float) -> bytes | None:
        self._clock.advance(1.7)
        return next(self._frames, None)

    def close(self) -> None:
        pass


def historique(power: int, index: int, period: str = "HN..") -> bytes:
    groups = (
        InfoGroup("ADCO", "012345678901"),
        InfoGroup("OPTARIF", "EJP."),
        InfoGroup("ISOUSC", "45"),
        InfoGroup("EJPHN", f"{index:09}"),
        InfoGroup("EJPHPM", "000080072"),
        InfoGroup("PTEC", period),
        InfoGroup("IINST", f"{power // 230:03}"),
        InfoGroup("IMAX", "045"),
        InfoGroup("PAPP", f"{power:05}"),
        InfoGroup("HHPHC", "Y"),
        InfoGroup("MOTDETAT", "000000"),
    )
    return write_frame(Frame(groups), Mode.HISTORIQUE)


def follow(tmp_path, frames, clock):
    return Follower(World(clock), Repeating(clock, frames), tmp_path)


def test_a_meter_that_repeats_itself_for_ten_minutes_is_treated_as_silent(tmp_path):
    clock = WireClock(NOON)
    start = clock.monotonic()

    def frames():
        while clock.monotonic() < start + 300:
            yield historique(2990, int(688322 + (clock.monotonic() - start) * 2990 / 3600))
        frozen = historique(2990, 700000)
        while clock.monotonic() < start + 1800:
            yield frozen

    follower = follow(tmp_path, frames(), clock)
    follower.appliance.run()
    last = follower.readings[-1][0] - start
    assert 895 <= last <= 910, "ten minutes after the last index that moved"
    assert follower.appliance.meter.stuck
    states = [(state.timestamp, bool(state.state)) for state in follower.pins.pin(17).states]
    assert [on for _, on in states][-2:] == [True, False]
    assert [line.split("\t")[2] for _, line in follower.lines("WARN") if "Stopping" not in line] == [
        "The meter stands still: it has repeated the same values, indexes included, for 10 min at 500 VA or more; "
        "they are ignored; if it does not recover, tell Enedis"
    ]
    data = [at - start for at, _ in follower.lines("DATA")]
    assert max(data) <= last + 1, "stale values are not logged again"


def test_a_meter_that_counts_again_is_believed_at_once(tmp_path):
    clock = WireClock(NOON)

    def frames():
        for _ in range(500):
            yield historique(2990, 700000)
        yield from (historique(2990, 700001 + n) for n in range(20))

    follower = follow(tmp_path, frames(), clock)
    follower.appliance.run()
    assert not follower.appliance.meter.stuck
    assert [line.split("\t")[1] for _, line in follower.lines("") if "meter" in line] == ["WARN", "INFO"]
    assert len(follower.readings) < 500 - 100 + 20


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(historique(499, 700000), id="an empty house"),
        pytest.param(historique(0, 700000), id="a house that injects"),
        pytest.param(historique(2990, 700000).replace(b"PAPP", b"PBPP"), id="an old meter, power estimated"),
    ],
)
def test_what_need_not_move_an_index_is_no_standstill(tmp_path, frame):
    clock = WireClock(NOON)
    follower = follow(tmp_path, iter([frame] * 1000), clock)
    follower.appliance.run()
    assert len(follower.readings) == 1000
    assert not [line for _, line in follower.lines("WARN") if "stands still" in line]


@pytest.mark.parametrize("stop", [7.0, 50.0])
@pytest.mark.parametrize("after", ["PM..", "HN.."])
def test_what_came_while_the_program_was_stopped_acts_on_nothing(world, tmp_path, stop, after):
    """The relay is on in HN; twenty frames of HN wait in the kernel, but HN is over."""
    start = world.clock.monotonic()
    with PtyMeter() as meter:
        for number in range(30):
            world.at(start + 2 * number, lambda: meter.write(historique(230, 688322)))

        def stopped() -> None:
            for _ in range(20):
                meter.write(historique(230, 688322))
            world.run_to(start + 60 + stop)

        world.at(start + 60, stopped)
        for number in range(10):
            world.at(start + 61.5 + stop + 2 * number, lambda: meter.write(historique(230, 688322, after)))
        follower = Follower(world, Waiting(world, meter.path), tmp_path)
        follower.run(start + 80 + stop)
        assert meter.unread == 0
    seen = [(at - start, reading.tariff_period) for at, reading in follower.readings]
    assert [period for at, period in seen if 58.5 < at < 61.4 + stop] == []
    assert {period for at, period in seen if at >= 61.4 + stop} <= {None, after}
    assert seen[-1][1] == after
    levels = [bool(state.state) for state in follower.pins.pin(17).states]
    # On once two frames agree, and off at the end.
    again = stop > 15 and after == "HN.."
    assert levels == ([False, True, False, True, False] if again else [False, True, False])


DAY = extent(3600, 86400)
#: The budget of a day. A part of a day has its part of it, and the cost of the beginnings, which is higher.
BUDGET = extent(60_000, 200_000)


def flapping(clock, chance):
    """Twelve seconds of frames, twelve of silence, all day: this makes the most conditions begin and end."""
    index = 688322
    while True:
        until = clock.monotonic() + 12
        while clock.monotonic() < until:
            index += 1
            yield historique(2990, index)
        until = clock.monotonic() + 12
        while clock.monotonic() < until:
            yield b""


def noise(clock, chance):
    """Random bytes."""
    while True:
        yield chance.randbytes(200)


def mostly_noise(clock, chance):
    """Noise with a good frame now and then, and frames with a damaged line."""
    index = 688322
    while True:
        index += 1
        yield chance.choice([chance.randbytes(200), historique(2990, index), historique(2990, index)[:-9]])


@pytest.mark.campaign
@pytest.mark.parametrize("bad", [noise, mostly_noise, flapping], ids=lambda bad: bad.__name__)
def test_a_day_of_garbage_leaves_few_diagnostics(tmp_path, bad, capsys, caplog):
    """Diagnostics are the notes in the daily log, and the lines of the service in the journal of systemd."""
    clock = WireClock(NOON)
    journal = io.StringIO()
    handler = logging.StreamHandler(journal)
    handler.addFilter(RateLimitFilter(clock.monotonic))
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s%(repeats)s"))
    logger = logging.getLogger("linkymonitor")
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, "linkymonitor")
    try:
        source = Repeating(clock, bad(clock, random.Random(11)))
        source.is_meter = True
        follower = Follower(World(clock), source, tmp_path)
        follower.run(clock.monotonic() + DAY)
    finally:
        logger.removeHandler(handler)
    kept_back = len(caplog.records) - journal.getvalue().count("\n")
    notes = sum(len(line) + 1 for _, line in follower.lines("") if "\tDATA\t" not in line)
    size = notes + len(journal.getvalue())
    name = bad.__name__.replace("_", " ")
    tally(
        f"a day of {name}",
        1,
        note=f"{size / 1000:.1f} kB of diagnostics, {kept_back} of their lines left out",
    )
    assert size <= BUDGET
    caplog.clear()


def test_a_part_that_fails_and_works_in_turn_is_told_of_now_and_then(tmp_path):
    clock = WireClock(NOON)
    journal = io.StringIO()
    handler = logging.StreamHandler(journal)
    handler.addFilter(RateLimitFilter(clock.monotonic))
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s%(repeats)s"))
    logger = logging.getLogger("test.sparing")
    logger.addHandler(handler)
    logger.propagate = False
    for second in range(0, 3600, 10):
        logger.warning("%s failed after %d s", "relay", second)
        logger.warning("%s failed after %d s", "lamp", second)
        clock.advance(10)
    lines = journal.getvalue().splitlines()
    assert lines[:3] == [
        "WARNING relay failed after 0 s",
        "WARNING lamp failed after 0 s",
        "WARNING relay failed after 60 s (+5)",
    ]
    assert len(lines) == 2 * 6  # at 0, 1, 3, 7, 15 and 31 minutes
