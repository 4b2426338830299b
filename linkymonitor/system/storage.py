"""Writes files so that a power cut at any instant leaves the old content or the new one: append, replace, compress."""

# Strategy
#
# - Power may go at any instant. What follows holds on ext4 with its defaults, as cut on purpose and read
#   again: what was synced stays; the end of what was not may be missing, torn or a run of NUL bytes; a
#   rename may be undone; nothing before the last synced byte is ever touched.
# - So a file either grows (AppendFile: what follows its last line end is cut off when it is opened again)
#   or is replaced whole (written aside, synced, renamed, directory synced).
# - After an fsync that failed, the kernel may call clean what never reached the card. Nothing is assumed
#   then: the file goes back to its last synced size, and the caller gives the same bytes again.
# - Every call of the operating system goes through a Disk, so that tests can put in its place one that
#   fails, fills up, or loses its power between two calls.

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
    """A file that only grows, whole pieces at a time.

    After a StorageError, whatever was appended since the last sync that succeeded is taken back, now or
    before the next append: give it again.
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
        #: Who made the file may have been killed before its name was synced.
        self._named = False
        self._doubtful = False

    @property
    def size(self) -> int:
        """How many bytes the file holds."""
        return self._size

    def append(self, data: bytes) -> None:
        """Write *data* at the end, in one call: a kill leaves all of it or nothing.

        Raises:
            StorageError: nothing of it was kept.
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
        """Return once everything appended is on the card.

        Raises:
            StorageError: it may not be; what was appended since the last sync is taken back.
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
        """Cut off what follows the last line end, never anything before it; return how many bytes.

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
        """Take back what was never acknowledged, before the file is let go.

        Raises:
            StorageError: it is still there.
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
            # Code of the user may have closed it; of anything else the next write can tell.
            return error.errno != errno.EBADF

    def close(self) -> None:
        """Let go of the file; sync it before."""
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
            found = block.rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
        return 0

    def _take_back(self) -> None:
        self._doubtful = True
        # When even this is refused, the next append tries again before it writes.
        with suppress(OSError):
            self._restore()

    def _restore(self) -> None:
        if self._doubtful:
            self._disk.truncate(self._descriptor, self._synced_size)
            self._size = self._synced_size
            self._doubtful = False


class Storage:
    """Writes files so that a cut at any instant leaves what was there or what was meant.

    Args:
        disk: the operating system, or what stands for it in a test.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self._disk: Disk = disk or SystemDisk()

    def append_to(self, path: Path) -> AppendFile:
        """Open *path* to write at its end, creating it if need be.

        Raises:
            StorageError: it cannot be opened.
        """
        return AppendFile(self._disk, path)

    def create(self, path: Path) -> NewFile:
        """Open *path* to write it from its beginning: what ``-o FILE`` names.

        Raises:
            StorageError: it cannot be opened.
        """
        return NewFile(self._disk, path)

    def replace(self, path: Path, data: bytes, *, sync: bool = True, mode: int = 0o666 & ~UMASK) -> None:
        """Put *data* in the place of *path*, whole: a reader sees the old content or the new one.

        Args:
            path: where; its folder exists.
            data: the whole content.
            sync: False for a folder in memory, where nothing outlives a cut anyway.
            mode: permissions of the file.

        Raises:
            StorageError: what is there is whole, and most likely old.
        """
        for _ in self._replace_steps(path, iter((data,)), sync=sync, mode=mode):
            pass

    def compress_steps(self, path: Path) -> Iterator[None]:
        """Put ``path.gz`` in the place of *path*, which nobody may be writing.

        It is done a little at each step, for a caller that has other things to do. A reader who finds both
        files reads *path*: it is complete for as long as it exists.

        Raises:
            StorageError: *path* is still there.
        """
        target = path.with_name(path.name + ".gz")
        yield from self._replace_steps(target, archive.compressed(self._blocks(path)))
        # The name of the compressed file is on the card by now, so the other may go.
        self.remove(path)

    def expand(self, path: Path) -> None:
        """Put *path* in the place of ``path.gz``; of a damaged one, what can be read (it stays as ``.bad``).

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
            self.set_aside(packed)  # a folder, whatever it is called
            return
        if not damages:
            self.remove(packed)
            return
        try:
            self._disk.rename(str(packed), f"{packed}.bad")
        except OSError as error:
            raise trouble(packed, error) from error

    def remove(self, path: Path) -> None:
        """Remove *path*, if it is there.

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
        """Give what is damaged at *path* another name beside it, for whoever wants to look; return that name.

        Raises:
            StorageError: it is still there.
        """
        try:
            return set_aside(self._disk, path)
        except OSError as error:
            raise trouble(path, error) from error

    def remove_first(self, directory: Path, pattern: re.Pattern[str]) -> bool:
        """Remove the first file of *directory*, by name, whose whole name matches; return whether there was one.

        Dates in names make it the oldest. It never raises: whoever asks has trouble enough.
        """
        with suppress(StorageError):
            for name in self.names(directory):
                if pattern.fullmatch(name):
                    self.remove(directory / name)
                    return True
        return False

    def make_directory(self, path: Path) -> None:
        """Create *path* and the folders above it, if they are not there.

        Raises:
            StorageError: it cannot be created.
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

    def lock(self, directory: Path) -> Lock:
        """Keep *directory* for this process.

        Raises:
            LineBusy: another process has it.
            StorageError: the lock cannot be written there.
        """
        return Lock(self._disk, directory)

    def names(self, directory: Path) -> list[str]:
        """Return the names in *directory*, sorted; none when there is no such folder.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            return sorted(self._disk.names(str(directory)))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise trouble(directory, error) from error

    def blocks(self, path: Path, damaged: Callable[[str], object] | None = None) -> Iterator[bytes]:
        """Yield the content of *path*, uncompressed on the way if its name ends in ``.gz``.

        Args:
            path: the file.
            damaged: told why when a compressed file ends before its time; what could be read has been
                yielded by then.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: it cannot be read.
        """
        if path.suffix == ".gz":
            yield from archive.expanded(self._blocks(path), damaged)
        else:
            yield from self._blocks(path)

    def end_of(self, path: Path, size: int) -> bytes:
        """Return the last *size* bytes of *path*, or all of it.

        Raises:
            StorageError: it cannot be read.
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

    def _blocks(self, path: Path) -> Iterator[bytes]:
        try:
            descriptor = self._disk.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise trouble(path, error) from error
        try:
            position = 0
            while block := self._disk.read(descriptor, BLOCK, position):
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
        # The number of the process keeps two reports of the same day out of each other's way.
        # No Path: pathlib interns what it parses, and a new name for each frame wears out the table of that, which
        # is then built anew, a megabyte at a time.
        aside = f"{path.parent}/.{path.name}.{os.getpid()}.tmp"
        descriptor = open_anew(self._disk, aside, mode)
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
