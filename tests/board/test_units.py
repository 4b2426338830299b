"""The units of systemd: each is understood, closed in, and starts a command that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from linkymonitor.board.units import ACQUIRE, DELIVER, REPORT, SERVE, TIMER
from linkymonitor.cli import NO_PASSWORD
from linkymonitor.commands.table import COMMANDS

UNITS = Path(__file__).resolve().parents[2] / "etc/systemd"
STEPS = UNITS.parents[1] / "packaging/steps.sh"
SERVICES = (ACQUIRE, DELIVER, SERVE, REPORT)

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: apt install systemd"
)


def sections_of(unit: Path) -> dict[str, dict[str, str]]:
    """Return the sections of a unit file; the values of a key that is there several times are joined by a space."""
    sections: dict[str, dict[str, str]] = {}
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section[key] = f"{section[key]} {value}" if key in section else value
    return sections


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "LANG": "C.UTF-8"},
    )


def with_programs_that_exist(unit: Path, folder: Path) -> Path:
    """Return a copy of *unit* in *folder* whose commands are on this machine: `verify` looks for them."""
    copy = folder / unit.name
    copy.write_text(re.sub(r"(?m)^(Exec\w+=-?)/\S+", r"\1/bin/true", unit.read_text()))
    return copy


def test_these_are_all_units():
    assert {path.name for path in UNITS.iterdir()} == {*SERVICES, TIMER}


def test_the_installers_know_the_same_units():
    (line,) = re.findall(r'^UNITS="(.*)"$', STEPS.read_text(), re.MULTILINE)
    assert set(line.split()) == {ACQUIRE, DELIVER, SERVE, TIMER}


@needs_systemd
def test_systemd_understands_every_key(tmp_path):
    copies = [with_programs_that_exist(unit, tmp_path) for unit in sorted(UNITS.iterdir())]
    done = analyze("verify", "--man=no", "--recursive-errors=yes", *copies)
    ours = [line for line in done.stderr.splitlines() if "linkymonitor" in line]
    assert done.returncode == 0, done.stderr
    assert ours == []


@needs_systemd
@pytest.mark.parametrize(
    ("unit", "tenths"),
    [(ACQUIRE, 10), (DELIVER, 15), (SERVE, 15), (REPORT, 15)],
    ids=lambda value: str(value),
)
def test_the_exposure_is_small(unit, tenths):
    done = analyze("security", "--offline=true", f"--threshold={tenths}", UNITS / unit)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout


@needs_systemd
def test_the_timer_comes_once_a_day():
    timer = sections_of(UNITS / TIMER)["Timer"]
    assert timer["Persistent"] == "yes"
    done = analyze("calendar", "--iterations=3", timer["OnCalendar"])
    times = re.findall(r"(?:Next elapse|Iter\. #\d): \w+ (\d{4}-\d\d-\d\d) 00:10:00", done.stdout)
    assert len(times) == len(set(times)) == 3


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_starts_a_command_that_there_is(unit):
    service = sections_of(UNITS / unit)["Service"]
    for key in ("ExecStart", "ExecStopPost"):
        if key in service:
            program, command, *_ = service[key].lstrip("-").split()
            assert program == "/usr/bin/linkymonitor"
            assert command in COMMANDS


@pytest.mark.parametrize("unit", SERVICES)
def test_no_service_has_a_capability_and_none_is_given_up(unit):
    sections = sections_of(UNITS / unit)
    service = sections["Service"]
    assert service["User"] == "linkymonitor"
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    assert service["NoNewPrivileges"] == "yes"
    assert service["UMask"] == "0027"
    if service["Type"] != "oneshot":
        assert service["Restart"] == "always"
        assert sections["Unit"]["StartLimitIntervalSec"] == "0"
        # A password comes by the hand of the owner, who then starts the service.
        assert service.get("RestartPreventExitStatus") == (str(NO_PASSWORD) if unit == SERVE else None)


@pytest.mark.parametrize(
    ("unit", "network"), [(ACQUIRE, False), (DELIVER, True), (SERVE, True), (REPORT, False)]
)
def test_devices_and_network_are_never_together(unit, network):
    service = sections_of(UNITS / unit)["Service"]
    assert service["DevicePolicy"] == "closed"
    assert ("AF_INET" in service["RestrictAddressFamilies"]) is network
    assert (service.get("PrivateNetwork") == "yes") is not network
    if unit == ACQUIRE:
        classes = {word for word in service["DeviceAllow"].split() if word != "rw"}
        assert classes == {
            f"char-{name}" for name in ("ttyAMA", "ttyS", "ttyUSB", "ttyACM", "i2c", "gpiochip")
        }
    else:
        assert "DeviceAllow" not in service
        assert service["PrivateDevices"] == "yes"


def test_a_hang_of_acquire_is_killed_and_the_relays_are_made_safe():
    service = sections_of(UNITS / ACQUIRE)["Service"]
    assert service["Type"] == "notify"
    assert 0 < int(service["WatchdogSec"]) <= 30
    assert service["WatchdogSignal"] == "SIGKILL"
    assert service["ExecStopPost"].endswith(" safe")
