"""Reads INI files that a test writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path

import pytest

from linkymonitor.config import fill
from linkymonitor.errors import ConfigError
from linkymonitor.ini_file import parse
from linkymonitor.settings import General


class Fruit(Enum):
    APPLE = "apple"
    PEAR = "pear"


@dataclass(frozen=True, kw_only=True)
class Everything:
    text: str = "x"
    whole: int = 0
    real: float = 0.0
    yes: bool = False
    path: Path = Path("/")
    wait: timedelta = timedelta(0)
    price: Decimal = Decimal(0)
    at: time = time(0)
    fruit: Fruit = Fruit.APPLE
    names: tuple[str, ...] = ()
    maybe: Decimal | None = None
    fruit_or_not: Fruit | None = None


@dataclass(frozen=True, kw_only=True)
class Strict:
    pin: int
    name: str = ""

    def __post_init__(self):
        if self.pin > 27:
            raise ValueError(f"pin = {self.pin}: expected 0 to 27")


@dataclass(frozen=True, kw_only=True)
class Whole:
    general: General = field(default_factory=General)
    all: Everything = field(default_factory=Everything)
    pin: Mapping[str, Strict] = field(default_factory=dict)


def written(tmp_path, text):
    path = tmp_path / "my.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parsed(tmp_path, text, whole=Whole):
    """Return the settings of the INI *text*, as the dataclass *whole*."""
    path = written(tmp_path, text)
    return fill(whole, parse(path), path)[0]


def faults(tmp_path, text, whole=Whole, lang="en") -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        fill(whole, parse(path), path)
    return [fault.render(lang).removeprefix(f"{path}: ") for fault in caught.value.faults]
