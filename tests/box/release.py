"""Version 0.1.0, which owners installed by hand: its README and its wheel, of the history of this repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.box.roots import ROOT

#: The last commit of version 0.1.0.
COMMIT = "3c6218513f423d1328fc03bdce87896e7a072e2d"


def is_there() -> bool:
    """Return whether this clone has the history so far back."""
    words = ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"]
    return subprocess.run(words, cwd=ROOT, stderr=subprocess.DEVNULL, check=False).returncode == 0


def build_wheel(folder: Path) -> Path:
    """Build the wheel in *folder*, as `make wheel` did; return its file."""
    source = folder / "release"
    source.mkdir()
    packed = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "xf", "-"], cwd=source, input=packed.stdout, check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run(build, cwd=source, stdout=subprocess.DEVNULL, check=True)
    (wheel,) = folder.glob("linkymonitor-0.1.0-*.whl")
    return wheel


def installation() -> str:
    """Return what the README says of the installation, from the packages to the line for cron."""
    words = ["git", "show", f"{COMMIT}:README.md"]
    text = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return text[text.index("\n2. Install.") : text.index("\n6. Open the pages.")]
