"""Changes files of the machine so that each can be taken back: what was there is kept before it is replaced."""

# Strategy
#
# - A change goes: keep the old content, write the change into the journal, replace the file; each is on the card before
#   the next. So whenever the power is cut, the journal knows every file that may have been replaced.
# - An entry does not say that a change was made, but what the file was before and would be after. To take it back is:
#   a file that is as after becomes as before; one that is as before needs nothing; any other was edited since and is
#   left alone. This is right after a cut between any two steps, and when it is called twice.
# - A file is replaced by another one with the same owner, group and mode, written aside, synced and renamed: the boot
#   partition is FAT, which has no journal of its own.
# - Root reads this journal, and the folder above it belongs to the service. A journal that root alone could not have
#   written is not believed.

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from linkymonitor.errors import LineBusy, StorageError
from linkymonitor.language import Text
from linkymonitor.system.disk import Disk, SystemDisk
from linkymonitor.system.json_text import read_json
from linkymonitor.system.own_files import CREATE, sync_directory, write_all
from linkymonitor.system.troubles import trouble

#: The folder of the journal, below the root.
FOLDER = Path("var/lib/linkymonitor/setup")
_JOURNAL = "journal.json"
_SCHEMA = 1
#: No file that is changed here is larger, in bytes.
_LARGEST = 10_000_000


class Content(NamedTuple):
    """What is at a path: a file, or a symbolic link, whose data are its target."""

    data: bytes
    link: bool = False


class Change(NamedTuple):
    """A file to be written, or removed."""

    #: Below the root; the root itself is no part of it.
    path: Path
    #: None: the file is removed.
    after: Content | None
    #: What the change is for.
    why: Text
    #: The mode of a file that is new.
    mode: int = 0o644


class _State(NamedTuple):
    """What is at a path, as the journal has it."""

    kind: str = "absent"
    digest: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0

    def is_like(self, other: _State) -> bool:
        return (self.kind, self.digest) == (other.kind, other.digest)


class Undone(NamedTuple):
    """What became of the changes that were to be taken back."""

    restored: list[Path]
    #: Files that were edited after the change and are left alone → the lines in them that are of the changes.
    edited: dict[Path, list[str]]


def content(path: Path) -> Content | None:
    """Return what is at *path*; None when there is nothing.

    Raises:
        StorageError: it cannot be read, or is neither a file nor a link.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return Content(os.fsencode(path.readlink()), link=True)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise StorageError(
                Text(
                    f"{path} : pas un fichier que setup sache changer",
                    f"{path}: no file that setup can change",
                )
            )
        return Content(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise trouble(path, error) from error


class Journal:
    """The journal of the changes below *root*.

    Args:
        root: ``/``, or the folder of an image.
        disk: the calls of the operating system; a test cuts the power between two of them.
    """

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._disk = disk or SystemDisk()

    def apply(self, change: Change) -> bool:
        """Make *change*; return False when there was nothing to do.

        Raises:
            StorageError: the file is as it was.
        """
        path = self._root / change.path
        before = content(path)
        if before == change.after:
            return False
        entries = self._entries()
        number = max((entry["number"] for entry in entries), default=0) + 1
        self._make_folder()
        state = _state(path, before)
        if before is not None and not before.link:
            own = _State("file", mode=0o600, uid=os.geteuid(), gid=os.getegid())
            self._put(self._kept(number), before, own)
        after = _state_of(change.after)
        entries.append(
            {
                "number": number,
                "path": str(change.path),
                "why": [change.why.fr, change.why.en],
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "before": list(state),
                "after": list(after),
                "lines": _new_lines(before, change.after),
                "undone": False,
            }
        )
        self._keep(entries)
        like = state if before is not None and not before.link else _new_state(change.mode)
        self._put(path, change.after, like)
        return True

    def undo(self) -> Undone:
        """Take back every change, the newest first.

        Raises:
            StorageError: a file cannot be read or written; those before it are taken back.
        """
        entries = self._entries()
        done = Undone([], {})
        for entry in sorted(entries, key=lambda entry: -entry["number"]):
            if entry["undone"]:
                continue
            if Path(entry["path"]) in done.edited:
                self._note_lines(entry, done)
                continue
            self._take_back(entry, done)
            if entry["undone"]:
                self._keep(entries)
        for entry in entries:
            if entry["undone"]:
                with suppress(FileNotFoundError):
                    self._disk.remove(str(self._kept(entry["number"])))
        return done

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out until the context ends.

        Raises:
            LineBusy: another process is in there.
            StorageError: the folder of the journal cannot be made.
        """
        self._make_folder()
        # The folder itself is locked: a run that has nothing to do writes nothing.
        descriptor = self._disk.open(str(self._folder), os.O_RDONLY | os.O_DIRECTORY, 0)
        try:
            try:
                self._disk.lock(descriptor)
            except BlockingIOError as error:
                raise LineBusy(
                    Text(
                        f"{self._folder} : un autre setup est en cours ; attendez qu'il ait fini",
                        f"{self._folder}: another setup is at work; wait until it has ended",
                    )
                ) from error
            yield
        finally:
            self._disk.close(descriptor)

    def is_empty(self) -> bool:
        """Return whether there is no change to take back."""
        return all(entry["undone"] for entry in self._entries())

    def _take_back(self, entry: dict[str, Any], done: Undone) -> None:
        inside = Path(entry["path"])
        path = self._root / inside
        before, after = _State(*entry["before"]), _State(*entry["after"])
        now = _state_of(content(path))
        if now.is_like(before):
            entry["undone"] = True
        elif now.is_like(after):
            self._put(path, self._old(entry["number"], before), before)
            entry["undone"] = True
            if inside not in done.restored:
                done.restored.append(inside)
        else:
            self._note_lines(entry, done)

    def _note_lines(self, entry: dict[str, Any], done: Undone) -> None:
        """Note the lines of the change *entry* that are still in its file; journals of before have no lines."""
        inside = Path(entry["path"])
        there = _lines(content(self._root / inside))
        ours = [line for line in entry.get("lines", ()) if line in there]
        done.edited[inside] = ours + done.edited.get(inside, [])

    def _old(self, number: int, before: _State) -> Content | None:
        """Return what was there before change *number*."""
        if before.kind == "absent":
            return None
        if before.kind == "link":
            return Content(os.fsencode(before.digest), link=True)
        kept = content(self._kept(number))
        if kept is None or _state_of(kept).digest != before.digest:
            path = self._kept(number)
            raise StorageError(
                Text(
                    f"{path} : la copie d'avant manque ou est abîmée",
                    f"{path}: the old copy is missing or damaged",
                )
            )
        return kept

    def _put(self, path: Path, wanted: Content | None, like: _State) -> None:
        """Make *wanted* what is at *path*, with the owner, group and mode of *like*."""
        try:
            if wanted is None:
                self._disk.remove(str(path))
                sync_directory(self._disk, path.parent)
            elif wanted.link:
                self._disk.make_directory(str(path.parent), 0o755)
                aside = path.with_name(f".{path.name}.setup.tmp")
                aside.unlink(missing_ok=True)
                aside.symlink_to(os.fsdecode(wanted.data))
                self._disk.rename(str(aside), str(path))
                sync_directory(self._disk, path.parent)
            else:
                self._disk.make_directory(str(path.parent), 0o755)
                self._write(path, wanted.data, like)
        except OSError as error:
            raise trouble(path, error) from error

    def _write(self, path: Path, data: bytes, like: _State) -> None:
        aside = str(path.with_name(f".{path.name}.setup.tmp"))
        with suppress(FileNotFoundError):
            self._disk.remove(aside)
        # Root alone may read it until it has its owner.
        descriptor = self._disk.open(aside, os.O_WRONLY | os.O_EXCL | CREATE, 0o600)
        try:
            write_all(self._disk, descriptor, data)
            made = os.fstat(descriptor)
            if (made.st_uid, made.st_gid) != (like.uid, like.gid):
                os.fchown(descriptor, like.uid, like.gid)
            with suppress(PermissionError):  # FAT has one mode for all files
                os.fchmod(descriptor, like.mode)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        self._disk.rename(aside, str(path))
        sync_directory(self._disk, path.parent)

    def _make_folder(self) -> None:
        try:
            self._disk.make_directory(str(self._folder.parent), 0o755)
            self._disk.make_directory(str(self._folder), 0o700)
        except OSError as error:
            raise trouble(self._folder, error) from error
        self._refuse_a_foreign_one()

    def _kept(self, number: int) -> Path:
        return self._folder / f"{number:04}.before"

    def _keep(self, entries: list[dict[str, Any]]) -> None:
        text = json.dumps({"schema": _SCHEMA, "changes": entries}, ensure_ascii=False, indent=1)
        own = _State("file", mode=0o600, uid=os.geteuid(), gid=os.getegid())
        try:
            self._write(self._folder / _JOURNAL, f"{text}\n".encode(), own)
        except OSError as error:
            raise trouble(self._folder, error) from error

    def _entries(self) -> list[dict[str, Any]]:
        path = self._folder / _JOURNAL
        self._refuse_a_foreign_one()
        kept = content(path)
        if kept is None:
            return []
        try:
            read = read_json(kept.data)
            entries: list[dict[str, Any]] = read["changes"]
            if read["schema"] != _SCHEMA or any(map(_is_wrong, entries)):
                raise ValueError("schema")
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                Text(
                    f"{path} : illisible ; renommez ce fichier pour continuer, --undo ne saura plus rien d'avant",
                    f"{path}: cannot be read; rename this file to go on, --undo will know nothing from before",
                )
            ) from error
        return entries

    def _refuse_a_foreign_one(self) -> None:
        for path in (self._folder, self._folder / _JOURNAL):
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise trouble(path, error) from error
            if status.st_uid != os.geteuid() or status.st_mode & 0o022 or stat.S_ISLNK(status.st_mode):
                raise StorageError(
                    Text(
                        f"{path} : n'est pas à vous seul, et n'est donc pas cru ; renommez-le",
                        f"{path}: is not yours alone, so it is not believed; rename it",
                    )
                )


def _lines(there: Content | None) -> list[str]:
    """Return the lines of a file that have more than blanks."""
    if there is None or there.link:
        return []
    return [line for line in there.data.decode("utf-8", "replace").splitlines() if line.strip()]


def _new_lines(before: Content | None, after: Content | None) -> list[str]:
    """Return the lines of *after* that *before* does not have."""
    old = set(_lines(before))
    return [line for line in _lines(after) if line not in old]


def _is_wrong(entry: dict[str, Any]) -> bool:
    """Return whether *entry* leads out of the root, or has other values than this class writes."""
    path = Path(entry["path"])
    states = [_State(*entry["before"]), _State(*entry["after"])]
    numbers = [
        entry["number"],
        *(number for state in states for number in (state.mode, state.uid, state.gid)),
    ]
    return path.is_absolute() or ".." in path.parts or not all(isinstance(number, int) for number in numbers)


def _state_of(there: Content | None) -> _State:
    if there is None:
        return _State()
    if there.link:
        return _State("link", os.fsdecode(there.data))
    return _State("file", hashlib.sha256(there.data).hexdigest())


def _state(path: Path, there: Content | None) -> _State:
    """Return the state of *path*, whose content is *there*, with its owner and mode."""
    state = _state_of(there)
    if there is None:
        return state
    status = path.lstat()
    return state._replace(mode=stat.S_IMODE(status.st_mode), uid=status.st_uid, gid=status.st_gid)


def _new_state(mode: int) -> _State:
    """Return the owner and the mode of a file that is made anew: it belongs to the user of this process."""
    return _State("file", mode=mode, uid=os.geteuid(), gid=os.getegid())


def inside(root: Path, path: Path) -> Iterator[Path]:
    """Yield the file that *path* leads to below *root*, with its links followed; nothing when it leads out of it."""
    resolved, base = (root / path).resolve(), root.resolve()
    if resolved.is_relative_to(base):
        yield resolved.relative_to(base)
