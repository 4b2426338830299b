"""Where bare bytes go: a new file, or a pseudo-terminal for another program to read."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from linkymonitor.commands.shared import signals
from linkymonitor.errors import StorageError, UsageError
from linkymonitor.language import Text

#: How long a signal may go unnoticed, in seconds.
NAP = 0.2

#: How long a pseudo-terminal stays after its last byte, for a reader that is late, in seconds.
_LINGER = 2.0


def keep_apart(source: str, output: Path) -> None:
    """Refuse to write into what is being read: it would be lost, or never end.

    Raises:
        UsageError: *source* and *output* are one file.
    """
    try:
        read = os.fstat(0) if source in ("-", "stdin") else Path(source).stat()
        same = os.path.samestat(read, output.stat())
    except OSError:  # one of them is not there, or is no file at all
        return
    if same and (stat.S_ISREG(read.st_mode) or stat.S_ISBLK(read.st_mode)):
        raise UsageError(
            Text(
                f"{output} : c'est aussi ce qui est lu ; donnez un autre nom avec -o",
                f"{output}: this is also what is read; give another name with -o",
            )
        )


def spare(output: Path) -> None:
    """Refuse to empty a file that holds something: a recording cannot be made again.

    Raises:
        StorageError: *output* is a file with bytes in it.
    """
    try:
        status = output.stat()
    except OSError:
        return
    if stat.S_ISREG(status.st_mode) and status.st_size:
        raise StorageError(
            Text(
                f"{output} : existe déjà ; donnez un autre nom avec -o, ou supprimez-le",
                f"{output}: exists already; give another name with -o, or remove it",
            )
        )


@contextmanager
def fresh_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Give what writes to *path*, emptied first."""
    from linkymonitor.system.storage import Storage

    with Storage().create(path) as file:
        yield file.write


def on_pty(feed: Callable[[int, Callable[[], bool]], object]) -> None:
    """Open a pseudo-terminal, print the name of its other side, and close it once its reader has everything.

    Args:
        feed: writes the bytes; it is given the descriptor to write to, and what returns True once it is to stop.
    """
    from linkymonitor.simulator.wire import open_pty

    master, slave, path = open_pty()
    stopped: list[bool] = []
    print(path, flush=True)
    try:
        with signals(lambda: stopped.append(True)):
            feed(master, lambda: bool(stopped))
            # Closing our end throws away what has not been read.
            until = time.monotonic() + _LINGER
            while not stopped and time.monotonic() < until and _unread(slave):
                time.sleep(NAP)
    finally:
        os.close(master)
        os.close(slave)


def _unread(slave: int) -> int:
    """Return how many bytes wait for a reader of the pseudo-terminal."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder)
