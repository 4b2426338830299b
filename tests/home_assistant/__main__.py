"""``make home-assistant``: the meter in a real Home Assistant, which judges what it is told.

A Debian root with Home Assistant is made once (root rights, 850 MB, some minutes). Then a broker, a simulated house,
`acquire` and `deliver` run beside it on private ports of the loopback; the checks are printed, and the exit status is 1
when one of them fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.home_assistant.client import HomeAssistant
from tests.support.mosquitto import Mosquitto, free_port

VERSION = "2026.2.3"
_PACKAGES = "gcc g++ python3-dev libturbojpeg0 libpcap0.8t64 ffmpeg"
_EXTRAS = (
    "paho-mqtt numpy home-assistant-frontend home-assistant-intents hassil mutagen pymicro-vad pyspeex-noise "
    "PyTurboJPEG ha-ffmpeg aiodiscover aiodhcpwatcher"
)
#: Lines of its log that are about us; it also logs that we have ended the broker.
_OURS = re.compile(r" (WARNING|ERROR|CRITICAL) .*(?i:mqtt|sensor|recorder|energy|linky)")
_ENDED = re.compile(r"The connection was lost|Failed to connect to MQTT|Unexpected exit|Connection refused")

#: Folders within the root: the configuration of Home Assistant, and what its installation needs.
_CONFIG = Path("/srv/home-assistant")
_INSTALLER = Path("/srv/installer")

_faults: list[str] = []


def main(words: list[str]) -> int:
    """Run everything in the root *words[0]*, which is made if it is not there."""
    root = Path(words[0]).absolute()
    if os.geteuid():
        print("*** this needs root, for a root of Debian trixie: sudo make home-assistant", file=sys.stderr)
        return 1
    if not (root / "opt/ha/bin/hass").exists():
        make_root(root)
    with mounted(root), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true", "persistence true")
        broker.start()
        try:
            rehearse(root, folder, broker)
        finally:
            broker.stop()
    print(f"{len(_faults)} faults" if _faults else "everything holds")
    return 1 if _faults else 0


def make_root(root: Path) -> None:
    """Install Home Assistant in a root of its own."""
    root.parent.mkdir(parents=True, exist_ok=True)
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
        inside(root, f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {_PACKAGES}")
        inside(
            root,
            f"cd {_INSTALLER} && uv venv /opt/ha && uv pip install --no-deps --target hw homeassistant=={VERSION} && "
            "uv pip install --python /opt/ha/bin/python -c hw/homeassistant/package_constraints.txt "
            f"homeassistant=={VERSION} {_EXTRAS}",
        )


@contextmanager
def mounted(root: Path) -> Iterator[None]:
    """/proc and /dev in *root*; they are taken away again if they were not there."""
    made = []
    for name in ("proc", "dev"):
        if not os.path.ismount(root / name):
            run("mount", "--bind", f"/{name}", str(root / name))
            made.append(root / name)
    try:
        yield
    finally:
        for place in made:
            subprocess.run(["umount", "-l", str(place)], check=False)


def rehearse(root: Path, folder: Path, broker: Mosquitto) -> None:
    """Let the meter appear, and look at it; restart both sides; change the contract."""
    config, port = within(root, _CONFIG), free_port()
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
    box = folder / "box.ini"
    box.write_text(
        f"[general]\nruntime_dir = {folder / 'run'}\nstate_dir = {folder / 'state'}\nlang = fr\n"
        f"[log]\ndir = {folder / 'log'}\nframes_per_record = 2\n"
        "[tariff]\nhn = 0.1\npm = 0.8\nhcjb = 0.1\nhpjb = 0.2\nhcjw = 0.3\nhpjw = 0.4\nhcjr = 0.5\nhpjr = 0.6\n"
        f"[sink:maison]\ntype = mqtt\nhost = 127.0.0.1\nport = {broker.port}\n"
    )
    home = HomeAssistant(port)
    with hass(root):
        wait(lambda: home.call("/api/onboarding") is not None, 240)
        home.onboard()
        home.add_mqtt(broker.port)
        with ours("deliver", "-c", box):
            with ours("acquire", "-c", box, "-i", "sim:ejp,seed=3", "--log-dir", folder / "log"):
                # Costs come with the second record.
                wait(lambda: all_known(home) and any(name.endswith("cout_hn") for name in home.states()), 120)
                show(home)
                check_kinds(home)
                check_energy(home)
                broker.end()
                wait(lambda: {one["state"] for one in home.states().values()} == {"unavailable"}, 60)
                broker.start()
                wait(lambda: all_known(home), 120)
                check("the meter is back after a restart of the broker", True)
            wait(lambda: {one["state"] for one in home.states().values()} == {"unavailable"}, 60)
            check("everything is unavailable when the meter is silent", True)
            tempo = ("acquire", "-c", box, "-i", "sim:tempo,seed=4", "--log-dir", folder / "log")
            with ours(*tempo):
                wait(lambda: any("hpjr" in name for name in home.states()), 120)
                gone = [name for name in home.states() if re.search(r"_hn$|_pm$|preavis", name)]
                check(f"what EJP had is gone after the change to Tempo: {gone}", not gone)
    with hass(root), ours("deliver", "-c", box), ours(*tempo):
        wait(lambda: all_known(home), 240)
        check("the meter is back after a restart of Home Assistant", True)
        show(home)
    log = "\n".join(path.read_text() for path in sorted(config.glob("home-assistant.log*")))
    bad = [line for line in log.splitlines() if _OURS.search(line) and not _ENDED.search(line)]
    check(f"no warning about us in its log: {bad}", not bad)


def all_known(home: HomeAssistant) -> bool:
    """Return whether all that has to be known after a few frames is known."""
    states = {name: one["state"] for name, one in home.states().items()}
    later = ("cout_de_l_energie", "demain")
    doubtful = [name for name, state in states.items() if state in ("unavailable", "unknown")]
    return len(states) > 10 and not [name for name in doubtful if not any(word in name for word in later)]


def check_kinds(home: HomeAssistant) -> None:
    """Check units and classes as Home Assistant has them."""
    states = home.states()
    for word, unit, kind in (("puissance_apparente", "VA", "measurement"), ("cout_hn", "EUR", "total")):
        (one,) = (state for name, state in states.items() if name.endswith(word))
        found = one["attributes"]
        check(
            f"{word} in {unit}",
            (found.get("unit_of_measurement"), found.get("state_class")) == (unit, kind),
        )


def check_energy(home: HomeAssistant) -> None:
    """Give indexes and costs to the Energy dashboard, and let it validate them."""
    names = {name.rpartition(".")[2]: name for name in home.states()}
    flows = [
        {
            "stat_energy_from": next(
                full for name, full in names.items() if name.endswith(f"index_{register}")
            ),
            "stat_cost": next(full for name, full in names.items() if name.endswith(f"cout_{register}")),
            "entity_energy_price": None,
            "number_energy_price": None,
        }
        for register in ("hn", "pm")
    ]
    source = {"type": "grid", "flow_from": flows, "flow_to": [], "cost_adjustment_day": 0.0}
    save = {"type": "energy/save_prefs", "energy_sources": [source]}

    def valid() -> bool:
        _, judged = home.ask(save, {"type": "energy/validate"})
        found = [issue for group in judged["energy_sources"] for issue in group]
        # Statistics are made every five minutes; before that they are "not defined".
        real = [issue for issue in found if issue["type"] != "statistics_not_defined"]
        if real:
            print(json.dumps(real))
        return not real

    check("the Energy dashboard takes indexes and costs", valid())


def show(home: HomeAssistant) -> None:
    """Print what a person sees."""
    for name, one in sorted(home.states().items()):
        unit = one["attributes"].get("unit_of_measurement", "")
        print(f"  {name:55} {one['state']:>14} {unit:4} {one['attributes'].get('friendly_name', '')}")


def check(sentence: str, holds: bool) -> None:
    """Print *sentence*, and remember it if it does not hold."""
    print(("holds  " if holds else "FAULT  ") + sentence, flush=True)
    if not holds:
        _faults.append(sentence)


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
def ours(*words: object) -> Iterator[None]:
    """A command of ours, running."""
    with running([sys.executable, "-m", "linkymonitor", *map(str, words)]):
        yield


@contextmanager
def running(words: list[str]) -> Iterator[None]:
    """A process that is ended behind the block."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
