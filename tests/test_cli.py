"""The arguments, statuses and languages of a command line, as in README.md."""

from __future__ import annotations

import os
import subprocess

import pytest

from linkymonitor.commands.table import COMMANDS
from tests.support.commands import AT, PYTHON, log_text

#: The commands, as messages list them.
NAMES = ", ".join(COMMANDS)

pytestmark = pytest.mark.usefixtures("apart")


def test_wrong_usage_is_2_and_help_is_0(call):
    assert call()[0] == 2
    assert call("fly")[0] == 2
    assert call("acquire", "-m", "fast")[0] == 2
    assert call("acquire", "-t", "-5")[0] == 2
    assert call("acquire", "-t", "nan")[0] == 2
    assert call("report", "-s", "tomorrow")[0] == 2
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
    usage = out.removeprefix("English: --lang en\n\n")
    french = lang.startswith("fr")
    assert usage.startswith(("usage\u00a0: " if french else "usage: ") + "linkymonitor " + command)
    assert ("\noptions\u00a0:\n" if french else "\noptions:\n") in usage
    assert (usage != out) == french
    if french:
        assert "positional" not in out
        assert "show this" not in out


@pytest.mark.parametrize(
    ("words", "fr", "en"),
    [
        (
            ["report", "-s", "demain"],
            "report: -s/--start : « demain » ; on attend une date de ce siècle telle que 2026-11-21 ou 21/11/2026",
            "report: argument -s/--start: “demain”; expected a date of this century such as 2026-11-21 or, day first, "
            "21/11/2026",
        ),
        (
            ["report", "-s", "2021_02_31"],
            "report: -s/--start : « 2021_02_31 » ; février 2021 a 28 jours",
            "report: argument -s/--start: “2021_02_31”; February 2021 has 28 days",
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
            "linkymonitor: inconnu : b ; decode ne prend rien de tel, voir linkymonitor decode --help",
            "linkymonitor: unknown: b; decode takes no such word, see linkymonitor decode --help",
        ),
        (
            ["acquire", "--log-dri", "x"],
            "linkymonitor: inconnu : --log-dri x, vouliez-vous dire --log-dir ?",
            "linkymonitor: unknown: --log-dri x, did you mean --log-dir?",
        ),
        (
            ["aquire"],
            "linkymonitor: commande inconnue : aquire, vouliez-vous dire acquire ?",
            "linkymonitor: no such command: aquire, did you mean acquire?",
        ),
        (
            ["fly"],
            f"linkymonitor: commande inconnue : fly ; on attend {NAMES}",
            f"linkymonitor: no such command: fly; expected one of {NAMES}",
        ),
        (
            [],
            f"linkymonitor: il manque une commande : {NAMES} ; voir linkymonitor --help",
            f"linkymonitor: a command is missing: {NAMES}; see linkymonitor --help",
        ),
        (
            ["simulate", "--pty", "--contract", "gaz"],
            "simulate: --contract : « gaz » inconnu ; on attend base, hc, ejp, tempo",
            "simulate: argument --contract: “gaz” unknown; expected base, hc, ejp, tempo",
        ),
        (
            ["simulate", "--pty", "--contract", "tempos"],
            "simulate: --contract : « tempos » inconnu, vouliez-vous dire tempo ?",
            "simulate: argument --contract: “tempos” unknown, did you mean tempo?",
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
        assert err.startswith(("usage\u00a0: " if lang.startswith("fr") else "usage: ") + "linkymonitor")
        assert err.splitlines()[-1].removeprefix("linkymonitor ") == sentence


def test_an_ambiguous_abbreviation_is_said_in_french(call):
    assert "ambigu ; on attend l'un de --phases, --producer, --pty" in call("simulate", "--p")[2]


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


@pytest.mark.parametrize(
    "words", [("-h", "--lang", "en"), ("--lang=en", "-h"), ("--lang", "en", "check", "-h")]
)
def test_lang_asks_for_the_english_help_at_any_place(call, words):
    assert call(*words)[1].startswith("usage: linkymonitor")
    assert "show this help message" in call(*words)[1]


@pytest.mark.parametrize("ini", ["", "[general]\nlang = fr\n"])
def test_lang_wins_over_the_configuration_for_messages_log_and_pages(call, historique, tmp_path, ini):
    (tmp_path / "my.ini").write_text(ini)
    chosen = ("-c", tmp_path / "my.ini", "--lang", "en")
    assert "there is no such file" in call("decode", "gone.tic", "--lang", "en")[2]
    assert "log: /var/log/linkymonitor" in call("check", *chosen)[1]
    assert call("acquire", *chosen, "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)[0] == 0
    assert "Starting: source" in log_text(tmp_path / "log")
    words = ("report", *chosen, "--log-dir", tmp_path / "log", "-o", tmp_path, "-s", "2027-01-13")
    assert call(*words)[0] == 0
    assert '<html lang="en"' in (tmp_path / "2027-01-13.html").read_text()


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


def test_no_name_of_a_file_commands_the_terminal(call, historique, tmp_path):
    """Not even when all goes well: the output repeats the names of files, which may be anything."""
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


def test_what_is_logged_to_a_terminal_follows_lang(historique, tmp_path):
    """This holds for the display, the pins and the meter; the log keeps the language of the configuration."""
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
