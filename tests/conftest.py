"""Fixtures for all tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from linkymonitor import cli, language
from tests.report.browsing import chromium
from tests.support.commands import wire
from tests.support.extent import FULL

# The terminal of the tests has no locale, so its language is French; a test of English uses the fixture `english`.
os.environ["LANG"] = "C.UTF-8"


def in_memory() -> str | None:
    """Return a folder in memory with room for the files of all tests, None where there is none."""
    try:
        found = os.statvfs("/dev/shm")
    except OSError:
        return None
    room = found.f_bavail * found.f_frsize
    return "/dev/shm" if room > 2 << 30 and not found.f_flag & os.ST_NOEXEC else None


# On a disk each of thousands of syncs waits for it. The long campaigns fill gigabytes, so they have the disk.
if "TMPDIR" not in os.environ and not FULL and (memory := in_memory()):
    os.environ["TMPDIR"] = tempfile.tempdir = memory
# Not in the folder of the developer, but shared by all tests: to compile templates takes a third of a report.
os.environ["XDG_CACHE_HOME"] = str(Path(tempfile.gettempdir()) / f"linkymonitor-tests-{os.getuid()}")
for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)

# hypothesis makes new examples on each run of a developer, and the same ones on each run of CI.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def nobody_speaks():
    """Reset the language of the process after each test."""
    yield
    language.speak(None)


@pytest.fixture
def english(monkeypatch):
    """Set the locale of the terminal to English."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture(scope="session")
def captures() -> Path:
    """Return the folder of real captures; skip the test when there is none."""
    where = os.environ.get("LINKYMONITOR_CAPTURES")
    if not where or not Path(where).is_dir():
        pytest.skip("LINKYMONITOR_CAPTURES does not name the folder of the real captures")
    return Path(where)


@pytest.fixture
def apart(monkeypatch, tmp_path):
    """Set French, no configuration of this machine, and a runtime directory for the test."""
    for name in ("LC_ALL", "LC_MESSAGES", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("linkymonitor.settings.SYSTEM_PATH", tmp_path / "none.ini")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    """Run a command in this process; return its status, stdout and stderr."""

    def run(*argv):
        capsys.readouterr()
        try:
            status = cli.main([str(word) for word in argv])
        except SystemExit as ended:
            status = ended.code
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def historique(tmp_path) -> Path:
    path = tmp_path / "h.tic"
    path.write_bytes(wire("ejp,seed=3,day=2027-01-13,at=19:00"))
    return path


@pytest.fixture
def standard(tmp_path) -> Path:
    path = tmp_path / "s.tic"
    path.write_bytes(wire("standard,tempo,tri,producer,seed=3,day=2027-01-13,at=19:00"))
    return path


@pytest.fixture(scope="session")
def browser():
    """Return the one Chromium of this process of tests; skip the test where there is none."""
    with chromium() as running:
        yield running
