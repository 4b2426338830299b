"""What the fuzz targets share: a time, a folder of the log, a place for files."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOG = Path("/log")
ZONE = ZoneInfo("Europe/Paris")


@cache
def scratch() -> Path:
    """Return a folder, in memory if the machine has such a place; it is removed with the process."""
    memory = Path("/dev/shm")
    where = Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    return where
