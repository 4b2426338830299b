"""``make home-assistant``: the meter in a real Home Assistant, which judges what it is told.

A Debian root with Home Assistant is made once (root rights, 2 GB, some minutes). Then a broker, a simulated house,
`acquire` and `deliver` run beside it on private ports of the loopback; the checks are printed, and the exit status is 1
when one of them fails.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

from tests.home_assistant.client import HomeAssistant
from tests.home_assistant.pictures import draw
from tests.home_assistant.stand import configure, hass, mounted, ours, ready, wait
from tests.support.mosquitto import Mosquitto, free_port

#: Lines of its log that are about us; it also logs that we have ended the broker.
_OURS = re.compile(r" (WARNING|ERROR|CRITICAL) .*(?i:mqtt|sensor|recorder|energy|linky)")
_ENDED = re.compile(r"The connection was lost|Failed to connect to MQTT|Unexpected exit|Connection refused")

_faults: list[str] = []


def main(words: list[str]) -> int:
    """Run everything in the root *words[0]*, which is made if it is not there; ``--pictures`` draws those of docs."""
    root = Path(words[0]).absolute()
    if os.geteuid():
        print("*** this needs root, for a root of Debian trixie: sudo make home-assistant", file=sys.stderr)
        return 1
    # The processes and the mounts of a trial that is ended are ended with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ready(root)
    with mounted(root), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true", "persistence true")
        broker.start()
        try:
            if "--pictures" in words:
                draw(root, folder, broker.port)
            else:
                rehearse(root, folder, broker)
        finally:
            broker.stop()
    print(f"{len(_faults)} faults" if _faults else "everything holds")
    return 1 if _faults else 0


def rehearse(root: Path, folder: Path, broker: Mosquitto) -> None:
    """Let the meter appear, and look at it; restart both sides; change the contract."""
    port = free_port()
    config = configure(root, port)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
