"""Builds the Debian package: ``build_deb.py FOLDER``.

Instead of a folder, ``--notes`` prints the notes of a release, and ``--epoch`` the time that its files get.

The same commit gives the same bytes: times are those of the commit, or of SOURCE_DATE_EPOCH.
"""

# Strategy
#
# - The package holds what the wheel holds, at the same places inside the package of Python, so nothing has to know how
#   it was installed.
# - dpkg-deb is all that is needed: there is nothing to compile.

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from linkymonitor import RELEASED, __version__  # noqa: E402
from linkymonitor.commands.table import COMMANDS  # noqa: E402
from linkymonitor.language import Text  # noqa: E402

DEBIAN = ROOT / "packaging" / "debian"
MAINTAINER = "The linkymonitor authors <linkymonitor@localhost.localdomain>"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
ENTRY = """#!/usr/bin/python3
import sys

from linkymonitor.cli import main

sys.exit(main())
"""


def build(folder: Path) -> Path:
    """Build the package into *folder*, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"linkymonitor_{__version__}_all.deb"
    epoch = source_date()
    with tempfile.TemporaryDirectory() as made:
        tree = Path(made) / "linkymonitor"
        lay(tree, epoch)
        size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) // 1024
        lay_control(tree / "DEBIAN", version(epoch), size)
        for path in [tree, *tree.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or is_program(path) else 0o644)
            os.utime(path, (epoch, epoch))
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(target)],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return target


def source_date() -> int:
    """Return the POSIX time that every file of the package gets.

    Raises:
        SystemExit: this is a clone, and its last commit cannot be read.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    if not (ROOT / ".git").exists():
        no_clone = Text(
            f"pas un clone, donc pas de commit : les fichiers ont la date de la version {__version__}, {RELEASED}",
            f"no clone, so there is no commit: the files have the date of version {__version__}, {RELEASED}",
        )
        print(no_clone, file=sys.stderr)
        return int(datetime.fromisoformat(RELEASED).replace(tzinfo=UTC).timestamp())
    try:
        asked = subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        missing = Text(
            "git manque, et il donne au paquet la date du dernier commit : sudo apt install git",
            "git is missing, which gives the package the date of the last commit: sudo apt install git",
        )
        sys.exit(str(missing))
    if asked.returncode != 0:
        reason = next(iter(asked.stderr.splitlines()), "?")
        sys.exit(str(Text(f"git ne lit pas ce clone : {reason}", f"git cannot read this clone: {reason}")))
    return int(asked.stdout)


def is_program(path: Path) -> bool:
    """Return whether *path* is started by itself."""
    return path.parent.name == "bin" or (path.parent.name == "DEBIAN" and path.name in SCRIPTS)


def lay(tree: Path, epoch: int) -> None:
    """Put the files of the package below *tree*."""
    package = tree / "usr/lib/python3/dist-packages/linkymonitor"
    shutil.copytree(
        ROOT / "linkymonitor",
        package,
        ignore=shutil.ignore_patterns("__pycache__", "LICENSE*", "templates", "static", "etc"),
    )
    for data in ("templates", "static", "etc"):
        shutil.copytree(ROOT / data, package / data)  # `report` puts the licence of dygraphs beside its pages
    program = tree / "usr/bin/linkymonitor"
    program.parent.mkdir(parents=True)
    program.write_text(ENTRY)
    shutil.copytree(ROOT / "etc/systemd", tree / "usr/lib/systemd/system")
    (tree / "etc").mkdir()
    shutil.copy(ROOT / "etc/linkymonitor.ini", tree / "etc/linkymonitor.ini")

    docs = tree / "usr/share/doc/linkymonitor"
    shutil.copytree(
        ROOT / "docs", docs, ignore=shutil.ignore_patterns("__pycache__", "samples", "images", "adr", "*.py")
    )
    shutil.copy(DEBIAN / "copyright", docs / "copyright")
    for name in ("README.md", "README.fr.md"):
        shutil.copy(ROOT / name, docs / name)
    for path in docs.iterdir():
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    pack(docs / "changelog.gz", changelog(epoch).encode())
    overrides = tree / "usr/share/lintian/overrides/linkymonitor"
    overrides.parent.mkdir(parents=True)
    shutil.copy(DEBIAN / "lintian-overrides", overrides)
    manual = tree / "usr/share/man/man1"
    manual.mkdir(parents=True)
    pack(manual / "linkymonitor.1.gz", man_page().encode())


def lay_control(folder: Path, number: str, size: int) -> None:
    """Put the control files into *folder*.

    Args:
        folder: is made.
        number: the version of the package.
        size: that of all files, in KiB.
    """
    folder.mkdir()
    control = (DEBIAN / "control").read_text()
    (folder / "control").write_text(control.replace("@VERSION@", number).replace("@SIZE@", str(size)))
    (folder / "conffiles").write_text("/etc/linkymonitor.ini\n")
    steps = (ROOT / "packaging/steps.sh").read_text()
    for name in SCRIPTS:
        script = (DEBIAN / name).read_text()
        (folder / name).write_text(script.replace("#STEPS#\n", steps).replace("@VERSION@", number))


def version(epoch: int) -> str:
    """Return the version of the package: before a release with the time of the commit, which sorts before the release.

    So apt takes the package of a newer commit for an upgrade.
    """
    if not versions()[0].startswith("[Unreleased]"):
        return __version__
    return f"{__version__}~{datetime.fromtimestamp(epoch, UTC):%Y%m%d.%H%M%S}"


def versions() -> list[str]:
    """Return the sections of CHANGELOG.md that have content, the newest first, each with its title but without ##."""
    sections = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [section for section in sections if "\n- " in section]


def changelog(epoch: int) -> str:
    """Return the changelog as Debian writes it: an entry for each version of CHANGELOG.md."""
    entries = []
    for section in versions():
        title, _, text = section.partition("\n")
        released = re.match(r"\[(\d[^]]*)\] - (\d{4}-\d\d-\d\d)", title)
        when = datetime.fromisoformat(released[2]).replace(tzinfo=UTC) if released else None
        lines = [
            textwrap.fill(line[2:], 80, initial_indent="  * ", subsequent_indent="    ")
            for line in text.splitlines()
            if line.startswith("- ")
        ]
        entries.append(
            f"linkymonitor ({released[1] if released else version(epoch)}) stable; urgency=medium\n\n"
            + "\n".join(lines)
            + f"\n\n -- {MAINTAINER}  {format_datetime(when or datetime.fromtimestamp(epoch, UTC))}\n"
        )
    return "\n".join(entries)


def man_page() -> str:
    """Return the manual page, with the commands of the table."""
    rows = [
        f'.TP\n.B "linkymonitor {name}"\n{command.does.en}'.replace("-", "\\-")
        for name, command in COMMANDS.items()
    ]
    page = (DEBIAN / "linkymonitor.1").read_text()
    return (
        page.replace("@COMMANDS@", "\n".join(rows))
        .replace("@VERSION@", __version__)
        .replace("@DATE@", RELEASED)
    )


def pack(path: Path, content: bytes) -> None:
    """Write *content* into the compressed file *path*, without the time."""
    path.write_bytes(gzip.compress(content, 9, mtime=0))


def notes() -> str:
    """Return what CHANGELOG.md has of the next version, else of the last one."""
    return versions()[0].partition("\n")[2].strip() + "\n"


def run(argument: str) -> str:
    """Do what *argument* says, and return what is to be printed."""
    if argument == "--notes":
        return notes()
    if argument == "--epoch":
        return str(source_date())
    return str(build(Path(argument)))


if __name__ == "__main__":
    print(run(sys.argv[1]))
