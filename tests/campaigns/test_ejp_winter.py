"""A simulated EJP winter: compares the lamp and the relays of the appliance with the truth in the house."""

# The appliance gets all frames around each change, and leaps over the time in between, like a machine that is
# suspended: no pin moves in a leap. The expected changes of the pins are computed below from the truth of the house
# and the instants of the frames, without the code under test.

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import inf
from random import Random
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.files import records
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.outputs import led, relay
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.seasons import ejp_season
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.extent import extent
from tests.support.fakes import Bytes, told_pins
from tests.support.truth import local

PARIS = ZoneInfo("Europe/Paris")
LAMP, SHED, NORMAL_HOURS = 25, 17, 27
SEED = 11
#: After so many seconds data are old for lamps and relays.
OLD = 15.0
#: After so many seconds without a frame, one frame is accepted; else two in a row must agree.
GAP = 10.0
#: In historique the notice is a line, which may be lost: it takes so many frames without the line to end the notice.
SILENT = 3
#: Seconds on and off of each pattern of the lamp, as the manual describes them.
SIGNS = {
    "wink": [(0.05, 29.95)],
    "slow": [(1.0, 1.0)],
    "steady": [(1e12, 0.0)],
    "double wink": [(0.1, 0.2), (0.1, 3.6)],
}
SIGN_OF = {Ejp.NORMAL: "wink", Ejp.NOTICE: "slow", Ejp.PEAK: "steady"}


@dataclass
class Happening:
    """An event: a frame ends or is lost, a leap ends, the appliance starts or stops."""

    at: float  # monotonic
    what: str
    ejp: Ejp | None = None


class Winter:
    """The bytes of a winter, and its events."""

    def __init__(self, mode: Mode, days: list[date]) -> None:
        self.options = parse_spec(f"ejp,{mode.value},seed={SEED},day=2026-10-31,at=12:00")
        self.house = House(self.options)
        self.days = days
        self.clock = WireClock(self.options.start)
        self.dice = Random(SEED)
        self.lost = 0

    def seconds_to(self, at: datetime) -> float:
        return (at - self.options.start).total_seconds()

    def lives(self) -> Iterator[list[tuple[float, bytes, Ejp | None]]]:
        """Yield the bytes for each run of the appliance: seconds since the piece before, bytes, the truth.

        The truth is None for a frame that is lost on its way.
        """
        life: list[tuple[float, bytes, Ejp | None]] = []
        ended_at = self.options.start
        for begin, end, *incident in self.windows():
            self.house.skip_to(begin)
            first = True
            silent = (begin + timedelta(seconds=25), begin + timedelta(seconds=65))
            for at, wire in self.house.frames(end):
                over = at + timedelta(seconds=len(wire) * 10 / self.options.mode.speed)
                if "silence" in incident and silent[0] < at < silent[1]:
                    continue
                said: Ejp | None = self.house.truth(at).ejp
                if not first and self.dice.random() < 0.1:
                    wire, said = self.damaged(wire), None
                    self.lost += 1
                seconds = (over - ended_at).total_seconds()
                life.append((-seconds if first else seconds, wire, said))
                first = False
                ended_at = over
            if "restart" in incident:
                yield life
                life = []
        yield life

    def windows(self) -> Iterator[tuple[datetime, datetime, *tuple[str, ...]]]:
        """Yield the times in which all frames are sent: from, to, and the event of the appliance then."""
        minute = timedelta(seconds=60)
        summer = local(date(2026, 10, 31), "14:00")
        yield summer, summer + minute
        for number, day in enumerate(self.days):
            for clock in ("06:30", "07:00"):
                yield local(day, clock) - minute / 2, local(day, clock) + minute
            noon = local(day, "12:00")
            if number % 3 == 0:
                yield noon, noon + minute / 2, "restart"
                yield noon + minute, noon + 2 * minute
            if number % 3 == 1:
                yield noon, noon + 2 * minute, "silence"
            over = local(day + timedelta(days=1), "01:00")
            yield over - minute / 2, over + minute

    def damaged(self, wire: bytes) -> bytes:
        """Return *wire* without its end, or no bytes: in both cases there is no complete frame."""
        return self.dice.choice([wire[: len(wire) // 2], wire[:-1]])


def live(winter: Winter, folder) -> tuple[dict[int, list[tuple[float, bool]]], list[Happening]]:
    """Run the appliance through *winter*; return the changes of each pin (monotonic time, level) and the events."""
    clock, done, happened = winter.clock, {LAMP: [], SHED: [], NORMAL_HOURS: []}, []
    pins = told_pins(lambda pin, level: done[pin].append((clock.monotonic(), level)))
    hardware = Hardware(pins=pins, clock=clock)
    storage = Storage()
    (folder / "run").mkdir()
    for life in winter.lives():
        source = Bytes(clock, [(seconds, wire) for seconds, wire, _ in life], winter.options.mode)
        at = clock.monotonic()
        happened.append(Happening(at, "start"))
        for seconds, _, said in life:
            at += abs(seconds)
            if seconds < 0:
                happened.append(Happening(at, "leap"))
            happened.append(Happening(at, "lost" if said is None else "frame", said))
        outputs = [
            relay.Relay(relay.Settings(pin=SHED, rule="ejp", fail_state=False, name="shed"), hardware),
            relay.Relay(
                relay.Settings(
                    pin=NORMAL_HOURS, rule="periods", periods=("HN",), fail_state=False, name="hours"
                ),
                hardware,
            ),
            led.Lamp(led.Settings(pin=LAMP, name="ejp"), hardware),
        ]
        Appliance(
            meter=Meter(source, clock),
            clock=clock,
            log=DailyLog(storage, LogSettings(dir=folder, sync_every=timedelta(seconds=3600.0)), clock),
            aggregator=Aggregator(8),
            ledger=Ledger(PARIS),
            latest=Latest(storage, folder / "run"),
            outputs=outputs,
        ).run()
        happened.append(Happening(clock.monotonic(), "stop"))
    return done, happened


def lit(sign: str, elapsed: float) -> bool:
    """Return whether a lamp is lit *elapsed* seconds after it began the pattern *sign*."""
    left = (elapsed + 1e-6) % sum(on + off for on, off in SIGNS[sign])
    for on, off in SIGNS[sign]:
        if left < on:
            return True
        left -= on + off
        if left < 0:
            return False
    return False


def edges(sign: str, began: float, since: float, until: float) -> Iterator[float]:
    """Yield the instants between *since* and *until* at which the pattern *sign*, which began at *began*, changes."""
    turn = sum(on + off for on, off in SIGNS[sign])
    cuts, place = [], 0.0
    for on, off in SIGNS[sign]:
        cuts += [place, place + on]
        place += on + off
    number = int((since - began) // turn)
    while began + number * turn < until:
        for cut in cuts:
            at = began + number * turn + cut
            if since < at < until:
                yield at
        number += 1


def expected(
    mode: Mode, happened: list[Happening]
) -> tuple[list[tuple[float, bool]], list[tuple[float, bool]], list]:
    """Return the expected changes of the lamp and of both relays."""
    lamp: list[tuple[float, bool]] = []
    shed: list[tuple[float, bool]] = []
    hours: list[tuple[float, bool]] = []

    def put(track, at, level):
        if level != (track[-1][1] if track else False):
            track.append((at, level))

    sign, began, heard = None, 0.0, None
    said: Ejp | None = None
    agreeing = 0
    for here, after in pairwise([*happened, Happening(happened[-1].at, "end")]):
        if here.what == "start":
            sign, began, heard = "double wink", here.at, None
        if here.what == "frame":
            assert here.ejp is not None
            at_once = heard is None or here.at - heard > GAP
            agreeing = agreeing + 1 if here.ejp is said and not at_once else 1
            heard, said = here.at, here.ejp
            if at_once or agreeing >= 2:
                peak_hours = here.ejp is Ejp.PEAK
            over = mode is Mode.HISTORIQUE and here.ejp is Ejp.NORMAL
            if at_once or agreeing >= (SILENT if over else 2):
                believed = here.ejp
            if SIGN_OF[believed] != sign:
                sign, began = SIGN_OF[believed], here.at
            put(shed, here.at, believed is Ejp.NORMAL)
            put(hours, here.at, not peak_hours)
        if here.what == "stop":
            for track in (lamp, shed, hours):
                put(track, here.at, False)
            continue
        if here.what == "leap":
            continue  # the machine wakes up to a frame
        put(lamp, here.at, lit(sign, here.at - began))
        if after.what == "leap":
            continue
        # The instant at which the data grow old, if they are not old yet.
        old_at = heard + OLD if heard is not None and heard + OLD > here.at else inf
        for at in edges(sign, began, here.at, min(after.at, old_at)):
            put(lamp, at, lit(sign, at - began))
        if old_at < after.at:
            put(shed, old_at, False)
            put(hours, old_at, False)
            sign, began = "double wink", old_at
            put(lamp, old_at, lit(sign, 0.0))
            for at in edges(sign, began, old_at, after.at):
                put(lamp, at, lit(sign, at - began))
    return lamp, shed, hours


def same(found, wanted, what: str) -> None:
    for number, (one, other) in enumerate(zip(found, wanted, strict=False)):
        assert one[1] == other[1], (
            f"{what} {number}: {found[number - 2 : number + 3]} / {wanted[number - 2 : number + 3]}"
        )
        assert abs(one[0] - other[0]) < 0.002, (
            f"{what} {number}: {found[number - 3 : number + 3]} / {wanted[number - 3 : number + 3]}"
        )
    assert len(found) == len(wanted), what


@pytest.mark.campaign
@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_lamp_and_relays_of_a_winter_are_as_the_house_was(tmp_path, mode):
    days = sorted(ejp_season(SEED, 2026))
    assert len(days) == 22
    days = days[: extent(4, 22)]
    winter = Winter(mode, days)
    done, happened = live(winter, tmp_path)
    lamp, shed, hours = expected(winter.options.mode, happened)
    assert winter.lost > 4 * len(days)
    same(done[SHED], shed, "relay ejp")
    same(done[NORMAL_HOURS], hours, "relay periods")
    same(done[LAMP], lamp, "lamp")
    # The same as a person describes it, in local time:
    zero = winter.clock.now() - timedelta(seconds=winter.clock.monotonic())
    for day in days:
        for clock, pin in (("06:30", SHED), ("07:00", NORMAL_HOURS)):
            at = (local(day, clock) - zero).total_seconds()
            told = next(when for when, level in done[pin] if when > at and not level)
            assert told - at < 8.0, f"{day} {clock}: pin {pin} only {told - at:.1f} s later"
        over = (local(day + timedelta(days=1), "01:00") - zero).total_seconds()
        off = [at for at, level in done[NORMAL_HOURS] if level and at > over]
        assert off[0] - over < 8.0
    log = list(records(tmp_path, winter.options.start, winter.clock.now() + timedelta(seconds=1)))
    assert {record.tariff_period for record in log} == {"HN..", "PM.."}
    for before, after in pairwise(log):
        assert all(after.indexes[code] >= wh for code, wh in before.indexes.items())
