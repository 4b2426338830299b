"""Settings with a fault: `doctor` names the line and goes on with all that it can look at."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from linkymonitor.doctor.base import State
from linkymonitor.ini_file import read
from linkymonitor.settings import load_what_can_be_read
from tests.commands.test_support_bundle import contents

#: Each fault, and the line, the words and the substitute that are told.
FAULTS = {
    "a value": (
        "[meter]\nport = {port}\nspeed = 9601\n",
        2,
        "[meter] speed = 9601 : on attend",
        "la valeur par défaut",
    ),
    "a key": ("[meter]\nport = {port}\nsped = 9600\n", 2, "vouliez-vous dire speed", "sans cette ligne"),
    "a section": (
        "[meter]\nport = {port}\n[metre]\nx = 1\n",
        2,
        "vouliez-vous dire meter",
        "sans cette section",
    ),
    "no INI": (
        "[meter]\nport = {port}\nspeed 9600\n",
        2,
        "illisible ; on attend [section]",
        "sans cette ligne",
    ),
    "a key twice": (
        "[meter]\nport = {port}\nport = x\n",
        2,
        "[meter] port : deuxième fois",
        "sans cette ligne",
    ),
    "a section twice": (
        "[meter]\nport = {port}\n[log]\nx=1\n",
        2,
        "[log] : deuxième fois",
        "sans cette section",
    ),
    "Latin-1": (
        "[meter]\nport = {port}\nmode = standard\xe9\n",
        2,
        "enregistrez le fichier en UTF-8",
        "sans cette ligne",
    ),
    "a section without what it needs": (
        "[meter]\nport = {port}\n[relay:tank]\nrule = ejp\n",
        2,
        "[relay:tank] pin : manque",
        "sans cette section",
    ),
}


@pytest.fixture
def ini(tmp_path, monkeypatch):
    """Return a function that writes settings with folders of this test before *text*."""
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")

    def write(text: str) -> Path:
        path = tmp_path / "my.ini"
        head = f"[general]\nstate_dir = {tmp_path}\n[log]\ndir = {tmp_path}\n[report]\ndir = {tmp_path}\n"
        path.write_text(head + text, encoding="latin-1")
        return path

    return write


def rows_of(call, *words) -> dict[str, dict]:
    _, out, err = call("doctor", "--json", *words)
    assert err == ""
    return {row["name"]: row for row in json.loads(out)["rows"]}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_a_row_with_its_line_and_the_rest_is_looked_at(call, tmp_path, ini, kind):
    text, line, words, instead = FAULTS[kind]
    rows = rows_of(call, "-c", ini(text.format(port="/dev/ttyNONE")))
    fault = rows["settings"]
    assert fault["state"] == "to_mend"
    assert fault["line"] == 6 + line + 1
    assert fault["finding"].startswith(f"ligne {fault['line']} : ")
    assert words in fault["finding"]
    assert fault["finding"].endswith(
        f"vérifié avec {instead}" if "valeur" in instead else f"vérifié {instead}"
    )
    assert f"sudo nano +{fault['line']} {tmp_path}/my.ini" in fault["cure"]
    assert "settings-file" not in rows, "a file with a fault is not well"
    # What stands beside the fault counts.
    assert rows["port"]["finding"] == "/dev/ttyNONE n'existe pas"
    assert str(tmp_path) in rows["log-dir"]["finding"]
    assert {"clock", "space", "page", "address"} <= rows.keys()


def test_what_has_a_fault_has_its_default_beside_what_has_none(ini):
    settings, faults = load_what_can_be_read(
        ini(
            "[meter]\nport = /dev/ttyUSB7\nspeed = 9601\nsilence = -1s\n[display]\ncontrast = 999\naddress = 0x3D\n"
        )
    )
    assert settings.meter.port == "/dev/ttyUSB7"
    assert settings.display.address == 0x3D
    assert [fault.line for fault in faults] == [9, 10, 12]


def test_faults_without_end_end(ini):
    """Every line of a large file is wrong in the way that stops the reader of INI files at once."""
    found = read(b"[meter]\n" + b"port = x\n" * 20_000)
    assert len(found.faults) <= 25
    assert found.parser["meter"]["port"] == "x"


def test_odd_lines_never_stop_the_reader():
    for head in (b"", b"[a]\n", b"x\n[a\nb = 1\n[a]\n", b"  x = 1\n y\n", b"\xff\xfe[\x00a\x00]\x00"):
        for tail in (b"", b"[a]\n", b"= 1\n", b"[a]\nx\n  y\n", b"\x00\n", b"[]\nq = 1\n"):
            found = read(head + tail)
            assert all(fault.line for fault in found.faults)


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "absent"])
@pytest.mark.parametrize("command", ["acquire", "check", "report", "serve", "deliver", "safe"])
def test_settings_that_are_no_file_are_refused_and_never_waited_for(call, tmp_path, kind, command):
    status, _, err = call(command, "-c", unreadable(tmp_path, kind))
    assert status == 1
    assert err.count("\n") == 1
    assert "ordinaire" in err or "lecture impossible" in err


def unreadable(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "no-file.ini"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        return Path("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "absent"])
def test_settings_that_cannot_be_read_are_a_row_and_a_bundle(call, tmp_path, kind, monkeypatch):
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    path = unreadable(tmp_path, kind)
    rows = rows_of(call, "-c", path, "-i", "/dev/ttyNONE")
    assert rows["settings"]["state"] == "to_mend"
    assert rows["settings"]["finding"].endswith("vérifié avec les valeurs par défaut")
    assert "settings-file" not in rows
    assert "port" in rows
    assert call("support-bundle", "-c", path, "-o", tmp_path / "x.zip", "--yes")[0] == 0
    assert "par défaut" in contents(tmp_path / "x.zip")["linkymonitor/doctor.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_settings_that_are_closed_to_this_user_are_not_seen(call, ini):
    path = ini("")
    path.chmod(0)
    fault = rows_of(call, "-c", path, "-i", "/dev/ttyNONE")["settings"]
    assert fault["state"] == State.UNSEEN.value
    assert fault["cure"] == "« sudo linkymonitor doctor »"


def test_fix_mends_nothing_that_a_wrong_file_may_have_named(call, tmp_path, ini):
    (tmp_path / "page").mkdir()
    (tmp_path / "page").chmod(0o777)
    path = ini("[display]\nsize = none\n")
    path.write_text(
        path.read_text().replace(f"[report]\ndir = {tmp_path}", f"[report]\ndir = {tmp_path}/page")
    )
    assert call("doctor", "-c", path, "-i", "/dev/ttyNONE", "--fix")[0] == 1
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o777
