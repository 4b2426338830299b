"""The table of a run: what was done in which box, what was seen, and whether it is as it has to be."""

from __future__ import annotations

import re
import threading
from typing import NamedTuple

_HEADS = ("box", "step", "seen", "held")
#: A row keeps to one line; the whole text of a fault is printed below the table.
_MOST = 110


class Row(NamedTuple):
    """One step."""

    box: str
    step: str
    seen: str
    #: None: it could not be tried.
    held: bool | None

    @property
    def verdict(self) -> str:
        return {True: "held", False: "FAULT", None: "not tried"}[self.held]


class Table:
    """Collects the rows of several threads, and prints each at once."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._lock = threading.Lock()

    def add(self, box: str, step: str, seen: str, held: bool | None) -> None:
        """Add a row."""
        row = Row(box, step, seen.strip() or "nothing", held)
        with self._lock:
            self.rows.append(row)
            print(f"{row.verdict:9} {box}: {step}: {_short(row.seen)}", flush=True)

    @property
    def faults(self) -> list[Row]:
        return [row for row in self.rows if row.held is False]

    def markdown(self, order: list[str]) -> str:
        """Return the table, the boxes in *order*, then the whole of what was seen at each fault."""
        rows = sorted(self.rows, key=lambda row: order.index(row.box))
        lines = [f"| {' | '.join(_HEADS)} |", "|" + " --- |" * len(_HEADS)]
        lines += [
            f"| {row.box} | {row.step} | {_short(row.seen).replace('|', '/')} | {row.verdict} |"
            for row in rows
        ]
        for row in self.faults:
            lines += ["", f"{row.box}, {row.step}:", "", *("    " + line for line in row.seen.splitlines())]
        return "\n".join(lines)


def _short(text: str) -> str:
    line = re.sub(r"\s+", " ", text)
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"
