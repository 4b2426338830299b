"""The settings of the source that is a meter."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import ClassVar

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model.terms import WantedMode


class WantedSpeed(Enum):
    """The speed that the user asks for."""

    AUTO = "auto"
    SLOW = "1200"
    FAST = "9600"

    @property
    def baud(self) -> int | None:
        """The speed in baud, or None when it is to be found out."""
        return None if self is WantedSpeed.AUTO else int(self.value)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """``[meter]``: where the meter is, and how its line is read."""

    #: Keys of older configuration files that have no effect any more.
    retired: ClassVar[frozenset[str]] = frozenset({"timeout"})

    #: A serial device, auto, or any pyserial URL (socket://…, rfc2217://…).
    port: str = "/dev/ttyAMA0"
    #: auto, historique or standard.
    mode: WantedMode = WantedMode.AUTO
    #: auto, 1200 or 9600. The mode does not decide it: some dongles send historique at 9600 baud.
    speed: WantedSpeed = WantedSpeed.AUTO
    #: The longest pause between two tries to open the port.
    pause: timedelta = timedelta(seconds=10)
    #: The meter is called silent after so long without a believed frame.
    silence: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        # Without a pause, a port that is away would be tried as fast as the processor can.
        faults = [
            Text(f"{name} : on attend au moins 1s", f"{name}: expected at least 1s")
            for name in ("pause", "silence")
            if getattr(self, name) < timedelta(seconds=1)
        ]
        if faults:
            raise BadSetting(*faults)
