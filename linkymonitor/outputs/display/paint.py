"""Turns a screen into the bytes of a panel, or into a picture."""

# Strategy
#
# - A byte of a panel is a column of eight pixels, the lowest bit on top. The data sheets call eight rows a page. Here
#   they are a band, because pages.py has other pages.
# - Glyphs and lines are cached as bytes of the panel, so a refresh takes microseconds. Pillow is only imported for a
#   picture (for the terminal, the tests, a page that draws).

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.outputs.display.screen import RIGHT_MARGIN, Screen, TextLine, cell

if TYPE_CHECKING:
    from PIL.Image import Image

#: The rows of a panel in bands of eight, from the top; a byte is a column of eight pixels, lowest bit on top.
Bands = tuple[bytes, ...]

#: Characters without a glyph in the fonts → the character that is drawn instead.
_STANDS_FOR = str.maketrans({"\u202f": " ", "\u00a0": " ", "’": "'", "…": ".", "−": "-"})


def paint(screen: Screen, width: int, height: int, shift: tuple[int, int] = (0, 0)) -> Bands:
    """Return the bands of *screen*, not inverted.

    Args:
        screen: the screen.
        width: the width of the panel, in pixels.
        height: the height of the panel, in pixels.
        shift: the picture is moved right and down by so many pixels, 0 or 1 each.
    """
    count = height // 8
    dx, dy = shift
    bands = [0] * (count + 1)
    if screen.picture is not None:
        bands[:count] = [int.from_bytes(band, "little") for band in pack(screen.picture)]
    for piece in screen.lines:
        top, offset = divmod(piece.y, 8)
        for index, strip in enumerate(_strip(piece, offset, width)):
            if top + index < count:
                bands[top + index] |= strip
    full = (1 << 8 * width) - 1
    if dy:
        # The lowest row of a band moves to the band below. The band after the last is empty, so bands[-1] gives the
        # first band an empty row.
        high, low = int.from_bytes(b"\xfe" * width, "little"), int.from_bytes(b"\x01" * width, "little")
        bands = [(band << 1 & high) | (bands[index - 1] >> 7 & low) for index, band in enumerate(bands)]
    return tuple((band << 8 * dx & full).to_bytes(width, "little") for band in bands[:count])


def to_image(bands: Bands, inverted: bool = False) -> Image:
    """Return *bands* as a 1-bit Pillow picture."""
    from PIL import Image, ImageChops

    count, width = len(bands), len(bands[0])
    raw = bytearray(count * width)
    for index, band in enumerate(bands):
        raw[count - 1 - index :: count] = band
    picture = Image.frombytes("1", (8 * count, width), bytes(raw)).transpose(Image.Transpose.ROTATE_90)
    return ImageChops.invert(picture) if inverted else picture


def pack(picture: Image) -> Bands:
    """Return the bands of a 1-bit Pillow picture: the inverse of to_image()."""
    from PIL import Image

    raw, count = picture.transpose(Image.Transpose.ROTATE_270).tobytes(), picture.height // 8
    return tuple(raw[count - 1 - index :: count] for index in range(count))


@lru_cache(maxsize=128)
def _strip(piece: TextLine, offset: int, width: int) -> tuple[int, ...]:
    """Return *piece* as bands, each a little-endian integer.

    A band is an integer because combining two lines, shifting and comparing are then one operation each.

    Args:
        piece: the line of text.
        offset: how many rows of the first band stand above the text, 0 to 7.
        width: the width of the panel, in pixels.
    """
    across, height = cell(piece.font)
    letters, last = (
        [_glyph(letter, piece.font, offset) for letter in text.translate(_STANDS_FOR)]
        for text in (piece.text, piece.right)
    )
    end = width - RIGHT_MARGIN - across * len(last)
    strips = []
    for band in range((offset + height + 7) // 8):
        row = (bytes(piece.x) + b"".join([letter[band] for letter in letters]))[:width]
        if last:
            row = row[:end].ljust(end, b"\0") + b"".join([letter[band] for letter in last])
        row = row.ljust(width, b"\0")
        if piece.inverse:
            lit = ((1 << height) - 1 << offset) >> 8 * band & 0xFF
            row = bytes(lit & ~column for column in row)
        strips.append(int.from_bytes(row, "little"))
    return tuple(strips)


@lru_cache(maxsize=512)
def _glyph(letter: str, font: str, offset: int) -> tuple[bytes, ...]:
    """Return the column bytes of *letter* in each band that it touches when it starts in row *offset* of a band."""
    width, height = cell(font)
    glyphs = glyphs_of(font)
    rows = glyphs.get(letter) or glyphs["?"]
    columns = [
        sum((row >> (width - 1 - x) & 1) << y for y, row in enumerate(rows)) << offset for x in range(width)
    ]
    return tuple(
        bytes(column >> 8 * band & 0xFF for column in columns) for band in range((offset + height + 7) // 8)
    )


@cache
def glyphs_of(font: str) -> Mapping[str, tuple[int, ...]]:
    """Return letter → its rows of pixels in *font*; the leftmost pixel is the highest bit."""
    width, height = cell(font)
    padding = -width % 8
    size = (width + padding) // 8
    glyphs = {}
    for entry in (Path(__file__).with_name("fonts") / f"spleen-{font}.hex").read_text("ascii").split():
        point, _, rows = entry.partition(":")
        raw = bytes.fromhex(rows)
        glyphs[chr(int(point, 16))] = tuple(
            int.from_bytes(raw[y * size : (y + 1) * size], "big") >> padding for y in range(height)
        )
    return glyphs
