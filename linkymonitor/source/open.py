"""Opens a source of bytes by its name: a port, a file, a recording, a URL or stdin."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from linkymonitor.errors import LineError
from linkymonitor.language import Text
from linkymonitor.source.base import AUTO, Source
from linkymonitor.source.faults import ABSENT
from linkymonitor.source.files import File, Recorded, Stream, unreadable
from linkymonitor.source.recording import CUT_SHORT, MAGIC, is_recording, open_plain
from linkymonitor.system.clock import Clock

_MEMORY_MAJOR = 1  # /dev/null, /dev/zero


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
    """Open the source that *spec* names: a device, ``auto``, a file, a recording, ``-`` or ``stdin``, a pyserial URL.

    A device or a server that is absent is no error: it is logged once and tried for ever.

    Args:
        spec: the SOURCE of the command line, but for ``sim:``.
        clock: monotonic time for the pauses between two tries.
        speed: in baud, for a port; None is 9600.
        pause: longest pause between two tries, in seconds; the first pause is one second, and each next one doubles.
        sleep: called with the seconds to wait, in the time of *clock*.
        stdin: the descriptor that ``-`` stands for.
        root: the folder that holds ``proc``, ``etc`` and ``run``.

    Raises:
        LineBusy: another program holds the port; no byte of it was read.
        LineError: the file does not exist or cannot be read, or *spec* can never be opened.
    """
    if spec in ("-", "stdin"):
        return Stream("stdin", stdin)
    if spec == AUTO:
        from linkymonitor.source.auto import Auto

        return Auto(clock=clock, speed=speed, pause=pause, sleep=sleep, root=root)
    if "://" in spec:
        from linkymonitor.source.url import Url

        return Url(spec, clock=clock, speed=speed or 9600, pause=pause, sleep=sleep, root=root)
    if _is_device(spec):
        from linkymonitor.source.tty import Tty

        return Tty(spec, clock=clock, speed=speed or 9600, pause=pause, sleep=sleep, root=root)
    return _open_file(spec)


def _is_device(spec: str) -> bool:
    """Return whether *spec* names a serial device, present or absent.

    Raises:
        LineError: nothing has that name, and it is no name of a device (``/dev/...``; but ``/dev/shm`` has files).
    """
    path = Path(spec)
    try:
        status = path.stat()
    except ValueError as error:  # a NUL in the name
        raise _no_file(spec) from error
    except OSError as error:
        if error.errno not in ABSENT:
            raise unreadable(spec, error) from error
        where = path.resolve()
        if where.is_relative_to("/dev") and not where.is_relative_to("/dev/shm"):
            return True
        raise _no_file(spec) from error
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) != _MEMORY_MAJOR


def _open_file(spec: str) -> Source:
    path = Path(spec)
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind) or stat.S_ISBLK(kind) or stat.S_ISSOCK(kind):
            raise _no_source(spec)
        if not stat.S_ISREG(kind):
            return Stream(spec)
        with open_plain(path) as file, suppress(*CUT_SHORT):
            if is_recording(file.read(len(MAGIC))):
                return Recorded(spec)
        return File(spec)
    except OSError as error:
        raise unreadable(spec, error) from error


def _no_file(spec: str) -> LineError:
    return LineError(
        Text(
            f"{spec} : fichier absent ; donnez un port (/dev/…), un fichier, une URL ou « - »",
            f"{spec}: there is no such file; give a port (/dev/…), a file, a URL or “-”",
        )
    )


def _no_source(spec: str) -> LineError:
    return LineError(
        Text(
            f"{spec} : ni port, ni fichier ; donnez un port (/dev/…), un fichier, une URL ou « - »",
            f"{spec}: neither a port nor a file; give a port (/dev/…), a file, a URL or “-”",
        )
    )
