"""The sections of the INI file that belong to no single part, and the schema of the whole file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import ClassVar

from linkymonitor.config import Config, General, Schema
from linkymonitor.errors import BadSetting
from linkymonitor.frozen import Frozen
from linkymonitor.model.terms import WantedMode


class WantedSpeed(Enum):
    """Which speed to listen at."""

    AUTO = "auto"
    SLOW = "1200"
    FAST = "9600"

    @property
    def baud(self) -> int | None:
        """The speed in baud, or None when it is to be found out."""
        return None if self is WantedSpeed.AUTO else int(self.value)


class Meter(Frozen):
    """``[meter]``: where the meter is and how it is listened to."""

    #: Keys of older files that no longer do anything.
    retired: ClassVar[frozenset[str]] = frozenset({"timeout"})

    #: A serial device, or any pyserial URL (socket://…, rfc2217://…).
    port: str = "/dev/ttyAMA0"
    #: auto, historique or standard.
    mode: WantedMode = WantedMode.AUTO
    #: auto, 1200 or 9600: independent of the mode, some dongles speak historique at 9600.
    speed: WantedSpeed = WantedSpeed.AUTO
    #: The longest pause between two tries to open the port.
    pause: timedelta = timedelta(seconds=10)
    #: The meter is called silent after so long without a complete frame.
    silence: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        # Without a pause, a port that is away would be tried as fast as the processor can.
        for name in ("pause", "silence"):
            if getattr(self, name) < timedelta(seconds=1):
                raise BadSetting(f"{name} : on attend au moins 1s", f"{name}: expected at least 1s")


class Log(Frozen):
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
                f"frames_per_record = {self.frames_per_record} : on attend 1 à 1000",
                f"frames_per_record = {self.frames_per_record}: expected 1 to 1000",
            )
        if self.retention is not None and self.retention < timedelta(days=2):
            raise BadSetting("retention : on attend au moins 2j", "retention: expected at least 2d")


class Callbacks(Frozen):
    """``[callbacks]``: functions of yours, called with each Reading."""

    #: Dotted paths, such as mymodule.my_function.
    call: tuple[str, ...] = ()


def schema(unread: Iterable[str] = ()) -> Schema:
    """Return where the class of each section is; those of *unread* are left unread, and their parts unloaded."""
    return {
        "general": General,
        "meter": Meter,
        "log": Log,
        "display": "linkymonitor.outputs.display.panel:Settings",
        "lamp:": "linkymonitor.outputs.led:Settings",
        "relay:": "linkymonitor.outputs.relay:Settings",
        "output:": _output,
        "tariff": "linkymonitor.money.tariffs:Prices",
        "report": "linkymonitor.report.build:Settings",
        "callbacks": Callbacks,
        **dict.fromkeys(unread),
    }


def _output(raw: Mapping[str, str]) -> type:
    """Return the settings of ``[output:NAME]``, whose ``type`` names a module of outputs or one of yours."""
    from linkymonitor.outputs.base import find

    found: type = find(raw.get("type", "")).Settings
    return found


def lang_of(config: Config) -> str:
    """Return the language of screens, pages and logs."""
    from linkymonitor.language import DEFAULT

    return config.lang or DEFAULT
