"""kill -9 of deliver at any moment: no record is lost, none comes out of order, none is twice where it has a key."""

# The log grows and is compressed meanwhile. The sink of the user keeps each record in a file before it returns, and is
# slow at that: many kills strike between the sink and the place in the log.

from __future__ import annotations

import csv
import os
import signal
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from linkymonitor.system.storage import Storage
from tests.support.extent import extent
from tests.support.nursery import Nursery
from tests.support.queue import Box
from tests.support.tally import tally

KILLS = extent(5, 200)
SEED = int(os.environ.get("LINKYMONITOR_SEED", "9"))
BATCH = 20
MODULES = (
    "linkymonitor.commands.deliver",
    "linkymonitor.delivery.delivery",
    "linkymonitor.settings",
    "linkymonitor.sinks.csv_file",
)

_SINK = """
import os, time
from dataclasses import dataclass
from pathlib import Path
from linkymonitor.sinks.base import Settings as Common

@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    file: Path

class Sink:
    def __init__(self, settings):
        self.file = settings.file

    def write(self, records):
        with open(self.file, "a") as file:
            file.write("".join(f"{row.fields['index_HN']}\\n" for row in records))
            file.flush()
        time.sleep(0.01)

    def close(self):
        pass
"""


def whole_numbers(path: Path) -> list[int]:
    """Return the numbers of the whole lines of *path*."""
    return [int(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


@pytest.mark.campaign
@pytest.mark.timeout(60 + 6 * KILLS)
def test_no_kill_costs_a_record_or_writes_one_twice_where_it_has_a_key(tmp_path):
    dice = Random(SEED)
    box = Box(tmp_path / "log")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/slow.py").write_text(_SINK)
    config, kept = tmp_path / "box.ini", tmp_path / "kept"
    config.write_text(
        f"[general]\nstate_dir = {tmp_path / 'state'}\nruntime_dir = {tmp_path}\n[log]\ndir = {box.folder}\n"
        f"[sink:slow]\ntype = own.slow\nbatch = {BATCH}\nfile = {kept}\n"
        f"[sink:files]\ntype = csv\nbatch = {BATCH}\ndir = {tmp_path / 'csv'}\n"
    )
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    nursery = Nursery(tmp_path / "stderr", MODULES, environ)
    command = ("deliver", "-c", str(config))
    struck = written = 0
    try:
        pid = nursery.birth(*command, "--once")
        assert os.waitstatus_to_exitcode(nursery.death(20.0)) == 0
        for number in range(KILLS):
            count = dice.randrange(10, 120)
            box.write(range(written, written + count), every=dice.choice((12, 60, 900)))
            written += count
            if number % 3 == 0:
                for path in box.files()[:-1]:
                    if path.suffix != ".gz":
                        for _ in Storage().compress_steps(path):
                            pass
            before = len(whole_numbers(kept))
            pid = nursery.birth(*command, *dice.choice(((), ("--once",))))
            born = time.monotonic()
            if dice.random() < 0.7:
                while len(whole_numbers(kept)) == before and nursery.lives() and time.monotonic() < born + 20:
                    time.sleep(0.001)
            time.sleep(dice.uniform(0.0, 0.05))
            if nursery.lives():
                os.kill(pid, signal.SIGKILL)
                struck += 1
            nursery.death(10.0)
        nursery.birth(*command, "--once")
        assert os.waitstatus_to_exitcode(nursery.death(60.0)) == 0
    finally:
        nursery.close()
    numbers = whole_numbers(kept)
    assert list(dict.fromkeys(numbers)) == list(range(written)), "lost, or out of order"
    # A step back is the last batch once more.
    assert all(after > number - BATCH for number, after in pairwise(numbers))
    rows = []
    for path in sorted((tmp_path / "csv").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows += list(csv.DictReader(file, delimiter=";"))
    assert [int(row["Index HN (Wh)"]) for row in rows] == list(range(written))
    errors = (tmp_path / "stderr").read_text()
    assert "Traceback" not in errors, errors
    repeated = len(numbers) - written
    tally(
        "kill -9 of deliver", struck, note=f"{written} records; {repeated} came twice to a sink without a key"
    )
