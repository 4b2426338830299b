"""Which board this is, and what its serial ports and filters of config.txt are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Board(NamedTuple):
    """A model of the Raspberry Pi, or another machine."""

    #: What the machine calls itself; empty where it does not say.
    name: str
    #: The sections of config.txt that apply to this model, without brackets; empty: no Raspberry Pi.
    filters: frozenset[str] = frozenset()
    #: Whether Bluetooth has the PL011, the better UART, at the factory.
    bluetooth_on_uart: bool = False
    #: Whether the header has a UART of its own, as on a Pi 5.
    uart_of_header: bool = False

    @property
    def is_pi(self) -> bool:
        """Whether this is a Raspberry Pi."""
        return bool(self.filters)


class _Model(NamedTuple):
    pattern: str
    filters: str
    bluetooth: bool = False
    own_uart: bool = False


#: The first row whose pattern is found in the name of the model wins.
_MODELS = (
    _Model(r"Zero 2", "pi0 pi02", bluetooth=True),
    _Model(r"Zero W", "pi0 pi0w", bluetooth=True),
    _Model(r"Zero", "pi0"),
    _Model(r"(Compute Module 5|Pi 5\d\d?|Pi 5)\b", "pi5", own_uart=True),
    _Model(r"Pi 400\b", "pi4 pi400", bluetooth=True),
    _Model(r"(Compute Module 4|Pi 4)", "pi4", bluetooth=True),
    _Model(r"Pi 3 Model [AB] Plus", "pi3 pi3+", bluetooth=True),
    _Model(r"Pi 3", "pi3", bluetooth=True),
    _Model(r"Compute Module 3", "pi3"),
    _Model(r"Pi 2", "pi2"),
    _Model(r"", "pi1"),
)


def recognised(root: Path) -> Board:
    """Return the board whose file system is *root*; in the image of a card, which has no device tree, any Pi."""
    for name in ("proc/device-tree/model", "sys/firmware/devicetree/base/model"):
        try:
            words = (root / name).read_bytes().rstrip(b"\0\n").decode(errors="replace").strip()
        except OSError:
            continue
        return named(words)
    return Board("")


def named(name: str) -> Board:
    """Return the board that calls itself *name*."""
    if not re.search(r"Raspberry Pi", name):
        return Board(name)
    row = next(row for row in _MODELS if re.search(row.pattern, name))
    return Board(name, frozenset(row.filters.split()), row.bluetooth, row.own_uart)
