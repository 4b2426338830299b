"""What a year costs: the first reading of its logs, and each later reading of its summaries."""

# Strategy
#
# - A year of logs takes minutes to write and half a minute to read. So 20 days are read, and the year is 365 times one
#   of them. The summaries and the fingerprints are those of 365 days and files.
# - Both are measured as the report does it, in a process of its own, less what the same process takes for no day.

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.day import DAY, compress_log, write_log
from bench.measure import Cost, cost, median_cost
from bench.table import Row
from linkymonitor.summaries.day import HALF_HOUR, LogSpan
from linkymonitor.summaries.store import Store
from linkymonitor.system.storage import Storage
from linkymonitor.system.zones import midnight

_ZONE = "Europe/Paris"
_READ, _YEAR = 20, 365
_ROUNDS = 5
_ONE = timedelta(days=1)
#: Reads the summaries from one day to another as the report does; those that are missing are made of the log.
_READER = """
import gc, sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.system.storage import Storage
gc.set_threshold(200_000)
log_dir, first, last, days = Path(sys.argv[1]), *map(date.fromisoformat, sys.argv[2:4]), int(sys.argv[4])
source = LogDays(log_dir, tz=ZoneInfo("Europe/Paris"), now=datetime(2030, 1, 1, tzinfo=UTC), storage=Storage())
assert len(History(source, PriceBook(Prices()), print).between(first, last)) == days
"""


def measure() -> Iterator[Row]:
    """Yield the costs of a year."""
    with tempfile.TemporaryDirectory() as name:
        log_dir = Path(name)
        write_log(log_dir, DAY - _READ * _ONE, DAY)
        compress_log(log_dir, before=DAY + _ONE)
        first, last = DAY - (_READ - 1) * _ONE, DAY - _ONE
        days = (last - first).days + 1
        nothing = median_cost([_reading(log_dir, DAY + 40 * _ONE, DAY + 41 * _ONE, 0)] * _ROUNDS)
        made = summarise_days(log_dir, first, last)
        a_year_read = (made.cpu - nothing.cpu) * _YEAR / days
        yield Row(
            figure="summaries: the first reading of a year of logs, CPU here",
            measured=a_year_read,
            must=15,
            aim=9,
            unit="s",
            note=f"{_YEAR} × a day of {days}; the summaries are kept",
        )
        yield Row(
            figure="summaries: the first reading of a year of logs, memory",
            measured=made.memory / 1024,
            must=45,
            aim=36,
            unit="MiB",
            note=f"of {days} days",
        )
        end = DAY - 100 * _ONE
        begin = end - (_YEAR - 1) * _ONE
        add_days(log_dir, begin, end)
        kept = median_cost([_reading(log_dir, begin, end, _YEAR)] * _ROUNDS)
        yield Row(
            figure="summaries: a year of them, CPU against reading its logs",
            measured=(kept.cpu - nothing.cpu) / a_year_read,
            must=1 / 30,
            aim=1 / 100,
            note=f"{(kept.cpu - nothing.cpu) * 1000:.0f} ms here",
        )
        yield Row(
            figure="summaries: a year of them, memory",
            measured=kept.memory / 1024,
            must=45,
            aim=36,
            unit="MiB",
        )


def summarise_days(log_dir: Path, first: date, last: date) -> Cost:
    """Make the summaries from *first* to *last* of the log, and return what that costs."""
    return cost(_reading(log_dir, first, last, (last - first).days + 1))


def add_days(log_dir: Path, first: date, last: date) -> None:
    """Add a file to the log and a summary for each day from *first* to *last*, like those of the day before DAY."""
    model = Store(log_dir, _ZONE, Storage()).read()[DAY - _ONE]
    packed = next(log_dir.glob(f"{model.date:%Y_%m_%d}*"))
    zone = ZoneInfo(_ZONE)
    summaries = []
    for count in range(-1, (last - first).days + 1):
        day = first + count * _ONE
        shutil.copyfile(packed, log_dir / packed.name.replace(f"{model.date:%Y_%m_%d}", f"{day:%Y_%m_%d}"))
        start, end = (round(midnight(at, zone).timestamp()) for at in (day, day + _ONE))
        halves = (end - start) // HALF_HOUR
        summaries.append(
            model._replace(
                date=day,
                start=start,
                end=end,
                until=end,
                half_hours={code: (wh * 2)[:halves] for code, wh in model.half_hours.items()},
                log=LogSpan(day - _ONE, day),
            )
        )
    Store(log_dir, _ZONE, Storage()).write(summaries[1:])


def _reading(log_dir: Path, first: date, last: date, days: int) -> tuple[str, ...]:
    return (sys.executable, "-c", _READER, str(log_dir), str(first), str(last), str(days))
