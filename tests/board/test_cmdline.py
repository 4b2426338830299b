"""cmdline.txt: the console leaves the port of the meter, and nothing else changes."""

from __future__ import annotations

import pytest

from linkymonitor.board.cmdline import without_console
from tests.support.card import CMDLINE, TRIXIE_CMDLINE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("console=serial0,115200 console=tty1 root=/dev/mmcblk0p2\n", "console=tty1 root=/dev/mmcblk0p2\n"),
        ("console=tty1 console=ttyAMA0 rootwait\n", "console=tty1 rootwait\n"),
        ("rootwait  console=ttyS0,9600n8", "rootwait"),
        ("console=tty1 kgdboc=ttyAMA0,115200 quiet\r\n", "console=tty1 quiet\r\n"),
        ("console=serial0,115200\n", "\n"),
        ("console=serial0,115200 console=ttyAMA0,115200 quiet", "quiet"),
        ("console=ttyAMA10,115200 root=x\n", "console=ttyAMA10,115200 root=x\n"),
        ("noconsole=serial0 quiet\n", "noconsole=serial0 quiet\n"),
        (CMDLINE, CMDLINE.removeprefix("console=serial0,115200 ")),
        (TRIXIE_CMDLINE, TRIXIE_CMDLINE.removeprefix("console=serial0,115200 ")),
        ("", ""),
    ],
)
def test_only_the_console_of_the_port_goes(before, after):
    assert without_console(before) == after
    assert without_console(after) == after
