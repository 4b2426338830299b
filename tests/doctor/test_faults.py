"""Planted faults of the machine: each is named with its cure, and `--fix` mends what is safe."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from linkymonitor.commands.doctor import examine
from linkymonitor.doctor import board, card, port, service, settings_file
from linkymonitor.doctor.base import State
from linkymonitor.doctor.groups import GROUPS, rows
from linkymonitor.doctor.world import Answer
from tests.doctor.house import NOON, fault, one, subject
from tests.support.gpio_kernel import FakeKernel
from tests.support.pty_meter import PtyMeter

CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=4e9b8a2c-02 rootfstype=ext4 fsck.repair=yes rootwait\n"
)


@pytest.fixture
def meter():
    with PtyMeter() as plugged:
        yield plugged


def test_a_port_that_is_not_there_is_named_with_those_that_are(machine, tmp_path):
    machine.file("/dev/ttyUSB0")
    rows = port.check(subject(tmp_path, machine.world(), "/dev/ttyNONE"))
    fault(rows, "port", finding="n'existe pas", cure=f"{machine.root}/dev/ttyUSB0")


def test_a_pi_without_its_uart_is_told_how_to_switch_it_on(machine, tmp_path):
    machine.file("/boot/firmware/config.txt", "dtparam=audio=on\n")
    rows = port.check(subject(tmp_path, machine.world(), "/dev/ttyNONE"))
    fault(rows, "port", finding="n'existe pas", cure="enable_uart=1")


def test_a_file_is_no_port(machine, tmp_path):
    rows = port.check(subject(tmp_path, machine.world(), str(machine.file("/not-a-port"))))
    fault(rows, "port", finding="n'est pas un port série", cure="[meter] port")


@pytest.mark.parametrize("folder", ["/boot/firmware", "/boot"])
def test_a_console_of_the_next_boot_is_found_in_cmdline_txt(machine, tmp_path, folder, meter):
    tty = Path(meter.path).name
    machine.file(f"{folder}/cmdline.txt", CMDLINE.replace("serial0", tty))
    rows = port.check(subject(tmp_path, machine.world(), meter.path))
    fault(
        rows,
        "console",
        finding="au redémarrage",
        cure=f"retirez console={tty},115200 de {folder}/cmdline.txt",
    )


def test_a_console_that_runs_is_found(machine, tmp_path, meter):
    machine.file("/proc/cmdline", "console=tty1 root=/dev/mmcblk0p2")
    unit = machine.root / "etc/systemd/system/getty.target.wants"
    unit.mkdir(parents=True)
    tty = Path(meter.path).name
    (unit / f"serial-getty@{tty}.service").touch()
    rows = port.check(subject(tmp_path, machine.world(), meter.path))
    fault(rows, "console", finding="se sert de ce port", cure=f"mask --now serial-getty@{tty}")


def test_a_mini_uart_with_a_clock_that_changes_is_named(machine):
    machine.file("/boot/firmware/config.txt", "# enable_uart=1\n[all]\n")
    (row,) = port.mini_uart(machine.world(), Path("/dev/ttyS0"))
    assert row.state is State.TO_MEND
    assert "ajoutez enable_uart=1 à /boot/firmware/config.txt" in str(row.cure)
    machine.file("/boot/firmware/config.txt", "enable_uart = 1 # TIC\n")
    (row,) = port.mini_uart(machine.world(), Path("/dev/ttyS0"))
    assert (row.state, row.cure) == (State.WELL, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the port to another user")
def test_a_user_without_the_group_of_the_port_is_named_and_joins_it(machine, tmp_path, meter):
    os.chown(meter.path, 0, 0)
    Path(meter.path).chmod(0o660)
    rows = port.check(subject(tmp_path, machine.world(user="nobody"), meter.path))
    row = fault(rows, "rights", finding="nobody ne peut pas ouvrir", cure="sudo adduser nobody dialout")
    machine.answers["usermod --append --groups dialout nobody"] = Answer(0, "")
    row.mend()
    assert machine.called == ["usermod --append --groups dialout nobody"]


def test_a_display_at_the_other_address_is_named(machine, tmp_path):
    machine.on_bus = {("i2c-1", 0x3D)}
    rows = board.display(subject(tmp_path, machine.world()))
    fault(rows, "display", finding="adresse 0x3c", cure="[display] address = 0x3d")
    machine.on_bus.add(("i2c-1", 0x3C))
    assert one(board.display(subject(tmp_path, machine.world())), "display").state is State.WELL


def test_a_bus_that_may_not_be_opened_is_named_and_one_that_is_absent_is_no_fault(machine, tmp_path):
    def forbidden(bus: Path, address: int) -> bool:
        raise PermissionError(13, "denied")

    rows = board.display(subject(tmp_path, machine.world(ask_i2c=forbidden)))
    fault(rows, "display", finding="accès refusé", cure="i2c")
    row = one(board.display(subject(tmp_path, machine.world())), "display")
    assert row.state is State.UNSEEN
    assert "dtparam=i2c_arm=on" in str(row.cure)


RELAY = "[relay:tank]\npin = 17\nrule = ejp\nfail_state = off\n"


def test_a_pin_of_another_program_is_named(machine, tmp_path):
    kernel = FakeKernel(held={17: "w1_gpio"})
    rows = board.pins(subject(tmp_path, machine.world(kernel=kernel), ini=RELAY))
    fault(rows, "pin-17", finding="prise par w1_gpio", cure="dtoverlay")
    assert kernel.descriptors == 0
    rows = board.pins(subject(tmp_path, machine.world(), ini=RELAY))
    assert one(rows, "pin-17").state is State.WELL


def test_a_relay_on_a_pin_of_the_serial_port_is_named(machine, tmp_path):
    ini = RELAY.replace("17", "14")
    rows = board.pins(subject(tmp_path, machine.world(), port="/dev/ttyAMA0", ini=ini))
    fault(rows, "settings", finding="[relay:tank] pin = 14", cure="corrigez")


def test_a_full_card_is_named(machine, tmp_path):
    def full(folder: Path) -> os.statvfs_result:
        found = list(os.statvfs(folder))
        found[4] = 100  # blocks for users without rights
        return os.statvfs_result(found)

    rows = card.space(subject(tmp_path, machine.world(space=full)))
    fault(rows, "space", finding="0 Mo libres", cure="journalctl --vacuum-size")


def test_a_card_mounted_read_only_is_named(machine, tmp_path):
    machine.file(
        "/proc/self/mounts", f"/dev/root / ext4 rw 0 0\n/dev/mmcblk0p3 {tmp_path} ext4 ro,noatime 0 0\n"
    )
    rows = card.mounts(subject(tmp_path, machine.world()))
    assert len(rows) == 3
    assert {row.state for row in rows} == {State.TO_MEND}
    assert f"mount -o remount,rw {tmp_path}" in str(rows[0].cure)
    assert "fsck /dev/mmcblk0p3" in str(rows[0].cure)


def test_a_worn_card_and_errors_of_its_file_system_are_named(machine, tmp_path):
    machine.file("/sys/block/mmcblk0/stat", "100 0 800 10 500 0 40000 30 0 40 40\n")
    machine.file("/sys/block/mmcblk0/device/life_time", "0x0a 0x01\n")
    machine.file("/sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    rows = card.wear(subject(tmp_path, machine.world()))
    row = fault(rows, "wear", finding="100 % de la vie", cure="changez la carte")
    assert row.figures["written"] == 20_480_000
    fault(rows, "card-errors", finding="erreurs", cure="fsck.mode=force")
    machine.file("/sys/block/mmcblk0/device/life_time", "0x01 0x01\n")
    assert one(card.wear(subject(tmp_path, machine.world())), "wear").state is State.WELL


def test_a_missing_folder_is_named_and_made(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    (tmp_path / "log").rmdir()
    fault(card.folders(looked_at), "log-dir", finding="n'existe pas", cure="install -d").mend()
    assert (tmp_path / "log").is_dir()
    assert one(card.folders(looked_at), "log-dir").state is State.WELL


def test_a_folder_in_which_everybody_may_write_is_named_and_closed(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    (tmp_path / "report").chmod(0o777)
    fault(card.folders(looked_at), "report-dir", finding="tous peuvent y écrire", cure="chmod o-w").mend()
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o775
    assert one(card.folders(looked_at), "report-dir").state is State.WELL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_the_wrong_owner_is_named_and_given_without_following_links(machine, tmp_path):
    outside = machine.file("/outside")
    looked_at = subject(tmp_path, machine.world(user="nobody"))
    (tmp_path / "log/link").symlink_to(outside)
    fault(
        card.folders(looked_at), "log-dir", finding="est à root, non à nobody", cure="chown -R nobody:"
    ).mend()
    assert (tmp_path / "log").owner() == "nobody"
    assert outside.owner() == "root"
    assert one(card.folders(looked_at), "log-dir").state is State.WELL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_the_log_that_belongs_to_another_user_is_named(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    (tmp_path / "log/2026-12-01_linkymonitor.log").touch()
    nobody = pwd.getpwnam("nobody")
    os.chown(tmp_path / "log/2026-12-01_linkymonitor.log", nobody.pw_uid, nobody.pw_gid)
    fault(card.folders(looked_at), "log-dir", finding="2026-12-01_linkymonitor.log", cure="chown -R root:")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can keep a folder from the user of the service")
def test_what_root_keeps_for_setup_undo_is_no_fault_and_stays_of_root(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(user="nobody"))
    kept = tmp_path / "log/setup"
    kept.mkdir(0o700)
    fault(card.folders(looked_at), "log-dir", finding="non à nobody", cure="chown -R nobody:").mend()
    assert (tmp_path / "log").owner() == "nobody"
    assert kept.owner() == "root"
    assert one(card.folders(looked_at), "log-dir").state is State.WELL


SECRET = "[sink:far]\ntype = webhook\nurl = https://127.0.0.1:9/\ntoken = s3cret\n"


def test_settings_with_a_secret_that_everybody_may_read_are_named_and_closed(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    (tmp_path / "my.ini").chmod(0o644)
    assert one(settings_file.check(looked_at), "settings-file").state is State.WELL
    (tmp_path / "my.ini").write_text(SECRET)
    row = fault(
        settings_file.check(looked_at), "settings-file", finding="tous peuvent le lire", cure="chmod 640"
    )
    assert "s3cret" not in f"{row.finding} {row.cure}"
    row.mend()
    assert (tmp_path / "my.ini").stat().st_mode & 0o777 == 0o640
    assert one(settings_file.check(looked_at), "settings-file").state is State.WELL


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the settings to another group")
def test_settings_that_the_service_cannot_read_are_named_and_given_to_it(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(user="nobody"))
    (tmp_path / "my.ini").chmod(0o600)
    fault(
        settings_file.check(looked_at),
        "settings-file",
        finding="nobody ne peut pas lire",
        cure="chgrp nobody",
    ).mend()
    assert one(settings_file.check(looked_at), "settings-file").state is State.WELL


def test_the_whole_has_an_exit_status_json_and_fix(machine, tmp_path, capsys):
    (machine.root / "sys/class/rtc/rtc0").mkdir(parents=True)
    looked_at = subject(tmp_path, machine.world(), port="socket://127.0.0.1:9")
    (tmp_path / "log").rmdir()
    (tmp_path / "report/yesterday.html").touch()
    os.utime(tmp_path / "report/yesterday.html", (NOON.timestamp(), NOON.timestamp()))
    assert examine(looked_at, fix=False, json=True) == 1
    answer = json.loads(capsys.readouterr().out)
    (row,) = [row for row in answer["rows"] if row["state"] == "to_mend"]
    assert (row["name"], row["fixable"]) == ("log-dir", True)
    assert answer["to_mend"] == 1
    assert examine(looked_at, fix=True, json=False) == 0
    assert "; réparé" in capsys.readouterr().out.replace("\\u00a0", " ")
    assert (tmp_path / "log").is_dir()


def test_every_group_has_a_check_and_no_check_is_twice():
    assert len({group.check for group in GROUPS}) == len(GROUPS)


def test_what_is_closed_to_this_user_names_sudo_and_is_written_like_the_rest(machine, tmp_path):
    def closed(folder: Path) -> os.statvfs_result:
        raise PermissionError(13, "denied")

    looked_at = subject(tmp_path, machine.world(space=closed), port="socket://127.0.0.1:9")
    row = one(list(rows(looked_at)), "space")
    assert (row.state, str(row.finding)) == (State.UNSEEN, "accès refusé")
    assert str(row.cure) == "« sudo linkymonitor doctor »"
    assert all(group.title.map(str.lower) == group.title for group in GROUPS)


def test_bytes_that_are_no_text_cost_no_check(machine, tmp_path):
    for name in ("/proc/cmdline", "/proc/locks", "/sys/fs/ext4/mmcblk0p2/errors_count"):
        machine.file(name).write_bytes(b"\xe9\xff")
    machine.file("/sys/block/mmcblk0/stat", "1 2 3 4 5 6 7")
    looked = subject(tmp_path, machine.world(), "/dev/null")
    assert one(port.check(looked), "console").state is State.WELL
    assert one(card.wear(looked), "card-errors").state is State.TO_MEND


def test_a_number_of_restarts_that_is_none_costs_no_check(machine, tmp_path):
    machine.file("/run/systemd/system/x")
    unit = "linkymonitor.service"
    machine.file(f"/etc/systemd/system/{unit}")
    asked = "LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState"
    machine.answers[f"systemctl show {unit} --property {asked}"] = Answer(
        0, "ActiveState=active\nUnitFileState=enabled\nNRestarts=[not set]\n"
    )
    assert one(service.check(subject(tmp_path, machine.world())), unit).state is State.WELL
