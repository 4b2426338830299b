"""``python -m bench``: measures, prints the table, and fails when a budget that must hold does not."""

# How to read the table: a budget is of what a user feels. Figures marked × 25 are those of this machine times 25: a
# Pi Zero is so much slower than the machine on which the budgets were set. CPU times are only sound on an idle
# machine; instructions always are.
#
# Before and after a change, on one machine: give the other commit a work tree of its own with this bench in it, and
# run both one after the other:
#
#     git worktree add ../before COMMIT && rm -r ../before/bench && cp -r bench ../before/
#     make -C ../before bench; make bench

from __future__ import annotations

import argparse
import compileall
import dataclasses
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import linkymonitor
from bench import (
    bill,
    card,
    day,
    decoding,
    delivery,
    display,
    doctor,
    lamp,
    live,
    memory,
    mqtt,
    path,
    reports,
    sql,
    start,
    summaries,
    web,
)
from bench.table import CannotRun, Measurement, Row, lines

#: What --only takes, in the order of the table.
MEASUREMENTS: Mapping[str, Measurement] = {
    "live": live.measure,
    "path": path.measure,
    "decode": decoding.measure,
    "wrong": decoding.measure_wrong,
    "lamp": lamp.measure,
    "oled": display.measure,
    "card": card.measure,
    "memory": memory.measure,
    "start": start.measure,
    "day": day.measure,
    "report": reports.measure,
    "deliver": delivery.measure,
    "mqtt": mqtt.measure,
    "sql": sql.measure,
    "summaries": summaries.measure,
    "bill": bill.measure,
    "serve": web.measure,
    "doctor": doctor.measure,
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure what *words*, or those of the command line, ask for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the budgets.")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="this one alone; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    arguments = parser.parse_args(words)
    started = time.monotonic()
    # A start that compiles its modules first costs five times as much; an installation has them compiled.
    compileall.compile_dir(Path(linkymonitor.__file__).parent, quiet=2)
    rows: list[Row] = []
    for name in arguments.only or MEASUREMENTS:
        began = time.monotonic()
        if sys.stderr.isatty():
            print(f"{name}…", end="\r", file=sys.stderr, flush=True)
        try:
            rows += MEASUREMENTS[name]()
        except CannotRun as reason:
            rows.append(Row(figure=name, measured=None, note=str(reason)))
        if sys.stderr.isatty():
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if arguments.json:
        print(json.dumps([dataclasses.asdict(row) | {"verdict": row.verdict} for row in rows], indent=1))
    else:
        print("\n".join(lines(rows)))
        print(f"\nTook {time.monotonic() - started:.0f} s. Load of the machine: {_load()}.")
    return 1 if any(row.verdict == "NOT HELD" for row in rows) else 0


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
