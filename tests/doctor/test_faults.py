"""Planted faults of the machine: each is named with its cure, and `--fix` mends what is safe."""

from __future__ import annotations

import json
import os
import pwd
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.commands.doctor import examine
from linkymonitor.doctor import board, card, port, results, service, settings_file
from linkymonitor.doctor.base import State
from linkymonitor.doctor.groups import GROUPS
from linkymonitor.doctor.world import Answer
from linkymonitor.language import Text
from tests.doctor.house import NOON, Machine, SetClock, one, subject
from tests.support.gpio_kernel import FakeKernel
from tests.support.pty_meter import PtyMeter

CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=4e9b8a2c-02 rootfstype=ext4 fsck.repair=yes rootwait\n"
)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "root")


@pytest.fixture
def meter():
    with PtyMeter() as plugged:
        yield plugged


def fault(rows, name: str, *, finding: str, cure: str):
    """Return the row *name*, which is a fault with these words."""
    row = one(rows, name)
    assert row.state is State.TO_MEND
    assert finding in str(row.finding)
    assert cure in str(row.cure)
    return row


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


def test_a_clock_that_nobody_vouches_for_and_an_impossible_one_are_named(machine, tmp_path):
    doubtful = machine.world(clock=SetClock(vouched=False))
    fault(board.clock(subject(tmp_path, doubtful)), "clock", finding="personne ne confirme", cure="set-ntp")
    past = machine.world(clock=SetClock(datetime(1970, 1, 1, tzinfo=NOON.tzinfo), vouched=False))
    fault(board.clock(subject(tmp_path, past)), "clock", finding="impossible", cure="DS3231")
    (machine.root / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert board.clock(subject(tmp_path, doubtful))[0].state is State.WELL


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


ASKED = "--property LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState"


def unit(
    machine: Machine, name: str, active: str = "active", enabled: str = "enabled", restarts: int = 0
) -> None:
    """Install a unit that has this state."""
    machine.file(f"/etc/systemd/system/{name}")
    (machine.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
    machine.answers[f"systemctl show {name} {ASKED}"] = Answer(
        0, f"ActiveState={active}\nResult=exit-code\nNRestarts={restarts}\nUnitFileState={enabled}\n"
    )


@pytest.mark.parametrize(
    ("state", "finding", "cure"),
    [
        pytest.param({"active": "failed"}, "en échec (exit-code)", "journalctl -u", id="failed"),
        pytest.param({"active": "inactive"}, "arrêté", "enable --now", id="stopped"),
        pytest.param({"enabled": "disabled"}, "pas lancé au démarrage", "enable --now", id="not enabled"),
        pytest.param({"restarts": 9}, "relancé 9 fois", "journalctl -u", id="restarting"),
    ],
)
def test_a_unit_in_trouble_is_named(machine, tmp_path, state, finding, cure):
    unit(machine, "linkymonitor-report.timer")
    unit(machine, "linkymonitor.service", **state)
    rows = service.check(subject(tmp_path, machine.world()))
    fault(rows, "linkymonitor.service", finding=finding, cure=cure)
    assert one(rows, "linkymonitor-report.timer").state is State.WELL


def test_a_stopped_unit_is_started_by_fix_and_nothing_else_is(machine, tmp_path):
    unit(machine, "linkymonitor.service", active="inactive", enabled="disabled")
    unit(machine, "linkymonitor-serve.service", active="inactive", enabled="disabled")
    rows = service.check(subject(tmp_path, machine.world()))
    assert one(rows, "linkymonitor-serve.service").state is State.WELL
    machine.called.clear()
    machine.answers["systemctl enable --now linkymonitor.service"] = Answer(0, "")
    one(rows, "linkymonitor.service").mend()
    assert machine.called == ["systemctl enable --now linkymonitor.service"]


def test_without_systemd_the_units_are_not_seen(machine, tmp_path):
    assert [row.state for row in service.check(subject(tmp_path, machine.world()))] == [State.UNSEEN]


SINK = "[sink:far]\ntype = webhook\nurl = http://127.0.0.1:9/\n"


def test_a_sink_that_refuses_and_one_that_hangs_are_named(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(), ini=SINK)
    refusing = looked_at._replace(
        try_sink=lambda name: (False, Text("401 : jeton refusé", "401: token refused"))
    )
    fault(results.sinks(refusing), "sink-far", finding="jeton refusé", cure="[sink:far]")
    never = threading.Event()

    def hang(name: str) -> tuple[bool, Text]:
        never.wait()
        return True, Text("", "")

    fault(
        results.sinks(looked_at._replace(try_sink=hang)),
        "sink-far",
        finding="à temps",
        cure="deliver --test far",
    )
    never.set()


def test_a_sink_whose_server_is_away_is_named(call, machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(), ini=SINK)
    source = "sim:hc,day=2026-01-13,at=18:00,duration=60s,speed=max"
    assert call("acquire", "-i", source, "--log-dir", tmp_path / "log")[0] == 0
    fault(
        results.sinks(looked_at),
        "sink-far",
        finding="connexion refusée",
        cure="remettez le serveur en marche",
    )


def test_prices_that_miss_today_are_named(machine, tmp_path):
    past = machine.world(clock=SetClock(datetime(2009, 1, 1, 12, tzinfo=NOON.tzinfo)))
    ini = "[contract]\noffer = ejp\npower = 9\n"
    rows = results.prices(subject(tmp_path, past, ini=ini))
    fault(rows, "prices", finding="il manque", cure="mettez à jour la grille")


def test_no_price_is_no_fault(machine, tmp_path):
    row = one(results.prices(subject(tmp_path, machine.world())), "prices")
    assert row.state is State.UNSEEN
    assert "tariffs new" in str(row.cure)


def test_a_remark_on_where_prices_were_read_is_no_fault(machine, tmp_path):
    """The prices of today stand in one reading of one document, which an owner cannot mend."""
    rows = results.prices(subject(tmp_path, machine.world(), ini="[contract]\noffer = ejp\npower = 9\n"))
    assert {row.state for row in rows} == {State.WELL}


def test_the_first_page_of_a_new_house_comes_tonight(machine, tmp_path):
    row = one(results.pages(subject(tmp_path, machine.world())), "page")
    assert row.state is State.WELL
    assert "cette nuit" in str(row.finding)


def test_an_old_page_and_a_missing_one_are_named(call, machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    source = "sim:hc,day=2026-01-13,at=18:00,duration=60s,speed=max"
    assert call("acquire", "-i", source, "--log-dir", tmp_path / "log")[0] == 0
    fault(results.pages(looked_at), "page", finding="aucune page", cure="start linkymonitor-report")
    page = tmp_path / "report/yesterday.html"
    page.touch()
    old = (NOON - timedelta(days=3)).timestamp()
    os.utime(page, (old, old))
    fault(results.pages(looked_at), "page", finding="il y a 72 h", cure="start linkymonitor-report")
    os.utime(page, (NOON.timestamp(), NOON.timestamp()))
    assert one(results.pages(looked_at), "page").state is State.WELL


def test_the_address_of_the_pages_has_a_qr_code(machine, tmp_path):
    pytest.importorskip("segno")
    row = one(
        results.address(subject(tmp_path, machine.world(), ini="[serve]\nbind = 192.168.1.20:8420\n")),
        "address",
    )
    assert str(row.finding) == "http://192.168.1.20:8420/"
    assert len(row.picture) > 10


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
