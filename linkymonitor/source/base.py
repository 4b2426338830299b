"""What a source of bytes is, and the settings of the one that is a meter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode, WantedMode

#: How the name of a simulated meter begins, where a port or a file may be named.
SIMULATED = "sim:"


class WantedSpeed(Enum):
    """Which speed to listen at."""

    AUTO = "auto"
    SLOW = "1200"
    FAST = "9600"

    @property
    def baud(self) -> int | None:
        """The speed in baud, or None when it is to be found out."""
        return None if self is WantedSpeed.AUTO else int(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
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
                raise BadSetting(Text(f"{name} : on attend au moins 1s", f"{name}: expected at least 1s"))


class Source:
    """Where bytes come from: a port, a URL, a file, a pipe, a replay or a simulated meter.

    This is all that a reader may ask of a source, so it need not know which kind it has. What a kind does not
    have keeps the value, or does the nothing, that stands here.
    """

    #: As the user wrote it; for messages.
    name: str = ""
    #: True for a port or a URL, which stand for a real meter: its mode and speed are hunted, and it never ends.
    is_meter: bool = False
    #: True when bytes come as somebody sends them, False when they were all there from the start.
    live: bool = False
    #: True when reading never waits in real time: a clock of the source's own is moved instead.
    instant: bool = False
    #: The mode, when the source knows it; a replay learns it from its first bytes.
    mode: Mode | None = None
    #: Wall time at which a recording began; None for anything else.
    started_at: datetime | None = None
    #: Seconds since *started_at* at which the last chunk of a recording came; None for anything else.
    offset: float | None = None
    #: Seconds that the last chunk of a simulated line took; None for anything else.
    elapsed: float | None = None

    @property
    def away(self) -> bool:
        """Whether what is read is absent, or does not open: silence then says nothing of the meter."""
        return False

    def read(self, timeout: float) -> bytes | None:
        """Return the next bytes, ``b""`` if none came within *timeout* seconds, None at the end of the input.

        A meter has no end: while it is away this waits like a silent line does.
        """
        raise NotImplementedError

    def set_speed(self, speed: int) -> None:
        """Read at *speed* baud from now on, raw."""

    def settle(self) -> None:
        """Let the kernel cut the lines from now on; the speed is right."""

    def discard(self) -> None:
        """Throw away what has come and was not read yet."""

    def close(self) -> None:
        """Let go of the source."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
