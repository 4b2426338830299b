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
from tests.support.extent import FULL, extent
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


class Box:
    """A box with four days of log, whose `deliver` sends them to one database.

    Args:
        folder: where its files are.
        more: more keys of its sink.
    """

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.ini = folder / "box.ini"
        self.errors = folder / "errors"
        self._more = more
        write_days(folder / "log", hours=extent(2, 24))
        self.rows = rows_in(folder / "log")

    def configure(self, section: str) -> None:
        """Write the settings, with a sink of the keys *section*."""
        self.ini.write_text(
            f"[general]\nstate_dir = {self.folder}/state\nruntime_dir = {self.folder}/run\nraw_values = yes\n"
            f"[log]\ndir = {self.folder}/log\n[sink:base]\nbatch = 7\n{section}{self._more}"
        )

    def send_with_kills(self, database) -> int:
        """Send the log to *database* while both ends are killed; return how often *database* was."""
        chance = Random(SEED)
        command = [*PYTHON, "deliver", "-c", str(self.ini), "--once"]
        kept = self.folder / "state/deliver/sink-base.json"
        kills = restarts = 0
        with self.errors.open("ab") as errors:

            def start(*words: str) -> subprocess.Popen[bytes]:
                return subprocess.Popen([*command, *words], stdout=errors, stderr=errors)

            database.start()
            self.configure(database.section())
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
            assert last.wait(240) == 0, self.errors.read_text()[-2000:]
        return restarts


@pytest.mark.parametrize("kind", [Influx1, Victoria, Postgres, Maria])
def test_no_record_is_lost_or_doubled_however_often_both_ends_are_killed(tmp_path, call, apart, kind):
    box = Box(tmp_path)
    is_sql = kind in (Postgres, Maria)
    expected = (records_of if is_sql else points_of)(box.rows)
    database = kind() if is_sql else kind(tmp_path / "database")
    try:
        restarts = box.send_with_kills(database)
        found, twice = database.points()
        if is_sql:
            calm = database.new_database()
            box.configure(database.keys(calm))
            assert call("deliver", "-c", box.ini, "--from", "2026-01-01", "--once")[0] == 0
            assert events(database, database.own) == events(database, calm) != []
    finally:
        database.remove()
    lost = len(expected.keys() - found.keys())
    assert (lost, twice, len(found.keys() - expected.keys())) == (0, 0, 0)
    assert found == expected
    note = f"{len(found)} records, {restarts} restarts of the database, {twice} twice"
    tally(f"deliver to {kind.__name__}", KILLS + restarts, lost=lost, note=note)


@pytest.mark.skipif(not FULL and "LINKYMONITOR_KILLS" not in os.environ, reason="runs in make torture alone")
@pytest.mark.parametrize(
    ("kind", "shape", "question"),
    [
        (Maria, "hallard", "SELECT DATE, ADCO, OPTARIF, PTEC, PAPP, IINST1 FROM DbiTeleinfo ORDER BY 2, 1"),
        (
            Postgres,
            "linkyrpi",
            "SELECT adressecompteur, tarifsouscrit, intensitesouscrite, status, datecre, dateclos, dateheurelinky,"
            " puissanceapparente, indextotal FROM mesures JOIN abonnement USING (abonnementid) ORDER BY 1, 7",
        ),
    ],
)
def test_the_tables_of_another_program_have_each_record_once_all_the_same(
    tmp_path, call, apart, kind, shape, question
):
    box = Box(tmp_path, f"shape = {shape}\nrows_every = 1s\n")
    database = kind()
    try:
        restarts = box.send_with_kills(database)
        calm = database.new_database()
        box.configure(database.keys(calm))
        assert call("deliver", "-c", box.ini, "--from", "2026-01-01", "--once")[0] == 0
        found, wanted = (database.ask(name, question) for name in (database.own, calm))
    finally:
        database.remove()
    assert found == wanted
    assert len(found) == len(box.rows)
    tally(f"deliver in the shape {shape}", KILLS + restarts, lost=0, note=f"{len(found)} records")


def everything(database: Influx1, name: str, columns: str) -> dict[str, list]:
    """Return the *columns* of each measurement of the database *name*."""
    names = [row for series in database.ask(f"SHOW MEASUREMENTS ON {name}") for row in series["values"]]
    return {
        label: [
            (series.get("tags"), row)
            for series in database.ask(f"SELECT {columns} FROM {name}..{label} GROUP BY *")
            for row in series["values"]
        ]
        for (label,) in names
    }


@pytest.mark.skipif(not FULL and "LINKYMONITOR_KILLS" not in os.environ, reason="runs in make torture alone")
@pytest.mark.parametrize(
    ("shape", "columns"),
    # The mean power of an hour that is older than a week is that of its records since the kill alone.
    [("linkypy", "HCHC, HCHP"), ("reuiller", "*")],
)
def test_the_measurements_of_another_program_have_each_record_once_all_the_same(
    tmp_path, call, apart, shape, columns
):
    box = Box(tmp_path, f"shape = {shape}\n")
    database = Influx1(tmp_path / "database")
    try:
        restarts = box.send_with_kills(database)
        box.configure(database.section().replace("database = linky", "database = calm"))
        assert call("deliver", "-c", box.ini, "--from", "2026-01-01", "--once")[0] == 0
        found, wanted = (everything(database, name, columns) for name in ("linky", "calm"))
    finally:
        database.remove()
    assert found == wanted
    count = sum(map(len, found.values()))
    assert count > 0
    if shape == "reuiller":
        assert len(found["PAPP"]) == len(box.rows)
    tally(f"deliver in the shape {shape}", KILLS + restarts, lost=0, note=f"{count} points")
