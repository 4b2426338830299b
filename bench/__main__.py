"""``python -m bench``: measures, prints the table, and fails when a budget that must hold does not."""

from __future__ import annotations

import argparse
import compileall
import dataclasses
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import linkymonitor
from bench import card, decoding, display, lamp, live, reports, start
from bench.table import CannotRun, Measurement, Row, lines

#: What --only takes, in the order of the table.
MEASUREMENTS: Mapping[str, Measurement] = {
    "decode": decoding.measure,
    "acceptance": decoding.measure_acceptance,
    "live": live.measure,
    "memory": live.measure_memory,
    "start": start.measure,
    "oled": display.measure,
    "report": reports.measure,
    "lamp": lamp.measure,
    "card": card.measure,
}


def main() -> int:
    """Measure what is asked for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the budgets.")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="this one alone; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.add_argument(
        "--card",
        action="store_true",
        help="also what reaches the SD card: needs root and four minutes, and mounts a file by a loop device",
    )
    arguments = parser.parse_args()
    wanted = arguments.only or [name for name in MEASUREMENTS if name != "card" or arguments.card]
    # A start that compiles its modules first costs five times as much; an installation has them compiled.
    compileall.compile_dir(Path(linkymonitor.__file__).parent, quiet=2)
    rows: list[Row] = []
    for name in wanted:
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
        print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores.")
    return 1 if any(row.verdict == "NOT HELD" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
