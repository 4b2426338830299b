"""Opens, writes and sets aside our own files, and never changes the file of another user."""

# Strategy
#
# - A file of ours has one name, and we own it. A symbolic link is not followed. A hard link is replaced by a copy.
#   The file of another user, or a folder, that has one of our names is renamed.
# - These functions raise OSError unless their docstring names StorageError: the caller knows which file the message
#   should name.

from __future__ import annotations

import errno
import os
from pathlib import Path

from linkymonitor.language import Text
from linkymonitor.system.disk import Disk
from linkymonitor.system.troubles import trouble

#: The permissions that our files and folders never have, whatever the umask of the process is.
UMASK = 0o027
#: How many damaged files of one name are kept under other names.
ASIDE = 3
#: How many bytes are read at once.
BLOCK = 65536
#: The flags with which our files are opened. O_NONBLOCK: to open a FIFO would else wait for a reader.
CREATE = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def open_for_writing(disk: Disk, path: Path | str, flags: int, mode: int = 0o666 & ~UMASK) -> int:
    """Return a descriptor of *path*; the file is created if there is none, and a folder of that name is set aside.

    Raises:
        StorageError: the file cannot be opened.
    """
    try:
        try:
            return disk.open(str(path), flags | CREATE, mode)
        except IsADirectoryError:
            # A folder in the place of a file would keep the file from being written for ever.
            set_aside(disk, Path(path))
            return disk.open(str(path), flags | CREATE, mode)
    except OSError as error:
        raise trouble(path, error) from error


def open_anew(disk: Disk, path: str, mode: int) -> int:
    """Return a descriptor of a new file at *path*; an older file of that name is unlinked, a folder set aside.

    Raises:
        OSError: the file cannot be created.
    """
    flags = os.O_WRONLY | os.O_EXCL | os.O_TRUNC
    try:
        return disk.open(path, flags | CREATE, mode)
    except FileExistsError:
        try:
            disk.remove(path)
        except IsADirectoryError:
            set_aside(disk, Path(path))
        return disk.open(path, flags | CREATE, mode)


def open_own(disk: Disk, path: Path, flags: int) -> int:
    """Return a descriptor for writing to *path*, a file that we own and that has no other name.

    A file with a second name (a hard link, which a backup may make) is copied, and *path* becomes the copy. A file
    of another user is set aside.

    Raises:
        StorageError: the file cannot be opened.
    """
    descriptor = open_for_writing(disk, path, flags)
    try:
        standing = disk.standing(descriptor, str(path))
        if standing == "ours":
            return descriptor
        warn_of_another_name(path)
        if standing == "linked":
            _copy_over(disk, descriptor, path)
        else:
            set_aside(disk, path)
    except OSError as error:
        disk.close(descriptor)
        raise trouble(path, error) from error
    disk.close(descriptor)
    return open_for_writing(disk, path, flags)


def _copy_over(disk: Disk, descriptor: int, path: Path) -> None:
    # The file may be a secret of another program, so only our user may read the copy.
    aside = f"{path.parent}/.{path.name}.{os.getpid()}.tmp"
    copy = open_anew(disk, aside, 0o600)
    try:
        position = 0
        while block := disk.read(descriptor, BLOCK, position):
            write_all(disk, copy, block)
            position += len(block)
        disk.sync(copy)
    finally:
        disk.close(copy)
    disk.rename(aside, str(path))


def warn_of_another_name(path: Path) -> None:
    """Log that *path* named a file that is not ours alone, and names a new file from now on."""
    text = Text(
        f"{path} : ce nom menait aussi à un autre fichier, ou à celui d'un autre ; laissé tel quel, remplacé ici ; "
        "vérifiez qui peut écrire dans ce dossier",
        f"{path}: that name also led to another file, or to somebody else's; left as it is, replaced here; "
        "check who may write in that folder",
    )
    warn(text)


def warn(text: Text) -> None:
    """Log *text* as a warning."""
    import logging  # imported late: this takes a tenth of the time of a report, which hardly ever warns

    logging.getLogger(__name__).warning("%s", text)


def set_aside(disk: Disk, path: Path) -> str:
    """Rename *path* to ``….bad-1`` and so on, and return the new name; once there are ASIDE, the last is replaced."""
    taken = set(disk.names(str(path.parent)))
    candidates = [f"{path.name}.bad-{n}" for n in range(1, ASIDE + 1)]
    name = next((name for name in candidates if name not in taken), candidates[-1])
    disk.rename(str(path), str(path.with_name(name)))
    return name


def write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    """Write all of *data*, in several calls if need be."""
    left = memoryview(data)
    while left:
        taken = disk.write(descriptor, bytes(left))
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[taken:]


def sync_directory(disk: Disk, directory: Path) -> None:
    """Return once the names in *directory* are on the card."""
    descriptor = disk.open(str(directory), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        disk.sync(descriptor)
    except OSError as error:
        # Some network filesystems cannot sync a directory, and answer EINVAL.
        if error.errno != errno.EINVAL:
            raise
    finally:
        disk.close(descriptor)
