"""Weeks of a house through the whole of acquire: memory, descriptors and threads stay as they were after a day.

Three days by default, sixty when LINKYMONITOR_TORTURE is set. The house is followed by a process of its own (this
file, run), so that nothing but acquire is in its memory.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import struct
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

FULL = bool(os.environ.get("LINKYMONITOR_TORTURE"))
DAYS = 60 if FULL else 3
PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Paris, the eve of a December of EJP
#: A frame so often, but for some minutes of each day, when they follow one another as on a line.
SPARSE, DENSE_MINUTES = 14.0, 10
#: What CPython takes from the system at a time.
ARENA = 1 << 20


_HEAD = struct.Struct("dI")


class Days:
    """A simulated meter on the time of a clock; the house lives in another process, whose memory is not looked at."""

    live, is_meter, instant = True, False, True
    name = "days"

    def __init__(self, clock, mode, days: int) -> None:
        self.mode = mode
        self._clock = clock
        self._began = clock.monotonic()
        words = [sys.executable, __file__, "meter", str(days), mode.value]
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


def meter(days: int, mode_name: str) -> None:
    """Write the frames of *days*, each with its length and the seconds at which it ends."""
    from linkymonitor.model import Mode
    from linkymonitor.simulator import House, parse_spec
    from linkymonitor.tic.encoder import write_frame

    mode = Mode(mode_name)
    house = House(parse_spec(f"ejp,{mode_name},day={START.astimezone(PARIS):%Y-%m-%d}"))
    offset = 0.0
    while offset < 86400 * days + 60:
        at = START + timedelta(seconds=offset)
        wire = write_frame(house.frame_at(at), mode, parity=True)
        sys.stdout.buffer.write(_HEAD.pack(offset, len(wire)) + wire)
        offset += 1.7 if at.hour == 17 and at.minute < DENSE_MINUTES else SPARSE


def resident() -> int:
    """Return the bytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def follow(days: int, directory: Path, mode_name: str) -> list[dict[str, int]]:
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
    source = Days(clock, Mode(mode_name), days)
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
        outputs=[
            Relay(Settings(pin=17, rule="periods", periods=("HN",), fail_state=False, name="tank"), hardware),
            Relay(Settings(pin=27, rule="ejp", fail_state=False, name="heater"), hardware),
            Midnight(),
        ],
        silence=20.0,
        lang="en",
    )
    appliance.run()
    assert appliance.meter.health.frames > days * 5000
    return held


def slope_of(held: list[dict[str, int]], what: str) -> float:
    """Return by how much *what* grows a day after the first: least squares."""
    values = [day[what] for day in held[1:]]
    middle = (len(values) - 1) / 2
    return sum((day - middle) * value for day, value in enumerate(values)) / sum(
        (day - middle) ** 2 for day in range(len(values))
    )


def test_weeks_cost_no_more_than_a_day(tmp_path, capsys):
    for mode in ("historique", "standard") if FULL else ("historique",):
        directory = tmp_path / mode
        directory.mkdir()
        done = subprocess.run(
            [sys.executable, __file__, "follow", str(DAYS), str(directory), mode],
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        held = json.loads(done.stdout)
        assert len(held) == DAYS
        first, last = held[0], held[-1]
        assert {day["descriptors"] for day in held} == {first["descriptors"]}
        assert {day["threads"] for day in held} == {1}
        growth = last["resident"] - first["resident"]
        slope, blocks = slope_of(held, "resident"), slope_of(held, "blocks")
        if FULL:
            with capsys.disabled():
                print(
                    f"\n  {DAYS} days, {mode}: {slope / 1000:+.1f} kB and {blocks:+.0f} objects a day after the first, "
                    f"{growth / 1000:+.0f} kB in all, {last['resident'] / 1e6:.1f} MB, "
                    f"{first['descriptors']} descriptors, 1 thread"
                )
            # What leaks is objects: memory itself comes in arenas of 1 MiB, one of which a single object may need.
            assert blocks <= 150
        assert growth <= 2 * ARENA
        assert last["resident"] <= 40_000_000
        kept = [path.name for path in (directory / "log").iterdir()]
        assert len(kept) <= 33
        assert (directory / "journal").stat().st_size < 2000 * DAYS


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    what, *words = sys.argv[1:]
    if what == "meter":
        meter(int(words[0]), words[1])
    else:
        print(json.dumps(follow(int(words[0]), Path(words[1]), words[2])))
