"""Relay, clock and data in any order: a state machine that looks for the second at which a relay is wrong."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from linkymonitor.appliance import Appliance
from linkymonitor.meter.meter import Meter
from linkymonitor.model.record import Record
from linkymonitor.model.terms import TRUSTED_FOR, Mode
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.relay import Relay, Settings
from linkymonitor.source.base import Source
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.timeline import Timeline
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.extent import extent

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)
PERIODS = ("HN..", "PM..")
#: So many frames in a row that agree are accepted in every situation.
FIRM = 6


class Memory:
    """A daily log that keeps nothing, and no latest.json."""

    def append(self, *_: object) -> None: ...
    def note(self, *_: object) -> None: ...
    def write(self, *_: object) -> None: ...
    def remove(self) -> None: ...
    def close(self) -> None: ...
    def day_so_far(self, *_: object) -> list[Record]:
        return []

    def tick(self, now: float) -> float:
        return now + 60.0


class Wire(Source):
    """A live source in memory: *chunks* are read at once; when there is none, time passes."""

    name, live, mode = "machine", True, Mode.HISTORIQUE

    def __init__(self, clock: WireClock, chunks: list[bytes]) -> None:
        self._clock = clock
        self._chunks = chunks

    def read(self, timeout: float) -> bytes:
        if self._chunks:
            return self._chunks.pop(0)
        self._clock.advance(timeout)
        return b""


class House(RuleBasedStateMachine):
    """Frames, silence, noise, a wall clock that jumps and a part that raises, in any order, before a real Relay.

    The truth about wire and clock is kept here, apart from the program: the end of the last whole frame,
    and its period. The relay must follow a period that enough frames had, while it
    is fresh, and never a period that no frame had. Old data mean the fail state.
    """

    @initialize(fail_on=st.booleans(), mode=st.sampled_from(["periods", "ejp"]))
    def begin(self, fail_on: bool, mode: str) -> None:
        from zoneinfo import ZoneInfo

        self.clock = WireClock(NOON)
        self.wire: list[bytes] = []
        self.pins = MockFactory()
        self.fail_state = fail_on
        more = {"periods": ("HN",)} if mode == "periods" else {}
        self.relay = Relay(
            Settings(
                pin=17,
                rule=mode,
                fail_state=fail_on,
                energised_fail_state_accepted=fail_on,
                name="tank",
                **more,
            ),
            Hardware(pins=self.pins, lang="en", clock=self.clock),
        )
        self.raises = False
        self.heard_at = -math.inf
        self.period = ""
        self.streak = 0
        self.ever: set[str] = set()
        memory = Memory()
        self.appliance = Appliance(
            meter=Meter(Wire(self.clock, self.wire), self.clock),
            clock=self.clock,
            log=memory,
            aggregator=Aggregator(),
            timeline=Timeline(self.clock),
            ledger=Ledger(ZoneInfo("Europe/Paris")),
            latest=memory,
            outputs=[self.relay],
            callbacks=[self._callback],
        )
        self.closed = False
        self._advance(0.0)

    def _callback(self, reading: object) -> None:
        if self.raises:
            raise RuntimeError("a callback of the user's")

    # The events:

    def _advance(self, seconds: float) -> None:
        """Run the loop of the appliance for so long; it is closed at the end."""
        self.appliance.follow(self.clock.monotonic() + seconds)

    def _say(self, data: bytes) -> None:
        self.wire.append(data)
        self._advance(0.001)

    def _frame(self, period: str) -> bytes:
        groups = (
            InfoGroup("ADCO", "012345678901"),
            InfoGroup("OPTARIF", "EJP."),
            InfoGroup("ISOUSC", "45"),
            InfoGroup("EJPHN", "000688322"),
            InfoGroup("EJPHPM", "000080072"),
            InfoGroup("PTEC", period),
            InfoGroup("IINST", "002"),
            InfoGroup("IMAX", "045"),
            InfoGroup("PAPP", "00460"),
            InfoGroup("HHPHC", "Y"),
            InfoGroup("MOTDETAT", "000000"),
        )
        return write_frame(Frame(groups), Mode.HISTORIQUE)

    @rule(period=st.sampled_from(PERIODS), count=st.integers(1, 2 * FIRM))
    @precondition(lambda self: not self.closed)
    def frames(self, period: str, count: int) -> None:
        for _ in range(count):
            self._advance(1.7)
            self.streak = self.streak + 1 if period == self.period else 1
            self.heard_at, self.period = self.clock.monotonic(), period
            self.ever.add(period)
            self._say(self._frame(period))

    @rule(period=st.sampled_from(PERIODS), at=st.floats(0.05, 0.95))
    @precondition(lambda self: not self.closed)
    def cut_frame(self, period: str, at: float) -> None:
        self.streak = 0
        wire = self._frame(period)
        self._say(wire[: int(at * len(wire))] + b"\x04")

    @rule(noise=st.binary(min_size=1, max_size=60))
    @precondition(lambda self: not self.closed)
    def noise(self, noise: bytes) -> None:
        self.streak = 0
        self._say(noise.replace(b"\x03", b"").replace(b"\x83", b""))

    @rule(seconds=st.one_of(st.floats(0.01, 30), st.sampled_from([14.9, 15.0, 15.1, 600.0])))
    @precondition(lambda self: not self.closed)
    def silence(self, seconds: float) -> None:
        self.streak = 0 if seconds > 8 else self.streak
        self._advance(seconds)

    @rule(jump=st.integers(-50 * 366 * 86400, 50 * 366 * 86400))
    def wall_clock_jumps(self, jump: int) -> None:
        self.clock.set(NOON + timedelta(seconds=jump))

    @rule()
    def a_callback_begins_or_stops_to_raise(self) -> None:
        self.raises = not self.raises

    @rule()
    @precondition(lambda self: not self.closed)
    def stop(self) -> None:
        self.closed = True
        self.appliance.close()

    # The invariants:

    @invariant()
    def the_relay_is_as_the_rule_says_or_in_its_fail_state(self) -> None:
        if not hasattr(self, "clock"):
            return
        age = self.clock.monotonic() - self.heard_at
        if self.closed or age > TRUSTED_FOR + 0.01:
            assert self.relay.on == self.fail_state, f"not in its fail state {age:.3f} s after the last frame"
        elif age < TRUSTED_FOR and self.streak > FIRM:
            assert self.relay.on == (self.period == "HN.."), f"not as the rule says {age:.3f} s after a frame"
        elif "HN.." not in self.ever and not self.fail_state:
            assert not self.relay.on, "on in a period that nobody has told"

    def teardown(self) -> None:
        if hasattr(self, "relay"):
            if not self.closed:
                self.appliance.close()
            assert self.relay.on == self.fail_state
            self.pins.reset()


TestHouse = pytest.mark.campaign(House.TestCase)
TestHouse.settings = settings(
    max_examples=extent(30, 2000),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
