"""``support-bundle``: one file to join to a question, with what helps to answer it and nothing personal."""

# Strategy
#
# - What goes in is chosen, not what stays out: no file is copied as it is. Records are counted, never shown.
# - Each text then goes through one scrubber, which knows the secrets of this machine and the form of numbers and
#   addresses. It is shown which texts are in the file before the file is written.

from __future__ import annotations

import contextlib
import getpass
import gzip
import io
import os
import platform
import re
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor import __version__
from linkymonitor.board.model import recognised
from linkymonitor.board.redaction import USUAL_USERS, Scrubber, settings_shown, values_hidden
from linkymonitor.board.units import ACQUIRE, DELIVER, REPORT, SERVE, TIMER
from linkymonitor.commands.shared import Common, say
from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import Statistics, batches
from linkymonitor.errors import ConfigError, LinkyMonitorError, UsageError
from linkymonitor.ini_file import content
from linkymonitor.language import Text, escape_controls
from linkymonitor.meter.quarantine_file import FILE_NAME
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.settings import Settings

#: So many days of the log are looked at.
_DAYS = 4
_MOST_NOTES = 2000
_LIBRARIES = (
    *("pyserial", "gpiozero", "lgpio", "luma.oled", "luma.core", "pillow", "smbus2", "cbor2", "jinja2"),
    *("paho-mqtt", "psycopg", "pymysql", "segno"),
)
_UNITS = (ACQUIRE, DELIVER, SERVE, REPORT, TIMER)
_STATES = "ActiveState,SubState,Result,NRestarts,ExecMainStatus,UnitFileState"
#: The owner alone may read the file until it is posted.
_MODE = 0o600
_QR = re.compile("[\u2580\u2584\u2588]")


def support_bundle(common: Common, *, output: Path, yes: bool) -> int:
    """Write the bundle into *output*; return the exit status.

    Args:
        common: the options of every command.
        output: a name that ends in ``.tar.gz`` or ``.zip``, of a file that is not there yet.
        yes: write without a question.

    Raises:
        UsageError: the name of *output* has another end, or is taken.
        StorageError: the file cannot be written.
    """
    pack = _packer(output)
    if output.exists():
        raise UsageError(
            Text(
                f"-o {output} : existe déjà ; donnez un autre nom",
                f"-o {output}: exists already; give another name",
            )
        )
    settings, _ = common.what_can_be_read()
    ini = ""
    with contextlib.suppress(ConfigError):
        ini = content(settings.path).decode("utf-8", "replace")
    scrub = Scrubber(_secrets(ini, settings), _users())
    texts = {name: escape_controls(scrub(text), "\n\t") for name, text in _texts(common, ini, settings)}
    print(Text("dans le fichier :", "in the file:"))
    for name, text in texts.items():
        print(f"  {name:<16} {len(text.encode()):>7} {Text('octets', 'bytes')}")
    print(
        Text(
            "sans numéro de compteur, PRM, mot de passe, nom, adresse ni consommation ; relisez-le avant de le publier",
            "without meter number, PRM, password, name, address or consumption; read it before you post it",
        )
    )
    if not yes and sys.stdin.isatty() and not _agreed(output):
        return 0
    Storage().replace(output, pack(texts), mode=_MODE)
    say(Text(f"{output} : écrit", f"{output}: written"))
    return 0


def _agreed(output: Path) -> bool:
    try:
        question = Text(f"Écrire {output} ? [O]ui, [n]on : ", f"Write {output}? [Y]es, [n]o: ")
        answer = input(escape_controls(str(question)))
    except EOFError:
        return False
    return answer.strip().lower()[:1] != "n"


def _texts(common: Common, ini: str, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each part."""
    yield "versions.txt", _versions()
    yield "settings.ini", settings_shown(ini)
    from linkymonitor.commands.check import check
    from linkymonitor.commands.doctor import doctor

    yield "check.txt", _said_by(lambda: check(common))
    yield "doctor.txt", _said_by(lambda: doctor(common, port=None, fix=False, json=False, watch=False))
    notes, figures = _of_log(settings)
    yield "notes.txt", notes
    yield "quality.txt", figures
    yield "quarantine.txt", _read(settings.log.dir / FILE_NAME)
    yield "units.txt", _units()


def _versions() -> str:
    rows = [
        f"linkymonitor {__version__}",
        f"python {platform.python_version()}",
        # The name of the machine is no part of these.
        f"kernel {platform.release()} {platform.machine()}",
        f"board {recognised(Path('/')).name or '?'}",
    ]
    rows += [row for row in _read(Path("/etc/os-release")).splitlines() if row.startswith("PRETTY_NAME=")]
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            rows.append(f"{name} {metadata.version(name)}")
    return "\n".join(rows) + "\n"


def _said_by(command: Callable[[], int]) -> str:
    """Return what *command* prints, and its faults."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = command()
        except LinkyMonitorError as error:
            print(error)
            status = 1
    # A QR code holds an address.
    rows = [row for row in said.getvalue().splitlines() if not _QR.search(row)]
    return "\n".join([*rows, f"-> {status}", ""])


def _of_log(settings: Settings) -> tuple[str, str]:
    """Return the notes of the last days of the log, and a line of figures for each of these days."""
    now = datetime.now(UTC)
    notes: list[str] = []
    frames: dict[date, list[int]] = {}
    found = Statistics()
    try:
        for part in batches(settings.log.dir, now - timedelta(days=_DAYS), now, statistics=found):
            if isinstance(part, Columns):
                for record in part.rows():
                    row = frames.setdefault(record.ended_at.date(), [0, 0, 0])
                    for place, number in enumerate((1, record.frames or 0, record.rejected or 0)):
                        row[place] += number
            else:
                notes.append(f"{part.at:%Y/%m/%d %H:%M:%S}\t{part.status}\t{part.text}")
    except LinkyMonitorError as error:
        notes.append(str(error))
    figures = [
        f"{day} records={row[0]} frames={row[1]} rejected={row[2]}" for day, row in sorted(frames.items())
    ]
    figures.append(f"refused={found.refused} torn={found.torn} damaged={len(found.damaged)}")
    return "\n".join(notes[-_MOST_NOTES:]) + "\n", "\n".join(figures) + "\n"


def _units() -> str:
    """Return the states of the units."""
    try:
        done = subprocess.run(
            ["systemctl", "show", "--property", f"Id,{_STATES}", *_UNITS],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"{Text('pas de systemd ici', 'no systemd here')}\n"
    return done.stdout + done.stderr


def _secrets(ini: str, settings: Settings) -> set[str]:
    """Return the texts of this machine that must not be in the bundle."""
    # What is in the shipped file says nothing of this house, and would hide the words of our own messages.
    usual = values_hidden(_read(shipped("etc/linkymonitor.ini")))
    found = {value for value in values_hidden(ini) - usual if len(value) > 3}
    for path in re.findall(r"(?m)^[ \t]*[#;]?[ \t]*\w+_file[ \t]*[=:][ \t]*(\S.*?)[ \t]*$", ini):
        found.update(row.strip() for row in _read(Path(path)).splitlines())
    found.add(_read(settings.log.dir / "salt").strip())
    names = {socket.gethostname(), platform.node()}
    names |= {name.split(".")[0] for name in names} | {fields[4].split(",")[0] for fields in _people()}
    return found | {name for name in names if name.lower() not in {*USUAL_USERS, "localhost"}}


def _users() -> set[str]:
    """Return the names of the users of this machine."""
    users = {os.environ.get("SUDO_USER", "")} | {fields[0] for fields in _people()}
    with contextlib.suppress(OSError, KeyError):
        users.add(getpass.getuser())
    return users


def _people() -> Iterator[list[str]]:
    """Yield the fields of /etc/passwd of each user who is a person."""
    for row in _read(Path("/etc/passwd")).splitlines():
        fields = row.split(":")
        # 65534 is nobody; users of people begin at 1000.
        if len(fields) > 4 and fields[2].isdecimal() and 1000 <= int(fields[2]) < 65534:
            yield fields


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _packer(output: Path) -> Callable[[dict[str, str]], bytes]:
    if output.name.endswith((".tar.gz", ".tgz")):
        return _tar
    if output.suffix == ".zip":
        return _zip
    raise UsageError(
        Text(
            f"-o {output} : on attend un nom en .tar.gz ou .zip",
            f"-o {output}: expected a name in .tar.gz or .zip",
        )
    )


def _tar(texts: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    # Neither the name of the file nor those of the user go in.
    with (
        gzip.GzipFile("", "wb", fileobj=packed, mtime=0) as outer,
        tarfile.open(fileobj=outer, mode="w") as inner,
    ):
        for name, text in texts.items():
            content = text.encode("utf-8", "replace")
            about = tarfile.TarInfo(f"linkymonitor/{name}")
            about.size = len(content)
            about.mode = 0o644
            inner.addfile(about, io.BytesIO(content))
    return packed.getvalue()


def _zip(texts: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"linkymonitor/{name}"), text.encode("utf-8", "replace"))
    return packed.getvalue()
