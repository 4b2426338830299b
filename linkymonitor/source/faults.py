"""The cause behind an error of a port or a file, even when pyserial has wrapped the error of the system."""

from __future__ import annotations

import errno
import logging
import os
import termios

from linkymonitor.language import Text, as_text, cause

log = logging.getLogger(__name__)

#: Errors of a port that is away. serial.SerialException is an OSError, termios.error is not.
PORT_ERRORS = (OSError, termios.error)
ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR}
DENIED = {errno.EACCES, errno.EPERM}
BUSY = {errno.EAGAIN, errno.EBUSY}


def number_of(error: Exception) -> int | None:
    """Return the errno behind *error*, None when there is none."""
    return _behind(error)[0]


def cause_of(error: Exception | None) -> Text:
    """Return the cause of *error* in a few words."""
    if error is None:
        return as_text("")
    number, own = _behind(error)
    if number is not None:
        return cause(OSError(number, own))
    log.debug("%s", own)  # the words of pyserial, which help its developers
    return Text("pas de réponse valable", "no valid answer")


def _behind(error: Exception) -> tuple[int | None, str]:
    """Return the errno behind *error*, or None, and the words for it."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, PORT_ERRORS) and len(inner.args) > 1 and isinstance(inner.args[0], int):
            number = inner.args[0]
            return number, os.strerror(number) if number > 0 else str(inner.args[1])
        inner = inner.__context__
    return None, str(error)
