"""A root of Debian with Home Assistant in it, and the processes of a trial."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.namespaces import leave_the_mounts_of_the_machine

VERSION = "2026.2.3"
_PACKAGES = "gcc g++ python3-dev libturbojpeg0 libpcap0.8t64 ffmpeg"
_EXTRAS = (
    "paho-mqtt numpy home-assistant-frontend home-assistant-intents hassil mutagen pymicro-vad pyspeex-noise "
    "PyTurboJPEG ha-ffmpeg aiodiscover aiodhcpwatcher"
)
#: Folders within the root: the configuration of Home Assistant, and what its installation needs.
_CONFIG = Path("/srv/home-assistant")
_INSTALLER = Path("/srv/installer")


def ready(root: Path) -> None:
    """Make *root*, if it is not there.

    Raises:
        SystemExit: it is there, but its installation was cut off.
    """
    if (root / "opt/ha/bin/hass").exists():
        return
    if root.exists() and any(root.iterdir()):
        raise SystemExit(
            f"*** {root}: an installation that was cut off; check with “findmnt” that nothing is mounted in it, "
            "remove it, and start again"
        )
    make_root(root)


def make_root(root: Path) -> None:
    """Install Home Assistant in a root of its own."""
    root.parent.mkdir(parents=True, exist_ok=True)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap")
    run(
        "mmdebstrap",
        "--variant=minbase",
        "--include=python3,python3-venv,ca-certificates",
        "trixie",
        str(root),
    )
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt")
    installer = within(root, _INSTALLER)
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(installer), "uv")
    run("python3", "-m", "zipfile", "-e", *map(str, installer.glob("*.whl")), str(installer))
    (program,) = installer.rglob("scripts/uv")
    shutil.copy(program, root / "usr/local/bin/uv")
    (root / "usr/local/bin/uv").chmod(0o755)
    with mounted(root):
        inside(
            root,
            f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {_PACKAGES} && apt-get clean",
        )
        inside(
            root,
            f"export UV_NO_CACHE=1; cd {_INSTALLER} && uv venv /opt/ha && "
            f"uv pip install --no-deps --target hw homeassistant=={VERSION} && "
            "uv pip install --python /opt/ha/bin/python -c hw/homeassistant/package_constraints.txt "
            f"homeassistant=={VERSION} {_EXTRAS}",
        )
    shutil.rmtree(installer)


@contextmanager
def mounted(root: Path, names: Iterable[str] = ("proc", "dev")) -> Iterator[None]:
    """Mount the folders *names* of this machine in *root*, for this process and those that it starts.

    No other process sees these mounts, and they end with the last of those processes, however it ends. So removing
    *root* never removes the devices of this machine through them.
    """
    leave_the_mounts_of_the_machine()
    made = []
    for name in names:
        if not os.path.ismount(root / name):
            run("mount", "--bind", f"/{name}", str(root / name))
            made.append(root / name)
    try:
        yield
    finally:
        for place in made:
            subprocess.run(["umount", "-l", str(place)], check=False)


def configure(root: Path, port: int) -> Path:
    """Give Home Assistant an empty configuration, with its page on *port*; return its folder."""
    config = within(root, _CONFIG)
    shutil.rmtree(config, ignore_errors=True)
    config.mkdir(parents=True)
    (config / "configuration.yaml").write_text(
        f"""homeassistant:
  name: Maison
  latitude: 48.8
  longitude: 2.3
  elevation: 40
  unit_system: metric
  time_zone: Europe/Paris
  currency: EUR
  country: FR
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
onboarding:
auth:
recorder:
  db_url: sqlite:///{_CONFIG}/recorder.db
history:
energy:
logger:
  default: warning
"""
    )
    return config


@contextmanager
def hass(root: Path) -> Iterator[None]:
    """Home Assistant, running."""
    words = [
        "/opt/ha/bin/hass",
        "-c",
        str(_CONFIG),
        "--skip-pip",
        "--log-file",
        str(_CONFIG / "home-assistant.log"),
    ]
    with running(["chroot", str(root), *words]):
        yield


@contextmanager
def ours(*words: object) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ours, running."""
    with running([sys.executable, "-m", "linkymonitor", *map(str, words)]) as process:
        yield process


@contextmanager
def running(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended behind the block."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def wait(what: Callable[[], bool], seconds: float) -> None:
    """Wait until *what* is true; what is not there yet is tried again."""
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError, ValueError):
            if what():
                return
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(0.5)


def within(root: Path, path: Path) -> Path:
    """Return where *path*, as a program in *root* names it, is outside of *root*."""
    return root / path.relative_to("/")


def inside(root: Path, command: str) -> None:
    """Run *command* in *root*."""
    run("chroot", str(root), "sh", "-c", command)


def run(*words: str) -> None:
    """Run *words*, or end."""
    subprocess.run(words, check=True)
