"""What the bill that is running comes to: what is counted, what it will be, and what is left to pay or to get back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.billing.periods import payments, payments_made, period_of
from linkymonitor.estimate.projection import needed_since
from linkymonitor.language import Text
from linkymonitor.report.period.figures import period_figures

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from linkymonitor.estimate.season import DaysCounted
    from linkymonitor.money.book import PriceBook
    from linkymonitor.report.history import History

_DAY = timedelta(days=1)


class NextBill(NamedTuple):
    """The bill that today is on, in € with taxes; what is not known is None."""

    first: date
    last: date
    so_far: Decimal | None
    #: The estimated total of the finished bill, and its bounds *low* and *high*.
    eur: Decimal | None
    low: Decimal | None
    high: Decimal | None
    #: Why the total of the finished bill cannot be estimated; None when it is.
    reason: Text | None
    #: What the payments so far add up to, and all payments of this bill; None where nothing is paid each month.
    paid: Decimal | None = None
    to_pay: Decimal | None = None

    @property
    def settlement(self) -> Decimal | None:
        """What is left to pay at the end; below 0 what comes back."""
        return None if self.eur is None or self.to_pay is None else self.eur - self.to_pay


def next_bill(
    history: History, book: PriceBook, *, tz: ZoneInfo, now: datetime, calendar: DaysCounted | None = None
) -> NextBill | None:
    """Return the bill that is running, None where [contract] has no reading day.

    Args:
        history: the summaries of the days.
        book: the prices.
        tz: the zone of the days.
        now: the present.
        calendar: the EJP, red and white days that the owner has counted.

    Raises:
        StorageError: the folder of the log cannot be read.
    """
    today = now.astimezone(tz).date()
    contract = book.contract_on(today)
    period = period_of(today, contract)
    if period is None:
        return None
    first, last = period
    summaries = history.between(first, today) | history.between(needed_since(today), today, make=False)
    figures = period_figures(
        summaries, book, first, last, tz=tz, now=now, failed=history.failed, calendar=calendar
    )
    ahead = figures.projection
    found = NextBill(
        first,
        last,
        figures.total,
        ahead.eur if ahead else None,
        ahead.low_eur if ahead else None,
        ahead.high_eur if ahead else None,
        figures.no_projection or (ahead.reason if ahead else None),
    )
    if contract.instalment is None:
        return found
    return found._replace(
        paid=contract.instalment * payments_made(period, today, contract),
        to_pay=contract.instalment * payments(contract),
    )
