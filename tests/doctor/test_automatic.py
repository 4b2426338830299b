"""``port = auto``: the port that doctor looks at, on real ptys."""

from __future__ import annotations

import pytest

from linkymonitor.doctor import automatic
from linkymonitor.doctor.base import State
from linkymonitor.model.terms import Mode
from linkymonitor.source.base import AUTO
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.doctor.house import Machine, Sender, subject
from tests.support.commands import wire
from tests.support.pty_meter import PtyMeter

FIRST = parity.add(wire("standard,seed=3,day=2027-01-13,at=19:00", 0.06))


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path / "root")
    (machine.root / "dev").mkdir()
    return machine


def plug(machine: Machine, name: str, path: str) -> str:
    """Give the pty *path* the name of a port of the machine."""
    link = machine.root / "dev" / name
    link.symlink_to(path)
    return str(link)


def test_the_port_with_a_meter_is_chosen_among_two(machine, tmp_path):
    with PtyMeter() as silent, Sender(FIRST, 9600) as sending:
        plug(machine, "ttyUSB0", silent.path)
        wanted = plug(machine, "ttyUSB1", sending)
        choice = automatic.choose(subject(tmp_path, machine.world(), AUTO))
    assert choice.port == wanted
    assert choice.row.state is State.WELL


def test_two_meters_are_refused_with_both_ports_and_masked_numbers(machine, tmp_path):
    frame = Frame(
        (
            InfoGroup("ADSC", "021876543210"),
            *(InfoGroup(f"IRMS{phase}", "002") for phase in (1, 2, 3)),
            InfoGroup("NGTF", "BASE"),
            InfoGroup("PREF", "12"),
        )
    )
    other = write_frame(frame, Mode.STANDARD, parity=True) * 9
    with Sender(FIRST, 9600) as first, Sender(other, 9600) as second:
        names = [plug(machine, "ttyUSB0", first), plug(machine, "ttyUSB1", second)]
        choice = automatic.choose(subject(tmp_path, machine.world(), AUTO))
    assert choice.port is None
    assert choice.row.state is State.TO_MEND
    assert all(name in str(choice.row.finding) for name in names)
    assert "021876543210" not in str(choice.row.finding)


def test_two_meters_whose_numbers_are_not_heard_are_not_taken_for_one(machine, tmp_path):
    frame = Frame(tuple(InfoGroup(f"IRMS{phase}", f"00{phase}") for phase in (1, 2, 3)) * 3)
    nameless = write_frame(frame, Mode.STANDARD, parity=True) * 9
    with Sender(nameless, 9600) as first, Sender(nameless, 9600) as second:
        names = [plug(machine, "ttyUSB0", first), plug(machine, "ttyUSB1", second)]
        choice = automatic.choose(subject(tmp_path, machine.world(), AUTO))
    assert choice.port is None
    assert all(f"{name} (?)" in str(choice.row.finding) for name in names)


def test_no_port_and_no_meter_are_named(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(), AUTO)
    assert "aucun port série" in str(automatic.choose(looked_at).row.finding)
    with PtyMeter() as one, PtyMeter() as two:
        plug(machine, "ttyUSB0", one.path)
        plug(machine, "ttyUSB1", two.path)
        choice = automatic.choose(looked_at)
    assert choice.port is None
    assert "aucun compteur sur" in str(choice.row.finding)
