"""``replay``: a recording again, on a pseudo-terminal or into a file of bare bytes."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from linkymonitor.commands.bare import NAP, fresh_file, keep_apart, on_pty, spare
from linkymonitor.commands.shared import Common
from linkymonitor.system.clock import SystemClock


def replay(common: Common, *, file: Path, speed: float | None, pty: bool, output: Path | None) -> int:
    """Play a recording again."""
    import select

    from linkymonitor.source.recording import paced, read_header, read_recording

    common.log_to_stderr()
    if output:
        keep_apart(str(file), output)
    read_header(file)  # before a file is made: what cannot be read leaves none behind
    chunks = read_recording(file)
    if output:
        spare(output)
        with fresh_file(output) as append:
            for _, chunk in chunks:
                append(chunk)
        return 0

    def feed(master: int, stopped: Callable[[], bool]) -> None:
        def sleep(seconds: float) -> None:
            # A signal does not end a sleep, and a recording may pause for hours.
            until = time.monotonic() + seconds
            while not stopped() and (left := until - time.monotonic()) > 0:
                time.sleep(min(left, NAP))

        os.set_blocking(master, False)
        for chunk in paced(chunks, SystemClock(), speed or math.inf, sleep):
            while chunk and not stopped():
                # Nothing is lost to a reader that is late, or not there yet: this is no meter.
                if select.select([], [master], [], NAP)[1]:
                    with suppress(BlockingIOError):
                        chunk = chunk[os.write(master, chunk) :]
            if stopped():
                return

    on_pty(feed)
    return 0
