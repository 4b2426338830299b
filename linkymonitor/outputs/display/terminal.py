"""The display drawn in a terminal, with lamps and relays as words beside it."""

# Strategy
#
# - A cell of a terminal is about twice as high as it is wide, so a half block is a square pixel: 128 columns
#   for the picture. A narrower terminal gets quadrants, four pixels a cell: too tall, but complete.
# - Dark and light are both drawn (a space or a block in fixed colours), never by reverse video, so that an
#   inverted screen looks inverted on a light terminal too. With NO_COLOR only the shapes remain.
# - What is not a terminal gets lines of text, at most one every five seconds and only when they say something
#   new. The text comes with the picture, in its info["text"].

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from PIL.Image import Image

#: Seconds between two lines where nothing can be repainted.
PACE = 5.0

#: By top and bottom pixel.
_HALVES = " ▀▄█"
#: By top left, top right, bottom left and bottom right pixel.
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"

_GLASS, _FAINT, _PLAIN = "\x1b[38;5;195;48;5;232m", "\x1b[2m", "\x1b[0m"


def blocks(image: Image, *, quadrants: bool = False) -> list[str]:
    """Return the 1-bit *image* as rows of block characters."""
    pixels, width = image.load(), image.width
    assert pixels is not None

    def lit(x: int, y: int) -> bool:
        return x < width and y < image.height and bool(pixels[x, y])

    rows = []
    for y in range(0, image.height, 2):
        if quadrants:
            cells = [
                _QUADRANTS[lit(x, y) + 2 * lit(x + 1, y) + 4 * lit(x, y + 1) + 8 * lit(x + 1, y + 1)]
                for x in range(0, width, 2)
            ]
        else:
            cells = [_HALVES[lit(x, y) + 2 * lit(x, y + 1)] for x in range(width)]
        rows.append("".join(cells))
    return rows


def render(
    image: Image,
    side: Sequence[str] = (),
    health: str = "",
    *,
    columns: int = 0,
    colour: bool = False,
) -> str:
    """Return the picture in a frame, words beside it and one line below.

    Args:
        image: a 1-bit Pillow picture.
        side: one short text a lamp, a relay, a file to look at.
        health: one line on how the meter is heard.
        columns: how wide the terminal is, 0 when it does not matter.
        colour: whether the terminal may be sent colours.

    Returns:
        Lines that each end in a newline; no line is wider than *columns*.
    """
    quadrants = bool(columns) and columns < image.width + 2
    rows = blocks(image, quadrants=quadrants)
    width = len(rows[0])
    glass, faint, plain = (_GLASS, _FAINT, _PLAIN) if colour else ("", "", "")

    room = columns - width - 4 if columns else 1000
    longest = max(map(len, side), default=0)
    beside = list(side) if room >= min(longest, 20) else []
    below = [] if beside else list(side)

    lines = [f"{faint}┌{'─' * width}┐{plain}"]
    for index, row in enumerate(rows):
        # The words stand level with the middle of the picture.
        place = index - (len(rows) - len(beside)) // 2
        word = beside[place] if 0 <= place < len(beside) else ""
        lines.append(f"{faint}│{plain}{glass}{row}{plain}{faint}│{plain}{'  ' + word[:room] if word else ''}")
    if len(beside) > len(rows):
        below = beside[len(rows) :]
    lines.append(f"{faint}└{'─' * width}┘{plain}")
    lines += [text[:columns] if columns else text for text in (*below, health) if text]
    return "".join(f"{text}\n" for text in lines)


class TerminalDisplay:
    """A stream that shows what the display would.

    Call it with a picture, as Hardware.terminal; tell() it the words around the picture.

    Args:
        stream: where to draw.
        environ: the environment, for NO_COLOR and TERM.
        monotonic: the clock that paces the lines of text.
        size: returns the columns and rows of the terminal; asked of the stream when None.
    """

    def __init__(
        self,
        stream: TextIO,
        environ: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
        size: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._size = size or self._size_of_stream
        self._repaints = stream.isatty() and environ.get("TERM") != "dumb"
        self._colour = self._repaints and not environ.get("NO_COLOR")
        self._image: Image | None = None
        self._side: tuple[str, ...] = ()
        self._health = ""
        self._painted: tuple[int, tuple[int, int]] | None = None  # rows, and the size they were painted for
        self._said: tuple[str, float] | None = None

    def __call__(self, image: Image) -> None:
        """Show *image*; its ``info["text"]`` is what it says in words."""
        self._image = image
        self._paint()

    def tell(self, side: Sequence[str], health: str) -> None:
        """Set the words beside the picture and the line below it."""
        if (tuple(side), health) != (self._side, self._health):
            self._side, self._health = tuple(side), health
            self._paint()

    def _paint(self) -> None:
        if self._image is None:
            return
        columns, rows = size = self._size()
        if self._repaints:
            text = render(self._image, self._side, self._health, columns=columns, colour=self._colour)
            lines = text.splitlines()
            if columns >= self._image.width // 2 + 2 and rows > len(lines):
                self._repaint(lines, size)
                return
        self._say()

    def _repaint(self, lines: list[str], size: tuple[int, int]) -> None:
        back = ""
        if self._painted is not None:
            painted, then = self._painted
            # After a resize nobody knows where the old lines went: begin again at the top.
            back = f"\x1b[{painted}A\r" if then == size else "\x1b[2J\x1b[H"
        self._stream.write(back + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._stream.flush()
        self._painted = (len(lines), size)

    def _say(self) -> None:
        assert self._image is not None
        words = (*self._image.info.get("text", ()), *self._side, self._health)
        text = " | ".join(" ".join(word.split()) for word in words if word)
        now = self._monotonic()
        if self._said is not None and (text == self._said[0] or now - self._said[1] < PACE):
            return
        self._said = (text, now)
        self._stream.write(text + "\n")
        self._stream.flush()

    def _size_of_stream(self) -> tuple[int, int]:
        try:
            return tuple(os.get_terminal_size(self._stream.fileno()))  # type: ignore[return-value]
        except (OSError, ValueError, AttributeError):
            return (80, 24)
