"""The commands as people, cron jobs and other programs call them: what README.md and docs/formats.md say."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor import cli
from linkymonitor.commands.folders import of_latest
from linkymonitor.commands.table import COMMANDS
from linkymonitor.daily_log import files
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.source.recording import read_recording
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.pty_meter import PtyMeter

PYTHON = [sys.executable, "-m", "linkymonitor"]
AT = "2027-01-13T19:00:00+01:00"
DAY = datetime(2027, 1, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """French, no configuration of this machine, and a runtime directory of our own."""
    for name in ("LC_ALL", "LC_MESSAGES", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("linkymonitor.settings.SYSTEM_PATH", tmp_path / "none.ini")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    """Run a command in this process; return its status, stdout and stderr."""

    def run(*argv):
        capsys.readouterr()
        try:
            status = cli.main([str(word) for word in argv])
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def wire(spec: str, minutes: float = 2) -> bytes:
    options = parse_spec(spec)
    return b"".join(piece for _, piece in House(options).frames(options.start + timedelta(minutes=minutes)))


@pytest.fixture
def historique(tmp_path) -> Path:
    path = tmp_path / "h.tic"
    path.write_bytes(wire("ejp,seed=3,day=2027-01-13,at=19:00"))
    return path


@pytest.fixture
def standard(tmp_path) -> Path:
    path = tmp_path / "s.tic"
    path.write_bytes(wire("standard,tempo,tri,producer,seed=3,day=2027-01-13,at=19:00"))
    return path


def log_text(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.log")))


def records(folder: Path):
    return list(files.records(folder, datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)))


@contextmanager
def daemon(*argv, **environ):
    """A daemon of its own process, killed at the latest at the end."""
    process = subprocess.Popen(
        [*PYTHON, *map(str, argv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environ},
        # A shell that runs the tests in the background has them ignore Ctrl-C, and so would the daemon.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def until(what, seconds=25.0):
    """Wait until *what* is true, looking often."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


# --- statuses and words


def test_wrong_usage_is_2_and_help_is_0(call):
    assert call()[0] == 2
    assert call("fly")[0] == 2
    assert call("acquire", "-m", "fast")[0] == 2
    assert call("acquire", "-t", "-5")[0] == 2
    assert call("acquire", "-t", "nan")[0] == 2
    assert call("report", "-s", "yesterday")[0] == 2
    assert call("report", "-s", "9999-12-31")[0] == 2
    assert call("acquire", "--at", "0001-01-01T00:00:00+05:00")[0] == 2
    assert call("decode", "sim:day=0001-01-01")[0] == 2
    assert call("acquire", "-i", "", "-t", "1")[0] == 2, "an empty variable of a script is no real meter"
    assert call("simulate")[0] == 2
    assert call("--version")[1].startswith("linkymonitor 0.")


@pytest.mark.parametrize("lang", ["fr_FR.UTF-8", "en_GB.UTF-8"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_every_option_is_for(call, monkeypatch, command, lang):
    monkeypatch.setenv("LANG", lang)
    status, out, _ = call(command, "-h")
    assert status == 0
    assert out.startswith("usage: linkymonitor " + command)
    if lang.startswith("fr"):
        assert "positional" not in out
        assert "show this" not in out


@pytest.mark.parametrize(
    ("words", "fr", "en"),
    [
        (
            ["report", "-s", "hier"],
            "report: -s/--start : « hier » ; on attend une date de ce siècle telle que 2026-11-21 ou 2026_11_21",
            "report: argument -s/--start: “hier”; expected a date of this century such as 2026-11-21 or 2026_11_21",
        ),
        (
            ["acquire", "-t", "abc"],
            "acquire: -t/--time : « abc » ; on attend un nombre de secondes plus grand que 0",
            "acquire: argument -t/--time: “abc”; expected a number of seconds that is greater than 0",
        ),
        (
            ["acquire", "-m", "fast"],
            "acquire: -m/--mode : « fast » ; on attend auto, historique ou standard",
            "acquire: argument -m/--mode: “fast”; expected auto, historique or standard",
        ),
        (
            ["acquire", "--at", "hier"],
            "acquire: --at : « hier » ; on attend une date et une heure telles que 2026-11-21T19:42:00+01:00",
            "acquire: argument --at: “hier”; expected a date and a time such as 2026-11-21T19:42:00+01:00",
        ),
        (
            ["simulate", "--pty", "--noise", "2"],
            "simulate: --noise : « 2 » ; on attend une part des lignes, de 0 à 1",
            "simulate: argument --noise: “2”; expected a share of the lines, from 0 to 1",
        ),
        (
            ["simulate", "--pty", "--seed", "x"],
            "simulate: --seed : « x » ; on attend un nombre entier",
            "simulate: argument --seed: “x”; expected a whole number",
        ),
        (
            ["simulate", "--pty", "--speed", "0"],
            "simulate: --speed : « 0 » ; on attend un nombre plus grand que 0, ou max",
            "simulate: argument --speed: “0”; expected a number greater than 0, or max",
        ),
        (
            ["record", "-i", "a"],
            "record: manque : -o/--output",
            "record: the following arguments are required: -o/--output",
        ),
        (
            ["simulate"],
            "simulate: il faut l'un de --pty -o/--output",
            "simulate: one of the arguments --pty -o/--output is required",
        ),
        (
            ["decode", "a", "b"],
            "linkymonitor: inconnu : b",
            "linkymonitor: unrecognized arguments: b",
        ),
        (
            ["acquire", "-i"],
            "acquire: -i/--input : on attend une valeur après",
            "acquire: argument -i/--input: expected one argument",
        ),
        (
            ["simulate", "--pty", "-o", "x"],
            "simulate: -o/--output : ne va pas avec --pty",
            "simulate: argument -o/--output: not allowed with argument --pty",
        ),
        (
            ["report", "--json=3"],
            "report: --json : ne prend pas de valeur, et a reçu '3'",
            "report: argument --json: ignored explicit argument '3'",
        ),
    ],
)
def test_wrong_words_are_one_sentence_in_the_language_of_the_terminal(call, monkeypatch, words, fr, en):
    for lang, sentence in (("fr_FR.UTF-8", fr), ("en_GB.UTF-8", en)):
        monkeypatch.setenv("LANG", lang)
        status, out, err = call(*words)
        assert (status, out) == (2, "")
        assert err.startswith("usage: linkymonitor")
        assert err.splitlines()[-1].removeprefix("linkymonitor ") == sentence


def test_a_choice_or_an_abbreviation_that_is_none_is_said_in_french(call):
    # Python has changed how it quotes the choices.
    wrong = call("simulate", "--pty", "--contract", "gaz")[2].splitlines()[-1]
    assert wrong.replace("'", "").endswith(
        "--contract : gaz inconnu ; on attend l'un de base, hc, ejp, tempo".replace("'", "")
    )
    assert "ambigu ; on attend l'un de --phases, --producer, --pty" in call("simulate", "--p")[2]
    assert "commande : " in call("fly")[2]


@pytest.mark.parametrize("command", ["decode", "check", "report --json --log-dir . -s 2026-02-20"])
def test_a_full_disk_under_the_standard_output_is_one_sentence(historique, command):
    words = [*command.split(), *([str(historique)] if command == "decode" else [])]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PYTHON, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == (
        "linkymonitor: sortie standard : écriture impossible (plus de place) ; "
        "faites de la place, ou écrivez ailleurs\n"
    )


def test_python_dash_m_and_its_status():
    done = subprocess.run([*PYTHON, "decode", "gone.tic"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == (
        "linkymonitor: gone.tic : fichier absent ; donnez un port (/dev/…), un fichier, une URL ou « - »\n"
    )


def test_messages_on_a_terminal_follow_lang(call, monkeypatch):
    assert "fichier absent" in call("decode", "gone.tic")[2]
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert "there is no such file" in call("decode", "gone.tic")[2]
    assert "reads the meter" in call("-h")[1]
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "fichier absent" in call("decode", "gone.tic")[2]


def test_logs_speak_french_whatever_the_terminal_unless_lang_is_set(call, historique, tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert call("acquire", "-i", historique, "--log-dir", tmp_path / "fr", "--at", AT)[0] == 0
    assert "Démarrage : source" in log_text(tmp_path / "fr")
    (tmp_path / "en.ini").write_text("[general]\nlang = en\n")
    call("acquire", "-c", tmp_path / "en.ini", "-i", historique, "--log-dir", tmp_path / "en", "--at", AT)
    assert "Starting: source" in log_text(tmp_path / "en")
    assert "Démarrage" not in log_text(tmp_path / "en")


@pytest.mark.parametrize("word", ["h", "hist", "historique", "H", "HISTO"])
def test_the_mode_may_be_abbreviated(call, historique, word):
    assert call("decode", "-m", word, "--count", historique)[2].startswith("mode=historique frames=")


def test_a_configuration_that_cannot_be_used_is_1_with_every_fault(call, tmp_path):
    (tmp_path / "bad.ini").write_text(
        "[meter]\nprot = /dev/x\nmode = fast\n[log]\nframes_per_record = many\n[lampe:ejp]\npin = 3\n"
    )
    for command in (["check"], ["acquire"], ["report"]):
        status, out, err = call(*command, "-c", tmp_path / "bad.ini")
        assert status == 1
        assert out == ""
        assert err.splitlines() == [
            f"linkymonitor: {tmp_path}/bad.ini: [meter] prot : inconnu, vouliez-vous dire port ?",
            f"{tmp_path}/bad.ini: [meter] mode = fast : on attend auto, historique ou standard",
            f"{tmp_path}/bad.ini: [log] frames_per_record = many : on attend un nombre entier",
            f"{tmp_path}/bad.ini: [lampe:ejp] : inconnu, vouliez-vous dire lamp:NAME ?",
        ]
    assert call("check", "-c", tmp_path / "gone.ini")[0] == 1


def test_check_says_what_would_start(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[meter]\nport = /dev/ttyUSB7\n[lamp:ejp]\n[relay:tank]\npin = 17\nrule = ejp\nfail_state = off\n"
    )
    status, out, _ = call("check", "-c", tmp_path / "my.ini")
    assert status == 0
    assert "compteur : /dev/ttyUSB7, mode auto, vitesse auto" in out
    assert "voyant ejp : GPIO 25" in out
    assert "relais tank : GPIO 17, règle ejp" in out
    assert "prix non réglés" in out
    assert call("check")[0] == 0


def test_a_key_that_no_longer_does_anything_stops_nobody_and_is_said(call, historique, tmp_path):
    (tmp_path / "old.ini").write_text("[meter]\ntimeout = 5s\n")
    status, out, _ = call("check", "-c", tmp_path / "old.ini")
    assert status == 0
    assert f"{tmp_path}/old.ini: [meter] timeout : n'a plus d'effet ; supprimez cette ligne\n" in out
    assert call("record", "-c", tmp_path / "old.ini", "-i", historique, "-o", tmp_path / "r")[0] == 0


def test_no_name_of_a_file_commands_the_terminal(call, historique, tmp_path):
    """In what is printed when all goes well, too: the names are those of somebody's folder."""
    odd = tmp_path / "a\x1b[31m\x9b\udcff.ini"
    odd.write_text(f"[log]\ndir = {tmp_path}/\x1b]0;title\x07\n")
    for words in (
        ("check", "-c", odd),
        ("record", "-i", historique, "-o", tmp_path / "r\x1b[2J"),
        ("decode", tmp_path / "gone\x1b[2J"),
        ("replay", tmp_path / "gone\x1b[2J", "-o", "out"),
    ):
        _, out, err = call(*words)
        assert out or err
        assert (out + err).replace("\n", "").isprintable()


def test_check_finds_what_only_a_start_would(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[lamp:one]\npin = 25\n[lamp:two]\npin = 25\n[relay:tank]\npin = 17\nrule = ejp\nfail_state = off\n"
        "[display]\nbutton = 17\n[callbacks]\ncall = gone.function, json.dump, json.nothing, plain\n"
    )
    status, _, err = call("check", "-c", tmp_path / "my.ini")
    assert status == 1
    said = err.replace(f"{tmp_path}/my.ini: ", "").splitlines()
    assert said[0].endswith("[lamp:two] pin = 25 : déjà prise par [lamp:one] pin ; choisissez-en une autre")
    assert said[1] == "[display] button = 17 : déjà prise par [relay:tank] pin ; choisissez-en une autre"
    assert [line.split(" :")[0] for line in said[2:]] == [
        "[callbacks] call = gone.function",
        "[callbacks] call = json.nothing",
        "[callbacks] call = plain",
    ]


@pytest.mark.parametrize(
    ("ini", "words"),
    [
        (
            "[relay:tank]\npin = 15\nrule = ejp\nfail_state = off\n",
            "[relay:tank] pin = 15 : déjà prise par le port série",
        ),
        (
            "[meter]\nport = /dev/serial0\n[lamp:ejp]\npin = 14\n",
            "[lamp:ejp] pin = 14 : déjà prise par le port série /dev/serial0",
        ),
        ("[lamp:ejp]\npin = 2\n", "[lamp:ejp] pin = 2 : déjà prise par l'afficheur (bus I2C)"),
        ("[display]\nbutton = 3\n", "[display] button = 3 : déjà prise par l'afficheur (bus I2C)"),
    ],
)
def test_a_pin_of_the_port_or_of_the_display_is_refused_by_check_and_acquire(call, tmp_path, ini, words):
    (tmp_path / "my.ini").write_text(ini)
    for command in (["check"], ["acquire", "-l", "-t", "1"]):
        status, out, err = call(*command, "-c", tmp_path / "my.ini")
        assert (status, out) == (1, "")
        assert words in err
        assert err.count("\n") == 1


def test_the_pins_of_what_is_not_used_are_free(call, historique, tmp_path):
    (tmp_path / "my.ini").write_text(
        "[meter]\nport = /dev/ttyUSB0\n[display]\nport = 3\n[lamp:ejp]\npin = 15\n"
        "[relay:tank]\npin = 2\nrule = ejp\nfail_state = off\n"
    )
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    (tmp_path / "my.ini").write_text("[relay:tank]\npin = 15\nrule = ejp\nfail_state = off\n")
    words = ("-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    assert call("acquire", *words)[0] == 0


# --- decode


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
    found = [json.loads(line) for line in call("decode", tmp_path / "cut.tic")[1].splitlines()]
    assert found[0]["complete"] is False
    assert found[-1]["complete"] is False
    assert all(frame["groups"] for frame in found)


def test_an_unknown_label_with_a_right_checksum_is_a_group(call, tmp_path):
    sent = write_frame(Frame((InfoGroup("BASE", "000123456"), InfoGroup("ZORGLUB", "42"))), Mode.HISTORIQUE)
    (tmp_path / "new.tic").write_bytes(sent)
    found = json.loads(call("decode", tmp_path / "new.tic")[1])
    assert found["groups"][1] == {"label": "ZORGLUB", "horodate": None, "data": "42", "known": False}
    assert "known" not in found["groups"][0]
    assert found["rejected"] == []


def test_a_label_of_the_other_mode_is_one_that_the_table_does_not_know(call, tmp_path):
    sent = write_frame(Frame((InfoGroup("ADSC", "123456789456"), InfoGroup("PAPP", "01230"))), Mode.STANDARD)
    (tmp_path / "mixed.tic").write_bytes(sent)
    found = json.loads(call("decode", "-m", "standard", tmp_path / "mixed.tic")[1])
    assert [group.get("known", True) for group in found["groups"]] == [True, False]


def test_garbage_is_no_failure(call, tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    status, _, err = call("decode", tmp_path / "noise")
    assert status == 0
    assert " groups=0 " in err
    (tmp_path / "empty").write_bytes(b"")
    assert (
        call("decode", tmp_path / "empty")[2] == "mode=historique frames=0 incomplete=0 groups=0 rejected=0\n"
    )


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
            _, err = process.communicate(timeout=20)
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


# --- acquire from what is not a meter


@pytest.mark.parametrize("source", ["file", "-", "stdin", "sim:hc", "pipe"])
def test_what_is_not_a_meter_needs_a_log_directory_by_name(call, historique, tmp_path, source):
    if source == "pipe":
        os.mkfifo(tmp_path / "pipe")
        source = tmp_path / "pipe"
    status, out, err = call("acquire", "-i", historique if source == "file" else source)
    assert (status, out) == (2, "")
    assert "--log-dir" in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_1_and_one_sentence(call, tmp_path):
    status, _, err = call("acquire", "-i", tmp_path / "gone.tic", "--log-dir", tmp_path / "log")
    assert status == 1
    assert err.count("\n") == 1
    assert "fichier absent" in err
    assert not (tmp_path / "log").exists()


def test_a_wrong_simulator_is_wrong_usage(call, tmp_path):
    status, _, err = call("acquire", "-i", "sim:tempoo", "--log-dir", tmp_path / "log")
    assert status == 2
    assert err == "linkymonitor: sim:tempoo : tempoo : inconnu, vouliez-vous dire tempo ?\n"
    assert call("decode", "sim:seed=x")[0] == 2


@pytest.mark.parametrize("mode", ["historique", "standard"])
def test_acquire_logs_a_file_on_the_time_of_the_wire(call, historique, standard, tmp_path, mode):
    """A byte lasts ten bits, a gap 25 ms; a standard meter's DATE corrects the clock."""
    path, folder = {"historique": historique, "standard": standard}[mode], tmp_path / "log"
    start = datetime.fromisoformat("2026-03-01T12:00:00+01:00" if mode == "historique" else AT)
    began = time.monotonic()
    assert call("acquire", "-i", path, "--log-dir", folder, "--at", start.isoformat())[0] == 0
    assert time.monotonic() - began < 20
    found = records(folder)
    length = {"historique": 10 / 1200, "standard": 10 / 9600}[mode] * path.stat().st_size
    sent = re.findall(rb"[\x03\x83]", path.read_bytes())
    wanted = start + timedelta(seconds=length + 0.025 * len(sent))
    # A stamp is cut to the second, and a DATE is that of its frame's beginning.
    assert timedelta(0) <= wanted - found[-1].ended_at < timedelta(seconds=3)
    assert sum(record.frames for record in found) == len(sent)
    assert [record.frames for record in found[:-1]] == [8] * (len(found) - 1)
    assert 1 <= found[-1].frames <= 8, "the last record is shorter, and is there"


def test_a_standard_meter_s_date_wins_over_the_start(call, standard, tmp_path):
    call("acquire", "-i", standard, "--log-dir", tmp_path / "log", "--at", "2026-12-24T12:00:00+01:00")
    # The first DATE tells when the capture was made.
    assert {record.ended_at.date() for record in records(tmp_path / "log")} == {DAY.date()}


def test_without_at_a_file_begins_now(call, historique, tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log")
    first = records(tmp_path / "log")[0]
    assert before <= first.ended_at <= datetime.now(UTC) + timedelta(seconds=15)


def test_time_ends_a_run_on_the_time_of_the_wire(call, historique, tmp_path):
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT, "-t", "60")
    ran = records(tmp_path / "log")[-1].ended_at - datetime.fromisoformat(AT)
    assert 57 <= ran.total_seconds() <= 60


def test_a_recording_is_replayed_at_its_own_time(call, tmp_path):
    from linkymonitor.source.recording import block, header

    frame = wire("hc,seed=1", 0.01)
    (tmp_path / "r.rec").write_bytes(
        header(DAY) + b"".join(block(10.0 * number, frame) for number in range(20))
    )
    call("acquire", "-i", tmp_path / "r.rec", "--log-dir", tmp_path / "log")
    assert records(tmp_path / "log")[-1].ended_at == DAY + timedelta(seconds=190)


def test_the_simulator_as_fast_as_can_be_lives_its_own_day(call, tmp_path):
    spec = "sim:ejp,day=2027-01-13,at=06:50,peak,duration=20m,every=5s,speed=max"
    assert call("acquire", "-i", spec, "--log-dir", tmp_path / "log")[0] == 0
    found = records(tmp_path / "log")
    peak = next(record for record in found if record.tariff_period == "PM..")
    assert peak.started_at >= datetime(2027, 1, 13, 5, 59, 50, tzinfo=UTC)
    assert found[-1].ended_at > datetime(2027, 1, 13, 6, 9, 50, tzinfo=UTC)


def test_stdin_is_read_to_its_end(historique, tmp_path):
    done = subprocess.run(
        [*PYTHON, "acquire", "-i", "-", "--log-dir", "log", "--at", AT],
        input=historique.read_bytes(),
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert sum(record.frames for record in records(tmp_path / "log")) > 30


def test_files_are_private_to_the_user_and_the_group(call, historique, tmp_path):
    call("acquire", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    for path in (tmp_path / "log").iterdir():
        assert path.stat().st_mode & 0o027 == 0, path
    assert (tmp_path / "log" / "salt").stat().st_mode & 0o077 == 0


def test_the_log_directory_is_made_and_a_file_in_its_place_is_one_sentence(call, historique, tmp_path):
    assert call("acquire", "-i", historique, "--log-dir", tmp_path / "a/b/log", "--at", AT)[0] == 0
    (tmp_path / "taken").write_text("")
    status, _, err = call("acquire", "-i", historique, "--log-dir", tmp_path / "taken", "--at", AT)
    assert status == 1
    assert err.count("\n") == 1


# --- acquire from a meter


def test_a_device_that_is_not_there_is_one_warning_and_no_failure(tmp_path):
    done = subprocess.run(
        [*PYTHON, "acquire", "-i", "/dev/ttyLinky7", "--log-dir", "log", "-t", "2"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert done.stderr.count("WARNING") == 1
    assert "/dev/ttyLinky7 : absent ; branchez le module TIC" in done.stderr


def test_the_daemon_reads_a_meter_locks_and_stops_clean(tmp_path):
    folder, runtime = tmp_path / "log", tmp_path / "run"
    with PtyMeter() as meter:
        over = threading.Event()
        sent = wire("ejp,seed=3,day=2027-01-13,at=19:00", 5)

        def speak():
            while not over.is_set():
                for start in range(0, len(sent), 40):
                    meter.write(sent[start : start + 40])
                    if over.wait(0.02):
                        return

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            (tmp_path / "my.ini").write_text(
                f"[general]\nruntime_dir = {runtime}\nraw_values = yes\n"
                f"[log]\ndir = {folder}\nsync_every = 100ms\n"
            )
            with daemon("acquire", "-c", tmp_path / "my.ini", "-i", meter.path) as first:
                latest = runtime / "latest.json"
                until(latest.exists)
                until(lambda: "\tDATA\t" in log_text(folder))
                document = json.loads(latest.read_text())
                assert document["schema"] == 1
                assert document["mode"] == "historique"
                assert document["values"]["ADCO"].startswith("*********")
                assert document["raw"]["ADCO"] == [None, document["values"]["ADCO"]]
                assert int(document["raw"]["PAPP"][1]) == document["values"]["PAPP"]
                # The port is held, and so is the log.
                with daemon("acquire", "-i", meter.path, "--log-dir", "other", LANG="en_US.UTF-8") as second:
                    _, err = second.communicate(timeout=30)
                assert second.returncode == 75
                assert str(first.pid).encode() in err
                with daemon("acquire", "-i", "sim:hc", "--log-dir", folder) as third:
                    _, err = third.communicate(timeout=30)
                assert third.returncode == 75
                assert str(first.pid).encode() in err
                first.send_signal(signal.SIGTERM)
                first.send_signal(signal.SIGTERM)
                _, err = first.communicate(timeout=20)
            assert first.returncode in (0, -signal.SIGTERM)
            assert b"Traceback" not in err
        finally:
            over.set()
            speaker.join()
    assert not latest.exists()
    assert "Arrêt : " in log_text(folder).splitlines()[-1]


def test_storms_of_signals_leave_whole_lines(tmp_path):
    """A stop that is asked for again and again is still one stop."""
    for number in range(4):
        folder = tmp_path / f"log{number}"
        with daemon("acquire", "-i", "sim:hc", "--log-dir", folder) as process:
            until(lambda folder=folder: list(folder.glob("*.lock")) or list(folder.glob(".*lock")))
            while process.poll() is None:
                process.send_signal(signal.SIGTERM if number % 2 else signal.SIGINT)
                time.sleep(0.001 * number)
            _, err = process.communicate(timeout=20)
        assert process.returncode in (0, -signal.SIGTERM, -signal.SIGINT, 1), err
        text = log_text(folder)
        assert text == "" or text.endswith("\n")
        with daemon("acquire", "-i", "sim:hc,speed=max,duration=30s", "--log-dir", folder) as again:
            again.communicate(timeout=30)
        assert again.returncode == 0, "the lock is let go of by death"


# --- simulate, record, replay


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
        process.communicate(timeout=10)
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
        process.communicate(timeout=20)
        assert process.returncode == 0


def test_replay_to_nobody_can_be_stopped(historique, tmp_path, call):
    call("record", "-i", historique, "-o", tmp_path / "r.rec")
    with daemon("replay", tmp_path / "r.rec", "--speed", "max", "--pty") as process:
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=5)
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
            "old : un compteur d'avant Linky ne parle pas le mode standard ; on attend historique",
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
            process.wait(timeout=20)
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


# --- report


def test_a_report_of_nothing_says_so_and_is_no_failure(call, tmp_path):
    (tmp_path / "log").mkdir()
    for folder in ("log", "gone"):
        status, _, _ = call(
            "report", "--log-dir", tmp_path / folder, "-o", tmp_path / "pages", "-s", "2026-02-20"
        )
        assert status == 0
        assert (tmp_path / "pages" / "2026-02-20.html").exists()
        assert (tmp_path / "pages" / "index.html").exists()


def test_a_report_has_a_page_a_day_and_figures_as_promised(call, tmp_path):
    spec = "sim:ejp,day=2027-01-13,at=22:00,duration=4h,every=5s,speed=max"
    call("acquire", "-i", spec, "--log-dir", tmp_path / "log")
    status, _, _ = call(
        "report", "--log-dir", tmp_path / "log", "-o", tmp_path / "p", "-s", "2027_01_13", "-e", "2027-01-14"
    )
    assert status == 0
    assert {path.name for path in (tmp_path / "p").glob("*.html")} == {
        "2027-01-13.html",
        "2027-01-14.html",
        "index.html",
    }
    assert '<html lang="fr"' in (tmp_path / "p" / "2027-01-13.html").read_text()
    call("report", "--log-dir", tmp_path / "log", "-o", tmp_path / "e", "-s", "2027-01-13", "--lang", "en")
    assert '<html lang="en"' in (tmp_path / "e" / "2027-01-13.html").read_text()
    status, out, _ = call(
        "report", "--log-dir", tmp_path / "log", "--json", "-s", "2027-01-13", "-e", "2027-01-14"
    )
    figures = json.loads(out)
    assert list(figures) == ["schema", "from", "to", "timezone", "contract", "periods", "consumed", "injected",
                             "subscription", "total", "peak", "quality"]  # fmt: skip
    assert figures["contract"] == "EJP"
    assert figures["periods"].keys() <= {"HN", "PM"}
    assert figures["consumed"]["wh"] == sum(period["wh"] for period in figures["periods"].values())
    assert figures["consumed"]["eur"] is None
    assert figures["quality"].keys() == {"coverage", "records", "frames", "rejected", "gaps"}


def test_a_report_says_how_many_lines_it_could_not_read(call, tmp_path):
    spec = "sim:ejp,day=2027-01-13,at=12:00,duration=10m,every=5s,speed=max"
    log = tmp_path / "log"
    call("acquire", "-i", spec, "--log-dir", log)
    words = ("report", "--log-dir", log, "-o", tmp_path / "p", "-s", "2027-01-13")
    assert call(*words)[2] == ""
    path = log / "2027_01_13_linkymonitor.log"
    lines = path.read_bytes().splitlines(keepends=True)
    hurt = [line.replace(b"\tDATA\t", b"\tDA", 1) if at in (5, 9) else line for at, line in enumerate(lines)]
    path.write_bytes(b"".join(hurt) + b"2027/01/13 11:1")  # the last is being written at this moment
    status, _, err = call(*words)
    assert status == 0
    assert err == (
        f"{log} : lignes illisibles en ces jours, laissées de côté : 2 ; rien à faire, l'index suivant rend l'énergie\n"
    )
    path.write_bytes(b"".join(lines))
    with gzip.open(f"{path}.gz", "wb") as file:
        file.write(path.read_bytes())
    path.unlink()
    packed = Path(f"{path}.gz")
    packed.write_bytes(packed.read_bytes()[:-200])
    status, _, err = call(*words)
    assert status == 0
    assert err.startswith(f"{packed} : archive abîmée, lue jusqu'où elle peut l'être")


def test_a_log_directory_that_is_not_there_is_said_and_is_no_failure(call, tmp_path):
    for more in (["--json"], ["-o", tmp_path / "p"]):
        status, _, err = call("report", "--log-dir", tmp_path / "gone", "-s", "2026-02-20", *more)
        assert status == 0
        assert err == (
            f"{tmp_path}/gone : pas de dossier de ce nom, donc rien à dessiner ; corrigez --log-dir ou [log] dir\n"
        )


def test_a_file_where_the_pages_should_go_is_said(call, tmp_path):
    (tmp_path / "rd").touch()
    status, _, err = call("report", "--log-dir", tmp_path, "-s", "2026-02-20", "-o", tmp_path / "rd")
    assert status == 1
    assert err == (
        f"linkymonitor: {tmp_path}/rd : un fichier tient la place d'un dossier ; "
        "donnez un autre nom, ou supprimez-le\n"
    )


def test_dates_the_wrong_way_round_are_wrong_usage(call, tmp_path):
    assert call("report", "--log-dir", tmp_path, "-s", "2026-02-20", "-e", "2026-02-19")[0] == 2


# --- callbacks


def test_a_callback_of_one_s_own_is_called_with_each_reading(call, historique, tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text("seen = []\ndef take(reading):\n    seen.append(reading)\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[callbacks]\ncall = mine_for_test.take\n")
    assert (
        call(
            "acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT
        )[0]
        == 0
    )
    import mine_for_test

    assert len(mine_for_test.seen) == sum(record.frames for record in records(tmp_path / "log"))
    assert mine_for_test.seen[0].tariff_period in ("PM..", "HN..")


@pytest.mark.parametrize(
    "deed", ["sys.exit()", "raise KeyboardInterrupt", "raise BaseException('x')", "1 / 0"]
)
def test_no_callback_ends_the_daemon(call, historique, tmp_path, monkeypatch, caplog, deed):
    name = f"caller_{abs(hash(deed))}"
    (tmp_path / f"{name}.py").write_text(f"import sys\ndef ring(reading):\n    {deed}\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text(f"[callbacks]\ncall = {name}.ring\n")
    words = [
        "acquire",
        "-c",
        tmp_path / "my.ini",
        "-i",
        historique,
        "--log-dir",
        tmp_path / "log",
        "--at",
        AT,
    ]
    assert call(*words)[0] == 0
    assert len(records(tmp_path / "log")) > 5
    assert f"[callbacks] {name}.ring a échoué ; le reste continue" in caplog.text


def test_a_callback_that_closes_our_files_costs_no_line_and_no_false_success(historique, tmp_path):
    """The source is a file, which cannot be opened again in its middle: a port is."""
    (tmp_path / "closer_for_test.py").write_text("import os\ndef ring(reading):\n    os.closerange(3, 256)\n")
    (tmp_path / "my.ini").write_text("[callbacks]\ncall = closer_for_test.ring\n")
    words = [
        "acquire",
        "-c",
        tmp_path / "my.ini",
        "-i",
        historique,
        "--log-dir",
        tmp_path / "log",
        "--at",
        AT,
    ]
    done = subprocess.run(
        [*PYTHON, *words],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert records(tmp_path / "log")
    assert done.returncode == 0 or "illisible" in done.stderr


@pytest.mark.parametrize("deed", ["import sys; sys.exit()", "1 / 0"])
def test_a_module_of_one_s_own_that_does_not_load_is_one_sentence(call, tmp_path, monkeypatch, deed):
    name = f"unloadable_{abs(hash(deed))}"
    (tmp_path / f"{name}.py").write_text(f"{deed}\n")
    (tmp_path / name).mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    for ini in (f"[callbacks]\ncall = {name}.ring\n", f"[output:x]\ntype = {name}.bell\n"):
        (tmp_path / "my.ini").write_text(ini)
        status, _, err = call("check", "-c", tmp_path / "my.ini")
        assert (status, err.count("\n")) == (1, 1)


def test_led_turns_on_display_and_lamps_without_hardware(call, historique, tmp_path, caplog):
    """On a machine without pins or bus the meter is read all the same, and it is said once."""
    caplog.set_level(logging.INFO)
    status, _, _ = call("acquire", "-l", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    assert status == 0
    assert sum(record.frames for record in records(tmp_path / "log")) > 30


def test_run_shows_draws_and_leaves_a_page(tmp_path):
    done = subprocess.run(
        [*PYTHON, "run", "-i", "sim:ejp,day=2027-01-13,at=19:00,duration=5m,speed=max", "--dir", "here"],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "here/pages/index.html").exists()
    assert records(tmp_path / "here/log")
    assert "Page    : " in done.stdout


def test_an_output_of_one_s_own_gets_every_view_and_is_closed(call, historique, tmp_path, monkeypatch):
    (tmp_path / "gong_for_test.py").write_text(
        "from dataclasses import dataclass\n"
        "said = []\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Settings:\n"
        "    tone: str = 'low'\n"
        "class Output:\n"
        "    def __init__(self, settings, hardware): said.append((settings.tone, hardware.lang))\n"
        "    def update(self, view): said.append(view.reading.tariff_period)\n"
        "    def tick(self, now, data_age): return now + 3600\n"
        "    def close(self): said.append('closed')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[output:gong]\ntype = gong_for_test.nothing\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 1
    (tmp_path / "a").mkdir()
    (tmp_path / "gong_for_test.py").rename(tmp_path / "a" / "gong_for_test.py")
    (tmp_path / "a" / "__init__.py").write_text("")
    (tmp_path / "my.ini").write_text("[output:gong]\ntype = a.gong_for_test\ntone = high\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    acquired = call(
        "acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT
    )
    assert acquired[0] == 0
    from a.gong_for_test import said

    assert said[0] == ("high", "fr")
    assert said[-1] == "closed"
    assert len(said) - 2 == sum(record.frames for record in records(tmp_path / "log"))


def test_an_output_may_be_a_package_that_gathers_its_parts(call, historique, tmp_path, monkeypatch):
    package = tmp_path / "house_for_test" / "bell"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text(
        "from house_for_test.bell.settings import Settings\nfrom house_for_test.bell.parts import Output\n"
    )
    (package / "settings.py").write_text(
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Settings:\n    loud: bool = False\n"
    )
    (package / "parts.py").write_text(
        "heard = []\n"
        "class Output:\n"
        "    def __init__(self, settings, hardware): heard.append(settings.loud)\n"
        "    def update(self, view): heard.append(view.reading.tariff_period)\n"
        "    def tick(self, now, data_age): return now + 3600\n"
        "    def close(self): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[output:bell]\ntype = house_for_test.bell\nloud = yes\n")
    words = ["acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "-t", "5"]
    assert call(*words)[0] == 0
    from house_for_test.bell.parts import heard

    assert heard[:2] == [True, "HN.."]


def test_a_second_display_is_an_output_with_a_chip_of_its_own(call, historique, tmp_path, caplog):
    (tmp_path / "my.ini").write_text("[output:hall]\ntype = oled\nchip = sh1106\nport = 4711\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    words = ["acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "-t", "5"]
    assert call(*words)[0] == 0
    assert "sh1106 i2c-4711" in caplog.text


def test_what_is_logged_to_a_terminal_follows_lang(historique, tmp_path):
    """The display, the pins and the meter alike; the log keeps the language of the configuration."""
    words = ["acquire", "-l", "-i", historique, "--log-dir", tmp_path / "log", "-t", "5", "-v"]
    (tmp_path / "my.ini").write_text("[display]\nport = 4711\n")
    done = subprocess.run(
        [*PYTHON, *words, "-c", tmp_path / "my.ini"],
        env={**os.environ, "LANG": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "check the wiring" in done.stderr
    assert " ; " not in done.stderr
    assert "Démarrage" in log_text(tmp_path / "log")


def test_acquire_opens_no_socket(historique, tmp_path):
    watched = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event.startswith('socket.'):\n"
        "        sys.stderr.write(f'SOCKET {event}\\n')\n"
        "sys.addaudithook(hook)\n"
        "from linkymonitor.cli import main\n"
        f"sys.exit(main(['acquire', '-l', '-i', {str(historique)!r}, '--log-dir', 'log', '--at', {AT!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "SOCKET" not in done.stderr


def test_only_a_meter_says_what_is_so_now_in_the_folder_of_the_machine(tmp_path, monkeypatch):
    """`sudo linkymonitor acquire -i sim:` must not stand in for the meter that the service reads."""
    from linkymonitor.settings import default_path, load
    from linkymonitor.system.storage import Storage

    config = load(default_path())
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert of_latest(config.general.runtime_dir, Storage(), meter=False) is None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert of_latest(config.general.runtime_dir, Storage(), meter=False) == tmp_path / "linkymonitor"


@pytest.fixture
def open_folder():
    """A folder that every user can look into; those of pytest are its own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two users")
def test_a_runtime_directory_that_may_not_be_written_is_said_once_and_done_without(
    open_folder, caplog, monkeypatch
):
    from linkymonitor.errors import StorageError
    from linkymonitor.settings import load
    from linkymonitor.system.storage import Storage

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder / "run"))
    ours = open_folder / "run" / "linkymonitor"
    ours.mkdir(parents=True)
    (open_folder / "default.ini").write_text("")
    (open_folder / "named.ini").write_text(f"[general]\nruntime_dir = {ours}\n")
    default, named = (load(open_folder / f"{name}.ini") for name in ("default", "named"))
    # Once as root: nobody may be unable to read the checkout, and so to import what this needs.
    assert of_latest(default.general.runtime_dir, Storage(), meter=True) == ours
    caplog.clear()
    os.seteuid(65534)
    try:
        assert of_latest(default.general.runtime_dir, Storage(), meter=True) is None
        with pytest.raises(StorageError, match="ne peut pas y écrire ; donnez-lui ce dossier"):
            of_latest(named.general.runtime_dir, Storage(), meter=True)
    finally:
        os.seteuid(0)
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert warning.getMessage() == (
        f"{ours} : l'utilisateur de linkymonitor ne peut pas y écrire ; donnez-lui ce dossier, ou nommez-en un autre "
        "avec [general] runtime_dir ; on s'en passe : pas de latest.json"
    )
    assert of_latest(default.general.runtime_dir, Storage(), meter=True) == ours
