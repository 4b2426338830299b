"""The section ``[log]`` of the configuration."""

# Apart from the writer, because every command reads the settings, and one writes the log.

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[log]``: the daily log."""

    #: Where the daily files are.
    dir: Path = Path("/var/log/linkymonitor")
    #: Frames that make one DATA line; 16 halves the log of a meter in standard mode.
    frames_per_record: int = 8
    #: How long lines wait in memory before they are written and synced.
    sync_every: timedelta = timedelta(minutes=1)
    #: Full days a file stays uncompressed.
    compress_after: timedelta = timedelta(days=2)
    #: How long files are kept; empty: for ever.
    retention: timedelta | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.frames_per_record <= 1000:
            raise BadSetting(
                Text(
                    f"frames_per_record = {self.frames_per_record} : on attend 1 à 1000",
                    f"frames_per_record = {self.frames_per_record}: expected 1 to 1000",
                )
            )
        if self.retention is not None and self.retention < timedelta(days=2):
            raise BadSetting(Text("retention : on attend au moins 2j", "retention: expected at least 2d"))
