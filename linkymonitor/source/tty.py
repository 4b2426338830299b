"""A serial device: locked, read through its descriptor, its frames gathered by the kernel."""

# Strategy
#
# - A port is read as 8 bits without parity, whatever the meter sends: 7E1 has the same ten-bit character,
#   its parity then arrives as bit 7, and not every UART of a Pi can do 7E1.
# - While the mode is hunted the port is raw: garbage has no ends that the kernel could wait for.
# - Once the mode is known the port is canonical, and a line ends with ETX: the kernel gathers a frame and wakes
#   this program once, at the last byte. No value is used before that byte, so no reading comes later.
# - LF ends a line in canonical mode whatever the settings, so the kernel is told to change LF into CR (INLCR). A
#   read changes a CR behind a STX or behind another CR back into LF: these are the places where a meter sends LF.
# - Where every ETX is damaged, the kernel would wait for ever. After a pause that is longer than any frame the port
#   becomes raw again: the bytes that the kernel has gathered come at once. The port stays raw until an ETX comes.
# - flock keeps out a second reader of ours, and /proc/locks names the process that holds it. TIOCEXCL keeps
#   out other programs, but not on a pty: there the flag outlives a process that was killed, and nobody but
#   root could ever open the port again.

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

#: Seconds without an ETX after which a settled port is read raw. The longest frame (historique, three phases, Tempo)
#: takes 3.0 s. The 4,095 bytes that the kernel can gather take 4.27 s at 9600 baud, and a read waits up to 1 s.
WITHOUT_END = 3.2

_READ = 65536
# Even parity leaves ETX at 0x03; odd parity makes it 0x83.
_ETX = re.compile(rb"[\x03\x83]")
# STX and CR, without and with the parity bit: a meter sends LF behind them and nowhere else.
_BEFORE_LF = (b"\x02", b"\x82", b"\r", b"\x8d")
# Seconds for which bytes gather in a raw port before they are read; a Pi Zero would wake up for each of them otherwise.
_GATHER = 0.05
_PTY_MAJORS = range(136, 144)


class Tty(Port):
    """A serial device, locked, read through its descriptor."""

    #: Whether the speed and the mode are known.
    _settled = False
    #: Whether the kernel gathers frames, and when that began or last gave one, in monotonic seconds.
    _by_frame = False
    _frame_at = -math.inf
    _looked_around = False

    def settle(self) -> None:
        self._settled = True
        if self._port is not None:
            try:
                self._shape(by_frame=True)
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
        self._shape(by_frame=self._settled)
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
            self._port.reset_input_buffer()  # received at the speed before: garbage
        self._shape(by_frame=False)

    def _shape(self, *, by_frame: bool) -> None:
        """Have the kernel gather frames or give bytes as they come, whatever pyserial has set."""
        fd = self._port.fileno()
        _, oflag, cflag, _, ispeed, ospeed, cc = termios.tcgetattr(fd)
        if by_frame:
            iflag = termios.INLCR
            # IEXTEN only for VEOL2.
            lflag = termios.ICANON | termios.IEXTEN
            # NUL disables a control character, among them VEOF, which is the EOT of an interrupted frame.
            cc = [b"\0"] * len(cc)
            cc[termios.VEOL], cc[termios.VEOL2] = b"\x03", b"\x83"
        else:
            iflag = lflag = 0
            cc[termios.VMIN], cc[termios.VTIME] = 1, 0
        termios.tcsetattr(fd, termios.TCSANOW, [iflag, oflag, cflag, lflag, ispeed, ospeed, cc])
        self._by_frame, self._frame_at = by_frame, self._clock.monotonic()

    def _receive(self, timeout: float) -> bytes:
        until = self._clock.monotonic() + timeout
        ready = self._poll.poll(math.ceil(timeout * 1000))
        if not ready:
            if self._by_frame and self._clock.monotonic() - self._frame_at > WITHOUT_END:
                self._shape(by_frame=False)
            return b""
        if not self._by_frame and ready[0][1] == select.POLLIN:  # and not hung up besides
            self._sleep(max(0.0, min(_GATHER, until - self._clock.monotonic())))
        try:
            chunk = os.read(self._port.fileno(), _READ)
        except BlockingIOError:
            return b""
        if not chunk:
            # Ready to be read, and nothing there: how Linux shows a device that was unplugged.
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if not self._settled:
            return chunk
        if self._by_frame:
            self._frame_at = self._clock.monotonic()
        elif _ETX.search(chunk):
            self._shape(by_frame=True)
        for before in _BEFORE_LF:
            chunk = chunk.replace(before + b"\r", before + b"\n")
        return chunk
