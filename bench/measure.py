"""Counts instructions and CPU time of commands, and the CPU time and memory of a process that runs."""

# Strategy
#
# - Instructions (callgrind) are the same to about 1 % whatever else the machine does. CPU times are only sound on
#   an idle machine: the commands of one comparison take turns, and their medians are compared.
# - "Bare Python" is the same interpreter with nothing to do.

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bench.table import CannotRun

BARE = (sys.executable, "-c", "pass")
_SCRIPT = Path(sys.executable).parent / "linkymonitor"
#: How the commands of this project are called.
OURS = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "linkymonitor")

#: The environment of each command: compiled files are kept, sets and dicts are laid out alike each time.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("COVERAGE_")
} | {"PYTHONHASHSEED": "0"}

#: A folder in memory, for latest.json as on a device; None where there is none.
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

#: Runs a command and prints its CPU time and its memory. Linux counts the memory of whoever starts a program as the
#: program's own: so it is started by a Python that is smaller than every command of ours.
_LAUNCHER = """
import os, sys
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[nowhere])
_, status, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""

_COLLECTED = re.compile(r"Collected : (\d+)")


class Cost(NamedTuple):
    """The cost of one run of a command."""

    #: CPU time, user and system, in seconds.
    cpu: float
    #: The most resident memory, in KiB.
    memory: int


def instructions(command: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> int:
    """Return the instructions that *command* takes, counted by callgrind.

    Raises:
        CannotRun: there is no valgrind here, or *command* failed.
    """
    if shutil.which("valgrind") is None:
        raise CannotRun("valgrind is missing: sudo apt-get install valgrind")
    counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(counting, capture_output=True, text=True, env=env, check=False)
    found = _COLLECTED.search(done.stderr)
    if done.returncode or found is None:
        raise CannotRun(f"{' '.join(command)} below valgrind: {done.stderr.strip().splitlines()[-1:]}")
    return int(found[1])


def counted(command: Sequence[str]) -> str:
    """Return the instructions of *command*, those of bare Python being 1, as a note; empty without callgrind."""
    with suppress(CannotRun):
        return f"{instructions(command) / instructions(BARE):.2f} × in instructions"
    return ""


def difference(many: Sequence[str], few: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> int:
    """Return the instructions that *many* takes more than *few*; both are counted side by side."""
    with ThreadPoolExecutor() as pool:
        more, less = pool.map(lambda command: instructions(command, env), (many, few))
    return more - less


def cost(command: Sequence[str]) -> Cost:
    """Return what one run of *command* costs.

    Raises:
        CannotRun: it failed.
    """
    launcher = (sys.executable, "-c", _LAUNCHER, *command)
    done = subprocess.run(launcher, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        raise CannotRun(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-200:]}")
    cpu, memory = done.stdout.split()
    return Cost(float(cpu), int(memory))


def median_cost(commands: Iterable[Sequence[str]]) -> Cost:
    """Return the medians of the CPU time and of the memory of *commands*, run one after the other."""
    cpu, memory = zip(*map(cost, commands), strict=True)
    return Cost(statistics.median(cpu), int(statistics.median(memory)))


def cpu_ratios(commands: Sequence[Sequence[str]], rounds: int = 15) -> list[float]:
    """Return the CPU time of each of *commands*, bare Python being 1: medians of runs that take turns."""
    taken: list[list[float]] = [[] for _ in range(len(commands) + 1)]
    for _ in range(rounds):
        for times, command in zip(taken, (BARE, *commands), strict=True):
            times.append(cost(command).cpu)
    reference, *others = map(statistics.median, taken)
    return [other / reference for other in others]


class Process:
    """A command while it runs, as /proc has it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] = ENVIRONMENT) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env
        )
        self._folder = Path("/proc") / str(self._process.pid)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ask the process to end, and wait until it has."""
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
    def cpu_of_all(self) -> float:
        """CPU seconds so far, of threads that have ended too, to the hundredth."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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
