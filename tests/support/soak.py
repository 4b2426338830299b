"""A process in which acquire lives for days, and another that is its meter: ``python -m tests.support.soak``.

The first process has only acquire in its memory, and measures that memory at the end of each day.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.source.base import Source
from tests.support.extent import extent

#: The hours (UTC) of each day in which the meter sends; in the others it is silent.
HOURS = extent((6, 17, 23), tuple(range(24)))
PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Paris, the eve of a December of EJP
#: The time between two frames; in some minutes of each day the frames follow one another without a pause.
SPARSE, DENSE_MINUTES = 14.0, 10

_HEAD = struct.Struct("dI")
ROOT = Path(__file__).parents[2]
#: The command line that runs this file.
ITSELF = [sys.executable, "-m", "tests.support.soak"]


class Days(Source):
    """A simulated meter on the time of a clock; the house is in another process, whose memory is not measured."""

    live, instant = True, True
    name = "days"

    def __init__(self, clock, mode, days: int, noise: bool) -> None:
        self.mode = mode
        self._clock = clock
        self._began = clock.monotonic()
        words = [*ITSELF, "meter", str(days), mode.value, *(["noise"] if noise else [])]
        self._meter = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT)
        self._next: tuple[float, bytes] | None = None

    def read(self, timeout: float) -> bytes | None:
        if self._next is None:
            head = self._meter.stdout.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return None
            offset, size = _HEAD.unpack(head)
            self._next = self._began + offset, self._meter.stdout.read(size)
        due, wire = self._next
        wait = due - self._clock.monotonic()
        if wait > timeout:
            self._clock.advance(timeout)
            return b""
        self._clock.advance(max(wait, 0.0))
        self._next = None
        return wire

    def close(self) -> None:
        self._meter.stdout.close()
        self._meter.wait()


def meter(days: int, mode_name: str, noise: bool) -> None:
    """Write the frames of *days*, each with its length and its end, in seconds."""
    from linkymonitor.model.terms import Mode
    from linkymonitor.simulator.house import House
    from linkymonitor.simulator.options import parse_spec
    from linkymonitor.tic.encoder import write_frame

    mode = Mode(mode_name)
    house = House(parse_spec(f"ejp,{mode_name},day={START.astimezone(PARIS):%Y-%m-%d}"))
    offset, chance = 0.0, random.Random(7)
    while offset < 86400 * days + 60:
        at = START + timedelta(seconds=offset)
        if at.hour not in HOURS:
            offset += 3600.0
            continue
        wire = write_frame(house.frame_at(at), mode, parity=not noise)
        if noise:
            wire = damaged(wire, chance)
        sys.stdout.buffer.write(_HEAD.pack(offset, len(wire)) + wire)
        offset += 1.7 if at.hour == 17 and at.minute < DENSE_MINUTES else SPARSE


def damaged(wire: bytes, chance: random.Random) -> bytes:
    """Return *wire* with two wrong characters in a tenth of its lines: one line of some hundreds still passes."""
    lines = wire.split(b"\r")
    for number, line in enumerate(lines):
        if len(line) > 4 and chance.random() < 0.1:
            hurt = bytearray(line)
            for _ in range(2):
                hurt[chance.randrange(2, len(hurt))] = chance.randrange(0x20, 0x7F)
            lines[number] = bytes(hurt)
    return b"\r".join(lines)


def resident() -> int:
    """Return the bytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def follow(days: int, directory: Path, mode_name: str, noise: bool) -> list[dict[str, int]]:
    """Run acquire on the house for *days*; return memory and counts of the process at the end of each day."""
    from gpiozero.pins.mock import MockFactory

    from linkymonitor.appliance import Appliance
    from linkymonitor.daily_log.section import Settings as LogSettings
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.language import speak
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.meter import Meter
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.model.terms import Mode
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.outputs.relay import Relay, Settings
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.ledger import Ledger
    from linkymonitor.system.clock import WireClock
    from linkymonitor.system.rate_limit import RateLimitFilter
    from linkymonitor.system.storage import Storage

    speak("en")  # the budget of the diagnostics, in bytes, is that of their English texts

    clock = WireClock(START)
    handler = logging.StreamHandler((directory / "journal").open("w"))
    handler.addFilter(RateLimitFilter(clock.monotonic))
    logging.basicConfig(level=logging.INFO, handlers=[handler])

    class Pins(MockFactory):
        """Mock pins that do not keep a list of all their states."""

        def forget(self) -> None:
            for pin in self.pins.values():
                pin.clear_states()

    pins = Pins()
    hardware = Hardware(pins=pins, lang="en", clock=clock)
    source = Days(clock, Mode(mode_name), days, noise)
    (directory / "run").mkdir()
    (directory / "log").mkdir()
    held = []

    def end_of_day() -> None:
        pins.forget()
        held.append(
            {
                "resident": resident(),
                "blocks": sys.getallocatedblocks(),
                "descriptors": len(list(Path("/proc/self/fd").iterdir())),
                "threads": threading.active_count(),
            }
        )

    class Midnight:
        """An output that measures the process when a day has passed."""

        def __init__(self) -> None:
            self._next = clock.monotonic() + 86400

        def update(self, view) -> None:
            pass

        def tick(self, now: float, data_age: float) -> float:
            if now >= self._next:
                self._next += 86400
                end_of_day()
            return self._next

        def close(self) -> None:
            pass

    appliance = Appliance(
        meter=Meter(source, clock),
        clock=clock,
        log=DailyLog(
            Storage(), LogSettings(dir=directory / "log", retention=timedelta(days=30)), clock, lang="en"
        ),
        aggregator=Aggregator(),
        ledger=Ledger(PARIS),
        latest=Latest(Storage(), directory / "run"),
        quarantine=Quarantine(Storage(), directory / "log"),
        outputs=[
            Relay(Settings(pin=17, rule="periods", periods=("HN",), fail_state=False, name="tank"), hardware),
            Relay(Settings(pin=27, rule="ejp", fail_state=False, name="heater"), hardware),
            Midnight(),
        ],
        silence=20.0,
    )
    appliance.run()
    health = appliance.meter.health
    assert health.frames > days * 200 * len(HOURS)
    assert bool(health.rejected) == noise
    return held


if __name__ == "__main__":
    what, count, *words = sys.argv[1:]
    if what == "meter":
        meter(int(count), words[0], "noise" in words)
    else:
        print(json.dumps(follow(int(count), Path(words[0]), words[1], "noise" in words)))
