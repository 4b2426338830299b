"""The cost of registers and hours, and the sums."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from linkymonitor.money import bill
from linkymonitor.money.book import DayPrices
from linkymonitor.report.day import Gap, Hour, SynthesisLine
from linkymonitor.summaries.day import SHORTEST_GAP


def lines(
    sums: Mapping[str, int | None], readings: Mapping[str, int], prices: DayPrices
) -> tuple[SynthesisLine, ...]:
    """Return the synthesis: one line for each register of *sums*.

    Args:
        sums: register, or period of the offer → Wh, None for one that counted and was not read.
        readings: register → its last reading, in Wh.
        prices: of the day.
    """
    return tuple(
        SynthesisLine(
            code=name,
            wh=wh,
            reading=readings.get(name),
            price=prices.price(name),
            eur=None if wh is None else prices.cost(name, wh),
            label=None if prices.by_register((name,)) else prices.labels.get(name),
        )
        for name, wh in sums.items()
    )


def energy_cost(synthesis: Sequence[SynthesisLine]) -> Decimal | None:
    """Return the sum of the lines as shown; None when one of them used energy that has no price."""
    if not any(line.eur is not None for line in synthesis):
        return None
    return bill.add_up(line.eur for line in synthesis if line.eur is not None or line.wh != 0)


def subscription(prices: DayPrices, day: date) -> Decimal | None:
    """Return the part of the subscription that falls on *day*, to the cent; None when its price is not set."""
    if prices.subscription_month is None:
        return None
    return bill.round_cents(bill.day_subscription(prices.subscription_month, day))


def hours(
    marks: Sequence[float],
    energy: Sequence[Mapping[str, int]],
    *,
    prices: DayPrices,
    gaps: Sequence[Gap],
    times: Sequence[float],
    until: float,
    tz: ZoneInfo,
) -> tuple[Hour, ...]:
    """Return the hours of a day.

    Args:
        marks: the bounds of the half hours; in a day of 23½ hours the last hour is short.
        energy: period → Wh, for each half hour.
        prices: of the day.
        gaps: of the day.
        times: when its records ended.
        until: the end of what could be measured.
        tz: the zone whose clock names the hours.
    """
    shown = []
    for begin, end, used in zip(marks[::2], [*marks[2::2], marks[-1]], _by_two(energy), strict=False):
        local = datetime.fromtimestamp(begin, tz)
        offset = local.utcoffset()
        heard = bisect_right(times, end) > bisect_right(times, begin)
        silent = sum(max(min(gap.end, end) - max(gap.start, begin), 0) for gap in gaps)
        shown.append(
            Hour(
                start=begin,
                hour=local.hour,
                offset=0 if offset is None else round(offset.total_seconds()),
                energy=used,
                wh=sum(used.values()),
                eur=_cost(used, prices),
                known=heard and silent <= SHORTEST_GAP and end <= until,
                measured=heard or bool(used),
            )
        )
    return tuple(shown)


def _by_two(energy: Sequence[Mapping[str, int]]) -> Iterator[Mapping[str, int]]:
    """Yield the energy of each hour, given that of each half hour."""
    for at in range(0, len(energy), 2):
        used: dict[str, int] = {}
        for half in energy[at : at + 2]:
            for name, wh in half.items():
                used[name] = used.get(name, 0) + wh
        yield used


def _cost(energy: Mapping[str, int], prices: DayPrices) -> Decimal | None:
    """Return what *energy* costs, not rounded; None when a price that it needs is not set."""
    amount = Decimal(0)
    for name, wh in energy.items():
        price = prices.price(name)
        if wh and price is None:
            return None
        if wh and price is not None:
            amount += bill.cost(wh, price)
    return amount
