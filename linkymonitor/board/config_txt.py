"""Reads and edits config.txt, the settings that the firmware of a Raspberry Pi reads at its start."""

# Strategy
#
# - What the firmware would do decides, not how a line is written: filters in brackets, files that are included, several
#   spellings of a parameter, several parameters in a line. The last line that is in effect wins.
# - A filter that we cannot judge, such as the serial number of a board, makes its lines uncertain: they do not count as
#   settled, and a contrary one is overruled by a line at the end.
# - Lines are added at the end, below [all]. Only a line that would load an overlay that fights with ours is put into a
#   comment. All other bytes stay: comments, CRLF, encoding.

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from linkymonitor.board.model import Board

NAME = "config.txt"
#: The line above the lines that we add, and the beginning of a line that we put into a comment.
MARK = "# linkymonitor setup"
#: Files that include each other are read no deeper.
_DEEPEST = 8
_FILTER = re.compile(r"\[([^\]]*)\]")
_MODEL = re.compile(r"(pi|cm)\d.*|board-type=.*")
#: Other spellings of a parameter of the device tree → ours.
_SAME = {
    "i2c": "i2c_arm",
    "i2c1": "i2c_arm",
    "i2c_baudrate": "i2c_arm_baudrate",
    "i2c1_baudrate": "i2c_arm_baudrate",
}
_OVERLAYS = {"pi3-disable-bt": "disable-bt", "pi3-miniuart-bt": "miniuart-bt"}
_ON = {"", "on", "yes", "true", "1", "okay", "y"}


class Line(NamedTuple):
    """A line of a file that sets something."""

    file: str
    number: int
    #: True: in effect on this board; False: not; None: cannot be told.
    applies: bool | None
    #: What is set: ``enable_uart``, ``dtparam=i2c_arm``, ``dtoverlay=disable-bt``, and the value.
    settings: tuple[tuple[str, str], ...]


class Wish(NamedTuple):
    """What config.txt has to have: a line, and overlays that would fight with it."""

    line: str
    against: tuple[str, ...] = ()

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """What the line sets."""
        return _settings(self.line)


def lines(name: str, read: Callable[[str], str | None], board: Board) -> list[Line]:
    """Return the lines that set something, those of included files in their place.

    Args:
        name: the file that the firmware reads first.
        read: returns the text of a file of the boot folder, None when there is none.
        board: decides which filters apply.
    """
    return list(_lines(name, read, board, {}, 0))


def value(found: Sequence[Line], key: str) -> str | None:
    """Return the value of *key* that is in effect; None without one."""
    return next(
        (
            value
            for line in reversed(found)
            if line.applies
            for name, value in reversed(line.settings)
            if name == key
        ),
        None,
    )


def edited(
    name: str, read: Callable[[str], str | None], board: Board, wishes: Sequence[Wish]
) -> dict[str, str]:
    """Return the files that change, with their new texts, so that *wishes* are in effect; none when they are."""
    texts: dict[str, str] = {}

    def present(file: str) -> str | None:
        return texts[file] if file in texts else read(file)

    against = {overlay for wish in wishes for overlay in wish.against}
    for line in lines(name, read, board):
        if line.applies is not False and any(key in against for key, _ in line.settings):
            text = present(line.file) or ""
            rows = _rows(text)
            rows[line.number] = f"{MARK}: {rows[line.number]}"
            texts[line.file] = "".join(rows)
    found = lines(name, present, board)
    missing = [wish.line for wish in wishes if not _is_in_effect(found, wish)]
    if missing:
        texts[name] = _appended(present(name) or "", missing)
    return texts


def _rows(text: str) -> list[str]:
    """Return the lines of *text* with their ends: str.splitlines would end a line at bytes of other characters."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _is_in_effect(found: Sequence[Line], wish: Wish) -> bool:
    for key, wanted in wish.settings:
        settled = False
        for line in found:
            for name, value in line.settings:
                if name != key:
                    continue
                if line.applies:
                    settled = _equal(value, wanted)
                elif line.applies is None and not _equal(value, wanted):
                    settled = False
        if not settled:
            return False
    return True


def _equal(one: str, other: str) -> bool:
    return one == other or (one.lower() in _ON and other.lower() in _ON)


def _appended(text: str, missing: Sequence[str]) -> str:
    """Return *text* with the lines *missing* at its end, below [all]."""
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    sections = [found[1] for row in _rows(text) if (found := _FILTER.match(row.strip()))]
    head = [] if not sections or sections[-1].strip().lower() == "all" else ["", "[all]"]
    if text and not text.endswith(("\n", "\r")):
        text += end_of_line
    return text + "".join(f"{row}{end_of_line}" for row in (*head, MARK, *missing))


def _lines(
    name: str, read: Callable[[str], str | None], board: Board, filters: dict[str, bool | None], depth: int
) -> Iterator[Line]:
    text = read(name)
    if text is None or depth > _DEEPEST:
        return
    for number, written in enumerate(_rows(text)):
        row = written.strip()
        if not row or row.startswith("#"):
            continue
        section = _FILTER.match(row)
        if section:
            _filter(section[1].strip().lower(), filters, board)
        elif row.split()[0] == "include" and len(row.split()) > 1:
            yield from _lines(row.split(maxsplit=1)[1], read, board, filters, depth + 1)
        elif settings := _settings(row):
            states = filters.values()
            applies = False if False in states else None if None in states else True
            yield Line(name, number, applies, settings)


def _filter(section: str, filters: dict[str, bool | None], board: Board) -> None:
    """Take the filter *section* into *filters*: one of another kind narrows, one of the same kind replaces."""
    if section == "all":
        filters.clear()
    elif section == "none":
        filters["model"] = False
    elif _MODEL.fullmatch(section):
        known = board.is_pi and not section.startswith(("cm", "board-type"))
        filters["model"] = section in board.filters if known else None
    else:
        kind = re.split(r"[=:\d]", section, maxsplit=1)[0]
        filters[kind] = None


def _settings(row: str) -> tuple[tuple[str, str], ...]:
    """Return what a line sets; the parameters of an overlay belong to the overlay and are left out."""
    key, equals, value = row.partition("=")
    # What stands behind a blank is no part of the value.
    key, value = key.strip(), (value.split() or [""])[0]
    if not equals:
        return ()
    if key in ("dtparam", "device_tree_param"):
        found = []
        for part in value.split(","):
            name, _, worth = part.partition("=")
            found.append((f"dtparam={_SAME.get(name, name)}", worth or "on"))
        return tuple(found)
    if key in ("dtoverlay", "device_tree_overlay"):
        overlay = value.split(",")[0].split(":")[0].removesuffix(".dtbo").removesuffix("-overlay")
        return ((f"dtoverlay={_OVERLAYS.get(overlay, overlay)}", "on"),) if overlay else ()
    return ((key, value),)
