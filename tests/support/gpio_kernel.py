"""A kernel with GPIO chips for tests: it reads the bytes of each ioctl by the structures of linux/gpio.h."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from linkymonitor.outputs.gpiochip import Kernel

u32, u64 = ctypes.c_uint32, ctypes.c_uint64


class ChipInfo(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char * 32), ("label", ctypes.c_char * 32), ("lines", u32))


class _Union(ctypes.Union):
    _fields_ = (("flags", u64), ("values", u64), ("debounce_period_us", u32))


class Attribute(ctypes.Structure):
    _anonymous_ = ("value",)
    _fields_ = (("id", u32), ("padding", u32), ("value", _Union))


class ConfigAttribute(ctypes.Structure):
    _fields_ = (("attr", Attribute), ("mask", u64))


class LineConfig(ctypes.Structure):
    _fields_ = (("flags", u64), ("num_attrs", u32), ("padding", u32 * 5), ("attrs", ConfigAttribute * 10))


class LineRequest(ctypes.Structure):
    _fields_ = (
        ("offsets", u32 * 64),
        ("consumer", ctypes.c_char * 32),
        ("config", LineConfig),
        ("num_lines", u32),
        ("event_buffer_size", u32),
        ("padding", u32 * 5),
        ("fd", ctypes.c_int32),
    )


class LineInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char * 32),
        ("consumer", ctypes.c_char * 32),
        ("offset", u32),
        ("num_attrs", u32),
        ("flags", u64),
        ("attrs", Attribute * 10),
        ("padding", u32 * 4),
    )


def number(direction: int, index: int, size: int) -> int:
    """Return the number of an ioctl, as the macros of linux/ioctl.h make it; 0xB4 is the letter of GPIO."""
    return direction << 30 | size << 16 | 0xB4 << 8 | index


OUTPUT, PULL_UP, PULL_DOWN = 8, 256, 512


class FakeKernel(Kernel):
    """Chips in memory.

    Args:
        chips: path → label; None as a label: no GPIO chip after all.
        held: line → the name of its holder.
        pulls: whether the driver can set pull resistors.
        forbidden: whether the devices may not be opened.
    """

    def __init__(self, chips=None, *, held=None, pulls=True, forbidden=False) -> None:
        self._chips = {"/dev/gpiochip0": "pinctrl-bcm2835"} if chips is None else chips
        self._held = held or {}
        self._pulls = pulls
        self._forbidden = forbidden
        self._open: dict[int, str] = {}
        #: (path, line, level, pull) of each line that was made an output.
        self.driven: list[tuple[str, int, int, str]] = []

    @property
    def descriptors(self) -> int:
        """How many descriptors are open."""
        return len(self._open)

    def chips(self):
        return [Path(path) for path in self._chips]

    def open(self, path):
        if self._forbidden:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return self._new(str(path))

    def close(self, descriptor):
        del self._open[descriptor]

    def ioctl(self, descriptor, request, argument):
        path = self._open[descriptor]
        if request == number(2, 1, 68):
            self._tell_chip(path, ChipInfo.from_buffer(argument))
        elif request == number(3, 5, 256):
            info = LineInfo.from_buffer(argument)
            info.consumer = self._held.get(info.offset, "").encode()
        elif request == number(3, 7, 592):
            self._drive(path, LineRequest.from_buffer(argument))
        else:
            raise AssertionError(f"{request:#x} is no ioctl of a GPIO chip")

    def _new(self, path: str) -> int:
        descriptor = max(self._open, default=100) + 1
        self._open[descriptor] = path
        return descriptor

    def _tell_chip(self, path: str, info: ChipInfo) -> None:
        label = self._chips[path]
        if label is None:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        info.name, info.label, info.lines = path.rpartition("/")[2].encode(), label.encode(), 54

    def _drive(self, path: str, request: LineRequest) -> None:
        config = request.config
        assert request.num_lines == 1
        assert config.num_attrs == 1
        # The kernel refuses a request whose padding is not zero.
        assert not any((*request.padding, *config.padding, config.attrs[0].attr.padding))
        assert (config.attrs[0].attr.id, config.attrs[0].mask) == (2, 1)
        assert config.flags & OUTPUT
        line = request.offsets[0]
        if line in self._held:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        if line >= 54 or (config.flags & ~OUTPUT and not self._pulls):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        pull = {0: "none", PULL_UP: "up", PULL_DOWN: "down"}[config.flags & ~OUTPUT]
        self.driven.append((path, line, config.attrs[0].attr.values, pull))
        request.fd = self._new(f"line {line}")
