"""A meter at the far end of a pseudo-terminal, with the wire of a UART in between."""

from __future__ import annotations

import fcntl
import os
import select
import termios
import tty
from pathlib import Path


class PtyMeter:
    """The meter's end of a pty; ``path`` is the device that a reader opens.

    The reader's end is kept open here, too, so that the terminal does not hang up when a reader closes it.
    """

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._plugged = True

    def write(self, wire: bytes) -> None:
        """Write *wire*; bytes that nobody has read must fit into the 4 KiB of the kernel."""
        room = select.poll()
        room.register(self._master, select.POLLOUT)
        while wire:
            assert room.poll(5000), f"nobody reads: {len(wire)} bytes too many"
            wire = wire[os.write(self._master, wire) :]

    def say(self, wire: bytes, speed: int) -> None:
        """Send *wire* at *speed*, in baud: a reader at another speed gets the bytes that a UART would make of it."""
        self.write(heard(wire, speed, self.listened_at))

    @property
    def attributes(self) -> list:
        """The settings of the device, as termios.tcgetattr gives them."""
        return termios.tcgetattr(self._slave)

    @property
    def listened_at(self) -> int:
        """The speed that the reader has set, in baud."""
        speeds = {getattr(termios, f"B{speed}"): speed for speed in (1200, 2400, 9600, 19200, 38400)}
        return speeds[self.attributes[4]]

    @property
    def canonical(self) -> bool:
        """Whether the terminal is in canonical mode, in which the kernel cuts the lines."""
        return bool(self.attributes[3] & termios.ICANON)

    @property
    def unread(self) -> int:
        """The number of bytes that nobody has read yet; in canonical mode, those of whole lines."""
        count = fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(count, "little")

    def unplug(self) -> None:
        """Hang up: the device goes away like a dongle."""
        if self._plugged:
            self._plugged = False
            os.close(self._slave)
            os.close(self._master)

    def __enter__(self) -> PtyMeter:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


class Dongle:
    """A USB dongle behind a stable link; its device has another name each time it is plugged in."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.meter: PtyMeter | None = None

    def plug(self) -> PtyMeter:
        """Plug the dongle in; its device has a new name."""
        self.unplug()
        self.meter = PtyMeter()
        self.link.symlink_to(self.meter.path)
        return self.meter

    def unplug(self) -> None:
        """Unplug the dongle; its link goes away, too."""
        if self.meter is not None:
            self.meter.unplug()
            self.meter = None
        self.link.unlink(missing_ok=True)

    def __enter__(self) -> Dongle:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


def heard(wire: bytes, sent_at: int, listened_at: int) -> bytes:
    """Return the bytes that a UART at *listened_at* baud makes of the 8-bit *wire*, sent at *sent_at* baud.

    A start bit is a falling edge; the eight bits after it are sampled in their middle; a stop bit that is
    not there is not looked at, as on a port without error reporting.
    """
    if sent_at == listened_at:
        return wire
    levels = [1] * 4
    for byte in wire:
        levels += [0, *(byte >> bit & 1 for bit in range(8)), 1]
    levels += [1] * 4
    # Time runs in units of 1 / (sent_at × listened_at) seconds: whole numbers at both speeds.
    sent, read = listened_at, sent_at
    end = len(levels) * sent
    edges = [at * sent for at in range(1, len(levels)) if levels[at - 1] and not levels[at]]
    out, free = bytearray(), 0
    for edge in edges:
        if edge < free:
            continue
        samples = [edge + read // 2 + read * bit for bit in range(1, 9)]
        if samples[-1] >= end:
            break
        out.append(sum(levels[at // sent] << bit for bit, at in enumerate(samples)))
        free = edge + 9 * read + read // 2
    return bytes(out)
