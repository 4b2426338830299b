"""``port = auto``: the port on which a meter is heard, among real ptys."""

from __future__ import annotations

import fcntl
import logging
import os

import pytest

from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.source.auto import Auto, serial_ports
from linkymonitor.system.clock import WireClock
from tests.support.pty_meter import PtyMeter
from tests.support.whole import HISTORIQUE, START, frame

#: A meter of the same address that sends the other mode.
STANDARD = (
    ("ADSC", "041876543210"),
    ("VTIC", "02"),
    ("EAST", "000688322"),
    ("IRMS1", "013"),
    ("URMS1", "231"),
    ("SINSTS", "03010"),
    ("NTARF", "01"),
)
OTHER = tuple({**dict(HISTORIQUE), "ADCO": "020011223344"}.items())


class House:
    """Serial ports, meters on some of them, and a clock that moves by steps."""

    def __init__(self, root) -> None:
        self.root = root
        self.clock = WireClock(START)
        self.ports: list[PtyMeter] = []
        self.sending: dict[PtyMeter, tuple[bytes, int]] = {}
        (root / "proc").mkdir()

    def port(self, groups=None, speed: int = 1200, mode=Mode.HISTORIQUE) -> PtyMeter:
        """Add a port, with a meter that sends *groups* if they are given."""
        meter = PtyMeter()
        self.ports.append(meter)
        if groups:
            self.sending[meter] = frame(groups, mode), speed
        return meter

    def unplug(self, meter: PtyMeter) -> None:
        """Take the port of *meter* away."""
        self.ports.remove(meter)
        self.sending.pop(meter, None)
        meter.unplug()

    def open(self) -> Auto:
        self.auto = Auto(
            clock=self.clock,
            sleep=self.clock.advance,
            root=self.root,
            ports=lambda: [meter.path for meter in self.ports],
        )
        return self.auto

    def hear(self, seconds: float, meter: Meter | None = None) -> list:
        """Let *seconds* pass, a frame each second; return the frames that *meter*, if given, has heard."""
        heard = []
        for _ in range(round(seconds)):
            for port, (wire, speed) in self.sending.items():
                if port.unread < 1000 and not port.canonical:
                    port.say(wire, speed)
                elif port.canonical:
                    port.write(wire)
            if meter is None:
                self.auto.read(0.0)
            else:
                heard += meter.frames(0.0) or []
            self.clock.advance(1.0)
        return heard

    def close(self) -> None:
        self.auto.close()
        for meter in self.ports:
            meter.unplug()


@pytest.fixture
def house(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    house = House(tmp_path)
    yield house
    house.close()


@pytest.mark.parametrize("speed", [1200, 9600])
def test_the_port_on_which_a_meter_is_heard_is_read(house, speed, caplog):
    house.port()
    speaking = house.port(HISTORIQUE, speed)
    house.port()
    auto = house.open()
    meter = Meter(auto, house.clock)
    assert auto.away
    assert auto.name == "auto"
    heard = house.hear(40, meter)
    assert auto.name == speaking.path
    assert meter.mode is Mode.HISTORIQUE
    assert meter.health.speed == speed
    assert sum(one.reading is not None for one in heard) > 5
    assert f"auto : compteur entendu sur {speaking.path}" in caplog.text


def test_one_port_alone_is_read_as_soon_as_its_meter_is_heard(house):
    house.port(HISTORIQUE, 9600)
    auto = house.open()
    house.hear(3)
    assert not auto.away


def test_two_meters_are_refused_with_both_names_and_masked_numbers_once(house, caplog):
    first, second = house.port(HISTORIQUE, 9600), house.port(OTHER, 1200)
    auto = house.open()
    house.hear(60)
    assert auto.away
    said = [record.getMessage() for record in caplog.records if "compteurs entendus" in record.getMessage()]
    assert said == [
        f"auto : 2 compteurs entendus : {first.path} (compteur *********210), {second.path} (compteur *********344) ; "
        "écrivez dans [meter] port celui qu'il faut lire"
    ]
    # One of them is unplugged.
    house.unplug(second)
    house.hear(40)
    assert auto.name == first.path


def test_a_meter_that_is_wired_to_two_ports_is_one_meter(house):
    first, _ = house.port(HISTORIQUE, 9600), house.port(HISTORIQUE, 9600)
    auto = house.open()
    house.hear(20)
    assert auto.name == first.path


def test_ports_that_hear_two_modes_hear_two_meters(house, caplog):
    house.port(HISTORIQUE, 1200)
    house.port(STANDARD, 9600, Mode.STANDARD)
    auto = house.open()
    house.hear(14)
    assert auto.away
    assert "2 compteurs entendus" in caplog.text


def test_one_meter_among_many_ports_is_found(house):
    for _ in range(11):
        house.port()
    speaking = house.port(HISTORIQUE, 1200)
    auto = house.open()
    house.hear(14)
    assert auto.name == speaking.path


def test_a_port_that_goes_away_while_it_is_listened_to_costs_no_other(house):
    going, staying = house.port(OTHER, 1200), house.port(HISTORIQUE, 1200)
    auto = house.open()
    house.hear(3)
    house.unplug(going)
    house.hear(40)
    assert auto.name == staying.path


def test_a_port_that_cannot_be_opened_is_named_and_one_that_appears_late_is_found(house, tmp_path, caplog):
    gone = PtyMeter()
    house.ports.append(gone)
    gone.unplug()  # the list of ports has it, and opening it fails
    auto = house.open()
    house.hear(20)
    assert f"laissés : {gone.path} (ne s'ouvre pas)" in caplog.text
    late = house.port(HISTORIQUE, 1200)
    house.hear(40)
    assert auto.name == late.path
    house.ports.remove(gone)


def test_silence_is_told_once_with_the_ports_that_were_tried_and_the_search_goes_on(house, caplog):
    first, second = house.port(), house.port()
    auto = house.open()
    house.hear(120)
    assert auto.away
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith(
        f"auto : aucun compteur entendu sur {first.path}, {second.path} ; vérifiez le branchement"
    )
    house.sending[second] = frame(), 1200
    house.hear(60)
    assert auto.name == second.path


def test_the_console_and_a_port_that_another_program_has_are_left_alone(house, caplog):
    console, held, free = house.port(HISTORIQUE, 9600), house.port(HISTORIQUE, 9600), house.port()
    (house.root / "proc/cmdline").write_text(
        f"console={os.path.relpath(console.path, '/dev')},115200 quiet\n"
    )
    with open(held.path, "rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        before = console.attributes, held.attributes
        auto = house.open()
        house.hear(20)
        assert auto.away
        assert (console.attributes, held.attributes) == before
    assert f"{free.path} ; laissés : " in caplog.text
    assert f"{console.path} (console série)" in caplog.text
    assert f"{held.path} (déjà lu)" in caplog.text


def test_no_port_at_all_is_one_sentence(house, caplog):
    house.open()
    house.hear(60)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("auto : aucun port série à écouter ; branchez le module TIC")


def test_a_dongle_that_comes_back_under_another_name_is_found_again(house):
    before = house.port(HISTORIQUE, 9600)
    auto = house.open()
    house.hear(5)
    assert auto.name == before.path
    house.unplug(before)
    after = house.port(HISTORIQUE, 9600)
    house.hear(60)
    assert auto.name == after.path


def test_each_port_has_one_name_and_files_are_none(tmp_path):
    with PtyMeter() as meter:
        (tmp_path / "ttyAMA0").symlink_to(meter.path)
        (tmp_path / "serial0").symlink_to(tmp_path / "ttyAMA0")
        (tmp_path / "ttyUSB0").write_bytes(b"")
        (tmp_path / "ttyACM0").symlink_to(tmp_path / "gone")
        (tmp_path / "ttyS0").symlink_to("/dev/null")
        assert serial_ports(tmp_path) == [str(tmp_path / "serial0")]
