"""deliver and a real database are killed at random, over and over, while four days are sent."""

# A kill of `deliver` falls anywhere: between two batches, before the request, between the request and its answer, and
# between the answer and the place that is kept. The database is killed at every fifth time and started again a moment
# later. In the end it must have every record of the log, once.

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from tests.support.commands import PYTHON, until
from tests.support.contracts import rows_in, write_days
from tests.support.databases import Database, Influx1, Victoria, points_of
from tests.support.extent import extent
from tests.support.tally import tally

pytestmark = [pytest.mark.campaign, pytest.mark.server]

KILLS = int(os.environ.get("LINKYMONITOR_KILLS") or extent(3, 200))
SEED = int(os.environ.get("LINKYMONITOR_SEED", "9"))


def delivered(state: Path) -> int:
    """Return how many records the place counts."""
    try:
        return int(json.loads(state.read_bytes())["delivered"])
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("kind", [Influx1, Victoria])
def test_no_record_is_lost_or_doubled_however_often_both_ends_are_killed(tmp_path, kind):
    chance = Random(SEED)
    write_days(tmp_path / "log", hours=extent(2, 24))
    expected = points_of(rows_in(tmp_path / "log"))
    database: Database = kind(tmp_path / "database")
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\nruntime_dir = {tmp_path}/run\n[log]\ndir = {tmp_path}/log\n"
        f"[sink:base]\ntype = influxdb\nbatch = 7\nurl = {database.url}\n{database.keys}\n"
    )
    command = [*PYTHON, "deliver", "-c", str(path), "--once"]
    kept = tmp_path / "state/deliver/sink-base.json"
    kills = restarts = 0
    with (tmp_path / "errors").open("ab") as errors:

        def start(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen([*command, *words], stdout=errors, stderr=errors)

        try:
            database.start()
            done = True
            while kills < KILLS:
                before = delivered(kept)
                process = start(*(("--from", "2026-01-01") if done else ()))
                until(lambda: delivered(kept) > before or process.poll() is not None, 60)  # noqa: B023
                time.sleep(chance.uniform(0, 0.03))
                if done := process.poll() == 0:
                    continue  # it has sent everything before the kill, so the past is sent again
                if kills % 5 == 1:
                    database.stop()
                    restarts += 1
                process.kill()
                process.wait()
                kills += 1
                if kills % 5 == 2:
                    database.start()
            last = start()
            assert last.wait(240) == 0, (tmp_path / "errors").read_text()[-2000:]
            found, twice = database.points()
        finally:
            database.stop()
    lost = len(expected.keys() - found.keys())
    assert (lost, twice, len(found.keys() - expected.keys())) == (0, 0, 0)
    assert found == expected
    assert kills == KILLS
    note = f"{len(found)} records, {restarts} restarts of the database, {twice} twice"
    tally(f"deliver to {kind.__name__}", kills + restarts, lost=lost, note=note)
