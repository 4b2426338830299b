"""A disk that records each write, each flush and each marker, in order: a folder with two files, over FUSE."""

# Strategy
#
# dm-log-writes in user space, without its kernel module: ext4 stands on a loop device, the loop device on the
# file `disk` of this folder. The loop driver turns each write of a block into a FUSE write and each flush into a
# FUSE fsync; one thread answers them, so they have one order. The workload writes each promise that it got
# into `marker`, where the promise keeps its place among the writes.
#
# The program answers the kernel on /dev/fuse itself (linux/fuse.h, protocol 7.31), without a library.

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from pathlib import Path

ROOT, DISK, MARKER = 1, 2, 3
NAMES = {b"disk": DISK, b"marker": MARKER}

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC = (
    1,
    2,
    3,
    4,
    14,
    15,
    16,
    17,
    18,
    20,
)
FLUSH, INIT, OPENDIR, RELEASEDIR, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET, FALLOCATE = (
    25, 26, 27, 29, 34, 36, 38, 42, 43,
)  # fmt: skip
NO_ANSWER = (FORGET, BATCH_FORGET, INTERRUPT)
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
DIRECT_IO = 1
PUNCH_HOLE, ZERO_RANGE = 2, 16
LONGEST = 128 * 1024

_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTR = struct.Struct("<QQQQQQIIIIIIIIII")
#: Head of an entry of the record: kind, offset, length; the bytes of a write or of a marker follow.
ENTRY = struct.Struct("<cQI")


class Recorder:
    """Answers the requests of the kernel for one image in memory.

    Args:
        device: the open /dev/fuse, mounted.
        image: the content of the disk at the beginning.
        log: the file of the record.
    """

    def __init__(self, device: int, image: bytes, log: Path) -> None:
        self._device = device
        self._image = bytearray(image)
        self._log = log.open("wb", buffering=1 << 20)

    def serve(self) -> None:
        """Answer requests until the folder is unmounted."""
        while True:
            try:
                request = os.read(self._device, LONGEST + 4096)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                break  # ENODEV: unmounted
            _, opcode, unique, node, *_ = _IN.unpack_from(request)
            if opcode in NO_ANSWER:
                continue
            try:
                answer = self._answer(opcode, node, memoryview(request)[_IN.size :])
                header = _OUT.pack(_OUT.size + len(answer), 0, unique)
            except OSError as error:
                answer, header = b"", _OUT.pack(_OUT.size, -(error.errno or errno.EIO), unique)
            try:
                os.write(self._device, header + answer)
            except OSError as error:
                if error.errno != errno.ENOENT:  # else the caller has been interrupted
                    break
            if opcode == DESTROY:
                break
        self._log.close()

    def _answer(self, opcode: int, node: int, body: memoryview) -> bytes:
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("<QQI", body)
            return self._write(node, offset, bytes(body[40 : 40 + size]))
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return bytes(self._image[offset : offset + size]) if node == DISK else b""
        if opcode == FSYNC:
            if node == DISK:
                self._log.write(ENTRY.pack(b"F", 0, 0))
            return b""
        if opcode == FALLOCATE:
            _, offset, length, mode = struct.unpack_from("<QQQI", body)
            if node != DISK or not mode & (PUNCH_HOLE | ZERO_RANGE):
                raise OSError(errno.EOPNOTSUPP, "")
            self._image[offset : offset + length] = bytes(length)
            self._log.write(ENTRY.pack(b"Z", offset, length))
            return b""
        if opcode == INIT:
            answer = struct.pack(
                "<IIIIHHIIHHI",
                7,
                31,
                LONGEST,
                BIG_WRITES | MAX_PAGES,
                16,
                12,
                LONGEST,
                1,
                LONGEST // 4096,
                0,
                0,
            )
            return answer + bytes(64 - len(answer))
        if opcode == LOOKUP:
            number = NAMES.get(bytes(body).rstrip(b"\0"))
            if node != ROOT or number is None:
                raise OSError(errno.ENOENT, "")
            return struct.pack("<QQQQII", number, 0, 3600, 3600, 0, 0) + self._attributes(number)
        if opcode in (GETATTR, SETATTR):
            return struct.pack("<QII", 3600, 0, 0) + self._attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, DIRECT_IO if node == MARKER else 0, 0)
        if opcode == STATFS:
            return struct.pack("<QQQQQIII", 1 << 20, 1 << 19, 1 << 19, 99, 9, 4096, 255, 4096) + bytes(28)
        if opcode in (RELEASE, RELEASEDIR, FLUSH, ACCESS, DESTROY):
            return b""
        raise OSError(errno.ENOSYS, "")

    def _write(self, node: int, offset: int, data: bytes) -> bytes:
        if node == DISK:
            self._image[offset : offset + len(data)] = data
            self._log.write(ENTRY.pack(b"W", offset, len(data)) + data)
        else:
            self._log.write(ENTRY.pack(b"M", 0, len(data)) + data)
        return struct.pack("<II", len(data), 0)

    def _attributes(self, node: int) -> bytes:
        size = len(self._image) if node == DISK else 0
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o600
        return _ATTR.pack(
            node, size, size // 512, *(0,) * 6, mode, 2 if node == ROOT else 1, 0, 0, 0, 4096, 0
        )


def mount(folder: Path) -> int:
    """Mount FUSE on *folder*; return the descriptor of the requests."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"recorder", os.fsencode(folder), b"fuse", ctypes.c_ulong(0), options):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return device


def main() -> None:
    """Serve ``FOLDER IMAGE LOG`` until FOLDER is unmounted."""
    folder, image, log = map(Path, sys.argv[1:4])
    device = mount(folder)
    print("mounted", flush=True)
    Recorder(device, image.read_bytes(), log).serve()


if __name__ == "__main__":
    main()
