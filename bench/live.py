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
import termios
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

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
_SHARE: Mapping[Mode, tuple[float, float]] = {Mode.HISTORIQUE: (2, 1.5), Mode.STANDARD: (4, 3)}
_RATIO: Mapping[tuple[Mode, int], tuple[float, float]] = {
    (Mode.HISTORIQUE, FIFO): (0.45, 0.30),
    (Mode.HISTORIQUE, 1): (0.10, 0.06),
    (Mode.STANDARD, FIFO): (0.14, 0.10),
    (Mode.STANDARD, 1): (0.10, 0.06),
}
#: The frames that a DATA line counts.
HEARD = re.compile(r"\bTrames=(\d+)")


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

    def wait_for_reader(self, baud: int) -> None:
        """Return once a reader has set the line to *baud*, and has thrown away what came before.

        Raises:
            CannotRun: none does within 20 s.
        """
        deadline = time.monotonic() + 20
        while termios.tcgetattr(self._slave)[4] != getattr(termios, f"B{baud}"):
            if time.monotonic() > deadline:
                raise CannotRun("nobody opens the line")
            time.sleep(0.01)
        time.sleep(0.5)

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
        wires = list(islice(streams.frames(mode), _WARM_UP + _FRAMES[mode]))
        seconds, used = _read(mode, wires[:_WARM_UP], wires[_WARM_UP:])
        for together in (FIFO, 1):
            yield from _rows(mode, together, seconds, used[False, together], used[True, together])


class _Used(NamedTuple):
    """What a process used while the measured frames came."""

    #: CPU time, in seconds.
    cpu: float
    reads: int


def _read(
    mode: Mode, warm_up: Sequence[bytes], measured: Sequence[bytes]
) -> tuple[float, dict[tuple[bool, int], _Used]]:
    """Let acquire and the loop read a meter.

    Returns:
        How many seconds the measured frames took, and what each process used: whether it is the loop, and how many
        bytes it got at a time.

    Raises:
        CannotRun: acquire did not hear all frames; it would have used less than it should.
    """
    lines: list[Line] = []
    processes: dict[tuple[bool, int], Process] = {}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime:
        with ExitStack() as stack:
            for is_loop in (False, True):
                for together in (FIFO, 1):
                    line = stack.enter_context(Line(together))
                    lines.append(line)
                    start = _start_loop if is_loop else _start_acquire
                    process = start(line, mode, Path(folder, str(together)), Path(runtime, str(together)))
                    processes[is_loop, together] = stack.enter_context(process)
            speak(lines, warm_up, streams.BAUD[mode])
            before = {which: _Used(process.cpu, process.reads) for which, process in processes.items()}
            began = time.monotonic()
            speak(lines, measured, streams.BAUD[mode])
            seconds = time.monotonic() - began
            used = {}
            for which, process in processes.items():
                process.alive()
                used[which] = _Used(process.cpu - before[which].cpu, process.reads - before[which].reads)
        for log_dir in Path(folder).iterdir():
            text = "".join(path.read_text() for path in log_dir.glob("*.log"))
            if (heard := sum(map(int, HEARD.findall(text)))) < len(measured):
                raise CannotRun(f"acquire heard {heard} frames of {len(measured)}: this machine is too busy")
    return seconds, used


def _start_acquire(line: Line, mode: Mode, log_dir: Path, runtime: Path) -> Process:
    # acquire writes latest.json wherever the session has a folder in memory.
    runtime.mkdir()
    return acquire_on(line, str(log_dir), env=ENVIRONMENT | {"XDG_RUNTIME_DIR": str(runtime)})


def _start_loop(line: Line, mode: Mode, log_dir: Path, runtime: Path) -> Process:
    peer = Path(__file__).with_name("peer.py")
    return Process((sys.executable, str(peer), line.path, str(streams.BAUD[mode])))


def _rows(mode: Mode, together: int, seconds: float, ours: _Used, loop: _Used) -> Iterator[Row]:
    name = f"live, {mode.value} mono, {'8 bytes' if together == FIFO else '1 byte'} at a time"
    frames = _FRAMES[mode]
    must, aim = _SHARE[mode]
    yield Row(
        figure=f"{name}: share of a Pi Zero (× {PI_ZERO})",
        measured=ours.cpu / seconds * PI_ZERO * 100,
        must=must,
        aim=aim,
        unit="%",
        note=f"{frames} frames, {ours.cpu / frames * 1e3:.2f} ms and {ours.reads / frames:.1f} reads each",
    )
    must, aim = _RATIO[mode, together]
    yield Row(
        figure=f"{name}: CPU against pyserial readline",
        measured=ours.cpu / loop.cpu,
        must=must,
        aim=aim,
        note=f"readline and a checksum take {loop.cpu / frames * 1e3:.2f} ms a frame",
    )
