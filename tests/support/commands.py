"""Helpers for tests of the commands: bytes to read, logs to compare, and processes that end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log import files
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec

PYTHON = [sys.executable, "-m", "linkymonitor"]
AT = "2027-01-13T19:00:00+01:00"
DAY = datetime(2027, 1, 13, tzinfo=UTC)


def wire(spec: str, minutes: float = 2) -> bytes:
    options = parse_spec(spec)
    return b"".join(piece for _, piece in House(options).frames(options.start + timedelta(minutes=minutes)))


def log_text(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.log")))


def records(folder: Path):
    return list(files.records(folder, datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)))


def hear_signals() -> None:
    """Let a child hear SIGINT and SIGHUP: tests in the background ignore the one, those under nohup the other."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def daemon(*argv, **environ):
    """A daemon in its own process; it is killed at the end of the test if it still runs."""
    process = subprocess.Popen(
        [*PYTHON, *map(str, argv)],
        stdin=subprocess.DEVNULL,  # a daemon has no terminal, whoever runs the tests
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
        preexec_fn=hear_signals,  # noqa: PLW1509 -- it takes no lock
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=100)


def until(what, seconds=100.0):
    """Wait until *what* returns something true, and return it; the bound is for a machine with twenty other tasks."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


def is_stopped(process: int) -> bool:
    """Return whether each thread of *process* is stopped, which takes a moment after the signal."""
    return all(
        path.read_text().rpartition(")")[2].split()[0] == "T"
        for path in Path(f"/proc/{process}/task").glob("*/stat")
    )
