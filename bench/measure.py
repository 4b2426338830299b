"""Counts instructions and CPU time of commands, and the memory and reads of a process that runs."""

# Strategy
#
# - Instructions (callgrind) are the same to about 1 % whatever else the machine does. CPU time is only ever
#   compared: the commands of one comparison take turns, and their medians are divided.
# - "Bare Python" is the same interpreter with nothing to do.

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.table import CannotRun

BARE = (sys.executable, "-c", "pass")
_SCRIPT = Path(sys.executable).parent / "linkymonitor"
#: How our commands are called.
OURS = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "linkymonitor")

#: The environment of what is measured: compiled files are kept, sets and dicts are laid out alike each time.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("COVERAGE_")
} | {"PYTHONHASHSEED": "0"}

_COLLECTED = re.compile(r"Collected : (\d+)")


def instructions(command: Sequence[str]) -> int:
    """Return the instructions that *command* takes, counted by callgrind.

    Raises:
        CannotRun: there is no valgrind here.
    """
    if shutil.which("valgrind") is None:
        raise CannotRun("valgrind is missing: sudo apt-get install valgrind")
    done = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command])
    found = _COLLECTED.search(done.stderr)
    if found is None:
        raise CannotRun(f"valgrind did not count: {done.stderr.strip().splitlines()[-1:]}")
    return int(found[1])


def run(command: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> subprocess.CompletedProcess[str]:
    """Run *command* to its end.

    Raises:
        CannotRun: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise CannotRun(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-200:]}")
    return done


def cpu_seconds(command: Sequence[str]) -> float:
    """Return the CPU time, user and system, of one run of *command*."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cpu_ratios(
    commands: Sequence[Sequence[str]], against: Sequence[str] = BARE, rounds: int = 15
) -> list[float]:
    """Return the CPU time of each of *commands*, *against* being 1: medians of runs that take turns."""
    taken: list[list[float]] = [[] for _ in range(len(commands) + 1)]
    for _ in range(rounds):
        for times, command in zip(taken, (against, *commands), strict=True):
            times.append(cpu_seconds(command))
    reference, *others = map(statistics.median, taken)
    return [other / reference for other in others]


class Process:
    """A process of ours while it runs, as /proc tells of it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env
        )
        self._folder = Path("/proc") / str(self._process.pid)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def alive(self) -> None:
        """Raise CannotRun when the process has ended."""
        if self._process.poll() is not None:
            assert self._process.stderr is not None
            raise CannotRun(f"ended early: {self._process.stderr.read().decode()[-200:]}")

    @property
    def cpu(self) -> float:
        """CPU seconds so far, of all its threads, to the nanosecond."""
        return sum(int(path.read_text().split()[0]) for path in self._folder.glob("task/*/schedstat")) / 1e9

    @property
    def reads(self) -> int:
        """Read calls so far."""
        return self._field("io", "syscr")

    def memory(self, which: str = "VmHWM") -> int:
        """Return its resident memory in KiB: now (VmRSS) or at most so far (VmHWM)."""
        return self._field("status", which)

    def _field(self, file: str, name: str) -> int:
        for line in (self._folder / file).read_text().splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return int(value.split()[0])
        raise CannotRun(f"/proc/PID/{file} has no {name}")


def bare_memory() -> int:
    """Return the resident memory of bare Python, in KiB."""
    with Process((sys.executable, "-c", "print(flush=True); input()")) as bare:
        highest = 0
        # It reaches its height within a few milliseconds, and then waits for input.
        while (now := bare.memory()) > highest or bare.cpu < 0.005:
            bare.alive()
            highest = now
            subprocess.run(("sleep", "0.1"), check=True)
        return highest
