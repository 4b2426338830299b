"""Turns the records of a local day into its figures: energy, money, peaks, gaps, and the quality of what was heard."""

# Strategy
#
# - Each part of the figures is computed in a file of its own, and added to the figures so far. Where a
#   part needs figures of another part, its docstring names that part.
# - No difference is taken across the end of an epoch (epochs.py): the energies before and after it are added up.
# - All times are POSIX seconds here. Templates and texts turn them into local time.
# - Nothing here reads a file or a clock.

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linkymonitor.money.book import DayPrices, PriceBook
from linkymonitor.report import synthesis
from linkymonitor.report.accounts import Accounts, accounted, by_period, with_energy, with_sums
from linkymonitor.report.contracts import with_contract
from linkymonitor.report.curve import curve
from linkymonitor.report.day import DayFigures, Gap, Injected, Quality
from linkymonitor.report.ejp import with_peak
from linkymonitor.report.gaps import hearing, quality
from linkymonitor.report.gather import DayRecords
from linkymonitor.report.heard import Around, HeardDay, half_hour_marks
from linkymonitor.report.indexes import Indexes, Kind
from linkymonitor.report.injection import counted_half_hours, injected
from linkymonitor.report.kept import kept
from linkymonitor.report.loads import with_loads
from linkymonitor.report.periods import with_periods
from linkymonitor.report.phases import phases
from linkymonitor.system.zones import midnight


def day_figures(
    records: DayRecords, tz: ZoneInfo, book: PriceBook, now: datetime, *, drawn: bool = True
) -> DayFigures:
    """Return the figures of one local day.

    Args:
        records: the records of the day and the records next to it.
        tz: the zone whose midnights bound the day.
        book: what a kWh costs on each day.
        now: the present, which bounds a day that is not over.
        drawn: whether a page is drawn of them; else the curves are left out.
    """
    power = subscribed_kva(records)
    prices = book.on(records.date, power)
    start = midnight(records.date, tz).timestamp()
    end = midnight(records.date + timedelta(days=1), tz).timestamp()
    figures = DayFigures(
        date=records.date,
        timezone=str(tz),
        start=start,
        end=end,
        until=min(max(now.timestamp(), start), end),
        subscription=synthesis.subscription(prices, records.date),
        subscription_month=prices.subscription_month,
        no_price=prices.reason,
        settable=prices.settable,
        periods=prices.periods,
        warnings=prices.warnings,
        kept=kept(records, start),
    )
    if not records.rows:
        return _with_silence(figures, records, tz, prices)
    day = HeardDay(records, tz, figures.until)
    heard = hearing(day)
    figures = figures._replace(
        until=day.until, quality=quality(day, heard, now.timestamp()), first=records.before is None
    )
    figures = with_periods(figures, day)
    figures = with_energy(figures, day, prices)
    figures = with_peak(figures, day, prices, book.on(records.date + timedelta(days=1), power))
    figures = with_contract(figures, day)
    figures = with_loads(figures, day, heard)
    figures = figures._replace(injected=injected(day, heard, prices.injection))
    return figures._replace(curve=curve(day), phases=phases(day)) if drawn else figures


def subscribed_kva(records: DayRecords) -> int | None:
    """Return the subscribed power at the end of the day of *records*, in kVA, None when the meter does not give it."""
    contracts = [contract for contract in records.rows.contract if contract is not None][-1:]
    if not contracts and records.before is not None and records.before.contract is not None:
        contracts = [records.before.contract]
    power = contracts[0].subscribed_power if contracts else None
    return None if power is None else round(power / 1000)


def _with_silence(figures: DayFigures, records: DayRecords, tz: ZoneInfo, prices: DayPrices) -> DayFigures:
    """Return *figures* of a day without a record: its share of the energy between the records around it, if known."""
    start, end, until = figures.start, figures.end, figures.until
    if records.before is not None:
        figures = figures._replace(contract=records.before.contract)
    if records.before is not None and records.after is not None:
        around = Around(records)
        registers = Indexes(around.columns, around.times)
        if registers.stairs and registers.over(start, end) is not None:
            marks = half_hour_marks(start, end)
            accounts = accounted(
                Accounts(half_hours=registers.between(marks)), registers, around, marks, until
            )
            priced = by_period(accounts, marks, prices)
            sums = priced.sums(registers.codes if prices.by_register(registers.codes) else ())
            figures = with_sums(figures, sums, {}, prices)._replace(
                consumed=sum(wh or 0 for wh in sums.values()),
                hours=synthesis.hours(
                    marks, priced.half_hours, prices=prices, gaps=(), times=(), until=until, tz=tz
                ),
                half_hours=tuple(accounts.half_hours),
                registers=tuple(accounts.sums(registers.codes)),
            )
        counted = Indexes(around.columns, around.times, Kind.INJECTED)
        wh = counted.over(start, end) if counted.stairs else None
        if wh is not None:
            share = Injected(
                wh=wh,
                low_wh=wh,
                high_wh=wh,
                estimated=False,
                price=prices.injection,
                half_hours=counted_half_hours(counted, start, end),
            )
            figures = figures._replace(injected=share)
    if until <= start:
        return figures
    return figures._replace(
        quality=Quality(gaps=(Gap(start=start, end=until, wh=figures.consumed, shared=True),))
    )
