"""``purge --before DATE``: removes the personal data of the days before a date: logs, summaries, pages, held groups."""

# Strategy
#
# - What is old is listed, shown, and then removed one file after the other. Each step leaves whole files, and the next
#   call goes on where a power cut ended this one.
# - A local day is bounded by its midnights, and a file of the log by those of UTC. So the file of the eve holds the
#   first hours of the day that stays: it is cut, and the lines that give later lines their meaning stay.
# - acquire may be compressing an old file, or writing its quarantine, while this runs: its temporary file is removed
#   as well, so nothing comes back. In the end the list is made again, and what is there again is removed again.

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from linkymonitor.commands.shared import Common, say, state_dir
from linkymonitor.daily_log.files import log_file
from linkymonitor.daily_log.statements import HEADS
from linkymonitor.errors import StorageError, UsageError
from linkymonitor.language import Text, counted
from linkymonitor.meter.quarantine_file import FILE_NAME
from linkymonitor.settings import Settings
from linkymonitor.summaries.line import day_of
from linkymonitor.summaries.store import FOLDER
from linkymonitor.system import archive
from linkymonitor.system.json_text import read_json
from linkymonitor.system.storage import Storage

_DAY = timedelta(days=1)
#: How often the list is made again, because another process has written in the meantime.
_ROUNDS = 3
_DAY_NAME = re.compile(r"\.?(\d{4})[-_](\d\d)[-_](\d\d)(?!\d)")
#: A file of ours that is not yet, or never was, renamed to its own name.
_ASIDE = re.compile(r"\.(.+)\.\d+\.tmp")
_MONTH_NAME = re.compile(r"(\d{4})-(\d\d)\.(?:html|jsonl)")
_YEAR_NAME = re.compile(r"(\d{4})\.html")


class Old(NamedTuple):
    """A file with old data: removed, or replaced by what may stay."""

    path: Path
    #: Returns what may stay; None: the file is removed.
    left: Callable[[], bytes | None]
    #: What it is.
    what: Text


_COLON = Text(" : ", ": ")
_LOG = Text("journal", "log")
_SUMMARY = Text("résumés de jours", "summaries of days")
_PAGE = Text("page", "page")
_HELD = Text("groupes mis en quarantaine", "groups in quarantine")
_TABLE = Text("tableur", "spreadsheet")
_REFUSED = Text("enregistrements refusés par une destination", "records that a sink refused")


def purge(common: Common, *, before: date, dry_run: bool, yes: bool, log_dir: Path | None) -> int:
    """Remove the personal data of the local days before *before*; return the exit status.

    Args:
        common: the options of every command.
        before: the first day that stays.
        dry_run: show what would go, and remove nothing.
        yes: remove without a question.
        log_dir: the folder of the log; None: that of the configuration.

    Raises:
        UsageError: *before* is today or later, or nobody can be asked.
        LinkyMonitorError: a file cannot be read or removed.
    """
    settings, storage = common.settings(), Storage()
    log_dir = log_dir or settings.log.dir
    if before >= datetime.now(settings.zone).date():
        raise UsageError(
            Text(
                f"--before {before} : aujourd'hui et l'avenir restent ; donnez hier au plus tard",
                f"--before {before}: today and the future stay; give yesterday at the latest",
            )
        )
    if not (dry_run or yes or sys.stdin.isatty()):
        raise UsageError(
            Text(
                "purge demande une confirmation, et il n'y a pas de terminal ; ajoutez --yes",
                "purge asks for a confirmation, and there is no terminal; add --yes",
            )
        )
    found = list(_old(settings, log_dir, storage, before))
    for old in found:
        say(f"{old.path}" + _COLON + old.what)
    _tell_what_stays(settings)
    links = list(_links(settings, log_dir, storage, before))
    for path in links:
        say(
            f"{path}"
            + Text(
                " : un lien, laissé tel quel ; supprimez à la main le lien et le fichier où il mène",
                ": a link, left as it is; remove the link and the file that it leads to by hand",
            )
        )
    if not found and links:
        return 1
    if not found:
        say(Text(f"rien avant le {before}", f"nothing before {before}"))
        return 0
    if dry_run:
        say(_counted(len(found)) + Text(" ; rien n'est supprimé", "; nothing is removed"))
        return 0
    if not yes and not _agreed(len(found), before):
        say(Text("rien n'est supprimé", "nothing is removed"))
        return 0
    for _ in range(_ROUNDS):
        for old in found:
            _remove(old, storage)
        found = list(_old(settings, log_dir, storage, before))
        if not found:
            break
    for old in found:
        say(f"{old.path}" + _COLON + Text("encore là", "still there"))
    say(
        Text(
            "supprimé ; « sudo -u linkymonitor linkymonitor report » redessine le calendrier",
            "removed; 'sudo -u linkymonitor linkymonitor report' draws the calendar again",
        )
    )
    return 1 if found or links else 0


def _old(settings: Settings, log_dir: Path, storage: Storage, before: date) -> Iterator[Old]:
    """Yield the files with data of the local days before *before*."""
    midnight = datetime.combine(before, datetime.min.time(), settings.zone).astimezone(UTC)
    # Files of the log come first: the others are made of them.
    yield from _old_logs(log_dir, storage, midnight)
    for path in _files(log_dir / FOLDER, storage):
        month = _MONTH_NAME.fullmatch(_name_of(path))
        if not month or date(int(month[1]), int(month[2]), 1) >= before:
            continue
        if path.name != month[0]:
            yield Old(path, _nothing, _SUMMARY)
        else:
            yield from _cut(path, _SUMMARY, lambda row: _day_stays(row, before))
    for path in _files(settings.report.dir, storage):
        name = _name_of(path)
        if name.endswith(".html") and _is_before(name, before):
            yield Old(path, _nothing, _PAGE)
    for path in _files(log_dir, storage):
        if path.name != FILE_NAME and _name_of(path) == FILE_NAME:
            yield Old(path, _nothing, _HELD)
    yield from _cut(log_dir / FILE_NAME, _HELD, lambda row: _stamp_stays(row, midnight))
    for sink in settings.destinations.values():
        folder = getattr(sink.settings, "dir", None)
        if isinstance(folder, Path):
            for path in _files(folder, storage):
                name = _name_of(path)
                if name.endswith(".csv") and _is_before(name, before):
                    yield Old(path, _nothing, _TABLE)
    for path in _files(state_dir(settings) / "deliver", storage):
        if path.name.endswith(".refused.jsonl"):
            yield from _cut(path, _REFUSED, lambda row: _record_stays(row, midnight))


def _old_logs(log_dir: Path, storage: Storage, midnight: datetime) -> Iterator[Old]:
    """Yield the files of the log before *midnight*, and last the one that has to be cut there."""
    boundary: list[Path] = []
    for path in _files(log_dir, storage):
        found = _DAY_NAME.match(path.name)
        if found is None:
            continue
        try:
            day = date(*map(int, found.groups()))
        except ValueError:
            continue
        file = log_file(log_dir, path.name)
        if file is None:  # half compressed, or damaged and set aside
            if day <= midnight.date() - (timedelta(0) if midnight.time() != datetime.min.time() else _DAY):
                yield Old(path, _nothing, _LOG)
        elif max(file.stamped) < midnight.date():
            yield Old(path, _nothing, _LOG)
        elif file.day <= midnight.date():
            boundary.append(path)
    stamp = midnight.strftime("%Y/%m/%d %H:%M:%S").encode()
    for path in boundary:
        with suppress(FileNotFoundError):
            content = b"".join(storage.blocks(path))
            rows = content.splitlines(keepends=True)
            if any(row[:19] < stamp and not _is_statement(row) for row in rows):
                yield Old(path, lambda path=path, rows=rows: _from(path, rows, stamp), _LOG)  # type: ignore[misc]


def _is_statement(row: bytes) -> bool:
    return row[19:].startswith(HEADS)


def _from(path: Path, rows: list[bytes], stamp: bytes) -> bytes | None:
    """Return the content of the file *path* from *stamp* on, below what gives these lines their meaning.

    None when there is nothing from *stamp* on.
    """
    late = [row for row in rows if row[:19] >= stamp]
    if not late:
        return None
    early = [row for row in rows if row[:19] < stamp]
    heads = [next((row for row in reversed(early) if row[19:].startswith(head)), b"") for head in HEADS]
    left = b"".join([*heads, *late])
    return b"".join(archive.compressed([left])) if path.suffix == ".gz" else left


def _cut(path: Path, what: Text, stays: Callable[[bytes], bool]) -> Iterator[Old]:
    """Yield *path* when a line of it does not stay."""
    if path.is_symlink():
        return
    try:
        rows = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path) from error
    left = [row for row in rows if stays(row)]
    if len(left) < len(rows):
        yield Old(path, lambda: b"".join(left) or None, what)


def _unreadable(path: Path) -> StorageError:
    return StorageError(
        Text(f"{path} : lecture impossible ; lancez purge avec sudo", f"{path}: cannot be read; use sudo")
    )


def _name_of(path: Path) -> str:
    """Return the name that *path* has, or would have got had the power not been cut while it was written."""
    aside = _ASIDE.fullmatch(path.name)
    return aside[1] if aside else path.name


def _nothing() -> None:
    return None


def _day_stays(row: bytes, before: date) -> bool:
    day = day_of(row.rstrip(b"\n"))
    return day is not None and day >= before


def _stamp_stays(row: bytes, midnight: datetime) -> bool:
    return row[:19] >= midnight.strftime("%Y/%m/%d %H:%M:%S").encode()


def _record_stays(row: bytes, midnight: datetime) -> bool:
    try:
        at = datetime.fromisoformat(read_json(row)["record"]["ended_at"].replace("Z", "+00:00"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return at > midnight


def _is_before(name: str, before: date) -> bool:
    """Return whether the page or table *name* is of a day, month or year that has days before *before*."""
    if day := _DAY_NAME.match(name):
        return day[0].lstrip(".").replace("_", "-") < before.isoformat()
    if month := _MONTH_NAME.fullmatch(name):
        return f"{month[1]}-{month[2]}-01" < before.isoformat()
    if year := _YEAR_NAME.fullmatch(name):
        return f"{year[1]}-01-01" < before.isoformat()
    return False


def _files(folder: Path, storage: Storage) -> Iterator[Path]:
    for path in _paths(folder, storage):
        if path.is_file() and not path.is_symlink():
            yield path


def _paths(folder: Path, storage: Storage) -> list[Path]:
    try:
        names = storage.names(folder) if folder.is_dir() else []
    except OSError as error:
        raise _unreadable(folder) from error
    return [folder / name for name in sorted(names, key=lambda name: (not name.startswith("."), name))]


def _links(settings: Settings, log_dir: Path, storage: Storage, before: date) -> Iterator[Path]:
    """Yield the links with the name of an old file: root must not remove what somebody else has linked."""
    for folder in (log_dir, log_dir / FOLDER, settings.report.dir):
        for path in _paths(folder, storage):
            if path.is_symlink() and (path.name == FILE_NAME or _is_before(path.name, before)):
                yield path


def _remove(old: Old, storage: Storage) -> None:
    """Remove *old*, or put what may stay in its place, with the owner that it has."""
    left = old.left()
    if left is None:
        storage.remove(old.path)
        return
    try:
        status = old.path.stat()
    except FileNotFoundError:
        return
    storage.replace(old.path, left, mode=status.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(old.path, status.st_uid, status.st_gid)


def _counted(count: int) -> Text:
    return counted(count, Text("fichier", "file"), Text("fichiers", "files"))


def _agreed(count: int, before: date) -> bool:
    files = _counted(count)
    question = Text(
        f"Supprimer pour de bon ce qui précède le {before} ({files.fr}) ? [o]ui, [N]on : ",
        f"Remove for good what is before {before} ({files.en})? [y]es, [N]o: ",
    )
    try:
        return input(str(question)).strip().lower()[:1] in ("o", "y")
    except EOFError:
        return False


def _tell_what_stays(settings: Settings) -> None:
    """Name the places that purge cannot reach."""
    for name, sink in settings.destinations.items():
        if isinstance(getattr(sink.settings, "dir", None), Path):
            continue
        say(
            Text(
                f"[sink:{name}] : ce qui y a été envoyé y reste ; supprimez-le là-bas. Ce qui attendait n'y ira plus",
                f"[sink:{name}]: what was sent there stays there; remove it there. What still waited is not sent",
            )
        )
