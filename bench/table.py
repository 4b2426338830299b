"""One row for each budget: what it may be, what it is, and whether it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

#: How many times slower a Pi Zero (one core, 1 GHz) is than the machine on which the budgets were set.
PI_ZERO = 25


class CannotRun(Exception):
    """This machine lacks what a measurement needs; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure and its budget; smaller is better."""

    figure: str
    #: None when the figure could not be measured.
    measured: float | None
    #: The limit that must hold; None for a figure that is only shown.
    must: float | None = None
    #: The figure to be reached some day.
    aim: float | None = None
    unit: str = "×"
    note: str = ""

    @property
    def verdict(self) -> str:
        """``aim``, ``held`` or ``NOT HELD``; empty when there is nothing to judge."""
        if self.measured is None or self.must is None:
            return ""
        if self.measured > self.must:
            return "NOT HELD"
        return "aim" if self.aim is not None and self.measured <= self.aim else "held"

    def cells(self) -> tuple[str, ...]:
        """Return the row as text."""
        return (
            self.figure,
            self._number(self.must),
            self._number(self.aim),
            "not measured" if self.measured is None else self._number(self.measured),
            self.verdict,
            self.note,
        )

    def _number(self, value: float | None) -> str:
        if value is None:
            return ""
        if math.isinf(value):
            return "never"
        digits = 0 if value >= 100 or value == int(value) else 1 if value >= 20 else 2 if value >= 0.1 else 3
        return f"{value:,.{digits}f} {self.unit}".rstrip()


#: A function that measures some rows; it may raise CannotRun.
Measurement = Callable[[], Iterator[Row]]

HEADINGS = ("figure", "must", "aim", "measured", "verdict", "note")


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield *rows* as a table."""
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        figure, *numbers, verdict, note = row
        padded = [figure.ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=False)]
        yield "  ".join((*padded, verdict.ljust(widths[4]), note)).rstrip()
        if number == 0:
            yield "-" * (sum(widths[:5]) + 8)
