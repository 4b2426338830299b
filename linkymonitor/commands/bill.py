"""The command ``bill``: the bill of whole days, from the indexes of the log, and a supplier's bill beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.commands.arguments import refuse_turned_round
from linkymonitor.commands.bar import Bar
from linkymonitor.commands.shared import Common
from linkymonitor.errors import LinkyMonitorError, UsageError
from linkymonitor.language import Text, escape_controls, written_date

if TYPE_CHECKING:
    from linkymonitor.billing.compare import Compared
    from linkymonitor.billing.elsewhere import Elsewhere
    from linkymonitor.billing.paper import Paper
    from linkymonitor.billing.rules import Rules
    from linkymonitor.billing.values import Bill
    from linkymonitor.settings import Settings

_DAY = timedelta(days=1)


def bill(
    common: Common,
    *,
    log_dir: Path | None,
    start: date | timedelta | None,
    end: date | timedelta | None,
    json: bool,
    output: Path | None = None,
    check: Path | None = None,
    solve: Path | None = None,
    write: bool = False,
    enter: Path | None = None,
    periods: bool = False,
) -> int:
    """Print the bill of the local days from *start* to *end*, both included; return the exit status.

    Args:
        common: the options of every command.
        log_dir: the folder of the daily log; None: that of the configuration.
        start: the first day, or how long before today it is; None: that of the typed bill.
        end: the last day, or how long before today it is; None: that of the typed bill.
        json: print the figures as JSON.
        output: the file of a page that is written; None: none.
        check: the file of a supplier's bill that is compared with ours.
        solve: the file of a supplier's bill whose rules are looked for; no other bill is made.
        write: put the rules that were found into the configuration.
        enter: the file into which a supplier's bill is typed, by questions; no other bill is made.
        periods: list the past bills and the one that is running, by the reading day of [contract].

    Raises:
        LinkyMonitorError: there is no such folder of a log.
        BillRefused: the bill cannot be made, with the reason and the days for which it can.
        ConfigError: a file of a bill is wrong.
        UsageError: the last day is earlier than the first, or a day is missing.
    """
    if write and solve is None:
        raise UsageError(Text("--write : va avec --solve FICHIER", "--write: goes with --solve FILE"))
    if enter is not None:
        from linkymonitor.commands.bill_entry import enter_bill

        zone = common.settings().zone
        today = datetime.now(UTC).astimezone(zone).date()
        return enter_bill(enter, options=_typed_options(common, log_dir, start, end, today))
    settings = common.settings()
    if output is not None and output.is_dir():
        raise UsageError(
            Text(
                f"-o {output} : un dossier ; nommez un fichier, {output / 'facture.html'}",
                f"-o {output}: a folder; name a file, {output / 'bill.html'}",
            )
        )
    now = datetime.now(UTC)
    if periods:
        from linkymonitor.commands.bill_periods import print_periods

        return print_periods(settings, log_dir or settings.log.dir, now, json=json)
    paper = None
    if (typed := check or solve) is not None:
        from linkymonitor.billing.paper import read_paper

        paper = read_paper(typed)
    today = now.astimezone(settings.zone).date()
    dates = [today - day if isinstance(day, timedelta) else day for day in (start, end)]
    if solve is not None and paper is not None:
        from linkymonitor.commands.bill_rules import print_rules

        paper = paper._replace(first=paper.first or dates[0], last=paper.last or dates[1])
        return print_rules(paper, settings, common.config, json=json, write=write)
    first, last = _days(dates, paper, today)
    maker = maker_of(settings, log_dir or settings.log.dir, first, last, now)
    rules = maker.rules
    if paper is not None and paper.without_taxes:
        from linkymonitor.money.contract import TaxPath

        rules = rules._replace(path=TaxPath.HT)
    if paper is not None and paper.is_revenue:
        from linkymonitor.billing.revenue import revenue_of

        work = maker.work
        maker = maker._replace(work=lambda rules: revenue_of(work(rules)))
    made = maker.work(rules)
    if output is not None:
        _write_page(settings, output, made, paper, maker, rules)
    elif json:
        _print_json(made, settings.lang, paper, maker, rules)
    else:
        _print_text(made, paper, maker, rules)
    return 0


def _typed_options(
    common: Common,
    log_dir: Path | None,
    start: date | timedelta | None,
    end: date | timedelta | None,
    today: date,
) -> list[str]:
    """Return the options of this command that another bill of the same days needs, too."""
    days = [today - day if isinstance(day, timedelta) else day for day in (start, end)]
    named = {"-c": common.config, "--lang": common.lang, "--log-dir": log_dir, "-s": days[0], "-e": days[1]}
    return [word for name, value in named.items() if value is not None for word in (name, str(value))]


def _days(dates: list[date | None], paper: Paper | None, today: date) -> tuple[date, date]:
    """Return the first and the last day of the bill.

    Raises:
        UsageError: a day is missing, or the last is earlier than the first.
        LinkyMonitorError: the last day is not over.
    """
    first = dates[0] or (paper.first if paper else None)
    last = dates[1] or (paper.last if paper else None)
    if first is None or last is None:
        raise UsageError(
            Text(
                "manque : -s et -e, le premier et le dernier jour de la facture",
                "missing: -s and -e, the first and the last day of the bill",
            )
        )
    refuse_turned_round(first, last)
    if last >= today:
        yesterday = today - _DAY
        on = written_date(last)
        raise LinkyMonitorError(
            Text(
                f"pas de facture : le {on.fr} n'est pas fini ; le dernier jour entier est hier : -e {yesterday}",
                f"no bill: {on.en} is not over; the last whole day is yesterday: -e {yesterday}",
            )
        )
    return first, last


class Maker(NamedTuple):
    """Makes the bill of some days, by the rules of [contract] or by others."""

    rules: Rules
    work: Callable[[Rules], Bill]
    #: Returns our prices of other days and of other powers, beside a bill and its rules.
    elsewhere: Callable[[Bill, Rules], Elsewhere]

    def compared(self, paper: Paper, made: Bill, rules: Rules) -> list[Compared]:
        """Return *paper* beside the bill *made* by *rules*, line by line."""
        from linkymonitor.billing.compare import compare
        from linkymonitor.billing.elsewhere import explained

        return list(explained(compare(paper, made, self.work, rules), self.elsewhere(made, rules)))


def maker_of(settings: Settings, log_dir: Path, first: date, last: date, now: datetime) -> Maker:
    """Return what makes the bill of the days from *first* to *last*.

    Raises:
        BillRefused: the bill cannot be made.
        ConfigError: a price table is wrong.
        LinkyMonitorError: there is no such folder of a log.
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

    if not log_dir.is_dir():
        raise LinkyMonitorError(
            Text(
                f"{log_dir} : pas de journal ici ; indiquez son dossier avec --log-dir",
                f"{log_dir}: no log here; name its folder with --log-dir",
            )
        )
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
    measured = measured._replace(warnings=[*failures, *measured.warnings])
    taxes = read_taxes(settings.table_folders)

    def elsewhere(made: Bill, rules: Rules) -> Elsewhere:
        from linkymonitor.billing.elsewhere import Elsewhere
        from linkymonitor.billing.path import Pricing

        def at_power(other: int) -> Bill:
            at = [day._replace(prices=book.on(day.date, other), kva=other) for day in (*billed, after)]
            return work(at[:-1], at[-1], measured, rules, taxes)

        return Elsewhere(
            Pricing(made.path, taxes), lambda day: BilledDay(day, book.on(day, kva), kva), kva, at_power
        )

    return Maker(
        Rules.of(book.contract_on(last)),
        lambda rules: work(billed, after, measured, rules, taxes),
        elsewhere,
    )


def _write_page(
    settings: Settings,
    path: Path,
    made: Bill,
    paper: Paper | None,
    maker: Maker,
    rules: Rules,
) -> None:
    """Write the page of the bill *made* into the file *path*."""
    # Only here: the page needs Jinja, whose import takes longer than the bill.
    from linkymonitor.report.bill_page import BillPage
    from linkymonitor.report.one_page import build_bill
    from linkymonitor.system.storage import Storage

    page = BillPage(made, rules)
    if paper is not None:
        from linkymonitor.billing.totals import faults_beside_total

        page = page._replace(
            paper=paper,
            compared=maker.compared(paper, made, rules),
            faults=list(faults_beside_total(paper, made)),
        )
    storage = Storage()
    content = build_bill(settings.report, page, tz=settings.zone, lang=settings.lang, storage=storage)
    storage.replace(path, content)
    print(escape_controls(str(path)))


def _print_json(made: Bill, lang: str, paper: Paper | None, maker: Maker, rules: Rules) -> None:
    from json import dumps

    from linkymonitor.billing.as_json import as_json, differences_as_json, total_as_json

    figures = as_json(made, lang)
    if paper is not None:
        from linkymonitor.billing.own_faults import own_faults

        figures["differences"] = differences_as_json(maker.compared(paper, made, rules), lang)
        figures["total_difference"] = total_as_json(paper, made, lang)
        figures["paper"] = [fault.render(lang) for fault in own_faults(paper)]
    print(escape_controls(dumps(figures, ensure_ascii=False, indent=1), keep="\n"))


def _print_text(made: Bill, paper: Paper | None, maker: Maker, rules: Rules) -> None:
    from linkymonitor.billing.as_text import as_lines, compared_lines

    lines = list(as_lines(made))
    if paper is not None:
        from linkymonitor.billing.totals import faults_beside_total

        lines = [
            *compared_lines(maker.compared(paper, made, rules), paper, made),
            *faults_beside_total(paper, made),
            *made.warnings,
        ]
    for line in lines:
        print(escape_controls(str(line)))
