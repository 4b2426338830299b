"""Which other programs use a port: its locks, its open files and the serial console, as Linux shows them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from linkymonitor.language import Text

_PTY_MASTERS = {Path("/dev/ptmx"), Path("/dev/pts/ptmx")}
#: The major numbers of the slaves of pseudo-terminals (admin-guide/devices.txt of Linux).
_PTY_SLAVES = range(136, 144)


def holder(path: str, root: Path) -> Text:
    """Return the name of the program that holds the port at *path*. This may look at every process, so it is slow."""
    pids = lockers(path, root) or openers(path, root)
    return process(pids[0], root) if pids else Text("un autre programme", "another program")


def process(pid: int, root: Path) -> Text:
    """Return the name and the number of the process *pid*, for a message."""
    try:
        name = (root / "proc" / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        name = "?"
    return Text(f"{name} (processus {pid})", f"{name} (process {pid})")


def lockers(path: str, root: Path) -> list[int]:
    """Return the processes that hold a flock on *path*; every user may read them in /proc/locks."""
    try:
        status = Path(path).stat()
        locks = (root / "proc/locks").read_text("utf-8", "replace")
    except OSError:
        return []
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    pids = re.findall(rf"FLOCK +\w+ +\w+ +(\d+) {re.escape(place)} ", locks)
    return [int(pid) for pid in pids if int(pid) > 0]


def openers(path: str, root: Path) -> list[int]:
    """Return the other processes that have *path* open; those of another user are seen by root only."""
    target = Path(path).resolve()
    with suppress(OSError):
        device = target.stat()
        return _openers(target, device, root)
    return []


def _openers(target: Path, device: os.stat_result, root: Path) -> list[int]:
    pids = set()
    for process in (root / "proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            held = {link.readlink(): link for link in (process / "fd").iterdir()}
            # The process that holds the master of a pty is no reader: it stands for the meter.
            if target in held and not held.keys() & _PTY_MASTERS and _same(held[target].stat(), device):
                pids.add(int(process.name))
    return sorted(pids)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    """Return whether two files of one name are one device: a container numbers pseudo-terminals of its own."""
    if os.major(other.st_rdev) in _PTY_SLAVES:
        return os.path.samestat(one, other)
    return one.st_rdev == other.st_rdev


def is_console(path: str, root: Path) -> bool:
    """Return whether the console of the kernel or a login prompt uses the port at *path*."""
    tty = Path(path).resolve().name
    try:
        words = (root / "proc/cmdline").read_text("utf-8", "replace").split()
    except OSError:
        words = []
    names = {word.removeprefix("console=").split(",")[0] for word in words if word.startswith("console=")}
    # On a Pi, serial0 is a link to the UART of the header, which depends on the model.
    if tty in {Path("/dev", name).resolve().name for name in names}:
        return True
    wanted = f"getty.target.wants/serial-getty@{tty}.service"
    return any((root / place / wanted).exists() for place in ("etc/systemd/system", "run/systemd/generator"))
