"""`safe`: every relay in its fail state through the GPIO chip, whatever the configuration is like by then."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linkymonitor.commands.safe import drive
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.outputs.fail_states import FailState, fail_states, kept, written
from linkymonitor.outputs.sections import RelaySettings
from tests.support import gpio_kernel
from tests.support.commands import daemon, until
from tests.support.gpio_kernel import FakeKernel

TANK = FailState(17, level=False, on=False, name="chauffe-eau")
LOW_BOARD = FailState(27, level=True, on=False, name="piscine")

HEADER = r"""
#include <linux/gpio.h>
#include <stdio.h>
#include <stddef.h>
int main(void) {
    printf("%zu %zu %zu %lu %lu %lu %zu %zu %zu %zu %d %d %d %d",
        sizeof(struct gpiochip_info), sizeof(struct gpio_v2_line_info), sizeof(struct gpio_v2_line_request),
        (unsigned long)GPIO_GET_CHIPINFO_IOCTL, (unsigned long)GPIO_V2_GET_LINEINFO_IOCTL,
        (unsigned long)GPIO_V2_GET_LINE_IOCTL,
        offsetof(struct gpio_v2_line_request, config.attrs), offsetof(struct gpio_v2_line_request, num_lines),
        offsetof(struct gpio_v2_line_request, fd), offsetof(struct gpio_v2_line_info, flags),
        (int)GPIO_V2_LINE_FLAG_OUTPUT, (int)GPIO_V2_LINE_FLAG_BIAS_PULL_UP,
        (int)GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN, (int)GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);
}
"""


def test_the_fake_kernel_is_like_the_header_of_linux(tmp_path):
    if shutil.which("cc") is None or not Path("/usr/include/linux/gpio.h").exists():
        pytest.skip("no C compiler or no linux/gpio.h: apt install gcc linux-libc-dev")
    (tmp_path / "sizes.c").write_text(HEADER)
    subprocess.run(["cc", "-o", tmp_path / "sizes", tmp_path / "sizes.c"], check=True)
    real = subprocess.run([tmp_path / "sizes"], capture_output=True, text=True, check=True).stdout
    request = gpio_kernel.LineRequest
    ours = [
        *map(ctypes.sizeof, (gpio_kernel.ChipInfo, gpio_kernel.LineInfo, request)),
        *(gpio_kernel.number(*parts) for parts in ((2, 1, 68), (3, 5, 256), (3, 7, 592))),
        request.config.offset + gpio_kernel.LineConfig.attrs.offset,
        *(request.num_lines.offset, request.fd.offset, gpio_kernel.LineInfo.flags.offset),
        *(gpio_kernel.OUTPUT, gpio_kernel.PULL_UP, gpio_kernel.PULL_DOWN, 2),
    ]
    assert list(map(int, real.split())) == ours


@pytest.mark.parametrize("label", ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"])
def test_each_relay_gets_its_level_and_a_pull_towards_it_on_every_pi(label, capsys):
    kernel = FakeKernel({"/dev/gpiochip10": "raspberrypi-exp-gpio", "/dev/gpiochip4": label})
    assert drive([TANK, LOW_BOARD], kernel)
    assert kernel.driven == [("/dev/gpiochip4", 17, 0, "down"), ("/dev/gpiochip4", 27, 1, "up")]
    assert kernel.descriptors == 0
    assert capsys.readouterr().out == (
        "[relay:chauffe-eau] GPIO 17 : au repos\n[relay:piscine] GPIO 27 : au repos\n"
    )


def test_a_driver_without_pulls_sets_the_level_all_the_same():
    kernel = FakeKernel(pulls=False)
    assert drive([TANK], kernel)
    assert kernel.driven == [("/dev/gpiochip0", 17, 0, "none")]


def test_a_pin_that_another_program_holds_costs_no_other_relay(capsys):
    kernel = FakeKernel(held={17: "lg"})
    assert not drive([TANK, LOW_BOARD, FailState(99, level=False, on=False, name="loin")], kernel)
    assert [line for _, line, _, _ in kernel.driven] == [27]
    assert kernel.descriptors == 0
    assert capsys.readouterr().err.splitlines() == [
        "linkymonitor: [relay:chauffe-eau] GPIO 17 : tenu par « lg » ; arrêtez d'abord ce programme "
        "(sudo systemctl stop linkymonitor)",
        "linkymonitor: [relay:loin] GPIO 99 : la broche ne répond pas (valeur refusée par le système)",
    ]


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        pytest.param(FakeKernel({}), "no pins of a Raspberry Pi here (–); no relay was touched", id="none"),
        pytest.param(
            FakeKernel({"/dev/gpiochip0": "INT34C6:00", "/dev/gpiochip1": None}),
            "no pins of a Raspberry Pi here (/dev/gpiochip0 (INT34C6:00), /dev/gpiochip1); no relay was touched",
            id="those of a PC",
        ),
        pytest.param(
            FakeKernel(forbidden=True),
            "/dev/gpiochip0: Permission denied; the group gpio is needed, or sudo",
            id="forbidden",
        ),
    ],
)
def test_a_machine_whose_pins_cannot_be_reached_is_one_sentence(kernel, sentence):
    with pytest.raises(LinkyMonitorError) as caught:
        drive([TANK], kernel)
    assert caught.value.text.en.endswith(sentence)
    assert kernel.descriptors == 0


@pytest.mark.parametrize(
    ("active_high", "on", "level"),
    [(True, False, False), (False, False, True), (True, True, True), (False, True, False)],
)
def test_the_level_follows_from_the_fail_state_and_the_board(active_high, on, level, tmp_path):
    relay = RelaySettings(
        pin=22,
        active_high=active_high,
        rule="ejp",
        fail_state=on,
        energised_fail_state_accepted=True,
        name="eau chaude é",
    )
    (tmp_path / "relays").write_bytes(written(fail_states([relay])))
    assert kept(tmp_path / "relays") == [FailState(22, level, on, "eau chaude é")]


RELAYS = """
[relay:good]
pin = 17
rule = ejp
fail_state = off
[relay:bad]
pin = 99
rule = ejp
fail_state = off
[meter]
prot = /dev/nonsense
"""


def test_the_copy_of_acquire_wins_over_a_configuration_that_is_wrong_by_now(
    call, apart, tmp_path, monkeypatch
):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    (tmp_path / "my.ini").write_text("[relay:")
    (tmp_path / "relays").write_bytes(b"")
    assert call("safe", "-c", tmp_path / "my.ini") == (0, "aucun relais : rien à faire\n", "")


def test_without_a_copy_a_wrong_section_costs_no_other_relay(call, apart, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    seen = []
    monkeypatch.setattr(
        "linkymonitor.commands.safe.drive", lambda states, kernel: seen.extend(states) or True
    )
    (tmp_path / "my.ini").write_text(RELAYS)
    status, _, err = call("safe", "-c", tmp_path / "my.ini")
    assert status == 1
    assert seen == [FailState(17, level=False, on=False, name="good")]
    assert err.count("\n") == 1
    assert "[relay:bad] pin = 99" in err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"17 0\n", b"x 0 0 n\n", b"17 2 0 n\n", b"17 0 0"])
def test_a_damaged_copy_is_told_and_the_configuration_is_read(content, call, apart, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    (tmp_path / "relays").write_bytes(content)
    status, out, err = call("safe")
    assert (status, out) == (0, "aucun relais : rien à faire\n")
    assert err.startswith(f"linkymonitor: {tmp_path}/relays : illisible")


def test_acquire_keeps_the_fail_states_for_its_death(tmp_path):
    (tmp_path / "my.ini").write_text(
        "[relay:tank]\npin = 17\nactive_high = no\nrule = periods\nperiods = HC\nfail_state = off\n"
    )
    arguments = ("-c", tmp_path / "my.ini", "-i", "/dev/ttyLinky7", "--log-dir", tmp_path / "log")
    with daemon("acquire", *arguments, RUNTIME_DIRECTORY=str(tmp_path)) as process:
        until((tmp_path / "relays").exists)
        process.kill()
        process.wait(100)
    assert kept(tmp_path / "relays") == [FailState(17, level=True, on=False, name="tank")]


def test_safe_imports_neither_the_libraries_of_pins_nor_the_settings(tmp_path):
    (tmp_path / "relays").write_bytes(written([TANK]))
    code = (
        "import sys; from linkymonitor.cli import main; main(['safe']);"
        "print(*sorted({'gpiozero', 'lgpio', 'configparser', 'linkymonitor.settings', 'logging'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
        timeout=60,
    )
    assert done.stdout == "\n"
    assert "gpiochip" in done.stderr
