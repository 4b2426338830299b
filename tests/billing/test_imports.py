"""A bill of days that are summarised starts with what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import ForwardRef

import pytest

from tests.billing.house import EJP, rows
from tests.report.house import write_log

#: What such a bill has no use for: what reads days of the log, compares, corrects, draws, notifies or hears a meter.
SLOW = (
    "difflib",
    "jinja2",
    "linkymonitor.billing.compare",
    "linkymonitor.billing.paper",
    "linkymonitor.daily_log.reader",
    "linkymonitor.money.calendars",
    "linkymonitor.report.day",
    "linkymonitor.report.days",
    "linkymonitor.report.figures",
    "linkymonitor.report.refusals",
    "linkymonitor.report.summarise",
    "linkymonitor.sinks.base",
    "linkymonitor.source.base",
    "linkymonitor.system.clock",
    "logging",
    "shutil",
    "socket",
    "subprocess",
)
_CODE = """
import sys
from linkymonitor.cli import main
status = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> set[str]:
    """The modules that a bill imports whose days are summarised."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "house.ini").write_text("[contract]\noffer = ejp\npower = 9\n")
    write_log(folder / "log", rows(EJP, "EJP"))
    words = ["bill", "-c", "house.ini", "--log-dir", "log", "-s", "2026-01-28", "-e", "2026-02-04", "--json"]
    for _ in ("makes the summaries", "finds them"):
        done = subprocess.run(
            [sys.executable, "-c", _CODE, *words], cwd=folder, capture_output=True, text=True, check=True
        )
    return set(done.stderr.split())


def test_a_bill_of_summarised_days_imports_nothing_that_it_has_no_use_for(imported):
    assert imported & set(SLOW) == set()


def test_the_named_tuples_of_a_bill_are_made_without_compiling_their_annotations(imported):
    """An annotation that is text is compiled at each start, when the class of a named tuple is made."""
    rooms = ("linkymonitor.billing.", "linkymonitor.money.", "linkymonitor.summaries.")
    modules = [sys.modules.get(name) or import_module(name) for name in imported if name.startswith(rooms)]
    assert len(modules) > 10
    made = [kind for module in modules for kind in vars(module).values() if hasattr(kind, "_field_defaults")]
    assert len(made) > 10
    texts = {
        f"{kind.__name__}.{name}"
        for kind in made
        for name, hint in kind.__annotations__.items()
        if isinstance(hint, ForwardRef)
    }
    assert texts == {"DayPrices.row", "DayPrices.slices"}  # of modules that only an offer imports
