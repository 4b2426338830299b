"""The fenced blocks of a page of the documentation, and what the lines above them say to do with them."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(
    r"(?:New file|In) `(?P<file>[^`]+)`"
    r"(?:, (?P<where>at the end of the file|at the end of|below the class|(?:below|above) the line|below the row of)"
    r"(?: `(?P<mark>.+)`)?)?(?:, [^`]*)?:$"
)
_OUTPUT = doctest.OutputChecker()


class Block(NamedTuple):
    """One fenced block of a page."""

    kind: str
    text: str
    #: The last line of text above the block.
    lead: str


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of *page*, in their order."""
    text = page.read_text("utf-8")
    found = []
    for fence in FENCE.finditer(text):
        above = text[: fence.start()].rstrip().rpartition("\n")[2]
        found.append(Block(fence[2], fence[3], above))
    return found


def new_files(page: Path) -> set[str]:
    """Return the files that a reader of *page* makes."""
    return {block.lead.split("`")[1] for block in blocks(page) if block.lead.startswith("New file ")}


def put(block: Block, project: Path) -> bool:
    """Put *block* into the file of *project* that its lead names; return False when the lead names none."""
    place = _PLACE.match(block.lead)
    if place is None:
        assert not block.lead.startswith(("In `", "New file ")), f"no such place: {block.lead}"
        return False
    file = project / place["file"]
    if block.lead.startswith("New file "):
        assert not file.exists(), f"{place['file']} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, "utf-8")
        return True
    lines = file.read_text("utf-8").splitlines(keepends=True)
    at = _line_of(place["where"], place["mark"] or "", lines)
    gap = "\n\n" if place["where"] in ("at the end of the file", "below the class") else ""
    lines.insert(at, gap + block.text)
    file.write_text("".join(lines), "utf-8")
    return True


def _line_of(where: str, mark: str, lines: list[str]) -> int:
    """Return the number of lines of a file above the place that is *where* *mark* is."""
    if where == "at the end of the file":
        return len(lines)
    if where in ("at the end of", "below the class"):
        return _end_of(mark, "".join(lines), of_class=where == "below the class")
    start = f"| `{mark}` |" if where == "below the row of" else mark
    (line,) = [number for number, text in enumerate(lines) if text.strip().startswith(start)]
    return line if where == "above the line" else line + 1


def _end_of(name: str, source: str, *, of_class: bool) -> int:
    """Return the number of lines above the end of the table *name*, or of the attributes of the class *name*."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=found) if found == name:
                attributes = [part for part in node.body if isinstance(part, ast.AnnAssign)]
                end = (node if of_class else attributes[-1]).end_lineno
                assert end is not None
                return end
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr(end_lineno=int(end))) if (
                found == name
            ):
                return end - 1  # above the bracket that closes the table
    raise AssertionError(f"{name} is neither a table nor a class")


def play(block: Block, run: Callable[[str], str]) -> None:
    """Type each line of a console block and compare what is shown; … stands for anything, lines included.

    Args:
        block: lines that begin with ``$``, each with the lines that the terminal shows after it.
        run: runs such a line and returns what the terminal shows.
    """
    for exchange in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, expected = exchange.partition("\n")
        shown = run(line)
        assert _OUTPUT.check_output(expected.replace("…", "..."), shown, doctest.ELLIPSIS), (
            f"$ {line}\n{shown}instead of\n{expected}"
        )
