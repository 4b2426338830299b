"""Fakes of hardware that several tests share: pins and a disk that report their changes, a source with times."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from linkymonitor.model.terms import Mode
from linkymonitor.source.base import Source
from linkymonitor.system.clock import WireClock
from linkymonitor.system.disk import SystemDisk


def told_pins(tell: Callable[[int, bool], object]) -> MockFactory:
    """Return gpiozero's factory of mock pins; *tell* is called with the number and the level at each change."""

    class ToldPin(MockPin):
        def _change_state(self, value: bool) -> bool:
            changed = super()._change_state(value)
            if changed:
                tell(int(self.info.name.removeprefix("GPIO")), bool(value))
            return changed

    return MockFactory(pin_class=ToldPin)


class ToldDisk(SystemDisk):
    """The real disk; *tell* is called at each write, rename and sync."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell

    def write(self, descriptor: int, data: bytes) -> int:
        self._tell("write")
        return super().write(descriptor, data)

    def rename(self, source: str, target: str) -> None:
        self._tell(f"rename {target.rpartition('/')[2]}")
        super().rename(source, target)

    def sync_data(self, descriptor: int) -> None:
        self._tell("sync")
        super().sync_data(descriptor)


class Bytes(Source):
    """A source of chunks on the time of a WireClock; each comes so many seconds after the chunk before it.

    With a negative time, the time *leaps*: so many seconds pass at once, as for a machine
    that was suspended, and the chunk is there when it wakes.
    """

    name = "bytes"
    instant = True

    def __init__(
        self, clock: WireClock, chunks: Iterable[tuple[float, bytes]] = (), mode: Mode | None = None
    ) -> None:
        self.mode = mode
        self.closed = False
        self._clock = clock
        self._chunks = deque(chunks)
        self._due: float | None = None

    def then(self, *chunks: tuple[float, bytes]) -> None:
        """Add *chunks*."""
        self._chunks.extend(chunks)

    def read(self, timeout: float) -> bytes | None:
        if not self._chunks:
            return None
        seconds, chunk = self._chunks[0]
        if seconds < 0:
            self._clock.advance(-seconds)
            self._chunks.popleft()
            return chunk
        if self._due is None:
            self._due = self._clock.monotonic() + seconds
        wait = self._due - self._clock.monotonic()
        if wait > timeout:
            self._clock.advance(timeout)
            return b""
        self._clock.advance(max(wait, 0.0))
        self._chunks.popleft()
        self._due = None
        return chunk

    def close(self) -> None:
        self.closed = True


class Probe:
    """An output that keeps its views and its ticks, and raises when a test asks for it."""

    def __init__(self, tell: Callable[[str], Any] = lambda what: None) -> None:
        self.views: list[Any] = []
        self.ticks: list[tuple[float, float]] = []
        self.closed = 0
        #: Seconds until the next tick that it asks for.
        self.every = 3600.0
        #: An error; every call raises it while it is set.
        self.ailment: Exception | None = None
        self._tell = tell

    def update(self, view: Any) -> None:
        self._tell("update")
        if self.ailment:
            raise self.ailment
        self.views.append(view)

    def tick(self, now: float, data_age: float) -> float:
        self.ticks.append((now, data_age))
        if self.ailment:
            raise self.ailment
        return now + self.every

    def close(self) -> None:
        self._tell("close")
        self.closed += 1
        if self.ailment:
            raise self.ailment
