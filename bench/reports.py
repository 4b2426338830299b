"""What drawing one full day costs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from bench.measure import OURS, cpu_ratios
from bench.table import CannotRun, Row
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret

_DAY = date(2026, 2, 20)
_HOURS = 26
#: A record is eight frames of an EJP meter; here one frame stands for eight.
_EVERY = "11.7s"
_KB = 1000


def measure() -> Iterator[Row]:
    """Yield the CPU time of the page of one day, and its size."""
    with tempfile.TemporaryDirectory() as folder:
        log_dir, pages = Path(folder, "log"), Path(folder, "pages")
        log_dir.mkdir()
        count = write_day(log_dir)
        command = (*OURS, "report", "-s", str(_DAY), "-e", str(_DAY))
        command += ("--log-dir", str(log_dir), "-o", str(pages))
        (ratio,) = cpu_ratios([command], rounds=7)
        page = pages / f"{_DAY}.html"
        if not page.exists():
            raise CannotRun(f"report drew no {page.name}")
        size = page.stat().st_size
    yield Row(
        figure="report of a full day, CPU to bare Python",
        measured=ratio,
        must=12.5,
        aim=10,
        note=f"{count:,} records in the log",
    )
    yield Row(figure="page of a full day, Dygraphs apart", measured=size / _KB, must=500, aim=200, unit="kB")


def write_day(log_dir: Path) -> int:
    """Log a day of a simulated EJP meter, and an hour before and after; return how many records that are."""
    house = House(parse_spec(f"historique,ejp,seed=7,day={_DAY},every={_EVERY}"))
    begin = house.options.start - timedelta(hours=1)
    house.skip_to(begin)
    clock = WireClock(begin)
    log = DailyLog(Storage(), LogSettings(dir=log_dir), clock)
    decoder, aggregator = FrameDecoder(Mode.HISTORIQUE), Aggregator(1)
    count = 0
    for at, wire in house.frames(begin + timedelta(hours=_HOURS)):
        clock.advance((at - clock.now()).total_seconds())
        for frame in decoder.feed(wire):
            for record in aggregator.add(interpret(frame, Mode.HISTORIQUE, at), 0):
                log.append(record)
                count += 1
        log.tick(clock.monotonic())
    log.close()
    return count
