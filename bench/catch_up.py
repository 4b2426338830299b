"""What a record of the log costs `deliver` when the record waited for a sink."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.day import DAY, simulated_day
from bench.measure import OURS, Cost, cost
from bench.table import PI_ZERO, Row


class CatchUp(NamedTuple):
    """A run of `deliver` that sends some days of the log, beside one that has nothing to send."""

    nothing: Cost
    past: Cost
    #: How many records were sent.
    records: int

    def row(self, figure: str, *, memory: bool = False) -> Row:
        """Return the CPU of one record on a Pi Zero; the note has the memory of the run, too, when *memory* is True."""
        spent = max(self.past.cpu - self.nothing.cpu, 1e-9)
        note = f"{self.records:,} records; {self.records / spent / PI_ZERO:,.0f} a CPU second of a Pi Zero"
        return Row(
            figure=f"{figure}, Pi Zero (× {PI_ZERO})",
            measured=spent / self.records * PI_ZERO * 1000,
            must=10,
            aim=2.5,
            unit="ms",
            note=f"{note}; {self.past.memory / 1024:.1f} MiB" if memory else note,
        )


def catch_up(config: Path, days: int, *variables: str) -> CatchUp:
    """Return what the sinks of the settings *config* cost for the last *days* of the log.

    Args:
        config: the file of the settings.
        days: how many days are sent.
        variables: ``NAME=value``, more variables of the environment.

    Raises:
        CannotRun: `deliver` failed.
    """
    command = (
        *(("/usr/bin/env", *variables) if variables else ()),
        *OURS,
        "deliver",
        "-c",
        str(config),
        "--once",
    )
    cost(command)  # a new sink begins at the end of the log
    nothing = cost(command)
    past = cost((*command, "--from", str(DAY - timedelta(days=days))))
    return CatchUp(nothing, past, len(simulated_day().lines) * days)
