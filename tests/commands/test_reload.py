"""SIGHUP reads the configuration again: outputs and prices change at once, and a wrong one changes nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.commands.driven import Driven
from linkymonitor.commands.reload import changes
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.outputs.fail_states import kept
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.settings import load
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from tests.support.commands import PYTHON, daemon, hear_signals, log_text, until
from tests.support.fakes import told_pins
from tests.support.ini import written
from tests.support.manager import FakeManager
from tests.support.pty_meter import PtyMeter
from tests.support.whole import HISTORIQUE, START, Bench, frame

PARIS = ZoneInfo("Europe/Paris")
TANK = "[relay:tank]\npin = {pin}\nrule = periods\nperiods = {periods}\nfail_state = off\n"


def tank(pin=17, periods="HC", name="tank") -> str:
    return TANK.format(pin=pin, periods=periods).replace("tank", name)


class Speaker(Thread):
    """A meter that sends one frame after the other, as fast as its reader takes them, until it is stopped."""

    def __init__(self, meter: PtyMeter) -> None:
        super().__init__()
        self._meter = meter
        self._over = Event()
        #: How many frames were sent.
        self.sent = 0

    def run(self) -> None:
        while not self._over.wait(0.02):
            if self._meter.unread < 1000:
                self._meter.write(frame(PAPP=f"{1000 + self.sent % 2000:05}"))
                self.sent += 1

    def stop(self) -> None:
        self._over.set()
        self.join()


#: Stands for settings that are a pipe, from which nothing ever comes.
PIPE = "a pipe"


def test_no_frame_is_lost_by_reloads_good_or_wrong_and_the_day_file_goes_on(tmp_path):
    ini, folder = tmp_path / "my.ini", tmp_path / "log"
    base = f"[log]\ndir = {folder}\n[general]\nruntime_dir = {tmp_path / 'run'}\n"
    ini.write_text(base)
    with FakeManager(tmp_path) as systemd, PtyMeter() as meter:
        environ = {**systemd.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
        with daemon("acquire", "-c", ini, "-i", meter.path, **environ) as process:
            systemd.hear_until("READY")
            speaker = Speaker(meter)
            speaker.start()
            try:
                until((tmp_path / "run/latest.json").exists)
                for text in (tank(), tank() + "[meter]\nprot = x\n", PIPE, tank(22), "[rubbish", ""):
                    before = speaker.sent
                    ini.unlink()
                    os.mkfifo(ini) if text is PIPE else ini.write_text(base + text)
                    process.send_signal(signal.SIGHUP)
                    systemd.hear_until("RELOADING")
                    status = systemd.hear_until("READY")["STATUS"]
                    wrong = "prot" in text or "rubbish" in text or text is PIPE
                    assert status.endswith("réglages refusés, ceux d'avant restent") is wrong
                    until(lambda before=before: speaker.sent > before + 5)
                assert kept(tmp_path / "relays") == []
            finally:
                speaker.stop()
            until(lambda: meter.unread == 0)
            until(lambda: _frames(folder, process) == speaker.sent)
    text = log_text(folder)
    assert len(list(folder.glob("*.log"))) <= 2  # two when the test runs over a UTC midnight
    assert f"{speaker.sent} trames complètes, 0 incomplète," in text
    said = process.stderr_text
    assert said.count("prot : inconnu, vouliez-vous dire port ?") == 1
    assert "ligne 5 : illisible" in said
    assert "ce n'est pas un fichier ordinaire" in said
    assert "Réglages refusés : ceux d'avant restent en vigueur" in said
    assert "Réglages relus : aussitôt [relay:tank]" in said


def _frames(folder, process) -> int:
    """Stop *process*, and return how many frames it has counted."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=100)
        process.stderr_text = err.decode()
    found = re.search(r"Arrêt : (\d+) trames", log_text(folder))
    return int(found[1]) if found else -1


@pytest.fixture
def house(tmp_path):
    """Return a function that gives the settings of a text, the hardware with mock pins, and the events of the pins."""
    events: list[tuple[int, bool]] = []
    hardware = Hardware(pins=told_pins(lambda pin, level: events.append((pin, level))))
    return lambda text: load(written(tmp_path, text)), hardware, events


HC = dict(HISTORIQUE) | {"OPTARIF": "HC..", "PTEC": "HC.."}


def view_of(tmp_path):
    bench = Bench(
        tmp_path,
        *((2.0, frame(tuple(HC.items()), EJPHN=None, EJPHPM=None, HCHC="000000001")) for _ in range(3)),
    )
    bench.run()
    return bench.appliance.view


def test_a_relay_whose_section_is_as_before_does_not_notice_the_reload(house, tmp_path):
    settings, hardware, events = house
    driven = Driven(settings(tank() + tank(22, name="pool")), hardware, display=False)
    view = view_of(tmp_path)
    for output in driven.outputs:
        output.update(view)
    assert (driven.relays["tank"].on, driven.relays["pool"].on) == (True, True)
    tank_before = driven.relays["tank"]
    events.clear()
    assert driven.change(settings(tank() + tank(22, "HP", name="pool"))) == []
    assert driven.relays["tank"] is tank_before
    # The other one is in its fail state until the next frame, which its new rule judges.
    assert [event for event in events if event[0] == 17] == []
    assert events[0] == (22, False)
    assert not driven.relays["pool"].on
    driven.relays["pool"].update(view)
    assert not driven.relays["pool"].on


def test_two_relays_may_change_pins(house):
    settings, hardware, _ = house
    driven = Driven(settings(tank(17) + tank(22, name="pool")), hardware, display=False)
    assert driven.change(settings(tank(22) + tank(17, name="pool"))) == []
    assert sorted(driven.relays) == ["pool", "tank"]


def test_a_relay_that_is_taken_out_is_released_in_its_fail_state(house, tmp_path):
    settings, hardware, events = house
    driven = Driven(settings(tank()), hardware, display=False)
    driven.relays["tank"].update(view_of(tmp_path))
    events.clear()
    assert driven.change(settings("")) == []
    assert driven.outputs == []
    assert events == [(17, False)]
    assert hardware.pins.pin(17).function == "input"


def test_an_output_of_the_user_that_does_not_start_goes_on_as_before(house, tmp_path, monkeypatch):
    (tmp_path / "bells_for_test").mkdir()
    (tmp_path / "bells_for_test/bell.py").write_text(
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Settings:\n    tone: int = 440\n"
        "class Output:\n"
        "    def __init__(self, settings, hardware):\n"
        "        if settings.tone > 1000: raise OSError('too shrill')\n"
        "        self.tone = settings.tone\n"
        "    def update(self, view): pass\n"
        "    def tick(self, now, data_age): return now + 1\n"
        "    def close(self): raise RuntimeError('stuck')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings, hardware, _ = house
    driven = Driven(settings("[output:bell]\ntype = bells_for_test.bell\n"), hardware, display=False)
    (fault,) = driven.change(settings("[output:bell]\ntype = bells_for_test.bell\ntone = 2000\n"))
    assert fault.en == "[output:bell]: did not start (OSError: too shrill)"
    assert [output.tone for output in driven.outputs] == [440]
    # It is tried again by the next reload.
    assert driven.change(settings("[output:bell]\ntype = bells_for_test.bell\ntone = 880\n")) == []
    assert [output.tone for output in driven.outputs] == [880]


def test_changes_are_named_as_the_file_writes_them(house):
    settings, _, _ = house
    before = settings(tank() + "[tariff]\nbase = 0.2\n[sink:a]\ntype = csv\ndir = /srv\n")
    after = settings(
        tank(22)
        + "[tariff:2026-08-01]\nbase = 0.3\n[meter]\nspeed = 9600\n[sink:a]\ntype = csv\ndir = /srv/a\n"
    )
    assert list(changes(before, after)) == [
        "[meter]",
        "[relay:tank]",
        "[sink:a]",
        "[tariff]",
        "[tariff:2026-08-01]",
    ]
    assert changes(before, before) == {}


def test_the_energy_of_the_day_stays_and_gets_the_new_price(tmp_path):
    wh = iter(range(80072, 90000, 10))
    Bench(tmp_path, *((2.0, frame(EJPHPM=f"{next(wh):09}", PTEC="PM..")) for _ in range(16))).run()
    bench = Bench(tmp_path, clock=WireClock(START + timedelta(seconds=40)))
    bench.source.then(*((2.0, frame(EJPHPM=f"{next(wh):09}", PTEC="PM..")) for _ in range(50)))
    seen = []

    def take(_):
        seen.append(bench.appliance.view.today)
        if len(seen) == 30:
            book = PriceBook(Prices(pm=Decimal("0.50")), {})
            bench.appliance.use_prices(Ledger(PARIS, book), None)

    bench.appliance.callbacks = [take]
    bench.run()
    before, after = seen[28], seen[-1]
    assert before.total_cost is None
    # Each frame is 10 Wh; no Wh of those before the reload is lost.
    assert after.energy["PM"] - before.energy["PM"] == 10 * (len(seen) - 29)
    # The day begins with the index of the first record, which has 8 of the 66 frames.
    assert after.energy["PM"] == 10 * (66 - 8)
    assert after.cost["PM"] == Decimal("0.29")


def test_a_terminal_that_is_closed_ends_the_program_that_it_has_started(tmp_path):
    master, slave = os.openpty()
    process = subprocess.Popen(
        [*PYTHON, "acquire", "-i", "/dev/ttyLinky7", "--log-dir", tmp_path / "log"],
        stdin=slave,
        stderr=subprocess.PIPE,
        preexec_fn=hear_signals,  # noqa: PLW1509 -- it takes no lock
    )
    until(lambda: "Démarrage" in log_text(tmp_path / "log") or list((tmp_path / "log").glob(".*lock")))
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=100)
    os.close(master)
    os.close(slave)
    assert process.returncode in (0, -signal.SIGHUP)
