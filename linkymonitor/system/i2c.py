"""Asks the I2C bus whether a device answers at an address."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

#: The addresses of an SSD1306 or SH1106: which of the two depends on a solder bridge of the module.
OF_DISPLAYS = (0x3C, 0x3D)
#: The ioctl of <linux/i2c-dev.h> that names the device to be read.
_I2C_SLAVE = 0x0703


def answers(bus: Path, address: int) -> bool:
    """Return whether a device at *address* acknowledges that one byte is read from it, as `i2cdetect` does.

    Args:
        bus: such as ``/dev/i2c-1``.
        address: of the device.

    Raises:
        OSError: the bus is not there, or may not be opened.
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
