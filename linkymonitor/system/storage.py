"""The only module that opens files for writing: append, sync, heal, replace whole, compress."""

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
import fcntl
import logging
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from linkymonitor.errors import LineBusy, StorageError
from linkymonitor.language import Text, cause

log = logging.getLogger(__name__)

#: Whose a file is: nobody else's, also somebody's under another name, or no file of ours at all.
Standing = Literal["ours", "linked", "foreign"]

#: What others may not do with our files and folders, whatever the umask of the process.
UMASK = 0o027
LOCK_NAME = ".linkymonitor.lock"
#: Damaged files that are kept under another name, of each.
ASIDE = 3

_BLOCK = 65536
# A FIFO under one of our names must not make us wait for its reader.
_NEW = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_GZIP = 16 + zlib.MAX_WBITS
#: errno → what is wrong and what helps, in French and in English.
_TROUBLES = {
    errno.ENOSPC: Text("plus de place ; faites-en", "no space left; free some"),
    errno.EDQUOT: Text(
        "quota atteint ; faites de la place ou relevez-le",
        "quota reached; free some space or raise it",
    ),
    errno.EROFS: Text(
        "carte montée en lecture seule ; vérifiez-la, puis remontez-la",
        "the card is mounted read-only; check it, then mount it again",
    ),
    errno.EIO: Text(
        "la carte ne répond pas ; vérifiez-la, il faut peut-être la remplacer",
        "the card does not answer; check it, it may have to be replaced",
    ),
    errno.ENOENT: Text(
        "absent ; créez-le, ou corrigez le réglage qui le nomme",
        "not there; create it, or mend the setting that names it",
    ),
    errno.ENOTDIR: Text(
        "un fichier tient la place d'un dossier ; corrigez le réglage qui le nomme",
        "a file stands where a folder is expected; mend the setting that names it",
    ),
    errno.EEXIST: Text(
        "un fichier tient la place d'un dossier ; donnez un autre nom, ou supprimez-le",
        "a file stands where a folder is expected; give another name, or remove it",
    ),
    errno.ELOOP: Text(
        "un lien symbolique tient sa place ; supprimez-le",
        "a symbolic link stands in its place; remove it",
    ),
}
_FORBIDDEN = Text(
    "accès refusé ; donnez-en le droit à l'utilisateur de linkymonitor",
    "permission denied; give the user that runs linkymonitor the right to it",
)
_TROUBLES |= {errno.EACCES: _FORBIDDEN, errno.EPERM: _FORBIDDEN}


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


class SystemDisk:
    """The operating system itself."""

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        """Return a descriptor of *path*."""
        return os.open(path, flags, mode)

    def close(self, descriptor: int) -> None:
        """Let go of *descriptor*."""
        os.close(descriptor)

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Return at most *size* bytes at *offset*."""
        return os.pread(descriptor, size, offset)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write *data*, or its beginning; return how many bytes were taken."""
        return os.write(descriptor, data)

    def size(self, descriptor: int) -> int:
        """Return the size of the file."""
        return os.fstat(descriptor).st_size

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file at *size*."""
        os.ftruncate(descriptor, size)

    def sync_data(self, descriptor: int) -> None:
        """Return once the content is on the card."""
        os.fdatasync(descriptor)

    def sync(self, descriptor: int) -> None:
        """Return once a file and what describes it, or the names in a directory, are on the card."""
        os.fsync(descriptor)

    def is_at(self, descriptor: int, path: str) -> bool:
        """Return whether *path* still names the open file."""
        try:
            named = os.lstat(path)
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(descriptor))

    def standing(self, descriptor: int, path: str) -> Standing:
        """Return whose the open file is, which has the name *path*."""
        found = os.fstat(descriptor)
        # On a FAT card every file belongs to whoever mounted it, and so does the folder.
        owners = {os.geteuid(), os.stat(os.path.dirname(path) or ".").st_uid}  # noqa: PTH116, PTH120
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in owners:
            return "foreign"
        return "ours" if found.st_nlink == 1 else "linked"

    def is_wide(self, path: str) -> bool:
        """Return whether everybody may write in the folder *path*."""
        return bool(os.stat(path).st_mode & stat.S_IWOTH)  # noqa: PTH116

    def rename(self, source: str, target: str) -> None:
        """Give *source* the name *target*, in place of what had it."""
        os.replace(source, target)  # noqa: PTH105 -- the edge of the system is spoken to in its own words

    def remove(self, path: str) -> None:
        """Remove a file."""
        os.unlink(path)  # noqa: PTH108 -- the same

    def make_directory(self, path: str, mode: int) -> None:
        """Create a directory and those above it; one that exists is left as it is."""
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
        """Return the names in a directory."""
        return os.listdir(path)  # noqa: PTH208 -- the same

    def lock(self, descriptor: int) -> None:
        """Take an exclusive lock, or raise BlockingIOError at once."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class AppendFile:
    """A file that only grows, whole pieces at a time.

    After a StorageError, whatever was appended since the last sync that succeeded is taken back, now or
    before the next append: give it again.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        flags = os.O_RDWR | os.O_APPEND
        self._descriptor = _open_own(disk, path, flags)
        try:
            self._size = disk.size(self._descriptor)
        except OSError as error:
            disk.close(self._descriptor)
            raise _trouble(path, error) from error
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
            raise _trouble(self.path, error) from error
        self._size += taken

    def sync(self) -> None:
        """Return once everything appended is on the card.

        Raises:
            StorageError: it may not be; what was appended since the last sync is taken back.
        """
        try:
            self._disk.sync_data(self._descriptor)
            if not self._named:
                _sync_directory(self._disk, self.path.parent)
                self._named = True
        except OSError as error:
            self._take_back()
            raise _trouble(self.path, error) from error
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
            raise _trouble(self.path, error) from error
        return removed

    def settle(self) -> None:
        """Take back what was never acknowledged, before the file is let go.

        Raises:
            StorageError: it is still there.
        """
        try:
            self._restore()
        except OSError as error:
            raise _trouble(self.path, error) from error

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
            start = max(position - _BLOCK, 0)
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


class NewFile:
    """A file that somebody asked for by name, written from its beginning; nothing is promised of a cut."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            # A symbolic link is followed: /dev/stdout is one, and the name is the user's own.
            self._descriptor = disk.open(str(path), flags, 0o666 & ~UMASK)
        except OSError as error:
            raise _trouble(path, error) from error

    def write(self, data: bytes) -> None:
        """Write all of *data*.

        Raises:
            StorageError: it cannot be written, or not whole.
        """
        try:
            _write_all(self._disk, self._descriptor, data)
        except OSError as error:
            raise _trouble(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            self._disk.close(self._descriptor)

    def __enter__(self) -> NewFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Lock:
    """A folder that is ours alone until it is closed, or the process ends."""

    def __init__(self, disk: Disk, descriptor: int) -> None:
        self._disk = disk
        self._descriptor = descriptor

    def close(self) -> None:
        """Let the folder go."""
        with suppress(OSError):
            self._disk.close(self._descriptor)

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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

        def content() -> Iterator[bytes]:
            yield data

        for _ in self._replace_steps(path, content(), sync=sync, mode=mode):
            pass

    def compress_steps(self, path: Path) -> Iterator[None]:
        """Put ``path.gz`` in the place of *path*, which nobody may be writing.

        It is done a little at each step, for a caller that has other things to do. A reader who finds both
        files reads *path*: it is complete for as long as it exists.

        Raises:
            StorageError: *path* is still there.
        """
        packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)

        def content() -> Iterator[bytes]:
            for block in self._blocks(path):
                yield packer.compress(block)
            yield packer.flush()

        target = path.with_name(path.name + ".gz")
        yield from self._replace_steps(target, content())
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
            raise _trouble(packed, error) from error

    def remove(self, path: Path) -> None:
        """Remove *path*, if it is there.

        Raises:
            StorageError: it cannot be removed.
        """
        try:
            try:
                self._disk.remove(str(path))
            except IsADirectoryError:
                _set_aside(self._disk, path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _trouble(path, error) from error

    def set_aside(self, path: Path) -> str:
        """Give what is damaged at *path* another name beside it, for whoever wants to look; return that name.

        Raises:
            StorageError: it is still there.
        """
        try:
            return _set_aside(self._disk, path)
        except OSError as error:
            raise _trouble(path, error) from error

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
                _warn(
                    f"{path} : tout le monde peut y écrire ; faites « chmod o-w {path} »",
                    f"{path}: everybody may write there; run “chmod o-w {path}”",
                )
        except OSError as error:
            raise _trouble(path, error) from error

    def lock(self, directory: Path) -> Lock:
        """Keep *directory* for this process.

        Raises:
            LineBusy: another process has it.
            StorageError: the lock cannot be written there.
        """
        path = directory / LOCK_NAME
        descriptor = _open_for_writing(self._disk, path, os.O_RDWR)
        try:
            self._disk.lock(descriptor)
            # Only now: a name that another process holds is not taken away from it.
            if self._disk.standing(descriptor, str(path)) != "ours":
                self._disk.close(descriptor)
                self._disk.remove(str(path))
                _warn_of(path)
                descriptor = self._disk.open(str(path), os.O_RDWR | os.O_EXCL | _NEW, 0o666 & ~UMASK)
                self._disk.lock(descriptor)
        except BlockingIOError as error:
            holder = self._holder(descriptor)
            self._disk.close(descriptor)
            raise LineBusy(
                Text(
                    f"{directory} : {holder} y écrit déjà ; arrêtez-le, ou choisissez un autre dossier (--log-dir)",
                    f"{directory}: {holder} writes there already; stop it, or choose another folder (--log-dir)",
                )
            ) from error
        except OSError as error:
            self._disk.close(descriptor)
            raise _trouble(path, error) from error
        # Who holds it is only said; a full disk must not let anybody else in.
        with suppress(OSError):
            self._disk.truncate(descriptor, 0)
            self._disk.write(descriptor, b"%d\n" % os.getpid())
        return Lock(self._disk, descriptor)

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
            raise _trouble(directory, error) from error

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
        if path.suffix != ".gz":
            yield from self._blocks(path)
            return
        unpacker = zlib.decompressobj(_GZIP)
        whole = False  # the last byte seen ends a gzip member
        try:
            for packed in self._blocks(path):
                block = b""
                while packed or len(block) == _BLOCK:
                    if whole:
                        unpacker, whole = zlib.decompressobj(_GZIP), False
                    # A bounded output: a few bytes can unpack to gigabytes.
                    block = unpacker.decompress(packed, _BLOCK)
                    if block:
                        yield block
                    whole = unpacker.eof
                    packed = unpacker.unused_data if whole else unpacker.unconsumed_tail
                    if whole:
                        block = b""
            if not whole and damaged:
                damaged("it is cut short")
        except zlib.error as error:
            if damaged:
                damaged(str(error))

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
            raise _trouble(path, error) from error

    def _blocks(self, path: Path) -> Iterator[bytes]:
        try:
            descriptor = self._disk.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _trouble(path, error) from error
        try:
            position = 0
            while block := self._disk.read(descriptor, _BLOCK, position):
                position += len(block)
                yield block
        except IsADirectoryError as error:
            raise FileNotFoundError(errno.ENOENT, "a folder, not a file", str(path)) from error
        except OSError as error:
            raise _trouble(path, error) from error
        finally:
            self._disk.close(descriptor)

    def _replace_steps(
        self, path: Path, content: Iterator[bytes], *, sync: bool = True, mode: int = 0o666 & ~UMASK
    ) -> Iterator[None]:
        # The number of the process keeps two reports of the same day out of each other's way.
        # No Path: pathlib interns what it parses, and a new name for each frame wears out the table of that, which
        # is then built anew, a megabyte at a time.
        aside = f"{path.parent}/.{path.name}.{os.getpid()}.tmp"
        descriptor = _open_anew(self._disk, aside, mode)
        renamed = False
        try:
            try:
                for block in content:
                    _write_all(self._disk, descriptor, block)
                    yield
                if sync:
                    self._disk.sync(descriptor)
            finally:
                self._disk.close(descriptor)
            try:
                self._disk.rename(aside, str(path))
            except IsADirectoryError:
                _set_aside(self._disk, path)
                self._disk.rename(aside, str(path))
            renamed = True
            if sync:
                _sync_directory(self._disk, path.parent)
        except OSError as error:
            raise _trouble(path, error) from error
        finally:
            if not renamed:
                with suppress(OSError):
                    self._disk.remove(aside)

    def _holder(self, descriptor: int) -> Text:
        try:
            number = self._disk.read(descriptor, 20, 0).strip().decode()
        except (OSError, UnicodeDecodeError):
            number = ""
        if number.isdigit():
            return Text(f"le processus {number}", f"process {number}")
        return Text("un autre processus", "another process")


def _open_for_writing(disk: Disk, path: Path | str, flags: int, mode: int = 0o666 & ~UMASK) -> int:
    try:
        try:
            return disk.open(str(path), flags | _NEW, mode)
        except IsADirectoryError:
            # Ours are files: what stands in their place must not keep them from being written for ever.
            _set_aside(disk, Path(path))
            return disk.open(str(path), flags | _NEW, mode)
    except OSError as error:
        raise _trouble(path, error) from error


def _open_anew(disk: Disk, path: str, mode: int) -> int:
    """Return a descriptor of a new file at *path*; what had that name loses it, and nothing else."""
    flags = os.O_WRONLY | os.O_EXCL | os.O_TRUNC
    try:
        try:
            return disk.open(path, flags | _NEW, mode)
        except FileExistsError:
            try:
                disk.remove(path)
            except IsADirectoryError:
                _set_aside(disk, Path(path))
            return disk.open(path, flags | _NEW, mode)
    except OSError as error:
        raise _trouble(path, error) from error


def _open_own(disk: Disk, path: Path, flags: int) -> int:
    """Return a descriptor of *path* for writing, which is no file of somebody else's under that name.

    A hard link is broken by a copy: a backup may have made it, and what was logged stays in its place.
    """
    descriptor = _open_for_writing(disk, path, flags)
    try:
        standing = disk.standing(descriptor, str(path))
        if standing == "ours":
            return descriptor
        _warn_of(path)
        if standing == "linked":
            _copy_over(disk, descriptor, path)
        else:
            _set_aside(disk, path)
    except OSError as error:
        disk.close(descriptor)
        raise _trouble(path, error) from error
    disk.close(descriptor)
    return _open_for_writing(disk, path, flags)


def _copy_over(disk: Disk, descriptor: int, path: Path) -> None:
    # The other name of the file may be that of a secret: nobody but us reads the copy.
    aside = f"{path.parent}/.{path.name}.{os.getpid()}.tmp"
    copy = _open_anew(disk, aside, 0o600)
    try:
        position = 0
        while block := disk.read(descriptor, _BLOCK, position):
            _write_all(disk, copy, block)
            position += len(block)
        disk.sync(copy)
    finally:
        disk.close(copy)
    disk.rename(aside, str(path))


def _warn_of(path: Path) -> None:
    _warn(
        f"{path} : ce nom menait aussi à un autre fichier, ou à celui d'un autre ; laissé tel quel, remplacé ici ; "
        "vérifiez qui peut écrire dans ce dossier",
        f"{path}: that name also led to another file, or to somebody else's; left as it is, replaced here; "
        "check who may write in that folder",
    )


def _warn(fr: str, en: str) -> None:
    log.warning("%s", Text(fr, en))


def _set_aside(disk: Disk, path: Path) -> str:
    """Give what is at *path* another name, ``….bad-1`` and so on; of more than ASIDE, the last makes room."""
    taken = set(disk.names(str(path.parent)))
    free = (f"{path.name}.bad-{n}" for n in range(1, ASIDE + 1))
    name = next((one for one in free if one not in taken), f"{path.name}.bad-{ASIDE}")
    disk.rename(str(path), str(path.with_name(name)))
    return name


def _write_all(disk: Disk, descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        taken = disk.write(descriptor, bytes(left))
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[taken:]


def _sync_directory(disk: Disk, directory: Path) -> None:
    descriptor = disk.open(str(directory), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        disk.sync(descriptor)
    except OSError as error:
        # Some network filesystems have nothing to sync in a directory, and say so like this.
        if error.errno != errno.EINVAL:
            raise
    finally:
        disk.close(descriptor)


def _trouble(path: Path | str, error: OSError) -> StorageError:
    """Return the sentence for the user: place, fault, remedy."""
    why = cause(error) + Text(" ; vérifiez le dossier et la carte", "; check the folder and the card")
    return StorageError(str(path) + Text(" : ", ": ") + _TROUBLES.get(error.errno or 0, why))
