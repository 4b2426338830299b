"""The card: its space, wear and errors, and the folders with their owners."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from linkymonitor.doctor.base import Row, Subject, to_mend, unread, unseen, well
from linkymonitor.doctor.world import World
from linkymonitor.language import Text
from linkymonitor.system import users

_SPACE = Text("place", "space")
_MOUNT = Text("lecture seule", "read-only")
_WEAR = Text("usure de la carte", "wear of the card")
_FAULTS = Text("erreurs de la carte", "errors of the card")

#: A year of logs takes 150 MB when it is compressed each night; below this many bytes something has to go.
_LEAST_SPACE = 200 << 20
#: mmc life time: units of 10 % that are used up; 0 is not known, 11 is beyond the end.
_WORN = 9
_FOLDER_MODE = 0o755


def space(subject: Subject) -> list[Row]:
    """Look at the free space of the folder of the log."""
    folder = _existing(subject.settings.log.dir)
    try:
        found = subject.world.space(folder)
    except OSError as error:
        return [unread("space", _SPACE, error)]
    free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    finding = Text(
        f"{_mega(free)} Mo libres sur {_mega(total)} Mo pour {subject.settings.log.dir}",
        f"{_mega(free)} MB free of {_mega(total)} MB for {subject.settings.log.dir}",
    )
    if free >= _LEAST_SPACE and (not found.f_files or found.f_favail):
        return [well("space", _SPACE, finding, None, free=free, total=total)]
    cure = Text(
        "faites de la place : « sudo journalctl --vacuum-size=50M », « sudo apt clean », ou copiez ailleurs "
        f"puis supprimez les vieux journaux de {subject.settings.log.dir}",
        "free some space: “sudo journalctl --vacuum-size=50M”, “sudo apt clean”, or copy the old logs of "
        f"{subject.settings.log.dir} elsewhere, then remove them",
    )
    return [to_mend("space", _SPACE, finding, cure, None, free=free, total=total)]


def mounts(subject: Subject) -> list[Row]:
    """Look whether the folders that are written are on a file system that can be written."""
    table = subject.world.text("/proc/self/mounts") or subject.world.text("/proc/mounts")
    if table is None:
        return [unseen("mount", _MOUNT, Text("/proc/mounts illisible", "/proc/mounts cannot be read"))]
    rows = []
    settings = subject.settings
    for folder in dict.fromkeys((settings.log.dir, settings.report.dir, subject.state_dir)):
        point, device, options = _mount_of(_existing(folder), table)
        if "ro" not in options:
            continue
        finding = Text(
            f"{folder} est sur {point}, monté en lecture seule", f"{folder} is on {point}, mounted read-only"
        )
        cure = Text(
            f"« sudo mount -o remount,rw {point} » ; si c'est refusé, la carte a des erreurs : « sudo fsck {device} » "
            "au démarrage, ou une carte neuve ; avec une racine en lecture seule voulue, mettez le journal sur une "
            "autre partition",
            f"“sudo mount -o remount,rw {point}”; if that is refused the card has errors: “sudo fsck {device}” at "
            "boot, or a new card; where the root is read-only by intention, put the log on another partition",
        )
        rows.append(to_mend("mount", _MOUNT, finding, cure))
    return rows or [well("mount", _MOUNT, Text("aucun dossier n'y est", "no folder is"))]


def _mount_of(folder: Path, table: str) -> tuple[str, str, list[str]]:
    """Return the mount point, the device and the options of the file system of *folder*."""
    best = ("/", "?", [""])
    for line in table.splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1])
        if Path(folder).resolve().is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, fields[0], fields[3].split(","))
    return best


def wear(subject: Subject) -> list[Row]:
    """Look at the life time of the card, and at the bytes written since the boot."""
    world = subject.world
    block = next(iter(sorted(world.path("/sys/block").glob("mmcblk[0-9]"))), None)
    if block is None:
        return [unseen("wear", _WEAR, Text("pas de carte SD ici", "no SD card here"))]
    rows = []
    written = _written(world, block)
    life = (world.text(f"/sys/block/{block.name}/device/life_time") or "").split()
    worst = max((int(word, 16) for word in life if re.fullmatch(r"0x[0-9a-f]+", word)), default=0)
    if worst > _WORN:
        finding = Text(f"{worst * 10} % de la vie de la carte", f"{worst * 10}% of the life of the card")
        cure = Text("copiez le journal, puis changez la carte", "copy the log, then change the card")
        rows.append(to_mend("wear", _WEAR, finding, cure, None, life=worst, written=written))
    else:
        finding = Text(
            f"{_mega(written)} Mo écrits depuis le démarrage", f"{_mega(written)} MB written since the boot"
        )
        if worst:
            finding = Text(f"{worst * 10} % de sa vie ; ", f"{worst * 10}% of its life; ") + finding
        rows.append(well("wear", _WEAR, finding, None, life=worst or None, written=written))
    counts = sorted(world.path("/sys/fs/ext4").glob("*/errors_count"))
    if any(path.read_text("utf-8", "replace").strip() not in ("", "0") for path in counts):
        finding = Text("le système de fichiers a noté des erreurs", "the file system has noted errors")
        cure = Text(
            "ajoutez fsck.mode=force à cmdline.txt pour un démarrage ; si elles reviennent, changez la carte",
            "add fsck.mode=force to cmdline.txt for one boot; if they come back, change the card",
        )
        rows.append(to_mend("card-errors", _FAULTS, finding, cure))
    return rows


def _written(world: World, block: Path) -> int:
    """Return the bytes written to *block* since the boot; a sector has 512 bytes."""
    fields = (world.text(f"/sys/block/{block.name}/stat") or "").split()
    return int(fields[6]) * 512 if len(fields) > 6 else 0


def folders(subject: Subject) -> list[Row]:
    """Look at the folders that are written, and at their owners."""
    settings = subject.settings
    rows = []
    for name, folder, what in (
        ("log-dir", settings.log.dir, Text("dossier du journal", "folder of the log")),
        ("report-dir", settings.report.dir, Text("dossier des pages", "folder of the pages")),
        ("state-dir", subject.state_dir, Text("dossier de l'état", "folder of the state")),
    ):
        rows.append(_folder(name, what, folder, subject.world.user))
    return rows


def _folder(name: str, what: Text, folder: Path, service: str) -> Row:
    owner = users.user(service) or users.user_of(os.geteuid())
    user = owner.pw_name if owner else str(os.geteuid())
    uid, gid = (owner.pw_uid, owner.pw_gid) if owner else (os.geteuid(), os.getegid())
    own = Text(f"{folder}, à {user}", f"{folder}, of {user}")
    if not folder.exists():
        finding = Text(f"{folder} n'existe pas", f"{folder} does not exist")
        cure = Text(
            f"« sudo install -d -o {user} -m 755 {folder} », ou « sudo linkymonitor doctor --fix »",
            f"“sudo install -d -o {user} -m 755 {folder}”, or “sudo linkymonitor doctor --fix”",
        )
        return to_mend(name, what, finding, cure, _maker(folder, uid, gid))
    if folder.is_symlink() or not folder.is_dir():
        finding = Text(f"{folder} n'est pas un dossier", f"{folder} is no folder")
        cure = Text("ôtez-le, ou nommez un autre dossier", "remove it, or name another folder")
        return to_mend(name, what, finding, cure)
    status = folder.stat()
    wide = status.st_mode & 0o002
    if status.st_uid != uid or wide:
        holder = users.name_of(status.st_uid)
        if wide:
            finding = Text(f"{folder} : tous peuvent y écrire", f"{folder}: everybody may write there")
        else:
            finding = Text(
                f"{folder} est à {holder}, non à {user}", f"{folder} belongs to {holder}, not to {user}"
            )
        cure = Text(
            f"« sudo chown -R {user}: {folder} » et « sudo chmod o-w {folder} »",
            f"“sudo chown -R {user}: {folder}” and “sudo chmod o-w {folder}”",
        )
        return to_mend(name, what, finding, cure, _giver(folder, uid, gid))
    foreign = next(
        (one.name for one in _given(folder) if not one.is_symlink() and one.stat().st_uid != uid),
        None,
    )
    if foreign:
        finding = Text(
            f"{folder}/{foreign} n'est pas à {user}", f"{folder}/{foreign} does not belong to {user}"
        )
        cure = Text(
            f"« sudo chown -R {user}: {folder}/{foreign} »", f"“sudo chown -R {user}: {folder}/{foreign}”"
        )
        return to_mend(name, what, finding, cure, _giver(folder, uid, gid))
    return well(name, what, own)


def _given(folder: Path) -> list[Path]:
    """Return what has to belong to the user in *folder*: all but a folder that root keeps from everybody.

    `setup` keeps the files of before there, and trusts them only while they are root's.
    """
    return [one for one in sorted(folder.iterdir()) if not _of_root_alone(one.lstat())]


def _of_root_alone(status: os.stat_result) -> bool:
    return status.st_uid == 0 and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077


def _maker(folder: Path, uid: int, gid: int) -> Callable[[], None] | None:
    """Return what makes *folder* for the user *uid*; None when this process cannot."""
    if os.geteuid() not in (0, uid) or not os.access(_existing(folder), os.W_OK):
        return None

    def make() -> None:
        folder.mkdir(_FOLDER_MODE, parents=True)
        if os.geteuid() == 0:
            os.chown(folder, uid, gid)

    return make


def _giver(folder: Path, uid: int, gid: int) -> Callable[[], None] | None:
    """Return what gives *folder* and the files in it to the user *uid*; None when this process cannot."""
    if os.geteuid() not in (0, uid):
        return None

    def give() -> None:
        # A link is given itself, never what it points to.
        for path in (folder, *_given(folder)):
            if os.geteuid() == 0:
                os.chown(path, uid, gid, follow_symlinks=False)
        folder.chmod(folder.stat().st_mode & ~0o002)

    return give


def _existing(folder: Path) -> Path:
    """Return *folder*, or the first folder above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _mega(size: int) -> str:
    return f"{size / 1e6:.0f}"
