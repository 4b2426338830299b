"""The program on the emulated processor of a Pi Zero (ARM1176): whether it runs, and how long it takes."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.box.life import INI, LATEST, judged
from tests.box.stand import Arm, wait
from tests.box.table import Table
from tests.box.ways import DEB

NAME = "armel, ARM1176"
#: Seconds that a step may take; the processor of the machine that emulates has nothing else to do.
INSTALL, READING, SAFE, DOCTOR = 90.0, 10.0, 2.0, 20.0


def live(root: Path, port: str, table: Table) -> None:
    """Install and run in *root*, where the terminal *port* is the meter's."""
    (root / "dev/ttyAMA0").touch()
    subprocess.run(["mount", "--bind", port, root / "dev/ttyAMA0"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    box = Arm(root)

    def add(step: str, seen: str, held: bool | None) -> None:
        table.add(NAME, step, seen, held)

    machine = box.says("python3 -c 'import platform; print(platform.machine(), platform.python_version())'")
    add("processor", machine, machine.startswith("armv6l"))
    done = box.run(f"apt-get -q -y install {DEB}", 600)
    add("apt install, libraries there", f"{done.seconds:.0f} s", done.status == 0 and done.seconds <= INSTALL)
    box.run(f"sed -i 's/^frames_per_record.*/frames_per_record = 2/; s/^sync_every.*/sync_every = 1s/' {INI}")
    _reading(box, root, add)
    done = best(box, "linkymonitor safe")
    add("safe", f"{done.seconds:.1f} s: {done.said}", done.seconds <= SAFE)
    done = box.run("linkymonitor doctor --json")
    seen, faults = judged(done)
    add("doctor", seen, done.seconds <= DOCTOR and faults is not None)
    done = box.run("runuser -u linkymonitor -- linkymonitor report", 300)
    add("report", f"{done.seconds:.0f} s: {done.said}", done.status == 0)
    done = box.run("apt-get -q -y purge linkymonitor", 300)
    left = box.says(f"ls {INI} /usr/bin/linkymonitor /var/log/linkymonitor 2>/dev/null")
    add("apt purge", f"{done.seconds:.0f} s, left: {left or 'nothing'}", done.status == 0 and not left)


def _reading(box: Arm, root: Path, add) -> None:  # type: ignore[no-untyped-def]
    """Start acquire as its user, and time its first reading."""
    box.run("install -d -o linkymonitor -g linkymonitor /run/linkymonitor")
    began = time.monotonic()
    process = subprocess.Popen(
        [
            *("chroot", str(root), "env", "-i", "QEMU_CPU=arm1176", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            *("RUNTIME_DIRECTORY=/run/linkymonitor", "runuser", "-u", "linkymonitor", "--"),
            *("linkymonitor", "acquire"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        late = wait(lambda: (root / LATEST[1:]).exists(), 60)
        seconds = time.monotonic() - began
        seen = "none in 60 s" if late is None else f"{seconds:.1f} s after the start"
        add("acquire: first reading", seen, late is not None and seconds <= READING)
        log = wait(
            lambda: b"DATA" in b"".join(p.read_bytes() for p in root.glob("var/log/linkymonitor/*.log")), 60
        )
        add("acquire: first record", "none" if log is None else f"{log:.0f} s later", log is not None)
    finally:
        process.terminate()
        said = process.communicate()[1]
    add("acquire: what it said, and its end", said, process.returncode == 0 and "Traceback" not in said)


def best(box: Arm, command: str):  # type: ignore[no-untyped-def]
    """Return the fastest of three runs of *command*: other work on this machine is none of ours."""
    return min((box.run(command) for _ in range(3)), key=lambda done: done.seconds)
