"""The groups that acceptance held back, with their causes, as quarantine.log beside the daily logs lists them."""

# Strategy
#
# - The log counts what is refused, whatever the cause (Rejets). The file has a line for each group that was right
#   on the wire and not believed, or counts it on the line of another of its hour: what it does not explain could not
#   be read (checksum, parity, shape).
# - The file only keeps the newest lines, and may be missing: a page leaves out what is then unknown.

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.meter.quarantine_file import EVERY, FILE_NAME, KEPT, LARGEST
from linkymonitor.system.storage import Storage

#: Before how many more there were of the group of a line, which has no more digits than this.
_MORE = "\t+"
_LONGEST_COUNT = 9
#: Its newest lines are written at most so many seconds late.
LATE = EVERY
#: So many of the oldest lines are looked at to date the oldest one.
_OLDEST = 5


class Refusals(NamedTuple):
    """Groups that were held back: when, in POSIX seconds, why, and how many."""

    causes: Sequence[tuple[float, str, int]] = ()
    #: What came before was forgotten.
    since: float = 0.0

    def between(self, start: float, end: float) -> dict[str, int]:
        """Return how many groups were held back from *start* to *end*, by cause."""
        causes = Counter[str]()
        for at, cause, count in self.causes:
            if start <= at < end:
                causes[cause] += count
        return dict(causes)

    def all_of(self, start: float, end: float, now: float) -> bool:
        """Return whether no cause from *start* to *end* can be missing, at the time *now*."""
        return self.since < start and end + LATE <= now


def read(log_dir: Path, storage: Storage) -> Refusals | None:
    """Return what the quarantine beside the logs of *log_dir* says, None when there is none."""
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
    # Of the oldest lines any may bear a wrong date: the middle one of a few does not.
    oldest = sorted(at for at, *_ in lines[:_OLDEST])
    return Refusals(causes=lines, since=oldest[len(oldest) // 2] if full and oldest else 0.0)


def _more(raw: str) -> int:
    """Return how many more there were of the group whose line ends in *raw*."""
    _, mark, digits = raw.rpartition(_MORE)
    counted = mark and digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_COUNT
    return int(digits) if counted else 0
