"""A trial that is killed leaves no mount and no process on this machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.soak import ROOT

#: /proc alone: a fault here must not lend /dev to whatever removes the folder of the test.
_HOME_ASSISTANT = """
import os, sys
from pathlib import Path
from tests.home_assistant.stand import mounted
with mounted(Path(sys.argv[1]).parent, ("proc",)):
    print(os.path.ismount(sys.argv[1]), flush=True)
    sys.stdin.read()
"""

#: A box has processes that ignore signals, and that no longer are children of the trial.
_BOX = """
import os, subprocess, sys
from tests.support.namespaces import run_apart
def trial():
    subprocess.run(["mount", "-t", "tmpfs", "box", sys.argv[1]], check=True)
    subprocess.run(["sh", "-c", "trap '' TERM HUP; setsid sleep 600 &"], check=True)
    print(os.path.ismount(sys.argv[1]), flush=True)
    return sys.stdin.read() and 1
sys.exit(run_apart(trial))
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


@pytest.fixture(autouse=True)
def _this_machine_allows_it():
    """Skip where a process may not have mounts and processes of its own."""
    if subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody have mounts of his own")


@pytest.mark.parametrize("script", [_HOME_ASSISTANT, _BOX], ids=["Home Assistant", "box"])
def test_a_killed_trial_leaves_no_mount_and_no_process(tmp_path, script):
    place = tmp_path / "proc"
    place.mkdir()
    trial = subprocess.Popen(
        [sys.executable, "-c", script, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert trial.stdout is not None
        assert trial.stdout.readline() == "True\n"
        assert not os.path.ismount(place), "the mount is visible outside of the trial"
        trial.kill()
        # Each process of the trial has the other end of this pipe.
        trial.communicate(timeout=60)
        assert not os.path.ismount(place)
    finally:
        trial.kill()
        trial.wait()
        if os.path.ismount(place):
            subprocess.run(["umount", "-l", str(place)], check=True)
