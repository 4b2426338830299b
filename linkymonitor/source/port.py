"""Opens what bytes come from (a port, a file, a URL, stdin) and opens it again when it goes away."""

# Strategy
#
# - A port is read as 8 bits without parity, whatever the meter sends: 7E1 has the same ten-bit character,
#   its parity then arrives as bit 7, and not every UART of a Pi can do 7E1.
# - Raw while the mode is hunted (garbage without line ends would stay in the kernel otherwise), canonical
#   afterwards: the kernel cuts the lines, a read returns a whole group instead of a byte, for a twentieth
#   of the CPU. LF and ETX have an even number of ones, so both keep their value beside their parity bit.
#   pyserial goes back to raw each time it configures the port, hence settle() after set_speed().
# - Reading never raises: a port that goes away is a condition, said once when it begins and once when it
#   ends, and opened again for ever. Its path is looked up each time, so a stable link finds a dongle that
#   came back under another name.
# - A condition has ended when a read has gone well, not when the open has: a hung-up port opens.
# - flock keeps out a second reader of ours, and /proc/locks says who holds it. TIOCEXCL keeps out the
#   others, but not on a pty: there the flag outlives a process that was killed, and nobody but root could
#   ever open the port again.

from __future__ import annotations

import errno
import fcntl
import logging
import math
import os
import re
import select
import stat
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkymonitor.errors import LineBusy, LineError
from linkymonitor.language import Text, as_text, cause
from linkymonitor.source.base import Source
from linkymonitor.source.recording import (
    CUT_SHORT,
    MAGIC,
    is_recording,
    open_plain,
    read_header,
    read_recording,
)
from linkymonitor.system.clock import Clock

log = logging.getLogger(__name__)

#: Longest chunk that a file gives when it holds no ETX.
BLOCK = 4096
#: Seconds without a byte after which a network connection is made anew: TCP may never say that it is dead.
SILENCE = 60.0

_READ = 65536
# A far end that sends faster than it is read is not read away.
_MOST_FLUSHES = 64
_ETX = re.compile(rb"[\x03\x83]")
_FIRST_PAUSE = 1.0
# Bytes are gathered for so long while a port is raw, else a Pi Zero would wake up for each of them.
_GATHER = 0.02
# How often a URL that has no descriptor to wait on (rfc2217://, loop://) is looked at.
_SLICE = 0.05
_PTY_MAJORS = range(136, 144)
_PTY_MASTERS = {Path("/dev/ptmx"), Path("/dev/pts/ptmx")}
_MEMORY_MAJOR = 1  # /dev/null, /dev/zero
# termios.error is no OSError; serial.SerialException is one.
_LOST = (OSError, termios.error)
_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR}
_DENIED = {errno.EACCES, errno.EPERM}
_BUSY = {errno.EAGAIN, errno.EBUSY}

_TEXTS = {
    "lost": Text(
        "%(port)s : ne répond plus (%(cause)s) ; nouveaux essais jusqu'à son retour",
        "%(port)s: stopped answering (%(cause)s); trying again until it is back",
    ),
    "absent": Text(
        "%(port)s : absent ; branchez le module TIC ou corrigez [meter] port ; "
        "nouveaux essais jusqu'à ce qu'il soit là",
        "%(port)s: not there; plug the TIC module in or correct [meter] port; trying until it is there",
    ),
    "failed": Text(
        "%(port)s : ne s'ouvre pas (%(cause)s) ; nouveaux essais jusqu'à ce qu'il s'ouvre",
        "%(port)s: does not open (%(cause)s); trying until it does",
    ),
    "denied": Text(
        "%(port)s : accès refusé à l'utilisateur %(user)s ; "
        "faites « sudo adduser %(user)s %(group)s », puis ouvrez une nouvelle session ou relancez le service",
        "%(port)s: access denied to user %(user)s; run “sudo adduser %(user)s %(group)s”, "
        "then log in again or restart the service",
    ),
    "console": Text(
        "%(port)s : la console série se sert de ce port ; retirez « console= » de cmdline.txt "
        "(raspi-config, Interface, Serial Port), faites « sudo systemctl mask --now serial-getty@%(tty)s », "
        "puis redémarrez",
        "%(port)s: the serial console uses this port; take “console=” out of cmdline.txt "
        "(raspi-config, Interface, Serial Port), run “sudo systemctl mask --now serial-getty@%(tty)s”, "
        "then reboot",
    ),
    "busy": Text(
        "%(port)s : déjà lu par %(holder)s ; arrêtez-le d'abord",
        "%(port)s: already read by %(holder)s; stop it first",
    ),
    "shared": Text(
        "%(port)s : ouvert aussi par %(holder)s, qui prendra une partie des octets ; arrêtez-le",
        "%(port)s: also open in %(holder)s, which will take some of the bytes; stop it",
    ),
    "back": Text("%(port)s : de nouveau lisible", "%(port)s: readable again"),
    "process": Text("%(name)s (processus %(pid)d)", "%(name)s (process %(pid)d)"),
    "somebody": Text("un autre programme", "another program"),
    "no file": Text(
        "%(port)s : fichier absent ; donnez un port (/dev/…), un fichier, une URL ou « - »",
        "%(port)s: there is no such file; give a port (/dev/…), a file, a URL or “-”",
    ),
    "unreadable": Text(
        "%(port)s : illisible (%(cause)s) ; vérifiez le fichier et le droit de le lire",
        "%(port)s: cannot be read (%(cause)s); check the file and the right to read it",
    ),
    "no source": Text(
        "%(port)s : ni port, ni fichier ; donnez un port (/dev/…), un fichier, une URL ou « - »",
        "%(port)s: neither a port nor a file; give a port (/dev/…), a file, a URL or “-”",
    ),
    "bad url": Text(
        "%(port)s : URL mal formée ; on attend socket://machine:port ou rfc2217://machine:port, "
        "port de 1 à 65535, ou une autre URL de pyserial",
        "%(port)s: not a URL that can be read; expected socket://host:port or rfc2217://host:port, "
        "port 1 to 65535, or another URL of pyserial",
    ),
    "no answer": Text("pas de réponse valable", "no valid answer"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _How:
    """What open_source was told besides the name of the source."""

    clock: Clock
    speed: int
    pause: float
    sleep: Callable[[float], object]
    root: Path


def open_source(
    spec: str,
    *,
    clock: Clock,
    speed: int | None = None,
    pause: float = 10.0,
    sleep: Callable[[float], object] = time.sleep,
    stdin: int = 0,
    root: Path = Path("/"),
) -> Source:
    """Open what *spec* names: a device, a file, a recording, ``-`` or ``stdin``, or any pyserial URL.

    A device or a far end that is not there yet is no error: it is said once and tried for ever.

    Args:
        spec: the SOURCE of the command line, ``sim:`` aside.
        clock: its monotonic time spaces the tries of a port that is away.
        speed: in baud, for what has a speed; None is 9600.
        pause: longest wait between two tries, in seconds; they start at one second and double.
        sleep: waits for so many seconds of *clock*.
        stdin: the descriptor that ``-`` stands for.
        root: where ``proc``, ``etc`` and ``run`` are looked for.

    Raises:
        LineBusy: somebody else holds the port; not one byte has been read from it.
        LineError: the file does not exist or cannot be read, or *spec* can never be opened.
    """
    how = _How(
        clock=clock,
        speed=speed or 9600,
        pause=pause,
        sleep=sleep,
        root=root,
    )
    if spec in ("-", "stdin"):
        return _Stream("stdin", how, stdin)
    if "://" in spec:
        return _Url(spec, how)
    path = Path(spec)
    try:
        found = path.stat()
    except ValueError as error:  # no name of a file holds a NUL
        raise _refusal("no file", spec) from error
    except OSError as error:
        if error.errno not in _ABSENT:
            raise _refusal("unreadable", spec, error) from error
        if str(path.resolve()).startswith("/dev/"):
            return _Tty(spec, how)
        raise _refusal("no file", spec) from error
    if stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) != _MEMORY_MAJOR:
        return _Tty(spec, how)
    if stat.S_ISDIR(found.st_mode) or stat.S_ISBLK(found.st_mode) or stat.S_ISSOCK(found.st_mode):
        raise _refusal("no source", spec)
    try:
        if not stat.S_ISREG(found.st_mode):
            return _Stream(spec, how, None)
        with open_plain(path) as file, suppress(*CUT_SHORT):
            if is_recording(file.read(len(MAGIC))):
                return _Recorded(spec, how)
        return _File(spec, how)
    except OSError as error:
        raise _refusal("unreadable", spec, error) from error


class _File(Source):
    """A file of bytes as a port gave them, gzipped or not, one frame a read."""

    def __init__(self, name: str, how: _How) -> None:
        self.name = name
        self._how = how
        self._file = open_plain(Path(name))
        self._buffer = b""
        self._at = 0

    def read(self, timeout: float) -> bytes | None:
        if len(self._buffer) - self._at < BLOCK:
            self._buffer = self._buffer[self._at :] + self._more()
            self._at = 0
        start, self._at = self._at, _frame_end(self._buffer, self._at)
        return self._buffer[start : self._at] or None

    def close(self) -> None:
        with suppress(OSError):  # code of the user may have closed it
            self._file.close()

    def _more(self) -> bytes:
        try:
            return self._file.read1(_READ)  # read() would lose what comes before the cut of a gzipped file
        except CUT_SHORT:
            return b""
        except OSError as error:
            raise _refusal("unreadable", self.name, error) from error


class _Recorded(Source):
    """A recording: chunks as they came, each with the time at which it did."""

    def __init__(self, name: str, how: _How) -> None:
        self.name = name
        self._how = how
        self.started_at = read_header(Path(name)).started_at
        self.offset = 0.0
        self._chunks: Iterator[tuple[float, bytes]] = read_recording(Path(name))

    def read(self, timeout: float) -> bytes | None:
        try:
            self.offset, chunk = next(self._chunks, (self.offset, None))
        except OSError as error:
            raise _refusal("unreadable", self.name, error) from error
        return chunk

    def close(self) -> None:
        self._chunks = iter(())


class _Stream(Source):
    """Stdin or a pipe: bytes as they come, cut after each frame so that one that is late is not stuck."""

    live = True

    def __init__(self, name: str, how: _How, fd: int | None) -> None:
        self.name = name
        self._buffer = b""
        self._at = 0
        self._ours = fd is None
        self._fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC) if fd is None else fd
        try:
            os.fstat(self._fd)
            # The stdin that a caller has closed is there (console.py), but not to be read.
            if fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        except OSError as error:
            raise _refusal("unreadable", name, error) from error
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def read(self, timeout: float) -> bytes | None:
        if self._at == len(self._buffer):
            if not self._poll.poll(_milliseconds(timeout)):
                return b""
            try:
                self._buffer, self._at = os.read(self._fd, _READ), 0
            except BlockingIOError:
                return b""
            except OSError:  # the terminal behind it is gone
                return None
            if not self._buffer:
                return None
        start, self._at = self._at, _frame_end(self._buffer, self._at)
        return self._buffer[start : self._at]

    def close(self) -> None:
        if self._ours:
            self._ours = False
            os.close(self._fd)


class _Port(Source):
    """What stands for a meter: never ends, and is opened again for ever when it goes away."""

    live = True
    is_meter = True

    def __init__(self, name: str, how: _How) -> None:
        self.name = name
        self._how = how
        self._clock = how.clock
        self._speed = how.speed
        self._port: Any = None  # a serial.Serial or one of its likes, while it is open
        self._pause = min(_FIRST_PAUSE, how.pause)
        self._next_try = -math.inf
        self._absent = False
        self._said: set[str] = set()  # what the log already says of the absence that lasts
        self._try(first=True)

    @property
    def away(self) -> bool:
        """Whether the port is absent, or does not open."""
        return self._port is None

    def read(self, timeout: float) -> bytes:
        began = self._clock.monotonic()
        if self._port is None:
            if (early := self._next_try - began) > 0 and not self._is_back():
                self._how.sleep(min(early, timeout))
                if self._clock.monotonic() < self._next_try:
                    return b""
            self._try()
            if self._port is None:
                return b""
        try:
            chunk = self._receive(max(0.0, timeout - (self._clock.monotonic() - began)))
        except _LOST as error:
            self._lose(error)
            return b""
        if self._said:
            self._said.clear()
            log.info(_TEXTS["back"], {"port": self.name})
        if chunk:
            self._pause = min(_FIRST_PAUSE, self._how.pause)
        return chunk

    def set_speed(self, speed: int) -> None:
        self._speed = speed
        if self._port is not None:
            try:
                self._configure()
            except _LOST as error:
                self._lose(error)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            # pyserial forgets to close a socket whose far end is gone.
            forgotten = getattr(port, "_socket", None)
            with suppress(*_LOST):
                port.close()
            if forgotten is not None:
                forgotten.close()

    def discard(self) -> None:
        """Throw away what has come and was not read yet."""
        if self._port is not None:
            try:
                self._flush()
            except _LOST as error:
                self._lose(error)

    def _flush(self) -> None:
        """Read away what has come, or raise one of _LOST."""
        for _ in range(_MOST_FLUSHES):
            if not self._receive(0.0):
                break

    def _open(self) -> None:
        """Set ``_port``, or raise one of _LOST."""
        raise NotImplementedError

    def _configure(self) -> None:
        """Bring the open port to ``_speed``, or raise one of _LOST."""
        self._port.baudrate = self._speed

    def _receive(self, timeout: float) -> bytes:
        """Return what comes within *timeout* seconds, or raise one of _LOST."""
        raise NotImplementedError

    def _is_back(self) -> bool:
        """Return whether what was not there is there again: looking costs next to nothing, waiting costs readings."""
        if self._absent and os.path.exists(self.name):  # noqa: PTH110 -- pathlib keeps what it parses
            self._absent = False
            self._pause = min(_FIRST_PAUSE, self._how.pause)
            return True
        return False

    def _try(self, first: bool = False) -> None:
        try:
            self._open()
        except _LOST as error:
            self.close()
            number = _number(error)
            # One that is there and says that it is not would be tried again without a pause.
            self._absent = number in _ABSENT and not os.path.exists(self.name)  # noqa: PTH110
            if number in _BUSY and first:
                raise LineBusy(_TEXTS["busy"].filled(self._about("busy", error))) from error
            self._put_off()
            self._say_why(number, error)

    def _lose(self, error: Exception) -> None:
        self.close()
        self._put_off()
        self._say("lost", error)

    def _put_off(self) -> None:
        self._next_try = self._clock.monotonic() + self._pause
        self._pause = min(2 * self._pause, self._how.pause)

    def _say_why(self, number: int | None, error: Exception) -> None:
        if number in _DENIED and Path(self.name).exists():
            self._say("denied", error)
            if _is_console(self.name, self._how.root):
                self._say("console", error)
        elif number in _BUSY:
            self._say("busy", error)
        else:
            self._say("absent" if number in _ABSENT else "failed", error)

    def _say(self, what: str, error: Exception | None = None) -> None:
        # The plain ways of being away are one condition; what the user must mend is said besides, once.
        plain = {"lost", "absent", "failed"}
        if what in self._said or (what in plain and self._said & plain):
            return
        self._said.add(what)
        log.warning(_TEXTS[what], self._about(what, error))

    def _about(self, what: str, error: Exception | None = None) -> dict[str, object]:
        """Return all that the sentence *what* about this port may name."""
        return {
            "port": self.name,
            "cause": _cause_of(error),
            "user": _user(),
            "group": _group(self.name),
            "tty": Path(self.name).resolve().name,
            # Asks every process: a dongle that comes and goes must not cost that each time.
            "holder": self._holder() if what == "busy" else "",
        }

    def _holder(self) -> Text:
        pids = _lockers(self.name, self._how.root) or _openers(self.name, self._how.root)
        return self._process(pids[0]) if pids else _TEXTS["somebody"]

    def _process(self, pid: int) -> Text:
        try:
            name = (self._how.root / "proc" / str(pid) / "comm").read_text(errors="replace").strip()
        except OSError:
            name = "?"
        return _TEXTS["process"].filled({"name": name, "pid": pid})


class _Tty(_Port):
    """A serial device, locked, read through its descriptor."""

    def __init__(self, name: str, how: _How) -> None:
        self._settled = False
        self._looked_around = False
        self._poll = select.poll()
        super().__init__(name, how)

    def settle(self) -> None:
        self._settled = True
        if self._port is not None:
            try:
                self._shape()
            except _LOST as error:
                self._lose(error)

    def close(self) -> None:
        if self._port is not None:
            with suppress(*_LOST, KeyError, ValueError):
                fd = self._port.fileno()
                self._poll.unregister(fd)
                fcntl.ioctl(fd, termios.TIOCNXCL)
        super().close()

    def _open(self) -> None:
        import serial

        self._port = serial.Serial(self.name, self._speed, timeout=0, exclusive=True)
        fd = self._port.fileno()
        if os.major(os.fstat(fd).st_rdev) not in _PTY_MAJORS:
            fcntl.ioctl(fd, termios.TIOCEXCL)
        self._shape()
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
        while ready := self._poll.poll(_milliseconds(timeout)):
            if not self._settled and ready[0][1] == select.POLLIN:  # and not hung up besides
                self._how.sleep(_GATHER)
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

    def _look_around(self) -> None:
        """Warn of whatever else may read from this port: flock stops only those who ask."""
        if _is_console(self.name, self._how.root):
            log.warning(_TEXTS["console"], self._about("console"))
        elif others := _openers(self.name, self._how.root):
            holder = self._process(others[0])
            log.warning(_TEXTS["shared"], {"port": self.name, "holder": holder})


class _Url(_Port):
    """Any URL of pyserial: a serial server, a spy on a port, a loop."""

    _opened = False

    def _configure(self) -> None:
        before = self._port.baudrate
        try:
            super()._configure()
        except ValueError:
            # RFC 2217: a far end that cannot change its speed says so, and keeps the one it has.
            self._speed = before
            with suppress(ValueError):
                self._port.baudrate = before

    def _open(self) -> None:
        import serial

        if not self._opened and not _is_url(self.name):
            raise _refusal("bad url", self.name)
        self._last_byte = self._clock.monotonic()
        try:
            self._port = serial.serial_for_url(
                self.name, do_not_open=True, baudrate=self._speed, timeout=0, exclusive=True
            )
            self._port.open()
            self._opened = True
        except (ValueError, serial.SerialException) as error:
            if _ill_formed(error):
                if self._opened:  # it was well formed once: the far end refuses, for now
                    raise OSError(errno.EIO, str(error)) from None
                raise _refusal("bad url", self.name, error) from error
            raise
        except re.error as error:  # hwgrep:// takes a pattern
            raise _refusal("bad url", self.name, error) from error
        try:
            fd = self._port.fileno()
        except OSError:  # rfc2217:// and loop:// have no descriptor
            self._poll = None
        else:
            self._poll = select.poll()
            self._poll.register(fd, select.POLLIN)

    def _receive(self, timeout: float) -> bytes:
        self._wait(timeout)
        chunk = bytes(self._port.read(_READ))
        now = self._clock.monotonic()
        if chunk:
            self._last_byte = now
        elif now - self._last_byte >= SILENCE:
            self.close()
            self._open()
        return chunk

    def _wait(self, timeout: float) -> None:
        if self._poll is not None:
            self._poll.poll(_milliseconds(timeout))
            return
        for _ in range(math.ceil(timeout / _SLICE)):
            if self._port.in_waiting:
                return
            self._how.sleep(_SLICE)


def _frame_end(buffer: bytes, start: int) -> int:
    """Return where the frame that is at *start* of *buffer* ends: after its ETX, a block further at most."""
    etx = _ETX.search(buffer, start, start + BLOCK)
    return etx.end() if etx else min(start + BLOCK, len(buffer))


def _milliseconds(seconds: float) -> int:
    return math.ceil(seconds * 1000)


def _refusal(what: str, spec: str, error: Exception | None = None) -> LineError:
    return LineError(_TEXTS[what].filled({"port": spec, "cause": _cause_of(error)}))


def _cause_of(error: Exception | None) -> Text:
    """Return in a few words the cause that the system gives in *error*."""
    if error is None:
        return as_text("")
    number, own = _behind(error)
    if number is not None:
        return cause(OSError(number, own))
    log.debug("%s", own)  # pyserial's own words, for whoever knows it
    return _TEXTS["no answer"]


def _behind(error: Exception | None) -> tuple[int | None, str]:
    """Return the number and the words of the system behind *error*, which pyserial may have wrapped."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, _LOST) and len(inner.args) > 1 and isinstance(inner.args[0], int):
            number = inner.args[0]
            return number, os.strerror(number) if number > 0 else str(inner.args[1])
        inner = inner.__context__
    return None, str(error)


def _ill_formed(error: BaseException | None) -> bool:
    """Return whether pyserial tripped over the text of a URL, which it then wraps or not: it never opens."""
    return error is not None and (
        isinstance(error, ValueError | TypeError | KeyError) or _ill_formed(error.__context__)
    )


#: Scheme → the options that pyserial takes in the query of the URL; of schemes that are not here it knows best.
_OPTIONS = {
    "socket": {"logging"},
    "rfc2217": {"logging", "ign_set_control", "poll_modem", "timeout"},
    "loop": {"logging"},
}
_LOGGING = {"debug", "info", "warning", "error"}


def _is_url(text: str) -> bool:
    """Return whether *text* is well formed, as far as pyserial only trips over what is not."""
    from urllib.parse import parse_qs, urlsplit

    try:
        parts = urlsplit(text)
        options = parse_qs(parts.query, keep_blank_values=True)
        if parts.scheme in ("socket", "rfc2217") and not (parts.hostname and parts.port):
            return False
        if "timeout" in options and parts.scheme == "rfc2217":
            float(options["timeout"][0])
    except ValueError:
        return False
    known = _OPTIONS.get(parts.scheme)
    return known is None or (options.keys() <= known and set(options.get("logging", ())) <= _LOGGING)


def _number(error: Exception | None) -> int | None:
    return _behind(error)[0]


def _user() -> str:
    import pwd  # only to word a refusal

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _group(path: str) -> str:
    """Return the group that opens *path*: dialout, unless the system calls it otherwise."""
    import grp  # only to word a refusal

    try:
        name = grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
    # A login console takes its port for group tty, and root's are nobody's to join.
    return "dialout" if name in ("root", "tty") else name


def _lockers(path: str, root: Path) -> list[int]:
    """Return the processes that hold a flock on *path*, as /proc/locks tells anybody."""
    try:
        found = Path(path).stat()
        locks = (root / "proc/locks").read_text()
    except OSError:
        return []
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    pids = re.findall(rf"FLOCK +\w+ +\w+ +(\d+) {re.escape(place)} ", locks)
    return [int(pid) for pid in pids if int(pid) > 0]


def _openers(path: str, root: Path) -> list[int]:
    """Return the other processes that have *path* open, as far as we may see."""
    target = Path(path).resolve()
    pids = set()
    for process in (root / "proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            held = {link.readlink() for link in (process / "fd").iterdir()}
            # Whoever holds the master of a pty is not a reader of it but its meter.
            if target in held and not held & _PTY_MASTERS:
                pids.add(int(process.name))
    return sorted(pids)


def _is_console(path: str, root: Path) -> bool:
    """Return whether the kernel or a login prompt uses the port at *path*."""
    tty = Path(path).resolve().name
    try:
        words = (root / "proc/cmdline").read_text().split()
    except OSError:
        words = []
    names = {word.removeprefix("console=").split(",")[0] for word in words if word.startswith("console=")}
    # serial0 is what a Pi calls the port of its header, whichever UART that is.
    if tty in {Path("/dev", name).resolve().name for name in names}:
        return True
    wanted = f"getty.target.wants/serial-getty@{tty}.service"
    return any((root / place / wanted).exists() for place in ("etc/systemd/system", "run/systemd/generator"))
