"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from linkymonitor import cli, language
from tests.support.commands import wire

# The terminal of the tests speaks French, as one does that says nothing; a test that wants English says so.
os.environ["LANG"] = "C.UTF-8"
for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)

# Examples are drawn anew on each run of a developer and are the same on each run of CI.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def nobody_speaks():
    """Let no test leave the language that it has set to the next one."""
    yield
    language.speak(None)


@pytest.fixture
def english(monkeypatch):
    """A terminal whose user reads English."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of real captures; tests that want it skip, saying so, where it is not."""
    where = os.environ.get("LINKYMONITOR_CAPTURES")
    if not where or not Path(where).is_dir():
        pytest.skip("LINKYMONITOR_CAPTURES does not name the folder of the real captures")
    return Path(where)


@pytest.fixture
def apart(monkeypatch, tmp_path):
    """French, no configuration of this machine, and a runtime directory of our own."""
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
        said = capsys.readouterr()
        return status, said.out, said.err

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
