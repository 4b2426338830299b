"""Planted faults of the line, on a real pty: each is named with its cure."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.doctor import line, port
from linkymonitor.doctor.base import State
from linkymonitor.tic import parity
from tests.doctor.house import NOON, Machine, Sender, SetClock, one, subject
from tests.support.commands import until, wire
from tests.support.pty_meter import PtyMeter
from tests.support.receiver import Receiver

STANDARD = parity.add(wire("standard,seed=3,day=2027-01-13,at=19:00", 0.06))
HISTORIQUE = parity.add(wire("ejp,seed=3,day=2027-01-13,at=19:00", 0.3))


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "root")


@pytest.mark.parametrize(
    ("sent", "speed", "words"),
    [
        pytest.param(STANDARD, 9600, "mode standard, 9600 bauds", id="standard"),
        pytest.param(HISTORIQUE, 1200, "mode historique, 1200 bauds", id="historique"),
        pytest.param(HISTORIQUE, 9600, "mode historique, 9600 bauds", id="historique at 9600 baud"),
    ],
)
def test_a_good_line_is_well_at_both_speeds(machine, tmp_path, sent, speed, words):
    with Sender(sent, speed) as path:
        rows = line.check(subject(tmp_path, machine.world(), path))
    assert [row.state for row in rows] == [State.WELL, State.WELL]
    assert str(one(rows, "meter").finding) == words
    assert one(rows, "errors").figures["rejected"] == 0


CIRCUITS = [
    pytest.param(Receiver(rise=0.8, noise=0.035), "slow_rise", "baissez-la", id="R2 too high"),
    pytest.param(Receiver(floor=0.4, noise=0.04), "weak_pull", "montez R2", id="R2 too low"),
    pytest.param(Receiver(bursts=0.002), "interference", "éloignez le câble", id="interference"),
]


@pytest.mark.parametrize(("circuit", "meaning", "cure"), CIRCUITS)
def test_a_bad_receiver_is_named_with_the_resistor_to_change(machine, tmp_path, circuit, meaning, cure):
    with Sender(STANDARD, 9600, circuit.read) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "errors")
    assert row.state is State.TO_MEND
    assert row.figures["meaning"] == meaning
    assert cure in str(row.cure)


def test_a_line_that_loses_characters_is_named(machine, tmp_path):
    def lossy(sent: bytes) -> bytes:
        return bytes(byte for place, byte in enumerate(sent) if place % 37 and place % 41)

    with Sender(STANDARD, 9600, lossy) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "errors")
    assert row.state is State.TO_MEND
    assert "des caractères manquent" in str(row.cure)


def test_a_wrong_parity_bit_is_named(machine, tmp_path):
    with Sender(STANDARD, 9600, lambda sent: bytes(byte | 0x80 for byte in sent)) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "errors")
    assert row.state is State.TO_MEND
    assert "seul le bit de parité est faux" in str(row.cure)


def test_a_stripped_parity_is_told_and_is_no_fault(machine, tmp_path):
    with Sender(STANDARD, 9600, parity.strip) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "parity")
    assert row.state is State.WELL
    assert "retirée par le module" in str(row.finding)
    assert "8 bits sans parité (8N1)" in str(row.cure)


@pytest.mark.parametrize("sent", [STANDARD, HISTORIQUE], ids=["standard", "historique"])
def test_an_inverted_signal_is_named(machine, tmp_path, sent):
    with Sender(sent, 9600, Receiver(inverted=True).read) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "meter")
    assert row.state is State.TO_MEND
    assert str(row.finding).startswith("signal inversé, à 9600 bauds")
    assert "émetteur à la masse" in str(row.cure)


def test_silence_at_both_speeds_names_the_wiring_and_the_output_of_the_meter(machine, tmp_path):
    with PtyMeter() as meter:
        row = one(line.check(subject(tmp_path, machine.world(), meter.path)), "meter")
    assert row.state is State.TO_MEND
    assert str(row.finding) == "silence à 9600 et 1200 bauds : rien n'arrive"
    assert "I1 et I2" in str(row.cure)
    assert "disjoncteur de branchement" in str(row.cure)


def test_bytes_that_are_no_tic_are_named(machine, tmp_path):
    with Sender(random.Random(1).randbytes(8000), 9600) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path)), "meter")
    assert row.state is State.TO_MEND
    assert "aucun groupe valide à 9600 et 1200 bauds" in str(row.finding)


def test_a_wrong_fixed_speed_is_named(machine, tmp_path):
    with Sender(STANDARD, 9600) as path:
        row = one(line.check(subject(tmp_path, machine.world(), path, "[meter]\nspeed = 1200\n")), "meter")
    assert row.state is State.TO_MEND
    assert "[meter] speed = auto" in str(row.cure)


def test_a_wrong_fixed_mode_is_named(machine, tmp_path):
    with Sender(STANDARD, 9600) as path:
        row = one(
            line.check(subject(tmp_path, machine.world(), path, "[meter]\nmode = historique\n")), "meter"
        )
    assert row.state is State.TO_MEND
    assert "[meter] mode = auto, ou standard" in str(row.cure)


READS = "import os, sys; file = os.open(sys.argv[1], os.O_RDWR); print('open', flush=True); sys.stdin.read()"


def test_another_reader_is_named_and_not_disturbed(machine, tmp_path):
    with Sender(STANDARD, 9600) as path:
        reader = subprocess.Popen(
            [sys.executable, "-c", READS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            reader.stdout.readline()
            looked_at = subject(tmp_path, machine.world(root=type(machine.root)("/")), path)
            row = one(port.check(looked_at), "holder")
            heard = line.check(looked_at)
        finally:
            reader.kill()
            reader.communicate()
    assert row.state is State.TO_MEND
    assert f"processus {reader.pid}" in str(row.finding)
    assert f"sudo kill {reader.pid}" in str(row.cure)
    assert [one.state for one in heard] == [State.UNSEEN]


def acquired(machine, tmp_path, path: str, *, age: float, at: datetime = NOON, started: float = 500.0):
    """Return the installation while acquire has the port; its process is in the copy of /proc.

    Args:
        machine: the machine.
        tmp_path: the folder of the test.
        path: the port.
        age: the seconds since the last frame.
        at: the time of the last frame.
        started: the seconds since the start of acquire.
    """
    ticks = round((1000 - started) * os.sysconf("SC_CLK_TCK"))
    machine.file("/proc/uptime", "1000.00 900.00\n")
    machine.file("/proc/4711/stat", f"4711 (odd) name) S {'0 ' * 18}{ticks} 0 0\n")
    machine.file("/proc/4711/comm", "linkymonitor\n")
    machine.file("/proc/4711/cmdline", "/usr/bin/python3\0/usr/bin/linkymonitor\0acquire\0-l\0")
    (machine.root / "proc/4711/fd").mkdir()
    (machine.root / "proc/4711/fd/3").symlink_to(os.path.realpath(path))
    (tmp_path / "run").mkdir()
    newest = {
        "schema": 1,
        "taken_at": at.isoformat(),
        "heard": time.monotonic() - age,
        "mode": "standard",
        "period": "BASE",
        "ejp": "normal",
        "values": {},
    }
    (tmp_path / "run/latest.json").write_text(json.dumps(newest))
    return subject(tmp_path, machine.world(clock=SetClock(at + timedelta(seconds=age))), path)


def test_acquire_keeps_its_port_and_the_line_is_judged_by_its_reading(machine, tmp_path):
    with PtyMeter() as meter:
        looked_at = acquired(machine, tmp_path, meter.path, age=2.0)
        meter.write(b"not for doctor")
        assert until(lambda: meter.unread == 14)  # the kernel passes the bytes on by itself
        held = one(port.check(looked_at), "holder")
        rows = line.check(looked_at)
        assert meter.unread == 14
    assert held.state is State.WELL
    assert "c'est acquire" in str(held.finding)
    assert "d'après acquire, qui a le port ; dernière trame il y a 2 s" in str(one(rows, "meter").finding)
    assert one(rows, "meter").state is State.WELL
    assert one(rows, "errors").state is State.UNSEEN


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_what_acquire_hears_may_be_closed_to_this_user(machine, tmp_path):
    with PtyMeter() as meter:
        looked_at = acquired(machine, tmp_path, meter.path, age=2.0)
        (tmp_path / "run/latest.json").chmod(0)
        row = one(line.check(looked_at), "meter")
    assert row.state is State.UNSEEN
    assert "sudo linkymonitor doctor" in str(row.cure)


def test_a_port_that_does_not_open_is_not_seen_for_a_reason_and_with_a_remedy(machine, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        gateway = f"socket://127.0.0.1:{nobody.getsockname()[1]}"
        cases = {
            gateway: ("connexion refusée", "la passerelle est en marche"),
            "/dev/ttyNONE": ("fichier absent", "branchez le module TIC"),
        }
        for path, (why, remedy) in cases.items():
            row = one(line.check(subject(tmp_path, machine.world(), path)), "meter")
            assert row.state is State.UNSEEN
            assert str(row.finding) == f"le port ne s'ouvre pas ({why})"
            assert remedy in str(row.cure)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every port")
def test_a_port_that_is_closed_to_this_user_is_not_seen_and_root_may_open_it(machine, tmp_path):
    with PtyMeter() as meter:
        Path(meter.path).chmod(0)
        row = one(line.check(subject(tmp_path, machine.world(), meter.path)), "meter")
    assert row.state is State.UNSEEN
    assert str(row.finding) == "le port ne s'ouvre pas (accès refusé)"
    assert "sudo linkymonitor doctor" in str(row.cure)


@pytest.mark.parametrize("before", ["no frame", "an old frame"])
def test_the_first_frame_of_an_acquire_that_has_just_started_is_waited_for(machine, tmp_path, before):
    with PtyMeter() as meter:
        looked_at = acquired(machine, tmp_path, meter.path, age=300.0, started=3.0)
        path = tmp_path / "run/latest.json"
        first = json.loads(path.read_text())
        if before == "no frame":
            path.unlink()

        def hear() -> None:
            new = tmp_path / "run/new"
            new.write_text(json.dumps(first | {"heard": time.monotonic()}))
            new.replace(path)

        frame = threading.Timer(0.5, hear)
        frame.start()
        row = one(line.check(looked_at), "meter")
        frame.join()
    assert row.state is State.WELL


def test_an_acquire_that_hears_nothing_is_not_to_be_stopped_first(machine, tmp_path):
    with PtyMeter() as meter:
        looked_at = acquired(machine, tmp_path, meter.path, age=300.0, started=19.8)
        (tmp_path / "run/latest.json").unlink()
        row = one(line.check(looked_at), "meter")
    assert row.state is State.TO_MEND
    assert "n'a encore rien entendu" in str(row.finding)
    assert str(row.cure).startswith("vérifiez les fils")


def test_acquire_without_a_frame_for_long_is_a_fault(machine, tmp_path):
    with PtyMeter() as meter:
        row = one(line.check(acquired(machine, tmp_path, meter.path, age=300.0)), "meter")
    assert row.state is State.TO_MEND
    assert "I1 et I2" in str(row.cure)


@pytest.mark.parametrize(("noise", "state"), [("0", State.WELL), ("0.5", State.TO_MEND)])
def test_a_bad_line_is_seen_in_the_log_of_acquire(call, machine, tmp_path, noise, state):
    source = f"sim:standard,seed=3,day=2027-01-13,at=19:00,duration=3min,noise={noise},speed=max"
    assert call("acquire", "-i", source, "--log-dir", tmp_path / "log")[0] == 0
    at = datetime(2027, 1, 13, 18, 4, tzinfo=UTC)
    with PtyMeter() as meter:
        row = one(line.check(acquired(machine, tmp_path, meter.path, age=2.0, at=at)), "errors")
    assert row.state is state
    if state is State.TO_MEND:
        assert "sudo systemctl stop linkymonitor" in str(row.cure)
