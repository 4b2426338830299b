"""Edits cmdline.txt, the one line with which the kernel is started: the console leaves the port of the meter."""

from __future__ import annotations

import re

#: The ports of the header, under all their names.
PORTS = ("serial0", "ttyAMA0", "ttyS0")


def without_console(text: str, ports: tuple[str, ...] = PORTS) -> str:
    """Return *text* without the words that put a console or a debugger on one of *ports*.

    All other bytes stay as they are, the end of the line too.
    """
    names = "|".join(ports)
    words = rf"(?:console|kgdboc)=(?:/dev/)?(?:{names})(?:,\S*)?"
    # A blank goes with the word, that before it or, at the beginning, that behind it.
    text = re.sub(rf"[ \t]+{words}(?=\s|\Z)", "", text)
    return re.sub(rf"\A{words}(?:[ \t]+|(?=\s|\Z))", "", text)
