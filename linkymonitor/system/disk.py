"""The calls of the operating system that the storage makes; a test can replace them."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import Literal, Protocol

#: A file is our own; or it has a second name (a hard link); or it belongs to another user or is no plain file.
Standing = Literal["ours", "linked", "foreign"]


class Disk(Protocol):
    """The calls of the operating system that the storage makes; each may raise OSError."""

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        """Return a descriptor of *path*."""

    def close(self, descriptor: int) -> None:
        """Close *descriptor*."""

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Return at most *size* bytes at *offset*."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write *data*, or its beginning; return how many bytes were written."""

    def size(self, descriptor: int) -> int:
        """Return the size of the file in bytes."""

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file to *size* bytes."""

    def sync_data(self, descriptor: int) -> None:
        """Return once the content is on the card."""

    def sync(self, descriptor: int) -> None:
        """Return once a file and its metadata, or the names in a directory, are on the card."""

    def is_at(self, descriptor: int, path: str) -> bool:
        """Return whether *path* still names the open file."""

    def standing(self, descriptor: int, path: str) -> Standing:
        """Return to whom the open file belongs, which has the name *path*."""

    def is_wide(self, path: str) -> bool:
        """Return whether everybody may write in the folder *path*."""

    def rename(self, source: str, target: str) -> None:
        """Give the file *source* the name *target*; a file that had that name is removed."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def make_directory(self, path: str, mode: int) -> None:
        """Create the directory *path* and those above it; an existing directory is left as it is."""

    def names(self, path: str) -> list[str]:
        """Return the names in the directory *path*."""

    def lock(self, descriptor: int) -> None:
        """Lock the file for this process alone; raise BlockingIOError at once when another process has the lock."""


class SystemDisk(Disk):
    """The operating system itself; Disk describes each call."""

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        return os.open(path, flags, mode)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        return os.pread(descriptor, size, offset)

    def write(self, descriptor: int, data: bytes) -> int:
        return os.write(descriptor, data)

    def size(self, descriptor: int) -> int:
        return os.fstat(descriptor).st_size

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def sync_data(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def is_at(self, descriptor: int, path: str) -> bool:
        try:
            named = os.lstat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(descriptor))

    def standing(self, descriptor: int, path: str) -> Standing:
        status = os.fstat(descriptor)
        # On a FAT card all files and folders belong to the user who mounted it.
        owners = {os.geteuid(), os.stat(os.path.dirname(path) or ".").st_uid}  # noqa: PTH116, PTH120
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in owners:
            return "foreign"
        return "ours" if status.st_nlink == 1 else "linked"

    def is_wide(self, path: str) -> bool:
        return bool(os.stat(path).st_mode & stat.S_IWOTH)  # noqa: PTH116

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)  # noqa: PTH105 -- this class is the calls of the system, one to one

    def remove(self, path: str) -> None:
        os.unlink(path)  # noqa: PTH108 -- the same

    def make_directory(self, path: str, mode: int) -> None:
        # os.makedirs gives its mode to the last folder only; those above it get what the umask allows.
        above = os.path.dirname(path.rstrip("/"))  # noqa: PTH120 -- the same
        if above and not os.path.isdir(above):  # noqa: PTH112 -- the same
            self.make_directory(above, mode)
        try:
            os.mkdir(path, mode)  # noqa: PTH102 -- the same
        except FileExistsError:
            if not os.path.isdir(path):  # noqa: PTH112 -- the same
                raise

    def names(self, path: str) -> list[str]:
        return os.listdir(path)  # noqa: PTH208 -- the same

    def lock(self, descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
