"""The file of the settings: its faults, and who may read it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.board.redaction import has_secret
from linkymonitor.doctor.base import AS_ROOT, Row, State, Subject, to_mend, unseen, well
from linkymonitor.errors import ConfigError
from linkymonitor.ini_file import Fault, content
from linkymonitor.language import Text
from linkymonitor.system import users

if TYPE_CHECKING:
    import pwd

_WHAT = Text("fichier des réglages", "file of the settings")


def check(subject: Subject) -> list[Row]:
    """Look at the faults of the file, and at who may read it."""
    rows = [_fault(subject.settings.path, fault) for fault in subject.misread]
    if not any(fault.is_of_whole for fault in subject.misread):
        readers = _readers(subject)
        # That its readers are the right ones does not make a file with a fault well.
        if not rows or readers.state is not State.WELL:
            rows.append(readers)
    return rows


def _fault(path: Path, fault: Fault) -> Row:
    finding = fault.placed + Text(" ; ", "; ") + fault.instead
    if fault.is_of_whole and _is_closed(path):
        return unseen("settings", _WHAT, finding, AS_ROOT)
    place = f"{path}" if fault.line is None else f"+{fault.line} {path}"
    cure = Text(
        f"« sudo nano {place} », corrigez ; « linkymonitor check » dit s'il reste une faute",
        f"“sudo nano {place}”, correct it; “linkymonitor check” says whether a fault is left",
    )
    return to_mend("settings", _WHAT, finding, cure, line=fault.line)


def _is_closed(path: Path) -> bool:
    """Return whether this user may not read *path*."""
    try:
        content(path)
    except ConfigError as error:
        return isinstance(error.__cause__, PermissionError)
    return False


def _readers(subject: Subject) -> Row:
    """Look whether the settings can be read by the service, and by nobody else when they have a secret."""
    path = subject.settings.path
    status, text = path.stat(), content(path).decode("utf-8", "replace")
    owner = users.user(subject.world.user)
    mend = _keeper(path, owner) if os.geteuid() in (0, status.st_uid) else None
    name = owner.pw_name if owner else "root"
    cure = Text(
        f"« sudo chgrp {name} {path} » et « sudo chmod 640 {path} »",
        f"“sudo chgrp {name} {path}” and “sudo chmod 640 {path}”",
    )
    if status.st_mode & 0o007 and has_secret(text):
        finding = Text(
            f"{path} a un mot de passe ou un jeton, et tous peuvent le lire",
            f"{path} has a password or a token, and everybody may read it",
        )
        return to_mend("settings-file", _WHAT, finding, cure, mend)
    if owner is not None and not _may_read(owner, status):
        finding = Text(f"{name} ne peut pas lire {path}", f"{name} cannot read {path}")
        return to_mend("settings-file", _WHAT, finding, cure, mend)
    return well("settings-file", _WHAT, Text(str(path), str(path)))


def _may_read(user: pwd.struct_passwd, status: os.stat_result) -> bool:
    if user.pw_uid == status.st_uid:
        return bool(status.st_mode & 0o400)
    if status.st_gid in os.getgrouplist(user.pw_name, user.pw_gid):
        return bool(status.st_mode & 0o040)
    return bool(status.st_mode & 0o004)


def _keeper(path: Path, owner: pwd.struct_passwd | None) -> Callable[[], None]:
    """Return what lets *owner* read the file *path*, and nobody else but its own user."""

    def keep() -> None:
        if owner is not None and os.geteuid() == 0:
            os.chown(path, -1, owner.pw_gid)
        path.chmod(0o640)

    return keep
