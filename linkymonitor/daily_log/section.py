"""The section ``[log]`` of the configuration."""

# This module is apart from writer.py because every command imports the settings, and only one writes the log.

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[log]``: the daily log."""

    #: The folder of the daily files.
    dir: Path = Path("/var/log/linkymonitor")
    #: How many frames make one DATA line; 16 halves the log of a meter in standard mode.
    frames_per_record: int = 8
    #: How long lines wait in memory before they are written and synced.
    sync_every: timedelta = timedelta(minutes=1)
    #: How long a file stays uncompressed after its own day, in full days.
    compress_after: timedelta = timedelta(days=2)
    #: How long a file is kept after its own day, in full days; empty: for ever.
    retention: timedelta | None = None

    def __post_init__(self) -> None:
        faults: list[Text] = []
        if not 1 <= self.frames_per_record <= 1000:
            faults.append(
                Text(
                    f"frames_per_record = {self.frames_per_record} : on attend 1 à 1000",
                    f"frames_per_record = {self.frames_per_record}: expected 1 to 1000",
                )
            )
        if self.retention is not None and self.retention < timedelta(days=2):
            faults.append(Text("retention : on attend au moins 2j", "retention: expected at least 2d"))
        if faults:
            raise BadSetting(*faults)
