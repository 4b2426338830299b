"""A simulated day in each of four contracts, logged by a real DailyLog, and the rows of that log."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.delivery.rows import rows_of
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.past import records
from linkymonitor.sinks.base import Row
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage

#: One house a day: another contract, another mode, one or three phases, with and without injection.
HOUSES = (
    "base,seed=1,day=2026-01-10",
    "standard,hc,producer,seed=2,day=2026-01-11",
    "ejp,seed=3,day=2026-01-12",
    "standard,tempo,tri,seed=4,day=2026-01-13",
)


def write_days(folder: Path, hours: float = 24) -> None:
    """Log *hours* of each house in *folder*, from midnight on."""
    for spec in HOUSES:
        begin = parse_spec(spec).start
        write_house(folder, spec, begin, begin + timedelta(hours=hours))


def write_house(folder: Path, spec: str, begin: datetime, end: datetime) -> None:
    """Log the house *spec* in *folder* from *begin* to *end*."""
    clock = WireClock(begin)
    log = DailyLog(Storage(), LogSettings(dir=folder, sync_every=timedelta(hours=6)), clock, salt="salt")
    for record in records(House(parse_spec(spec)), begin, end):
        clock.advance((record.ended_at - clock.now()).total_seconds())
        log.append(record)
    log.close()


def rows_in(folder: Path) -> list[Row]:
    """Return every row of the log in *folder*."""
    follower, place, rows = Follower(folder), Place(), []
    while (piece := follower.after(place, 5000)) is not None:
        place = piece.end
        for item in piece.content:
            if isinstance(item, Columns):
                rows += rows_of(item)
    return rows
