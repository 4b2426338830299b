"""The progress bar, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import pty

from linkymonitor.commands.bar import Bar
from linkymonitor.language import Text

READ = Text("jours relus", "days read")


def test_a_terminal_shows_how_far_the_days_are_and_is_clean_afterwards():
    terminal, end = pty.openpty()
    try:
        with os.fdopen(end, "w") as stream:
            with Bar(stream, READ) as bar:
                bar.show(91, 365)
            shown = os.read(terminal, 4096).decode()
    finally:
        os.close(terminal)
    assert shown == "\r\x1b[K[#####...................] jours relus 91/365 j\r\x1b[K"


def test_a_single_day_needs_no_bar():
    terminal, end = pty.openpty()
    try:
        with os.fdopen(end, "w") as stream, Bar(stream, READ) as bar:
            bar.show(1, 1)
            stream.write("the end")
        shown = os.read(terminal, 4096).decode()
    finally:
        os.close(terminal)
    assert shown == "the end"


def test_a_file_is_given_no_bar():
    stream = io.StringIO()
    with Bar(stream, READ) as bar:
        bar.show(91, 365)
    assert stream.getvalue() == ""
