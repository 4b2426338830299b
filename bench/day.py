"""A day of an EJP meter in historique mode, read by acquire frame by frame; and logs of many days made of it."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench.measure import OURS, cost
from bench.table import Row

#: The day that is simulated, local time; no change of summer time is near.
DAY = date(2026, 2, 20)
_SOURCE = f"sim:ejp,day={DAY},at=00:00,duration=24h,speed=max"
_STAMP = "%Y/%m/%d %H:%M:%S"
_STAMP_LENGTH = len("2026/02/20 00:00:00")
_INDEX = re.compile(r"(?<=\bIndex)(HN|HPM)=(\d+)")
_COUNTED = re.compile(r"IndexHN=(\d+), IndexHPM=(\d+)")


class SimulatedDay(NamedTuple):
    """The log of one day, and what acquire took to write it."""

    #: CPU time of acquire, in seconds.
    cpu: float
    #: The DATA lines of the log.
    lines: tuple[str, ...]


@cache
def simulated_day() -> SimulatedDay:
    """Return a day as acquire logs it: each record is of 8 frames."""
    with tempfile.TemporaryDirectory() as folder:
        taken = cost((*OURS, "acquire", "-i", _SOURCE, "--log-dir", folder))
        files = sorted(Path(folder).glob("*.log"))
        lines = [line for path in files for line in path.read_text().splitlines() if "\tDATA\t" in line]
        return SimulatedDay(taken.cpu, tuple(lines))


def measure() -> Iterator[Row]:
    """Yield the CPU time of a simulated day."""
    day = simulated_day()
    yield Row(
        figure="a simulated day through acquire, historique EJP, CPU here",
        measured=day.cpu,
        must=8,
        aim=5,
        unit="s",
        note=f"{len(day.lines):,} records of 8 frames",
    )


def write_log(log_dir: Path, first: date, last: date) -> None:
    """Write the simulated day as the log of each day from *first* to *last*; its indexes go on from day to day."""
    lines = simulated_day().lines
    begun, ended = (_COUNTED.search(line) for line in (lines[0], lines[-1]))
    assert begun is not None
    assert ended is not None
    hn, hpm = (int(ended[column]) - int(begun[column]) for column in (1, 2))
    stamped = [(datetime.strptime(line[:_STAMP_LENGTH], _STAMP), line[_STAMP_LENGTH:]) for line in lines]  # noqa: DTZ007 (UTC, only shifted)
    log_dir.mkdir(parents=True, exist_ok=True)
    for days in range((first - DAY).days, (last - DAY).days + 1):
        written: dict[str, list[str]] = {}
        used = {"HN": days * hn, "HPM": days * hpm}
        for at, rest in stamped:
            stamp = (at + timedelta(days=days)).strftime(_STAMP)
            name = stamp[:10].replace("/", "_") + "_linkymonitor.log"
            line = _INDEX.sub(lambda found: f"{found[1]}={int(found[2]) + used[found[1]]:09}", rest)  # noqa: B023 (called at once)
            written.setdefault(name, []).append(f"{stamp}{line}\n")
        for name, text in written.items():
            with (log_dir / name).open("a") as file:
                file.writelines(text)


def compress_log(log_dir: Path, before: date) -> None:
    """Compress the files of the days before *before*, as the log does."""
    for path in sorted(log_dir.glob("*.log")):
        if path.name < f"{before:%Y_%m_%d}":
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
