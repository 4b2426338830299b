"""The Debian package: the same bytes each time, and what it holds."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkymonitor import RELEASED, __version__
from linkymonitor.commands.table import COMMANDS

ROOT = Path(__file__).parents[2]
BUILDER = ROOT / "packaging" / "build_deb.py"

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed here")


def build(folder: Path) -> Path:
    """Build the package into *folder*."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1764000000"}
    done = subprocess.run(
        [sys.executable, str(BUILDER), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def printed(*command: object) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    """Return the folder into which the package is unpacked; the control files are in DEBIAN."""
    folder = tmp_path_factory.mktemp("tree")
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(folder / "all")], check=True)
    return folder / "all"


def test_two_builds_are_the_same_bytes_and_small(package, tmp_path):
    again = build(tmp_path)
    assert again.read_bytes() == package.read_bytes()
    assert package.name == f"linkymonitor_{__version__}_all.deb"
    assert package.stat().st_size <= 1_000_000


def test_a_newer_commit_is_an_upgrade_and_the_release_comes_after_all_commits(package):
    version = printed("dpkg-deb", "-f", package, "Version").strip()
    for newer in ("0.1.0~20251124.160001", "0.1.0"):
        subprocess.run(["dpkg", "--compare-versions", version, "lt", newer], check=True)


def test_the_package_knows_its_version_when_it_upgrades_another(package, tree):
    version = printed("dpkg-deb", "-f", package, "Version").strip()
    assert f'tell_upgrade "$2" "{version}"' in (tree / "DEBIAN/postinst").read_text()


def test_the_changelog_is_ours_with_the_version_of_the_package(package, tree):
    text = gzip.decompress((tree / "usr/share/doc/linkymonitor/changelog.gz").read_bytes()).decode()
    version = printed("dpkg-deb", "-f", package, "Version").strip()
    assert text.startswith(f"linkymonitor ({version}) stable; urgency=medium\n\n  * Both modes of the TIC")
    assert text.rstrip().endswith("Mon, 24 Nov 2025 16:00:00 +0000")
    assert text.count("\n  * ") == (ROOT / "CHANGELOG.md").read_text().count("\n- ")


def test_the_notes_of_a_release_are_its_section_of_the_changelog():
    notes = printed(sys.executable, BUILDER, "--notes")
    assert notes.strip() in (ROOT / "CHANGELOG.md").read_text()
    assert "\n- `make deb` builds a Debian package" in notes


def test_the_installed_program_finds_its_files(tree):
    found = subprocess.run(
        [sys.executable, "-B", str(tree / "usr/bin/linkymonitor"), "tariffs", "list"],
        env={**os.environ, "PYTHONPATH": str(tree / "usr/lib/python3/dist-packages")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "ejp" in found.stdout


def test_the_installed_program_draws_pages(tree, tmp_path):
    """`report` copies files of the package, the licence of dygraphs among them, beside the pages."""
    log = tmp_path / "log"
    log.mkdir()
    drawn = subprocess.run(
        [
            *(sys.executable, "-B", str(tree / "usr/bin/linkymonitor")),
            *("report", "--log-dir", str(log), "-o", str(tmp_path / "pages"), "-s", "2026-02-20"),
        ],
        env={**os.environ, "PYTHONPATH": str(tree / "usr/lib/python3/dist-packages")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "pages/dygraphs/LICENSE").exists()
    assert (tmp_path / "pages/2026-02-20.html").exists()


def test_the_units_and_the_settings_are_where_debian_looks(tree):
    units = {path.name for path in (tree / "usr/lib/systemd/system").iterdir()}
    assert units == {path.name for path in (ROOT / "etc/systemd").iterdir()}
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/linkymonitor.ini\n"
    assert (tree / "etc/linkymonitor.ini").read_bytes() == (ROOT / "etc/linkymonitor.ini").read_bytes()


def test_nothing_of_a_developer_is_in_the_package(tree):
    names = {path.name for path in tree.rglob("*")}
    assert not names & {"__pycache__", "tests", "bench", ".git", ".venv"}


def test_libraries_come_from_debian_and_those_of_sinks_are_left_to_the_owner(package):
    needed = printed("dpkg-deb", "-f", package, "Depends")
    for library in ("serial (>= 3.5)", "luma.oled (>= 3.10)", "gpiozero (>= 1.6.2)", "jinja2 (>= 3.1.2)"):
        assert f"python3-{library}" in needed
    assert "python3-paho-mqtt" in printed("dpkg-deb", "-f", package, "Recommends")
    suggested = printed("dpkg-deb", "-f", package, "Suggests")
    assert "python3-psycopg" in suggested
    assert "python3-pymysql" in suggested
    assert printed("dpkg-deb", "-f", package, "Architecture").strip() == "all"


def test_every_licence_in_the_tree_has_its_paragraph(tree):
    """A folder with a licence of its own is a work of others."""
    paragraphs = (tree / "usr/share/doc/linkymonitor/copyright").read_text()
    tracked = printed("git", "-C", ROOT, "ls-files") if (ROOT / ".git").exists() else ""
    licences = [Path(name) for name in tracked.splitlines() if Path(name).name.startswith("LICENSE")]
    for path in licences:
        if path.parent != Path():
            assert f"Files: {path.parent}/*" in paragraphs
    assert "License: Expat" in paragraphs


def test_the_manual_has_every_command(tree):
    page = printed(
        sys.executable, "-c", "import gzip,sys; print(gzip.open(sys.argv[1], 'rt').read())",
        tree / "usr/share/man/man1/linkymonitor.1.gz",
    )  # fmt: skip
    assert set(re.findall(r"linkymonitor (\w[\w\\-]*)", page)) >= {
        name.replace("-", "\\-") for name in COMMANDS
    }


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed here")
def test_lintian_finds_no_error(package):
    done = subprocess.run(
        ["lintian", "--fail-on", "error", str(package)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def folder_of_an_archive(tmp_path):
    """Return a folder with the files that the builder needs to know its date, and nothing of git."""
    (tmp_path / "packaging").mkdir()
    shutil.copy(BUILDER, tmp_path / "packaging")
    for name in ("linkymonitor", "CHANGELOG.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def date_in(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Ask the builder in *folder* for the time of the files, where programs are looked for in *path* alone."""
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    return subprocess.run(
        [sys.executable, str(folder / "packaging/build_deb.py"), "--epoch"],
        env={**environment, "PATH": path, "LC_ALL": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_clone_without_git_is_refused_in_a_sentence_with_the_remedy(folder_of_an_archive):
    (folder_of_an_archive / ".git").mkdir()
    asked = date_in(folder_of_an_archive, "")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.count("\n") == 1
    assert "sudo apt install git" in asked.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")
def test_a_clone_that_git_cannot_read_is_refused_in_a_sentence_with_its_reason(folder_of_an_archive):
    (folder_of_an_archive / ".git").write_text("nothing of git\n")
    asked = date_in(folder_of_an_archive, os.environ["PATH"])
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.count("\n") == 1
    assert asked.stderr.startswith("git ne lit pas ce clone : fatal")  # the rest is in the language of git


def test_a_folder_that_is_no_clone_has_the_date_of_the_release_and_says_so(folder_of_an_archive):
    asked = date_in(folder_of_an_archive, "")
    assert asked.returncode == 0
    assert datetime.fromtimestamp(int(asked.stdout), UTC).date().isoformat() == RELEASED
    assert asked.stderr.count("\n") == 1
    assert f"date de la version {__version__}, {RELEASED}" in asked.stderr
