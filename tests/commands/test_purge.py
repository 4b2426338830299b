"""`purge --before DATE`: what is older goes, what is younger stays to the byte, also after a cut."""

from __future__ import annotations

import gzip
import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.cli import main
from linkymonitor.errors import StorageError
from linkymonitor.meter.acceptance.frame import Held
from linkymonitor.meter.quarantine import Quarantine
from linkymonitor.meter.quarantine_file import EVERY
from linkymonitor.system.disk import SystemDisk
from linkymonitor.system.storage import Storage
from tests.support.commands import PYTHON
from tests.support.crash_model import PowerCut

#: 1 June begins at 22:00 UTC of 31 May in Paris.
BEFORE = "2026-06-01"
CONTRACT = "INFO\tContrat: mode=historique, option=BASE, puissance=9000, phases=1, producteur=, compteur=0440d28074d5"


def rows(day, *times):
    return "".join(f"{day} {time}\tDATA\tPeriode=TH.., PuissConsommee=00384\n" for time in times)


@pytest.fixture
def box(tmp_path):
    log, pages, csv = tmp_path / "log", tmp_path / "pages", tmp_path / "csv"
    state = tmp_path / "state" / "deliver"
    for folder in (log / "summaries", pages, csv, state):
        folder.mkdir(parents=True)
    (tmp_path / "x.ini").write_text(
        f"[general]\nlang = en\nstate_dir = {tmp_path / 'state'}\n[log]\ndir = {log}\n[report]\ndir = {pages}\n"
        f"[sink:table]\ntype = csv\ndir = {csv}\n[sink:far]\ntype = influxdb\nurl = http://localhost:1\ndatabase = d\n"
    )
    head = f"2026/05/31 00:00:00\t{CONTRACT}\n"
    (log / "2026_05_29_linkymonitor.log.gz").write_bytes(
        gzip.compress(rows("2026/05/29", "10:00:00").encode())
    )
    (log / ".2026_05_30_linkymonitor.log.gz.77.tmp").write_bytes(b"half")
    (log / "2026_05_28_linkymonitor.log.bad-1").write_bytes(b"old")
    (log / "2026_05_30_LinkyAcq.pl.log").write_text(rows("2026/05/30", "10:00:00"))
    (log / "2026_05_31_linkymonitor.log.gz").write_bytes(
        gzip.compress((head + rows("2026/05/31", "10:00:00", "21:59:59", "22:00:00")).encode())
    )
    (log / "2026_06_01_linkymonitor.log").write_text(rows("2026/06/01", "00:00:00"))
    (log / "salt").write_text("5f2d9c0e7ab14468a1b2c3d4e5f60718\n")
    (log / "summaries/2026-04.jsonl").write_text('{"v": 1, "date": "2026-04-01"}\n')
    (log / "quarantine.log").write_text(
        "2026/05/31 21:00:00\tdomain\tPAPP 1 A\n2026/05/31 22:30:00\tdomain\tPAPP 2 A\n"
    )
    for name in ("2026-05-31", "2026-06-01", "2026-05", "2026-06", "2026", "2027", "index", "today"):
        (pages / f"{name}.html").write_text(name)
    (csv / "2026-05-31.csv").write_text("old")
    (csv / "2026-06-01.csv").write_text("new")
    (state / "sink-far.refused.jsonl").write_text(
        "".join(
            json.dumps({"record": {"ended_at": at}}) + "\n"
            for at in ("2026-05-01T10:00:00Z", "2026-06-02T10:00:00Z")
        )
    )
    return tmp_path


def run(box, *words):
    return main(["purge", "-c", str(box / "x.ini"), "--before", BEFORE, *words])


def whole(box):
    return {
        str(path.relative_to(box)): gzip.decompress(path.read_bytes())
        if path.suffix == ".gz"
        else path.read_bytes()
        for path in sorted(box.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def assert_purged(box):
    names = set(whole(box))
    assert {name for name in names if name.startswith(("log/2026", "log/.2026"))} == {
        "log/2026_05_31_linkymonitor.log.gz",
        "log/2026_06_01_linkymonitor.log",
    }
    text = whole(box)["log/2026_05_31_linkymonitor.log.gz"].decode()
    assert text == f"2026/05/31 00:00:00\t{CONTRACT}\n" + rows("2026/05/31", "22:00:00")
    assert {name for name in names if name.startswith("pages/")} == {
        f"pages/{name}.html" for name in ("2026-06-01", "2026-06", "2027", "index", "today")
    }
    assert whole(box)["log/quarantine.log"] == b"2026/05/31 22:30:00\tdomain\tPAPP 2 A\n"
    assert "csv/2026-05-31.csv" not in names
    assert "csv/2026-06-01.csv" in names
    assert "log/summaries/2026-04.jsonl" not in names
    assert b"2026-05" not in whole(box)["state/deliver/sink-far.refused.jsonl"]
    assert b"2026-06-02" in whole(box)["state/deliver/sink-far.refused.jsonl"]
    assert "log/salt" in names


def test_what_is_older_goes_and_what_is_younger_stays(box, capsys):
    assert run(box, "--yes") == 0
    assert_purged(box)
    said = capsys.readouterr().out
    assert "[sink:far]: what was sent there stays there" in said
    after = whole(box)
    assert run(box, "--yes") == 0
    assert whole(box) == after
    assert f"nothing before {BEFORE}" in capsys.readouterr().out


def test_a_dry_run_removes_nothing(box, capsys):
    before = whole(box)
    assert run(box, "--dry-run") == 0
    assert whole(box) == before
    assert "nothing is removed" in capsys.readouterr().out


def test_a_log_that_is_being_compressed_does_not_come_back(box):
    old = box / "log" / "2026_05_27_linkymonitor.log"
    old.write_text(
        rows("2026/05/27", *(f"{hour:02}:{minute:02}:00" for hour in range(24) for minute in range(60)))
    )
    steps = Storage().compress_steps(old)
    next(steps)
    assert run(box, "--yes") == 0
    with pytest.raises(StorageError):
        list(steps)
    assert_purged(box)


def test_held_groups_that_acquire_has_read_or_written_do_not_come_back(box):
    """Acquire runs before, during and after purge, and writes its groups of today in the end."""
    quarantine = Quarantine(Storage(), box / "log")
    old, young = datetime(2026, 5, 31, 21, 30, tzinfo=UTC), datetime(2026, 6, 3, 10, tzinfo=UTC)
    quarantine.hold([Held(b"IINST 048 E", "IINST", "048", "domain")], old, 0.0)
    quarantine.tick(EVERY)
    quarantine.hold([Held(b"IINST 049 F", "IINST", "049", "domain")], young, 700.0)
    assert run(box, "--yes") == 0
    assert_purged(box)
    quarantine.close()
    assert whole(box)["log/quarantine.log"].decode().splitlines() == [
        "2026/05/31 22:30:00\tdomain\tPAPP 2 A",
        "2026/06/03 10:00:00\tdomain\tIINST 049 F",
    ]


def test_today_stays(box, capsys):
    today = datetime.now(UTC).date() + timedelta(days=1)
    assert main(["purge", "-c", str(box / "x.ini"), "--before", str(today), "--yes"]) == 2
    assert "today and the future stay" in capsys.readouterr().err


@pytest.mark.parametrize("every", [3, 5, 7])
def test_a_call_that_was_cut_is_completed_by_the_next(box, monkeypatch, every):
    calls = []

    def cut_each(name):
        whole_call = getattr(SystemDisk, name)

        def call(disk, *arguments):
            calls.append(name)
            if len(calls) % every == 0:
                raise PowerCut
            whole_call(disk, *arguments)

        monkeypatch.setattr(SystemDisk, name, call)

    for name in ("remove", "rename"):
        cut_each(name)
    for _ in range(40):
        try:
            assert run(box, "--yes") == 0
            break
        except PowerCut:
            pass
    assert len(calls) > 10
    assert_purged(box)


def test_without_a_terminal_and_without_yes_nothing_is_removed(box):
    before = whole(box)
    words = [*PYTHON, "purge", "-c", str(box / "x.ini"), "--before", BEFORE]
    assert subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 2
    assert whole(box) == before


def test_an_old_file_that_is_a_link_is_named_and_left_with_what_it_leads_to(box, tmp_path, capsys):
    """Root must not remove, nor copy, what somebody else has linked."""
    far = tmp_path / "far.log"
    far.write_text("2026/05/20 10:00:00\tdomain\tPAPP 1 A\n")
    links = [
        box / "log" / "2026_05_20_linkymonitor.log",
        box / "log" / "quarantine.log",
        box / "pages" / "2026-05-20.html",
    ]
    for link in links:
        link.unlink(missing_ok=True)
        link.symlink_to(far)
    assert run(box, "--yes") == 1
    said = capsys.readouterr().out
    assert all(f"{link}: a link, left as it is" in said for link in links)
    assert far.read_text() == "2026/05/20 10:00:00\tdomain\tPAPP 1 A\n"
    assert all(link.is_symlink() for link in links)
    assert not (box / "log" / "2026_05_29_linkymonitor.log.gz").exists()


def test_what_a_power_cut_has_left_half_written_goes_as_well(box):
    half = [
        box / "pages" / ".2026-05-10.html.123.tmp",
        box / "log" / "summaries" / ".2026-05.jsonl.9.tmp",
        box / "csv" / ".2026-05-10.csv.7.tmp",
        box / "log" / ".quarantine.log.8.tmp",
    ]
    young = box / "pages" / ".2026-06-10.html.124.tmp"
    for path in (*half, young):
        path.write_text("half")
    assert run(box, "--yes") == 0
    assert [path for path in half if path.exists()] == []
    assert young.exists()


def test_a_folder_that_cannot_be_looked_at_is_told_in_a_sentence(box, capsys):
    (box / "x.ini").write_text(f"[general]\nlang = en\n[log]\ndir = /{'x' * 300}\n")
    assert run(box, "--yes") == 1
    assert "x: cannot be read; use sudo" in capsys.readouterr().err
