"""A disk in memory that fails at chosen calls, and whose power can be cut between any two calls."""

# Strategy
#
# The states after a cut were measured on ext4 with its defaults. The model allows all of them, and a few more:
#
# - synced content stays; later content may be there up to any byte, followed by up to 4,095
#   NUL bytes; a truncate that was not synced may not have happened;
# - a name that was given, changed or removed since its directory was last synced is as before or as after,
#   each name for itself; so a file whose content was never synced may take a name and be all NUL bytes;
# - after an fsync that failed, the bytes that it should have written can be read, but the next cut loses them, although
#   the fsync after it succeeds.

from __future__ import annotations

import errno
import os
import posixpath
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from linkymonitor.system.disk import Standing

BLOCK = 4096


class PowerCut(BaseException):
    """The power is cut: nothing of the program runs after it."""


@dataclass(eq=False)
class _File:
    data: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    #: The place of the first byte that a failed sync did not write; None when there is no such byte.
    lost_from: int | None = None


@dataclass
class _Open:
    file: _File | None  # None: a directory
    path: str
    append: bool
    offset: int = 0


#: Called before each operation with its number and name; returns None, or the fault: an errno, "short" for a
#: write that takes half. May raise PowerCut.
Fault = Callable[[int, str], "int | str | None"]


def no_fault(number: int, name: str) -> None:
    """Return None: every operation succeeds."""


def cut_at(number: int) -> Fault:
    """Return a fault that cuts the power at operation *number*."""

    def fault(now: int, name: str) -> None:
        if now >= number:
            raise PowerCut

    return fault


def fail_at(numbers: range, trouble: int | str) -> Fault:
    """Return a fault that makes the operations *numbers* fail with *trouble*."""
    return lambda now, name: trouble if now in numbers else None


class CrashDisk:
    """The operating system of a Storage, in memory.

    Args:
        content: path → bytes, all of it synced.
        fault: decides which operations fail, and how.
    """

    def __init__(self, content: Mapping[str, bytes] | None = None, fault: Fault = no_fault) -> None:
        self.fault = fault
        self.calls = 0
        self._live: dict[str, _File] = {}
        for path, data in (content or {}).items():
            self._live[path] = _File(bytearray(data), bytes(data))
        self._durable = dict(self._live)
        self._directories = {"/"} | {posixpath.dirname(path) for path in self._live}
        self._open: dict[int, _Open] = {}
        self._next = 3
        self._locks: set[str] = set()

    # For tests:

    def content(self) -> dict[str, bytes]:
        """Return path → content of every file, as a program would read it now."""
        return {path: bytes(file.data) for path, file in self._live.items()}

    def crash(self, chance: random.Random) -> dict[str, bytes]:
        """Return a disk in one of the states that a power cut at this instant may leave."""
        state: dict[str, bytes] = {}
        for path in sorted(self._live.keys() | self._durable.keys()):
            file = chance.choice([self._live.get(path), self._durable.get(path)])
            if file is not None:
                state[path] = _after_cut(file, chance)
        return state

    @property
    def descriptors(self) -> int:
        """The number of open descriptors."""
        return len(self._open)

    # For Storage:

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        self._step("open")
        if flags & os.O_DIRECTORY:
            if path not in self._directories:
                raise _error(errno.ENOENT)
            opened = _Open(None, path, append=False)
        else:
            file = self._live.get(path)
            if file is None:
                if not flags & os.O_CREAT or posixpath.dirname(path) not in self._directories:
                    raise _error(errno.ENOENT)
                file = self._live[path] = _File()
            elif flags & os.O_TRUNC:
                file.data.clear()
            opened = _Open(file, path, bool(flags & os.O_APPEND))
        self._next += 1
        self._open[self._next] = opened
        return self._next

    def close(self, descriptor: int) -> None:
        del self._open[descriptor]

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        return bytes(self._file(descriptor).data[offset : offset + size])

    def write(self, descriptor: int, data: bytes) -> int:
        trouble = self._step("write")
        if trouble == "short":
            data = data[: len(data) // 2]
        opened = self._open[descriptor]
        file = self._file(descriptor)
        offset = len(file.data) if opened.append else opened.offset
        file.data[offset : offset + len(data)] = data
        opened.offset = offset + len(data)
        return len(data)

    def size(self, descriptor: int) -> int:
        return len(self._file(descriptor).data)

    def truncate(self, descriptor: int, size: int) -> None:
        self._step("truncate")
        file = self._file(descriptor)
        del file.data[size:]
        if file.lost_from is not None and file.lost_from >= size:
            file.lost_from = None

    def sync_data(self, descriptor: int) -> None:
        self._sync(descriptor)

    def sync(self, descriptor: int) -> None:
        opened = self._open[descriptor]
        if opened.file is not None:
            self._sync(descriptor)
            return
        self._step("sync directory")
        for path in self._live.keys() | self._durable.keys():
            if posixpath.dirname(path) == opened.path:
                if path in self._live:
                    self._durable[path] = self._live[path]
                else:
                    del self._durable[path]

    def standing(self, descriptor: int, path: str) -> Standing:
        return "ours"

    def is_wide(self, path: str) -> bool:
        return False

    def is_at(self, descriptor: int, path: str) -> bool:
        return self._live.get(path) is self._file(descriptor)

    def rename(self, source: str, target: str) -> None:
        self._step("rename")
        if source not in self._live:
            raise _error(errno.ENOENT)
        self._live[target] = self._live.pop(source)

    def remove(self, path: str) -> None:
        self._step("remove")
        if path not in self._live:
            raise _error(errno.ENOENT)
        del self._live[path]

    def make_directory(self, path: str, mode: int) -> None:
        self._step("mkdir")
        while path not in self._directories:
            self._directories.add(path)
            path = posixpath.dirname(path)

    def names(self, path: str) -> list[str]:
        self._step("names")
        if path not in self._directories:
            raise _error(errno.ENOENT)
        return [posixpath.basename(name) for name in self._live if posixpath.dirname(name) == path]

    def lock(self, descriptor: int) -> None:
        path = self._open[descriptor].path
        if path in self._locks:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        self._locks.add(path)

    def _step(self, name: str) -> int | str | None:
        self.calls += 1
        trouble = self.fault(self.calls, name)
        if isinstance(trouble, int):
            raise _error(trouble)
        return trouble

    def _file(self, descriptor: int) -> _File:
        file = self._open[descriptor].file
        assert file is not None
        return file

    def _sync(self, descriptor: int) -> None:
        file = self._file(descriptor)
        try:
            self._step("sync")
        except OSError:
            # The kernel has dropped these pages, and counts them as written.
            if file.lost_from is None:
                file.lost_from = _common(bytes(file.data), file.synced)
            raise
        whole = bytes(file.data)
        if file.lost_from is not None:
            whole = whole[: file.lost_from] + bytes(len(whole) - file.lost_from)
        file.synced = whole


def _after_cut(file: _File, chance: random.Random) -> bytes:
    data = bytes(file.data)
    if data == file.synced:
        return data
    common = _common(data, file.synced)
    if len(file.synced) > common and chance.random() < 0.3:
        return file.synced
    room = len(data) - common
    kept = chance.choice([0, room, chance.randint(0, room), _to_block(common, room)])
    if file.lost_from is not None:
        kept = min(kept, max(file.lost_from - common, 0))
    nuls = chance.choice([0, 0, 1, 37, BLOCK - 1, chance.randint(0, BLOCK - 1)])
    return data[: common + kept] + bytes(nuls)


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes *one* and *other* begin with in common."""
    shortest = min(len(one), len(other))
    if one[:shortest] == other[:shortest]:
        return shortest
    return next(n for n in range(shortest) if one[n] != other[n])


def _to_block(common: int, room: int) -> int:
    """Return the part of *room* up to the last block boundary within it: the size of a file grows block by block."""
    return max((common + room) // BLOCK * BLOCK - common, 0)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
