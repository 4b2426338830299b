"""Commands whose standard streams are closed, full, left by their readers or short of letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.system.console import Console

PYTHON = f"{sys.executable} -m linkymonitor"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def house(tmp_path, monkeypatch) -> Path:
    """A folder with thirty seconds of a meter, and a configuration whose files stay in the folder."""
    options = parse_spec("ejp,seed=3,day=2027-01-13,at=19:00,parity=no")
    wire = b"".join(piece for _, piece in House(options).frames(options.start + timedelta(seconds=30)))
    (tmp_path / "h.tic").write_bytes(wire)
    (tmp_path / "h.rec").write_bytes(
        b"linkymonitor-recording 1 2027-01-13T18:00:00.000Z 1200 unmasked\n0.000 "
        + wire.hex().encode()
        + b"\n"
    )
    (tmp_path / "log").mkdir()
    (tmp_path / "my.ini").write_text(f"[log]\ndir = {tmp_path}/log\n[report]\ndir = {tmp_path}/pages\n")
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "RUNTIME_DIRECTORY", "PYTHONUNBUFFERED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path


def shell(command: str, **environ: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode()


#: The arguments of every command, and a file that the command makes.
WORK = [
    pytest.param("check -c my.ini", None, id="check"),
    pytest.param("decode h.tic", None, id="decode"),
    pytest.param("acquire -c my.ini -i h.tic --log-dir log", "log/salt", id="acquire"),
    pytest.param("run -c my.ini -i h.tic --dir trial", "trial/file/pages/index.html", id="run"),
    pytest.param("report -c my.ini", "pages/index.html", id="report"),
    pytest.param("record -c my.ini -i h.tic -o out", "out", id="record"),
    pytest.param("replay h.rec -o out", "out", id="replay"),
    pytest.param("simulate --duration 5 --speed max -o out", "out", id="simulate"),
]


@pytest.mark.parametrize(("command", "made"), WORK)
def test_nobody_who_listens_keeps_no_command_from_its_work(house, command, made):
    # The reader of the pipe has left when Python starts.
    assert shell(f"{PYTHON} {command} >&- 2> >(:)")[0] == 0
    assert made is None or (house / made).stat().st_size


@pytest.mark.parametrize(("command", "made"), [WORK[1], WORK[2]])
def test_a_closed_stderr_keeps_no_command_from_its_work(house, command, made):
    """One command prints there, and one logs there; the others do one of the two."""
    assert shell(f"{PYTHON} {command} > >(:) 2>&-")[0] == 0
    assert made is None or (house / made).stat().st_size


@pytest.mark.parametrize("command", ["report --json -c my.ini", "simulate --pty", "replay h.rec --pty"])
def test_an_answer_that_has_nowhere_to_go_is_a_failure_in_one_sentence(house, command):
    assert shell(f"{PYTHON} {command} >&-") == (
        1,
        "",
        "linkymonitor: sortie standard : fermée, alors que la réponse y va ; redirigez-la vers un fichier\n",
    )


def test_a_summary_without_a_stderr_does_not_go_among_the_frames(house):
    status, out, _ = shell(f"{PYTHON} decode h.tic 2>&-")
    assert status == 0
    assert all("groups" in json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("command", ["decode h.tic", "replay h.rec -o /dev/stdout"])
def test_a_reader_that_leaves_early_is_no_failure(house, command):
    status, out, _ = shell(f"{PYTHON} {command} | head -c 20")
    assert (status, len(out)) == (0, 20)


def test_a_closed_stdin_is_one_sentence(house):
    status, _, err = shell(f"{PYTHON} decode - <&-")
    assert status == 1
    assert err.startswith("linkymonitor: stdin : illisible")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["--help", "check"])
def test_a_full_disk_is_a_failure_in_one_sentence(house, command):
    status, _, err = shell(f"{PYTHON} {command} > /dev/full")
    assert status == 1
    assert err.startswith("linkymonitor: sortie standard : écriture impossible (plus de place)")


def test_a_terminal_of_ascii_gets_the_nearest_letters(house):
    status, out, _ = shell(f"{PYTHON} check -c my.ini", **ASCII)
    assert status == 0
    assert "prix non regles : voir [tariff]" in out
    status, _, err = shell(f"{PYTHON} decode gone-é", **ASCII)
    assert status == 1
    assert "donnez un port (/dev/...)" in err


def test_the_log_keeps_its_letters_whatever_the_terminal(house):
    (house / "my.ini").write_text("[callbacks]\ncall =\n")
    assert shell(f"{PYTHON} acquire -c my.ini -i h.tic --log-dir log", **ASCII)[0] == 0
    (log,) = (house / "log").glob("*.log")
    assert "Démarrage : source h.tic" in log.read_text("utf-8")


def test_data_lose_nothing_on_a_terminal_of_ascii(house):
    (house / "h.tic").write_bytes((house / "h.tic").read_bytes().replace(b"\nIINST", b"\n\xe9INST"))
    frames = [shell(f"{PYTHON} decode h.tic", **environ)[1].splitlines() for environ in ({}, ASCII)]
    assert [json.loads(line) for line in frames[0]] == [json.loads(line) for line in frames[1]]
    assert "é" in frames[0][2]
    assert frames[1][2].isascii()


@pytest.fixture
def streams(monkeypatch):
    """The standard streams of this process, which are restored at the end."""
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    yield
    for descriptor, copy in zip((1, 2), kept, strict=True):
        os.dup2(copy, descriptor)
        os.close(copy)


@pytest.mark.usefixtures("streams")
def test_letters_that_a_terminal_lacks_become_the_nearest_it_has(monkeypatch):
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        Console().settle()
        print("déjà → 1 000 €… • 漢", flush=True)
        assert os.read(reader, 100) == b"deja -> 1 000 EUR... * ?\n"
    os.close(reader)


@pytest.mark.usefixtures("streams")
def test_a_reader_that_leaves_and_a_closed_stream_stop_nobody():
    console = Console()
    console.outlive_readers_of_stdout()
    reader, writer = os.pipe()
    os.dup2(writer, 1)
    os.close(reader)
    os.close(writer)
    console.settle()
    console.outlive_readers_of_stdout()
    print("nobody reads this", flush=True)
    os.close(1)
    assert not console.stdout_closed
    console.settle()
    assert console.stdout_closed
