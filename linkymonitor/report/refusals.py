"""The groups that acceptance held back, with their causes, as quarantine.log beside the daily logs lists them."""

# Strategy
#
# - The daily log counts all refused groups, whatever the cause (Rejets). quarantine.log has only the groups that came
#   undamaged and were not believed: each has a line, or is counted on the line of another group of its hour. The
#   refused groups that quarantine.log lacks could not be read (checksum, parity, shape).
# - quarantine.log keeps only its newest lines, and may be missing. A page leaves out the counts that are then unknown.

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.meter.quarantine_file import EVERY, FILE_NAME, KEPT, LARGEST
from linkymonitor.system.storage import Storage

#: What stands between the group of a line and the count of further such groups.
_MORE = "\t+"
#: The most digits of that count.
_LONGEST_COUNT = 9
#: Seconds by which a line may be written late.
LATE = EVERY
#: How many of the oldest lines are read to date the oldest line.
_OLDEST = 5


class Refusals(NamedTuple):
    """The groups that were held back."""

    #: Each line of the file: POSIX seconds, cause, and number of groups.
    causes: Sequence[tuple[float, str, int]] = ()
    #: POSIX seconds from which on no line has been dropped; 0 when the file still has all lines.
    since: float = 0.0

    def between(self, start: float, end: float) -> dict[str, int]:
        """Return how many groups were held back from *start* to *end*, by cause."""
        causes = Counter[str]()
        for at, cause, count in self.causes:
            if start <= at < end:
                causes[cause] += count
        return dict(causes)

    def all_of(self, start: float, end: float, now: float) -> bool:
        """Return whether, at the time *now*, the file has all groups that were held back from *start* to *end*."""
        return self.since < start and end + LATE <= now


def read(log_dir: Path, storage: Storage) -> Refusals | None:
    """Return the groups of the quarantine.log of *log_dir*, None when there is no such file."""
    if FILE_NAME not in storage.names(log_dir):
        return None
    data = b""
    with suppress(StorageError):
        data = storage.end_of(log_dir / FILE_NAME, LARGEST)
    lines = []
    for line in data.decode("ascii", "replace").split("\n"):
        stamp, _, rest = line.partition("\t")
        cause, tab, raw = rest.partition("\t")
        with suppress(ValueError):
            at = datetime.fromisoformat(stamp.replace("/", "-")).replace(tzinfo=UTC).timestamp()
            if tab:
                lines.append((at, cause, 1 + _more(raw)))
    full = len(lines) >= KEPT or len(data) >= LARGEST
    # Any line may have a wrong date. The median of the dates of the oldest lines is hardly a wrong one.
    oldest = sorted(at for at, *_ in lines[:_OLDEST])
    return Refusals(causes=lines, since=oldest[len(oldest) // 2] if full and oldest else 0.0)


def _more(raw: str) -> int:
    """Return the count of further groups at the end of *raw*, 0 when there is none."""
    _, mark, digits = raw.rpartition(_MORE)
    counted = mark and digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_COUNT
    return int(digits) if counted else 0
