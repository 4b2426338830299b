"""Turns the records of local days into figures: energy, money, peaks, gaps and how sure they are."""

# Strategy
#
# - Energy is a difference of the meter's indexes, never an integral: what happened while nobody listened is
#   still in the index. An index is wanted at each local midnight and each hour; between two records it is
#   shared by time and rounded once, so that hours add up to days and days to a range, to the Wh.
# - No difference is taken across an epoch (epochs.py): the stretches on either side are added up.
# - A gap is five minutes without a record. Its energy is known by the indexes, its shape is not, so nothing
#   that needs a shape (peak, night minimum, injected current) looks into it.
# - Work is done on columns, a list for each field: a day has 7 000 records and a Pi Zero one slow core.
#   Times are POSIX seconds inside; local time comes back at the border.
# - Nothing here reads a file or a clock.

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, compress, groupby, pairwise
from operator import mul, sub
from typing import TypeVar
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.search import onward
from linkymonitor.model.epochs import advance, most, rating, runs_on
from linkymonitor.model.record import Record
from linkymonitor.model.terms import PERIODS, code
from linkymonitor.money import bill
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.columns import Columns, known
from linkymonitor.report.day import (
    ELSEWHERE,
    Band,
    Change,
    Curve,
    DayFigures,
    EpochBreak,
    Gap,
    Hour,
    Injected,
    Quality,
    SteadyLoad,
    SynthesisLine,
)
from linkymonitor.report.indexes import Indexes, Kind
from linkymonitor.report.refusals import LATE, Held

T = TypeVar("T")

#: A silence longer than this, in seconds, is a gap.
GAP = 300

#: A record may last half an hour when it is made of many frames; no meter is slower than this, s a frame.
_SLOWEST_FRAME = 12
#: Voltage of the estimate when the meter does not measure it, and what its interval covers, in V.
_NOMINAL, _LOWEST, _HIGHEST = 230, 220, 240
#: The meter gives whole amperes.
_HALF_AMPERE = 0.5
#: Before this local hour a mobile peak belongs to the day before (it ends at 1 h), likewise a Tempo colour.
_EJP_TURNS, _TEMPO_TURNS = 4, 6
#: The night minimum is read between midnight and this hour.
_NIGHT = 6
_HOUR = 3600
#: The shape of a day is looked at in stretches of this length, in seconds.
_STRETCH = 300
_COLOURS = {"B": "blue", "W": "white", "R": "red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRecords:
    """The records of one local day, and those that stand just outside it."""

    date: date
    before: Record | None
    rows: Sequence[Record]
    after: Record | None
    #: Records before *before* and after *after* which have the readings that those two lack.
    lead: Sequence[Record] = ()
    trail: Sequence[Record] = ()
    #: The lines ``Grille:`` so far: when, and what by topic.
    grids: Sequence[tuple[float, Mapping[str, str]]] = ()
    #: What acceptance held back on any day, None when nobody knows.
    held: Held | None = None


# Days ------------------------------------------------------------------------------------------------


def midnight(day: date, tz: ZoneInfo) -> float:
    """Return the POSIX time at which the local *day* begins."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()


def split_days(records: Iterable[Record], first: date, last: date, tz: ZoneInfo) -> Iterator[DayRecords]:
    """Cut *records*, in order of time, into the local days from *first* to *last*.

    A record belongs to the day in which its interval ends, midnight included. One day is held at a time.
    What a clock that was set back has stamped again is left out: the index has its energy.
    """
    stream = onward(records)
    before: Record | None = None
    pending = next(stream, None)
    begin = datetime.fromtimestamp(midnight(first, tz), UTC)
    while pending is not None and pending.ended_at <= begin:
        before, pending = pending, next(stream, None)
    day = first
    while day <= last:
        following = day + timedelta(days=1)
        end = datetime.fromtimestamp(midnight(following, tz), UTC)
        rows: list[Record] = []
        if pending is not None and pending.ended_at <= end:
            rows.append(pending)
            pending = None
            for record in stream:
                if record.ended_at > end:
                    pending = record
                    break
                rows.append(record)
        yield DayRecords(date=day, before=before, rows=rows, after=pending)
        before = rows[-1] if rows else before
        day = following


# Money -----------------------------------------------------------------------------------------------


def cost(energy: Mapping[str, int], prices: Prices) -> Decimal | None:
    """Return what *energy* costs, not rounded; None when a price that it needs is not set."""
    amount = Decimal(0)
    for name, wh in energy.items():
        if not wh:
            continue
        price = prices.of(name)
        if price is None:
            return None
        amount += bill.cost(wh, price)
    return amount


def _share(prices: Prices, day: date) -> Decimal | None:
    """Return the part of the subscription that falls on *day*, None when it is not set."""
    if prices.subscription_month is None:
        return None
    return bill.round_cents(bill.day_subscription(prices.subscription_month, day))


def _energy_cost(lines: Sequence[SynthesisLine]) -> Decimal | None:
    """Return the sum of the lines as shown; None when one of them used energy that has no price."""
    if not any(line.eur is not None for line in lines):
        return None
    return bill.add_up(line.eur for line in lines if line.eur is not None or line.wh != 0)


# A day -----------------------------------------------------------------------------------------------


def day_figures(
    day: DayRecords,
    tz: ZoneInfo,
    prices: Prices,
    now: datetime,
    *,
    eve: Record | None = None,
) -> DayFigures:
    """Return the figures of one local day.

    Args:
        day: its records and their neighbours, as `split_days` gives them.
        tz: the zone whose midnights bound the day.
        prices: what a kWh costs.
        now: the present, which bounds a day that is not over.
        eve: the record that stood at the midnight before, to compare with the day before.
    """
    start = midnight(day.date, tz)
    end = midnight(day.date + timedelta(days=1), tz)
    until = min(max(now.timestamp(), start), end)
    rows = day.rows
    common = {"date": day.date, "timezone": str(tz), "start": start, "end": end, "until": until}
    subscription = _share(prices, day.date)
    before = [*day.lead, *([day.before] if day.before else [])]
    around = [*before, *rows, *([day.after] if day.after else []), *day.trail]
    if not rows:
        return _silence(day, around, tz, prices, common, subscription)

    all_columns, columns = Columns(around), Columns(rows)
    around_times = list(map(datetime.timestamp, all_columns.ended_at))
    first = len(before)
    times = around_times[first : first + len(rows)]
    ledger = Indexes(all_columns, around_times)
    # A day ends where its last record does, when that came from the future of a clock set back.
    until = min(max(until, times[-1]), end)
    common["until"] = until

    marks = _hour_marks(start, end)
    energy = ledger.between(marks)
    durations, gaps, tail = _durations(day, times, start, end, until, ledger)
    bands = _bands(columns, times, gaps, start)
    longest = _HOUR if day.after is None and until < end else GAP
    unread = _unread(ledger, bands, gaps, columns.tariff_period, longest)
    energy, unread = _accounted(ledger, all_columns, around_times, marks, energy, unread, until)
    sums = _sums(ledger, energy, unread)
    contract = next((one for one in reversed(columns.contract) if one is not None), None)
    current = rows[-1].indexes
    lines = _lines(sums, current, prices)
    consumed_eur = _energy_cost(lines)
    total = bill.add_up((consumed_eur, subscription))
    consumed = None if unread or not sums else sum(wh or 0 for wh in sums.values())

    peak, peak_at = _peak(columns, times)
    means = _means(times, durations, columns.apparent_power, start, end)
    base_load = _base_load(means, start, tz)
    # What follows the last record counts once the next one has come; before, it is merely not there yet.
    pending = day.after is None and tail <= GAP
    covered = sum(durations) + (0.0 if pending or tail > GAP else tail)
    reach = (times[-1] if pending else until) - start
    turn = _at_hour(day.date, _EJP_TURNS, tz)
    dawn = _at_hour(day.date, _TEMPO_TURNS, tz)
    last = rows[-1]
    return DayFigures(
        **common,  # type: ignore[arg-type]
        contract=contract,
        lines=lines,
        consumed=consumed,
        consumed_eur=consumed_eur,
        injected=_injected(all_columns, around_times, columns, durations, start, end),
        subscription=subscription,
        total=total,
        peak=peak,
        peak_at=peak_at,
        base_load=base_load,
        quality=Quality(
            coverage=min(round(covered / reach, 4), 1.0) if reach > 0 else 0.0,
            records=len(rows),
            frames=sum(columns.frames),
            rejected=sum(columns.rejected),
            gaps=gaps,
            **_held(day.held, start, until, now.timestamp()),  # type: ignore[arg-type]
        ),
        apart=ledger.apart(all_columns.total_index, first + len(rows)),
        hours=_hours(marks, energy, prices, gaps, times, until, tz),
        bands=bands,
        unread=unread,
        breaks=tuple(
            EpochBreak(at=around_times[at], contract=cause)
            for at, cause in ledger.breaks
            if start < around_times[at] <= end
        ),
        load=_long_load(means, start, bands, base_load),
        changes=_changes(ledger, day.grids, start, end),
        grid=next((topics for at, topics in reversed(day.grids) if at <= end), {}),
        eve=_eve_of(eve, day.before or rows[0], start),
        ejp=any(band.code == "PM" and band.end > turn for band in bands),
        ejp_tail=any(band.code == "PM" and band.start < turn for band in bands),
        colour=_colour(bands, dawn, end) or (last.colour.name.lower() if last.colour else None),
        tomorrow=last.tomorrow.name.lower() if last.tomorrow else None,
        curve=_curve(columns, times, start, ledger, first),
    )


def _held(held: Held | None, start: float, until: float, now: float) -> Mapping[str, object]:
    """Return what of a day was held back, and whether that is all: the newest are written some minutes later."""
    if held is None:
        return {}
    causes = Counter[str]()
    for at, cause, count in held.causes:
        if start <= at < until:
            causes[cause] += count
    return {"held": dict(causes), "held_whole": held.since < start and until + LATE <= now}


def _silence(
    day: DayRecords,
    around: Sequence[Record],
    tz: ZoneInfo,
    prices: Prices,
    common: Mapping[str, object],
    subscription: Decimal | None,
) -> DayFigures:
    """Return the figures of a day without a record: its share of what the indexes around it went on by, if known."""
    start, end, until = (midnight(day.date, tz), midnight(day.date + timedelta(days=1), tz), common["until"])
    assert isinstance(until, float)
    lines: tuple[SynthesisLine, ...] = ()
    hours: tuple[Hour, ...] = ()
    consumed = injected = None
    if day.before is not None and day.after is not None:
        columns = Columns(around)
        times = list(map(datetime.timestamp, columns.ended_at))
        ledger = Indexes(columns, times)
        if ledger.stairs and ledger.over(start, end) is not None:
            marks = _hour_marks(start, end)
            energy, _ = _accounted(ledger, columns, times, marks, ledger.between(marks), (), until)
            sums = _sums(ledger, energy, ())
            consumed = sum(wh or 0 for wh in sums.values())
            lines = _lines(sums, {}, prices)
            hours = _hours(marks, energy, prices, (), (), until, tz)
        counted = Indexes(columns, times, Kind.INJECTED)
        wh = counted.over(start, end) if counted.stairs else None
        if wh is not None:
            injected = Injected(wh=wh, low_wh=wh, high_wh=wh, estimated=False)
    gaps = (Gap(start=start, end=until, wh=consumed, shared=True),) if until > start else ()
    consumed_eur = _energy_cost(lines)
    return DayFigures(
        **common,  # type: ignore[arg-type]
        contract=day.before.contract if day.before else None,
        lines=lines,
        consumed=consumed,
        consumed_eur=consumed_eur,
        injected=injected,
        subscription=subscription,
        total=bill.add_up((consumed_eur, subscription)),
        peak=None,
        peak_at=None,
        base_load=None,
        quality=Quality(coverage=0.0, records=0, frames=0, rejected=0, gaps=gaps),
        hours=hours,
    )


def _sums(
    ledger: Indexes, energy: Sequence[Mapping[str, int]], unread: Sequence[str]
) -> dict[str, int | None]:
    """Return the energy of each register; None of those that were not read while they counted."""
    sums: dict[str, int | None] = dict.fromkeys(ledger.codes, 0)
    for part in energy:
        for name, wh in part.items():
            sums[name] = (sums.get(name) or 0) + wh
    return sums | dict.fromkeys(unread)


def _unread(
    ledger: Indexes,
    bands: Sequence[Band],
    gaps: Sequence[Gap],
    periods: Sequence[str | None],
    longest: float,
) -> tuple[str, ...]:
    """Return the registers that were in force outside of what is read of them, for more than *longest* seconds.

    Of a day that is not over the next reading is merely not there yet.
    """
    if not ledger.codes:
        return ()
    missing: dict[str, float] = {}
    for band in bands:
        # Which period is in force is only known where somebody listens.
        start = band.start
        for end, resumed in [*((gap.start, gap.end) for gap in gaps), (band.end, band.end)]:
            if start < end <= band.end:
                missing[band.code] = missing.get(band.code, 0.0) + ledger.unread(band.code, start, end)
            start = max(start, resumed)
    found = [
        name for name, seconds in missing.items() if seconds > (longest if name in ledger.stairs else GAP)
    ]
    named = {code(period) for period in set(periods) if period}
    if not found and len(named) == 1 and not named & ledger.stairs.keys():
        found = list(named)
    return tuple(found)


def _accounted(
    ledger: Indexes,
    columns: Columns,
    times: Sequence[float],
    marks: Sequence[float],
    energy: list[dict[str, int]],
    unread: tuple[str, ...],
    until: float,
) -> tuple[list[dict[str, int]], tuple[str, ...]]:
    """Return *energy* with what the total of the meter proves beyond the registers, and what is still unread.

    It is the energy of the register that was not read, when that is one; else nobody knows of which it is.
    """
    if not ledger.codes or not known(columns.total_index):
        return energy, unread
    total = Indexes(columns, times, Kind.TOTAL)
    low, high = max(marks[0], times[0]), min(until, times[-1])
    if unread and total.unread("", low, high) > GAP:
        return energy, unread
    everything = [parts.get("", 0) for parts in total.between(marks)]
    listed = [sum(parts.values()) for parts in energy]
    growth = list(accumulate(map(sub, everything, listed)))
    beyond = growth[-1]
    if beyond <= (0 if unread else _skew(ledger, sum(everything), sum(listed), high - low)):
        return energy, ()
    name = unread[0] if len(unread) == 1 else ELSEWHERE
    given = 0
    found = []
    for parts, grown in zip(energy, growth, strict=True):
        part = max(min(grown, beyond) - given, 0)
        given += part
        found.append(parts | {name: parts.get(name, 0) + part} if part else parts)
    return found, ()


def _skew(ledger: Indexes, everything: int, listed: int, seconds: float) -> float:
    """Return the Wh by which the total may lead the registers because one is read some frames before the others."""
    powers = [rating(one, one) for _, one in ledger.contracts if one is not None]
    bound = most(0, None if None in powers else max((power or 0 for power in powers), default=None))
    # Where no register moved at all, the share of these few frames is known.
    return (
        bound if listed else min(bound, most(0, round(3600 * everything / seconds)) if seconds > 0 else bound)
    )


def _at_hour(day: date, hour: int, tz: ZoneInfo) -> float:
    return datetime(day.year, day.month, day.day, hour, tzinfo=tz).timestamp()


def _hour_marks(start: float, end: float) -> list[float]:
    """Return the bounds of the hours of a day; zones that are not whole hours apart end on a shorter one."""
    marks = [start + _HOUR * count for count in range(int((end - start) // _HOUR) + 1)]
    if marks[-1] < end:
        marks.append(end)
    return marks


def _lines(
    sums: Mapping[str, int | None], indexes: Mapping[str, int], prices: Prices
) -> tuple[SynthesisLine, ...]:
    found = []
    for name, wh in sums.items():
        price = prices.of(name)
        eur = None if price is None or wh is None else bill.round_cents(bill.cost(wh, price))
        found.append(SynthesisLine(code=name, wh=wh, reading=indexes.get(name), price=price, eur=eur))
    return tuple(found)


def _durations(
    day: DayRecords, times: Sequence[float], start: float, end: float, until: float, ledger: Indexes
) -> tuple[list[float], tuple[Gap, ...], float]:
    """Return how long each record was heard, the gaps, and the seconds left at the end of the day."""
    origin = max(day.before.ended_at.timestamp(), start) if day.before else None
    gaps: list[tuple[float, float]] = []
    steps = list(map(sub, times[1:], times))
    if origin is None:
        origin = min(max(day.rows[0].started_at.timestamp(), start), times[0])
        if origin - start > GAP:
            gaps.append((start, origin))
    steps.insert(0, times[0] - origin)
    for at, step in enumerate(steps) if max(steps) > GAP else ():
        if step > GAP:
            row = day.rows[at]
            previous = times[at] - step
            begun = row.started_at.timestamp()
            if begun - previous > GAP:
                gaps.append((previous, begun))
                steps[at] = times[at] - begun if times[at] - begun <= GAP or _dense(row) else 0.0
            elif not _dense(row):
                gaps.append((previous, times[at]))
                steps[at] = 0.0
    if day.after is not None:
        resumed = min(day.after.ended_at.timestamp(), end)
        tail = resumed - times[-1]
    else:
        resumed = until
        tail = until - times[-1]
    if tail > GAP:
        gaps.append((times[-1], resumed))
    edges = (ledger.times[0], ledger.times[-1])
    return (
        steps,
        tuple(
            Gap(
                start=a,
                end=b,
                wh=ledger.over(a, b),
                shared=(a <= start and edges[0] < start) or (b >= end and edges[1] > end),
            )
            for a, b in gaps
        ),
        max(tail, 0.0),
    )


def _dense(row: Record) -> bool:
    """Return whether *row* has frames enough for the time that it spans."""
    seconds = (row.ended_at - row.started_at).total_seconds()
    return row.frames > 0 and row.frames * _SLOWEST_FRAME >= seconds


def _hours(
    marks: Sequence[float],
    energy: Sequence[Mapping[str, int]],
    prices: Prices,
    gaps: Sequence[Gap],
    times: Sequence[float],
    until: float,
    tz: ZoneInfo,
) -> tuple[Hour, ...]:
    found = []
    for begin, stop, used in zip(marks, marks[1:], energy, strict=False):
        local = datetime.fromtimestamp(begin, tz)
        offset = local.utcoffset()
        heard = bisect_right(times, stop) > bisect_right(times, begin)
        silent = sum(max(min(gap.end, stop) - max(gap.start, begin), 0) for gap in gaps)
        found.append(
            Hour(
                start=begin,
                hour=local.hour,
                offset=0 if offset is None else round(offset.total_seconds()),
                energy=used,
                wh=sum(used.values()),
                eur=cost(used, prices),
                known=heard and silent <= GAP and stop <= until,
                measured=heard or bool(used),
            )
        )
    return tuple(found)


def _bands(rows: Columns, times: Sequence[float], gaps: Sequence[Gap], start: float) -> tuple[Band, ...]:
    """Return the tariff periods in force; a gap within one period does not cut it."""
    found: list[Band] = []
    origin = max(rows.started_at[0].timestamp(), start)
    previous = origin if times[0] - origin <= GAP else times[0]
    edges = {gap.start for gap in gaps}
    at = 0
    for period, run in groupby(rows.tariff_period):
        # After a gap nobody knows when the period changed.
        origin = times[at] if previous in edges else previous
        at += len(list(run))
        previous = times[at - 1]
        if period:
            found.append(Band(start=origin, end=previous, code=code(period)))
    return tuple(found)


def _colour(bands: Sequence[Band], begin: float, end: float) -> str | None:
    """Return the Tempo colour that lasted longest from *begin* to *end*."""
    lasted: dict[str, float] = {}
    for band in bands:
        overlap = min(band.end, end) - max(band.start, begin)
        if band.code in PERIODS["TEMPO"] and overlap > 0:
            colour = _COLOURS[band.code[-1]]
            lasted[colour] = lasted.get(colour, 0) + overlap
    return max(lasted, key=lasted.__getitem__) if lasted else None


def _peak(rows: Columns, times: Sequence[float]) -> tuple[int | None, float | None]:
    """Return the highest power and when its record ended."""
    highest = _first_known(rows.power_max, rows.apparent_power)
    peak = max((power for power in highest if power is not None), default=None)
    return (None, None) if peak is None else (peak, times[highest.index(peak)])


def _means(
    times: Sequence[float], durations: Sequence[float], power: Sequence[int | None], start: float, end: float
) -> dict[int, float]:
    """Return the mean power of each stretch of the day that is at least half covered."""
    weights = (
        [0.0 if value is None else seconds for seconds, value in zip(durations, power, strict=True)]
        if None in power
        else durations
    )
    amounts = list(map(mul, weights, (value or 0 for value in power)))
    found = {}
    first = 0
    for place in range(int((end - start) // _STRETCH)):
        last = bisect_right(times, start + (place + 1) * _STRETCH, first)
        seconds = sum(weights[first:last])
        if seconds >= _STRETCH / 2:
            found[place] = sum(amounts[first:last]) / seconds
        first = last
    return found


def _base_load(means: Mapping[int, float], start: float, tz: ZoneInfo) -> int | None:
    """Return what the house draws when it sleeps: the tenth percentile of the five-minute means of the night.

    None when less than four hours of the night were heard, or when the house injected: its own
    production then hides what it draws.
    """
    dawn = datetime.fromtimestamp(start, tz).replace(hour=_NIGHT).timestamp()
    night = sorted(mean for place, mean in means.items() if start + (place + 1) * _STRETCH <= dawn)
    if len(night) * _STRETCH < 4 * _HOUR:
        return None
    low = round(night[len(night) // 10])
    return low if low > 0 else None


def _long_load(
    means: Mapping[int, float], start: float, bands: Sequence[Band], base_load: int | None
) -> SteadyLoad | None:
    """Return the longest steady load, at least an hour and 1 kVA above the night minimum, if there is one."""
    if base_load is None:
        return None
    # A silence this short does not end a load, in stretches.
    bridge = 4
    best: tuple[int, int, int] | None = None
    place = 0
    places = sorted(means)
    while place < len(places):
        run = place
        level = means[places[place]] - base_load
        if level >= 1000:
            while (
                run + 1 < len(places)
                and places[run + 1] <= places[run] + bridge
                and abs(means[places[run + 1]] - base_load - level) <= 0.25 * level
            ):
                run += 1
            span = places[run] - places[place]
            if span + 1 >= _HOUR // _STRETCH and (best is None or span > places[best[1]] - places[best[0]]):
                inside = sorted(means[places[at]] - base_load for at in range(place, run + 1))
                best = (place, run, round(inside[len(inside) // 2]))
        place = run + 1
    if best is None:
        return None
    begin, stop = start + places[best[0]] * _STRETCH, start + (places[best[1]] + 1) * _STRETCH
    inner = (begin + _STRETCH, stop - _STRETCH)
    codes = dict.fromkeys(band.code for band in bands if band.start < inner[1] and band.end > inner[0])
    return SteadyLoad(start=begin, end=stop, va=best[2], codes=tuple(codes))


def _injected(
    around: Columns,
    around_times: Sequence[float],
    rows: Columns,
    durations: Sequence[float],
    start: float,
    end: float,
) -> Injected | None:
    """Return what went to the grid: by index when the meter has one, else estimated from the current."""
    if known(rows.injected_index):
        counted = Indexes(around, around_times, Kind.INJECTED)
        wh = sum(counted.between([start, end])[0].values())
        return Injected(wh=wh, low_wh=wh, high_wh=wh, estimated=False, reading=rows.injected_index[-1])
    if not _may_inject(rows):
        return None
    best = low = high = 0.0
    for injected, drawn, current, voltages, seconds in zip(
        rows.injected_power, rows.apparent_power, rows.current, rows.voltages, durations, strict=True
    ):
        if not injected and (drawn != 0 or current is None):
            continue
        amperes = current or 0
        measured = [volts for volts in voltages if volts]
        volts = sum(measured) / len(measured) if measured else _NOMINAL
        power = injected or amperes * volts
        best += power * seconds
        if amperes:
            lowest, highest = (volts, volts) if measured else (_LOWEST, _HIGHEST)
            low += min(power, max(amperes - _HALF_AMPERE, 0) * lowest) * seconds
            high += max(power, (amperes + _HALF_AMPERE) * highest) * seconds
        elif power:
            low += power * seconds
            high += power * seconds
        else:
            # Less than half an ampere may be flowing out: it counts only where some was seen.
            high += _HALF_AMPERE * _HIGHEST * seconds
    if not best:
        return None
    return Injected(
        wh=round(best / _HOUR), low_wh=int(low // _HOUR), high_wh=-int(-high // _HOUR), estimated=True
    )


def _may_inject(rows: Columns) -> bool:
    """Return whether any record injects, or draws nothing, so that its current may go either way."""
    return any(rows.injected_power) or 0 in rows.apparent_power


def _first_known(column: Sequence[int | None], other: Sequence[int | None]) -> Sequence[int | None]:
    """Return *column* with the value of the *other* wherever it has none."""
    if None not in column:
        return column
    return [there if value is None else value for value, there in zip(column, other, strict=True)]


_CONTRACT = ("meter", "mode", "option", "subscribed_power", "phases", "producer")


def _changes(
    ledger: Indexes, grids: Sequence[tuple[float, Mapping[str, str]]], start: float, end: float
) -> tuple[Change, ...]:
    """Return what changed of the contract between *start* and *end*; what was not said before is no change."""
    found = []
    for (_, one), (place, other) in pairwise(ledger.contracts):
        for name in _CONTRACT if one and other else ():
            before, after = getattr(one, name), getattr(other, name)
            if before not in (None, "", after) and after not in (None, ""):
                found.append(Change(at=ledger.times[place], what=name, before=before, after=after))
    told: dict[str, str] = {}
    for at, topics in grids:
        flat = {topic: text for topic, text in topics.items() if topic != "noms"}
        for name in topics.get("noms", "").split("; "):
            register, _, words = name.partition(" ")
            flat[f"noms {register}"] = words
        found += [
            Change(at=at, what=topic, before=told[topic], after=text)
            for topic, text in flat.items()
            if told.get(topic, text) != text
        ]
        told |= flat
    return tuple(sorted((one for one in found if start < one.at <= end), key=lambda one: one.at))


def _eve_of(eve: Record | None, base: Record, start: float) -> int | None:
    """Return what the day before used, from the record at its midnight to the one at this day's."""
    near = abs(base.ended_at.timestamp() - start) <= GAP
    if eve is None or not near or not runs_on(eve.contract, base.contract):
        return None
    used = [advance(eve.indexes[name], value) for name, value in base.indexes.items() if name in eve.indexes]
    bound = most((base.ended_at - eve.ended_at).total_seconds(), rating(eve.contract, base.contract))
    return sum(used) if used and max(used) <= bound else None


def _curve(rows: Columns, times: Sequence[float], start: float, ledger: Indexes, first: int) -> Curve:
    """Return the columns of the chart; records without a power are left out."""
    whole = None not in rows.apparent_power
    measured = [power is not None for power in rows.apparent_power]

    def kept(column: Sequence[T]) -> Sequence[T]:
        return column if whole else list(compress(column, measured))

    power = [value or 0 for value in kept(rows.apparent_power)]
    given = kept(rows.injected_power)
    currents = kept(rows.current)
    injected = None
    if _may_inject(rows):
        injected = [
            one or (current * _NOMINAL if drawn == 0 and current else 0)
            for one, drawn, current in zip(given, power, currents, strict=True)
        ]
    indexes = {}
    for name in filter(None, ledger.stairs):
        carried = _carried(kept(ledger.column(name)[first : first + len(times)]))
        if carried is not None:
            indexes[name] = carried
    return Curve(
        times=[int(at - start) for at in kept(times)],
        power=power,
        low=[value or 0 for value in _first_known(kept(rows.power_min), power)],
        high=[value or 0 for value in _first_known(kept(rows.power_max), power)],
        current=_carried(currents),
        injected=injected if injected and any(injected) else None,
        indexes=indexes,
    )


def _carried(values: Sequence[int | None]) -> Sequence[int] | None:
    """Return *values* with the last known one wherever one is missing, None when all are."""
    told = [value for value in values if value is not None]
    if not told:
        return None
    if len(told) == len(values):
        return told
    last, found = told[0], []
    for value in values:
        last = last if value is None else value
        found.append(last)
    return found


# A range ---------------------------------------------------------------------------------------------


class Range:
    """Adds up days; its lines are rounded once, for the whole of it."""

    def __init__(self, tz: ZoneInfo, prices: Prices) -> None:
        self._tz = tz
        self._prices = prices
        self._days: list[DayFigures] = []
        self._energy: dict[str, int] = {}
        self._unread: dict[str, None] = {}
        self._whole = True

    def add(self, day: DayFigures, known: bool = True) -> None:
        """Take *day* in; days come in order. One that is not *known* leaves the sums unknown."""
        self._whole = self._whole and known and not day.unread
        for line in day.lines:
            self._energy[line.code] = self._energy.get(line.code, 0) + (line.wh or 0)
        self._unread |= dict.fromkeys(day.unread)
        self._days.append(replace(day, curve=Curve(), hours=(), bands=()))

    def as_json(self) -> dict[str, object]:
        """Return the figures as `report --json` prints them."""
        days = self._days
        lines = _lines(self._energy | dict.fromkeys(self._unread), {}, self._prices)
        month = self._prices.subscription_month
        subscription = (
            None if month is None else bill.round_cents(bill.subscription(month, (day.date for day in days)))
        )
        energy_eur = _energy_cost(lines) if self._whole else None
        injected = [day.injected for day in days if day.injected]
        peak = max((day for day in days if day.peak is not None), key=lambda day: day.peak or 0, default=None)
        possible = sum(max(day.until - day.start, 0) for day in days)
        heard = sum(day.quality.coverage * (day.until - day.start) for day in days)
        contract = next((day.contract for day in reversed(days) if day.contract), None)
        known = any(day.consumed is not None for day in days)
        return {
            "schema": 1,
            "from": days[0].date.isoformat(),
            "to": days[-1].date.isoformat(),
            "timezone": str(self._tz),
            "contract": contract.option if contract else None,
            "periods": {
                line.code: {"wh": line.wh, "eur": _text(line.eur)}
                for line in lines
                if line.code not in ("", ELSEWHERE)
            },
            "consumed": {
                "wh": sum(self._energy.values()) if known and self._whole else None,
                "eur": _text(energy_eur),
            },
            "injected": {
                "wh": sum(part.wh for part in injected),
                "low_wh": sum(part.low_wh for part in injected),
                "high_wh": sum(part.high_wh for part in injected),
                "estimated": any(part.estimated for part in injected),
                "eur": self._paid(injected),
            }
            if injected
            else None,
            "subscription": {"eur": _text(subscription)},
            "total": {"eur": _text(bill.add_up((energy_eur, subscription)))},
            "peak": {"va": peak.peak, "at": self._stamp(peak.peak_at)} if peak else None,
            "quality": {
                "coverage": round(heard / possible, 4) if possible else 0.0,
                "records": sum(day.quality.records for day in days),
                "frames": sum(day.quality.frames for day in days),
                "rejected": sum(day.quality.rejected for day in days),
                "gaps": [
                    {"from": self._stamp(gap.start), "to": self._stamp(gap.end), "wh": gap.wh}
                    for day in days
                    for gap in day.quality.gaps
                ],
            },
        }

    def _paid(self, injected: Sequence[Injected]) -> str | None:
        """Return what the injected energy is paid; an estimate earns nothing."""
        if self._prices.injection is None or any(part.estimated for part in injected):
            return None
        wh = sum(part.wh for part in injected)
        return str(bill.round_cents(bill.cost(wh, self._prices.injection)))

    def _stamp(self, when: float | None) -> str | None:
        if when is None:
            return None
        return datetime.fromtimestamp(when, self._tz).isoformat(timespec="seconds")


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
