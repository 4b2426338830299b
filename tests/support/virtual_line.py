"""A meter on a pty, events that change it, and a clock on which waiting takes no real time."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from gpiozero.pins.mock import MockFactory

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.acceptance.judge import STALE
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.relay import Relay, Settings
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.source.base import Source
from linkymonitor.source.open import open_source
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.interpret import interpret
from tests.support.pty_meter import PtyMeter, heard

NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")

_heard = lru_cache(4096)(heard)


class World:
    """The events to come, in the order of their times on *clock*."""

    def __init__(self, clock: WireClock) -> None:
        self.clock = clock
        self._plan: list[tuple[float, int, Callable[[], object]]] = []
        self._count = itertools.count()

    def at(self, when: float, act: Callable[[], object]) -> None:
        """Plan to call *act* at the monotonic time *when*."""
        heapq.heappush(self._plan, (when, next(self._count), act))

    def next_by(self, until: float) -> bool:
        """Advance the clock to the next event until *until*, and run it; return False when there is no such event."""
        if not self._plan or self._plan[0][0] > until:
            return False
        when, _, act = heapq.heappop(self._plan)
        self.run_to(when)
        act()
        return True

    def run_to(self, when: float) -> None:
        """Advance the clock to *when*, if it is earlier."""
        if when > self.clock.monotonic():
            self.clock.advance(when - self.clock.monotonic())


class Waiting(Source):
    """A port whose waiting runs the world: the bytes of the waiting time are in the pty before the port reads."""

    live = True
    is_meter = True

    def __init__(self, world: World, path: Path | str, **how: object) -> None:
        self._world = world
        self.reads = 0
        self._source = open_source(str(path), clock=world.clock, **{"sleep": world.clock.advance, **how})
        self.name = self._source.name
        self.set_speed = self._source.set_speed
        self.settle = self._source.settle
        self.discard = self._source.discard
        self.close = self._source.close

    @property
    def away(self) -> bool:
        return self._source.away

    def read(self, timeout: float) -> bytes | None:
        self.reads += 1
        until = self._world.clock.monotonic() + timeout
        while not (chunk := self._source.read(0.0)):
            if not self._world.next_by(until):
                self._world.run_to(until)
                return b""
        return chunk


class Speaker:
    """The meter of a simulated house, which sends line after line into the pty that it is plugged into."""

    def __init__(
        self, world: World, spec: str = "ejp", *, mode: Mode = Mode.HISTORIQUE, speed: int = 1200
    ) -> None:
        self._world = world
        start = f"day={NOON.astimezone(PARIS):%Y-%m-%d},at={NOON.astimezone(PARIS):%H:%M}"
        self._houses = {one: House(parse_spec(f"{spec},{one.value},{start}")) for one in Mode}
        self.mode, self.speed = mode, speed
        self.plugged: PtyMeter | None = None
        #: The values of the frames of the last STALE seconds, each with its end: a reader has them after the end.
        self._said: deque[tuple[float, Reading]] = deque()
        #: Cuts a frame into the pieces that are sent; None sends line by line.
        self.pieces: Callable[[bytes], list[bytes]] = lambda wire: wire.splitlines(keepends=True)
        self._rest: deque[bytes] = deque()
        self.bytes = 0
        self.wrong = 0
        world.at(world.clock.monotonic(), self._speak)

    def switch(self, mode: Mode, speed: int) -> None:
        """Change mode and speed at once, even in the middle of a frame."""
        self.mode, self.speed = mode, speed
        self._rest.clear()

    def said(self, reading: Reading) -> bool:
        """Return whether the meter sent each value of *reading*, in that mode, within the last STALE seconds."""
        frames = [sent for _, sent in self._said if sent.mode is reading.mode]
        return bool(frames) and all(
            any(sent.values.get(label) == value for sent in reversed(frames))
            for label, value in reading.values.items()
        )

    def _speak(self) -> None:
        now = self._world.clock.monotonic()
        if not self._rest:
            frame = self._houses[self.mode].frame_at(self._world.clock.now())
            wire = write_frame(frame, self.mode, parity=True)
            self._said.append((now + len(wire) * 10 / self.speed, interpret(frame, self.mode, NOON)))
            while self._said[0][0] < now - STALE:
                self._said.popleft()
            self._rest.extend(self.pieces(wire))
            now += 0.025
        piece = self._rest.popleft()
        took = len(piece) * 10 / self.speed
        self._world.at(now + took, lambda: self._arrive(piece))

    def _arrive(self, piece: bytes) -> None:
        listened = self._listened_at()
        if self.plugged is not None and listened is not None:
            self.bytes += len(piece)
            self.wrong += len(piece) if listened != self.speed else 0
            self.plugged.write(_heard(piece, self.speed, listened))
        self._speak()

    def _listened_at(self) -> int | None:
        """Return the speed that the reader has set, in baud; None while nobody has the device open."""
        try:
            return self.plugged.listened_at if self.plugged is not None else None
        except KeyError:
            return None


class Follower:
    """An appliance with a relay and a log, and the readings that it made."""

    def __init__(self, world: World, source: object, directory: Path, speaker: Speaker | None = None) -> None:
        self.clock = world.clock
        self.pins = MockFactory()
        self.directory = directory
        #: The monotonic time of each reading, and the reading.
        self.readings: list[tuple[float, Reading]] = []
        #: The readings with a value that the meter did not send.
        self.wrong: list[Reading] = []
        self._speaker = speaker
        relay = Settings(pin=17, rule="periods", periods=("HN",), fail_state=False, name="tank")
        self.relay = Relay(relay, Hardware(pins=self.pins, lang="en", clock=world.clock))
        self.appliance = Appliance(
            meter=Meter(source, world.clock),
            clock=world.clock,
            log=DailyLog(Storage(), LogSettings(dir=directory), world.clock, lang="en"),
            aggregator=Aggregator(),
            ledger=Ledger(PARIS),
            latest=Latest(Storage(), None),
            outputs=[self.relay],
            callbacks=[self._note],
        )

    def _note(self, reading: Reading) -> None:
        self.readings.append((self.clock.monotonic(), reading))
        if self._speaker is not None and not self._speaker.said(reading):
            self.wrong.append(reading)

    def run(self, until: float) -> None:
        """Run until that monotonic time; an earlier end is a failure."""
        self.appliance.run(until)
        assert self.clock.monotonic() >= until, "the appliance gave up"

    def first_after(self, when: float) -> float:
        """Return the time of the first reading after *when*."""
        return next((at for at, _ in self.readings if at > when), float("inf"))

    def lines(self, status: str = "") -> Iterator[tuple[float, str]]:
        """Yield the lines of the log, with their monotonic times to the second."""
        zero = self.clock.now() - timedelta(seconds=self.clock.monotonic())
        for path in sorted(self.directory.glob("*.log")):
            for line in path.read_text().splitlines():
                if f"\t{status}" in line:
                    at = datetime.strptime(line[:19], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
                    yield (at - zero).total_seconds(), line
