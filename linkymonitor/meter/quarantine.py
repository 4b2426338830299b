"""Keeps the groups that acceptance held back, with their cause, in one small file that never grows."""

# Strategy
#
# - A group that was held back is evidence of a bad cable, of a meter that sends wrong values, or of a wrong rule of
#   ours. The newest lines are enough, so the file is replaced whole, and seldom: a card wears.
# - Some meters send an absurd value in each frame, for ever. Of each label and cause the first group of an hour has a
#   line, and the other groups are counted at the end of that line. So they do not push out the lines of other labels.
#   The report adds the groups up by day, and local days begin with an hour.
# - What is in the file is read again before each write, and memory has only the lines that are not yet there as they
#   should be. So a line that purge has removed from the file does not come back. A line that a full card has kept
#   out for nearly a day is dropped: purge cannot reach this memory, and removes no day that is younger.
# - Damaged lines of the file are skipped. A failed write is tried again without a message: the daily log is on the
#   same card, and reports the card.

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import StorageError
from linkymonitor.language import escape_controls
from linkymonitor.meter.quarantine_file import EVERY, FILE_NAME, KEPT, LARGEST
from linkymonitor.system.storage import Storage
from linkymonitor.tic.privacy import mask_raw

if TYPE_CHECKING:
    from linkymonitor.meter.acceptance.frame import Held

# Compiled where it is first needed, as most starts find no quarantine.
_LINE = r"(?a)\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\t[a-z]+\t[ -~]+(?:\t\+\d{1,9})?"

#: Seconds for which a line is tried again on a card that takes no write: less than the youngest day that purge removes.
_LONGEST = 23 * 3600.0


class _Line:
    """The first group of its label and cause in an hour, and how many more there were."""

    __slots__ = ("more", "text", "written")

    def __init__(self, text: str) -> None:
        self.text = text
        self.more = 0
        #: Whether the file has, or had, this line with an earlier count.
        self.written = False

    def __str__(self) -> str:
        return f"{self.text}\t+{self.more}" if self.more else self.text


class Quarantine:
    """The newest groups that were held back.

    Args:
        storage: writes the file.
        directory: the folder of the daily log.
    """

    def __init__(self, storage: Storage, directory: Path) -> None:
        self._storage = storage
        self._path = directory / FILE_NAME
        #: The lines that the file does not have yet, or with an earlier count: since which monotonic time.
        self._waiting: dict[_Line, float] = {}
        #: The lines of this hour, by label and cause.
        self._hour = ""
        self._open: dict[tuple[str, str], _Line] = {}
        self._due: float | None = None

    def hold(self, held: Sequence[Held], at: datetime, now: float) -> None:
        """Keep *held*, found at the wall time *at*, and write it at most ten minutes after the monotonic time *now*."""
        stamp = f"{at:%Y/%m/%d %H:%M:%S}"
        if stamp[:13] != self._hour:
            self._hour = stamp[:13]
            self._open.clear()
        for one in held:
            line = self._open.get((one.label, one.cause))
            if line is not None:
                line.more += 1
            else:
                raw = escape_controls(mask_raw(one.raw.decode("latin-1")).replace("\t", " "))
                line = _Line(f"{stamp}\t{one.cause}\t{raw.encode('ascii', 'backslashreplace').decode()}")
                if len(self._open) >= KEPT:  # noise makes labels without end
                    self._open.clear()
                self._open[one.label, one.cause] = line
            self._waiting.setdefault(line, now)
            if len(self._waiting) > KEPT:
                del self._waiting[next(iter(self._waiting))]
        if held and self._due is None:
            self._due = now + EVERY

    def tick(self, now: float) -> float:
        """Write what is due; return when the next write is (infinity when none)."""
        if self._due is not None and now >= self._due:
            self._due = now + EVERY  # the next try, should this write fail
            self._write()
            self._waiting = {line: since for line, since in self._waiting.items() if now - since < _LONGEST}
        return math.inf if self._due is None else self._due

    def close(self) -> None:
        """Write what has not been written."""
        if self._due is not None:
            self._write()

    def _write(self) -> None:
        lines = self._read()
        place = {_without_count(line): at for at, line in enumerate(lines)}
        for line in self._waiting:
            if not line.written:
                lines.append(str(line))
            elif line.text in place:
                lines[place[line.text]] = str(line)
        with suppress(StorageError):
            self._storage.replace(self._path, "".join(f"{line}\n" for line in lines[-KEPT:]).encode())
            for line in self._waiting:
                line.written = True
            self._waiting.clear()
            self._due = None

    def _read(self) -> list[str]:
        try:
            data = self._storage.end_of(self._path, LARGEST)
        except StorageError:
            return []
        lines = data[: data.rfind(b"\n") + 1].decode("ascii", "replace").split("\n")
        return [line for line in lines if re.fullmatch(_LINE, line)]


def _without_count(line: str) -> str:
    return "\t".join(line.split("\t")[:3])
