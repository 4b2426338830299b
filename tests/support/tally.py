"""The results of a campaign: printed at once, and kept for the table of all campaigns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

#: The file in which `make torture` gathers the rows of its parts; None when no table is made.
KEPT = Path(os.environ["LINKYMONITOR_TALLY"]) if os.environ.get("LINKYMONITOR_TALLY") else None


class Row(NamedTuple):
    """The result of a campaign, or of a part of it; parts with the same name make one row of the table."""

    campaign: str
    #: The faults that were made, and how many.
    faults: int
    #: How many values, stamps or pins were wrong; how many acknowledged lines were missing.
    wrong: int = 0
    lost: int = 0
    #: The longest time from a fault to normal work, in seconds, where there is one.
    recovery: float | None = None
    note: str = ""

    def __add__(self, other: Row) -> Row:  # type: ignore[override]
        times = [time for time in (self.recovery, other.recovery) if time is not None]
        return Row(
            self.campaign,
            self.faults + other.faults,
            self.wrong + other.wrong,
            self.lost + other.lost,
            max(times, default=None),
            other.note or self.note,
        )


def tally(
    campaign: str,
    faults: int,
    *,
    wrong: int = 0,
    lost: int = 0,
    recovery: float | None = None,
    note: str = "",
    quiet: bool = False,
) -> None:
    """Print the result of a campaign unless *quiet*, and keep it when a table is being made."""
    row = Row(campaign, faults, wrong, lost, recovery, note)
    if not quiet:
        print("\n" + _line(row))
    if KEPT:
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def table(rows: Iterable[Row]) -> str:
    """Return the table of *rows*, in the order in which their campaigns first appear."""
    found: dict[str, Row] = {}
    for row in rows:
        found[row.campaign] = found[row.campaign] + row if row.campaign in found else row
    head = [
        "| campaign | faults | wrong | lost | back within | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    return "\n".join((*head, *map(_line, found.values())))


def kept() -> list[Row]:
    """Return the rows that are kept so far."""
    if KEPT is None or not KEPT.exists():
        return []
    return [Row(*json.loads(line)) for line in KEPT.read_text(encoding="utf-8").splitlines()]


def _line(row: Row) -> str:
    recovery = "" if row.recovery is None else f"{row.recovery:.1f} s"
    return f"| {row.campaign} | {row.faults:,} | {row.wrong} | {row.lost} | {recovery} | {row.note} |"


if __name__ == "__main__":
    print(table(kept()))
