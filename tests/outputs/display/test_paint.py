"""The painter: letters and pictures as the bands of a panel."""

from __future__ import annotations

import pytest
from PIL import Image

from linkymonitor.outputs.display.paint import glyphs_of, pack, paint, to_image
from linkymonitor.outputs.display.screen import LARGE, NORMAL, SMALL, Screen, TextLine


@pytest.mark.parametrize("size", [(128, 32), (128, 64), (8, 8)])
def test_a_picture_survives_the_bands(size):
    picture = Image.frombytes("1", size, bytes((37 * i + 11) & 0xFF for i in range(size[0] * size[1] // 8)))
    assert to_image(pack(picture)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("font", [SMALL, NORMAL, LARGE])
def test_every_french_letter_is_in_every_font(font):
    glyphs = glyphs_of(font)
    wanted = "ABCXYZabcxyz0123456789 éèêëàâùûüçîïôÉÈÀÇœŒ€·°,.:%~?/'!-+" if font != SMALL else "éèêàùçÉÈÀÇ€→°"
    assert not [letter for letter in wanted if letter not in glyphs]


def test_a_letter_that_no_font_has_is_a_question_mark():
    strange, known = (paint(Screen((TextLine(text),)), 128, 32) for text in ("漢’\u202f", "?' "))
    assert strange == known
