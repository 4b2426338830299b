"""The calls of the operating system that the storage makes, so that a test can put others in their place."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import Literal, Protocol

#: Whose a file is: nobody else's, also somebody's under another name, or no file of ours at all.
Standing = Literal["ours", "linked", "foreign"]


class Disk(Protocol):
    """What the storage asks of the operating system; every call may raise OSError."""

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        """Return a descriptor of *path*."""

    def close(self, descriptor: int) -> None:
        """Let go of *descriptor*."""

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Return at most *size* bytes at *offset*."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write *data*, or its beginning; return how many bytes were taken."""

    def size(self, descriptor: int) -> int:
        """Return the size of the file."""

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file at *size*."""

    def sync_data(self, descriptor: int) -> None:
        """Return once the content is on the card."""

    def sync(self, descriptor: int) -> None:
        """Return once a file and what describes it, or the names in a directory, are on the card."""

    def is_at(self, descriptor: int, path: str) -> bool:
        """Return whether *path* still names the open file."""

    def standing(self, descriptor: int, path: str) -> Standing:
        """Return whose the open file is, which has the name *path*."""

    def is_wide(self, path: str) -> bool:
        """Return whether everybody may write in the folder *path*."""

    def rename(self, source: str, target: str) -> None:
        """Give *source* the name *target*, in place of what had it."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def make_directory(self, path: str, mode: int) -> None:
        """Create a directory and those above it; one that exists is left as it is."""

    def names(self, path: str) -> list[str]:
        """Return the names in a directory."""

    def lock(self, descriptor: int) -> None:
        """Take an exclusive lock, or raise BlockingIOError at once."""


class SystemDisk(Disk):
    """The operating system itself; each call is described in Disk."""

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
        found = os.fstat(descriptor)
        # On a FAT card every file belongs to whoever mounted it, and so does the folder.
        owners = {os.geteuid(), os.stat(os.path.dirname(path) or ".").st_uid}  # noqa: PTH116, PTH120
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in owners:
            return "foreign"
        return "ours" if found.st_nlink == 1 else "linked"

    def is_wide(self, path: str) -> bool:
        return bool(os.stat(path).st_mode & stat.S_IWOTH)  # noqa: PTH116

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)  # noqa: PTH105 -- the edge of the system is spoken to in its own words

    def remove(self, path: str) -> None:
        os.unlink(path)  # noqa: PTH108 -- the same

    def make_directory(self, path: str, mode: int) -> None:
        # makedirs gives its mode to the last of them only; those above would be as wide as the umask lets them.
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
