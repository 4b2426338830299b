"""Meter addresses and delivery points: they are in no output of a whole run, however damaged the line is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.labels import LABELS
from linkymonitor.tic.privacy import PERSONAL, hashed, mask, mask_group, mask_raw

METER, POINT = "041876543210", "19283746556473"
#: So many digits of an address in a row would help to find the household.
TELLING = 6


def tells(text: str, number: str) -> list[str]:
    """Return the pieces of *number* that are in *text*."""
    pieces = {number[at : at + TELLING] for at in range(len(number) - TELLING + 1)}
    return sorted(piece for piece in pieces if piece in text)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("123456789456", "*********456"),
        ("12345678901234", "***********234"),
        ("123", "***"),
        ("1234", "*234"),
        ("", ""),
        ("XXXXXXXXXXXX", "*********XXX"),
    ],
)
def test_a_number_keeps_its_length_and_its_last_three_digits(number, shown):
    assert mask(number) == shown


def test_only_personal_groups_are_masked():
    assert mask_group("ADCO", METER) == "*********210"
    assert mask_group("PRM", POINT) == "***********473"
    assert mask_group("EAST", "000123456") == "000123456"


def test_every_label_that_names_a_household_is_known():
    """The width of the data tells: only a meter address or a delivery point has its width."""
    wide = {row.name for row in LABELS if "address" in row.meaning or "delivery point" in row.meaning}
    assert wide - {"PRM"} <= PERSONAL
    assert "PRM" in PERSONAL


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("EASD01\t06476 712\tA", "EASD01\t06476 712\tA"),
        ("ISOUSC 45 \x7f", "ISOUSC 45 \x7f"),
        ("SMAXSN\tE210603202834\t0123X\tK", "SMAXSN\tE210603202834\t0123X\tK"),
        ("BASE 00012345  Q", "BASE 00012345  Q"),
        (f"ADCO {METER[:-1]}x N", "ADCO ********321x N"),
        (f"AD\0O {METER} N", "AD\0O *********210 N"),
        (f"PAPP {METER} N", "PAPP *********210 N"),
        ("6543210 N", "****210 N"),
        ("ADSC 0418", "ADSC *418"),
        ("BASE 0001ADCO 0418", "BASE ****ADCO *418"),
        # A check character is no digit of a number, though it may be a digit.
        (f"ADSC\t{METER}\t5", "ADSC\t*********210\t5"),
        (f"ADCO {METER} 4", "ADCO *********210 4"),
        (f"PRM\t{POINT}\t8", "PRM\t***********473\t8"),
        ("EAST\t000123456\t7", "EAST\t000123456\t7"),
        ("BBRHPJW 000047946 9", "BBRHPJW 000047946 9"),
        # Profiles have many digits, and a horodate has twelve.
        (
            "PJOURF+1\t00004001 06004002 1600?001 NONUTILE\t1",
            "PJOURF+1\t00004001 06004002 1600?001 NONUTILE\t1",
        ),
        ("CCASN\tE210603202834\t01234\t7", "CCASN\tE210603202834\t01234\t7"),
        ("DATE\tE210603202834\t\t5", "DATE\tE210603202834\t\t5"),
        # The end of one line and a number, run together; an address is no horodate.
        (f"PAPP 01150  {METER} 4", "PAPP *****  *********210 4"),
        (f"SMAXSN\tE{METER}\t5", "SMAXSN\tE*********210\t5"),
        ("", ""),
        ("\x02\x03", "\x02\x03"),
    ],
)
def test_a_damaged_line_shows_what_can_be_no_number_of_a_household(raw, shown):
    assert mask_raw(raw) == shown


@given(
    label=st.sampled_from(["ADCO", "ADSC", "PRM"]),
    even=st.booleans(),
    harm=st.lists(
        st.tuples(st.sampled_from(["flip", "drop", "add"]), st.integers(0, 30), st.integers(0, 255)),
        max_size=4,
    ),
    cut=st.tuples(st.integers(0, 25), st.integers(0, 25)),
)
@example(label="ADSC", even=True, harm=[], cut=(6, 0))
@example(label="PRM", even=True, harm=[("flip", 2, 4)], cut=(1, 2))
def test_no_damage_to_the_line_of_a_number_gives_it_away(label, even, harm, cut):
    """The damages are flipped, lost and added bytes, and cuts at either end, with parity or without."""
    number = POINT if label == "PRM" else METER
    mode = Mode.HISTORIQUE if label == "ADCO" else Mode.STANDARD
    line = bytearray(write_group(InfoGroup(label, number), mode))
    if even:
        line = bytearray(parity.add(bytes(line)))
    for what, at, value in harm:
        at = min(at, len(line) - 1)
        if at < 0:
            break
        if what == "flip":
            line[at] ^= 1 << value % 8
        elif what == "drop":
            del line[at]
        else:
            line.insert(at, value)
    line = line[cut[0] : len(line) - cut[1]]
    shown = mask_raw(bytes(line).decode("latin-1"))
    assert len(shown) == len(line)
    seven = "".join(chr(ord(letter) & 0x7F) for letter in shown)
    assert not tells(seven, number)
    # The check character may be a fourth.
    assert len(re.findall(r"[0-9]", re.sub(r"[ \t].[\0-\x1f]*\Z", "", seven, flags=re.DOTALL))) <= 3


def test_what_stands_for_a_number_is_the_same_for_one_salt_only():
    assert hashed(METER, "pepper") == hashed(METER, "pepper")
    assert hashed(METER, "pepper") != hashed(METER, "paprika")
    assert hashed(METER, "pepper") != hashed(METER[:-1] + "1", "pepper")
    assert re.fullmatch("[0-9a-f]{12}", hashed(METER, "pepper"))
    assert hashed(METER, "é" * 100)


def canary(mode: Mode) -> bytes:
    """Return some minutes of a meter with the address METER, on wires that damage a line in ten.

    Now and then the address is another one with a right checksum: a checksum of six bits lets some damage through.
    """
    options = parse_spec(f"{mode.value},tempo,producer,seed=3,day=2027-01-13,at=19:00" if mode is Mode.STANDARD
                         else "ejp,seed=3,day=2027-01-13,at=19:00")  # fmt: skip
    house, dice, wire = House(options), Random(5), b""
    for number in range(150):
        frame = house.frame_at(options.start + timedelta(seconds=2 * number))
        meter = METER[:-1] + "1" if number % 10 == 5 else METER
        said = [
            InfoGroup(
                group.label,
                {"ADCO": meter, "ADSC": meter, "PRM": POINT}.get(group.label, group.data),
                group.horodate,
            )
            for group in frame.groups
        ]
        sent = bytearray(write_frame(Frame(tuple(said)), mode, parity=True))
        for _ in range(3):
            at = dice.randrange(len(sent))
            match dice.randrange(3):
                case 0:
                    sent[at] ^= 1 << dice.randrange(8)
                case 1:
                    del sent[at : at + dice.randrange(1, 5)]
                case 2:
                    # Only the address matters here.
                    start = sent.find(parity.add(METER.encode()))
                    if start >= 0:
                        sent[start + dice.randrange(12)] ^= 1 << dice.randrange(8)
        wire += bytes(sent)
    # Somebody starts to listen in the middle of the number.
    return wire[wire.find(parity.add(METER.encode())[3:]) :]


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_no_artefact_of_a_whole_run_holds_the_number_or_the_point(tmp_path, mode):
    (tmp_path / "wire.tic").write_bytes(canary(mode))
    (tmp_path / "spy_for_test.py").write_text(
        "import os, shutil\n"
        "def keep(reading):\n"
        f"    shutil.copy({str(tmp_path / 'run/latest.json')!r}, {str(tmp_path / 'kept.json')!r})\n"
        "    raise RuntimeError('a bug of the user')\n"
    )
    (tmp_path / "my.ini").write_text(
        f"[general]\nruntime_dir = {tmp_path / 'run'}\n[callbacks]\ncall = spy_for_test.keep\n"
    )
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}", "LANG": "C.UTF-8"}

    def run(*argv: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "linkymonitor", *argv],
            capture_output=True,
            env=environ,
            cwd=tmp_path,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).decode()

    at = ("--at", "2027-01-13T19:00:00+01:00")
    said = {
        "acquire": run("acquire", "-v", "-l", "-c", "my.ini", "-i", "wire.tic", "--log-dir", "log", *at),
        "report": run("report", "--log-dir", "log", "-o", "pages", "-s", "2027-01-13"),
        "json": run("report", "--log-dir", "log", "--json", "-s", "2027-01-13"),
        "decode": run("decode", "--values", "wire.tic"),
        "check": run("check", "-c", "my.ini"),
    }
    assert "RuntimeError" in said["acquire"], "a traceback is an artefact too"
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("wire.tic",)]
    assert {path.name for path in files} >= {
        "2027_01_13_linkymonitor.log",
        "quarantine.log",
        "kept.json",
        "2027-01-13.html",
        "salt",
    }
    for path in files:
        said[str(path)] = path.read_bytes().decode("latin-1")
    for where, text in said.items():
        for number in (METER, POINT):
            assert number not in text, where
            seven = "".join(chr(ord(letter) & 0x7F) for letter in text)
            assert not tells(seven, number), where
    assert re.search(r"\tmeter\tAD[CS][OC].\*{9}211 ", (tmp_path / "log/quarantine.log").read_text())
    assert "*********210" in said["decode"]
    assert METER in run("decode", "--show-ids", "wire.tic"), "an owner who asks may see it"
