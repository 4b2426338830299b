"""The command ``export``: the records of some days as CSV, JSON lines or the line protocol of InfluxDB."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from linkymonitor.commands.arguments import refuse_turned_round
from linkymonitor.commands.shared import Common
from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import Statistics, batches
from linkymonitor.delivery.rows import rows_of
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, legible
from linkymonitor.settings import Settings
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.forms import HEADINGS, Table, influx_line, json_line
from linkymonitor.system.storage import Storage

FORMATS = ("csv", "jsonl", "influx")
_DAY = timedelta(days=1)
#: How many rows are written at once.
_MANY = 500


def export(
    common: Common,
    *,
    log_dir: Path | None,
    start: date | timedelta,
    end: date | timedelta | None,
    form: str,
    output: Path | None,
) -> int:
    """Write the records of the local days from *start* to *end*, both included; return the exit status.

    Args:
        common: the options of every command.
        log_dir: the folder of the log; None: that of the configuration.
        start: the first day, or how long before today it is.
        end: the last day, or how long before today it is; None: *start*.
        form: one of FORMATS.
        output: the file; None: standard output.

    Raises:
        LinkyMonitorError: there is no such folder.
        StorageError: a file cannot be read or written.
        UsageError: the last day is earlier than the first.
    """
    settings = common.settings()
    log_dir = log_dir or settings.log.dir
    if not log_dir.is_dir():
        raise LinkyMonitorError(
            Text(
                f"{log_dir} : pas de journal ici ; indiquez son dossier avec --log-dir",
                f"{log_dir}: no log here; name its folder with --log-dir",
            )
        )
    today = datetime.now(settings.zone).date()
    first = today - start if isinstance(start, timedelta) else start
    last = first if end is None else today - end if isinstance(end, timedelta) else end
    refuse_turned_round(first, last)
    begin, limit = (
        datetime.combine(day, datetime.min.time(), settings.zone).astimezone(UTC)
        for day in (first, last + _DAY)
    )
    found = Statistics()

    def rows() -> Iterator[Row]:
        for batch in batches(log_dir, begin, limit, statistics=found):
            if isinstance(batch, Columns):
                yield from rows_of(batch)

    lines = _lines(rows, form, settings)
    if output is None or str(output) == "-":
        for text in _joined(lines):
            sys.stdout.write(text)
    else:
        with Storage().create(output) as file:
            for text in _joined(lines):
                file.write(text.encode())
    for path in found.damaged:
        sentence = Text(
            f"{path} : archive abîmée, lue jusqu'au défaut", f"{path}: damaged archive, read up to the fault"
        )
        print(legible(str(sentence)), file=sys.stderr)
    return 0


def _lines(rows: Callable[[], Iterator[Row]], form: str, settings: Settings) -> Iterator[str]:
    if form != "csv":
        yield from map(json_line if form == "jsonl" else influx_line, rows())
        return
    # A CSV has one heading, so the registers of all records are found first.
    registers = dict.fromkeys(name for row in rows() for name in row.fields if name not in HEADINGS)
    table = Table((*registers, *HEADINGS), settings.lang, settings.zone)
    yield table.header()
    yield from map(table.line, rows())


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Yield some lines at a time."""
    waiting = []
    for line in lines:
        waiting.append(f"{line}\n")
        if len(waiting) == _MANY:
            yield "".join(waiting)
            waiting = []
    yield "".join(waiting)
