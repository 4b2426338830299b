"""Writes files so that a power cut at any instant leaves the old content or the new one: append, replace, compress."""

# Strategy
#
# - The power may fail at any instant. Tests cut it on ext4 with its defaults, and found: synced bytes stay; bytes
#   that are not synced may be missing, torn or a run of NUL bytes; a rename may be undone; no byte before the last
#   synced one changes.
# - So a file either grows, or is replaced whole. A file that grows (AppendFile) is cut after its last line end when it
#   is opened again. A replacement is written under another name, synced and renamed; then the directory is synced.
# - After an fsync that failed, the kernel may drop bytes that never reached the card. So the file is cut to its last
#   synced size, and the caller writes the same bytes again.
# - Every call of the operating system goes through a Disk. A test gives another Disk, which fails, fills up, or loses
#   its power between two calls.

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system import archive
from linkymonitor.system.disk import Disk, SystemDisk
from linkymonitor.system.lock import Lock
from linkymonitor.system.new_file import NewFile
from linkymonitor.system.own_files import (
    BLOCK,
    UMASK,
    open_anew,
    open_own,
    set_aside,
    sync_directory,
    warn,
    write_all,
)
from linkymonitor.system.troubles import trouble


class AppendFile:
    """A file that only grows, by whole pieces.

    After a StorageError, all bytes since the last successful sync are removed, at once or before the next append. The
    caller appends them again.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        flags = os.O_RDWR | os.O_APPEND
        self._descriptor = open_own(disk, path, flags)
        try:
            self._size = disk.size(self._descriptor)
        except OSError as error:
            disk.close(self._descriptor)
            raise trouble(path, error) from error
        self._synced_size = self._size
        #: Whether the name of the file is on the card. An existing file may be of a run that was killed before that.
        self._named = False
        #: Whether bytes after the last synced one are still to be removed.
        self._doubtful = False

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self._size

    def append(self, data: bytes) -> None:
        """Write *data* at the end, in one call: a kill leaves all of *data* or nothing.

        Raises:
            StorageError: nothing of *data* was kept.
        """
        try:
            self._restore()
            taken = self._disk.write(self._descriptor, data)
            if taken != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._take_back()
            raise trouble(self.path, error) from error
        self._size += taken

    def sync(self) -> None:
        """Return once all appended bytes are on the card.

        Raises:
            StorageError: they may not be; all bytes since the last sync are removed.
        """
        try:
            self._disk.sync_data(self._descriptor)
            if not self._named:
                sync_directory(self._disk, self.path.parent)
                self._named = True
        except OSError as error:
            self._take_back()
            raise trouble(self.path, error) from error
        self._synced_size = self._size

    def heal(self) -> int:
        """Remove the bytes after the last line end; return how many they were.

        Raises:
            StorageError: the file cannot be read or cut.
        """
        try:
            self._restore()
            whole = self._last_line_end()
            removed = self._size - whole
            if removed:
                self._disk.truncate(self._descriptor, whole)
                self._size = self._synced_size = whole
                self._disk.sync_data(self._descriptor)
        except OSError as error:
            raise trouble(self.path, error) from error
        return removed

    def settle(self) -> None:
        """Remove the bytes since the last successful sync, if an error left some.

        Raises:
            StorageError: they are still there.
        """
        try:
            self._restore()
        except OSError as error:
            raise trouble(self.path, error) from error

    def is_in_place(self) -> bool:
        """Return whether the path still names this file: somebody may have moved or removed it."""
        try:
            return self._disk.is_at(self._descriptor, str(self.path))
        except OSError as error:
            # EBADF: code of the user has closed the descriptor. Any other error comes again at the next write.
            return error.errno != errno.EBADF

    def close(self) -> None:
        """Close the file. It is not synced: call `sync` before."""
        with suppress(OSError):
            self._disk.close(self._descriptor)

    def __enter__(self) -> AppendFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _last_line_end(self) -> int:
        position = self._size
        while position:
            start = max(position - BLOCK, 0)
            block = self._disk.read(self._descriptor, position - start, start)
            line_end = block.rfind(b"\n")
            if line_end >= 0:
                return start + line_end + 1
            position = start
        return 0

    def _take_back(self) -> None:
        self._doubtful = True
        # When the card refuses this, too, the next append tries again before it writes.
        with suppress(OSError):
            self._restore()

    def _restore(self) -> None:
        if self._doubtful:
            self._disk.truncate(self._descriptor, self._synced_size)
            self._size = self._synced_size
            self._doubtful = False


class Storage:
    """Writes files so that a power cut at any instant leaves the old content or the new one.

    Args:
        disk: the calls of the operating system; a test gives its own.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self._disk: Disk = disk or SystemDisk()

    def append_to(self, path: Path) -> AppendFile:
        """Open *path* to write at its end; create the file if there is none.

        Raises:
            StorageError: the file cannot be opened.
        """
        return AppendFile(self._disk, path)

    def create(self, path: Path) -> NewFile:
        """Open *path*, a file that the user named with ``-o``, to write it from its beginning.

        Raises:
            StorageError: the file cannot be opened.
        """
        return NewFile(self._disk, path)

    def replace(self, path: Path, data: bytes, *, sync: bool = True, mode: int = 0o666 & ~UMASK) -> None:
        """Make *data* the whole content of *path*: a reader finds the old content or the new one.

        Args:
            path: the file; its folder exists.
            data: the whole content.
            sync: False for a folder in memory, where a power cut removes all files.
            mode: permissions of the file.

        Raises:
            StorageError: the file has a whole content, most likely the old one.
        """
        for _ in self._replace_steps(path, iter((data,)), sync=sync, mode=mode):
            pass

    def compress_steps(self, path: Path) -> Iterator[None]:
        """Replace *path* by ``path.gz``, a block at each step; no other process may write to *path*.

        A reader who finds both files reads *path*: it is complete for as long as it exists.

        Raises:
            StorageError: *path* is still there.
        """
        target = path.with_name(path.name + ".gz")
        yield from self._replace_steps(target, archive.compressed(self._blocks(path)))
        # The name of the compressed file is on the card by now, so the plain file may be removed.
        self.remove(path)

    def expand(self, path: Path) -> None:
        """Replace ``path.gz`` by *path*. A damaged ``path.gz`` is read as far as possible, and stays as ``.gz.bad``.

        Raises:
            StorageError: ``path.gz`` is still there.
        """
        packed = path.with_name(path.name + ".gz")
        damages: list[str] = []
        try:
            for _ in self._replace_steps(path, self.blocks(packed, damages.append)):
                pass
        except StorageError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            self.set_aside(packed)  # a folder has the name of the file
            return
        if not damages:
            self.remove(packed)
            return
        try:
            self._disk.rename(str(packed), f"{packed}.bad")
        except OSError as error:
            raise trouble(packed, error) from error

    def remove(self, path: Path) -> None:
        """Remove the file *path*, if there is one; a folder of that name is set aside.

        Raises:
            StorageError: it cannot be removed.
        """
        try:
            try:
                self._disk.remove(str(path))
            except IsADirectoryError:
                set_aside(self._disk, path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise trouble(path, error) from error

    def set_aside(self, path: Path) -> str:
        """Rename the damaged file *path* within its folder, so that the user can look at it; return the new name.

        Raises:
            StorageError: the file still has its old name.
        """
        try:
            return set_aside(self._disk, path)
        except OSError as error:
            raise trouble(path, error) from error

    def remove_first(self, directory: Path, pattern: re.Pattern[str]) -> bool:
        """Remove the first file of *directory*, in the order of names, whose whole name matches *pattern*.

        With dates in the names, the first file is the oldest. No error is raised: the caller already handles one.

        Returns:
            True when a file was removed.
        """
        with suppress(StorageError):
            for name in self.names(directory):
                if pattern.fullmatch(name):
                    self.remove(directory / name)
                    return True
        return False

    def make_directory(self, path: Path) -> None:
        """Create the folder *path* and the folders above it, if they do not exist; warn when everybody may write there.

        Raises:
            StorageError: the folder cannot be created.
        """
        try:
            self._disk.make_directory(str(path), 0o777 & ~UMASK)
            if self._disk.is_wide(str(path)):
                text = Text(
                    f"{path} : tout le monde peut y écrire ; faites « chmod o-w {path} »",
                    f"{path}: everybody may write there; run “chmod o-w {path}”",
                )
                warn(text)
        except OSError as error:
            raise trouble(path, error) from error

    def lock(self, directory: Path, *remedy: Text) -> Lock:
        """Lock *directory* for this process.

        Args:
            directory: the folder.
            remedy: what to do when another process has the lock, if it is not a folder of the log.

        Raises:
            LineBusy: another process has the lock.
            StorageError: the lock file cannot be written.
        """
        return Lock(self._disk, directory, *remedy)

    def names(self, directory: Path) -> list[str]:
        """Return the names in *directory*, sorted; an empty list when there is no such folder.

        Raises:
            StorageError: the folder cannot be read.
        """
        try:
            return sorted(self._disk.names(str(directory)))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise trouble(directory, error) from error

    def blocks(self, path: Path, damaged: Callable[[str], object] | None = None) -> Iterator[bytes]:
        """Yield the content of *path*, uncompressed if its name ends in ``.gz``.

        Args:
            path: the file.
            damaged: called with the reason when a compressed file is cut short or damaged, after all content that
                can be read was yielded.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: the file cannot be read.
        """
        if path.suffix == ".gz":
            yield from archive.expanded(self._blocks(path), damaged)
        else:
            yield from self._blocks(path)

    def end_of(self, path: Path, size: int) -> bytes:
        """Return the last *size* bytes of *path*, or all bytes of a shorter file.

        Raises:
            StorageError: the file cannot be read.
        """
        try:
            descriptor = self._disk.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
            try:
                start = max(self._disk.size(descriptor) - size, 0)
                return self._disk.read(descriptor, size, start)
            finally:
                self._disk.close(descriptor)
        except OSError as error:
            raise trouble(path, error) from error

    def part_of(self, path: Path, start: int, size: int) -> bytes:
        """Return up to *size* bytes of *path* from the byte *start* on; none when the file is shorter.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: the file cannot be read.
        """
        for block in self._blocks(path, start, size):
            return block
        return b""

    def blocks_from(self, path: Path, start: int) -> Iterator[bytes]:
        """Yield the content of *path*, as it is, from the byte *start* on.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: the file cannot be read.
        """
        return self._blocks(path, start)

    def _blocks(self, path: Path, position: int = 0, size: int = BLOCK) -> Iterator[bytes]:
        try:
            descriptor = self._disk.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise trouble(path, error) from error
        try:
            while block := self._disk.read(descriptor, size, position):
                position += len(block)
                yield block
        except IsADirectoryError as error:
            raise FileNotFoundError(errno.ENOENT, "a folder, not a file", str(path)) from error
        except OSError as error:
            raise trouble(path, error) from error
        finally:
            self._disk.close(descriptor)

    def _replace_steps(
        self, path: Path, content: Iterator[bytes], *, sync: bool = True, mode: int = 0o666 & ~UMASK
    ) -> Iterator[None]:
        # The number of the process is in the name because two reports may write the same page at the same time.
        # The name is no Path: pathlib interns every part of a path, and a new name for each frame would make the table
        # of interned strings grow, which Python then copies, a megabyte at a time.
        directory, slash, name = str(path).rpartition("/")
        aside = f"{directory}{slash}.{name}.{os.getpid()}.tmp"
        try:
            descriptor = open_anew(self._disk, aside, mode)
        except OSError as error:
            # A file is made anew: what is not there is its folder.
            raise trouble(path.parent if isinstance(error, FileNotFoundError) else path, error) from error
        renamed = False
        try:
            try:
                for block in content:
                    write_all(self._disk, descriptor, block)
                    yield
                if sync:
                    self._disk.sync(descriptor)
            finally:
                self._disk.close(descriptor)
            try:
                self._disk.rename(aside, str(path))
            except IsADirectoryError:
                set_aside(self._disk, path)
                self._disk.rename(aside, str(path))
            renamed = True
            if sync:
                sync_directory(self._disk, path.parent)
        except OSError as error:
            raise trouble(path, error) from error
        finally:
            if not renamed:
                with suppress(OSError):
                    self._disk.remove(aside)
