"""The folders of the daemon: the folder of the log, with its lock and its salt, and the folder of latest.json."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkymonitor.errors import StorageError, UsageError
from linkymonitor.language import Text
from linkymonitor.system.json_text import read_json

if TYPE_CHECKING:
    from linkymonitor.outputs.sections import RelaySettings
    from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: The errors of a wrong configuration, which only the user can mend. Other errors may go away by themselves.
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
_PAGE = r"\d{4}-\d\d-\d\d\.html"
_DAMAGED = r".+\.bad(-\d+)?"
#: The fewest characters of a salt; a shorter one was cut.
_SALT = 16
#: The file in which a trial keeps what its folder was made for; a folder without it is not of a trial.
_FACTS = "trial.json"
#: What a folder may be made for.
SIMULATED, METER, FILE = "simulated", "meter", "file"
_MADE_FOR = {
    SIMULATED: Text("une maison simulée", "a simulated house"),
    METER: Text("un compteur", "a meter"),
    FILE: Text("un fichier", "a file"),
}


def take(storage: Storage, directory: Path, stack: ExitStack, *, needed: bool = False) -> None:
    """Make the log directory, and lock it for this process until *stack* is left.

    A card that cannot be written does not stop the daemon: lines of the log wait in memory, and the log warns and
    tries again.

    Args:
        storage: makes and locks the directory.
        directory: the log directory.
        stack: keeps the lock.
        needed: whether the program cannot go on without the directory.

    Raises:
        LineBusy: another process writes its log in *directory*.
        StorageError: the configuration is wrong (_MISCONFIGURED), or the directory is *needed* and cannot be used.
    """
    try:
        storage.make_directory(directory)
        stack.enter_context(storage.lock(directory))
    except StorageError as error:
        cause = error.__cause__
        if needed or not isinstance(cause, OSError) or cause.errno in _MISCONFIGURED:
            raise


def make_room(storage: Storage, log_dir: Path, pages: Path) -> bool:
    """Remove the oldest page, which can be drawn again, or else a damaged file that was set aside; never a log.

    Returns:
        True when a file was removed.
    """
    return storage.remove_first(pages, re.compile(_PAGE)) or storage.remove_first(
        log_dir, re.compile(_DAMAGED)
    )


def keep_fail_states(storage: Storage, relays: Iterable[RelaySettings]) -> None:
    """Keep the fail states of *relays* in memory, where `safe` finds them after a crash.

    Only a service keeps them: its folder vanishes with it. Without the file `safe` reads the configuration.

    Args:
        storage: writes the file.
        relays: the relays that are driven.
    """
    from linkymonitor.outputs.fail_states import fail_states, file_of, written

    if not os.environ.get("RUNTIME_DIRECTORY"):
        return
    states = fail_states(relays)
    try:
        storage.replace(file_of(os.environ), written(states), sync=False)
    except StorageError as error:
        if states:
            without = Text(
                " ; « linkymonitor safe » lira la configuration",
                "; “linkymonitor safe” will read the settings",
            )
            log.warning("%s", error.text + without)


def of_latest(wanted: Path | None, storage: Storage, *, meter: bool) -> Path | None:
    """Return the folder of latest.json, made if need be; None when no folder can be used.

    Args:
        wanted: the folder of the configuration; None: the folder that systemd or the session gives, else
            /run/linkymonitor.
        storage: makes the folder.
        meter: True when a meter is read. /run/linkymonitor is for a meter only: a file or a simulated house uses it
            only when the configuration names it.

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
        # Checked once here, else each frame would fail.
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


def facts(directory: Path) -> dict[str, Any]:
    """Return what a trial keeps in the log directory; empty when it is not of a trial, or the file is damaged."""
    try:
        kept = read_json((directory / _FACTS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) and kept.get("made_for") in _MADE_FOR else {}


def keep_facts(storage: Storage, directory: Path, made_for: str, more: Mapping[str, object]) -> None:
    """Keep in the log directory that a trial made it for SIMULATED, METER or FILE, and *more*.

    Raises:
        StorageError: the file cannot be written.
    """
    text = json.dumps({"made_for": made_for, **more}, ensure_ascii=False, indent=1)
    storage.replace(directory / _FACTS, f"{text}\n".encode())


def keep_to(directory: Path, wanted: str) -> None:
    """Refuse a log directory that a trial made for something else than *wanted*: SIMULATED, METER or FILE.

    Raises:
        UsageError: it was made for something else.
    """
    made_for = facts(directory).get("made_for", wanted)
    if made_for != wanted:
        raise UsageError(
            Text(
                f"{directory} : ce journal est celui d'{_MADE_FOR[made_for].fr} ; pour {_MADE_FOR[wanted].fr}, "
                "choisissez un autre dossier",
                f"{directory}: this log is of {_MADE_FOR[made_for].en}; choose another folder for "
                f"{_MADE_FOR[wanted].en}",
            )
        )


def salt(storage: Storage, directory: Path) -> str:
    """Return the salt of the hashes of meter addresses: a random one, kept in a file beside the log."""
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
        # The next start may be able to read the salt, so it is kept. A new salt would look like another meter.
        return drawn
    if kept and not damaged:
        return kept
    # While the card cannot be written, each start has its own salt.
    with suppress(StorageError):
        if damaged:
            storage.set_aside(path)
        storage.replace(path, f"{drawn}\n".encode(), mode=0o600)
    return drawn
