"""A trial of a root: a layer above it, a simulated meter as its /dev/ttyAMA0, and systemd booted in it."""

# Strategy
#
# - A run has mounts and a list of processes of its own, and what a trial writes is in memory there. So nothing has to
#   be removed or switched off after a run, however it ends, and the kept root is never written to.
# - A box has no network: what it installs, it finds in the caches of the root.
# - Commands enter the booted box from outside (nsenter): nothing in the box knows that it is on trial.

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.box.roots import ROOT

DIALOUT = 20
_LAYERS = Path("/run/linkymonitor-box")
_ENVIRONMENT = (
    "env",
    "-i",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/srv",
)
_WORDS = (*_ENVIRONMENT, "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "USER=pi")
#: Files of the checkout that are no part of it.
_NOT_COPIED = (".git", ".venv", ".run", "dist", "build", "__pycache__", ".*_cache")


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    #: What it printed, on both outputs.
    said: str
    seconds: float


def room_for_layers() -> None:
    """Make the place of the layers in memory; the process must have mounts of its own."""
    _LAYERS.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "boxes", _LAYERS], check=True)


@contextmanager
def layer(root: Path, name: str) -> Iterator[Path]:
    """Yield a folder that shows *root* and takes changes in memory."""
    place = _LAYERS / name
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "box", place], check=True)
    for part in ("upper", "work", "root"):
        (place / part).mkdir()
    options = f"lowerdir={root},upperdir={place / 'upper'},workdir={place / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "-o", options, "box", place / "root"], check=True)
    try:
        yield place / "root"
    finally:
        subprocess.run(["umount", "-R", "-l", place], check=False)
        place.rmdir()  # fails rather than removes anything that is still there


@contextmanager
def meter(*words: str) -> Iterator[str]:
    """Yield the name of a pseudo-terminal on which a simulated house sends, at the speed of a real line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "linkymonitor", "simulate", "--pty", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        name = process.stdout.readline().split()[-1]
        os.chown(name, 0, DIALOUT)
        Path(name).chmod(0o660)
        yield name
    finally:
        process.terminate()
        process.wait(30)


def copy_checkout(root: Path) -> None:
    """Put this checkout into *root* as /srv/linkymonitor, like a clone."""
    target = root / "srv/linkymonitor"
    target.mkdir()
    words = [f"--exclude={name}" for name in _NOT_COPIED]
    packed = subprocess.run(["tar", "cf", "-", *words, "."], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "xf", "-", "--no-same-owner"], cwd=target, input=packed.stdout, check=True)


class Chroot:
    """A root whose programs run without systemd."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._enter = ["unshare", "--net", "chroot", str(root)]

    def run(self, script: str, seconds: float = 300) -> Done:
        """Run *script* inside, for *seconds* at most."""
        began = time.monotonic()
        try:
            done = subprocess.run(
                [*self._enter, *_WORDS, *self.more(), "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
            status, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            status, said = -1, f"{(late.stdout or b'').decode(errors='replace')}\nnot done in {seconds:.0f} s"
        return Done(status, said.strip(), time.monotonic() - began)

    def more(self) -> list[str]:
        """Return variables of the environment, beside those of each root."""
        return []

    def says(self, script: str) -> str:
        """Return what *script* prints."""
        return self.run(script).said

    def wait(self, script: str, seconds: float) -> float | None:
        """Try *script* until it succeeds; return after how many seconds it did, None when it did not in time."""
        return wait(lambda: self.run(script, seconds).status == 0, seconds)


class Arm(Chroot):
    """A root on the emulated processor of a Pi Zero."""

    def more(self) -> list[str]:
        return ["QEMU_CPU=arm1176"]


class Box(Chroot):
    """A root in which systemd is booted.

    Args:
        leader: the process that is number 1 inside.
    """

    def __init__(self, root: Path, leader: int) -> None:
        super().__init__(root)
        self.leader = leader
        self._enter = ["nsenter", "-t", str(leader), "-m", "-u", "-i", "-n", "-p", "-C", "--"]

    def show(self, unit: str, name: str) -> str:
        """Return the property *name* of *unit*."""
        return self.says(f"systemctl show -P {name} {unit}")


class ArmBox(Box):
    """A booted root on the emulated processor of a Pi Zero."""

    def more(self) -> list[str]:
        return ["QEMU_CPU=arm1176"]


@contextmanager
def booted(root: Path, port: str, *, arm: bool = False) -> Iterator[Box]:
    """Boot *root*, with the terminal *port* as its /dev/ttyAMA0; switch it off behind the block.

    Args:
        root: may be written to.
        port: the name of the terminal outside.
        arm: whether its programs are for ARM, and run on the emulated processor of a Pi Zero.

    Raises:
        SystemExit: it does not boot.
    """
    console = (root.parent / "console").open("wb")
    nspawn = subprocess.Popen(
        [
            *("systemd-nspawn", "-q", "-D", str(root), "-b"),
            *("--register=no", "--keep-unit", "--private-network"),
            *("--link-journal=no", "--resolv-conf=off", "--timezone=off", f"--bind={port}:/dev/ttyAMA0"),
            f"--hostname={root.parent.name.split('-')[0]}",
            *(["--setenv=QEMU_CPU=arm1176"] if arm else []),
        ],
        stdin=subprocess.DEVNULL,
        stdout=console,
        stderr=subprocess.STDOUT,
    )
    try:
        wait(lambda: leader(nspawn.pid) is not None or nspawn.poll() is not None, 20)
        first = leader(nspawn.pid)
        if first is None:
            raise SystemExit(f"*** {root}: does not boot: {(root.parent / 'console').read_text()[-500:]}")
        box = (ArmBox if arm else Box)(root, first)
        up = box.wait("systemctl is-system-running | grep -qE 'running|degraded'", 90)
        if up is None:
            raise SystemExit(f"*** {root}: does not boot: {(root.parent / 'console').read_text()[-500:]}")
        yield box
        box.run("systemctl poweroff", 20)
        wait(lambda: nspawn.poll() is not None, 30)
    finally:
        if nspawn.poll() is None:
            nspawn.send_signal(signal.SIGTERM)  # switches the box off, too
            try:
                nspawn.wait(15)
            except subprocess.TimeoutExpired:
                nspawn.kill()
                nspawn.wait()
        console.close()


def leader(nspawn: int) -> int | None:
    """Return the process that is number 1 in the box of the process *nspawn*; None while there is none.

    The first child of nspawn only prepares the box, and ends.
    """
    try:
        for child in Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            if re.search(r"^NSpid:.*\t1$", status, re.MULTILINE):
                return int(child)
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def wait(what: Callable[[], bool], seconds: float) -> float | None:
    """Try *what* until it is true; return after how many seconds it was, None when it was not in time."""
    began = time.monotonic()
    while True:
        if what():
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.3)
