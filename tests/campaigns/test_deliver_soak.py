"""Weeks of records and readings through `deliver` with three sinks: its memory stays as it was after a few days."""

# Strategy
#
# - `deliver` is a process of its own; the test logs the records of a day, replaces latest.json meanwhile, and looks at
#   the memory of the process when all sinks have the day. Only the pauses of `deliver` are shorter than in a house.
# - Memory grows in steps of an arena, so a short run has a bound on all steps together, as in test_soak.py.

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from linkymonitor.live.latest import Latest
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Mode
from linkymonitor.system.storage import Storage
from linkymonitor.tic.interpret import interpret_values
from tests.support.commands import until
from tests.support.extent import FULL, extent
from tests.support.http_server import serving
from tests.support.mosquitto import mosquitto
from tests.support.mqtt_box import EJP
from tests.support.queue import Box
from tests.support.tally import tally

DAYS = extent(4, 60)
#: Records of a day, one a minute, and how many of them come between two readings.
RECORDS, BLOCK = 1440, 60
#: From this day on nothing is new; the growth in bytes that is allowed from then on.
SETTLED, GROWTH = extent(2, 5), 1_000_000
#: The bytes that MQTT and two more sinks may have.
MOST = 40_000_000
_DELIVER = """
import sys
import linkymonitor.delivery.delivery as delivery
from linkymonitor.sinks.base import Configured
from linkymonitor.cli import main
delivery.LIVE_EVERY = delivery.LOG_EVERY = 0.02
Configured.every = property(lambda configured: 0.02)
main(sys.argv[1:])
"""


@contextmanager
def delivering(config: Path, errors: Path) -> Iterator[subprocess.Popen[bytes]]:
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", _DELIVER, "deliver", "-c", str(config)], stderr=file
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(100)


def resident(pid: int) -> int:
    """Return the bytes of memory that the process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process has ended")


@pytest.mark.campaign
@pytest.mark.timeout(60 + 20 * DAYS)
def test_weeks_of_delivery_cost_no_more_memory_than_days(tmp_path):
    box = Box(tmp_path / "log")
    (tmp_path / "run").mkdir()
    latest = Latest(Storage(), tmp_path / "run")
    with mosquitto(tmp_path / "broker") as broker, serving(lambda _: (204, b"")) as server:
        config = tmp_path / "box.ini"
        config.write_text(
            f"[general]\nstate_dir = {tmp_path / 'state'}\nruntime_dir = {tmp_path / 'run'}\n"
            f"[log]\ndir = {box.folder}\n[tariff]\nhn = 0.2\npm = 0.8\n"
            f"[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {broker.port}\n"
            f"[sink:base]\ntype = influxdb\nurl = {server.url}\n"
            f"[sink:files]\ntype = csv\ndir = {tmp_path / 'csv'}\n"
        )
        places = [tmp_path / f"state/deliver/sink-{name}.json" for name in ("house", "base", "files")]
        held = []
        with delivering(config, tmp_path / "stderr") as process:
            until(lambda: all(place.exists() for place in places))
            for number in range(RECORDS * DAYS // BLOCK):
                box.write(range(number * BLOCK, (number + 1) * BLOCK), every=60.0)
                values = {**EJP, "EJPHN": 1000 + number, "PAPP": number % 9000}
                reading = interpret_values(values, Mode.HISTORIQUE, datetime.now(UTC))
                latest.write(View(reading=reading, now=monotonic()))
                if (number + 1) * BLOCK % RECORDS == 0:
                    written = (number + 1) * BLOCK
                    until(lambda: _delivered(places) == {written}, 60)  # noqa: B023 (called at once)
                    server.sent.clear()
                    held.append(resident(process.pid))
        (line,) = (tmp_path / "stderr").read_text().splitlines()
        assert "destinations en service : house (mqtt), base (influxdb), files (csv)" in line
    growth = held[-1] - held[SETTLED - 1]
    text = f"{DAYS} days: {held[-1] / 1e6:.1f} MB, {growth / 1e3:+.0f} kB since day {SETTLED}"
    assert len(held) == DAYS
    assert growth <= GROWTH, text
    assert max(held) <= MOST, text
    if FULL:
        tally("memory of deliver with MQTT, InfluxDB and CSV", 0, note=text)


def _delivered(places: list[Path]) -> set[int]:
    return {json.loads(place.read_bytes())["delivered"] for place in places}
