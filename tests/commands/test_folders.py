"""The folders of the daemon."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from linkymonitor.commands.folders import of_latest, take
from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk

pytestmark = pytest.mark.usefixtures("apart")


@pytest.mark.parametrize("operation", ["mkdir", "open"])
def test_a_card_that_is_read_only_stops_a_trial_and_not_the_daemon(operation):
    disk = CrashDisk(fault=lambda number, name: errno.EROFS if name == operation else None)
    with ExitStack() as stack:
        take(Storage(disk), Path("/card/log"), stack)
        with pytest.raises(StorageError, match="lecture seule"):
            take(Storage(disk), Path("/card/log"), stack, needed=True)


def test_only_a_meter_says_what_is_so_now_in_the_folder_of_the_machine(tmp_path, monkeypatch):
    """`sudo linkymonitor acquire -i sim:` must not replace the readings of the meter that the service reads."""
    from linkymonitor.settings import default_path, load

    config = load(default_path())
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert of_latest(config.general.runtime_dir, Storage(), meter=False) is None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert of_latest(config.general.runtime_dir, Storage(), meter=False) == tmp_path / "linkymonitor"


@pytest.fixture
def open_folder():
    """A folder that every user can read; those of pytest are for its user alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two users")
def test_a_runtime_directory_that_may_not_be_written_is_said_once_and_done_without(
    open_folder, caplog, monkeypatch
):
    from linkymonitor.settings import load

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder / "run"))
    ours = open_folder / "run" / "linkymonitor"
    ours.mkdir(parents=True)
    (open_folder / "default.ini").write_text("")
    (open_folder / "named.ini").write_text(f"[general]\nruntime_dir = {ours}\n")
    default, named = (load(open_folder / f"{name}.ini") for name in ("default", "named"))
    # Once as root: nobody may be unable to read the checkout, and so to import what this needs.
    assert of_latest(default.general.runtime_dir, Storage(), meter=True) == ours
    caplog.clear()
    os.seteuid(65534)
    try:
        assert of_latest(default.general.runtime_dir, Storage(), meter=True) is None
        with pytest.raises(StorageError, match="ne peut pas y écrire ; donnez-lui ce dossier"):
            of_latest(named.general.runtime_dir, Storage(), meter=True)
    finally:
        os.seteuid(0)
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert warning.getMessage() == (
        f"{ours} : l'utilisateur de linkymonitor ne peut pas y écrire ; donnez-lui ce dossier, ou nommez-en un autre "
        "avec [general] runtime_dir ; on s'en passe : pas de latest.json"
    )
    assert of_latest(default.general.runtime_dir, Storage(), meter=True) == ours
