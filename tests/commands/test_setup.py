"""`setup` on the card of a Raspberry Pi: by flags, by a dialogue, taken back, and cut off between any two steps."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from linkymonitor.board.changes import Journal
from linkymonitor.cli import main
from linkymonitor.commands.setup import PARTS, Options, Run
from linkymonitor.commands.shared import Common
from linkymonitor.errors import StorageError
from linkymonitor.system.disk import SystemDisk
from tests.support.card import card, snapshot
from tests.support.crash_model import PowerCut
from tests.support.extent import extent

#: A cut at each call in the campaign, and at some of them in the fast tests.
STRIDE = extent(23, 1)


def run(root, *words):
    return main(["setup", "--lang", "en", "--root", str(root), *words])


@pytest.fixture(autouse=True)
def _nobody_called_sudo(monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)


def test_a_second_run_has_nothing_to_do_and_undo_gives_each_byte_back(tmp_path, capsys):
    root = card(tmp_path)
    before = snapshot(root)
    assert run(root, "--yes", "--offer", "tempo", "--power", "9") == 0
    after = snapshot(root)
    assert after != before
    said = capsys.readouterr().out
    assert "+enable_uart=1" in said
    assert "-console=serial0,115200 console=tty1" in said
    assert "CANARY" not in said
    ini = (root / "etc/linkymonitor.ini").read_text()
    assert "# rien encore\noffer = tempo\npower = 9\n" in ini
    assert run(root, "--yes", "--offer", "tempo", "--power", "9") == 0
    assert snapshot(root) == after
    assert capsys.readouterr().out.count("nothing to change") == len(PARTS)
    assert run(root, "--undo") == 0
    assert snapshot(root) == before
    assert run(root, "--undo") == 0
    assert "nothing to take back" in capsys.readouterr().out


def test_undo_leaves_alone_what_somebody_edited_after(tmp_path, capsys):
    root = card(tmp_path)
    before = snapshot(root)
    run(root, "--yes")
    config = root / "boot/firmware/config.txt"
    edited = config.read_text() + "gpu_mem=16\n"
    config.write_text(edited)
    capsys.readouterr()
    assert run(root, "--undo") == 0
    said = capsys.readouterr().out
    head = "/boot/firmware/config.txt: edited after setup, left as it is; the lines of setup in it:\n"
    assert "  enable_uart=1\n" in said.partition(head)[2]
    assert "gpu_mem" not in said
    assert said.endswith("restart the machine: sudo reboot\n")
    assert config.read_text() == edited
    assert snapshot(root)["boot/firmware/cmdline.txt"] == before["boot/firmware/cmdline.txt"]


def test_undo_names_the_lines_of_setup_in_the_settings_that_the_owner_has_edited(tmp_path, capsys):
    """An owner edits them right after setup; what they have put in place of a line of setup is theirs."""
    root = card(tmp_path)
    run(root, "--yes", "--only", "contract", "--offer", "tempo", "--power", "9")
    ini = root / "etc/linkymonitor.ini"
    ini.write_text(ini.read_text().replace("power = 9", "power = 12"))
    capsys.readouterr()
    assert run(root, "--undo") == 0
    assert capsys.readouterr().out == (
        "/etc/linkymonitor.ini: edited after setup, left as it is; the lines of setup in it:\n  offer = tempo\n"
    )


def test_undo_takes_back_the_changes_of_a_journal_without_lines(tmp_path, capsys):
    """As the versions before have written it."""
    root = card(tmp_path)
    run(root, "--yes", "--only", "i2c")
    journal = root / "var/lib/linkymonitor/setup/journal.json"
    kept = json.loads(journal.read_text())
    for change in kept["changes"]:
        del change["lines"]
    journal.write_text(json.dumps(kept))
    config = root / "boot/firmware/config.txt"
    config.write_text(config.read_text() + "gpu_mem=16\n")
    capsys.readouterr()
    assert run(root, "--undo") == 0
    said = capsys.readouterr().out
    assert "/boot/firmware/config.txt: edited after setup, left as it is\n" in said
    assert "/etc/modules-load.d/linkymonitor.conf: as before\n" in said


def test_a_dry_run_changes_nothing(tmp_path, capsys):
    root = card(tmp_path)
    before = snapshot(root)
    assert run(root, "--dry-run") == 0
    assert snapshot(root) == before
    assert not (root / "var").exists()
    assert "nothing is done" in capsys.readouterr().out


def test_one_part_alone_is_done(tmp_path):
    root = card(tmp_path)
    assert run(root, "--yes", "--only", "i2c") == 0
    text = (root / "boot/firmware/config.txt").read_text()
    assert "dtparam=i2c_arm=on" in text.splitlines()
    assert "enable_uart" not in text


def test_an_installer_that_fits_the_units_switches_none_on(tmp_path):
    """The two parts apart: an upgrade calls the first, and what its owner has switched off stays off."""
    root = card(tmp_path)
    run(root, "--yes", "--only", "units")
    assert not list((root / "etc/systemd/system").glob("*.wants/linkymonitor*"))
    assert (root / "etc/systemd/system/linkymonitor.service.d/50-linkymonitor.conf").exists()
    run(root, "--yes", "--only", "start")
    assert list((root / "etc/systemd/system").glob("*.wants/linkymonitor*"))


def test_a_wrong_configuration_stops_only_the_parts_that_need_it(tmp_path, capsys):
    root = card(tmp_path, **{"etc/linkymonitor.ini": "[meter]\nspeed = quick\n"})
    assert run(root, "--yes") == 1
    assert "enable_uart=1" in (root / "boot/firmware/config.txt").read_text()
    assert "quick" in capsys.readouterr().out


def test_a_meter_on_a_usb_adapter_needs_no_setting_of_the_board(tmp_path, capsys):
    root = card(tmp_path, **{"etc/linkymonitor.ini": "[meter]\nport = /dev/ttyUSB0\n"})
    assert run(root, "--yes", "--only", "serial") == 0
    assert "enable_uart" not in (root / "boot/firmware/config.txt").read_text()
    assert "needs no setting of the board" in capsys.readouterr().out


def test_a_secret_near_a_change_is_not_shown(tmp_path, capsys):
    ini = "[contract]\noffer =\n[sink:x]\ntype = influxdb\nurl = http://h:8086\ntoken = CANARY\nbucket = b\norg = o\n"
    root = card(tmp_path, **{"etc/linkymonitor.ini": ini})
    (root / "etc/linkymonitor.ini").chmod(0o640)
    assert run(root, "--yes", "--only", "contract", "--offer", "tempo") == 0
    assert "CANARY" not in "".join(capsys.readouterr())
    assert "CANARY" in (root / "etc/linkymonitor.ini").read_text()
    assert (root / "etc/linkymonitor.ini").stat().st_mode & 0o777 == 0o640


def test_an_offer_that_is_not_there_is_refused(tmp_path, capsys):
    root = card(tmp_path)
    assert run(root, "--yes", "--only", "contract", "--offer", "nonsuch") == 2
    assert "nonsuch: no such table" in capsys.readouterr().err


def test_the_contract_of_the_log_is_proposed(tmp_path):
    root = card(tmp_path)
    log = root / "var/log/linkymonitor"
    log.mkdir(parents=True)
    (log / "2026_01_13_linkymonitor.log").write_text(
        "2026/01/13 17:58:00\tINFO\tContrat: mode=historique, option=EJP, puissance=9000, phases=1, producteur=, "
        "compteur=0440d28074d5\n"
    )
    assert run(root, "--yes", "--only", "contract") == 0
    assert "offer = ejp\npower = 9\n" in (root / "etc/linkymonitor.ini").read_text()


def test_a_journal_that_others_may_write_is_not_believed(tmp_path, capsys):
    root = card(tmp_path)
    run(root, "--yes", "--only", "i2c")
    (root / "var/lib/linkymonitor/setup/journal.json").chmod(0o666)
    assert run(root, "--undo") == 1
    assert "is not yours alone" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may change the system")
def test_without_root_one_sentence_is_said(capsys):
    assert main(["setup", "--lang", "en", "--yes"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_terminal_nobody_is_asked(tmp_path):
    root = card(tmp_path)
    words = [sys.executable, "-m", "linkymonitor", "setup", "--root", str(root)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--yes" in done.stderr


def dialogue(root: Path, answers: list[str]) -> str:
    """Return what setup shows on a terminal, in French, while *answers* are typed, one at each question."""
    master, slave = pty.openpty()
    environ = {**os.environ, "LANG": "fr_FR.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "linkymonitor", "setup", "--root", str(root)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
    )
    os.close(slave)
    shown = b""
    waiting = list(answers)
    try:
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            shown += piece
            if not piece:
                break
            if waiting and shown.endswith(b" : ") and b"\n" not in shown[-60:].split(b" : ")[-1]:
                os.write(master, waiting.pop(0).encode() + b"\n")
    finally:
        os.close(master)
        process.wait(timeout=60)
    assert process.returncode == 0
    return shown.decode()


def test_the_dialogue_asks_before_each_change(tmp_path):
    root = card(tmp_path)
    shown = dialogue(root, ["o", "n", "quoi", "q"])
    assert "+enable_uart=1" in shown
    assert "Faire ce changement ? [O]ui, [n]on, [q]uitter :" in shown
    assert "arrêté ; ce qui est fait reste fait" in shown
    assert "faits : 1 ;" in shown
    assert "enable_uart=1" in (root / "boot/firmware/config.txt").read_text()
    assert "console=serial0" in (root / "boot/firmware/cmdline.txt").read_text()


class DisksOfOneCut(SystemDisk):
    """The operating system until the power is cut before call *last*."""

    def __init__(self, last: int) -> None:
        self.calls = 0
        self._last = last

    def _count(self) -> None:
        self.calls += 1
        if self.calls > self._last:
            raise PowerCut

    def open(self, path, flags, mode=0):
        self._count()
        return super().open(path, flags, mode)

    def write(self, descriptor, data):
        self._count()
        return super().write(descriptor, data)

    def sync(self, descriptor):
        self._count()
        super().sync(descriptor)

    def rename(self, source, target):
        self._count()
        super().rename(source, target)

    def remove(self, path):
        self._count()
        super().remove(path)

    def make_directory(self, path, mode):
        self._count()
        super().make_directory(path, mode)


def prepared(root, disk=None):
    options = Options(yes=True, offer="tempo")
    return Run(Common(), root, Journal(root, disk), options).run(PARTS)


def without_temporary(found):
    return {name: held for name, held in found.items() if not name.endswith(".setup.tmp")}


@pytest.mark.campaign
def test_after_a_cut_between_any_two_steps_the_next_run_completes_and_undo_is_right(tmp_path):
    whole = card(tmp_path / "whole")
    before = snapshot(whole)
    counting = DisksOfOneCut(10**6)
    prepared(whole, counting)
    after = snapshot(whole)
    assert counting.calls > 100
    for last in range(0, counting.calls, STRIDE):
        root = card(tmp_path / str(last))
        with pytest.raises(PowerCut):
            prepared(root, DisksOfOneCut(last))
        if last % 2:
            prepared(root)
            assert without_temporary(snapshot(root)) == after
        Journal(root).undo()
        assert without_temporary(snapshot(root)) == before


@pytest.mark.campaign
def test_after_a_cut_while_it_is_taken_back_it_is_taken_back_by_the_next_call(tmp_path):
    first = card(tmp_path / "whole")
    before = snapshot(first)
    prepared(first)
    counting = DisksOfOneCut(10**6)
    Journal(first, counting).undo()
    for last in range(0, counting.calls, STRIDE):
        root = card(tmp_path / str(last))
        prepared(root)
        with pytest.raises(PowerCut):
            Journal(root, DisksOfOneCut(last)).undo()
        done = Journal(root).undo()
        assert not done.edited
        assert without_temporary(snapshot(root)) == before


def test_a_second_setup_at_the_same_time_is_refused_and_undo_is_still_whole(tmp_path, capsys):
    root = card(tmp_path)
    before = snapshot(root)
    with Journal(root).alone():
        assert run(root, "--yes") == 75
        assert "wait until it has ended" in capsys.readouterr().err
        assert run(root, "--dry-run") == 0
    assert snapshot(root) == before
    assert run(root, "--yes") == 0
    with Journal(root).alone():
        assert run(root, "--undo") == 75
    assert run(root, "--undo") == 0
    assert snapshot(root) == before


@pytest.mark.parametrize(
    "change",
    [
        '{"path": "etc/x", "number": "1", "before": [], "after": [], "undone": false}',
        '{"path": "etc/x", "number": 1, "before": [1, 2, 3, 4, 5, 6], "after": [], "undone": false}',
        '{"path": "etc/x", "number": 1, "before": ["file", "", "7"], "after": [], "undone": false}',
        '{"path": "etc/x", "number": 1, "before": 7, "after": [], "undone": false}',
    ],
)
def test_a_damaged_journal_is_told_in_a_sentence(tmp_path, capsys, change):
    root = card(tmp_path)
    folder = root / "var/lib/linkymonitor/setup"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "journal.json").write_text(f'{{"schema": 1, "changes": [{change}]}}')
    assert run(root, "--undo") == 1
    assert "journal.json: cannot be read; rename this file" in capsys.readouterr().err
    assert run(root, "--yes") == 1
    assert "journal.json: cannot be read; rename this file" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_of_the_journal_is_told_in_a_sentence(tmp_path, capsys):
    root = card(tmp_path)
    (root / "var").write_text("")
    assert run(root, "--yes") == 1
    assert "a file stands where a folder is expected" in capsys.readouterr().err


def test_a_full_card_is_told_in_a_sentence_before_anything_is_replaced(tmp_path):
    class Full(SystemDisk):
        def write(self, descriptor, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    root = card(tmp_path)
    before = snapshot(root)
    with pytest.raises(StorageError):
        prepared(root, Full())
    assert snapshot(root) == before


def test_a_unit_that_is_no_utf_8_keeps_no_part_from_being_done(tmp_path):
    root = card(tmp_path)
    unit = root / "usr/lib/systemd/system/linkymonitor.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_bytes(b"# caf\xe9\n[Install]\nWantedBy=multi-user.target\n")
    assert run(root, "--yes", "--only", "start") == 0
    assert (root / "etc/systemd/system/multi-user.target.wants/linkymonitor.service").is_symlink()
