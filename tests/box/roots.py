"""Clean roots of Debian, made once and kept: no trial changes them, it works on a layer above (tests/box/stand.py)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CONTROL = ROOT / "packaging/debian/control"
#: What a small Debian has, and a clean installation of ours may count on.
_SYSTEM = "systemd,systemd-sysv,dbus,udev,cron,ca-certificates,make,adduser,python3"
#: Packages that only `make install` takes from Debian.
_FOR_MAKE_INSTALL = ("python3-venv", "python3-hatchling")
#: A program of 32-bit ARM is run by QEMU in any folder: the kernel keeps the interpreter open (flag F).
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_ARM = (
    r":qemu-arm:M::\x7f\x45\x4c\x46\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00:"
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
    "/usr/bin/qemu-arm-static:F"
)


class Kind(NamedTuple):
    """A root of Debian."""

    name: str
    suite: str
    arch: str
    #: Whether the libraries of Debian are installed, not only fetched: an emulated ARM would take minutes each time.
    libraries: bool = False


BOOKWORM = Kind("bookworm", "bookworm", "amd64")
TRIXIE = Kind("trixie", "trixie", "amd64")
#: Debian's armel runs on the processor of a Pi Zero, armhf does not.
ARMEL = Kind("armel", "bookworm", "armel", libraries=True)


def libraries() -> list[str]:
    """Return the packages of Debian that ours needs or recommends, by packaging/debian/control."""
    rows = re.findall(r"^(?:Depends|Recommends): (.*)$", CONTROL.read_text(), re.MULTILINE)
    names = [re.split(r"[|(]", one)[0].strip() for row in rows for one in row.split(",")]
    return [*names, *_FOR_MAKE_INSTALL]


def ready(folder: Path, kind: Kind) -> Path:
    """Return the root of *kind* below *folder*; it is made when it is not there, or when other packages are needed."""
    wanted = hashlib.sha256(" ".join([_SYSTEM, *libraries(), *kind[1:3]]).encode()).hexdigest()[:12]
    root = folder / f"{kind.name}-{wanted}"
    if root.exists():
        return root
    print(f"making {root}, once", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{kind.name}.part"
    if part.exists():
        remove(part)
    # python3-lgpio is a package of Raspberry Pi OS alone.
    known = (
        "for name in "
        + " ".join(libraries())
        + "; do apt-cache show $name >/dev/null 2>&1 && echo $name; done"
    )
    words = "" if kind.libraries else "--download-only"
    get = f"DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o APT::Install-Recommends=yes {words} $({known})"
    subprocess.run(
        [
            *("mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase", "--skip=cleanup/apt"),
            *(f"--architectures={kind.arch}", f"--include={_SYSTEM}"),
            f"--customize-hook=chroot \"$1\" sh -c '{get}'",
            *(kind.suite, str(part)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr if "-v" in sys.argv else subprocess.DEVNULL,
        env={**os.environ, "QEMU_CPU": "arm1176"},
    )
    part.rename(root)
    return root


def remove(folder: Path) -> None:
    """Remove *folder*, unless something is mounted below it.

    Raises:
        SystemExit: something is.
    """
    if any(f" {folder.resolve()}/" in line for line in Path("/proc/mounts").read_text().splitlines()):
        raise SystemExit(f"*** {folder}: something is mounted below it; unmount that first")
    shutil.rmtree(folder)


def run_arm_programs() -> None:
    """Let the kernel run programs of 32-bit ARM."""
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=True)
    if not (_BINFMT / "qemu-arm").exists():
        (_BINFMT / "register").write_text(_ARM)
