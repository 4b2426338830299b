"""What reaches the SD card for each byte of log, counted below ext4."""

# Strategy
#
# - An ext4 file system in a file, on a loop device: the kernel counts the sectors written to it, journal and
#   metadata included.
# - Time runs ten times as fast: the simulated meter speaks ten times as fast, and the log is synced after a tenth of
#   its sync_every. The journal of ext4 commits every 5 s; it would be every 0.5 s here, but takes whole seconds.
#   That matters little, because each write of the log is synced.

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import OURS, Process
from bench.table import CannotRun, Row
from linkymonitor.daily_log.section import Settings as LogSettings

_SPEED = 10
#: Minutes of the meter that are measured; a tenth of that here.
_MINUTES = 15
#: Seconds within which a log has to grow.
_PATIENCE = 60


def measure() -> Iterator[Row]:
    """Yield how often a byte of the log is written to the card, with the sync_every that is shipped.

    Raises:
        CannotRun: file systems cannot be mounted here.
    """
    if os.geteuid():
        raise CannotRun("mounting a file system by a loop device needs root")
    sync_every = LogSettings().sync_every.total_seconds()
    with _file_system() as (card, device):
        log_dir, config = card / "log", card / "card.ini"
        config.write_text(f"[log]\nsync_every = {sync_every / _SPEED:.0f}s\n")
        source = f"sim:historique,ejp,seed=7,at=12:00,speed={_SPEED}"
        with Process(
            (*OURS, "acquire", "-c", str(config), "-i", source, "--log-dir", str(log_dir))
        ) as acquire:
            # From the second write to a later one: the first makes files and folders.
            _wait_for_growth(log_dir, acquire)
            first, begun = _wait_for_growth(log_dir, acquire), _sectors(device)
            time.sleep(_MINUTES * 60 / _SPEED)
            last, ended = _wait_for_growth(log_dir, acquire), _sectors(device)
    written, log = (ended - begun) * 512, last - first
    yield Row(
        figure="card: bytes written to a byte of log, as shipped",
        measured=written / log,
        must=17,
        aim=10,
        unit="",
        note=f"sync_every {sync_every:.0f} s: {written / 1024:.0f} KiB for {log / 1024:.1f} KiB of log",
    )


def _wait_for_growth(log_dir: Path, acquire: Process) -> int:
    """Return the size of the log once it has been written again, and the journal after it."""
    size, until = _size(log_dir), time.monotonic() + _PATIENCE
    while _size(log_dir) == size:
        acquire.alive()
        if time.monotonic() > until:
            raise CannotRun(f"acquire has written nothing to its log in {_PATIENCE} s")
        time.sleep(0.05)
    time.sleep(1.5)  # a commit of the journal
    return _size(log_dir)


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
        why = (getattr(error, "stderr", "") or str(error)).strip()
        raise CannotRun(f"no file system in a file here: {' '.join(command[:1])}: {why}") from error


def _sectors(device: str) -> int:
    return int(Path("/sys/block", device, "stat").read_text().split()[6])


def _size(log_dir: Path) -> int:
    return sum(path.stat().st_size for path in log_dir.glob("*.log"))
