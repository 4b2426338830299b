"""What reaches the SD card for each byte of log, counted below ext4."""

# Strategy
#
# - An ext4 file system in a file, on a loop device: the kernel counts the sectors written to it, journal and
#   metadata included.
# - Time runs ten times as fast: a record each 1.2 s for one each 12 s, and a journal that commits every 0.5 s
#   would do so every 5 s. As it takes whole seconds it commits each second: too seldom by two, which only
#   matters for what is not synced, and we sync before.

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.table import CannotRun, Row
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.record import Record
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret

_SPEED = 10
_EVERY = 12  # seconds
_MINUTES = 20  # of log, two of ours


def measure() -> Iterator[Row]:
    """Yield how often a byte of the log is written, as shipped and with the longest setting."""
    if os.geteuid():
        raise CannotRun("mounting a file system by a loop device needs root")
    for name, sync_every, must, aim in (
        ("sync_every = 1m, as shipped", 60.0, 35.0, 10.0),
        ("sync_every = 5m", 300.0, 35.0, 10.0),
    ):
        written, log = _written(sync_every)
        yield Row(
            figure=f"card: bytes written to a byte of log, {name}",
            measured=written / log,
            must=must,
            aim=aim,
            note=f"{written / 1024:.0f} KiB for {log / 1024:.1f} KiB of log in {_MINUTES} minutes",
        )


class _FastClock:
    """The clocks of the machine, faster."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * _SPEED

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def trusted(self, not_before: datetime) -> bool:
        return True

    def synchronized(self, since: datetime | None) -> bool:
        return True

    def patience(self) -> float:
        return 0.0

    def kept(self) -> bool:
        return True


def _written(sync_every: float) -> tuple[int, int]:
    """Return the bytes that reached the device, and those of the log."""
    records = list(_records())
    with _file_system() as (folder, device):
        log_dir = folder / "log"
        log_dir.mkdir()
        clock = _FastClock(records[0].started_at)
        log = DailyLog(Storage(), LogSettings(dir=log_dir, sync_every=timedelta(seconds=sync_every)), clock)
        log.append(records[0])
        log.flush()
        _sync(folder)
        before, size = _sectors(device), _size(log_dir)
        for record in records[1:]:
            while clock.now() < record.ended_at:
                time.sleep(0.02)
                log.tick(clock.monotonic())
            log.append(record)
        log.close()
        _sync(folder)
        return (_sectors(device) - before) * 512, _size(log_dir) - size


def _records() -> Iterator[Record]:
    house = House(parse_spec(f"historique,ejp,seed=7,every={_EVERY}s"))
    decoder, aggregator = FrameDecoder(Mode.HISTORIQUE), Aggregator(1)
    start = datetime(2026, 12, 1, 12, tzinfo=UTC)
    house.skip_to(start)
    for at, wire in house.frames(start + timedelta(minutes=_MINUTES)):
        for frame in decoder.feed(wire):
            yield from aggregator.add(interpret(frame, Mode.HISTORIQUE, at), 0)


@contextmanager
def _file_system() -> Iterator[tuple[Path, str]]:
    """Mount an ext4 file system of its own; give its folder and the name of its device."""
    with tempfile.TemporaryDirectory() as folder:
        image, mounted = Path(folder, "image"), Path(folder, "card")
        mounted.mkdir()
        image.touch()
        os.truncate(image, 256 << 20)
        _run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        device = _run("losetup", "--find", "--show", str(image)).strip()
        try:
            _run("mount", "-o", "commit=1,noatime", device, str(mounted))
            try:
                yield mounted, Path(device).name
            finally:
                _run("umount", str(mounted))
        finally:
            _run("losetup", "--detach", device)


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRun(f"{' '.join(command)}: {getattr(error, 'stderr', '') or error}".strip()) from error


def _sync(folder: Path) -> None:
    _run("sync", "-f", str(folder))
    time.sleep(1.5)  # for the journal to commit


def _sectors(device: str) -> int:
    return int(Path("/sys/block", device, "stat").read_text().split()[6])


def _size(log_dir: Path) -> int:
    files: Sequence[Path] = list(log_dir.glob("*.log"))
    return sum(path.stat().st_size for path in files)
