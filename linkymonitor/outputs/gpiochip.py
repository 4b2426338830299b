"""The lines of a GPIO chip through its character device, by the ioctls of linux/gpio.h, version 2 (Linux 5.10)."""

# Strategy
#
# - The standard library alone: this must work, and soon, when the process that had the pins has just died.
# - What happens to a line that is released is up to the kernel. That of Raspberry Pi OS keeps an output as it is
#   (persist_gpio_outputs of pinctrl-bcm2835 and pinctrl-rp1); others, and `dtparam=strict_gpiod`, make it an input. So
#   the pull resistor of the pin is set towards the same level: an input then stays at that level, too, as long as
#   nothing stronger than 50 kΩ pulls it elsewhere. A driver that cannot set pulls is asked again without one.

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import NamedTuple

#: The labels of the chips whose lines are the GPIO numbers of the 40-pin header: Pi Zero to 3, Pi 4, Pi 5.
LABELS = frozenset({"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"})

# struct gpiochip_info: name, label, number of lines.
_CHIP_INFO = struct.Struct("=32s32sI")
_GET_CHIP_INFO = 0x8044B401
# struct gpio_v2_line_info: name, consumer, offset, number of attributes, flags; ten attributes and padding follow.
_LINE_INFO = struct.Struct("=32s32sIIQ176x")
_GET_LINE_INFO = 0xC100B405
# struct gpio_v2_line_request: 64 offsets, consumer; its config: flags, number of attributes, padding, the first
# attribute (id, padding, values, mask), room for nine more; number of lines, size of the buffer for events, padding,
# and the descriptor that the kernel returns.
_LINE_REQUEST = struct.Struct("=64I32sQI20xI4xQQ216xII20xi")
_GET_LINE = 0xC250B407

_OUTPUT, _PULL_UP, _PULL_DOWN = 1 << 3, 1 << 8, 1 << 9
_OUTPUT_VALUES = 2
_CONSUMER = b"linkymonitor safe"
_WITHOUT_PULL = {errno.EINVAL, errno.ENOTSUP}


class Kernel:
    """The GPIO devices of this machine; a test has its own.

    Args:
        dev: the folder of devices.
    """

    def __init__(self, dev: Path = Path("/dev")) -> None:
        self._dev = dev

    def chips(self) -> list[Path]:
        """Return the devices of the chips."""
        return sorted(self._dev.glob("gpiochip*"))

    def open(self, path: Path) -> int:
        """Return a descriptor of *path*, or raise OSError."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def ioctl(self, descriptor: int, request: int, argument: bytearray) -> None:
        """Make the kernel change *argument*, or raise OSError."""
        fcntl.ioctl(descriptor, request, argument)

    def close(self, descriptor: int) -> None:
        """Release *descriptor*."""
        os.close(descriptor)


class Chip(NamedTuple):
    """An open chip."""

    kernel: Kernel
    descriptor: int
    label: str

    def drive(self, line: int, level: bool) -> int:
        """Make *line* an output at *level*, and return a descriptor: the line is held until it is closed.

        Raises:
            OSError: EBUSY when another program has the line.
        """
        pull = _PULL_UP if level else _PULL_DOWN
        try:
            return self._request(line, level, _OUTPUT | pull)
        except OSError as error:
            if error.errno not in _WITHOUT_PULL:
                raise
            return self._request(line, level, _OUTPUT)

    def _request(self, line: int, level: bool, flags: int) -> int:
        offsets = [line] + [0] * 63
        values = (_OUTPUT_VALUES, int(level), 1)
        request = bytearray(_LINE_REQUEST.pack(*offsets, _CONSUMER, flags, 1, *values, 1, 0, 0))
        self.kernel.ioctl(self.descriptor, _GET_LINE, request)
        descriptor: int = _LINE_REQUEST.unpack(request)[-1]
        return descriptor

    def consumer(self, line: int) -> str:
        """Return the name that the holder of *line* has given; empty when nobody holds it or it cannot be asked."""
        info = bytearray(_LINE_INFO.pack(b"", b"", line, 0, 0))
        try:
            self.kernel.ioctl(self.descriptor, _GET_LINE_INFO, info)
        except OSError:
            return ""
        return _words(_LINE_INFO.unpack(info)[1])


def header(kernel: Kernel) -> tuple[Chip | None, list[str]]:
    """Return the open chip of the header, None where there is none; and what each other device is, for a message.

    Raises:
        OSError: PermissionError when a device may not be opened.
    """
    others = []
    for path in kernel.chips():
        descriptor = kernel.open(path)
        info = bytearray(_CHIP_INFO.size)
        try:
            kernel.ioctl(descriptor, _GET_CHIP_INFO, info)
        except OSError:
            kernel.close(descriptor)
            others.append(str(path))
            continue
        label = _words(_CHIP_INFO.unpack(info)[1])
        if label in LABELS:
            return Chip(kernel, descriptor, label), others
        kernel.close(descriptor)
        others.append(f"{path} ({label})")
    return None, others


def _words(name: bytes) -> str:
    """Return a C string as text."""
    return name.partition(b"\0")[0].decode("ascii", "replace")
