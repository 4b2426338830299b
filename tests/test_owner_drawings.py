"""The drawings and screens on the pages for the owner of a box are those of their code, and agree with the tables."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from linkymonitor.language import LANGUAGES
from linkymonitor.model.terms import Ejp
from linkymonitor.outputs.led import PATTERNS
from tests.support.docs_programs import program
from tests.support.owner_pages import DOCS, ROOT

IMAGES = DOCS / "images"


def test_the_drawings_are_those_of_their_code():
    draw_wiring = program("images/draw_wiring.py")
    for drawing, draw in draw_wiring.DRAWINGS.items():
        for lang in LANGUAGES:
            assert "var(" not in draw(lang).svg(), "some viewers know no variables"
            kept = (IMAGES / f"{drawing}{draw_wiring.ENDINGS[lang]}").read_text("utf-8")
            assert kept == draw(lang).svg(), (
                f"{drawing}: run python docs/images/draw_wiring.py, and look at it"
            )


def test_the_screens_of_the_first_start_are_those_of_the_display():
    draw_oled = program("images/draw_oled.py")
    for screen in draw_oled.SCREENS:
        for lang, ending in (("en", ".png"), ("fr", ".fr.png")):
            with Image.open(IMAGES / f"screen-{screen}{ending}") as kept:
                same = (
                    kept.convert("RGB").tobytes() == draw_oled.screen(screen, lang).convert("RGB").tobytes()
                )
            assert same, f"{screen}: run python docs/images/draw_oled.py, and look at the pictures"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG counts it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_the_texts_of_the_drawings_can_be_read_in_both_themes(theme):
    colours = getattr(program("images/draw_wiring.py"), theme)
    for text in ("ink", "soft", "danger"):
        for ground in ("ground", "card"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_of_a_drawing_leaves_it(lang):
    """A letter of the widest usual font takes 0.62 of its height."""
    draw_wiring = program("images/draw_wiring.py")
    for drawing, draw in draw_wiring.DRAWINGS.items():
        for text in ElementTree.fromstring(draw(lang).svg()).iter("{http://www.w3.org/2000/svg}text"):
            classes = text.get("class", "").split()
            wide = 15 * 0.62 * len(text.text or "")
            left = float(text.get("x", "")) - wide * (1 if "r" in classes else 0.5 if "c" in classes else 0)
            assert left >= 0, (drawing, text.text)
            assert left + wide <= draw_wiring.WIDTH + 6, (drawing, text.text)


def numbers_of(cells: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", cells)))


def test_the_header_is_drawn_as_the_table_of_the_readme_says():
    draw_wiring = program("images/draw_wiring.py")
    table = re.findall(
        r"^\| (.*?) \| .*? \| ([\d, ]+) \| (.*?) \|$", (ROOT / "README.md").read_text("utf-8"), re.M
    )
    told = {what.split()[0].strip(","): numbers_of(pins) for what, pins, _ in table}
    words = {"TIC": "receiver", "OLED": "display", "EJP": "lamp", "relay": "relay", "button": "button"}
    drawn: dict[str, set[int]] = {}
    for use in draw_wiring.PIN_USES:
        drawn.setdefault(use.part.en, set()).add(use.pin)
    assert drawn == {words[what]: pins for what, pins in told.items()}


def test_the_values_of_the_receiver_are_those_of_the_hardware_page():
    for lang, page in (("en", "hardware.md"), ("fr", "hardware.fr.md")):
        drawn = program("images/draw_wiring.py").receiver(lang).svg()
        text = (DOCS / page).read_text("utf-8")
        for part in ("R1", "R2"):
            (row,) = re.findall(rf"^\| {part} \| (.*?) \| (.*?) \|", text, re.MULTILINE)
            for value in row:
                assert value in drawn, (part, value)


def test_the_drawing_of_the_lamp_shows_the_patterns_of_its_code():
    draw_wiring = program("images/draw_wiring.py")
    seconds = {state: list(draw_wiring.lit(state)) for state, _ in draw_wiring.STATES}
    assert set(seconds) == {*PATTERNS, None}
    assert seconds[None] == []
    assert seconds[Ejp.PEAK] == [(0, 32)]
    assert len(seconds[Ejp.NOTICE]) == 16
    assert [begin for begin, _ in seconds[Ejp.NORMAL]] == [0, 30]
    assert len(seconds[Ejp.UNKNOWN]) == 16
    assert all(not math.isinf(end) for flashes in seconds.values() for _, end in flashes)
