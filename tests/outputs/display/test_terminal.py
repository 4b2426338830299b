"""The display in a terminal: the picture in blocks, or its text on a stream that is no terminal."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from linkymonitor.outputs.display.paint import paint, to_image
from linkymonitor.outputs.display.screen import Screen, TextLine
from linkymonitor.outputs.display.terminal import PACE, TerminalDisplay, blocks, render

GLYPHS = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


class Terminal(io.StringIO):
    """A screen of characters that knows the escape sequences of TerminalDisplay."""

    def __init__(self, tty: bool = True) -> None:
        super().__init__()
        self.tty = tty
        self.rows: list[str] = [""]
        self.at = 0

    def isatty(self) -> bool:
        return self.tty

    def write(self, text: str) -> int:
        super().write(text)
        rest = text
        while rest:
            if rest.startswith("\x1b["):
                end = next(i for i, letter in enumerate(rest[2:], 2) if letter.isalpha())
                count, letter, rest = rest[2:end], rest[end], rest[end + 1 :]
                if letter == "A":
                    self.at -= int(count)
                    assert self.at >= 0
                elif letter == "H":
                    self.at = 0
                elif letter == "J":
                    self.rows = [*self.rows[: 0 if count == "2" else self.at], ""]
                continue
            letter, rest = rest[0], rest[1:]
            if letter == "\n":
                self.at += 1
                if self.at == len(self.rows):
                    self.rows.append("")
                self.fresh = True
            elif letter == "\r":
                self.fresh = True
            else:
                if getattr(self, "fresh", True):
                    self.rows[self.at] = ""
                self.fresh = False
                self.rows[self.at] += letter
        return len(text)


@pytest.fixture
def image() -> Image.Image:
    screen = Screen((TextLine("EJP NON  19:42"), TextLine("C 1,234  I 0,000", y=16)))
    image = to_image(paint(screen, 128, 32))
    image.info["text"] = screen.text
    return image


def read_back(rows: list[str]) -> Image.Image:
    """Return the picture of rows of half blocks."""
    image = Image.new("1", (len(rows[0]), 2 * len(rows)))
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            top, bottom = GLYPHS[letter]
            image.putpixel((x, 2 * y), 255 * top)
            image.putpixel((x, 2 * y + 1), 255 * bottom)
    return image


def test_half_blocks_are_the_picture(image):
    assert read_back(blocks(image)).tobytes() == image.tobytes()


def test_an_inverted_picture_is_drawn_not_reversed(image):
    inverted = image.point(lambda value: 255 - value)
    assert read_back(blocks(inverted)).tobytes() == inverted.tobytes()
    assert "\x1b[7m" not in render(inverted, colour=True)


def test_quadrants_hold_four_pixels():
    image = Image.new("1", (4, 2))
    for place in ((0, 0), (3, 1), (2, 1)):
        image.putpixel(place, 255)
    assert blocks(image, quadrants=True) == ["▘▄"]


def test_words_stand_beside_the_picture_and_health_below(image):
    rows = render(image, ["EJP lamp: off", "relay: on"], "1200 baud, 100%", columns=160).splitlines()
    assert len(rows) == 1 + 16 + 1 + 1
    assert [row[130:] for row in rows if row[130:]] == ["  EJP lamp: off", "  relay: on"]
    assert rows[-1] == "1200 baud, 100%"
    assert read_back([row[1:129] for row in rows[1:17]]).tobytes() == image.tobytes()


@pytest.mark.parametrize("columns", [66, 80, 129, 130, 140, 151, 200])
def test_no_line_is_wider_than_the_terminal(image, columns):
    text = render(image, ["a lamp with a very long name", "b"], "h" * 300, columns=columns)
    assert max(map(len, text.splitlines())) <= columns
    assert "a lamp with" in text


def test_the_picture_is_repainted_in_place(image):
    terminal = Terminal()
    display = TerminalDisplay(terminal, {}, size=lambda: (160, 40))
    display(image)
    first = list(terminal.rows)
    display.tell(["relay: on"], "all is well")
    display(image.point(lambda value: 255 - value))
    display.tell([], "")
    display(image)
    assert terminal.rows == first


def test_a_resize_starts_anew(image):
    size = [(160, 40)]
    terminal = Terminal()
    display = TerminalDisplay(terminal, {}, size=lambda: size[0])
    display(image)
    size[0] = (100, 40)
    display(image)
    assert len(terminal.rows[1].replace("\x1b", "")) <= 100
    assert len(terminal.rows) == 1 + 16 + 1 + 1


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_no_color_leaves_the_shapes_alone(image, environ, coloured):
    terminal = Terminal()
    TerminalDisplay(terminal, environ, size=lambda: (160, 40))(image)
    assert ("m" in terminal.getvalue()) is coloured
    assert "█" in terminal.getvalue()


@pytest.mark.parametrize(
    ("tty", "environ", "size"),
    [
        pytest.param(False, {}, (160, 40), id="a pipe"),
        pytest.param(True, {"TERM": "dumb"}, (160, 40), id="a dumb terminal"),
        pytest.param(True, {}, (40, 40), id="too narrow"),
        pytest.param(True, {}, (160, 10), id="too low"),
    ],
)
def test_where_nothing_can_be_drawn_there_are_words(image, tty, environ, size):
    terminal = Terminal(tty)
    display = TerminalDisplay(terminal, environ, size=lambda: size)
    display.tell(["relay: on"], "100%")
    assert terminal.getvalue() == ""
    display(image)
    assert terminal.getvalue() == "EJP NON 19:42 | C 1,234 I 0,000 | relay: on | 100%\n"


def test_words_come_every_few_seconds_and_when_they_are_new(image):
    now = [100.0]
    terminal = Terminal(tty=False)
    display = TerminalDisplay(terminal, {}, monotonic=lambda: now[0])
    for seconds, words in [(0, "a"), (1, "b"), (PACE - 1.1, "c"), (0.2, "d"), (PACE, "d"), (PACE, "e")]:
        now[0] += seconds
        image.info["text"] = (words,)
        display(image)
    assert terminal.getvalue().split() == ["a", "d", "e"]


def test_a_stream_without_a_size_is_taken_for_a_small_terminal(image):
    terminal = Terminal()
    TerminalDisplay(terminal, {})(image)
    assert max(map(len, terminal.getvalue().replace("\x1b", "").splitlines())) < 130
    assert terminal.rows[0].count("─") == 64
