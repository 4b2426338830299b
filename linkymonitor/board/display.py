"""Finds the display on the I2C bus by the addresses that such displays have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from linkymonitor.system import i2c


def addresses(bus: Path, answers: Callable[[Path, int], bool] = i2c.answers) -> list[int] | None:
    """Return those addresses of displays that answer on *bus*; None without such a bus, or when it does not open.

    Args:
        bus: the device, such as ``/dev/i2c-1``.
        answers: asks one address.
    """
    try:
        return [address for address in i2c.OF_DISPLAYS if answers(bus, address)]
    except OSError:
        return None
