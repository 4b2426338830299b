"""How soon the lamp follows the meter: from the last byte of the frame that decides to the pin."""

# Strategy
#
# - The whole of acquire runs on a pseudo-terminal, with its log, its latest.json and a display that takes all; only
#   the pin is a mock, which notes when it changes (lamp_process.py).
# - An EJP meter at 9600 baud goes in and out of its peak: PEAK lights the lamp for good, NORMAL lets it go out
#   after a wink, so the pin that rises at a PM.. frame is the lamp's answer to it.
# - The same again while `deliver` runs on the same core, and every sink is down, floods or hangs (hostile.py).
# - Acceptance wants two frames that agree. The first PM.. is sent whole before, and the pin must not move for it.

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.hostile import HostileServers
from bench.live import HEARD, Line, speak
from bench.measure import IN_MEMORY, OURS, Process
from bench.memory import MOCK_HARDWARE
from bench.table import PI_ZERO, CannotRun, Row
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame

_CHANGES = 21
_SETTINGS = "[meter]\nmode = historique\nspeed = 9600\n[lamp:ejp]\npin = 25\n"
#: Seconds after which the wink of NORMAL is over, and in which the pin has followed the meter.
_WINK, _ANSWER = 0.15, 0.15


def measure() -> Iterator[Row]:
    """Yield the delay of the pin, whether it moves when it should not, and what sinks in trouble change."""
    alone = _run("")
    delays = alone.delays
    yield Row(
        figure=f"lamp: last byte of the deciding frame to the pin, Pi Zero (× {PI_ZERO})",
        measured=statistics.median(delays) * 1000 * PI_ZERO,
        must=20,
        aim=10,
        unit="ms",
        note=f"median of {len(delays)}: {statistics.median(delays) * 1000:.2f} ms here, "
        f"{max(delays) * 1000:.2f} at most",
    )
    yield Row(
        figure="lamp: moves at a frame that no second one agrees with", measured=alone.early, must=0, unit=""
    )
    with HostileServers() as servers:
        troubled = _run(servers.sections)
        connections = servers.connections
    if not connections:
        raise CannotRun("no sink has tried to connect")
    yield Row(
        figure="lamp: its delay while every sink is down, floods or hangs, less that without deliver",
        measured=(statistics.median(troubled.delays) - statistics.median(delays)) * 1000,
        must=1,
        unit="ms",
        note=f"medians, both on one core; {connections} connections, "
        f"{max(troubled.delays) * 1000:.2f} ms at most",
    )
    yield Row(
        figure="acquire: frames lost while every sink is down, floods or hangs",
        measured=troubled.sent - troubled.logged,
        must=0,
        unit="",
        note=f"of {troubled.sent}",
    )


class _Run(NamedTuple):
    """How the lamp has followed a meter."""

    #: Seconds, of each change.
    delays: list[float]
    #: Moves at a frame that no second one agreed with.
    early: int
    #: Frames that the meter has sent, and those that the log counts.
    sent: int
    logged: int


def _run(sinks: str) -> _Run:
    """Let the lamp follow a meter, with `deliver` and *sinks* beside it if there are any; all on one core."""
    core = min(os.sched_getaffinity(0))
    quiet, peak = _frame("HN.."), _frame("PM..")
    delays: list[float] = []
    early = sent = 0
    with (
        Line(together=8) as line,
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime,
        ExitStack() as stack,
    ):
        folder = Path(runtime)
        config, stamps, log_dir = folder / "lamp.ini", folder / "stamps", folder / "log"
        config.write_text(
            f"{_SETTINGS}[general]\nstate_dir = {folder / 'state'}\n[log]\ndir = {log_dir}\n{sinks}"
        )
        stamps.touch()
        pinned = ("taskset", "-c", str(core)) if shutil.which("taskset") else ()
        program = (*pinned, sys.executable, str(Path(__file__).with_name("lamp_process.py")), str(stamps))
        options = ("acquire", "-c", str(config), "-l", "-i", line.path)
        environment = MOCK_HARDWARE | {"XDG_RUNTIME_DIR": runtime}
        acquire = stack.enter_context(Process((*program, *options), environment))
        if sinks:
            stack.enter_context(Process((*pinned, *OURS, "deliver", "-c", str(config)), environment))

        def say(frames: Sequence[bytes]) -> None:
            nonlocal sent
            speak((line,), frames)
            sent += len(frames)

        line.wait_for_reader(9600)
        # The first frame behind the opening is not logged, whatever runs beside acquire.
        speak((line,), [quiet])
        # Until the log has records, and every sink has one to send.
        say([quiet] * 24)
        for _ in range(_CHANGES):
            say([quiet] * 2)
            time.sleep(_WINK)
            before = len(_times(stamps))
            say([peak])
            time.sleep(_ANSWER)
            early += len(_times(stamps)) - before
            # The meter sends nothing after the frame that decides: its last byte is all there is to go by.
            say([peak[:-1]])
            before = len(_times(stamps))
            at = time.monotonic()
            line.say(peak[-1:])
            time.sleep(_ANSWER)
            acquire.alive()
            moved = _times(stamps)[before:]
            if not moved:
                raise CannotRun("the lamp did not follow the meter")
            delays.append(moved[0] - at)
        # The last record is written at the end.
        stack.close()
        text = "".join(path.read_text() for path in log_dir.glob("*.log"))
        return _Run(delays, early, sent, sum(map(int, HEARD.findall(text))))


def _times(stamps: Path) -> list[float]:
    return [float(line) for line in stamps.read_text().splitlines()]


def _frame(period: str) -> bytes:
    """Return a frame of an EJP meter in *period*."""
    house = House(parse_spec("historique,ejp,seed=7"))
    wire = next(wire for _, wire in house.frames(house.options.start + timedelta(minutes=1)))
    (frame,) = FrameDecoder(Mode.HISTORIQUE).feed(wire)
    groups = tuple(
        group._replace(data=period) if group.label == "PTEC" else group
        for group in frame.groups
        if group.label != "PEJP"
    )
    return write_frame(Frame(groups), Mode.HISTORIQUE, parity=True)
