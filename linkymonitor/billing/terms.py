"""What makes a bill of some days impossible: a gap of prices, a contract not yet begun, days not over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from linkymonitor.billing.values import BilledDay, BillRefused
from linkymonitor.language import Text, written_date

_DAY = timedelta(days=1)
#: So far around the days that were asked for, days that work are looked for.
_FAR = 3 * 366


def refuse_days_without_prices(
    days: Sequence[BilledDay], price_of: Callable[[date], BilledDay], today: date
) -> None:
    """Refuse a bill over days whose offer has no prices; a price of [tariff] that is not set is another matter.

    Args:
        days: the days of the bill.
        price_of: the prices of any other day.
        today: the first day that is not over.

    Raises:
        BillRefused: with the reason and the nearest days that work.
    """
    wrong = [day for day in days if not _billable(day)]
    if not wrong:
        return
    reason = wrong[0].prices.reason or Text("prix inconnus", "prices not known")
    raise BillRefused(
        Text("pas de facture : ", "no bill: ") + reason + _instead(days, wrong, price_of, today)
    )


def _billable(day: BilledDay) -> bool:
    """Return whether the offer of *day* has prices, or there is no offer."""
    prices = day.prices
    return (
        prices.reason is None
        or prices.settable
        or (bool(prices.energy) and prices.subscription_month is not None)
    )


def _instead(
    days: Sequence[BilledDay],
    wrong: Sequence[BilledDay],
    price_of: Callable[[date], BilledDay],
    today: date,
) -> Text:
    """Return which days work instead."""
    first, last = days[0].date, days[-1].date
    if wrong[-1].date < last:
        day = wrong[-1].date + _DAY
        return _from(day)
    if first < wrong[0].date:
        day = wrong[0].date - _DAY
        on = written_date(day)
        return Text(f" ; jusqu'au {on.fr} elle se fait : -e {day}", f"; up to {on.en} it works: -e {day}")
    for count in range(1, _FAR):
        after, before = last + count * _DAY, first - count * _DAY
        if after < today and _billable(price_of(after)):
            return _from(after)
        if _billable(price_of(before)):
            on = written_date(before)
            return Text(
                f" ; le jour le plus proche qui a des prix est le {on.fr} : -e {before}",
                f"; the nearest day that has prices is {on.en}: -e {before}",
            )
    return Text("", "")


def _from(day: date) -> Text:
    on = written_date(day)
    return Text(f" ; à partir du {on.fr} elle se fait : -s {day}", f"; from {on.en} on it works: -s {day}")
