"""acquire with a lamp on a mock pin whose changes are appended to a file, with the time of each."""

import sys
import time
from pathlib import Path
from typing import Any

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from linkymonitor.cli import main

_STAMPS = Path(sys.argv[1])


class StampedPin(MockPin):  # type: ignore[misc]
    """A pin that notes when it changes."""

    def _change_state(self, value: Any) -> bool:
        at = time.monotonic()
        changed: bool = super()._change_state(value)
        if changed:
            with _STAMPS.open("a") as file:
                file.write(f"{at}\n")
        return changed


if __name__ == "__main__":
    Device.pin_factory = MockFactory(pin_class=StampedPin)
    sys.exit(main(sys.argv[2:]))
