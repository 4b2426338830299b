"""A kernel with I2C buses for tests: what /dev/i2c-N does when a device is chosen and read."""

from __future__ import annotations

import errno
from pathlib import Path

from linkymonitor.system.i2c import Kernel
from tests.support.fake_oled import FakeOled

#: <linux/i2c-dev.h>
I2C_SLAVE = 0x0703


class FakeI2c(Kernel):
    """Buses with panels.

    Args:
        panels: bus, such as ``i2c-1``, → its panels.
        held: the addresses that a driver of the kernel holds.
    """

    def __init__(self, panels: dict[str, list[FakeOled]], held: tuple[int, ...] = ()) -> None:
        self._panels, self._held = panels, held
        #: Descriptor → its bus and the address that was chosen.
        self.open_ones: dict[int, tuple[str, int | None]] = {}

    def open(self, bus: Path) -> int:
        if bus.name not in self._panels:
            raise FileNotFoundError(errno.ENOENT, "no bus", str(bus))
        descriptor = 100 + len(self.open_ones)
        self.open_ones[descriptor] = (bus.name, None)
        return descriptor

    def ioctl(self, descriptor: int, request: int, argument: int) -> None:
        assert request == I2C_SLAVE
        if argument in self._held:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.open_ones[descriptor] = (self.open_ones[descriptor][0], argument)

    def read(self, descriptor: int) -> None:
        bus, address = self.open_ones[descriptor]
        if address not in [panel.address for panel in self._panels[bus]]:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def close(self, descriptor: int) -> None:
        del self.open_ones[descriptor]
