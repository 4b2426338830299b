"""What a live meter costs: CPU a byte, reads a frame, memory. A paced pty stands for the port."""

# Strategy
#
# - The stream of a standard meter is written a byte at a time at 9600 baud to two pseudo-terminals at once:
#   one is read by the whole of `acquire`, the other by the loop that most programs have, pyserial's
#   readline() and a checksum. Both are measured between the same two frames.
# - It is measured once acquire has found the mode and the speed by itself, as it does on a device.

from __future__ import annotations

import os
import sys
import tempfile
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from bench import streams
from bench.measure import ENVIRONMENT, OURS, Process, bare_memory
from bench.table import Row
from linkymonitor.model.terms import Mode

_BYTE = 10 / 9600
_GAP = 0.025
#: Frames until the mode is found and everything has been imported, and frames that are measured.
_WARM_UP, _MEASURED = 8, 12
_FOLDER = Path(__file__).resolve().parent


class Line:
    """A pseudo-terminal that a meter speaks on."""

    def __init__(self) -> None:
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


def speak(lines: Sequence[Line], wires: Sequence[bytes]) -> None:
    """Send *wires* on all of *lines*, byte by byte at 9600 baud."""
    due = time.monotonic()
    for wire in wires:
        for at in range(len(wire)):
            due += _BYTE
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            for line in lines:
                line.say(wire[at : at + 1])
        due += _GAP
    time.sleep(max(due - time.monotonic(), 0.0))


def measure() -> Iterator[Row]:
    """Yield what reading costs, in CPU and in reads."""
    wires = list(islice(streams.frames(Mode.STANDARD, parity=True), _WARM_UP + _MEASURED))
    warm_up, measured = wires[:_WARM_UP], wires[_WARM_UP:]
    with ExitStack() as stack:
        ours, theirs = stack.enter_context(Line()), stack.enter_context(Line())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        acquire = stack.enter_context(_acquire(ours, folder))
        peer = stack.enter_context(Process((sys.executable, str(_FOLDER / "peer.py"), theirs.path)))
        speak((ours, theirs), warm_up)
        before = acquire.cpu, acquire.reads, peer.cpu
        speak((ours, theirs), measured)
        acquire.alive()
        peer.alive()
        cpu, reads, peer_cpu = acquire.cpu - before[0], acquire.reads - before[1], peer.cpu - before[2]
    count = sum(map(len, measured))
    groups = sum(wire.count(b"\n") for wire in measured) / len(measured)
    yield Row(
        figure="live, 9600 baud: CPU a byte, to readline() and a checksum",
        measured=cpu / peer_cpu,
        must=0.20,
        aim=0.10,
        note=f"{cpu / count * 1e6:.1f} µs a byte to {peer_cpu / count * 1e6:.1f}",
    )
    yield Row(
        figure=f"live, 9600 baud: reads a frame of {groups:.0f} groups",
        measured=reads / len(measured),
        must=groups + 3,
        unit="",
    )


def measure_memory() -> Iterator[Row]:
    """Yield what acquire holds in memory, without and with display and lamp."""
    bare = bare_memory()
    with_display = ENVIRONMENT | {
        "GPIOZERO_PIN_FACTORY": "mock",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_FOLDER / "fakes"), ENVIRONMENT.get("PYTHONPATH")))),
    }
    for name, options, env, must, aim in (
        ("logs only", (), ENVIRONMENT, 20.0, 18.0),
        ("with OLED and lamp", ("-l",), with_display, 32.0, 30.0),
    ):
        with (
            Line() as line,
            tempfile.TemporaryDirectory() as folder,
            _acquire(line, folder, *options, env=env) as acquire,
        ):
            speak((line,), list(islice(streams.frames(Mode.STANDARD, parity=True), _WARM_UP)))
            acquire.alive()
            highest, now = acquire.memory(), acquire.memory("VmRSS")
        yield Row(
            figure=f"memory of acquire, {name}",
            measured=highest / 1024,
            must=must,
            aim=aim,
            unit="MiB",
            note=f"at most; {now / 1024:.1f} at the end; bare Python {bare / 1024:.1f}",
        )


def _acquire(line: Line, folder: str, *options: str, env: Mapping[str, str] = ENVIRONMENT) -> Process:
    # latest.json belongs into a folder in memory.
    runtime = "/dev/shm" if Path("/dev/shm").is_dir() else folder
    command = (*OURS, "acquire", "-i", line.path, "--log-dir", str(Path(folder, "log")), *options)
    return Process(command, {**env, "XDG_RUNTIME_DIR": runtime})
