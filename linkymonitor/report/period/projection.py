"""What a period that is not over will have used and cost when it is, and between which bounds."""

# Strategy
#
# - A day still to come is like the whole days of this period of its kind: weekdays, or days of week-ends. It has their
#   mean energy, at the prices of the day to come. EJP and red days are dear and announced the evening before, so none
#   is assumed; what one more adds is given apart.
# - The bounds are the same sum with the quarter of the days that used least, and with the quarter that used most: cold
#   comes in weeks, so the days to come may all be alike, and their errors do not cancel.
# - Days without data are expected like days to come: their energy is in no sum so far. When the newest data are older
#   than yesterday, there is no projection.
# - Nobody knows another season by this one: a period of which more than six weeks are to come has no projection.
# - What is left of today is a mean day of its kind less what today has used, and never less than nothing.

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.money import bill
from linkymonitor.report.period.day_cost import cost_of
from linkymonitor.report.period.means import kind_of
from linkymonitor.report.period.values import DayCost, PeriodFigures, Projection

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.summaries.day import DaySummary

_DAY = timedelta(days=1)
_SATURDAY = 5
_SECONDS = 86400
#: A projection needs so many whole days; a kind with fewer borrows those of the other.
_FEWEST, _FEWEST_OF_KIND = 5, 2
_DEAR = ("ejp", "red")
#: So many days to come may be like those of the period so far.
_MOST_AHEAD = 45


class _Money(NamedTuple):
    """The cost at the end of the period, its bounds, and what each day to come is expected to cost."""

    mean: Decimal
    low: Decimal
    high: Decimal
    days: Mapping[date, Decimal]


class _Expected:
    """What the days to come of one kind are expected to be: lowest quarter, mean, highest quarter."""

    def __init__(self, amounts: Sequence[Decimal]) -> None:
        ordered = sorted(amounts)
        quarter = max(len(ordered) // 4, 1)
        self.mean = _mean(ordered)
        self.low = _mean(ordered[:quarter])
        self.high = _mean(ordered[-quarter:])


def _mean(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0)) / len(amounts)


def projection_of(
    figures: PeriodFigures, summaries: Mapping[date, DaySummary], book: PriceBook, now: datetime
) -> Projection | None:
    """Return what the period of *figures* comes to at its end, None when it is over or too little of it is known.

    Args:
        figures: of the period.
        summaries: of its days.
        book: the prices of each day.
        now: the present.
    """
    today = figures.today
    if today is None or figures.consumed is None or figures.until is None or figures.until < today - _DAY:
        return None
    plain = [day for day in figures.days if day.whole and day.kind not in _DEAR]
    if len(plain) < _FEWEST or (figures.last - today).days >= _MOST_AHEAD:
        return None
    more, kind = _one_more(figures, plain)
    to_come = [today + timedelta(days=count) for count in range((figures.last - today).days + 1)]
    ahead = [*figures.missing, *to_come]
    of_kind = _by_kind(plain)
    wh = {kind: _Expected([Decimal(day.wh or 0) for day in days]) for kind, days in of_kind.items()}
    so_far = next((day for day in figures.days if day.date == today), None)
    used = Decimal(so_far.wh or 0) if so_far else Decimal(0)
    energy = [_sum(ahead, today, used, wh, bound) for bound in _BOUNDS]
    eur = _money(figures, summaries, book, of_kind, ahead, so_far)
    return Projection(
        until=figures.last,
        days=len(to_come),
        missing=len(figures.missing),
        wh=figures.consumed + round(energy[0]),
        low_wh=figures.consumed + round(energy[1]),
        high_wh=figures.consumed + round(energy[2]),
        eur=eur.mean if eur else None,
        low_eur=eur.low if eur else None,
        high_eur=eur.high if eur else None,
        weekdays=sum(kind_of(day) == "weekday" for day in plain),
        weekend_days=sum(kind_of(day) == "weekend" for day in plain),
        one_more_eur=more,
        one_more=kind,
        ahead={day: (round(wh[_kind(day)].mean), eur.days[day] if eur else None) for day in ahead},
    )


_BOUNDS: tuple[Callable[[_Expected], Decimal], ...] = (
    lambda expected: expected.mean,
    lambda expected: expected.low,
    lambda expected: expected.high,
)


def _kind(day: date) -> str:
    return "weekend" if day.weekday() >= _SATURDAY else "weekday"


def _by_kind(plain: Sequence[DayCost]) -> dict[str, list[DayCost]]:
    """Return the days of each kind; too few of a kind: all days."""
    kinds: dict[str, list[DayCost]] = {"weekday": [], "weekend": []}
    for day in plain:
        kinds[kind_of(day)].append(day)
    return {kind: days if len(days) >= _FEWEST_OF_KIND else list(plain) for kind, days in kinds.items()}


def _sum(
    days: Iterable[date],
    today: date,
    used: Decimal,
    expected: Mapping[str, _Expected],
    bound: Callable[[_Expected], Decimal],
) -> Decimal:
    """Return what *days* add: all of each day to come, and the rest of *today*, which has *used* a part."""
    total = Decimal(0)
    for day in days:
        amount = bound(expected[_kind(day)])
        total += max(amount - used, Decimal(0)) if day == today else amount
    return total


def _money(
    figures: PeriodFigures,
    summaries: Mapping[date, DaySummary],
    book: PriceBook,
    of_kind: Mapping[str, Sequence[DayCost]],
    ahead: Sequence[date],
    so_far: DayCost | None,
) -> _Money | None:
    """Return the cost at the end of the period and its bounds; None when a price is missing."""
    today = figures.today
    if figures.total is None or today is None:
        return None
    sums = [figures.total] * len(_BOUNDS)
    days: dict[date, Decimal] = {}
    used = bill.add_up(so_far.eur.values()) if so_far and so_far.eur else Decimal(0)
    expected: dict[object, _Expected | None] = {}
    for day in ahead:
        prices = book.on(day, figures.subscribed_kva)
        key = (_kind(day), *prices.energy.items())
        if key not in expected:
            amounts = [
                bill.add_up(
                    cost_of(summaries[known.date], prices, shift=_shift(known.date, day)).eur.values()
                )
                for known in of_kind[_kind(day)]
            ]
            known_amounts = [amount for amount in amounts if amount is not None]
            expected[key] = _Expected(known_amounts) if len(known_amounts) == len(amounts) else None
        found = expected[key]
        if found is None or used is None:
            return None
        is_today = today == day
        if prices.subscription_month is None:
            return None
        share = bill.day_subscription(prices.subscription_month, day)
        days[day] = found.mean + share
        if day <= today:
            share = Decimal(0)  # it is in the total already
        for at, bound in enumerate(_BOUNDS):
            amount = bound(found)
            sums[at] += max(amount - used, Decimal(0)) if is_today else amount + share
    mean, low, high = map(bill.round_cents, sums)
    return _Money(mean, low, high, days)


def _shift(known: date, day: date) -> int:
    return (day - known).days * _SECONDS


def _one_more(figures: PeriodFigures, plain: Sequence[DayCost]) -> tuple[Decimal | None, str | None]:
    """Return what one more EJP or red day would add to a plain day, where the period has had one."""
    dear = [day for day in figures.days if day.whole and day.kind in _DEAR]
    costs = [bill.add_up(day.eur.values()) for day in dear]
    usual = [bill.add_up(day.eur.values()) for day in plain]
    if not costs or any(amount is None for amount in (*costs, *usual)):
        return None, None
    more = _mean([amount or Decimal(0) for amount in costs]) - _mean(
        [amount or Decimal(0) for amount in usual]
    )
    return bill.round_cents(more), dear[-1].kind
