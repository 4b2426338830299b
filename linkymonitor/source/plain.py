"""A file of bytes read in large blocks, for `decode`, which needs no more of a source."""

# files.py reads such files too, a frame at a time. But importing files.py and all that it needs takes several times
# as long as starting and decoding a hundred frames.

from __future__ import annotations

import os
import stat

from linkymonitor.source.base import Source

_BLOCK = 65536
# First bytes of the files that files.py has to read: gzipped files and recordings.
_NOT_PLAIN = (b"\x1f\x8b", b"linkymonitor-")


class PlainFile(Source):
    """A file of bytes as a port gave them.

    Args:
        descriptor: an open descriptor of the file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, timeout: float) -> bytes | None:
        """Return the next block, None at the end of the file."""
        return os.read(self._descriptor, _BLOCK) or None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def open_plain_file(spec: str) -> PlainFile | None:
    """Return the file that *spec* names, or None when files.py has to read it or to report its fault."""
    if spec in ("-", "stdin") or "://" in spec:
        return None
    try:
        # A port or a pipe must not be opened here: opening alone has effects on it. pathlib is slow to import.
        if not stat.S_ISREG(os.stat(spec).st_mode):  # noqa: PTH116
            return None
        descriptor = os.open(spec, os.O_RDONLY | os.O_CLOEXEC)
        if os.pread(descriptor, 16, 0).startswith(_NOT_PLAIN):
            os.close(descriptor)
            return None
    except (OSError, ValueError):  # a NUL in the name
        return None
    return PlainFile(descriptor)
