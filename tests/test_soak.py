"""Weeks of a house through the whole of acquire: memory, descriptors and threads stay as they were after a few days.

Twelve days of historique by default, sixty of each mode and of noise when LINKYMONITOR_TORTURE is set. The house is
followed by a process of its own (this file, run), and lives in another: nothing but acquire is in the memory that is
looked at.
"""

# Strategy
#
# - Memory does not grow like a line but in steps: pymalloc takes 1 MiB at a time of the system and touches it page
#   by page, glibc extends its heap when what is free is in pieces. So only a long run has a slope; a short one has a
#   bound on all steps together.
# - Objects are what leaks. Their count swings by thousands, for the memories of the decoder and of interpret()
#   are emptied when they are full, and it swings about the same middle for ever.

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

FULL = bool(os.environ.get("LINKYMONITOR_TORTURE"))
DAYS = 60 if FULL else 12
#: The day from which on nothing is new any more: a file has been compressed by then, and each memory filled.
SETTLED = 5
PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Paris, the eve of a December of EJP
#: A frame so often, but for some minutes of each day, when they follow one another as on a line.
SPARSE, DENSE_MINUTES = 14.0, 10
#: What may grow: bytes of memory and objects a day, over sixty days.
SLOPE, OBJECTS = 10_000, 100
#: What CPython takes from the system at a time; and how far the count of objects swings.
ARENA, SWING = 1 << 20, 8000

_HEAD = struct.Struct("dI")


class Days:
    """A simulated meter on the time of a clock; the house lives in another process, whose memory is not looked at."""

    live, is_meter, instant = True, False, True
    name = "days"

    def __init__(self, clock, mode, days: int, noise: bool) -> None:
        self.mode = mode
        self._clock = clock
        self._began = clock.monotonic()
        words = [sys.executable, __file__, "meter", str(days), mode.value, *(["noise"] if noise else [])]
        self._meter = subprocess.Popen(words, stdout=subprocess.PIPE)
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
    """Write the frames of *days*, each with its length and the seconds at which it ends."""
    from linkymonitor.model import Mode
    from linkymonitor.simulator import House, parse_spec
    from linkymonitor.tic.encoder import write_frame

    mode = Mode(mode_name)
    house = House(parse_spec(f"ejp,{mode_name},day={START.astimezone(PARIS):%Y-%m-%d}"))
    offset, chance = 0.0, random.Random(7)
    while offset < 86400 * days + 60:
        at = START + timedelta(seconds=offset)
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
    """Follow the house for *days*; return what the process holds at the end of each."""
    from gpiozero.pins.mock import MockFactory

    from linkymonitor.aggregate import Aggregator
    from linkymonitor.appliance import Appliance, Meter
    from linkymonitor.clock import WireClock
    from linkymonitor.daily_log import DailyLog
    from linkymonitor.diagnostics import SparingFilter
    from linkymonitor.latest import Latest
    from linkymonitor.ledger import Ledger
    from linkymonitor.model import Mode
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.outputs.relay import Relay, Settings
    from linkymonitor.quarantine import Quarantine
    from linkymonitor.storage import Storage

    clock = WireClock(START)
    handler = logging.StreamHandler((directory / "journal").open("w"))
    handler.addFilter(SparingFilter(clock.monotonic))
    logging.basicConfig(level=logging.INFO, handlers=[handler])

    class Pins(MockFactory):
        """Mock pins that do not remember each state they ever had."""

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
        """An output that looks at the process when a day has passed."""

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
        log=DailyLog(Storage(), directory / "log", clock, lang="en", retention_days=30),
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
        lang="en",
    )
    appliance.run()
    health = appliance.meter.health
    assert health.frames > days * 5000
    assert bool(health.rejected) == noise
    return held


def slope_of(held: list[dict[str, int]], what: str) -> float:
    """Return by how much *what* grows a day: least squares."""
    values = [day[what] for day in held]
    middle = (len(values) - 1) / 2
    return sum((day - middle) * value for day, value in enumerate(values)) / sum(
        (day - middle) ** 2 for day in range(len(values))
    )


def table(held: list[dict[str, int]]) -> str:
    """Return day, memory and objects, for every fifth day."""
    return "".join(
        f"\n    day {number:2}: {day['resident'] / 1000:,.0f} kB, {day['blocks']:,} objects"
        for number, day in enumerate(held, 1)
        if number in (1, SETTLED, len(held)) or number % 5 == 0
    )


#: What is followed at the same time: by its name, the words for follow().
RUNS = {"historique": ["historique"]}
if FULL:
    RUNS |= {"standard": ["standard"], "standard, noise": ["standard", "noise"]}


def test_weeks_cost_no_more_than_days(tmp_path, capsys):
    running = {}
    for name, words in RUNS.items():
        (tmp_path / name).mkdir()
        words = [sys.executable, __file__, "follow", str(DAYS), str(tmp_path / name), *words]
        running[name] = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for name, process in running.items():
        out, error = process.communicate(timeout=5000)
        assert process.returncode == 0, error[-3000:]
        check(json.loads(out), name, capsys)
        assert len(list((tmp_path / name / "log").iterdir())) <= 34
        assert (tmp_path / name / "journal").stat().st_size < 2000 * DAYS


def check(held: list[dict[str, int]], name: str, capsys) -> None:
    """Assert that what the process *held* at the end of each day stays as it was."""
    assert len(held) == DAYS
    assert {day["descriptors"] for day in held} == {held[0]["descriptors"]}
    assert {day["threads"] for day in held} == {1}
    settled = held[SETTLED - 1 :]
    memory, objects = slope_of(settled, "resident"), slope_of(settled, "blocks")
    said = (
        f"{name}, {DAYS} days: {memory / 1000:+.1f} kB and {objects:+.0f} objects a day from day {SETTLED} on, "
        f"{held[0]['descriptors']} descriptors, 1 thread{table(held)}"
    )
    if FULL:
        with capsys.disabled():
            print(f"\n  {said}")
        assert memory <= SLOPE, said
        assert abs(objects) <= OBJECTS, said
    blocks = [day["blocks"] for day in settled]
    assert max(blocks) - min(blocks) <= SWING, said
    assert settled[-1]["resident"] - settled[0]["resident"] <= ARENA, said
    assert settled[-1]["resident"] <= 40_000_000, said


def test_labels_that_noise_makes_are_not_kept():
    """A label that no specification has may be the meter's own, so it is remembered; each frame here has another."""
    from linkymonitor.acceptance import Acceptance
    from linkymonitor.model import Mode
    from linkymonitor.tic.frame import Frame, InfoGroup

    acceptance, held = Acceptance(Mode.HISTORIQUE), []
    for number in range(4000):
        groups = InfoGroup("ADCO", "041876543210"), InfoGroup(f"X{number:05}", "1")
        acceptance.accept(Frame(groups, (), True, None), 1.5 * number)
        if number in (1000, 3999):
            gc.collect()
            held.append(sys.getallocatedblocks())
    assert held[1] - held[0] < 500


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    what, count, *words = sys.argv[1:]
    if what == "meter":
        meter(int(count), words[0], "noise" in words)
    else:
        print(json.dumps(follow(int(count), Path(words[0]), words[1], "noise" in words)))
