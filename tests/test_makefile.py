"""The Makefile: what it says when its set-up cannot begin."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("python", "said"),
    [
        pytest.param("exit 1", "older than Python 3.11. Name a newer one: make run PYTHON=", id="old"),
        pytest.param(
            'case "$*" in *ensurepip*) exit 1;; esac', "sudo apt-get install python3-venv", id="no venv"
        ),
    ],
)
def test_make_says_which_python_it_lacks_and_begins_nothing(tmp_path, python, said):
    """The user is not root here, for whom make installs the package."""
    for name, script in {"python3": python, "id": "echo 1000"}.items():
        (tmp_path / "bin" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    # Without what the make of `make test` says to a make below it.
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-f", ROOT / "Makefile", "run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={**outside, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
    )
    assert done.returncode == 2
    sentence, end = done.stderr.splitlines()
    assert said in sentence
    assert end.startswith("make: ***")
    assert not (tmp_path / ".venv").exists()
