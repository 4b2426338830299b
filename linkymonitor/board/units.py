"""What the units of systemd need on this machine: drop-ins that follow from the settings, and which units run."""

# Strategy
#
# - The units that are shipped are closed, and right for the folders and the port of the shipped configuration. What the
#   settings of an owner need more is a drop-in: other folders, network for a meter that is a URL, and the groups that
#   this system has. A unit that names a group that does not exist does not start.
# - These functions are pure: they return texts, and the caller writes them.

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.settings import Settings

ACQUIRE, DELIVER, SERVE, REPORT, TIMER = (
    "linkymonitor.service",
    "linkymonitor-deliver.service",
    "linkymonitor-serve.service",
    "linkymonitor-report.service",
    "linkymonitor-report.timer",
)
#: Where unit files are, below the root: those of the owner win.
FOLDERS = (Path("etc/systemd/system"), Path("usr/lib/systemd/system"), Path("lib/systemd/system"))
#: The groups of the serial ports, the pins and the bus of the display.
GROUPS = ("dialout", "gpio", "i2c")
#: The name of our drop-in in the folder UNIT.d; drop-ins of the owner that sort after it win.
NAME = "50-linkymonitor.conf"

_HEAD = Text(
    "# Écrit par linkymonitor d'après /etc/linkymonitor.ini et les groupes de cette machine ; ne pas modifier.\n",
    "# Written by linkymonitor from /etc/linkymonitor.ini and the groups of this machine; do not edit.\n",
)
#: What each unit may write already.
_OWN = (Path("/var/log/linkymonitor"), Path("/var/lib/linkymonitor"), Path("/run/linkymonitor"))
#: What ProtectHome=yes hides.
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
#: The schemes of pyserial that need no network: they name a device or nothing.
_LOCAL_SCHEMES = ("spy", "hwgrep", "loop", "alt")
#: The service may look up a name while the servers of names are away: that takes longer than the watchdog allows.
_NETWORK = """\
PrivateNetwork=no
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
IPAddressDeny=
WatchdogSec=2min
TimeoutStartSec=2min
"""


def wanted(settings: Settings) -> list[str]:
    """Return the units to enable: deliver only where it has something to send."""
    sends = any(sink.enabled for sink in settings.destinations.values())
    return [ACQUIRE, *([DELIVER] if sends else []), SERVE, TIMER]


def drop_ins(settings: Settings, groups: Collection[str]) -> dict[str, str]:
    """Return the drop-in of each service: its path below ``/etc/systemd/system`` → its text.

    The text is empty where the unit needs none; a drop-in from before is then to be removed.

    Args:
        settings: the configuration.
        groups: the groups that this system has.
    """
    log, pages = settings.log.dir, settings.report.dir
    read = [path for path in (settings.contract.tables, settings.report.templates) if path is not None]
    lines = {
        ACQUIRE: _groups(groups)
        + (_NETWORK if needs_network(settings.meter.port) else "")
        + _folders([log, settings.general.runtime_dir], read),
        DELIVER: _folders(
            [log, settings.general.state_dir, *_written_by_sinks(settings)], _read_by_sinks(settings)
        ),
        SERVE: _folders([log, pages], read),
        REPORT: _folders([log, pages], read),
    }
    # In the language of the settings, not in that of the terminal: another terminal does not change the file.
    head = _HEAD.render(settings.lang)
    return {f"{unit}.d/{NAME}": f"{head}[Service]\n{text}" if text else "" for unit, text in lines.items()}


def needs_network(port: str) -> bool:
    """Return whether the meter at *port* is reached through the network."""
    scheme, url, _ = port.partition("://")
    return bool(url) and scheme.lower() not in _LOCAL_SCHEMES


def _groups(there: Collection[str]) -> str:
    """Return the lines for the groups among GROUPS that are *there*, in place of those of the unit."""
    return f"SupplementaryGroups=\nSupplementaryGroups={' '.join(name for name in GROUPS if name in there)}\n"


def _folders(write: Iterable[Path | None], read: Iterable[Path]) -> str:
    """Return the lines that open folders to a service: *write* for writing, *read* for reading.

    A folder that does not exist is passed over: the service then says itself what is wrong with it.
    """
    homes, lines = False, []
    for path in dict.fromkeys(path for path in write if path is not None and not _is_below(path, _OWN)):
        homes |= _is_below(path, _HOMES)
        lines.append(f"{'BindPaths' if _is_below(path, _HOMES) else 'ReadWritePaths'}=-{_escaped(path)}\n")
    for path in dict.fromkeys(path for path in read if _is_below(path, _HOMES)):
        homes = True
        lines.append(f"BindReadOnlyPaths=-{_escaped(path)}\n")
    # Of the homes only what is bound is there.
    return ("ProtectHome=tmpfs\n" if homes else "") + "".join(lines)


def _is_below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _escaped(path: Path) -> str:
    """Return *path* as systemd reads it: a blank or a colon ends it, and % begins a specifier."""
    text = str(path).replace("\\", "\\\\").replace("%", "%%").replace(":", "\\:").replace('"', '\\"')
    return f'"{text}"' if " " in text else text


def _paths_of_sinks(settings: Settings) -> list[tuple[str, Path]]:
    """Return each setting of an enabled sink that is a path: its name and the path."""
    return [
        (field.name, value)
        for sink in settings.destinations.values()
        if sink.enabled and dataclasses.is_dataclass(sink.settings)
        for field in dataclasses.fields(sink.settings)
        if isinstance(value := getattr(sink.settings, field.name), Path)
    ]


def _written_by_sinks(settings: Settings) -> list[Path]:
    """Return the folders in which sinks write files: that of `csv`, and that of the file of `prometheus`."""
    paths = _paths_of_sinks(settings)
    return [path.parent if name == "path" else path for name, path in paths if name in ("dir", "path")]


def _read_by_sinks(settings: Settings) -> list[Path]:
    """Return the files that sinks read, such as passwords, and the programs that [notify] calls."""
    files = [path for name, path in _paths_of_sinks(settings) if name not in ("dir", "path")]
    calls = [getattr(sink.settings, "argv", [""])[0] for sink in settings.notify.sinks.values()]
    return [*files, *map(Path, calls)]
