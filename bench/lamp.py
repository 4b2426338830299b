"""How soon the lamp follows the meter: from the last byte of the frame that decides to the pin."""

# Strategy
#
# - The whole of acquire runs on a pseudo-terminal, with its log, its latest.json and a display that takes all; only
#   the pin is a mock, which notes when it changes (lamp_process.py).
# - An EJP meter at 9600 baud goes in and out of its peak: PEAK lights the lamp for good, NORMAL lets it go out
#   after a wink, so the pin that rises at a PM.. frame is the lamp's answer to it.
# - Acceptance wants two frames that agree. The first PM.. is sent whole before, and the pin must not move for it.

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.live import Line, speak
from bench.measure import IN_MEMORY, Process
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
    """Yield the delay of the pin, and whether it moves when it should not."""
    quiet, peak = _frame("HN.."), _frame("PM..")
    delays: list[float] = []
    early = 0
    with Line(together=8) as line, tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime:
        folder = Path(runtime)
        config, stamps = folder / "lamp.ini", folder / "stamps"
        config.write_text(_SETTINGS)
        stamps.touch()
        program = (sys.executable, str(Path(__file__).with_name("lamp_process.py")), str(stamps))
        options = ("acquire", "-c", str(config), "-l", "-i", line.path, "--log-dir", str(folder / "log"))
        with Process((*program, *options), MOCK_HARDWARE | {"XDG_RUNTIME_DIR": runtime}) as acquire:
            speak((line,), [quiet] * 8)
            for _ in range(_CHANGES):
                speak((line,), [quiet] * 2)
                time.sleep(_WINK)
                before = len(_times(stamps))
                speak((line,), [peak])
                time.sleep(_ANSWER)
                early += len(_times(stamps)) - before
                # The meter sends nothing after the frame that decides: its last byte is all there is to go by.
                speak((line,), [peak[:-1]])
                before = len(_times(stamps))
                sent = time.monotonic()
                line.say(peak[-1:])
                time.sleep(_ANSWER)
                acquire.alive()
                moved = _times(stamps)[before:]
                if not moved:
                    raise CannotRun("the lamp did not follow the meter")
                delays.append(moved[0] - sent)
    yield Row(
        figure=f"lamp: last byte of the deciding frame to the pin, Pi Zero (× {PI_ZERO})",
        measured=statistics.median(delays) * 1000 * PI_ZERO,
        must=20,
        aim=10,
        unit="ms",
        note=f"median of {len(delays)}: {statistics.median(delays) * 1000:.2f} ms here, "
        f"{max(delays) * 1000:.2f} at most",
    )
    yield Row(figure="lamp: moves at a frame that no second one agrees with", measured=early, must=0, unit="")


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
