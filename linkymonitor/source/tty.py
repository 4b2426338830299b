"""A serial device: locked, read through its descriptor, its lines cut by the kernel."""

# Strategy
#
# - A port is read as 8 bits without parity, whatever the meter sends: 7E1 has the same ten-bit character,
#   its parity then arrives as bit 7, and not every UART of a Pi can do 7E1.
# - Raw while the mode is hunted (garbage without line ends would stay in the kernel otherwise), canonical
#   afterwards: the kernel cuts the lines, a read returns a whole group instead of a byte, for a twentieth
#   of the CPU. LF and ETX have an even number of ones, so both keep their value beside their parity bit.
#   pyserial goes back to raw each time it configures the port, hence settle() after set_speed().
# - flock keeps out a second reader of ours, and /proc/locks says who holds it. TIOCEXCL keeps out the
#   others, but not on a pty: there the flag outlives a process that was killed, and nobody but root could
#   ever open the port again.

from __future__ import annotations

import errno
import fcntl
import math
import os
import re
import select
import termios
from contextlib import suppress

from linkymonitor.source.faults import PORT_ERRORS
from linkymonitor.source.port import Port

_READ = 65536
_ETX = re.compile(rb"[\x03\x83]")
# Bytes are gathered for so long while a port is raw, else a Pi Zero would wake up for each of them.
_GATHER = 0.02
_PTY_MAJORS = range(136, 144)


class Tty(Port):
    """A serial device, locked, read through its descriptor."""

    _settled = False
    _looked_around = False

    def settle(self) -> None:
        self._settled = True
        if self._port is not None:
            try:
                self._shape()
            except PORT_ERRORS as error:
                self._lose(error)

    def close(self) -> None:
        if self._port is not None:
            with suppress(*PORT_ERRORS, ValueError):
                fcntl.ioctl(self._port.fileno(), termios.TIOCNXCL)
        super().close()

    def _open(self) -> None:
        import serial

        self._port = serial.Serial(self.name, self._speed, timeout=0, exclusive=True)
        fd = self._port.fileno()
        if os.major(os.fstat(fd).st_rdev) not in _PTY_MAJORS:
            fcntl.ioctl(fd, termios.TIOCEXCL)
        self._shape()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        if not self._looked_around:
            self._looked_around = True
            self._look_around()

    def _flush(self) -> None:
        termios.tcflush(self._port.fileno(), termios.TCIFLUSH)

    def _configure(self) -> None:
        self._settled = False
        if self._port.baudrate != self._speed:
            super()._configure()
            self._port.reset_input_buffer()  # heard at the speed before: garbage
        self._shape()

    def _shape(self) -> None:
        """Make the open port canonical if it is settled, raw if not, whatever pyserial has just set."""
        fd = self._port.fileno()
        iflag, oflag, cflag, lflag, ispeed, ospeed, cc = termios.tcgetattr(fd)
        # Nothing may change, drop or interpret a byte; pyserial leaves BRKINT as it finds it.
        iflag &= ~(
            termios.IGNBRK
            | termios.BRKINT
            | termios.PARMRK
            | termios.INPCK
            | termios.ISTRIP
            | termios.INLCR
            | termios.IGNCR
            | termios.ICRNL
            | termios.IXON
            | termios.IXOFF
            | termios.IXANY
            | termios.IMAXBEL
        )
        lflag &= ~(termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN | termios.ICANON)
        if self._settled:
            # IEXTEN only for VEOL2: ETX with its parity inverted.
            lflag |= termios.ICANON | termios.IEXTEN
            # NUL disables a control character, among them VEOF, which is the EOT of an interrupted frame.
            cc = [b"\0"] * len(cc)
            cc[termios.VEOL], cc[termios.VEOL2] = b"\x03", b"\x83"
        else:
            cc[termios.VMIN], cc[termios.VTIME] = 1, 0
        termios.tcsetattr(fd, termios.TCSANOW, [iflag, oflag, cflag, lflag, ispeed, ospeed, cc])

    def _receive(self, timeout: float) -> bytes:
        """Return what comes within *timeout* seconds; of a port that is settled, the lines up to the end of a frame.

        Nothing is decided before that, and to hand on each line by itself would cost three times the processor.
        """
        monotonic, fd, lines = self._clock.monotonic, self._port.fileno(), b""
        until = monotonic() + timeout
        while ready := self._poll.poll(math.ceil(timeout * 1000)):
            if not self._settled and ready[0][1] == select.POLLIN:  # and not hung up besides
                self._sleep(_GATHER)
            try:
                chunk = os.read(fd, _READ)
            except BlockingIOError:
                break
            except OSError:
                if lines:
                    break  # it will fail again
                raise
            if not chunk:
                if lines:
                    break
                # Ready to be read, and nothing there: how Linux shows a device that was unplugged.
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            lines += chunk
            timeout = until - monotonic()
            if not self._settled or timeout <= 0 or _ETX.search(chunk):
                break
        return lines
