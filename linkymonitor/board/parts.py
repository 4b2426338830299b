"""What setup changes on the machine, part by part: the port, the bus of the display, the users, the units."""

# Strategy
#
# - Each function looks at the files below the root and returns the changes that are still missing. So a second run has
#   nothing to do, and a run that was cut is completed by the next.
# - Everything is a file, so an image of a card is treated like the machine itself, and everything can be taken back: a
#   unit is masked and enabled by a link, as systemctl does it.

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.board import config_txt, units
from linkymonitor.board.boot import boot
from linkymonitor.board.changes import Change, Content, content
from linkymonitor.board.cmdline import PORTS, without_console
from linkymonitor.board.config_txt import Wish
from linkymonitor.board.model import Board
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.settings import Settings

_SYSTEM_UNITS = units.FOLDERS[0]
_NOTHING = Content(b"/dev/null", link=True)
_USER = "linkymonitor"

_UART_ON = Text("le port série est activé", "the serial port is switched on")
_CONSOLE_OFF = Text("la console quitte le port série", "the console leaves the serial port")
_GETTY_OFF = Text("aucune invite de connexion sur le port série", "no login prompt on the serial port")
_BLUETOOTH = Text("le Bluetooth rend le bon port série", "Bluetooth gives the better serial port back")
_I2C_ON = Text(
    "le bus I2C de l'afficheur est activé, à 400 kHz", "the I2C bus of the display is on, at 400 kHz"
)
_I2C_DEV = Text("le bus I2C paraît sous /dev", "the I2C bus appears below /dev")
_GROUP = Text(
    "le droit d'ouvrir les ports, ou de lire le journal", "the right to open the ports, or to read the log"
)
_DROP_IN = Text(
    "ce dont le service a besoin d'après la configuration", "what the service needs by the configuration"
)
_AT_BOOT = Text("le service démarre avec la machine", "the service starts with the machine")


def serial(root: Path, board: Board, bluetooth: str | None) -> list[Change]:
    """Return the changes for the serial port of the header.

    Args:
        root: the root of the file system.
        board: the board.
        bluetooth: ``off``, or ``mini`` to keep Bluetooth on the other UART; None: as config.txt has it, else off.
    """
    place = boot(root)
    if place is None:
        return []
    found = place.lines(board)
    if bluetooth is None:
        kept = config_txt.value(found, "dtoverlay=miniuart-bt") and not config_txt.value(
            found, "dtoverlay=disable-bt"
        )
        bluetooth = "mini" if kept else "off"
    shared = board.bluetooth_on_uart or not board.is_pi
    wishes = []
    if not board.uart_of_header:
        wishes.append(Wish("enable_uart=1"))
    if board.uart_of_header or not board.is_pi:
        wishes.append(Wish("dtparam=uart0=on", against=("dtparam=uart0_console",)))
    if shared and bluetooth == "off":
        wishes.append(Wish("dtoverlay=disable-bt", against=("dtoverlay=miniuart-bt",)))
    elif shared:
        wishes.append(Wish("dtoverlay=miniuart-bt", against=("dtoverlay=disable-bt",)))
    changes = [
        change
        for name, text in config_txt.edited(config_txt.NAME, place.read, board, wishes).items()
        for change in place.change(name, text, _UART_ON)
    ]
    for name in place.kernel_lines(board):
        text = place.read(name) or ""
        if (quiet := without_console(text)) != text:
            changes += place.change(name, quiet, _CONSOLE_OFF)
    masked = [(f"serial-getty@{port}.service", _GETTY_OFF) for port in PORTS[1:]]
    if shared and bluetooth == "off" and _unit_file(root, "hciuart.service"):
        masked.append(("hciuart.service", _BLUETOOTH))
    changes += [
        Change(_SYSTEM_UNITS / unit, _NOTHING, why)
        for unit, why in masked
        if content(root / _SYSTEM_UNITS / unit) != _NOTHING
    ]
    return changes


def i2c(root: Path, board: Board) -> list[Change]:
    """Return the changes for the bus of the display."""
    place = boot(root)
    if place is None:
        return []
    wishes = [Wish("dtparam=i2c_arm=on"), Wish("dtparam=i2c_arm_baudrate=400000")]
    changes = [
        change
        for name, text in config_txt.edited(config_txt.NAME, place.read, board, wishes).items()
        for change in place.change(name, text, _I2C_ON)
    ]
    if not _loads(root, "i2c-dev"):
        changes.append(Change(Path("etc/modules-load.d/linkymonitor.conf"), Content(b"i2c-dev\n"), _I2C_DEV))
    return changes


def _loads(root: Path, module: str) -> bool:
    files = [root / "etc/modules", *(root / "etc/modules-load.d").glob("*.conf")]
    return any(
        re.search(rf"(?m)^\s*{module.replace('-', '[-_]')}\s*$", path.read_text("utf-8", "replace"))
        for path in files
        if path.is_file()
    )


def groups(root: Path) -> set[str]:
    """Return the names of the groups of the system."""
    there = content(root / "etc/group")
    return {line.split(":")[0] for line in _rows(there)}


def has_user(root: Path, name: str = _USER) -> bool:
    """Return whether the system has the user *name*."""
    return any(row.split(":")[0] == name for row in _rows(content(root / "etc/passwd")))


def users(root: Path, login: str | None) -> list[Change]:
    """Return the changes of the groups: the service opens the devices, and *login*, a person, reads the log."""
    wanted = [(group, _USER) for group in units.GROUPS] if has_user(root) else []
    if login and login != "root" and has_user(root, login):
        wanted += [(_USER, login)]
    changes = []
    for name, members in (("etc/group", 3), ("etc/gshadow", 3)):
        there = content(root / name)
        if there is None or there.link:
            continue
        text = there.data.decode("utf-8", "surrogateescape")
        written = _with_members(text, wanted, members)
        if written != text:
            after = Content(written.encode("utf-8", "surrogateescape"))
            changes.append(Change(Path(name), after, _GROUP))
    return changes


def _with_members(text: str, wanted: list[tuple[str, str]], column: int) -> str:
    rows = []
    for row in text.splitlines(keepends=True):
        fields = row.rstrip("\n").split(":")
        end = row[len(row.rstrip("\n")) :]
        for group, member in wanted:
            if fields[0] == group and len(fields) > column:
                there = [name for name in fields[column].split(",") if name]
                if member not in there:
                    fields[column] = ",".join([*there, member])
        rows.append(":".join(fields) + end)
    return "".join(rows)


def _rows(there: Content | None) -> list[str]:
    return [] if there is None else there.data.decode("utf-8", "replace").splitlines()


def services(root: Path, settings: Settings) -> list[Change]:
    """Return the changes of the drop-ins of the units."""
    changes = []
    for name, text in units.drop_ins(settings, groups(root)).items():
        path = _SYSTEM_UNITS / name
        after = Content(text.encode()) if text else None
        if content(root / path) != after:
            changes.append(Change(path, after, _DROP_IN))
    return changes


def at_boot(root: Path, settings: Settings) -> list[Change]:
    """Return the changes that let the units start with the machine."""
    changes = []
    for unit in units.wanted(settings):
        file = _unit_file(root, unit)
        for target in _targets(root, file) if file else []:
            link = _SYSTEM_UNITS / f"{target}.wants" / unit
            if content(root / link) is None:
                changes.append(Change(link, Content(f"/{file}".encode(), link=True), _AT_BOOT))
    return changes


def _unit_file(root: Path, unit: str) -> Path | None:
    paths = (folder / unit for folder in units.FOLDERS)
    return next((path for path in paths if (root / path).is_file() and not (root / path).is_symlink()), None)


def _targets(root: Path, file: Path) -> list[str]:
    """Return the targets that want the unit *file*."""
    found = re.findall(r"(?m)^WantedBy=(.*)$", (root / file).read_text("utf-8", "replace"))
    return [target for words in found for target in words.split()]
