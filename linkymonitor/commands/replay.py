"""``replay``: plays a recording again, on a pseudo-terminal or into a file of bare bytes."""

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
    """Play the recording *file* again; return the exit status."""
    import select

    from linkymonitor.source.recording import paced, read_header, read_recording

    common.log_to_stderr()
    if output:
        keep_apart(str(file), output)
    read_header(file)  # first, so that a recording that cannot be read leaves no empty output behind
    chunks = read_recording(file)
    if output:
        spare(output)
        with fresh_file(output) as append:
            for _, chunk in chunks:
                append(chunk)
        return 0

    def feed(master: int, stopped: Callable[[], bool]) -> None:
        def sleep(seconds: float) -> None:
            # In short naps, because a signal does not end a sleep, and a recording may pause for hours.
            until = time.monotonic() + seconds
            while not stopped() and (left := until - time.monotonic()) > 0:
                time.sleep(min(left, NAP))

        os.set_blocking(master, False)
        for chunk in paced(chunks, SystemClock(), speed or math.inf, sleep):
            while chunk and not stopped():
                # Unlike a meter, a replay waits for a reader that is late or not there yet.
                if select.select([], [master], [], NAP)[1]:
                    with suppress(BlockingIOError):
                        chunk = chunk[os.write(master, chunk) :]
            if stopped():
                return

    on_pty(feed)
    return 0
