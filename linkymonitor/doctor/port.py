"""Checks of the serial port: its device file, the other programs that read it, and the right to open it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from linkymonitor.board import config_txt
from linkymonitor.board.boot import boot
from linkymonitor.board.model import recognised
from linkymonitor.doctor.base import AS_ROOT, Row, Subject, to_mend, unseen, well
from linkymonitor.doctor.world import World
from linkymonitor.language import Text
from linkymonitor.source.holders import is_console, lockers, openers, process
from linkymonitor.system import users

_PORT = Text("port", "port")
_CONSOLE = Text("console sur le port", "console on the port")
_HOLDER = Text("autre lecteur", "another reader")
_RIGHTS = Text("droits", "rights")
_UART = Text("type d'UART", "kind of UART")

#: The UARTs on the header of a Raspberry Pi.
_HEADER = re.compile(r"ttyAMA\d+|ttyS0")
_SERVICE = "linkymonitor"


class Reader(NamedTuple):
    """A process that has the port open."""

    pid: int
    name: Text
    #: Whether it is `acquire`.
    ours: bool
    #: Seconds since its start; None where /proc does not have them.
    age: float | None


def check(subject: Subject) -> list[Row]:
    """Look at the port without opening it."""
    world, port = subject.world, subject.port
    if "://" in port:
        return [
            well("port", _PORT, Text(f"{port}, par le réseau", f"{port}, through the network")),
        ]
    path = Path(port)
    if not path.exists():
        return [_absent(world, port)]
    if not stat.S_ISCHR(path.stat().st_mode):
        finding = Text(f"{port} n'est pas un port série", f"{port} is no serial port")
        cure = Text("corrigez [meter] port", "correct [meter] port")
        return [to_mend("port", _PORT, finding, cure)]
    rows = [well("port", _PORT, Text(f"{port} est là", f"{port} is there"))]
    rows += mini_uart(world, path)
    return [*rows, _console(world, path), _holder(world, port), _rights(world, path)]


def _absent(world: World, port: str) -> Row:
    there = sorted(
        str(found)
        for pattern in ("ttyAMA*", "ttyUSB*", "ttyACM*", "serial0")
        for found in world.path("/dev").glob(pattern)
    )
    finding = Text(f"{port} n'existe pas", f"{port} does not exist")
    if there:
        names = ", ".join(there)
        cure = Text(
            f"branchez le module TIC, ou prenez pour [meter] port l'un de ceux-ci : {names}",
            f"plug the TIC module in, or take one of these for [meter] port: {names}",
        )
    elif boot(world.root):
        cure = Text(
            "activez l'UART : « sudo linkymonitor setup », ou la ligne enable_uart=1 dans config.txt, puis "
            "redémarrez",
            "switch the UART on: “sudo linkymonitor setup”, or the line enable_uart=1 in config.txt, then reboot",
        )
    else:
        cure = Text("branchez le module TIC", "plug the TIC module in")
    return to_mend("port", _PORT, finding, cure)


def mini_uart(world: World, path: Path) -> list[Row]:
    """Return a row when the port is the mini UART of a Pi, whose speed follows the clock of the processor."""
    place = boot(world.root)
    if path.resolve().name != "ttyS0" or place is None:
        return []
    lines = place.lines(recognised(world.root))
    if config_txt.value(lines, "enable_uart") == "1" or config_txt.value(lines, "core_freq") == "250":
        finding = Text(
            "mini UART, sans contrôle de parité : le programme vérifie la parité lui-même",
            "mini UART, which has no parity: the program checks the parity itself",
        )
        return [well("uart", _UART, finding)]
    finding = Text(
        "mini UART, dont la vitesse change avec celle du processeur",
        "mini UART, whose speed changes with that of the processor",
    )
    config = place.name_of(config_txt.NAME)
    cure = Text(
        f"ajoutez enable_uart=1 à {config}, ou donnez le bon UART à la TIC avec dtoverlay=disable-bt "
        "(« sudo linkymonitor setup » fait les deux), puis redémarrez",
        f"add enable_uart=1 to {config}, or give the TIC the good UART with dtoverlay=disable-bt "
        "(“sudo linkymonitor setup” does both), then reboot",
    )
    return [to_mend("uart", _UART, finding, cure)]


def _console(world: World, path: Path) -> Row:
    tty = path.resolve().name
    now, place = is_console(str(path), world.root), boot(world.root)
    files = place.kernel_lines(recognised(world.root)) if place else []
    words = (place.read(files[0]) or "").split() if place and files else []
    cmdline = place.name_of(files[0]) if place and files else "cmdline.txt"
    aliases = {tty, path.name} | ({"serial0"} if _HEADER.fullmatch(tty) else set())
    next_boot = [word for word in words if re.match(r"console=(\w+)", word) and _tty_of(word) in aliases]
    if not now and not next_boot:
        return well("console", _CONSOLE, Text("aucune", "none"))
    word = next_boot[0] if next_boot else f"console={tty}"
    finding = Text(
        "la console série se sert de ce port" if now else "la console série prendra ce port au redémarrage",
        "the serial console uses this port"
        if now
        else "the serial console will take this port at the next boot",
    )
    cure = Text(
        f"« sudo linkymonitor setup », ou à la main : retirez {word} de {cmdline}, "
        f"« sudo systemctl mask --now serial-getty@{tty} », puis redémarrez",
        f"“sudo linkymonitor setup”, or by hand: take {word} out of {cmdline}, "
        f"“sudo systemctl mask --now serial-getty@{tty}”, then reboot",
    )
    return to_mend("console", _CONSOLE, finding, cure)


def _tty_of(word: str) -> str:
    """Return the port that *word* of the command line of the kernel gives to the console."""
    return word.removeprefix("console=").split(",")[0]


def reader(world: World, port: str) -> Reader | None:
    """Return the process that reads *port*, None when there is none, or when only root may know."""
    pids = lockers(port, world.root) or openers(port, world.root)
    pids = [pid for pid in pids if pid != os.getpid()]
    if not pids:
        return None
    words = (world.text(f"/proc/{pids[0]}/cmdline") or "").split("\0")
    ours = "acquire" in words and any(_SERVICE in word for word in words)
    return Reader(pids[0], process(pids[0], world.root), ours, _age(world, pids[0]))


def _age(world: World, pid: int) -> float | None:
    """Return the seconds since the start of the process *pid* (proc(5)), None where they are not known."""
    try:
        now = float((world.text("/proc/uptime") or "").split()[0])
        # The name of the process may have blanks and brackets; the start is the 20th word behind it.
        start = int((world.text(f"/proc/{pid}/stat") or "").rpartition(")")[2].split()[19])
    except (IndexError, ValueError):
        return None
    return now - start / os.sysconf("SC_CLK_TCK")


def _holder(world: World, port: str) -> Row:
    found = reader(world, port)
    if found is None and os.geteuid() == 0:
        return well("holder", _HOLDER, Text("aucun", "none"))
    if found is None:
        own = Text("aucun à votre utilisateur ; ceux des autres : ", "none of your user; those of others: ")
        return well("holder", _HOLDER, own + AS_ROOT)
    if found.ours:
        return well(
            "holder", _HOLDER, Text(f"c'est acquire, {found.name.fr}", f"it is acquire, {found.name.en}")
        )
    finding = Text(f"{found.name.fr} lit aussi ce port", f"{found.name.en} reads this port, too")
    cure = Text(
        f"arrêtez-le : deux lecteurs se volent les octets (« sudo kill {found.pid} », ou arrêtez son service)",
        f"stop it: two readers take bytes away from each other (“sudo kill {found.pid}”, or stop its service)",
    )
    return to_mend("holder", _HOLDER, finding, cure)


def _rights(world: World, path: Path) -> Row:
    """Judge the right to open the port, of this user, and of the user of the service if there is one."""
    status = path.stat()
    group = users.group_for_port(status.st_gid)
    user = world.user if users.user(world.user) else users.name_of(os.geteuid())
    may = _may_open(user, status)
    if may is None:
        return unseen("rights", _RIGHTS, Text(f"utilisateur {user} inconnu", f"user {user} is unknown"))
    if may:
        return well("rights", _RIGHTS, Text(f"{user} peut ouvrir le port", f"{user} may open the port"))
    finding = Text(f"{user} ne peut pas ouvrir le port", f"{user} may not open the port")
    cure = Text(
        f"« sudo adduser {user} {group} », puis relancez le service, ou ouvrez une nouvelle session",
        f"“sudo adduser {user} {group}”, then restart the service, or log in again",
    )
    mend = (lambda: _join(world, user, group)) if os.geteuid() == 0 else None
    return to_mend("rights", _RIGHTS, finding, cure, mend)


def _join(world: World, user: str, group: str) -> Text:
    """Make *user* a member of *group*; return when that takes effect."""
    answer = world.run(["usermod", "--append", "--groups", group, user])
    if answer is None or answer.status:
        raise OSError(None, "usermod")
    return Text(
        f"{user} est dans le groupe {group}, ce qui vaut à partir de « sudo systemctl restart linkymonitor »",
        f"{user} is in the group {group}, which counts from “sudo systemctl restart linkymonitor” on",
    )


def _may_open(user: str, status: os.stat_result) -> bool | None:
    """Return whether *user* may read and write a file of *status*; None when there is no such user."""
    entry = users.user(user)
    if entry is None:
        return None
    groups = set(os.getgrouplist(user, entry.pw_gid))
    if entry.pw_uid == os.geteuid():
        groups |= set(os.getgroups())
    mode = status.st_mode
    return (
        entry.pw_uid == 0
        or (entry.pw_uid == status.st_uid and mode & 0o600 == 0o600)
        or (status.st_gid in groups and mode & 0o060 == 0o060)
        or mode & 0o006 == 0o006
    )
