"""The drop-ins of the units: what the settings of an owner need beyond the units that are shipped."""

from __future__ import annotations

import shutil

import pytest

from linkymonitor.board.units import ACQUIRE, DELIVER, NAME, REPORT, SERVE, TIMER, drop_ins, wanted
from linkymonitor.settings import load
from tests.board.test_units import SERVICES, UNITS, analyze, needs_systemd, with_programs_that_exist
from tests.support.ini import written

ALL = ("adm", "dialout", "gpio", "i2c", "users")
ELSEWHERE = """
[meter]
port = socket://192.168.1.20:2000
[general]
runtime_dir = /dev/shm/linky
state_dir = /mnt/usb/state
[log]
dir = /mnt/usb/le journal
[report]
dir = /home/pi/pages
templates = /home/pi/gabarits
[contract]
tables = /etc/linkymonitor/tariffs
[sink:tableur]
type = csv
dir = /srv/50%:csv
[sink:node]
type = prometheus
path = /var/lib/prometheus/node-exporter/linky.prom
[sink:influx]
type = influxdb
url = http://localhost:8086
database = linky
user = linky
password_file = /home/pi/secret
[sink:off]
type = csv
enabled = no
dir = /srv/off
[notify]
sonnette = command /home/pi/sonner --fort
"""


def lines(tmp_path, text, groups=ALL):
    texts = drop_ins(load(written(tmp_path, text)), groups)
    assert set(texts) == {f"{unit}.d/{NAME}" for unit in SERVICES}
    return {path.partition(".d/")[0]: text.splitlines()[2:] for path, text in texts.items()}


def test_the_shipped_configuration_needs_only_the_groups_that_there_are(tmp_path):
    assert lines(tmp_path, "") == {
        ACQUIRE: ["SupplementaryGroups=", "SupplementaryGroups=dialout gpio i2c"],
        DELIVER: [],
        SERVE: [],
        REPORT: [],
    }
    assert lines(tmp_path, "", ("users",))[ACQUIRE] == ["SupplementaryGroups=", "SupplementaryGroups="]


@pytest.mark.parametrize(
    ("port", "network"),
    [
        ("/dev/ttyUSB0", False),
        ("auto", False),
        ("spy:///dev/ttyUSB0", False),
        ("hwgrep://0403:6001", False),
        ("socket://192.168.1.20:2000", True),
        ("rfc2217://box:4000", True),
    ],
)
def test_a_port_that_is_a_url_opens_the_network_and_nothing_else_does(tmp_path, port, network):
    assert ("PrivateNetwork=no" in lines(tmp_path, f"[meter]\nport = {port}\n")[ACQUIRE]) is network


def test_folders_and_files_elsewhere_are_opened_to_those_who_need_them(tmp_path):
    found = lines(tmp_path, ELSEWHERE)
    assert found[ACQUIRE][2:] == [
        "PrivateNetwork=no",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "IPAddressDeny=",
        "WatchdogSec=2min",
        "TimeoutStartSec=2min",
        "ProtectHome=tmpfs",
        'ReadWritePaths=-"/mnt/usb/le journal"',
        "ReadWritePaths=-/dev/shm/linky",
        "BindReadOnlyPaths=-/home/pi/gabarits",
    ]
    assert found[DELIVER] == [
        "ProtectHome=tmpfs",
        'ReadWritePaths=-"/mnt/usb/le journal"',
        "ReadWritePaths=-/mnt/usb/state",
        r"ReadWritePaths=-/srv/50%%\:csv",
        "ReadWritePaths=-/var/lib/prometheus/node-exporter",
        "BindReadOnlyPaths=-/home/pi/secret",
        "BindReadOnlyPaths=-/home/pi/sonner",
    ]
    assert found[SERVE] == found[REPORT]
    assert found[REPORT] == [
        "ProtectHome=tmpfs",
        'ReadWritePaths=-"/mnt/usb/le journal"',
        "BindPaths=-/home/pi/pages",
        "BindReadOnlyPaths=-/home/pi/gabarits",
    ]


@needs_systemd
def test_systemd_understands_the_drop_ins(tmp_path):
    settings = load(written(tmp_path, ELSEWHERE))
    copies = [with_programs_that_exist(UNITS / unit, tmp_path) for unit in SERVICES]
    for path, text in drop_ins(settings, ALL).items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text)
    done = analyze("verify", "--man=no", "--recursive-errors=yes", *copies)
    assert done.returncode == 0, done.stderr
    assert "linkymonitor" not in done.stderr
    # With the network of a meter that is a URL.
    assert analyze("security", "--offline=true", "--threshold=17", copies[0]).returncode == 0
    shutil.rmtree(tmp_path / f"{ACQUIRE}.d")
    assert analyze("security", "--offline=true", "--threshold=10", copies[0]).returncode == 0


def test_deliver_runs_only_where_it_has_something_to_send(tmp_path):
    assert wanted(load(written(tmp_path, ""))) == [ACQUIRE, SERVE, TIMER]
    text = "[sink:tableur]\ntype = csv\ndir = /srv/csv\n"
    assert wanted(load(written(tmp_path, text))) == [ACQUIRE, DELIVER, SERVE, TIMER]
    assert wanted(load(written(tmp_path, text + "enabled = no\n"))) == [ACQUIRE, SERVE, TIMER]


def test_a_drop_in_is_in_the_language_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    french = drop_ins(load(written(tmp_path, "")), ALL)[f"{ACQUIRE}.d/{NAME}"]
    english = drop_ins(load(written(tmp_path, "[general]\nlang = en\n")), ALL)[f"{ACQUIRE}.d/{NAME}"]
    assert "ne pas modifier" in french.splitlines()[0]
    assert "do not edit" in english.splitlines()[0]
    assert french.splitlines()[1:] == english.splitlines()[1:]
