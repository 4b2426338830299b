"""The edge of doctor: files of the system, its commands, its clock, its pins and its buses."""

# Strategy
#
# - What doctor looks at outside of this package goes through one World, so a test hands in a folder with copies of
#   files, and answers of commands, and needs no Raspberry Pi.
# - Each call ends by itself: a command has a time limit, a bus and a pin answer at once.

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from linkymonitor.outputs.gpiochip import Kernel
from linkymonitor.system import i2c
from linkymonitor.system.clock import Clock, SystemClock

#: Seconds that a command of the system may take.
_LONGEST_COMMAND = 5.0


class Patience(NamedTuple):
    """How long the meter is heard, in seconds."""

    #: At 9600 baud two frames take two seconds; at 1200 baud, up to six.
    fast: float = 3.5
    slow: float = 6.0
    #: After the speed is known.
    line: float = 6.0
    #: The same where several ports are tried for `port = auto`: the number of the meter has to come.
    again: float = 2.0
    #: Since the start of acquire, for its first frame.
    start: float = 20.0
    #: For the test messages of all sinks together.
    sinks: float = 4.0


class Answer(NamedTuple):
    """The answer of a command of the system."""

    status: int
    out: str


def run(words: Sequence[str]) -> Answer | None:
    """Return the answer of a command, None when it is not installed or does not end in time."""
    environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    try:
        done = subprocess.run(
            list(words),
            capture_output=True,
            timeout=_LONGEST_COMMAND,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Answer(done.returncode, done.stdout.decode("utf-8", "replace"))


class World(NamedTuple):
    """The machine on which doctor looks."""

    #: The folder that holds ``proc``, ``sys``, ``etc``, ``boot`` and ``run``.
    root: Path = Path("/")
    run: Callable[[Sequence[str]], Answer | None] = run
    space: Callable[[Path], os.statvfs_result] = os.statvfs
    clock: Clock = SystemClock()
    #: Whether a device answers at an address of an I2C bus.
    ask_i2c: Callable[[Path, int], bool] = i2c.answers
    patience: Patience = Patience()
    #: The GPIO chips.
    kernel: Kernel = Kernel()
    #: The user of the service; where there is no such user, everything belongs to the one that calls doctor.
    user: str = "linkymonitor"

    def path(self, name: str) -> Path:
        """Return where the absolute path *name* is on this machine."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str | None:
        """Return the content of a file of the system, None when it cannot be read."""
        try:
            return self.path(name).read_text("utf-8", "replace")
        except OSError:
            return None

    def first(self, *names: str) -> str | None:
        """Return the first of *names* that is there."""
        return next((name for name in names if self.path(name).exists()), None)
