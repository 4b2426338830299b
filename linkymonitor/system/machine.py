"""How busy this machine is, and how full its memory and its card are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Room(NamedTuple):
    """Memory, or a disk, in bytes."""

    total: int
    #: What programs may still take.
    available: int
    #: The share that is taken, 0 to 100.
    percent: float


class Machine:
    """The figures of this machine.

    Args:
        proc: where the kernel shows them.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._ticks = self._read_ticks()

    def cpu_percent(self) -> float:
        """Return how much of all cores was taken since the last call, 0 to 100.

        Raises:
            OSError, ValueError: the kernel does not show it.
        """
        busy, total = self._read_ticks()
        before_busy, before_total = self._ticks
        self._ticks = busy, total
        if total <= before_total:
            return 0.0
        return round(min(max(busy - before_busy, 0) * 100 / (total - before_total), 100.0), 1)

    def memory(self) -> Room:
        """Return the memory.

        Raises:
            OSError, ValueError, KeyError: the kernel does not show it.
        """
        fields = {}
        for line in (self._proc / "meminfo").read_text("ascii").splitlines():
            name, _, rest = line.partition(":")
            fields[name] = rest
        total, available = (int(fields[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        return Room(total, available, round((total - available) * 100 / total, 1))

    def _read_ticks(self) -> tuple[int, int]:
        """Return the ticks since the start in which a core was taken, and all of them."""
        with (self._proc / "stat").open(encoding="ascii") as file:
            # user, nice, system, idle, iowait, irq, softirq, steal; the two behind them are counted in the first two.
            ticks = [int(word) for word in file.readline().split()[1:9]]
        return sum(ticks) - sum(ticks[3:5]), sum(ticks)


def disk(path: str = "/") -> Room:
    """Return the file system of *path*.

    Raises:
        OSError: it cannot be asked.
    """
    status = os.statvfs(path)
    taken = (status.f_blocks - status.f_bfree) * status.f_frsize
    available = status.f_bavail * status.f_frsize
    shared = taken + available
    return Room(
        status.f_blocks * status.f_frsize, available, round(taken * 100 / shared, 1) if shared else 0.0
    )
