"""The folders of the daemon: that of the log, with its lock and its salt, and that of latest.json."""

from __future__ import annotations

import errno
import logging
import os
import re
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.errors import StorageError
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: The errors of a wrong configuration, which only its owner can mend; any other error of a card may pass.
_MISCONFIGURED = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}
_PAGE = re.compile(r"\d{4}-\d\d-\d\d\.html")
_DAMAGED = re.compile(r".+\.bad(-\d+)?")
#: The fewest characters of a salt; a shorter one was cut.
_SALT = 16


def take(storage: Storage, directory: Path, stack: ExitStack) -> None:
    """Make the log directory, and keep other processes out of it until *stack* is left.

    A card that cannot be written is no reason to stop: the log waits in memory, reports it, and tries again.

    Raises:
        LineBusy: another process writes its log there.
        StorageError: the fault is one of the configuration.
    """
    try:
        storage.make_directory(directory)
        stack.enter_context(storage.lock(directory))
    except StorageError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno in _MISCONFIGURED:
            raise


def make_room(storage: Storage, log_dir: Path, pages: Path) -> bool:
    """Remove the oldest page, which can be drawn again, or a damaged file that was set aside; never a log.

    Returns:
        Whether there was one.
    """
    return storage.remove_first(pages, _PAGE) or storage.remove_first(log_dir, _DAMAGED)


def of_latest(wanted: Path | None, storage: Storage, *, meter: bool) -> Path | None:
    """Return the folder of latest.json, made if need be; None when there is none to be had.

    Args:
        wanted: the folder of the configuration; None: the one that systemd or the session gives, else
            /run/linkymonitor.
        storage: makes the folder.
        meter: whether a meter is read. Without *wanted* or a folder of one's own, that of the machine is for a
            meter only, not for a file or a simulated house.

    Raises:
        StorageError: *wanted* cannot be written.
    """
    given = os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("XDG_RUNTIME_DIR")
    if not (wanted or given or meter):
        return None
    directory = wanted or Path(given or "/run")
    if wanted is None and directory.name != "linkymonitor":
        directory /= "linkymonitor"
    try:
        storage.make_directory(directory)
        # To be found out now, once, and not with each frame.
        if not os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
            raise StorageError(
                Text(
                    f"{directory} : l'utilisateur de linkymonitor ne peut pas y écrire ; donnez-lui ce dossier, "
                    "ou nommez-en un autre avec [general] runtime_dir",
                    f"{directory}: the user that runs linkymonitor cannot write there; give it the folder, "
                    "or name another with [general] runtime_dir",
                )
            )
    except StorageError as error:
        if wanted is not None:
            raise
        without = Text(" ; on s'en passe : pas de latest.json", "; going on without: no latest.json")
        log.warning("%s", error.text + without)
        return None
    return directory


def salt(storage: Storage, directory: Path) -> str:
    """Return what meter numbers are hashed with: drawn once for a log directory and kept beside the log."""
    path = directory / "salt"
    drawn = os.urandom(_SALT).hex()
    kept, damaged = "", False
    try:
        kept = path.read_text(encoding="ascii").strip()
        damaged = len(kept) < _SALT or not kept.isprintable()  # a power cut may leave it empty, or all NUL
    except FileNotFoundError:
        pass
    except (UnicodeDecodeError, IsADirectoryError):
        damaged = True
    except OSError:
        # It may be read the next time: with another one kept, the meter would be another for ever.
        return drawn
    if kept and not damaged:
        return kept
    # Without a card to keep it on, another one is drawn at each start.
    with suppress(StorageError):
        if damaged:
            storage.set_aside(path)
        storage.replace(path, f"{drawn}\n".encode(), mode=0o600)
    return drawn
