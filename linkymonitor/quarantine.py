"""Keeps the groups that acceptance held back, with their cause, in one small file that never grows."""

# Strategy
#
# - What was held back is evidence: of a bad cable, of a meter that lies, or of a rule of ours that is wrong.
#   The newest lines are enough, so the file is replaced whole, and seldom: a card wears.
# - A file that is damaged costs the lines that are; what cannot be written waits, and is no reason to say
#   anything: the log is on the same card, and says that it refuses.

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from linkymonitor.acceptance import Held
from linkymonitor.errors import StorageError
from linkymonitor.privacy import mask_raw
from linkymonitor.storage import Storage

FILE_NAME = "quarantine.log"
#: Lines that are kept: about 50 kB.
KEPT = 500
#: Seconds between two writes at the least.
EVERY = 600.0
#: Bytes at the end of the file that are looked at: what is larger is no file of ours.
_MOST = 200 * KEPT
_LINE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\t[a-z]+\t[ -~]+", re.ASCII)


class Quarantine:
    """The newest groups that were held back.

    Args:
        storage: writes the file.
        directory: the folder of the daily log.
    """

    def __init__(self, storage: Storage, directory: Path) -> None:
        self._storage = storage
        self._path = directory / FILE_NAME
        self._lines: deque[str] = deque(self._read(), maxlen=KEPT)
        self._due: float | None = None

    def hold(self, held: Sequence[Held], at: datetime, now: float) -> None:
        """Keep *held*, found at wall time *at*; it is written within ten minutes of monotonic *now*."""
        stamp = f"{at:%Y/%m/%d %H:%M:%S}"
        for one in held:
            raw = mask_raw(one.raw.decode("latin-1")).replace("\t", " ")
            self._lines.append(f"{stamp}\t{one.cause}\t{raw.encode('ascii', 'backslashreplace').decode()}")
        if held and self._due is None:
            self._due = now + EVERY

    def tick(self, now: float) -> float:
        """Write what is due; return when the next write is (infinity when none)."""
        if self._due is not None and now >= self._due:
            self._due = now + EVERY  # when the card refuses
            self._write()
        return math.inf if self._due is None else self._due

    def close(self) -> None:
        """Write what has not been written."""
        if self._due is not None:
            self._write()

    def _write(self) -> None:
        with suppress(StorageError):
            self._storage.replace(self._path, "".join(f"{line}\n" for line in self._lines).encode())
            self._due = None

    def _read(self) -> list[str]:
        try:
            data = self._storage.end_of(self._path, _MOST)
        except StorageError:
            return []
        lines = data[: data.rfind(b"\n") + 1].decode("ascii", "replace").split("\n")
        return [line for line in lines if _LINE.fullmatch(line)]
