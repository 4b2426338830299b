"""Weeks of a house through the whole of acquire: memory, descriptors and threads stay as they were after a few days.

The short form has some hours of seven days of historique; the full form, sixty whole days of each mode and of noise.
"""

# Strategy
#
# - Memory grows in steps: pymalloc takes 1 MiB at a time of the system and uses it page
#   by page, glibc extends its heap when free memory is in pieces. So only a long run has a slope; a short run has a
#   bound on all steps together.
# - A leak is a growing count of objects. The count swings by thousands, as the caches of decoder and interpret()
#   are emptied when they are full, but about the same middle for ever.

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest

from tests.support.extent import FULL, extent
from tests.support.soak import ITSELF, ROOT

DAYS = extent(7, 60)
#: From this day on nothing is new: a file has been compressed by then, and each cache has been full.
SETTLED = 5
#: The growth that is allowed: bytes of memory and objects a day, over sixty days.
SLOPE, OBJECTS = 10_000, 100
#: The bytes that CPython takes from the system at a time, and how far the count of objects swings.
ARENA, SWING = 1 << 20, 8000


def slope_of(held: list[dict[str, int]], what: str) -> float:
    """Return the growth of *what* a day, by least squares."""
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


#: Name of a run → the arguments of follow(); the runs are made at the same time.
RUNS = {"historique": ["historique"]}
if FULL:
    RUNS |= {"standard": ["standard"], "standard, noise": ["standard", "noise"]}


@pytest.mark.campaign
def test_weeks_cost_no_more_than_days(tmp_path, capsys):
    running = {}
    for name, words in RUNS.items():
        (tmp_path / name).mkdir()
        words = [*ITSELF, "follow", str(DAYS), str(tmp_path / name), *words]
        running[name] = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    for name, process in running.items():
        out, error = process.communicate(timeout=5000)
        assert process.returncode == 0, error[-3000:]
        check(json.loads(out), name, capsys)
        assert len(list((tmp_path / name / "log").iterdir())) <= 34
        assert (tmp_path / name / "journal").stat().st_size < 2000 * DAYS


def check(held: list[dict[str, int]], name: str, capsys) -> None:
    """Assert that memory and counts at the end of each day, *held*, stay as they were."""
    assert len(held) == DAYS
    assert {day["descriptors"] for day in held} == {held[0]["descriptors"]}
    assert {day["threads"] for day in held} == {1}
    settled = held[SETTLED - 1 :]
    memory, objects = slope_of(settled, "resident"), slope_of(settled, "blocks")
    text = (
        f"{name}, {DAYS} days: {memory / 1000:+.1f} kB and {objects:+.0f} objects a day from day {SETTLED} on, "
        f"{held[0]['descriptors']} descriptors, 1 thread{table(held)}"
    )
    if FULL:
        with capsys.disabled():
            print(f"\n  {text}")
        assert memory <= SLOPE, text
        assert abs(objects) <= OBJECTS, text
    blocks = [day["blocks"] for day in settled]
    assert max(blocks) - min(blocks) <= SWING, text
    assert settled[-1]["resident"] - settled[0]["resident"] <= ARENA, text
    assert settled[-1]["resident"] <= 40_000_000, text


def test_labels_that_noise_makes_are_not_kept():
    """An unknown label may be the meter's own, so it is remembered; each frame here has another one."""
    from linkymonitor.meter.acceptance.frame import Acceptance
    from linkymonitor.model.terms import Mode
    from linkymonitor.tic.frame import Frame, InfoGroup

    acceptance, held = Acceptance(Mode.HISTORIQUE), []
    for number in range(4000):
        groups = InfoGroup("ADCO", "041876543210"), InfoGroup(f"X{number:05}", "1")
        acceptance.accept(Frame(groups, (), True, None), 1.5 * number)
        if number in (1000, 3999):
            gc.collect()
            held.append(sys.getallocatedblocks())
    assert held[1] - held[0] < 500
