"""Draws the display in a terminal, with the states of lamps and relays as words beside it."""

# Strategy
#
# - A cell of a terminal is about twice as high as it is wide, so a half block is a square pixel, and the picture
#   needs 128 columns. In a narrower terminal a cell has four pixels (quadrants): the picture is too tall, but whole.
# - Dark and light are both drawn, as a space or a block in fixed colours, never by reverse video. So an inverted
#   screen also looks inverted on a light terminal. With NO_COLOR only the shapes remain.
# - A stream that is no terminal gets lines of text: at most one every five seconds, and only when the text has
#   changed. The text comes with the picture, in its info["text"].

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from PIL.Image import Image

#: The shortest time between two lines of text, in seconds, on a stream that cannot be repainted.
PACE = 5.0

#: The index is 1 for a lit top pixel, plus 2 for a lit bottom pixel.
_HALVES = " ▀▄█"
#: The index is 1 for a lit top left pixel, plus 2 for top right, 4 for bottom left, 8 for bottom right.
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
    """Return the picture in a frame, with words beside it and one line below.

    Args:
        image: a 1-bit Pillow picture.
        side: short texts, one for each lamp, each relay and each file that the user may look at.
        health: one line on the quality of the line from the meter.
        columns: the width of the terminal, in characters; 0 for no limit.
        colour: True when the terminal may be sent colours.

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
        # The words stand at the height of the middle of the picture.
        place = index - (len(rows) - len(beside)) // 2
        word = beside[place] if 0 <= place < len(beside) else ""
        lines.append(f"{faint}│{plain}{glass}{row}{plain}{faint}│{plain}{'  ' + word[:room] if word else ''}")
    if len(beside) > len(rows):
        below = beside[len(rows) :]
    lines.append(f"{faint}└{'─' * width}┘{plain}")
    lines += [text[:columns] if columns else text for text in (*below, health) if text]
    return "".join(f"{text}\n" for text in lines)


class TerminalDisplay:
    """Shows the picture of the display on a stream.

    The object is the Hardware.terminal of the outputs: they call it with a picture. `tell` sets the words around the
    picture.

    Args:
        stream: the stream to draw on.
        environ: the environment, for NO_COLOR and TERM.
        monotonic: the clock for PACE.
        size: returns the columns and rows of the terminal; None: those of the stream.
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
        """Show *image*; its ``info["text"]`` has the lines of text for a stream that is no terminal."""
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
            # After a resize the place of the old lines is not known, so the terminal is cleared.
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
