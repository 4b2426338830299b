"""A printed day: one sheet, with nothing cut, and with its curve."""

from __future__ import annotations

import re

import pytest
from PIL import Image, ImageChops

from tests.report.browsing import DAY, NAMES

pytestmark = pytest.mark.browser


PRINTED = [
    NAMES[0],
    NAMES[1],
    NAMES[2],
    "tempo/2026-01-13.html",
    *(f"{name}/{DAY}.html" for name in ("producer", "producer-gap")),
]


@pytest.mark.parametrize("name", PRINTED)
def test_a_day_prints_on_one_sheet(show, name, tmp_path):
    page = show(name, theme="dark")
    content = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1


def test_nothing_of_a_printed_page_is_cut_at_the_right(show):
    """The borders of the cards are as wide at the right as at the left."""
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    content = show(NAMES[0]).pdf(prefer_css_page_size=True)
    sheet = pdfium.PdfDocument(content)[0].render(scale=2).to_pil().convert("L")
    # One row whose pixels are the share of each column that has ink.
    ink = sheet.point([255] * 250 + [0] * 6).resize((sheet.width, 1), Image.Resampling.BOX)
    lines = [x for x in range(sheet.width) if ink.getpixel((x, 0)) > 75]
    left, right = (
        [x for x in lines if here(x)] for here in (lambda x: x < 80, lambda x: x > sheet.width - 80)
    )
    assert len(left) == len(right) > 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_printed_day_has_its_curve(show, theme):
    """Ink in the colour of what is used runs along the day, but in the gap of two hours."""
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: nobody looked at the paper")
    page = show(NAMES[0], theme=theme)
    before = page.locator("#chart").bounding_box()
    sheet = pdfium.PdfDocument(page.pdf(prefer_css_page_size=True))[0].render().to_pil().convert("RGB")
    inked = Image.new("L", sheet.size, 255)
    for channel, use in zip(sheet.split(), (0xB5, 0x53, 0x2A), strict=True):
        near = channel.point([255 if abs(value - use) < 40 else 0 for value in range(256)])
        inked = ImageChops.darker(inked, near)
    assert sum(inked.getprojection()[0]) > 0.6 * sheet.width, "no curve on paper"
    page.locator("#chart .paper").wait_for(state="detached")
    assert page.locator("#chart").bounding_box() == before
