"""`run`: the trial."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.commands import PYTHON, records

pytestmark = pytest.mark.usefixtures("apart")


def test_run_shows_draws_and_leaves_a_page(tmp_path):
    done = subprocess.run(
        [*PYTHON, "run", "-i", "sim:ejp,day=2027-01-13,at=19:00,duration=5m,speed=max", "--dir", "here"],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here/pages/index.html").exists()
    assert records(tmp_path / "here/log")
    assert "Page    : " in done.stdout
