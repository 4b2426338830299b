"""The pages for the owner of a box, and the lines that a reader types."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from linkymonitor.commands.parser import parse
from tests.support.markdown import blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (
    "doctor",
    "first-start",
    "hardware",
    "pi",
    "power-cuts",
    "questions",
    "serve",
    "setup",
    "units",
    "upgrade",
)
FILES = [DOCS / f"{page}{ending}" for page in PAGES for ending in (".md", ".fr.md")]


def name(page: Path) -> str:
    return page.name


def shell(page: Path) -> Iterator[str]:
    """Yield the blocks of *page* that a reader pastes into a shell."""
    yield from (block.text for block in blocks(page) if block.kind == "sh")


def without_comments(block: str) -> list[str]:
    return [re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in block.splitlines()]


def without_sudo(words: list[str]) -> list[str]:
    """Return the *words* of a command without those that give it the rights of another user."""
    while words[:1] == ["sudo"]:
        words = words[3:] if words[1:2] == ["-u"] else words[1:]
    return words


def understand(words: list[str]) -> None:
    """Fail the test when the program would refuse *words*, its arguments."""
    with redirect_stderr(io.StringIO()) as said:
        try:
            parse(words)
        except SystemExit:
            pytest.fail(f"{shlex.join(words)}: {said.getvalue()}")
