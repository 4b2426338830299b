"""Sources that cannot be read: each gives one sentence with the place, the fault and the remedy."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from linkymonitor import cli

LONG, LONGER = "x" * 300, "y" * 5000
#: Words of Python and of pyserial, which help nobody.
FOREIGN = (
    "Traceback",
    "instances of",
    "could not convert",
    "invalid literal",
    "expected a string in",
    "Could not",
    "regexp",
)


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("linkymonitor.settings.SYSTEM_PATH", tmp_path / "none.ini")
    monkeypatch.chdir(tmp_path)


ODD = [
    *(
        "socket://",
        "socket://localhost",
        "socket://:2000",
        "socket://localhost:abc",
        "socket://localhost:99999999",
    ),
    *("socket://localhost:0", "socket://localhost:-1", "socket://localhost:9?bogus=1", "socket://[::1"),
    *("rfc2217://localhost", "rfc2217://localhost:9?timeout=abc", "rfc2217://localhost:9?bogus"),
    *(
        "hwgrep://(",
        "hwgrep://[",
        "hwgrep://x&n=abc",
        "loop://?bogus=1",
        "loop://?logging=loud",
        "alt:///dev/x?class=Nope",
    ),
    *("foo://bar", "://", "http://example.com", "file:///etc/passwd"),
    *("sim:duration=999999999d", "sim:every=99999d", "sim:notice=999999d", "sim:speed=nan", "sim:at=25:00"),
    *(" ", ".", "/", "a\x1b[31mb", "\udcff\udcfe", "a\0b"),
    *(LONG, LONGER, f"/dev/{LONG}", f"{LONGER}://x", f"socket://{LONG}", f"socket://{LONGER}:x"),
    *(f"sim:{LONGER}", f"sim:ejp={LONGER}", f"sim:{LONGER}=1"),
]


@pytest.mark.parametrize("command", ["decode", "acquire"])
@pytest.mark.parametrize("source", ODD, ids=lambda source: ascii(source)[1:41])
def test_an_odd_source_is_one_short_sentence_of_ours(source, command, capsys):
    words = ["decode"] if command == "decode" else ["acquire", "--log-dir", "log", "-t", "1", "-i"]
    words.append(source)
    assert cli.main(words) in (1, 2)
    err = capsys.readouterr().err
    assert err.startswith("linkymonitor: ")
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert len(err) < 350
    assert " : " in err
    assert not [word for word in FOREIGN if word in err]


def test_what_a_far_end_answers_is_told_in_our_words(caplog):
    cli.main(["acquire", "--log-dir", "log", "-t", "0.1", "-i", "hwgrep://no-such-port"])
    assert "hwgrep://no-such-port : ne s'ouvre pas (pas de réponse valable)" in caplog.text


def test_a_wrong_word_of_the_command_line_is_cut_short_too(capsys):
    assert cli.main(["acquire", "-m", LONGER]) == 2
    assert max(map(len, capsys.readouterr().err.splitlines())) < 250


@pytest.mark.skipif(importlib.util.find_spec("tzdata") is not None, reason="Python brings its own zones here")
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("simulate --duration 5 --speed max -o out", 1),
        ("decode sim:duration=5s", 1),
        ("check", 1),
        ("doctor", 1),
        ("decode frames.tic", 0),
    ],
)
def test_a_machine_without_time_zones_is_told_how_to_get_them(tmp_path, command, status):
    (tmp_path / "frames.tic").write_bytes(b"\x02\nADCO 012345678901 E\r\x03")
    done = subprocess.run(
        [sys.executable, "-m", "linkymonitor", *command.split()],
        env={**os.environ, "PYTHONTZPATH": "", "TZ": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status
    assert ("sudo apt install tzdata" in done.stderr) == bool(status)
    assert done.stderr.count("\n") == 1
