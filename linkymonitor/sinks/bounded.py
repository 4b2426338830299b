"""Runs a program of the user, within bounds of time and output."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from linkymonitor.language import Text, cause
from linkymonitor.sinks.http_post import quoted

if TYPE_CHECKING:
    import subprocess

#: How long a program may run, in seconds.
PATIENCE = 10.0
#: A program that prints more bytes is ended.
OUTPUT_MOST = 65_536
_BLOCK = 4096


def run(argv: Sequence[str], content: bytes) -> Text | None:
    """Run *argv* without a shell, with *content* on its standard input.

    Returns:
        None when it has ended with 0, else why not. All processes that it started in its group are ended with it.
    """
    import subprocess

    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        return cause(error)
    try:
        return _outcome(process, content)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _outcome(process: subprocess.Popen[bytes], content: bytes) -> Text | None:
    assert process.stdin is not None
    assert process.stdout is not None
    end = time.monotonic() + PATIENCE
    head, size = b"", 0
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        # A process that it has started may keep the output open after its end: that one is not waited for.
        while process.poll() is None or _has_more(selector, process):
            left = end - time.monotonic()
            if left <= 0:
                seconds = f"{PATIENCE:.0f}"
                return Text(
                    f"pas fini en {seconds} s, donc arrêté",
                    f"not finished within {seconds} s, so it was ended",
                )
            for key, _ in selector.select(min(left, 0.1)):
                if key.fileobj is process.stdin:
                    content = _fed(process, content)
                    if not content:
                        selector.unregister(process.stdin)
                        with suppress(OSError):
                            process.stdin.close()
                    continue
                block = os.read(process.stdout.fileno(), _BLOCK)
                if not block:
                    selector.unregister(process.stdout)
                size += len(block)
                head = (head + block)[:_BLOCK]
                if size > OUTPUT_MOST:
                    return Text(
                        f"plus de {OUTPUT_MOST} octets affichés, donc arrêté",
                        f"more than {OUTPUT_MOST} bytes printed, so it was ended",
                    )
    if process.returncode == 0:
        return None
    words = quoted(head.decode(errors="replace"))
    ending = f" ({words})" if words else ""
    return Text(f"code {process.returncode}{ending}", f"status {process.returncode}{ending}")


def _has_more(selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> bool:
    """Return whether the output of a process that has ended can be read at once."""
    return any(key.fileobj is process.stdout for key, _ in selector.select(0))


def _fed(process: subprocess.Popen[bytes], content: bytes) -> bytes:
    """Give the process what it takes of *content* now; return the rest, nothing when it takes no more."""
    assert process.stdin is not None
    try:
        return content[os.write(process.stdin.fileno(), content) :]
    except BlockingIOError:
        return content
    except BrokenPipeError:  # it does not read its input
        return b""
