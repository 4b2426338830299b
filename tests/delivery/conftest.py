"""A box that delivers, for the tests of `deliver`."""

from __future__ import annotations

import sys

import pytest

from tests.support.delivering import House


@pytest.fixture
def house(tmp_path, apart, call, caplog, monkeypatch) -> House:
    caplog.set_level("INFO")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("own", "own.mine", "own.locked"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    made = House(tmp_path, call, caplog)
    made.configure()
    return made
