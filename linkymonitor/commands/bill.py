"""The command ``bill``: the bill of whole days, from the indexes of the log."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.commands.bar import Bar
from linkymonitor.commands.shared import Common
from linkymonitor.errors import LinkyMonitorError, UsageError
from linkymonitor.language import Text, escape_controls, written_date

if TYPE_CHECKING:
    from linkymonitor.billing.values import Bill
    from linkymonitor.settings import Settings

_DAY = timedelta(days=1)


def bill(
    common: Common,
    *,
    log_dir: Path | None,
    start: date | timedelta,
    end: date | timedelta,
    json: bool,
) -> int:
    """Print the bill of the local days from *start* to *end*, both included; return the exit status.

    Args:
        common: the options of every command.
        log_dir: the folder of the daily log; None: that of the configuration.
        start: the first day, or how long before today it is.
        end: the last day, or how long before today it is.
        json: print the figures as JSON.

    Raises:
        LinkyMonitorError: there is no such folder of a log.
        BillRefused: the bill cannot be made, with the reason and the days for which it can.
        UsageError: the last day is earlier than the first.
    """
    settings = common.settings()
    log_dir = log_dir or settings.log.dir
    now = datetime.now(UTC)
    today = now.astimezone(settings.zone).date()
    first, last = (today - day if isinstance(day, timedelta) else day for day in (start, end))
    if last < first:
        raise UsageError(Text(f"-e {last} : avant -s {first}", f"-e {last}: before -s {first}"))
    if not log_dir.is_dir():
        raise LinkyMonitorError(
            Text(
                f"{log_dir} : pas de journal ici ; indiquez son dossier avec --log-dir",
                f"{log_dir}: no log here; name its folder with --log-dir",
            )
        )
    if last >= today:
        yesterday = today - _DAY
        on = written_date(last)
        raise LinkyMonitorError(
            Text(
                f"pas de facture : le {on.fr} n'est pas fini ; le dernier jour entier est la veille d'aujourd'hui : "
                f"-e {yesterday}",
                f"no bill: {on.en} is not over; the last whole day is yesterday: -e {yesterday}",
            )
        )
    made = make(settings, log_dir, first, last, now)
    if json:
        from json import dumps

        from linkymonitor.billing.as_json import as_json

        print(escape_controls(dumps(as_json(made, settings.lang), ensure_ascii=False, indent=1), keep="\n"))
    else:
        from linkymonitor.billing.as_text import as_lines

        for line in as_lines(made):
            print(escape_controls(str(line)))
    return 0


def make(settings: Settings, log_dir: Path, first: date, last: date, now: datetime) -> Bill:
    """Return the bill of the days from *first* to *last*.

    Raises:
        BillRefused: the bill cannot be made.
        ConfigError: a price table is wrong.
        StorageError: the log cannot be read.
    """
    from linkymonitor.billing import readings
    from linkymonitor.billing.rules import Rules
    from linkymonitor.billing.terms import refuse_days_without_prices
    from linkymonitor.billing.values import BilledDay
    from linkymonitor.billing.work import work
    from linkymonitor.daily_log import search
    from linkymonitor.errors import ConfigError
    from linkymonitor.money.taxes import read_taxes
    from linkymonitor.report.gather import LogDays
    from linkymonitor.report.history import History
    from linkymonitor.system.storage import Storage

    book = settings.price_book()
    if book.faults:
        raise ConfigError(*book.faults)
    storage = Storage()
    source = LogDays(log_dir, tz=settings.zone, now=now, storage=storage)
    failures: list[Text] = []
    with Bar(sys.stderr, Text("jours relus", "days read")) as bar:
        history = History(source, book, failures.append, bar.show)
        summaries = history.between(first, last + _DAY)
    days = readings.Days(first, last, summaries, settings.zone)
    billed, after = readings.billed_days(days, book)
    kva = billed[-1].kva
    today = now.astimezone(settings.zone).date()
    refuse_days_without_prices(billed, lambda day: BilledDay(day, book.on(day, kva), kva), today)
    log = readings.Log(
        last_until=lambda at: search.last_before(log_dir, at, storage=storage),
        first_after=lambda at: search.first_after(log_dir, at, now, storage=storage),
    )
    measured = readings.measured(days, billed, log)
    rules = Rules.of(book.contract_on(last))
    made = work(billed, after, measured, rules, read_taxes(settings.table_folders))
    return made._replace(warnings=[*failures, *made.warnings])
