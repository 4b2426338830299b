"""One frame of each of some meters that never existed, as `deliver` gives it to a sink, and what a shape makes of it.

The files of tests/golden/shapes/SHAPE were made by the program whose shape it is, from the same frames; its PRM is
masked in them, because `acquire` hands out no PRM.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from linkymonitor.delivery.feeder import live_of
from linkymonitor.live.latest import Latest
from linkymonitor.live.reading import Watcher
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Live
from linkymonitor.state.tariff import TariffFold
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import Frame
from linkymonitor.tic.interpret import interpret

GOLDEN = Path(__file__).parents[1] / "golden/shapes"
#: Mode, contract, and what else is particular of each meter.
NAMES = sorted(path.stem for path in (GOLDEN / "frames").glob("*.tic"))
NOW = datetime(2026, 1, 13, 18, 42, 10, tzinfo=UTC)


def mode_of(name: str) -> Mode:
    return Mode(name.partition("-")[0])


def frame_of(name: str) -> Frame:
    """Return the frame in the file *name*."""
    decoder = FrameDecoder(mode_of(name))
    (frame,) = decoder.feed((GOLDEN / f"frames/{name}.tic").read_bytes()) + decoder.close()
    return frame


def number_of(name: str) -> str:
    """Return the address of the meter that has sent the frame *name*."""
    return frame_of(name).groups[0].data


def live_of_frame(name: str, folder: Path, taken_at: datetime = NOW) -> Live:
    """Return the frame *name* as a sink gets it, by way of latest.json in *folder*."""
    frame, mode = frame_of(name), mode_of(name)
    raw = {group.label: (group.horodate, group.data) for group in frame.groups}
    reading = interpret(frame, mode, taken_at)._replace(raw=raw)
    tariff = TariffFold().update(reading)
    Latest(Storage(), folder).write(View(reading=reading, tariff=tariff, now=1000.0))
    newest = Watcher(folder, lambda: 1000.0).read()
    assert newest is not None
    return live_of(newest, 1000.2)
