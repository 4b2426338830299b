"""The progress bar, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Callable
from typing import TextIO

from linkymonitor.commands.bar import Bar
from linkymonitor.language import Text

READ = Text("jours relus", "days read")
END = "the end"


def on_a_terminal(act: Callable[[TextIO], None]) -> str:
    """Return what a terminal is sent while *act* writes to it."""
    terminal, end = pty.openpty()
    sent = b""
    try:
        with os.fdopen(end, "w") as stream:
            act(stream)
            stream.write(END)
            stream.flush()
            while not sent.endswith(END.encode()):
                sent += os.read(terminal, 4096)
    finally:
        os.close(terminal)
    return sent.decode()


def test_a_terminal_shows_how_far_the_days_are_and_is_clean_afterwards():
    def read_a_year(stream: TextIO) -> None:
        with Bar(stream, READ) as bar:
            bar.show(91, 365)

    assert (
        on_a_terminal(read_a_year) == f"\r\x1b[K[#####...................] jours relus 91/365 j\r\x1b[K{END}"
    )


def test_a_single_day_needs_no_bar():
    def read_a_day(stream: TextIO) -> None:
        with Bar(stream, READ) as bar:
            bar.show(1, 1)

    assert on_a_terminal(read_a_day) == END


def test_a_file_is_given_no_bar():
    stream = io.StringIO()
    with Bar(stream, READ) as bar:
        bar.show(91, 365)
    assert stream.getvalue() == ""
