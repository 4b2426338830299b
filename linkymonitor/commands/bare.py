"""Where raw bytes are written: a new file, or a pseudo-terminal that another program reads."""

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

#: Seconds after which a signal is noticed at the latest.
NAP = 0.2

#: Seconds for which a pseudo-terminal stays open after its last byte, for a reader that is late.
_LINGER = 2.0


def keep_apart(source: str, output: Path) -> None:
    """Refuse to write into the file that is read: its bytes would be lost, or reading would never end.

    Raises:
        UsageError: *source* and *output* are one file.
    """
    try:
        read = os.fstat(0) if source in ("-", "stdin") else Path(source).stat()
        same = os.path.samestat(read, output.stat())
    except OSError:  # one of the two is absent, or is no file
        return
    if same and (stat.S_ISREG(read.st_mode) or stat.S_ISBLK(read.st_mode)):
        raise UsageError(
            Text(
                f"{output} : c'est aussi ce qui est lu ; donnez un autre nom avec -o",
                f"{output}: this is also what is read; give another name with -o",
            )
        )


def spare(output: Path) -> None:
    """Refuse to empty a file that has bytes in it: a recording cannot be made again.

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
    """Yield the function that writes bytes to the file at *path*, which is made anew."""
    from linkymonitor.system.storage import Storage

    with Storage().create(path) as file:
        yield file.write


def on_pty(feed: Callable[[int, Callable[[], bool]], object]) -> None:
    """Open a pseudo-terminal, print its name, and close it once its reader has every byte.

    Args:
        feed: writes the bytes. Its arguments are the descriptor to write to, and a function that returns True once
            it must stop.
    """
    from linkymonitor.simulator.wire import open_pty

    master, slave, path = open_pty()
    stopped: list[bool] = []
    print(path, flush=True)
    try:
        with signals(lambda: stopped.append(True)):
            feed(master, lambda: bool(stopped))
            # Closing the writing end throws away the bytes that were not read.
            until = time.monotonic() + _LINGER
            while not stopped and time.monotonic() < until and _unread(slave):
                time.sleep(NAP)
    finally:
        os.close(master)
        os.close(slave)


def _unread(slave: int) -> int:
    """Return the count of bytes that wait for the reader of the pseudo-terminal."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder)
