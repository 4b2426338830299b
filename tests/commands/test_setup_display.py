"""`setup` and the display: it is found by the address at which it answers on the bus."""

from __future__ import annotations

from functools import partial

import pytest

from linkymonitor.board.display import addresses
from linkymonitor.commands.setup_answers import shown
from linkymonitor.settings import load
from linkymonitor.system.i2c import answers
from tests.support.fake_oled import FakeOled
from tests.support.i2c_kernel import FakeI2c
from tests.support.ini import written


@pytest.fixture
def look(tmp_path, capsys, monkeypatch):
    """Return a function that looks for the display of the settings *text* on buses: new settings, what was printed."""
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")

    def find(text: str, buses: FakeI2c, *said: str, kind: str | None = None):
        asked: list[str] = []
        left = list(said)

        def ask(question: str) -> str:
            asked.append(question)
            return left.pop(0)

        on_bus = partial(addresses, answers=partial(answers, kernel=buses))
        settings = load(written(tmp_path, text))
        after = shown(text, settings, kind=kind, ask=ask if said else None, find=on_bus)
        assert buses.open_ones == {}
        assert left == []
        display = load(written(tmp_path, after)).display
        return display, capsys.readouterr().out, after

    return find


def test_a_display_at_the_other_address_is_written_with_the_controller_that_the_owner_names(look):
    buses = FakeI2c({"i2c-1": [FakeOled("sh1106", address=0x3D)]})
    display, _, after = look("[display]\n# mine\ncontrast = 10\n", buses, "ssd1309", "sh1106")
    assert (display.address, display.chip.value, display.contrast) == (0x3D, "sh1106", 10)
    assert "# mine\n" in after


def test_a_display_at_the_address_of_the_settings_changes_nothing(look):
    text = "[display]\naddress = 0x3D\n"
    _, out, after = look(text, FakeI2c({"i2c-1": [FakeOled(address=0x3D)]}))
    assert after == text
    assert "répond à 0x3D" in out


def test_a_driver_of_the_kernel_that_holds_the_address_shows_that_there_is_a_display(look):
    display, _, _ = look("", FakeI2c({"i2c-1": []}, held=(0x3D,)), "")
    assert display.address == 0x3D


def test_the_bus_is_that_of_the_settings(look):
    buses = FakeI2c({"i2c-1": [], "i2c-0": [FakeOled(address=0x3D)]})
    assert look("[display]\nport = 0\n", buses)[0].address == 0x3D
    text = "[display]\nport = 1\n"
    _, out, after = look(text, buses)
    assert after == text
    assert "rien ne répond sur /dev/i2c-1" in out


def test_without_a_bus_the_owner_is_told_when_to_look_again(look):
    _, out, after = look("", FakeI2c({}))
    assert after == ""
    assert "/dev/i2c-1 n'est pas encore là" in out


def test_a_controller_that_is_named_on_the_command_line_is_not_asked_for(look):
    display, _, _ = look("", FakeI2c({"i2c-1": [FakeOled(address=0x3D)]}), kind="sh1106")
    assert (display.address, display.chip.value) == (0x3D, "sh1106")
