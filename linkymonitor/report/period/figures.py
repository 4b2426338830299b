"""The figures of a period, from the summaries of its days and the prices of each day."""

# Strategy
#
# - A line is a period of the offer. Its energy is the sum of the days, to the Wh. Its cost is the exact sum of the
#   costs of the days, each at the prices of that day, and is rounded once. A total is the sum of the lines as shown.
# - What is not known stays unknown: a price that is missing leaves its line and the total without an amount and with a
#   reason; days without data are counted and named.
# - The subscription is that of the days from the first measured one to the last one that has begun: nobody knows what
#   was paid before the log began.
# - Nothing here reads a file or a clock.

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor.estimate.account import due_days, subscription_of, sum_of_lines, sums
from linkymonitor.estimate.day_cost import DayCost, cost_of
from linkymonitor.language import Text, as_text
from linkymonitor.money import bill
from linkymonitor.money.tariffs import PERIOD_UNKNOWN, UNKNOWN
from linkymonitor.report.day import ELSEWHERE
from linkymonitor.report.period.before import before_of
from linkymonitor.report.period.estimates import linkypy_of, projection_of
from linkymonitor.report.period.marks import marks_of
from linkymonitor.report.period.means import mean_days
from linkymonitor.report.period.readings import readings_of, registers_and_total
from linkymonitor.report.period.values import (
    BaseLoad,
    Coverage,
    Gap,
    Line,
    Month,
    PeriodFigures,
    PeriodInjected,
    PhaseRange,
    Special,
)

if TYPE_CHECKING:
    from linkymonitor.estimate.season import DaysCounted
    from linkymonitor.money.book import DayPrices, PriceBook
    from linkymonitor.summaries.day import DaySummary

_DAY = timedelta(days=1)
#: So many of the best and of the worst days are named at most, and no day twice.
_NAMED = 3
#: A month of which a smaller share was measured whole is drawn as a part.
_WHOLE = 0.9
#: Kind of day → how the codes of its periods end, or the code itself.
_PERIODS_OF: Mapping[str, str] = {"ejp": "PM", "red": "R", "white": "W", "blue": "B"}
_TEMPO = frozenset(("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"))


def period_figures(
    summaries: Mapping[date, DaySummary],
    book: PriceBook,
    first: date,
    last: date,
    *,
    tz: ZoneInfo,
    now: datetime,
    failed: Collection[date] = (),
    calendar: DaysCounted | None = None,
) -> PeriodFigures:
    """Return the figures of the days from *first* to *last*, both included.

    Args:
        summaries: of these days, and of those that they are compared with; the day that is not over, too. For a
            projection also of the days before today (estimate/projection.py).
        book: the prices of each day.
        first: the first day.
        last: the last day; it may still be to come.
        tz: the zone whose midnights bound the days.
        now: the present.
        failed: days whose figures cannot be computed, so that no sum is known.
        calendar: the EJP, red and white days of this season that the owner has counted.
    """
    present = now.astimezone(tz).date()
    inside = [summaries[day] for day in sorted(summaries) if first <= day <= last]
    costs = [cost_of(day, book.on(day.date, day.subscribed_kva)) for day in inside]
    measured = [cost.date for cost in costs if _heard(cost)]
    # Where nothing was measured, the subscription of the days that were asked for is still due.
    since = measured[0] if measured else None
    powers = {day.date: day.subscribed_kva for day in inside if day.subscribed_kva is not None}
    due = due_days(_days(since or first, max([min(last, present), *measured[-1:]])), powers, book)
    lines = _lines(costs, inside, book)
    unread = tuple(dict.fromkeys(name for day in inside for name in day.unread))
    known = lines and not unread and not any(first <= day <= last for day in failed)
    consumed = sum(line.wh or 0 for line in lines) if known else None
    consumed_eur = sum_of_lines((line.wh, line.eur) for line in lines) if known else None
    subscription = subscription_of(due)
    total = bill.add_up((consumed_eur, subscription))
    reason, warnings = _about_prices(due)
    if reason is None and any(line.code == UNKNOWN and line.wh for line in lines):
        reason = PERIOD_UNKNOWN
    newest = next((day for day in reversed(inside) if day.option), None)
    peak = max(
        (day for day in inside if day.peak_va is not None), key=lambda day: day.peak_va or 0, default=None
    )
    missing = _missing(costs, since, min(last, present - _DAY))
    whole = [cost for cost in costs if cost.whole]
    known_days = [day for day, cost in zip(inside, costs, strict=True) if not cost.empty]
    ranked = _ranked(whole)
    named = min(_NAMED, len(ranked) // 2) if len(ranked) > _NAMED else 0
    shown = bill.add_up(cost.shown for cost in costs if _heard(cost))
    apart = _apart(due, costs)
    figures = PeriodFigures(
        first=first,
        last=last,
        timezone=str(tz),
        since=since,
        until=measured[-1] if measured else None,
        today=present if first <= present <= last else None,
        option=newest.option if newest else None,
        subscribed_kva=newest.subscribed_kva if newest else None,
        lines=lines,
        periods=tuple(dict.fromkeys(period for _, prices in due for period in prices.periods)),
        consumed=consumed,
        consumed_eur=consumed_eur,
        subscription=subscription,
        subscription_days=len(due),
        total=total,
        reason=reason if total is None else None,
        warnings=warnings,
        prices_since=due[-1][1].since if due else None,
        offer=due[-1][1].offer if due else None,
        prices_checked=due[-1][1].checked if due else None,
        readings=readings_of(known_days, {line.code: line.wh for line in lines}),
        registers_apart=registers_and_total(known_days),
        injected=_injected(inside, costs),
        peak=peak.peak_va if peak else None,
        peak_at=peak.peak_at if peak else None,
        base=_base_load(inside, costs, consumed),
        coverage=_coverage(inside, costs, missing),
        days=tuple(costs),
        months=_months(costs, due),
        means=mean_days(inside, {cost.date: cost for cost in whole}),
        phases=_phases(inside),
        specials=_specials(costs),
        best=tuple(ranked[:named]),
        worst=tuple(reversed(ranked[len(ranked) - named :])),
        marks=marks_of(inside, book, (first, last), frozenset(line.code for line in lines), tz),
        missing=missing,
        unread=unread,
        elsewhere=sum(cost.energy.get(ELSEWHERE, 0) for cost in costs),
        rounding=None if shown is None or total is None or apart is None else shown + apart - total,
        apart=apart,
    )
    projection, no_projection = projection_of(figures, summaries, book, calendar)
    return figures._replace(
        before=before_of(figures, summaries, book),
        projection=projection,
        no_projection=no_projection,
        linkypy=linkypy_of(figures, due, tz, now),
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=count) for count in range((last - first).days + 1))


def _lines(costs: Sequence[DayCost], days: Sequence[DaySummary], book: PriceBook) -> tuple[Line, ...]:
    """Return a line for each period of the offer, in the order in which the days have them."""
    energy, eur = sums(costs)
    prices: dict[str, dict[Decimal, None]] = {}
    labels: dict[str, Text] = {}
    for day, cost in zip(days, costs, strict=True):
        named = book.on(day.date, day.subscribed_kva)
        for period, wh in cost.energy.items():
            price = cost.prices[period]
            if price is not None and wh:
                prices.setdefault(period, {})[price] = None
            labels[period] = named.label(period)
    unread = dict.fromkeys(name for day in days for name in day.unread)
    lines = [
        Line(
            code=period,
            name=labels[period],
            wh=None if period in unread else wh,
            prices=tuple(prices.get(period, ())),
            eur=None if period in unread or (amount := eur.get(period)) is None else bill.round_cents(amount),
        )
        for period, wh in energy.items()
    ]
    lines += [
        Line(code=name, name=as_text(name), wh=None, prices=(), eur=None)
        for name in unread
        if name not in energy
    ]
    return tuple(lines)


def _heard(day: DayCost) -> bool:
    """Return whether more than hardly anything of *day* is known."""
    return not day.empty and not day.barely


def _about_prices(due: Sequence[tuple[date, DayPrices]]) -> tuple[Text | None, tuple[Text, ...]]:
    """Return why a price is missing on one of these days, and what is doubtful of the prices that are there."""
    reasons: dict[Text, None] = {}
    warnings: dict[Text, None] = {}
    for _, prices in due:
        if prices.reason is not None:
            reasons[prices.reason] = None
        warnings |= dict.fromkeys(prices.warnings)
    return next(iter(reasons), None), tuple(warnings)


def _ranked(whole: Sequence[DayCost]) -> list[DayCost]:
    """Return *whole* days from the least to the most: by their cost, or by their energy where a cost is missing."""
    if any(day.shown is None for day in whole):
        return sorted(whole, key=lambda day: day.wh or 0)
    return sorted(whole, key=lambda day: day.shown or Decimal(0))


def _injected(days: Sequence[DaySummary], costs: Sequence[DayCost]) -> PeriodInjected | None:
    parts = [day.injected for day in days if day.injected is not None]
    if not parts:
        return None
    paid = bill.add_up(cost.injected_eur for cost in costs if cost.injected is not None)
    return PeriodInjected(
        wh=sum(part.wh for part in parts),
        low_wh=sum(part.low_wh for part in parts),
        high_wh=sum(part.high_wh for part in parts),
        estimated=any(part.estimated for part in parts),
        at_least=any(part.at_least for part in parts),
        eur=None if paid is None else bill.round_cents(paid),
    )


def _base_load(days: Sequence[DaySummary], costs: Sequence[DayCost], consumed: int | None) -> BaseLoad | None:
    """Return the base load of the nights that were measured, its share, and its cost at the mean price of each day."""
    nights = [day for day in days if day.base_load_va is not None]
    if not nights:
        return None
    base = BaseLoad(va=_median(day.base_load_va or 0 for day in nights), nights=len(nights))
    counted = [day for day in nights if day.base_watts_low is not None and day.base_watts_high is not None]
    if not counted:
        return base
    low = _median(day.base_watts_low or 0 for day in counted)
    high = _median(day.base_watts_high or 0 for day in counted)
    measured = [cost for cost in costs if cost.wh]
    base = base._replace(low_watts=low, high_watts=high, days=len(measured))
    wh = Decimal(low + high) / 2 * 24 * len(measured)
    if consumed:
        base = base._replace(share=min(float(wh / consumed), 1.0))
    energy = [(cost.wh or 0, bill.add_up(cost.eur.values())) for cost in measured]
    if not energy or any(eur is None for _, eur in energy):
        return base
    # A day's mean price weighs what the house uses when; the base load is the same at every hour.
    mean = sum(((eur or Decimal(0)) / used for used, eur in energy), Decimal(0)) / len(energy)
    return base._replace(eur=bill.round_cents(mean * wh))


def _median(values: Iterable[int]) -> int:
    """Return the median of *values*, rounded; there is at least one."""
    # That of the module statistics imports fractions, too: 3 ms for each report.
    ordered = sorted(values)
    middle = len(ordered) // 2
    return round((ordered[middle] + ordered[-middle - 1]) / 2)


def _coverage(days: Sequence[DaySummary], costs: Sequence[DayCost], missing: Collection[date]) -> Coverage:
    """Return how much of the period was heard; the days that are *missing* and have no summary were not."""
    spans = [(day, max(day.until - day.start, 0)) for day in days]
    unsummarised = len(set(missing) - {day.date for day in days})
    possible = sum(seconds for _, seconds in spans) + unsummarised * round(_DAY.total_seconds())
    over = [cost for cost in costs if not cost.so_far and _heard(cost)]
    return Coverage(
        share=sum(day.coverage * seconds for day, seconds in spans) / possible if possible else 0.0,
        records=sum(day.records for day in days),
        frames=sum(day.frames for day in days),
        rejected=sum(day.rejected for day in days),
        gaps=_silences(days),
        whole_days=sum(cost.whole for cost in over),
        over_days=len(over),
    )


def _silences(days: Sequence[DaySummary]) -> tuple[Gap, ...]:
    """Return the gaps of *days*, of which one that runs past midnights, or past days without a summary, is one."""
    silences: list[Gap] = []
    ended_with: DaySummary | None = None
    for day in days:
        for gap in day.gaps:
            if silences and ended_with is not None and gap.start <= day.start:
                before = silences.pop()
                nothing_between = ended_with.end >= day.start
                known = nothing_between and before.wh is not None and gap.wh is not None
                wh = (before.wh or 0) + (gap.wh or 0) if known else None
                silences.append(Gap(before.start, gap.end, wh))
            else:
                silences.append(Gap(*gap))
        ended_with = day if day.gaps and day.gaps[-1].end >= day.end else None
    return tuple(silences)


def _apart(due: Sequence[tuple[date, DayPrices]], costs: Sequence[DayCost]) -> Decimal | None:
    """Return what the total has of days whose pages show no amount, to the cent; None when it is not known.

    It is the subscription of the days without data, and the energy that is known of days that were hardly heard.
    """
    heard = {cost.date for cost in costs if _heard(cost)}
    shares = [_share(prices, day) for day, prices in due if day not in heard]
    known = [amount for cost in costs if cost.barely for amount in cost.eur.values()]
    amount = bill.add_wide((Decimal(0), *shares, *known))
    return None if amount is None else bill.round_cents(amount)


def _share(prices: DayPrices, day: date) -> Decimal | None:
    """Return the subscription of *day*, exact; None when it is not set."""
    price = prices.subscription_month
    return None if price is None else bill.day_subscription(price, day)


def _months(costs: Sequence[DayCost], due: Sequence[tuple[date, DayPrices]]) -> tuple[Month, ...]:
    """Return the months of these days; each bears the subscription of its own page, from its first measured day on."""
    months = []
    for _, group in groupby(costs, key=lambda cost: (cost.date.year, cost.date.month)):
        days = list(group)
        energy, exact = sums(days)
        rounded = {period: None if eur is None else bill.round_cents(eur) for period, eur in exact.items()}
        since = next((cost.date for cost in days if _heard(cost)), days[0].date)
        month = (since.year, since.month)
        subscription = subscription_of(
            [pair for pair in due if (pair[0].year, pair[0].month) == month and pair[0] >= since]
        )
        known = all(cost.wh is not None or cost.empty for cost in days) and bool(energy)
        paid = bill.add_up(cost.injected_eur for cost in days if cost.injected is not None)
        months.append(
            Month(
                first=days[0].date,
                last=days[-1].date,
                wh=sum(energy.values()) if known else None,
                eur=bill.add_up((*rounded.values(), subscription)) if known else None,
                energy=energy,
                costs=rounded,
                subscription=subscription,
                injected=sum(cost.injected or 0 for cost in days) or None,
                injected_eur=None if paid is None else bill.round_cents(paid),
                days=sum(_heard(cost) for cost in days),
                part=sum(cost.whole for cost in days)
                < _WHOLE * bill.days_in_month(days[0].date.year, days[0].date.month),
            )
        )
    return tuple(months)


def _phases(days: Sequence[DaySummary]) -> tuple[PhaseRange, ...]:
    """Return the extremes of each phase; nothing for a house of one phase whose meter gives no voltage."""
    count = max((len(day.by_phase) for day in days), default=0)
    phases = []
    for number in range(count):
        of_phase = [(day.by_phase[number], day.date) for day in days if number < len(day.by_phase)]
        lows = [(phase.lowest, day) for phase, day in of_phase if phase.lowest is not None]
        highs = [(phase.highest, day) for phase, day in of_phase if phase.highest is not None]
        means = [phase.mean for phase, _ in of_phase if phase.mean is not None]
        amps = [phase.current_mean for phase, _ in of_phase if phase.current_mean is not None]
        most = [phase.current_most for phase, _ in of_phase if phase.current_most is not None]
        low, low_on = min(lows) if lows else (None, None)
        high, high_on = max(highs, key=lambda pair: pair[0]) if highs else (None, None)
        phases.append(
            PhaseRange(
                lowest=low,
                lowest_on=low_on,
                mean=sum(means) / len(means) if means else None,
                highest=high,
                highest_on=high_on,
                current_mean=sum(amps) / len(amps) if amps else None,
                current_most=max(most, default=None),
            )
        )
    if count < 3 and all(phase.lowest is None for phase in phases):
        return ()
    return tuple(phases)


def _specials(costs: Sequence[DayCost]) -> tuple[Special, ...]:
    """Return how many EJP days there were, or days of each colour, and what the hours of their price used and cost."""
    specials = []
    for kind, ending in _PERIODS_OF.items():
        days = sum(cost.kind == kind for cost in costs)
        wh, amounts = 0, []
        for cost in costs:
            for period, used in cost.energy.items():
                if period == ending or (period in _TEMPO and period.endswith(ending) and kind != "ejp"):
                    wh += used
                    if period in cost.eur:
                        amounts.append(cost.eur[period])
        if days or wh:
            eur = bill.add_up(amounts)
            specials.append(Special(kind, days, wh, None if eur is None else bill.round_cents(eur)))
    return tuple(specials)


def _missing(costs: Sequence[DayCost], since: date | None, last: date) -> tuple[date, ...]:
    """Return the days from *since* to *last* of which nothing is known, or hardly anything."""
    if since is None:
        return ()
    known = {cost.date for cost in costs if _heard(cost)}
    return tuple(day for day in _days(since, last) if day not in known)
