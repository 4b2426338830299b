"""What an error of a port or a file means, through whatever pyserial has wrapped it in."""

from __future__ import annotations

import errno
import logging
import os
import termios

from linkymonitor.language import Text, as_text, cause

log = logging.getLogger(__name__)

#: What a port raises when it is away; termios.error is no OSError, serial.SerialException is one.
PORT_ERRORS = (OSError, termios.error)
ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR}
DENIED = {errno.EACCES, errno.EPERM}
BUSY = {errno.EAGAIN, errno.EBUSY}


def number_of(error: Exception) -> int | None:
    """Return the number that the system gives for *error*; None when it gives none."""
    return _behind(error)[0]


def cause_of(error: Exception | None) -> Text:
    """Return in a few words the cause that the system gives in *error*."""
    if error is None:
        return as_text("")
    number, own = _behind(error)
    if number is not None:
        return cause(OSError(number, own))
    log.debug("%s", own)  # pyserial's own words, for whoever knows it
    return Text("pas de réponse valable", "no valid answer")


def _behind(error: Exception) -> tuple[int | None, str]:
    """Return the number and the words of the system behind *error*, which pyserial may have wrapped."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, PORT_ERRORS) and len(inner.args) > 1 and isinstance(inner.args[0], int):
            number = inner.args[0]
            return number, os.strerror(number) if number > 0 else str(inner.args[1])
        inner = inner.__context__
    return None, str(error)
