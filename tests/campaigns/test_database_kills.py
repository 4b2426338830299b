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
from tests.support.databases import Influx1, Victoria, points_of
from tests.support.extent import extent
from tests.support.sql_servers import Maria, Postgres, records_of
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


def events(database, name: str) -> list[tuple]:
    """Return the table ``events`` of the database *name*."""
    return sorted(database.ask(name, "SELECT meter, series, at, status, text FROM events"))


@pytest.mark.parametrize("kind", [Influx1, Victoria, Postgres, Maria])
def test_no_record_is_lost_or_doubled_however_often_both_ends_are_killed(tmp_path, call, apart, kind):
    chance = Random(SEED)
    write_days(tmp_path / "log", hours=extent(2, 24))
    is_sql = kind in (Postgres, Maria)
    expected = (records_of if is_sql else points_of)(rows_in(tmp_path / "log"))
    database = kind() if is_sql else kind(tmp_path / "database")
    path = tmp_path / "box.ini"

    def configure(section: str) -> None:
        path.write_text(
            f"[general]\nstate_dir = {tmp_path}/state\nruntime_dir = {tmp_path}/run\n[log]\ndir = {tmp_path}/log\n"
            f"[sink:base]\nbatch = 7\n{section}"
        )

    command = [*PYTHON, "deliver", "-c", str(path), "--once"]
    kept = tmp_path / "state/deliver/sink-base.json"
    kills = restarts = 0
    with (tmp_path / "errors").open("ab") as errors:

        def start(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen([*command, *words], stdout=errors, stderr=errors)

        try:
            database.start()
            configure(database.section())
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
            if is_sql:
                calm = database.new_database()
                configure(database.keys(calm))
                assert call("deliver", "-c", path, "--from", "2026-01-01", "--once")[0] == 0
                assert events(database, database.own) == events(database, calm) != []
        finally:
            database.remove()
    lost = len(expected.keys() - found.keys())
    assert (lost, twice, len(found.keys() - expected.keys())) == (0, 0, 0)
    assert found == expected
    assert kills == KILLS
    note = f"{len(found)} records, {restarts} restarts of the database, {twice} twice"
    tally(f"deliver to {kind.__name__}", kills + restarts, lost=lost, note=note)
