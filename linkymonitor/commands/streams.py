"""``simulate``, ``record`` and ``replay``: bytes as a meter sends them."""

from __future__ import annotations

import math
import os
import stat
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from linkymonitor.commands.shared import open_input, settings_of, signals, sim_options
from linkymonitor.errors import StorageError, UsageError
from linkymonitor.language import Text, escape_controls
from linkymonitor.system.clock import SystemClock

#: How long a signal may go unnoticed, in seconds.
_NAP = 0.2

#: How long a pseudo-terminal stays after its last byte, for a reader that is late, in seconds.
_LINGER = 2.0


def simulate(arguments: Namespace) -> int:
    """Write what a simulated meter says to a file or a pseudo-terminal."""
    from dataclasses import replace

    from linkymonitor.simulator.wire import feed_pty, write_file

    words = [arguments.contract, "tri" if arguments.phases == "3" else "mono", f"seed={arguments.seed}"]
    if arguments.mode and arguments.mode.mode:
        words.append(arguments.mode.mode.value)
    if arguments.producer:
        words.append("producer")
    if arguments.day:
        words.append(f"day={arguments.day.isoformat()}")
    if arguments.noise:
        words.append(f"noise={arguments.noise}")
    if arguments.extra:
        words.append(arguments.extra)
    options = sim_options(",".join(words))
    if arguments.duration:
        options = replace(options, duration=timedelta(seconds=arguments.duration))
    if arguments.pty:
        return _feed_pty(
            arguments, lambda master, stop: feed_pty(options, master, arguments.speed, stop=stop)
        )
    with _fresh_file(arguments.output) as append:
        write_file(options, append, options.duration or timedelta(days=1))
    return 0


def record(arguments: Namespace) -> int:
    """Keep the bytes of a source with their times, as they come: meter numbers included."""
    from linkymonitor.meter.meter import Meter
    from linkymonitor.source.recording import block, header

    _keep_apart(arguments.input, arguments.output)
    _spare(arguments.output)
    settings = settings_of(arguments).meter
    wanted = (arguments.mode or settings.mode).mode
    source, clock = open_input(arguments.input, None, wanted, settings)
    output = escape_controls(str(arguments.output))
    print(
        Text(
            f"{output} contiendra votre numéro de compteur en clair : ne le publiez pas",
            f"{output} will hold your meter number unmasked: do not publish it",
        ),
        file=sys.stderr,
    )
    stopped: list[bool] = []
    began = clock.monotonic()
    until = began + arguments.time if arguments.time else math.inf
    with closing(source), _fresh_file(arguments.output) as append, signals(lambda: stopped.append(True)):
        append(header(clock.now(), settings.speed.baud or (wanted.speed if wanted else None)))
        # The meter is hunted for as usual; what is kept is every byte that came, heard or not.
        tap = _Tap(source, lambda chunk: append(block(clock.monotonic() - began, chunk)))
        meter = Meter(tap, clock, wanted, settings.speed.baud)
        while not stopped and clock.monotonic() < until and meter.frames(0.5) is not None:
            pass
    return 0


def replay(arguments: Namespace) -> int:
    """Play a recording again, on a pseudo-terminal or into a file of bare bytes."""
    import select

    from linkymonitor.source.recording import paced, read_header, read_recording

    if arguments.output:
        _keep_apart(str(arguments.file), arguments.output)
    read_header(arguments.file)  # before a file is made: what cannot be read leaves none behind
    chunks = read_recording(arguments.file)
    if arguments.output:
        _spare(arguments.output)
        with _fresh_file(arguments.output) as append:
            for _, chunk in chunks:
                append(chunk)
        return 0

    def feed(master: int, stopped: Callable[[], bool]) -> None:
        def sleep(seconds: float) -> None:
            # A signal does not end a sleep, and a recording may pause for hours.
            until = time.monotonic() + seconds
            while not stopped() and (left := until - time.monotonic()) > 0:
                time.sleep(min(left, _NAP))

        os.set_blocking(master, False)
        for chunk in paced(chunks, SystemClock(), arguments.speed or math.inf, sleep):
            while chunk and not stopped():
                # Nothing is lost to a reader that is late, or not there yet: this is no meter.
                if select.select([], [master], [], _NAP)[1]:
                    with suppress(BlockingIOError):
                        chunk = chunk[os.write(master, chunk) :]
            if stopped():
                return

    return _feed_pty(arguments, feed)


def _keep_apart(source: str, output: Path) -> None:
    """Refuse to write into what is being read: it would be lost, or never end."""
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


def _spare(output: Path) -> None:
    """Refuse to empty a file that holds something: a recording cannot be made again."""
    try:
        found = output.stat()
    except OSError:
        return
    if stat.S_ISREG(found.st_mode) and found.st_size:
        raise StorageError(
            Text(
                f"{output} : existe déjà ; donnez un autre nom avec -o, ou supprimez-le",
                f"{output}: exists already; give another name with -o, or remove it",
            )
        )


@contextmanager
def _fresh_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Give what writes to *path*, emptied first."""
    from linkymonitor.system.storage import Storage

    with Storage().create(path) as file:
        yield file.write


def _feed_pty(arguments: Namespace, feed: Callable[[int, Callable[[], bool]], object]) -> int:
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
                time.sleep(_NAP)
    finally:
        os.close(master)
        os.close(slave)
    return 0


def _unread(slave: int) -> int:
    """Return how many bytes wait for a reader of the pseudo-terminal."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder)


class _Tap:
    """A source that shows each chunk to somebody before it hands it on."""

    def __init__(self, source: Any, show: Callable[[bytes], object]) -> None:
        self._source = source
        self._show = show

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def read(self, timeout: float) -> bytes | None:
        """Return what the source reads."""
        chunk: bytes | None = self._source.read(timeout)
        if chunk:
            self._show(chunk)
        return chunk
