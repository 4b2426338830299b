"""`simulate`, `record` and `replay`: bytes as a meter sends them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from linkymonitor.source.recording import read_recording
from tests.support.commands import PYTHON, daemon

pytestmark = pytest.mark.usefixtures("apart")


def test_the_same_seed_gives_the_same_bytes(call, tmp_path):
    house = "-m standard --contract tempo --phases 3 --producer --day 2027_01_13 --noise 0.01 --duration 20"
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        assert call("simulate", *house.split(), "--seed", seed, "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()
    err = call("decode", "--count", tmp_path / "a")[2]
    assert err.startswith("mode=standard frames=")
    assert "rejected=0" not in err


def test_simulate_on_a_terminal_speaks_at_the_speed_of_the_line():
    with daemon("simulate", "--contract", "ejp", "--pty", "--speed", "20") as process:
        path = process.stdout.readline().decode().strip()
        assert path.startswith("/dev/pts/")
        began = time.monotonic()
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        try:
            got = 0
            while time.monotonic() < began + 2:
                got += len(os.read(descriptor, 4096))
        finally:
            os.close(descriptor)
        rate = got / (time.monotonic() - began)
        assert 120 * 20 * 0.6 < rate < 120 * 20 * 1.4
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=100)
        assert process.returncode == 0


def test_record_and_replay_give_the_bytes_back(call, standard, tmp_path):
    status, _, err = call("record", "-i", standard, "-o", tmp_path / "r.rec")
    assert status == 0
    assert "numéro de compteur en clair" in err
    assert (tmp_path / "r.rec").read_bytes().splitlines()[0].endswith(b"unmasked")
    assert call("replay", tmp_path / "r.rec", "-o", tmp_path / "back.tic")[0] == 0
    assert (tmp_path / "back.tic").read_bytes() == standard.read_bytes()
    offsets = [offset for offset, _ in read_recording(tmp_path / "r.rec")]
    assert offsets == sorted(offsets)
    assert 100 < offsets[-1] < 130


def test_replay_on_a_terminal_gives_every_byte_to_a_reader_that_is_late(historique, tmp_path, call):
    call("record", "-i", historique, "-o", tmp_path / "r.rec")
    with daemon("replay", tmp_path / "r.rec", "--speed", "max", "--pty") as process:
        path = process.stdout.readline().decode().strip()
        time.sleep(0.3)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        got = b""
        try:
            while len(got) < historique.stat().st_size:
                got += os.read(descriptor, 4096)
        finally:
            os.close(descriptor)
        assert got == historique.read_bytes()
        process.communicate(timeout=100)
        assert process.returncode == 0


def test_replay_to_nobody_can_be_stopped(historique, tmp_path, call):
    call("record", "-i", historique, "-o", tmp_path / "r.rec")
    with daemon("replay", tmp_path / "r.rec", "--speed", "max", "--pty") as process:
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=100)
        assert process.returncode == 0


def test_replay_of_what_is_no_recording_is_one_sentence(call, historique, tmp_path):
    for path in (historique, tmp_path / "gone"):
        status, _, err = call("replay", path, "-o", tmp_path / "out")
        assert status == 1
        assert err.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_what_is_read_is_never_written_into(call, historique, tmp_path):
    before = historique.read_bytes()
    (tmp_path / "link").symlink_to(historique)
    for output in (historique, tmp_path / "link"):
        status, _, err = call("record", "-i", historique, "-o", output)
        assert status == 2
        assert err == f"linkymonitor: {output} : c'est aussi ce qui est lu ; donnez un autre nom avec -o\n"
        assert historique.read_bytes() == before
    with historique.open("rb") as stdin:
        words = [*PYTHON, "record", "-i", "-", "-o", str(historique)]
        done = subprocess.run(words, stdin=stdin, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert historique.read_bytes() == before
    call("record", "-i", historique, "-o", tmp_path / "r.rec")
    recorded = (tmp_path / "r.rec").read_bytes()
    status, _, err = call("replay", tmp_path / "r.rec", "-o", tmp_path / "r.rec")
    assert (status, err.count("\n")) == (2, 1)
    assert (tmp_path / "r.rec").read_bytes() == recorded


def test_a_file_that_holds_something_is_not_recorded_over(call, historique, tmp_path):
    (tmp_path / "keep.rec").write_bytes(b"precious")
    (tmp_path / "empty.rec").touch()
    call("record", "-i", historique, "-o", tmp_path / "r.rec")
    for words in (("record", "-i", historique), ("replay", tmp_path / "r.rec")):
        status, _, err = call(*words, "-o", tmp_path / "keep.rec")
        assert status == 1
        assert err == (
            f"linkymonitor: {tmp_path}/keep.rec : existe déjà ; donnez un autre nom avec -o, ou supprimez-le\n"
        )
        assert (tmp_path / "keep.rec").read_bytes() == b"precious"
    assert call("record", "-i", historique, "-o", tmp_path / "empty.rec")[0] == 0, "as mktemp leaves it"


def test_what_is_no_recording_is_said_in_the_language_of_the_terminal(
    call, historique, tmp_path, monkeypatch
):
    words = ("replay", historique, "-o", tmp_path / "out")
    assert "sa première ligne n'est pas celle d'un enregistrement" in call(*words)[2]
    assert "illisible (fichier absent) ; vérifiez" in call("replay", "gone", "-o", tmp_path / "out")[2]
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert "its first line is not that of a recording" in call(*words)[2]


@pytest.mark.parametrize(
    ("spec", "fr"),
    [
        ("sim:noise=2", "noise = 2.0 : on attend une part des lignes, de 0 à 1"),
        ("sim:day=hier", "day = hier : on attend une date telle que 2026-01-13"),
        ("sim:seed", "seed : on attend une valeur, comme dans seed=…"),
        ("sim:every=z", "every = z : on attend une durée telle que 90s, 15m, 2h ou 7d"),
        (
            "sim:old,standard",
            "old : un compteur d'avant Linky n'a pas de mode standard ; on attend historique",
        ),
    ],
)
def test_a_wrong_option_of_the_simulator_is_said_in_french(call, tmp_path, spec, fr):
    for words in (["decode", spec], ["acquire", "-i", spec, "--log-dir", tmp_path / "log"]):
        assert call(*words) == (2, "", f"linkymonitor: {spec} : {fr}\n")


def test_a_simulated_meter_on_a_terminal_stops_when_it_is_told_to():
    with daemon("simulate", "--pty", "--speed", "max", "--duration", "5") as process:
        path = process.stdout.readline().decode().strip()
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            process.wait(timeout=100)
        finally:
            os.close(descriptor)
        assert process.returncode == 0


def test_output_may_be_the_standard_one(tmp_path):
    """-o /dev/stdout writes there, and leaves the link of the system alone."""
    before = Path("/dev/stdout").readlink()
    done = subprocess.run(
        [*PYTHON, "simulate", "--duration", "5", "-o", "/dev/stdout"], capture_output=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout.count(b"\x82") + done.stdout.count(b"\x02") >= 3
    assert Path("/dev/stdout").readlink() == before


def test_an_output_that_cannot_be_written_is_one_sentence(call, historique, tmp_path):
    for argv in (
        ["simulate", "--duration", "1", "-o", tmp_path / "no/such/file"],
        ["record", "-i", historique, "-o", tmp_path],
        ["simulate", "--duration", "60", "-o", "/dev/full"],
    ):
        status, _, err = call(*argv)
        assert status == 1, argv
        assert "Traceback" not in err
