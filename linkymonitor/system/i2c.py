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


class Kernel:
    """The buses of this machine; a test has its own."""

    def open(self, bus: Path) -> int:
        """Return a descriptor of *bus*, or raise OSError."""
        return os.open(bus, os.O_RDWR | os.O_CLOEXEC)

    def ioctl(self, descriptor: int, request: int, argument: int) -> None:
        """Choose a device of the bus, or raise OSError."""
        fcntl.ioctl(descriptor, request, argument)

    def read(self, descriptor: int) -> None:
        """Read a byte of the device that was chosen, or raise OSError."""
        os.read(descriptor, 1)

    def close(self, descriptor: int) -> None:
        """Close *descriptor*."""
        os.close(descriptor)


_THIS_MACHINE = Kernel()


def answers(bus: Path, address: int, kernel: Kernel = _THIS_MACHINE) -> bool:
    """Return whether a device at *address* acknowledges that one byte is read from it, as `i2cdetect` does.

    Args:
        bus: such as ``/dev/i2c-1``.
        address: of the device, 7 bits, such as 0x3C.
        kernel: has the bus.

    Raises:
        OSError: the bus is not there, or may not be opened.
    """
    descriptor = kernel.open(bus)
    try:
        kernel.ioctl(descriptor, _I2C_SLAVE, address)
        kernel.read(descriptor)
    except OSError as error:
        # A driver of the kernel holds the address, so there is a device.
        return error.errno == errno.EBUSY
    finally:
        kernel.close(descriptor)
    return True
