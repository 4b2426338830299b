"""How long doctor takes on a Pi Zero, which listens as long as any machine and computes more slowly."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import cost
from bench.table import PI_ZERO, Row

#: doctor at a silent port ends with 1, for there is something to mend.
_DOCTOR = "import sys; from linkymonitor.cli import main; sys.exit(main(sys.argv[1:]) != 1)"


def measure() -> Iterator[Row]:
    """Yield the seconds of doctor at a port on which nothing arrives, so that it tries both speeds to the end."""
    ours, theirs = os.openpty()
    with tempfile.TemporaryDirectory() as folder:
        ini = Path(folder, "linkymonitor.ini")
        general = f"[general]\nstate_dir = {folder}\nruntime_dir = {folder}\n"
        ini.write_text(f"{general}[log]\ndir = {folder}\n[report]\ndir = {folder}\n")
        command = (sys.executable, "-c", _DOCTOR, "doctor", "-c", str(ini), "-i", os.ttyname(theirs))
        began = time.monotonic()
        cpu = cost(command).cpu
        listened = time.monotonic() - began - cpu
    os.close(ours)
    os.close(theirs)
    yield Row(
        figure="doctor at a silent port, on a Pi Zero",
        measured=listened + cpu * PI_ZERO,
        must=20,
        unit="s",
        note=f"it listens for {listened:.1f} s, and computes for {cpu:.2f} s × {PI_ZERO}",
    )
