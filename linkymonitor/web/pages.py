"""The drawn pages: which there are, and the bytes of each, packed once and kept while the page is the same."""

# Strategy
#
# - No path of a request reaches the file system. A request names a page by a word or a date; the page is looked for
#   among the names that the folder has, and that name is opened.
# - The folder must be ours and no link; a page in it is a plain file without a second name. So nobody can make us show
#   another file by a link.
# - A page that is drawn again is another file (it was renamed into its place): inode, size and time are its ETag. While
#   they are the same, the kept page is sent, and neither the folder nor the file is opened.
# - Our scripts stand in a page; the policy in its first bytes has the hash of each. The header allows these hashes and
#   no other: what a later part of the page holds is never hashed, so it cannot allow itself.

from __future__ import annotations

import errno
import os
import re
import stat
import threading
import time
import zlib
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, cause

#: The pages that are drawn: the calendar, two days by name, years, months, days and ranges.
_NAME = re.compile(
    r"(index|today|yesterday|[0-9]{4}(-[0-9]{2}){0,2}|[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_ENDING = ".html"
#: No page of ours is larger.
_LARGEST = 8 << 20
#: Bytes of packed pages that are kept: some thirty pages.
_KEPT = 1 << 20
#: Bytes at the beginning of a page in which its policy stands.
_HEAD = 1024
_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_HASH = re.compile(rb"'sha256-[A-Za-z0-9+/]{43}='")
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
#: Seconds for which the list of names is believed when a page is not in it.
_LISTED = 1.0


class Page(NamedTuple):
    """One page, as it is sent."""

    file: Path
    #: Changes when the page does.
    tag: str
    #: The bytes, packed by gzip.
    packed: bytes
    #: The hashes of its scripts, for the policy.
    scripts: str
    #: When it was drawn, in POSIX seconds.
    drawn_at: float


def packed(content: bytes) -> bytes:
    """Return *content* in the format of gzip; the same content gives the same bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def unpacked(pack: bytes) -> bytes:
    """Return the bytes that `packed` has packed, for a client that cannot unpack them."""
    return zlib.decompress(pack, 31)


def name_of(path: str) -> str | None:
    """Return the name of the page that *path* of a request asks for, None when it asks for no page."""
    name = path.removeprefix("/").removesuffix(_ENDING) or "index"
    return name if path.startswith("/") and _NAME.fullmatch(name) else None


class Pages:
    """The pages in *folder*.

    Args:
        folder: of the report.
        foot: markup that is put at the end of the foot of each page.
    """

    def __init__(self, folder: Path, foot: bytes = b"") -> None:
        self.folder = folder
        self._foot = foot
        self._names: dict[str, str] = {}
        self._listed_at = -_LISTED
        self._kept: OrderedDict[str, Page] = OrderedDict()
        self._size = 0
        # One page is packed at a time, which bounds the memory; a page that is kept waits for nobody else's.
        self._packing = threading.Lock()
        self._keeping = threading.Lock()

    def page(self, name: str) -> Page | None:
        """Return the page *name*, one that `name_of` has given; None when it is not drawn.

        Raises:
            StorageError: the folder is missing or not ours, or the page cannot be read.
        """
        page = self._unchanged(name)
        if page is not None:
            return page
        folder = self._open_folder()
        try:
            file = self._file(name, folder)
            if file is None:
                return None
            try:
                descriptor = os.open(file, _OPEN, dir_fd=folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise _refused(self.folder / file, cause(error)) from error
            try:
                return self._read(name, file, descriptor, os.fstat(folder).st_uid)
            except OSError as error:
                raise _refused(self.folder / file, cause(error)) from error
            finally:
                os.close(descriptor)
        finally:
            os.close(folder)

    def _unchanged(self, name: str) -> Page | None:
        """Return the page *name* when it is kept and its file is still the one that was read."""
        with self._keeping:
            page = self._kept.get(name)
            if page is None:
                return None
            self._kept.move_to_end(name)
        try:
            found = page.file.lstat()
        except OSError:
            return None  # the long way tells what is wrong
        return page if page.tag == _tag(found) else None

    def check(self) -> None:
        """Open the folder once.

        Raises:
            StorageError: it is missing or not ours.
        """
        os.close(self._open_folder())

    def _open_folder(self) -> int:
        try:
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise StorageError(
                Text(
                    f"{self.folder} : pas encore de dossier de ce nom ; « linkymonitor report » le crée, ou corrigez "
                    "[report] dir",
                    f"{self.folder}: no folder of that name yet; “linkymonitor report” makes it, or correct "
                    "[report] dir",
                )
            ) from error
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise StorageError(
                    Text(
                        f"{self.folder} : un lien ou un fichier, pas un dossier, donc non montré ; nommez le vrai "
                        "dossier dans [report] dir",
                        f"{self.folder}: a link or a file, no folder, so it is not shown; name the real folder in "
                        "[report] dir",
                    )
                ) from error
            raise _refused(self.folder, cause(error)) from error
        if os.fstat(descriptor).st_uid not in (os.geteuid(), 0):
            os.close(descriptor)
            raise StorageError(
                Text(
                    f"{self.folder} : appartient à un autre utilisateur, donc non montré ; lancez serve sous cet "
                    "utilisateur (sudo -u linkymonitor linkymonitor serve)",
                    f"{self.folder}: belongs to another user, so it is not shown; run serve as that user "
                    "(sudo -u linkymonitor linkymonitor serve)",
                )
            )
        return descriptor

    def _file(self, name: str, folder: int) -> str | None:
        """Return the name of the file of the page *name*, as the folder has it."""
        if name not in self._names and time.monotonic() - self._listed_at >= _LISTED:
            with os.scandir(folder) as entries:
                self._names = {
                    found: entry.name
                    for entry in entries
                    if entry.name.endswith(_ENDING) and _NAME.fullmatch(found := entry.name[: -len(_ENDING)])
                }
            self._listed_at = time.monotonic()
        return self._names.get(name)

    def _read(self, name: str, file: str, descriptor: int, owner: int) -> Page:
        found = os.fstat(descriptor)
        if (
            not stat.S_ISREG(found.st_mode)
            or found.st_nlink != 1
            or found.st_uid not in (owner, os.geteuid(), 0)
            or found.st_size > _LARGEST
        ):
            raise _refused(
                self.folder / file, Text("ce n'est pas une page de report", "it is no page of report")
            )
        with self._packing:
            content = bytearray()
            while len(content) <= _LARGEST and (block := os.read(descriptor, 65536)):
                content += block
            policy = _POLICY.search(content, 0, _HEAD)
            scripts = b" ".join(_HASH.findall(policy[1])) if policy else b""
            if self._foot:
                before, foot, after = content.rpartition(b"</footer>")
                content = before + self._foot + foot + after if foot else content
            page = Page(
                self.folder / file,
                _tag(found),
                packed(bytes(content)),
                scripts.decode("ascii"),
                found.st_mtime,
            )
        self._keep(name, page)
        return page

    def _keep(self, name: str, page: Page) -> None:
        with self._keeping:
            with suppress(KeyError):
                self._size -= len(self._kept.pop(name).packed)
            self._kept[name] = page
            self._size += len(page.packed)
            while self._size > _KEPT:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.packed)


def _tag(found: os.stat_result) -> str:
    return f"{found.st_ino:x}-{found.st_size:x}-{found.st_mtime_ns:x}"


def _refused(path: Path, why: Text) -> StorageError:
    return StorageError(
        Text(
            f"{path} : lecture impossible ({why.fr}) ; vérifiez à qui il appartient, ou refaites-le : linkymonitor "
            "report",
            f"{path}: cannot be read ({why.en}); check whose it is, or make it again: linkymonitor report",
        )
    )
