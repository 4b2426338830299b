"""`decode` as people and programs call it, in the format of docs/formats.md."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress

import pytest
from PIL import Image

from linkymonitor.commands.decode import PATIENCE, first_group
from linkymonitor.errors import LineError
from linkymonitor.model.terms import Mode
from linkymonitor.system.clock import WireClock
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.commands import PYTHON, daemon, wire
from tests.support.pty_meter import PtyMeter
from tests.support.virtual_line import NOON, Waiting, World

pytestmark = pytest.mark.usefixtures("apart")


def test_a_frame_is_one_json_object_as_promised(call, tmp_path):
    groups = (
        InfoGroup("ADSC", "123456789456"),
        InfoGroup("DATE", "", "E210603202834"),
        InfoGroup("EAST", "000123456"),
        InfoGroup("PRM", "12345678901234"),
    )
    sent = write_frame(Frame(groups), Mode.STANDARD)
    damaged = b"\nEASD01\t06476 712\tA\r"
    (tmp_path / "one.tic").write_bytes(sent[:-1] + damaged + sent[-1:])
    status, out, err = call("decode", tmp_path / "one.tic")
    assert status == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "mode": "standard",
            "complete": True,
            "groups": [
                {"label": "ADSC", "horodate": None, "data": "*********456"},
                {"label": "DATE", "horodate": "E210603202834", "data": ""},
                {"label": "EAST", "horodate": None, "data": "000123456"},
                {"label": "PRM", "horodate": None, "data": "***********234"},
            ],
            "rejected": [{"raw": "EASD01\t06476 712\tA", "why": "checksum"}],
        }
    ]
    assert err == "mode=standard frames=1 incomplete=0 groups=4 rejected=1\n"
    shown = json.loads(call("decode", "--show-ids", tmp_path / "one.tic")[1])
    assert shown["groups"][0]["data"] == "123456789456"


def test_count_prints_the_summary_alone(call, standard):
    status, out, err = call("decode", "--count", standard)
    assert (status, out) == (0, "")
    assert re.fullmatch(r"mode=standard frames=\d+ incomplete=0 groups=\d+ rejected=0\n", err)


def test_values_are_typed_and_named_and_masked(call, standard, historique):
    first = json.loads(call("decode", "--values", standard)[1].splitlines()[0])
    assert first["values"]["SINSTS"] == int(first["values"]["SINSTS"])
    assert first["values"]["ADSC"].startswith("*********")
    assert first["values"]["PRM"].startswith("***********")
    first = json.loads(call("decode", "--values", "--show-ids", historique)[1].splitlines()[0])
    assert first["values"]["ADCO"].isdigit()


def test_what_comes_before_the_first_frame_and_a_cut_one_are_shown_incomplete(call, historique, tmp_path):
    sent = historique.read_bytes()
    (tmp_path / "cut.tic").write_bytes(sent[60:1000])
    frames = [json.loads(line) for line in call("decode", tmp_path / "cut.tic")[1].splitlines()]
    assert frames[0]["complete"] is False
    assert frames[-1]["complete"] is False
    assert all(frame["groups"] for frame in frames)


def test_an_unknown_label_with_a_right_checksum_is_a_group(call, tmp_path):
    sent = write_frame(Frame((InfoGroup("BASE", "000123456"), InfoGroup("ZORGLUB", "42"))), Mode.HISTORIQUE)
    (tmp_path / "new.tic").write_bytes(sent)
    frame = json.loads(call("decode", tmp_path / "new.tic")[1])
    assert frame["groups"][1] == {"label": "ZORGLUB", "horodate": None, "data": "42", "known": False}
    assert "known" not in frame["groups"][0]
    assert frame["rejected"] == []


def test_a_label_of_the_other_mode_is_one_that_the_table_does_not_know(call, tmp_path):
    sent = write_frame(Frame((InfoGroup("ADSC", "123456789456"), InfoGroup("PAPP", "01230"))), Mode.STANDARD)
    (tmp_path / "mixed.tic").write_bytes(sent)
    frame = json.loads(call("decode", "-m", "standard", tmp_path / "mixed.tic")[1])
    assert [group.get("known", True) for group in frame["groups"]] == [True, False]


def test_garbage_has_its_summary_before_the_sentence(call, tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    assert " groups=0 " in call("decode", tmp_path / "noise")[2]
    (tmp_path / "empty").write_bytes(b"")
    summary = call("decode", tmp_path / "empty")[2].splitlines()[0]
    assert summary == "mode=historique frames=0 incomplete=0 groups=0 rejected=0"


@pytest.mark.parametrize("packed", [False, True])
def test_decode_takes_files_gzipped_ones_and_recordings_alike(call, historique, tmp_path, packed):
    wanted = call("decode", historique)[1]
    assert wanted.count("\n") > 30
    assert call("record", "-i", historique, "-o", tmp_path / "r.rec")[0] == 0
    for path in (historique, tmp_path / "r.rec"):
        if packed:
            path.write_bytes(gzip.compress(path.read_bytes()))
        assert call("decode", path)[1] == wanted


def test_decode_says_that_the_parity_is_inverted_and_reads_all_the_same(call, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    path = tmp_path / "7o1.tic"
    path.write_bytes(parity.invert(parity.add(parity.strip(wire("ejp,seed=7,day=2027-01-13")))))
    status, _, err = call("decode", "--count", path)
    first, summary = err.splitlines()
    assert (status, first[:51]) == (0, "The parity is inverted: odd instead of even (7O1); ")
    assert summary.endswith("rejected=0")
    assert "groups=0" not in summary


def test_decode_reads_stdin_as_it_comes(historique):
    process = subprocess.Popen(
        [*PYTHON, "decode", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = process.communicate(historique.read_bytes(), timeout=60)
    assert process.returncode == 0
    assert out.count(b"\n") > 30
    assert err.startswith(b"mode=historique")


def test_decode_follows_a_live_meter_at_any_speed_and_sums_up_at_ctrl_c():
    with PtyMeter() as meter, daemon("decode", meter.path) as process:
        sent = wire("hc,seed=3,day=2027-01-13,at=19:00", 0.5)
        over = threading.Event()

        def speak():
            while not over.is_set():
                for start in range(0, len(sent), 40):
                    meter.write(sent[start : start + 40])
                    if over.wait(0.02):
                        return

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            first = process.stdout.readline()
            assert json.loads(first)["mode"] == "historique"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=100)
        finally:
            over.set()
            speaker.join()
        assert process.returncode == 0
        assert b"mode=historique frames=" in err


def test_a_reader_that_has_enough_is_no_traceback(standard):
    done = subprocess.run(
        f"{sys.executable} -m linkymonitor decode {standard} | head -1",
        shell=True,
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_a_closed_standard_output_is_no_traceback(standard):
    command = f"{sys.executable} -m linkymonitor decode {standard} >&-"
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0
    assert done.stderr.startswith(b"mode=standard frames=")


@pytest.mark.parametrize("mode", [(), ("-m", "standard")])
def test_an_input_without_one_valid_group_is_1_and_one_sentence(call, tmp_path, mode):
    picture = tmp_path / "day.png"
    Image.effect_noise((200, 200), 50).save(picture)
    (tmp_path / "text.md").write_text("# A text\n\nIt is no TIC: *no* group is in it.\n" * 50)
    (tmp_path / "empty.tic").touch()
    for name in ("day.png", "text.md", "empty.tic"):
        for words in (
            ("decode", "--count", *mode, tmp_path / name),
            ("acquire", *mode, "-i", tmp_path / name, "--log-dir", tmp_path / "log"),
            ("record", *mode, "-i", tmp_path / name, "-o", tmp_path / f"{name}.rec"),
        ):
            status, _, err = call(*words)
            assert status == 1
            assert err.splitlines()[-1] == (
                f"linkymonitor: {tmp_path / name} : pas un seul groupe valide ; est-ce bien la TIC d'un compteur ? "
                "Si oui, essayez l'autre mode : -m historique ou -m standard"
            )
        (tmp_path / f"{name}.rec").unlink()


def test_one_valid_group_is_enough(call, tmp_path):
    (tmp_path / "one.tic").write_bytes(b"\nPAPP 01230 '\r\nPAPP 01230 ?\r")
    assert call("decode", "--count", "-m", "historique", tmp_path / "one.tic")[0] == 0


@pytest.mark.parametrize(
    ("label", "value"),
    [("PTEC", "HN.."), ("papp", "00420"), ("ADCO", "*********001")],
)
def test_get_prints_one_value_as_it_was_sent_and_ends(call, tmp_path, label, value):
    groups = (InfoGroup("ADCO", "041763000001"), InfoGroup("PTEC", "HN.."), InfoGroup("PAPP", "00420"))
    (tmp_path / "one.tic").write_bytes(write_frame(Frame(groups), Mode.HISTORIQUE) * 3)
    assert call("decode", "--get", label, tmp_path / "one.tic") == (0, f"{value}\n", "")
    assert call("decode", "--show-ids", "--get", "ADCO", tmp_path / "one.tic")[1] == "041763000001\n"


def test_get_prints_the_horodate_of_a_group_that_has_nothing_else(call, tmp_path):
    groups = (InfoGroup("ADSC", "041763000001"), InfoGroup("DATE", "", "E210603202834"))
    (tmp_path / "one.tic").write_bytes(write_frame(Frame(groups), Mode.STANDARD))
    assert call("decode", "--get", "DATE", tmp_path / "one.tic")[1] == "E210603202834\n"


def test_get_skips_a_group_that_fails_its_checks(call, tmp_path):
    frames = [
        write_frame(Frame((InfoGroup("ADCO", "041763000001"), InfoGroup("PAPP", power))), Mode.HISTORIQUE)
        for power in ("00420", "00430")
    ]
    (tmp_path / "two.tic").write_bytes(frames[0].replace(b"00420", b"00421") + frames[1])
    assert call("decode", "--get", "PAPP", tmp_path / "two.tic")[1] == "00430\n"


def test_get_of_a_label_that_is_not_there_is_1_and_one_sentence(call, historique):
    assert call("decode", "--get", "EAST", historique) == (
        1,
        "",
        f"linkymonitor: {historique} : aucun groupe EAST ; « linkymonitor decode {historique} » montre ceux qui "
        "viennent\n",
    )
    status, out, err = call("decode", "--get", "PAPP", "--count", historique)
    assert (status, out) == (2, "")
    assert "--get" in err


def test_get_ends_at_the_first_value_of_a_live_meter():
    sent = wire("hc,seed=3,day=2027-01-13,at=19:00", 0.2)
    with PtyMeter() as meter, daemon("decode", "--get", "PTEC", meter.path) as process:
        while process.poll() is None:
            for start in range(0, len(sent), 40):
                meter.write(sent[start : start + 40])
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
                    break
        assert (process.returncode, process.stdout.read()) == (0, b"HP..\n")


@pytest.mark.parametrize(("frames", "words"), [(True, "aucun groupe EAST"), (False, "pas un seul groupe")])
def test_get_leaves_a_meter_that_never_sends_the_label(frames, words):
    clock = WireClock(NOON)
    began = clock.monotonic()
    with PtyMeter() as meter:
        world = World(clock)
        if frames:
            piece = write_frame(Frame((InfoGroup("ADCO", "041763000001"),)), Mode.HISTORIQUE)
            for second in range(60):
                world.at(began + second, lambda: meter.say(piece, 1200))
        with (
            closing(Waiting(world, meter.path)) as source,
            pytest.raises(LineError, match=words),
        ):
            first_group(source, meter.path, "EAST", None, clock)
    assert PATIENCE <= clock.monotonic() - began < PATIENCE + 2
