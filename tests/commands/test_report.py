"""`report` as cron calls it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("apart")


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


def test_figures_alone_are_printed_without_the_import_of_jinja(tmp_path):
    """Jinja takes a quarter of the time of a report that draws."""
    command = ["report", "--json", "-s", "2026-02-20", "--log-dir", str(tmp_path)]
    code = f"import sys, linkymonitor.cli as c; sys.exit(c.main({command}) or 'jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


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
