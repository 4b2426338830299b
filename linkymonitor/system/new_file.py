"""The file that a user names with ``-o``."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from linkymonitor.system.disk import Disk
from linkymonitor.system.own_files import UMASK, write_all
from linkymonitor.system.troubles import trouble


class NewFile:
    """A file that the user named, written from its beginning. A power cut may leave any part of it."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            # A symbolic link is followed: the user chose the name, and /dev/stdout is such a link.
            self._descriptor = disk.open(str(path), flags, 0o666 & ~UMASK)
        except OSError as error:
            raise trouble(path, error) from error

    def write(self, data: bytes) -> None:
        """Write all of *data*.

        Raises:
            StorageError: *data* cannot be written, or only a part of it.
        """
        try:
            write_all(self._disk, self._descriptor, data)
        except OSError as error:
            raise trouble(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._disk.close(self._descriptor)

    def __enter__(self) -> NewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
