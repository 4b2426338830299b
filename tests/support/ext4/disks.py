"""Real ext4 on a recorded disk, and the states in which a power cut may leave that disk."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.ext4 import recorder

SIZE = 16 << 20
SECTOR = 512
KINDS = ("prefix", "dropall", "subset", "torn")


def obstacle() -> str:
    """Return the reason why this machine cannot make a recording; empty when it can."""
    if os.geteuid() != 0:
        return "needs root to mount"
    for path in ("/dev/fuse", "/dev/loop-control"):
        if not Path(path).exists():
            return f"needs {path}"
    for program in ("mkfs.ext4", "losetup", "mount", "umount"):
        if shutil.which(program) is None:
            return f"needs {program}"
    known = Path("/proc/filesystems").read_text(encoding="ascii").split()
    for system in ("ext4", "fuse"):
        if system not in known:
            return f"the kernel does not know {system}"
    return ""


def run(*command: str | Path) -> str:
    """Run *command*; return its output."""
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


class Disk:
    """A recorded disk with a filesystem that is mounted."""

    def __init__(self, filesystem: Path, marker: int) -> None:
        self.filesystem = filesystem
        self._marker = marker

    def mark(self, text: str) -> None:
        """Add *text* as a marker between the writes."""
        os.write(self._marker, text.encode())


@contextmanager
def recorded(folder: Path, options: str = "defaults") -> Iterator[Disk]:
    """Yield a fresh ext4 on a recorded disk; afterwards ``image`` and ``record`` are in *folder*."""
    image, record, front, inside = (folder / name for name in ("image", "record", "front", "inside"))
    front.mkdir()
    inside.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
    # In its own process: the kernel sends it requests while this process waits for the kernel.
    program = Path(recorder.__file__)
    with subprocess.Popen(
        [sys.executable, str(program), str(front), str(image), str(record)], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        if server.stdout.readline() != b"mounted\n":
            server.wait(10)
            raise OSError("FUSE cannot be mounted")
        device = ""
        try:
            device = run("losetup", "-f", "--show", front / "disk")
            run("mount", "-o", options, device, inside)
            marker = os.open(front / "marker", os.O_WRONLY)
            try:
                yield Disk(inside, marker)
            finally:
                os.close(marker)
                run("umount", inside)
        finally:
            if device:
                run("losetup", "-d", device)
            run("umount", front)
            server.wait(30)


class State(NamedTuple):
    """A disk as a power cut may leave it, and the markers before the cut."""

    kind: str
    image: bytes
    markers: list[str]


class _Event(NamedTuple):
    kind: bytes
    offset: int
    data: bytes


def events(record: Path) -> list[_Event]:
    """Return the recorded events, in order."""
    content, position, found = record.read_bytes(), 0, []
    while position < len(content):
        kind, offset, length = recorder.ENTRY.unpack_from(content, position)
        position += recorder.ENTRY.size
        if kind == b"Z":
            found.append(_Event(b"W", offset, bytes(length)))
            continue
        held = length if kind in b"WM" else 0
        found.append(_Event(kind, offset, content[position : position + held]))
        position += held
    return found


def written(found: list[_Event]) -> int:
    """Return how many bytes reached the disk."""
    return sum(len(event.data) for event in found if event.kind == b"W")


def crash_states(folder: Path, count: int, chance: random.Random) -> Iterator[State]:
    """Yield *count* states of the recording in *folder*, between its first marker and the marker END."""
    found = events(folder / "record")
    durable = bytearray((folder / "image").read_bytes())
    pending: list[_Event] = []
    markers: list[str] = []
    marks = [n for n, event in enumerate(found) if event.kind == b"M"]
    # Half of the states are right after a marker.
    points = chance.choices(range(marks[0] + 1, marks[-1]), k=count - count // 2)
    points = sorted(points + chance.choices(marks[1:-1], k=count // 2))
    for number, event in enumerate(found):
        if event.kind == b"W":
            pending.append(event)
        elif event.kind == b"F":
            for one in pending:
                _put(durable, one)
            pending.clear()
        else:
            markers.append(event.data.decode())
        while points and points[0] == number:
            points.pop(0)
            kind = KINDS[len(points) % len(KINDS)]
            yield State(kind, _cut(kind, durable, pending, chance), list(markers))


def _cut(kind: str, durable: bytearray, pending: list[_Event], chance: random.Random) -> bytes:
    image = bytearray(durable)
    kept = pending if kind != "dropall" else []
    if kind == "subset":
        kept = [one for one in pending if chance.random() < 0.5]
    elif kind == "torn" and pending:
        last = chance.randrange(len(pending))
        torn = pending[last]
        sectors = max(len(torn.data) // SECTOR, 1)
        kept = [*pending[:last], torn._replace(data=torn.data[: chance.randrange(sectors) * SECTOR])]
    for one in kept:
        _put(image, one)
    return bytes(image)


def _put(image: bytearray, event: _Event) -> None:
    image[event.offset : event.offset + len(event.data)] = event.data


@contextmanager
def mounted(image: bytes, folder: Path) -> Iterator[tuple[Path, bool]]:
    """Mount the filesystem of *image* after the cut; yield its folder, and whether it had to be repaired."""
    file, inside = folder / "state", folder / "after"
    file.write_bytes(image)
    inside.mkdir(exist_ok=True)
    repaired = False
    try:
        run("mount", "-o", "loop", file, inside)
    except subprocess.CalledProcessError:
        # The deployment guide asks for fsck.repair=yes.
        subprocess.run(["e2fsck", "-fy", str(file)], check=False, capture_output=True, timeout=60)
        run("mount", "-o", "loop", file, inside)
        repaired = True
    try:
        yield inside, repaired
    finally:
        run("umount", inside)
