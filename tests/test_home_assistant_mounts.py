"""A trial of Home Assistant mounts /dev where no other process sees it, so a killed trial leaves no mount."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.soak import ROOT

#: /proc alone: a fault here must not lend /dev to whatever removes the folder of the test.
_TRIAL = """
import os, sys
from pathlib import Path
from tests.home_assistant.stand import mounted
with mounted(Path(sys.argv[1]), ("proc",)):
    print(os.path.ismount(Path(sys.argv[1]) / "proc"), flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_killed_trial_leaves_no_mount(tmp_path):
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody have mounts of his own")
    place = tmp_path / "proc"
    place.mkdir()
    trial = subprocess.Popen(
        [sys.executable, "-c", _TRIAL, str(tmp_path)],
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
        trial.wait()
        assert not os.path.ismount(place)
    finally:
        trial.kill()
        trial.communicate()
        if os.path.ismount(place):
            subprocess.run(["umount", "-l", str(place)], check=True)
