"""How soon the lamp follows the meter: from the last byte of the frame that decides to the pin."""

# Strategy
#
# - The whole of appliance.py runs here on a real pseudo-terminal, with a gpiozero mock pin that notes when it
#   changes, and with a display, a latest.json and a log that note when they are called.
# - An EJP meter at 9600 baud goes in and out of its peak: PEAK lights the lamp for good, NORMAL lets it go out
#   after a wink, so the pin that rises at a PM.. frame is the lamp's answer to it.
# - One frame alone proves nothing (acceptance): the one that decides is the second that says PM... The first is
#   sent whole before, and the pin must not move for it.

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.live import Line, speak
from bench.table import CannotRun, Row
from linkymonitor.appliance import Appliance
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import View
from linkymonitor.model.record import Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.tariffs import Prices
from linkymonitor.outputs import led
from linkymonitor.outputs.base import NEVER
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.source.open import open_source
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import SystemClock
from linkymonitor.system.storage import Storage
from linkymonitor.system.timeline import Timeline
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame

_CHANGES = 11
_PIN = 25


def measure() -> Iterator[Row]:
    """Yield the delay of the pin, and whether anything slower went before it."""
    from gpiozero.pins.mock import MockFactory, MockPin

    log = _Log()

    class StampedPin(MockPin):  # type: ignore[misc]
        def _change_state(self, value: Any) -> bool:
            changed: bool = super()._change_state(value)
            if changed:
                log.stamp("pin")
            return changed

    quiet, peak = _frame("HN.."), _frame("PM..")
    clock = SystemClock()
    with Line() as line, tempfile.TemporaryDirectory() as folder:
        source = open_source(line.path, clock=clock, speed=9600)
        hardware = Hardware(pins=MockFactory(pin_class=StampedPin), clock=clock)
        latest = _Latest(Storage(), Path(folder))
        latest.log = log
        appliance = Appliance(
            meter=Meter(source, clock, Mode.HISTORIQUE, 9600),
            clock=clock,
            log=log,  # type: ignore[arg-type]
            aggregator=Aggregator(1),
            timeline=Timeline(clock),
            ledger=Ledger(_paris(), Prices()),
            latest=latest,
            outputs=[led.Lamp(led.Settings(pin=_PIN), hardware), _Display(log)],
        )
        thread = threading.Thread(target=appliance.run)
        thread.start()
        try:
            speak((line,), [quiet] * 8)
            log.clear()
            delays, early = [], 0
            for _ in range(_CHANGES):
                # The meter says nothing after the frame that decides: its last byte is all there is to go by.
                speak((line,), [quiet] * 2)
                time.sleep(0.15)  # for the wink of NORMAL to be over
                log.clear()
                speak((line,), [peak])
                time.sleep(0.05)
                early += log.count("pin")
                log.clear()
                speak((line,), [peak[:-1]])
                sent = time.monotonic()
                line.say(peak[-1:])
                time.sleep(0.1)
                delays.append(log.first("pin") - sent)
        finally:
            appliance.stop()
            thread.join()
    late = [kind for kind in ("display", "file", "log") if log.first(kind) < log.first("pin")]
    yield Row(
        figure="lamp: from the last byte of the frame that decides to the pin",
        measured=statistics.median(delays) * 1000,
        must=20,
        aim=10,
        unit="ms",
        note=f"median of {len(delays)}, at most {max(delays) * 1000:.1f}",
    )
    yield Row(figure="lamp: moves at a frame that no second one agrees with", measured=early, must=0, unit="")
    yield Row(
        figure="lamp: display and file work done before the pin",
        measured=len(late),
        must=0,
        unit="",
        note=", ".join(late),
    )


class _Log:
    """Stands for the daily log, and notes when each thing happens."""

    def __init__(self) -> None:
        self._stamps: list[tuple[str, float]] = []

    def stamp(self, kind: str) -> None:
        self._stamps.append((kind, time.monotonic()))

    def clear(self) -> None:
        self._stamps.clear()

    def count(self, kind: str) -> int:
        return sum(found == kind for found, _ in list(self._stamps))

    def first(self, kind: str) -> float:
        stamps = [at for found, at in list(self._stamps) if found == kind]
        if not stamps and kind == "pin":
            raise CannotRun("the lamp did not follow the meter")
        return min(stamps, default=float("inf"))

    def append(self, record: object) -> None:
        self.stamp("log")

    def note(self, *words: object) -> None:
        """Write nothing."""

    def __getattr__(self, name: str) -> Any:
        """Return what takes whatever else a log is told, and keeps nothing of it."""
        return lambda *words, **more: None

    def day_so_far(self, start: object, end: object) -> list[Record]:
        """Have nothing of the day."""
        return []

    def tick(self, now: float) -> float:
        return NEVER

    def close(self) -> None:
        """Have nothing open."""


class _Latest(Latest):
    """The real one, which notes when it is called."""

    log: _Log

    def write(self, view: View) -> None:
        self.log.stamp("file")
        super().write(view)


class _Display:
    """An output after the lamp, as the display is."""

    def __init__(self, log: _Log) -> None:
        self._log = log

    def update(self, view: object) -> None:
        self._log.stamp("display")

    def tick(self, now: float, data_age: float) -> float:
        return NEVER

    def close(self) -> None:
        """Stay as it is."""


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


def _paris() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Paris")
