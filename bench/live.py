"""What a live meter costs: the CPU of acquire, as a share of a Pi Zero and against a readline loop."""

# Strategy
#
# - Each mode is one run at the pace of a real meter, because waiting costs too: acquire looks at its clock between
#   two frames. Four pseudo-terminals get the same bytes at the same time.
# - The UART of a Pi hands over 8 bytes at a time, others a byte at a time: acquire reads one line of each kind, and
#   so does the loop that most programs have, pyserial's readline() and a checksum (peer.py).
# - Whoever is woken first pays for a cold cache, so the lines are served in the other order every second frame.
# - acquire finds mode and speed by itself and writes latest.json, as on a device. Frames are measured once it has.

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from bench import streams
from bench.measure import ENVIRONMENT, IN_MEMORY, OURS, Process
from bench.table import PI_ZERO, CannotRun, Row
from linkymonitor.model.terms import Mode
from linkymonitor.tic.frame import FRAME_GAP

_BITS = 10
#: The bytes that the UART of a Pi hands over at a time.
FIFO = 8
#: Frames that are measured: some 35 seconds of a meter.
_FRAMES = {Mode.HISTORIQUE: 25, Mode.STANDARD: 40}
#: Frames until the mode is found and everything has been imported.
_WARM_UP = 8
#: Must and aim: the share of a Pi Zero in percent, and the ratio to the loop with 8 bytes and with 1 at a time.
_SHARE = {Mode.HISTORIQUE: (2, 1.5), Mode.STANDARD: (4, 3)}
_RATIO = {
    (Mode.HISTORIQUE, FIFO): (0.45, 0.30),
    (Mode.HISTORIQUE, 1): (0.10, 0.06),
    (Mode.STANDARD, FIFO): (0.14, 0.10),
    (Mode.STANDARD, 1): (0.10, 0.06),
}
_HEARD = re.compile(r"\bTrames=(\d+)")


class Line:
    """A pseudo-terminal that a meter speaks on.

    Args:
        together: bytes that the reader gets at a time.
    """

    def __init__(self, together: int = 1) -> None:
        self.together = together
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)
        os.close(self._slave)

    def say(self, wire: bytes) -> None:
        """Send *wire*; what a reader leaves for too long is lost, as with a UART."""
        try:
            os.write(self._master, wire)
        except BlockingIOError:
            return


def speak(lines: Sequence[Line], wires: Sequence[bytes], baud: int = 9600) -> None:
    """Send *wires* on all of *lines* at the pace of *baud*."""
    due = time.monotonic()
    for wire in wires:
        lines = lines[::-1]
        for end in range(1, len(wire) + 1):
            due += _BITS / baud
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            for line in lines:
                # A UART hands over what it has when the line is silent.
                if end % line.together == 0 or end == len(wire):
                    line.say(wire[(end - 1) // line.together * line.together : end])
        due += FRAME_GAP
    time.sleep(max(due - time.monotonic(), 0.0))


def acquire_on(line: Line, folder: str, *options: str, env: Mapping[str, str] = ENVIRONMENT) -> Process:
    """Start acquire on *line*, its log in *folder*, its latest.json where XDG_RUNTIME_DIR of *env* says."""
    return Process((*OURS, "acquire", "-i", line.path, "--log-dir", folder, *options), env)


def measure() -> Iterator[Row]:
    """Yield what reading a live meter costs in both modes, bytes 8 at a time and one at a time."""
    for mode in Mode:
        yield from _measure(mode)


def _measure(mode: Mode) -> Iterator[Row]:
    wires = list(islice(streams.frames(mode), _WARM_UP + _FRAMES[mode]))
    warm_up, measured = wires[:_WARM_UP], wires[_WARM_UP:]
    with ExitStack() as stack:
        ours = [stack.enter_context(_Reader(Line(together), mode, peer=False)) for together in (FIFO, 1)]
        loops = [stack.enter_context(_Reader(Line(together), mode, peer=True)) for together in (FIFO, 1)]
        readers = ours + loops
        lines = [reader.line for reader in readers]
        speak(lines, warm_up, streams.BAUD[mode])
        for reader in readers:
            reader.begin()
        began = time.monotonic()
        speak(lines, measured, streams.BAUD[mode])
        seconds = time.monotonic() - began
        for reader in readers:
            reader.take()
    for reader, loop in zip(ours, loops, strict=True):
        reader.check(len(measured))
        together = reader.line.together
        name = f"live, {mode.value} mono, {'8 bytes' if together == FIFO else '1 byte'} at a time"
        must, aim = _SHARE[mode]
        yield Row(
            figure=f"{name}: acquire's share of a Pi Zero (× {PI_ZERO})",
            measured=reader.cpu / seconds * PI_ZERO * 100,
            must=must,
            aim=aim,
            unit="%",
            note=f"{len(measured)} frames, {reader.cpu / len(measured) * 1e3:.2f} ms and "
            f"{reader.reads / len(measured):.1f} reads each",
        )
        most, goal = _RATIO[mode, together]
        yield Row(
            figure=f"{name}: CPU against a pyserial readline loop",
            measured=reader.cpu / loop.cpu,
            must=most,
            aim=goal,
            note=f"the loop takes {loop.cpu / len(measured) * 1e3:.2f} ms a frame",
        )


class _Reader:
    """acquire, or the loop of peer.py, on a line of its own."""

    def __init__(self, line: Line, mode: Mode, *, peer: bool) -> None:
        self.line, self._mode, self._peer = line, mode, peer
        self.cpu, self.reads = 0.0, 0
        self._heard = 0

    def __enter__(self) -> _Reader:
        with ExitStack() as stack:
            stack.enter_context(self.line)
            self._log = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            runtime = stack.enter_context(tempfile.TemporaryDirectory(dir=IN_MEMORY))
            if self._peer:
                peer = Path(__file__).with_name("peer.py")
                process = Process((sys.executable, str(peer), self.line.path, str(streams.BAUD[self._mode])))
            else:
                env = ENVIRONMENT | {"XDG_RUNTIME_DIR": runtime}
                process = acquire_on(self.line, str(self._log), env=env)
            self._process = stack.enter_context(process)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end()
        self._heard = sum(
            int(number) for path in self._log.glob("*.log") for number in _HEARD.findall(path.read_text())
        )
        self._stack.close()

    def begin(self) -> None:
        """Measure from here."""
        self._before = self._process.cpu, self._process.reads

    def take(self) -> None:
        """Take what was used since begin()."""
        self._process.alive()
        self.cpu = self._process.cpu - self._before[0]
        self.reads = self._process.reads - self._before[1]

    def check(self, frames: int) -> None:
        """Raise CannotRun when acquire has not logged so many frames: a low figure would be no merit."""
        if self._heard < frames:
            raise CannotRun(f"acquire heard {self._heard} frames of {frames}: this machine is too busy")
