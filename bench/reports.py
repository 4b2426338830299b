"""What the report costs: the page of a day, the first page, the nightly run, and the figures of a month."""

# Strategy
#
# - The log is a simulated day of acquire, whose records are of 8 frames each, repeated with indexes that go on.
# - The nightly run is as a device has it, on the clock of that night: two days, the days before compressed, a year of
#   pages for the calendar. On the clock of today it would also read the day after, and draw the page of the range.

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bench.day import DAY, compress_log, simulated_day, write_log
from bench.measure import OURS, cost, cpu_ratios, median_cost
from bench.summaries import add_days, summarise_days
from bench.table import PI_ZERO, CannotRun, Row

_ROUNDS = 7
_RANGE = 30
_PAGES = 365
_KB = 1000
_ONE = timedelta(days=1)
#: Calls a command on the clock of the instant that is its first word. A command asks for the time once, when it begins.
_AT = """
import sys
from datetime import datetime
import linkymonitor.commands.report as command
from linkymonitor.cli import main
present = datetime.fromisoformat(sys.argv.pop(1))
class Then(datetime):
    now = present.astimezone
command.datetime = Then
sys.exit(main())
"""


def measure() -> Iterator[Row]:
    """Yield the costs of the report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log_dir = folder / "log"
        write_log(log_dir, DAY - _RANGE * _ONE, DAY + _ONE)
        # The range is of plain files; the nightly run has compressed neighbours.
        month = _report(log_dir, DAY - (_RANGE - 1) * _ONE, DAY, "--json")
        a_month = median_cost([month] * 3)
        compress_log(log_dir, before=DAY)
        yield from _page(log_dir, folder / "pages")
        first = median_cost(
            _report(log_dir, DAY, DAY, "-o", str(folder / f"new{number}")) for number in range(_ROUNDS)
        )
        yield Row(
            figure=f"report: the first pages in a folder, Pi Zero (× {PI_ZERO})",
            measured=first.cpu * PI_ZERO,
            must=6,
            aim=4.5,
            unit="s",
            note=f"the templates are compiled; {first.cpu:.2f} s here",
        )
        yield from _nightly(log_dir, folder / "year")
        yield Row(
            figure=f"report: a day of {_RANGE} with --json, Pi Zero (× {PI_ZERO})",
            measured=a_month.cpu / _RANGE * PI_ZERO,
            must=1.1,
            aim=0.8,
            unit="s",
            note=f"{a_month.memory / 1024:.1f} MiB; {a_month.cpu:.2f} s here for all",
        )


def _page(log_dir: Path, pages: Path) -> Iterator[Row]:
    alone = _report(log_dir, DAY, DAY, "-o", "-")
    command = _report(log_dir, DAY, DAY, "-o", str(pages))
    cost(command)  # compiles the templates
    ratio, with_others = cpu_ratios([alone, command], rounds=15)
    page = pages / f"{DAY}.html"
    if not page.exists():
        raise CannotRun(f"report drew no {page.name}")
    yield Row(
        figure="report: the page of a day, CPU against bare Python",
        measured=ratio,
        must=11,
        aim=9,
        note=f"{len(simulated_day().lines):,} records of 8 frames; {with_others:.1f} with its month, its year "
        "and the calendar",
    )
    yield Row(
        figure="report: the page of a day, Dygraphs apart",
        measured=page.stat().st_size / _KB,
        must=200,
        aim=150,
        unit="kB",
    )


def _nightly(log_dir: Path, pages: Path) -> Iterator[Row]:
    begun = DAY - (_RANGE - 2) * _ONE
    summarise_days(log_dir, begun, DAY - _ONE)
    add_days(log_dir, DAY - (_PAGES - 1) * _ONE, begun - 3 * _ONE)
    # Midnight in France, an hour before the end of the log.
    night = datetime.combine(DAY + _ONE, time(22, 59), UTC).isoformat()
    command = (sys.executable, "-c", _AT, night, "report", "--log-dir", str(log_dir), "-o", str(pages))
    cost(command)
    page = pages / f"{DAY}.html"
    for number in range(1, _PAGES):
        shutil.copyfile(page, pages / f"{DAY - number * _ONE}.html")
    (ratio,) = cpu_ratios([command], _ROUNDS)
    yield Row(
        figure="report: the nightly run, CPU against bare Python",
        measured=ratio,
        must=22,
        aim=16,
        note="2 days, their months, their years and the calendar",
    )
    nightly = median_cost([command] * _ROUNDS)
    kept = len(list(pages.glob("????-??-??.html")))
    yield Row(
        figure=f"report: the nightly run, Pi Zero (× {PI_ZERO})",
        measured=nightly.cpu * PI_ZERO,
        must=7,
        aim=5,
        unit="s",
        note=f"2 days, a calendar of {kept} pages; {nightly.cpu:.2f} s here",
    )
    for name, file in (("month", f"{DAY:%Y-%m}.html"), ("year", f"{DAY:%Y}.html")):
        yield Row(
            figure=f"report: the page of a {name}",
            measured=(pages / file).stat().st_size / _KB,
            must=300,
            aim=150,
            unit="kB",
        )
    yield Row(
        figure="report: the nightly run, memory",
        measured=nightly.memory / 1024,
        must=40,
        aim=32,
        unit="MiB",
    )


def _report(log_dir: Path, first: date, last: date, *options: str) -> tuple[str, ...]:
    return (*OURS, "report", "-s", str(first), "-e", str(last), "--log-dir", str(log_dir), *options)
