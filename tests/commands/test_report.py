"""`report` as cron calls it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.report.drawn import parsed
from tests.report.house import PARIS, local, records, write_log

pytestmark = pytest.mark.usefixtures("apart")


def test_a_report_of_nothing_says_so_and_is_no_failure(call, tmp_path):
    (tmp_path / "log").mkdir()
    status, _, _ = call("report", "--log-dir", tmp_path / "log", "-o", tmp_path / "pages", "-s", "2026-02-20")
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
        "today.html",
        "yesterday.html",
    }
    assert '<html lang="fr"' in (tmp_path / "p" / "2027-01-13.html").read_text()
    call("report", "--log-dir", tmp_path / "log", "-o", tmp_path / "e", "-s", "2027-01-13", "--lang", "en")
    assert '<html lang="en"' in (tmp_path / "e" / "2027-01-13.html").read_text()
    status, out, _ = call(
        "report", "--log-dir", tmp_path / "log", "--json", "-s", "2027-01-13", "-e", "2027-01-14"
    )
    figures = json.loads(out)
    assert list(figures)[:12] == ["schema", "from", "to", "timezone", "contract", "periods", "consumed", "injected",
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


@pytest.mark.parametrize("more", [[], ["-s", "2026-02-20"], ["--json"], ["--all"]], ids=" ".join)
def test_a_log_directory_that_is_not_there_is_an_error_and_nothing_is_drawn(call, tmp_path, more):
    status, out, err = call("report", "--log-dir", tmp_path / "gone", "-o", tmp_path / "p", *more)
    assert (status, out) == (1, "")
    assert err == (
        f"linkymonitor: {tmp_path}/gone : pas de dossier de ce nom, donc rien à dessiner ; corrigez --log-dir ou "
        "[log] dir\n"
    )
    assert not (tmp_path / "p").exists()


def pages_of(folder):
    """Return the days that have a page in *folder*."""
    return [path.stem for path in sorted(folder.glob("????-??-??.html"))]


def test_all_draws_every_day_that_has_a_log_and_no_other(call, tmp_path):
    log, pages = tmp_path / "log", tmp_path / "p"
    # An hour at each end is in the file of another day of UTC, which has nothing else.
    for first, last in ((date(2021, 2, 10), date(2021, 2, 12)), (date(2026, 1, 13), date(2026, 1, 14))):
        write_log(log, records(local(first), local(last, 0, 30), step=600))
    assert call("report", "--log-dir", log, "-o", pages, "--all")[0] == 0
    there = ["2021-02-10", "2021-02-11", "2021-02-12", "2026-01-13", "2026-01-14"]
    assert pages_of(pages) == there
    assert call("report", "--log-dir", log, "-o", tmp_path / "some", "--all", "-s", "11/02/2021")[0] == 0
    assert pages_of(tmp_path / "some") == there[1:]


def test_all_of_an_empty_log_is_an_error(call, tmp_path):
    status, _, err = call("report", "--log-dir", tmp_path, "-o", tmp_path / "p", "--all")
    assert status == 1
    assert "aucun journal de ces jours" in err


@pytest.mark.parametrize(
    "word", ["2021-02-11", "2021_02_11", "2021/02/11", "11/02/2021", "2021-2-11", "20210211"]
)
def test_a_date_may_be_written_as_the_log_or_as_the_french_write_it(call, tmp_path, word):
    status, out, _ = call("report", "--log-dir", tmp_path, "--json", "-s", word)
    assert status == 0
    assert (json.loads(out)["from"], json.loads(out)["to"]) == ("2021-02-11", "2021-02-11")


@pytest.mark.parametrize(
    ("word", "ago"),
    [("hier", 1), ("yesterday", 1), ("avant-hier", 2), ("today", 0), ("Aujourd\u2019hui", 0)],
)
def test_a_date_may_be_a_word(call, tmp_path, word, ago):
    before = datetime.now(PARIS).date()
    status, out, _ = call("report", "--log-dir", tmp_path, "--json", "-s", word)
    after = datetime.now(PARIS).date()
    assert status == 0
    assert json.loads(out)["to"] in {str(today - timedelta(days=ago)) for today in (before, after)}


def test_a_day_that_has_not_come_is_refused(call, tmp_path):
    for more in ([], ["--json"]):
        status, out, err = call(
            "report", "--log-dir", tmp_path, "-o", tmp_path / "p", "-s", "2062-01-13", *more
        )
        assert (status, out) == (2, "")
        assert err.startswith("linkymonitor: le 13 janvier 2062 n'est pas encore venu : aujourd'hui est le 2")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("days", "silent_after", "status"), [(3, None, 1), (1, None, 0), (3, "0", 0), (1, "12h", 1), (8, "7d", 1)]
)
def test_the_nightly_report_ends_with_1_when_the_box_has_stopped(call, tmp_path, days, silent_after, status):
    ini = tmp_path / "l.ini"
    ini.write_text(f"[report]\nsilent_after = {silent_after}\n" if silent_after else "")
    newest = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    write_log(tmp_path / "log", records(newest - timedelta(hours=1), newest, step=600))
    words = ("report", "-c", ini, "--log-dir", tmp_path / "log", "-o", tmp_path / "p")
    ended, out, err = call(*words)
    assert ended == status
    days = {datetime.now(PARIS).date() - timedelta(days=back) for back in (0, 1)}
    names = {name for day in days for name in (f"{day}", f"{day:%Y-%m}", f"{day:%Y}")} | {"index"}
    assert {Path(line).stem for line in out.splitlines()} == names, "every page is drawn"
    if status:
        local = newest.astimezone(PARIS)
        assert f" {local:%Y} à {local:%H:%M}, il y a " in err.partition("/log : aucun relevé depuis le ")[2]
        assert err.count("\n") == 1
    else:
        assert err == ""
    assert call(*words, "-s", "2026-02-20")[0] == 0, "whoever asks for a day gets it"


def test_a_nightly_report_of_a_log_without_a_record_is_no_failure(call, tmp_path):
    status, _, err = call("report", "--log-dir", tmp_path, "-o", tmp_path / "p")
    assert (status, err) == (0, "")
    assert (tmp_path / "p" / "yesterday.html").exists()


def test_one_page_goes_to_stdout_and_needs_no_other_file(call, tmp_path):
    day = date(2026, 1, 13)
    write_log(tmp_path / "log", records(local(day), local(day, 3), step=600))
    words = ("report", "--log-dir", tmp_path / "log", "-o", "-")
    status, page, err = call(*words, "-s", "13/01/2026")
    assert (status, err) == (0, "")
    reader = parsed(page)
    assert [link for link in reader.links if not link.startswith(("#", "data:"))] == []
    assert "dygraphs/blob/v2.2.2" in page
    policy = re.search(r"script-src ([^;]*)", page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = {b64encode(sha256(script.encode()).digest()).decode() for script in scripts}
    assert len(hashes) == 2
    assert all(f"'sha256-{digest}'" in policy for digest in hashes)
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("log", "run")] == []
    assert "<title>" in call(*words)[1], "without dates it is the page of yesterday"
    status, page, err = call(*words, "-s", "2026-01-13", "-e", "2026-01-14")
    assert (status, page) == (2, "")
    assert err.startswith("linkymonitor: -o - : une seule page, et ces dates en font plusieurs")


def test_a_month_that_is_not_over_is_drawn_until_today(call, tmp_path):
    today = datetime.now(PARIS).date()
    last = today + timedelta(days=20)
    status, _, _ = call("report", "--log-dir", tmp_path, "-o", tmp_path / "p", "-s", today, "-e", last)
    assert status == 0
    assert pages_of(tmp_path / "p")[0] == str(today)
    assert len(pages_of(tmp_path / "p")) <= 2, "a midnight may have come meanwhile"


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
