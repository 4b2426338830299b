"""Finds the display on the I2C bus by the addresses that such displays have."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

#: The addresses of an SSD1306 or SH1106: which of the two depends on a solder bridge of the module.
ADDRESSES = (0x3C, 0x3D)
#: The ioctl of <linux/i2c-dev.h> that names the device to be read.
_I2C_SLAVE = 0x0703


def addresses(bus: Path, answers: Callable[[Path, int], bool] | None = None) -> list[int] | None:
    """Return those of ADDRESSES that answer on *bus*; None when there is no such bus, or it may not be opened.

    Args:
        bus: the device, such as ``/dev/i2c-1``.
        answers: asks one address; None: the kernel does.
    """
    try:
        return [address for address in ADDRESSES if (answers or _answers)(bus, address)]
    except OSError:
        return None


def _answers(bus: Path, address: int) -> bool:
    """Return whether a device at *address* acknowledges that one byte is read from it.

    Raises:
        OSError: the bus cannot be opened.
    """
    descriptor = os.open(bus, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _I2C_SLAVE, address)
        os.read(descriptor, 1)
    except OSError as error:
        # A driver of the kernel holds the address, so there is a device.
        return error.errno == errno.EBUSY
    finally:
        os.close(descriptor)
    return True
