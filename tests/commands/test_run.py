"""`run`: the trial."""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from linkymonitor.model.terms import Ejp
from linkymonitor.simulator.options import PARIS
from tests.support.commands import PYTHON, daemon, hear_signals, records, until

pytestmark = pytest.mark.usefixtures("apart")

#: A house without a long past.
SHORT = ("--past", "1", "-t", "1")


def run(*argv: str, folder: Path, **more) -> subprocess.CompletedProcess:
    command = [*PYTHON, "run", "--dir", "here", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=folder, **more)


class Terminal:
    """A run on a terminal of some columns."""

    def __init__(self, *argv: str, columns: int = 100, **environ: str) -> None:
        master, slave = pty.openpty()
        subprocess.run(["stty", "rows", "40", "cols", str(columns)], stdin=slave, check=True)
        self.process = subprocess.Popen(
            [*PYTHON, "run", "--dir", "here", *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", **environ},
            preexec_fn=hear_signals,  # noqa: PLW1509 -- it takes no lock
        )
        os.close(slave)
        self._master = master
        self.text = ""

    def wait_for(self, words: str) -> None:
        """Read until *words* have come, or to the end; fail after two minutes, although the display goes on."""
        latest = time.monotonic() + 120
        while words not in self.text:
            left = max(0.0, latest - time.monotonic())
            assert select.select([self._master], [], [], left)[0], self.text
            try:
                piece = os.read(self._master, 65536)
            except OSError:  # the other side is closed
                return
            self.text += piece.decode(errors="replace")

    def end(self) -> int:
        self.wait_for("\0never")
        os.close(self._master)
        return self.process.wait(100)


def test_run_shows_a_life_and_a_second_run_goes_on_with_it(tmp_path):
    before = datetime.now(UTC)
    done = run(*SHORT, folder=tmp_path, env={**os.environ, "LANG": "fr_FR.UTF-8"})
    assert done.returncode == 0, done.stderr
    home = tmp_path / "here" / "simulated"
    found = records(home / "log")
    assert found[0].ended_at < before - timedelta(hours=24)
    assert before - timedelta(minutes=1) < found[-1].ended_at <= datetime.now(UTC)
    assert "Aucun compteur entendu : en voici un simulé." in done.stdout
    assert f"Pages   : {(home / 'pages/index.html').as_uri()}" in done.stdout
    assert "\x1b" not in done.stdout
    pages = sorted((home / "pages").glob("????-??-??.html"))
    assert len(pages) == 2
    assert all(
        "Maison simulée, prix inventés" in page.read_text() for page in [*pages, home / "pages/index.html"]
    )
    assert "€" in pages[0].read_text()
    # The peak that began yesterday lasts until one in the morning; that of today is a notice until seven.
    here = before.astimezone(PARIS)
    if 1 <= here.hour < 7:
        assert found[-1].ejp is Ejp.NOTICE
    else:
        peak = (here - timedelta(hours=1)).date()
        assert "Jour EJP" in (home / "pages" / f"{peak}.html").read_text()

    again = run(*SHORT, folder=tmp_path, env={**os.environ, "LANG": "en_US.UTF-8"})
    assert again.returncode == 0, again.stderr
    later = records(home / "log")
    assert later[: len(found)] == found
    steps = [sum(two.indexes.values()) - sum(one.indexes.values()) for one, two in pairwise(later)]
    assert min(steps) >= 0
    assert max(steps) < 200
    assert "simulated house, invented prices" in pages[0].read_text().lower(), "in the language of this run"

    drawn = subprocess.run(
        [*PYTHON, "report", "-c", home / "linkymonitor.ini", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert drawn.returncode == 0, drawn.stderr
    assert '"eur": null' not in drawn.stdout.split('"injected"')[0]


def test_a_house_has_forty_days_of_past_where_nothing_else_is_asked_for(tmp_path):
    begin = datetime.now(UTC)
    done = run("-i", "sim:ejp,pv,duration=60s,speed=max", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "here" / "simulated"
    assert abs(begin - records(home / "log")[0].ended_at - timedelta(days=40)) < timedelta(days=1, hours=2)
    assert len(list((home / "pages").glob("????-??-??.html"))) >= 41


def test_with_a_day_the_clock_the_log_and_the_pages_are_of_that_day(tmp_path):
    spec = "sim:ejp=2027-01-13,day=2027-01-13,at=19:00,duration=5m,speed=max"
    done = run("-i", spec, "--past", "0", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    home = tmp_path / "here" / "simulated"
    assert {path.name for path in (home / "pages").glob("????-??-??.html")} == {"2027-01-13.html"}
    assert "Jusqu’à 19\xa0h\xa005" in (home / "pages/2027-01-13.html").read_text()
    assert f"{records(home / 'log')[-1].ended_at:%Y-%m-%d %H:%M}" in ("2027-01-13 18:04", "2027-01-13 18:05")


def test_a_file_and_a_meter_have_folders_of_their_own(tmp_path, historique):
    assert run("-i", str(historique), folder=tmp_path).returncode == 0
    assert records(tmp_path / "here/file/log")
    assert (tmp_path / "here/file/pages/index.html").exists()
    refused = subprocess.run(
        [*PYTHON, "acquire", "-i", "sim:ejp,duration=1m,speed=max", "--log-dir", "here/file/log"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 2
    assert refused.stderr == (
        "linkymonitor: here/file/log : ce journal est celui d'un fichier ; pour une maison simulée, choisissez un "
        "autre dossier\n"
    )
    wrong = run("-i", str(historique), "--fresh", folder=tmp_path)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_a_second_run_beside_the_first_is_told_so(tmp_path):
    with daemon("run", "--dir", tmp_path / "here", "--past", "0", XDG_RUNTIME_DIR=str(tmp_path)) as first:
        until(lambda: (tmp_path / "here/simulated/pages/index.html").exists())
        until(lambda: b"Ctrl-C" in first.stdout.readline())
        second = run(*SHORT, folder=tmp_path)
        first.send_signal(signal.SIGINT)
        assert first.wait(100) == 0
    assert second.returncode == 75
    assert "un autre essai y est en cours" in second.stderr
    assert second.stderr.count("\n") == 1


def test_the_browser_is_opened_on_a_terminal_and_the_terminal_may_be_narrow_and_know_ascii_only(tmp_path):
    opened = tmp_path / "opened"
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    desk = {"DISPLAY": ":0", "PATH": f"{browser.parent}:{os.environ['PATH']}"}
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    first = Terminal(*SHORT, columns=40, **desk, **ascii_only)
    assert first.end() == 0
    assert (
        until(lambda: opened.exists() and opened.read_text())
        .strip()
        .endswith("/here/simulated/pages/index.html")
    )
    assert "linkymonitor | " in first.text
    assert first.text.isascii()
    opened.unlink()
    second = Terminal(*SHORT, "--no-open", **desk)
    assert second.end() == 0
    assert "▀" in second.text
    assert not opened.exists()


def test_ctrl_c_while_the_past_is_made_leaves_what_is_whole(tmp_path):
    trial = Terminal("--past", "400")
    trial.wait_for("/401 j")
    trial.process.send_signal(signal.SIGINT)
    assert trial.end() == 0
    assert "le prochain essai fera le reste" in trial.text
    assert "401/401" not in trial.text
    logs = sorted((tmp_path / "here/simulated/log").glob("*.log*"))
    assert 0 < len(logs) < 200
    assert all(path.read_bytes().endswith(b"\n") for path in logs if path.suffix == ".log")


def test_a_full_disk_ends_the_past_with_one_sentence(tmp_path):
    done = run(
        *SHORT,
        folder=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"linkymonitor: .*/log : le disque ne prend pas la suite du passé ; .*\n", done.stderr
    ), done.stderr
    logs = list((tmp_path / "here/simulated/log").glob("*.log"))
    assert logs
    assert all(log.read_bytes()[-1:] in (b"", b"\n") for log in logs)


def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(tmp_path):
    (tmp_path / "here").write_text("not a folder")
    done = run(*SHORT, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "here" in done.stderr
    done = run(*SHORT, "--dir", "x" * 300, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith(", ou nommez un autre dossier avec --dir\n")
    assert done.stderr.count("\n") == 1
