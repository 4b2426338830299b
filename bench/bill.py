"""What a bill of two months costs from summaries, and how long the rules of a supplier's bill are looked for."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.day import DAY, compress_log, write_log
from bench.measure import OURS, cost, counted, cpu_ratios
from bench.summaries import add_days, summarise_days
from bench.table import Row

_ONE = timedelta(days=1)
#: The days of the bill.
_DAYS = 60
_ROUNDS = 5
#: What no bill can do without, whatever is made of our own modules.
_LIBRARY = (
    "argparse, configparser, dataclasses, datetime, decimal, enum, fractions, json, pathlib, re, tomllib, typing, "
    "zoneinfo, zlib"
)
_SETTINGS = f"""
import sys, {_LIBRARY}
from linkymonitor import settings
settings.load(pathlib.Path(sys.argv[1]))
"""
_INI = "[contract]\noffer = ejp\npower = 9\n"
_PAPER = """
[[line]]
kind = "subscription"
from = 2024-09-19
to = 2024-11-18
price = 1.23
eur = 2.50
[[line]]
kind = "energy"
from = 2024-07-19
to = 2024-09-18
kwh = 71
price = 0.12191
eur = 8.656
"""


def measure() -> Iterator[Row]:
    """Yield the costs of bills."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log_dir, ini, paper = folder / "log", folder / "house.ini", folder / "paper.toml"
        ini.write_text(_INI)
        paper.write_text(_PAPER)
        write_log(log_dir, DAY - 2 * _ONE, DAY)
        summarise_days(log_dir, DAY - _ONE, DAY - _ONE)
        compress_log(log_dir, before=DAY)
        last = DAY - 3 * _ONE
        add_days(log_dir, last - _DAYS * _ONE, last)
        call = (*OURS, "bill", "-c", str(ini))
        days = ("-s", str(last - _DAYS * _ONE), "-e", str(last - _ONE))
        bill = (*call, "--log-dir", str(log_dir), *days, "--json")
        cost(bill)  # makes the summary of the day after the bill
        library = (sys.executable, "-c", f"import gc; gc.set_threshold(30_000); import {_LIBRARY}")
        settings = (sys.executable, "-c", _SETTINGS, str(ini))
        for figure, command, must, ratio in zip(
            (
                "bill of two months from summaries, CPU, bare Python = 1",
                "bill: of that, the modules of Python that it imports",
                "bill: of that, the same and the settings",
            ),
            (bill, library, settings),
            (6, None, None),
            cpu_ratios([bill, library, settings]),
            strict=True,
        ):
            yield Row(figure=figure, measured=ratio, must=must, note=counted(command))
        yield Row(
            figure="bill of two months, memory",
            measured=cost(bill).memory / 1024,
            must=40,
            unit="MiB",
        )
        solve = (*call, "--solve", str(paper))
        yield Row(
            figure="bill --solve, CPU here",
            measured=statistics.median(cost(solve).cpu for _ in range(_ROUNDS)),
            must=5,
            unit="s",
        )
