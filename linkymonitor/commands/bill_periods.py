"""``bill --periods``: the bills of the past, from one reading day to the next, and the one that is running."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.billing.periods import periods_between
from linkymonitor.billing.values import BillRefused
from linkymonitor.commands.bill import maker_of
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, as_text, escape_controls, written_date, written_days
from linkymonitor.money.statements import decimal
from linkymonitor.report.gather import LogDays
from linkymonitor.report.history import History
from linkymonitor.report.next_bill import NextBill, next_bill
from linkymonitor.system.storage import Storage

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.settings import Settings

_DAY = timedelta(days=1)


def print_periods(settings: Settings, log_dir: Path, now: datetime, *, json: bool) -> int:
    """Print the total of each past bill and what the running one will be; return the exit status.

    Raises:
        ConfigError: no reading day is set.
        StorageError: the log cannot be read.
    """
    book, storage = settings.price_book(), Storage()
    today = now.astimezone(settings.zone).date()
    if book.contract_on(today).reading_day is None:
        raise ConfigError(
            Text(
                "[contract] reading_day : manque ; donnez le jour du mois où vos factures commencent",
                "[contract] reading_day: missing; give the day of the month on which your bills begin",
            )
        )
    history = History(LogDays(log_dir, tz=settings.zone, now=now, storage=storage), book, lambda _: None)
    past = list(_past(settings, log_dir, book, history.first_day, now))
    running = next_bill(history, book, tz=settings.zone, now=now, calendar=settings.calendar)
    if json:
        _print_json(past, running, settings.lang)
        return 0
    for first, last, total, reason in past:
        amount = Text("—", "—") if total is None else decimal(total) + " €"
        line = written_days(first, last) + Text(" : ", ": ") + amount
        print(escape_controls(str(line if reason is None else line + " (" + reason + ")")))
    if running is not None:
        for line in _running(running):
            print(escape_controls(str(line)))
    return 0


def _past(
    settings: Settings, log_dir: Path, book: PriceBook, begun: date | None, now: datetime
) -> Iterator[tuple[date, date, Decimal | None, Text | None]]:
    """Yield the days and the total of each past bill that begins on the day *begun* or later, or why it has none."""
    if begun is None:
        return
    today = now.astimezone(settings.zone).date()
    for first, last in periods_between(begun, today - _DAY, book.contract_on(today)):
        if last >= today or first < begun:
            continue
        try:
            maker = maker_of(settings, log_dir, first, last, now)
        except BillRefused as refused:
            yield first, last, None, refused.text
            continue
        made = maker.work(maker.rules)
        why = next((line.reason for line in made.lines if line.reason is not None), None)
        yield first, last, made.total, why


def _running(running: NextBill) -> Iterator[Text]:
    """Yield what is to be known of the bill that is running."""
    end = written_date(running.last)
    if running.so_far is not None:
        spent = decimal(running.so_far)
        yield Text(
            f"en cours, {written_days(running.first, running.last).fr} : {spent.fr} € jusqu'ici",
            f"running, {written_days(running.first, running.last).en}: {spent.en} € so far",
        )
    if running.eur is not None and running.low is not None and running.high is not None:
        eur, low, high = map(decimal, (running.eur, running.low, running.high))
        yield Text(
            f"prochaine facture, le {end.fr} : {eur.fr} €, entre {low.fr} et {high.fr} €",
            f"next bill, on {end.en}: {eur.en} €, between {low.en} and {high.en} €",
        )
    elif running.reason is not None:
        yield Text("prochaine facture inconnue : ", "the next bill is not known: ") + running.reason
    if running.paid is not None and running.to_pay is not None:
        paid, due = decimal(running.paid), decimal(running.to_pay)
        yield Text(f"mensualités : {paid.fr} € sur {due.fr} €", f"instalments: {paid.en} € of {due.en} €")
    left = running.settlement
    if left is not None:
        amount = decimal(abs(left))
        yield (
            Text(f"reste à payer au solde : {amount.fr} €", f"left to pay at the settlement: {amount.en} €")
            if left >= 0
            else Text(
                f"à récupérer au solde : {amount.fr} €", f"to get back at the settlement: {amount.en} €"
            )
        )


def _print_json(
    past: list[tuple[date, date, Decimal | None, Text | None]], running: NextBill | None, lang: str
) -> None:
    from json import dumps

    def shown(amount: Decimal | None) -> str | None:
        return None if amount is None else f"{amount:f}"

    figures: dict[str, object] = {
        "schema": 1,
        "periods": [
            {
                "from": first.isoformat(),
                "to": last.isoformat(),
                "total": {"eur": shown(total)},
                "reason": None if reason is None else as_text(reason).render(lang),
            }
            for first, last, total, reason in past
        ],
        "next": None,
    }
    if running is not None:
        figures["next"] = {
            "from": running.first.isoformat(),
            "to": running.last.isoformat(),
            "so_far": {"eur": shown(running.so_far)},
            "eur": shown(running.eur),
            "low_eur": shown(running.low),
            "high_eur": shown(running.high),
            "reason": None if running.reason is None else running.reason.render(lang),
            "paid": shown(running.paid),
            "to_pay": shown(running.to_pay),
            "settlement": shown(running.settlement),
        }
    print(escape_controls(dumps(figures, ensure_ascii=False, indent=1), keep="\n"))
