"""Opens, writes and sets aside our own files, and touches nobody else's."""

# Strategy
#
# - A file of ours has one name and our owner. A symbolic link is not followed. A hard link is broken by a copy.
#   Somebody else's file, or a folder, that stands under one of our names gets another name.
# - These functions raise OSError unless their docstring says StorageError: the caller knows which file the user
#   should hear of.

from __future__ import annotations

import errno
import os
from pathlib import Path

from linkymonitor.language import Text
from linkymonitor.system.disk import Disk
from linkymonitor.system.troubles import trouble

#: What others may not do with our files and folders, whatever the umask of the process.
UMASK = 0o027
#: Damaged files that are kept under another name, of each.
ASIDE = 3
#: Bytes that are read at once.
BLOCK = 65536
#: Flags with which our files are made. A FIFO under one of our names must not make us wait for its reader.
CREATE = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def open_for_writing(disk: Disk, path: Path | str, flags: int, mode: int = 0o666 & ~UMASK) -> int:
    """Return a descriptor of *path*, created if need be; a folder in its place is set aside.

    Raises:
        StorageError: it cannot be opened.
    """
    try:
        try:
            return disk.open(str(path), flags | CREATE, mode)
        except IsADirectoryError:
            # Ours are files: what stands in their place must not keep them from being written for ever.
            set_aside(disk, Path(path))
            return disk.open(str(path), flags | CREATE, mode)
    except OSError as error:
        raise trouble(path, error) from error


def open_anew(disk: Disk, path: str, mode: int) -> int:
    """Return a descriptor of a new file at *path*; what had that name loses it, and nothing else.

    Raises:
        StorageError: it cannot be created.
    """
    flags = os.O_WRONLY | os.O_EXCL | os.O_TRUNC
    try:
        try:
            return disk.open(path, flags | CREATE, mode)
        except FileExistsError:
            try:
                disk.remove(path)
            except IsADirectoryError:
                set_aside(disk, Path(path))
            return disk.open(path, flags | CREATE, mode)
    except OSError as error:
        raise trouble(path, error) from error


def open_own(disk: Disk, path: Path, flags: int) -> int:
    """Return a descriptor of *path* for writing, which is no file of somebody else's under that name.

    A hard link is broken by a copy: a backup may have made it, and what was logged stays in its place.

    Raises:
        StorageError: it cannot be opened.
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
    # The other name of the file may be that of a secret: nobody but us reads the copy.
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
    """Log that *path* was the name of a file that is not ours alone, and is another file from now on."""
    text = Text(
        f"{path} : ce nom menait aussi à un autre fichier, ou à celui d'un autre ; laissé tel quel, remplacé ici ; "
        "vérifiez qui peut écrire dans ce dossier",
        f"{path}: that name also led to another file, or to somebody else's; left as it is, replaced here; "
        "check who may write in that folder",
    )
    warn(text)


def warn(text: Text) -> None:
    """Log *text* as a warning."""
    import logging  # a tenth of a report, which reads files and hardly ever has to warn

    logging.getLogger(__name__).warning("%s", text)


def set_aside(disk: Disk, path: Path) -> str:
    """Give what is at *path* another name, ``….bad-1`` and so on; of more than ASIDE, the last makes room."""
    taken = set(disk.names(str(path.parent)))
    candidates = [f"{path.name}.bad-{n}" for n in range(1, ASIDE + 1)]
    name = next((name for name in candidates if name not in taken), candidates[-1])
    disk.rename(str(path), str(path.with_name(name)))
    return name


def write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    """Write all of *data*, in as many calls as it takes."""
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
        # Some network filesystems have nothing to sync in a directory, and say so like this.
        if error.errno != errno.EINVAL:
            raise
    finally:
        disk.close(descriptor)
