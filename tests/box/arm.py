"""The program on the emulated processor of a Pi Zero (ARM1176): whether it runs, and how long it takes."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.box.life import INI, LATEST, Life, judged
from tests.box.stand import Arm, Box, Done, wait
from tests.box.table import Table
from tests.box.ways import DEB

NAME, BOOTED = "armel, ARM1176", "armel, booted"
#: Seconds that a step may take where the machine that emulates has nothing else to do; for `safe`, of its processor.
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
    done, spent = best(box, "linkymonitor safe")
    add("safe", f"{spent:.1f} s of the processor, {done.seconds:.1f} s in all: {done.said}", spent <= SAFE)
    done = box.run("linkymonitor doctor --json")
    seen, faults = judged(done)
    add("doctor", seen, done.seconds <= DOCTOR and faults is not None)
    done = box.run("runuser -u linkymonitor -- linkymonitor report", 300)
    add("report", f"{done.seconds:.0f} s: {done.said}", done.status == 0)
    done = box.run("apt-get -q -y purge linkymonitor", 300)
    left = box.says(f"ls {INI} /usr/bin/linkymonitor /var/log/linkymonitor 2>/dev/null")
    add("apt purge", f"{done.seconds:.0f} s, left: {left or 'nothing'}", done.status == 0 and not left)


def live_booted(box: Box, table: Table) -> None:
    """Install in a booted *box*, let systemd start the service, kill it once, and remove it."""
    life = Life(box, table, BOOTED, "/usr/bin/linkymonitor")
    systemd = box.says("systemctl --version | head -n 1; uname -m")
    life.add("booted", systemd, "systemd" in systemd)
    # QEMU's emulation of a processor knows no namespaces of the network and of users.
    drop_in = "/etc/systemd/system/linkymonitor.service.d"
    lines = "[Service]\\nPrivateUsers=no\\nPrivateNetwork=no\\nRestrictAddressFamilies=\\nIPAddressDeny=\\n"
    box.run(f"mkdir -p {drop_in}; printf '{lines}' >{drop_in}/90-emulated.conf")
    done = box.run(f"apt-get -q -y install {DEB}", 600)
    life.add("apt install", f"{done.seconds:.0f} s", done.status == 0)
    late = box.wait("systemctl -q is-active linkymonitor", 90)
    life.add(
        "the service is ready",
        "no" if late is None else box.show("linkymonitor", "StatusText"),
        late is not None,
    )
    late = box.wait(f"test -s {LATEST}", 60)
    life.add(
        "first reading", life.journal() if late is None else f"{late:.0f} s after that", late is not None
    )
    life.kill()
    done = box.run("apt-get -q -y purge linkymonitor", 300)
    left = life.left()
    life.add("apt purge", f"left: {left or 'nothing'}", done.status == 0 and not left)


def _reading(box: Arm, root: Path, add: Callable[[str, str, bool | None], None]) -> None:
    """Start acquire as its user, and time its first reading."""
    box.run("install -d -o linkymonitor -g linkymonitor /run/linkymonitor")
    began = time.monotonic()
    process = subprocess.Popen(
        [
            *("chroot", str(root), "env", "-i", "QEMU_CPU=arm1176", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            *(
                "RUNTIME_DIRECTORY=/run/linkymonitor",
                "setpriv",
                "--reuid=linkymonitor",
                "--regid=linkymonitor",
            ),
            "--init-groups",
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
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
        seen = f"{'none in 60 s' if late is None else f'{seconds:.1f} s after the start'}, {load}"
        in_time = late is not None and seconds <= READING
        add("acquire: first reading", seen, in_time or (None if busy() else False))
        log = wait(
            lambda: b"DATA" in b"".join(p.read_bytes() for p in root.glob("var/log/linkymonitor/*.log")), 60
        )
        add("acquire: first record", "none" if log is None else f"{log:.0f} s later", log is not None)
    finally:
        process.terminate()
        said = process.communicate()[1]
    add("acquire: what it said, and its end", said, process.returncode == 0 and "Traceback" not in said)


def best(box: Arm, command: str) -> tuple[Done, float]:
    """Return the cheapest of three runs of *command*, and its seconds of the processor (`times` of the shell)."""
    runs = []
    for _ in range(3):
        done = box.run(f"{command}; times")
        said, _, last = done.said.rpartition("\n")
        spent = sum(60 * float(m) + float(s) for m, s in re.findall(r"(\d+)m([\d.]+)s", last))
        runs.append((done._replace(said=said.rpartition("\n")[0]), spent))
    return min(runs, key=lambda run: run[1])


def busy() -> bool:
    """Return whether this machine has more to do than its processors can."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)
