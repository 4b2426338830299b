"""``doctor`` as it is called: on a terminal and not, with its options."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from linkymonitor.tic import parity
from tests.doctor.house import Sender
from tests.support.commands import PYTHON, wire
from tests.support.receiver import Receiver

pytestmark = pytest.mark.usefixtures("apart")

STANDARD = parity.add(wire("standard,seed=3,day=2027-01-13,at=19:00", 0.06))


def read_until(terminal: int, pattern: str, seconds: float = 60.0) -> str:
    """Return what came on *terminal* until *pattern* was in it."""
    end, text = time.monotonic() + seconds, ""
    while not re.search(pattern, text):
        left = end - time.monotonic()
        assert left > 0, f"{pattern} did not come: {text}"
        if select.select([terminal], [], [], left)[0]:
            text += os.read(terminal, 4096).decode()
    return text


def watched(path: str, *patterns: str) -> tuple[str, int]:
    """Return what `doctor --watch` draws on a terminal until each of *patterns* has come, and its exit status."""
    terminal, theirs = pty.openpty()
    process = subprocess.Popen([*PYTHON, "doctor", "-i", path, "--watch"], stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        drawn = "".join(read_until(terminal, pattern) for pattern in patterns)
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    return drawn, status


def test_watch_draws_one_line_that_says_what_to_turn():
    with Sender(STANDARD, 9600, Receiver(floor=0.4, noise=0.04).read) as path:
        drawn, status = watched(path, r"montez R2.*\r")
    assert status == 0
    assert "\n" not in drawn
    lines = drawn.split("\r\x1b[K")
    assert re.search(r"9600 bauds  [\d,]+\s%  1→0 \d+ 0→1 \d+  montez R2  [A-Z]", drawn)
    assert all(len(line) < 80 for line in lines)


def test_watch_shows_no_meter_number():
    with Sender(STANDARD, 9600) as path:
        drawn, _ = watched(path, "bonne", "bonne.*\r", "bonne")
    assert not re.search(r"(?<!\*)\d{12}", drawn)


def test_watch_and_fix_exclude_each_other(call):
    status, _, err = call("doctor", "--watch", "--json")
    assert status == 2
    assert "--watch va sans --fix ni --json" in err


def test_a_port_that_is_not_there_is_1_and_the_answer_is_json(call, tmp_path):
    (tmp_path / "my.ini").write_text(
        f"[general]\nstate_dir = {tmp_path}\n[log]\ndir = {tmp_path}\n[report]\ndir = {tmp_path}\n"
    )
    status, out, err = call("doctor", "-c", tmp_path / "my.ini", "-i", "/dev/ttyNONE", "--json")
    assert status == 1
    assert err == ""
    (row,) = [row for row in json.loads(out)["rows"] if row["name"] == "port"]
    assert row["finding"] == "/dev/ttyNONE n'existe pas"
    assert row["state"] == "to_mend"


def test_english_is_spoken_where_it_is_asked_for(call):
    _, out, _ = call("doctor", "--lang", "en", "-i", "/dev/ttyNONE")
    assert "to mend    port: /dev/ttyNONE does not exist\n" in out
