"""config.txt: what is in effect on a board, and the smallest change that makes it so."""

from __future__ import annotations

import pytest

from linkymonitor.board.config_txt import Wish, edited, lines, value
from linkymonitor.board.model import named
from tests.support.card import BOOKWORM, FIVE, FOUR, THREE, ZERO, ZERO_2, ZERO_W

UART = Wish("enable_uart=1")
I2C = Wish("dtparam=i2c_arm=on")
QUIET = Wish("dtoverlay=disable-bt", against=("dtoverlay=miniuart-bt",))


def change(text, *wishes, model=ZERO_W, **files):
    folder = {"config.txt": text, **{name.replace("_txt", ".txt"): text for name, text in files.items()}}
    return edited("config.txt", folder.get, named(model), wishes)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("enable_uart=1\n", UART),
        ("enable_uart=0\nenable_uart=1", UART),
        ("[pi0w]\nenable_uart=1\n", UART),
        ("[pi0]\nenable_uart=1\n[all]\n", UART),
        ("[pi4]\nenable_uart=0\n[all]\nenable_uart=1\n[pi4]\nenable_uart=0\n", UART),
        ("dtparam=i2c=on\n", I2C),
        ("dtparam=i2c1=on\r\n", I2C),
        ("device_tree_param=i2c_arm=yes\n", I2C),
        ("dtparam=audio=on,i2c_arm\n", I2C),
        ("dtoverlay=pi3-disable-bt\n", QUIET),
        ("device_tree_overlay=disable-bt\n", QUIET),
        ("  enable_uart=1   \n", UART),
    ],
)
def test_what_is_in_effect_in_any_spelling_is_left_alone(text, wish):
    assert change(text, wish) == {}


@pytest.mark.parametrize(
    "text",
    [
        "#enable_uart=1\n",
        "enable_uart=0\n",
        "enable_uart=1\nenable_uart=0\n",
        "[pi4]\nenable_uart=1\n",
        "[none]\nenable_uart=1\n",
        "[0x12345678]\nenable_uart=1\n",
        "enable_uart=1\n[gpio4=1]\nenable_uart=0\n",
        "",
    ],
)
def test_what_is_not_in_effect_on_this_board_is_added_for_all_boards(text):
    (after,) = change(text, UART).values()
    assert after.startswith(text)
    found = lines("config.txt", {"config.txt": after}.get, named(ZERO_W))
    assert value(found, "enable_uart") == "1"
    assert change(after, UART) == {}


def test_lines_are_added_below_all_with_the_line_ends_of_the_file():
    after = change("# mine\r\n[pi4]\r\narm_boost=1", UART, I2C)
    assert after == {
        "config.txt": "# mine\r\n[pi4]\r\narm_boost=1\r\n\r\n[all]\r\n# linkymonitor setup\r\nenable_uart=1\r\n"
        "dtparam=i2c_arm=on\r\n"
    }


def test_an_overlay_that_fights_becomes_a_comment_where_it_stands():
    after = change("include extra.txt\n", QUIET, extra_txt="# old\ndtoverlay=miniuart-bt\n")
    assert after == {
        "extra.txt": "# old\n# linkymonitor setup: dtoverlay=miniuart-bt\n",
        "config.txt": "include extra.txt\n# linkymonitor setup\ndtoverlay=disable-bt\n",
    }


def test_an_overlay_for_another_board_stays():
    text = "[pi4]\ndtoverlay=miniuart-bt\n[all]\ndtoverlay=disable-bt\n"
    assert change(text, QUIET) == {}


def test_a_file_that_includes_itself_is_read_to_an_end():
    assert "config.txt" in change("include config.txt\n", UART)


def test_a_setting_in_an_included_file_counts():
    assert change("include a.txt\n", UART, a_txt="enable_uart=1\n") == {}
    assert change("include a.txt\n", UART) != {}


def test_the_fresh_file_of_the_system_keeps_every_byte():
    (after,) = change(BOOKWORM, UART, QUIET, I2C).values()
    assert after.startswith(BOOKWORM)
    assert after.removeprefix(BOOKWORM).count("\n") == 4


@pytest.mark.parametrize(
    ("model", "section", "applies"),
    [
        (ZERO, "pi0", True),
        (ZERO, "pi0w", False),
        (ZERO_2, "pi02", True),
        (ZERO_2, "pi3", False),
        (THREE, "pi3+", True),
        (THREE, "pi3", True),
        (FOUR, "pi4", True),
        (FIVE, "pi5", True),
        (FIVE, "pi4", False),
        ("Raspberry Pi Compute Module 4 Rev 1.0", "cm4", None),
        (FOUR, "board-type=0x14", None),
        (FOUR, "EDID=VSC-TD2220", None),
    ],
)
def test_a_section_applies_to_its_boards(model, section, applies):
    text = f"[{section}]\nenable_uart=1\n"
    (line,) = lines("config.txt", {"config.txt": text}.get, named(model))
    assert line.applies is applies


def test_filters_of_two_kinds_both_have_to_hold():
    text = "[pi4]\n[EDID=X]\nenable_uart=0\n"
    (line,) = lines("config.txt", {"config.txt": text}.get, named(ZERO))
    assert line.applies is False


@pytest.mark.parametrize("byte", [b"\x85", b"\x0b", b"\x0c", b"\x1c"])
def test_a_comment_ends_where_its_line_ends(byte):
    # The byte 0x85 is an ellipsis of Windows, or a part of a letter in UTF-8.
    text = (b"# r" + byte + b"enable_uart=1\n").decode("latin-1")
    assert edited("config.txt", {"config.txt": text}.get, named(ZERO), [Wish("enable_uart=1")]) == {
        "config.txt": f"{text}# linkymonitor setup\nenable_uart=1\n"
    }
