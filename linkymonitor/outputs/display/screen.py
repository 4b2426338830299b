"""The content of the display: lines of text at their places; and the scene, which a page is given with the view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

#: The fonts, by the width and height of their letters in pixels.
SMALL, NORMAL, LARGE = "6x12", "8x16", "12x24"

#: The dark columns at the edges of the screen, which the bezel of a panel may cover. The last column of every letter is
#: dark, too, so the right edge needs fewer.
LEFT_MARGIN, RIGHT_MARGIN = 2, 1
#: The fewest columns between the left and the right text of a row: half a letter.
_BETWEEN = 4

#: The two glyphs of the sign of life, which change places at each frame; our font files have them.
BEATS = ("\ue000", "\ue001")


@cache
def cell(font: str) -> tuple[int, int]:
    """Return the width and height of a letter of *font*, in pixels."""
    width, height = font.split("x")
    return int(width), int(height)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, and a second text at its right end; the part beyond the edge of the screen is cut."""

    text: str
    #: The place of its top left corner, in pixels.
    x: int = LEFT_MARGIN
    y: int = 0
    font: str = NORMAL
    #: True for dark letters on a lit band as wide as the screen.
    inverse: bool = False
    #: A text that ends at the right margin of the screen.
    right: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """The content of the display, for a panel or a terminal."""

    lines: tuple[TextLine, ...]
    #: True when light and dark are swapped on the whole screen.
    inverted: bool = False
    #: A 1-bit Pillow picture of the size of the screen, under the lines; for a page that draws.
    picture: Image | None = None

    @property
    def text(self) -> tuple[str, ...]:
        """The lines from top to bottom, as plain text."""
        rows: dict[int, list[TextLine]] = {}
        for line in self.lines:
            rows.setdefault(line.y + cell(line.font)[1] // 2 >> 3, []).append(line)
        return tuple(
            " ".join(f"{line.text}  {line.right}".strip() for line in sorted(row, key=lambda line: line.x))
            .replace(BEATS[0], "•")
            .replace(BEATS[1], "•")
            .strip()
            for _, row in sorted(rows.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The screen that a page is made for: its size, language and time, and the age of the data."""

    #: The size of the screen, in pixels.
    width: int = 128
    height: int = 32
    #: The language of the screen, ``fr`` or ``en``.
    lang: str = "fr"
    #: The local time; None while the time of the house is not settled.
    now: datetime | None = None
    #: The seconds without a believed frame, when the data are too old to be shown; else None.
    silence: float | None = None
    #: Changes at each believed frame.
    beat: bool = False
    #: Whether the house has panels: it has injected power, or its contract is that of a producer.
    injects: bool = False

    @property
    def columns(self) -> int:
        """How many letters of the font NORMAL fit in a row."""
        return (self.width - LEFT_MARGIN - RIGHT_MARGIN) // cell(NORMAL)[0]

    @property
    def tall(self) -> bool:
        """Whether there is room for more than two lines."""
        return self.height >= 64

    @property
    def stale(self) -> bool:
        """Whether the view is too old to be shown."""
        return self.silence is not None

    def say(self, french: str, english: str) -> str:
        """Return the one of the two texts that is in the language of the screen."""
        return english if self.lang == "en" else french

    def number(self, value: float | Decimal, decimals: int = 0) -> str:
        """Return *value* with so many *decimals*, written as in the language of the screen."""
        text = f"{value:,.{decimals}f}"
        return text if self.lang == "en" else text.replace(",", " ").replace(".", ",")

    def power(self, va: int, decimals: int = 3) -> str:
        """Return *va*, in VA, as a number of kVA in six characters at most."""
        decimals -= (va >= 10_000) + (va >= 100_000)
        return self.number(va / 1000, max(decimals, 0))

    def money(self, euros: Decimal) -> str:
        """Return *euros* to the cent."""
        return f"€{self.number(euros, 2)}" if self.lang == "en" else f"{self.number(euros, 2)} €"

    @property
    def clock(self) -> str:
        """The time of day, ``--:--`` while it is not known."""
        return f"{self.now.hour:02d}:{self.now.minute:02d}" if self.now else "--:--"

    @property
    def age(self) -> str:
        """How long the meter has been silent, in words."""
        seconds = self.silence or 0.0
        if math.isinf(seconds):
            return self.say("muet", "silent")
        if seconds < 60:
            amount, unit = seconds, "s"
        elif seconds < 3600:
            amount, unit = seconds / 60, "min"
        elif seconds < 48 * 3600:
            amount, unit = seconds / 3600, "h"
        else:
            amount, unit = seconds / 86400, self.say("j", "d")
        return f"{self.say('muet', 'silent')} {int(amount)} {unit}"

    def fits(self, left: str, right: str, font: str = NORMAL) -> bool:
        """Return whether both texts fit on one line, with some columns between them."""
        room = self.width - LEFT_MARGIN - RIGHT_MARGIN - (_BETWEEN if left and right else 0)
        return (len(left) + len(right)) * cell(font)[0] <= room

    def row(self, *choices: tuple[str, str], y: int, font: str = NORMAL) -> TextLine:
        """Return a line with a text on the left and one on the right.

        Args:
            choices: pairs of texts, the best first. The first pair that fits is taken, else the last.
            y: the first pixel row of the line.
            font: a font of this module.
        """
        for left, right in choices:
            if self.fits(left, right, font):
                break
        return TextLine(left, y=y, font=font, right=right)

    def centred(self, text: str, *, y: int, font: str = NORMAL) -> TextLine:
        """Return *text* in the middle of the screen."""
        return TextLine(text, max(LEFT_MARGIN, (self.width - len(text) * cell(font)[0]) // 2), y, font)
