"""A file of bare bytes, read in large blocks: all that decoding one needs of a source."""

# files.py reads these too, one frame a read, beside ports, URLs and recordings; importing all it takes for those
# costs several times what it takes to start and decode a hundred frames.

from __future__ import annotations

import os
import stat

from linkymonitor.source.base import Source

_BLOCK = 65536
# What begins a file that files.py has to read: gzip, a recording.
_NOT_PLAIN = (b"\x1f\x8b", b"linkymonitor-")


class PlainFile(Source):
    """A file of bytes as a port gave them; a source that never waits.

    Args:
        descriptor: of the file, open.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, timeout: float) -> bytes | None:
        """Return the next block, None at the end of the file."""
        return os.read(self._descriptor, _BLOCK) or None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def open_plain_file(spec: str) -> PlainFile | None:
    """Return the file of bare bytes that *spec* names; None when it is anything else, or cannot be read."""
    if spec in ("-", "stdin") or "://" in spec:
        return None
    try:
        # A port, a pipe or a tty must not even be opened here. (pathlib would cost more than the rest of this.)
        if not stat.S_ISREG(os.stat(spec).st_mode):  # noqa: PTH116
            return None
        descriptor = os.open(spec, os.O_RDONLY | os.O_CLOEXEC)
        if os.pread(descriptor, 16, 0).startswith(_NOT_PLAIN):
            os.close(descriptor)
            return None
    except (OSError, ValueError):  # no name of a file holds a NUL
        return None
    return PlainFile(descriptor)
