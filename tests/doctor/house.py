"""An installation to be examined: a folder in place of the machine, and a meter on a pty."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from linkymonitor.commands.doctor import subject_of
from linkymonitor.doctor.base import Row, State, Subject
from linkymonitor.doctor.world import Answer, Patience, World
from linkymonitor.settings import load
from linkymonitor.system.clock import SystemClock
from tests.support.gpio_kernel import FakeKernel
from tests.support.pty_meter import PtyMeter

QUICK = Patience(fast=1.0, slow=0.4, line=0.6, sinks=0.5)
#: The longest time between two looks at the clock that counts, in seconds.
_MOST = 0.25
NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)


class SetClock(SystemClock):
    """A clock that shows *at*; its monotonic time is real, for the pty is.

    A process that gets no turn for seconds neither sends nor hears: such a pause does not count.
    """

    def __init__(self, at: datetime = NOON, *, vouched: bool = True) -> None:
        self._at = at
        self._vouched = vouched
        self._lock = threading.Lock()
        self._counted = self._looked = time.monotonic()

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        with self._lock:
            before, self._looked = self._looked, time.monotonic()
            self._counted += min(self._looked - before, _MOST)
            return self._counted

    def synchronized(self, since: datetime | None) -> bool:
        return self._vouched


class Machine:
    """The folder of a machine, and what its commands answer.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        #: The words of a command, joined → its answer; another command is not installed.
        self.answers: dict[str, Answer] = {}
        #: The commands that were called.
        self.called: list[str] = []
        #: (bus, address) at which something answers; None: there is no bus.
        self.on_bus: set[tuple[int, int]] | None = None
        self.file("/proc/self/mounts", "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n")

    def file(self, name: str, text: str = "") -> Path:
        """Write a file of the machine."""
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, words) -> Answer | None:
        line = " ".join(words)
        self.called.append(line)
        return self.answers.get(line)

    def ask_i2c(self, bus: Path, address: int) -> bool:
        if self.on_bus is None:
            raise FileNotFoundError(2, "no bus")
        return (bus.name, address) in self.on_bus

    def world(self, **changes) -> World:
        """Return the edge for doctor."""
        world = World(
            root=self.root,
            run=self.run,
            clock=SetClock(),
            ask_i2c=self.ask_i2c,
            patience=QUICK,
            kernel=FakeKernel(),
            user="nobody-of-this-name",
        )
        return world._replace(**changes)


def subject(tmp_path: Path, world: World, port: str = "/dev/ttyNONE", ini: str = "") -> Subject:
    """Return an installation whose settings are *ini*, and folders of its own."""
    for name in ("log", "report", "state"):
        (tmp_path / name).mkdir(exist_ok=True)
    path = tmp_path / "my.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\nruntime_dir = {tmp_path}/run\n"
        f"[log]\ndir = {tmp_path}/log\n[report]\ndir = {tmp_path}/report\n{ini}"
    )
    return subject_of(load(path), world, port)


def one(rows: list[Row], name: str) -> Row:
    """Return the row *name*, which is there once."""
    (row,) = [row for row in rows if row.name == name]
    return row


def fault(rows: list[Row], name: str, *, finding: str, cure: str) -> Row:
    """Return the row *name*, which is a fault with these words."""
    row = one(rows, name)
    assert row.state is State.TO_MEND
    assert finding in str(row.finding)
    assert cure in str(row.cure)
    return row


class Sender:
    """A meter that sends for as long as the block runs; nothing waits for a reader.

    Args:
        frames: the bytes that it sends again and again.
        speed: in baud; a reader at another speed gets what a UART makes of it.
        received: what the receiver makes of the bytes.
    """

    def __init__(
        self, frames: bytes, speed: int, received: Callable[[bytes], bytes] = lambda wire: wire
    ) -> None:
        self.meter = PtyMeter()
        self._wire, self._speed = received(frames), speed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        place, size = 0, 400
        while not self._stop.wait(0.005):
            if self.meter.unread < 2000:
                self.meter.say(self._wire[place : place + size], self._speed)
                place = place + size if place + size < len(self._wire) else 0

    def __enter__(self) -> str:
        self._thread.start()
        return self.meter.path

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.meter.unplug()
