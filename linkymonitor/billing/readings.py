"""What the meter counted on the days of a bill: indexes at midnights, from the summaries of days and from the log."""

# Strategy
#
# - The summary of a day has the index at its first midnight: of the record stamped at it, else on the straight line
#   between two records near it. So a bill of two months opens no log.
# - The log is asked only where an index is missing at an end of the bill, and where the meter or the contract changed.
# - An index that falls or leaps within one meter makes the bill impossible: the two readings are named.
# - Where the meter changed or an index fell at the very end of the bill, the index of that midnight counts something
#   else, so the bill ends with the last record before it.

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkymonitor.billing.values import INJECTED, BilledDay, BillRefused, Index, Stretch
from linkymonitor.billing.work import Measured
from linkymonitor.language import Text, written_date, written_days
from linkymonitor.model.record import Record
from linkymonitor.money.book import PriceBook
from linkymonitor.summaries.day import INJECTED as INJECTED_INDEX
from linkymonitor.summaries.day import TOTAL, DaySummary
from linkymonitor.system.zones import midnight

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
#: The readings around a midnight whose index is estimated are not further apart.
_NEAR = timedelta(hours=1)


class Log(NamedTuple):
    """Finds records in the log."""

    #: Instant → the last record up to it, None when there is none.
    last_until: Callable[[datetime], Record | None]
    #: Instant → the first record after it, None when there is none.
    first_after: Callable[[datetime], Record | None]


class Days(NamedTuple):
    """The days of a bill, and what is kept of them."""

    first: date
    last: date
    #: Of the days and the day after, as far as they are known.
    summaries: Mapping[date, DaySummary]
    tz: ZoneInfo

    @property
    def every(self) -> list[date]:
        """The days of the bill and the day after."""
        return [self.first + count * _DAY for count in range((self.last - self.first).days + 2)]

    def start_of(self, day: date) -> datetime:
        """Return the midnight that begins *day*."""
        return midnight(day, self.tz)


def billed_days(days: Days, book: PriceBook) -> tuple[list[BilledDay], BilledDay]:
    """Return the days of the bill with their prices, and the day after."""
    power: int | None = next(
        (known.subscribed_kva for _, known in sorted(days.summaries.items()) if known.subscribed_kva), None
    )
    found = []
    for day in days.every:
        known = days.summaries.get(day)
        power = (known.subscribed_kva if known else None) or power
        kva = book.contract_on(day).power or power
        prices = book.on(day, kva)
        around = (book.on(day - _DAY, kva), book.on(day + _DAY, kva))
        other = next((each for each in around if each.offer != prices.offer), None)
        found.append(BilledDay(day, prices, kva, other))
    return found[:-1], found[-1]


def measured(days: Days, billed: Sequence[BilledDay], log: Log) -> Measured:
    """Return what the meter counted.

    Raises:
        BillRefused: an index fell or leapt within one meter.
    """
    reader = _Reader(days, log)
    consumed: list[Stretch] = []
    for run in _runs(days, billed):
        if run.by_hour:
            consumed.append(_by_hour(days, run.days))
        else:
            clipped = (_clip(each, run.first, run.last) for each in reader.stretches)
            consumed += [_only(each, reader.registers) for each in clipped if each is not None]
    if not any(each.registers for each in consumed):
        consumed = [_unheard(days, billed, log)]
    return Measured(
        consumed=consumed,
        injected=[_only(each, {INJECTED_INDEX: INJECTED}) for each in reader.stretches],
        total=[_only(each, {TOTAL: ""}) for each in reader.stretches],
        warnings=reader.warnings,
        peaks=[
            day
            for day, summary in sorted(days.summaries.items())
            if day <= days.last and (summary.ejp or summary.colour == "red")
        ],
        around=lambda day, names: _around(days, log, day, names),
    )


def _not_counted(days: int) -> Text:
    """Return how many whole *days* lie between an end of the bill and the index that is taken for it."""
    if days == 0:
        return Text("", "")
    if days == 1:
        return Text(" ; l'énergie d'un jour manque au total", "; the energy of a day is missing in the total")
    return Text(
        f" ; l'énergie de {days} jours manque au total",
        f"; the energy of {days} days is missing in the total",
    )


def _around(days: Days, log: Log, day: date, names: Sequence[str]) -> Text | None:
    """Return between which readings the indexes of *names* at the midnight that begins *day* lie."""
    at = days.start_of(day)
    before, after = log.last_until(at), log.first_after(at)
    if before is None or after is None or after.ended_at - before.ended_at > _NEAR:
        return None  # the log of that midnight is gone
    begin, end = (record.ended_at.astimezone(days.tz) for record in (before, after))
    apart = ", ".join(
        f"{name} ± {(after.indexes[name] - before.indexes[name] + 1) // 2} Wh"
        for name in names
        if name in before.indexes and name in after.indexes
    )
    on = written_date(day)
    return Text(
        f"index du {on.fr} à 0 h estimés entre les relevés de {begin:%H:%M} et de {end:%H:%M} : {apart}",
        f"indexes of {on.en} at 00:00 estimated between the readings of {begin:%H:%M} and {end:%H:%M}: {apart}",
    )


class _Reader:
    """The stretches of the days of a bill, with all indexes.

    Raises:
        BillRefused: an index fell or leapt within one meter.
    """

    def __init__(self, days: Days, log: Log) -> None:
        self._days = days
        self._log = log
        self.warnings: list[Text] = []
        begin, end = days.start_of(days.first), days.start_of(days.last + _DAY)
        changes = []
        for summary in (days.summaries[day] for day in days.every if day in days.summaries):
            for each in summary.breaks:
                at = datetime.fromtimestamp(each.at, UTC)
                if begin < at <= end:
                    if at < end and not each.contract_changed:
                        raise _fallen(
                            self._log.last_until(at - _SECOND), self._log.last_until(at), at, days.tz
                        )
                    changes.append(at)
        self._broken_at_end = end in changes
        edges = [begin, *sorted({at for at in changes if at != end}), end]
        self.stretches = [self._stretch(start, stop, edges) for start, stop in pairwise(edges)]
        names = dict.fromkeys(name for each in self.stretches for name in each.registers)
        self.registers = {name: name for name in names if name not in (TOTAL, INJECTED_INDEX)}

    def _stretch(self, start: datetime, stop: datetime, edges: Sequence[datetime]) -> Stretch:
        days, missing = self._days, dict[str, Text]()
        first = start.astimezone(days.tz).date()
        last = (stop - _SECOND).astimezone(days.tz).date()
        midnights = {
            day: _of_summary(days.summaries.get(day))
            for day in days.every
            if first < day <= last and start < days.start_of(day) < stop
        }
        if start == edges[0]:
            at_start = self._at_edge(
                first, start, self._log.first_after(start) if self._lacks(first) else None
            )
        else:
            at_start = _of_record(self._log.last_until(start))
        if stop == edges[-1] and not self._broken_at_end:
            after = last + _DAY
            at_end = self._at_edge(after, stop, self._log.last_until(stop) if self._lacks(after) else None)
        else:
            at_end = _of_record(self._log.last_until(stop - _SECOND))
            if at_end and midnights.get(last) == at_end:
                del midnights[last]  # nothing was counted on the day of the change
                last -= _DAY
        for name in dict.fromkeys(name for each in (at_start, *midnights.values(), at_end) for name in each):
            if name not in at_start or name not in at_end:
                day = first if name not in at_start else last + _DAY
                missing[name] = _not_read(name, day)
        return Stretch(first, last, at_start, at_end, midnights, missing)

    def _lacks(self, day: date) -> bool:
        return not _of_summary(self._days.summaries.get(day))

    def _at_edge(self, day: date, at: datetime, nearest: Record | None) -> Mapping[str, Index]:
        """Return the indexes at the midnight *at* of *day*, else those of the *nearest* record inside the bill."""
        known = _of_summary(self._days.summaries.get(day))
        begin, end = (self._days.start_of(each) for each in (self._days.first, self._days.last + _DAY))
        if known or nearest is None or not begin <= nearest.ended_at <= end:
            return known
        taken = _of_record(nearest)
        wall, on = nearest.ended_at.astimezone(self._days.tz), written_date(day)
        heard = written_date(wall.date())
        listed = ", ".join(f"{name or 'total'} {index.wh} Wh" for name, index in taken.items())
        self.warnings.append(
            Text(
                f"index du {on.fr} à 0 h inconnus ; ceux du {heard.fr} à {wall:%H:%M} sont pris : {listed}",
                f"the indexes of {on.en} at 00:00 are not known; those of {heard.en} at {wall:%H:%M} are taken: "
                f"{listed}",
            )
            + _not_counted(abs(nearest.ended_at - at) // _DAY)
        )
        return taken


def _of_summary(summary: DaySummary | None) -> Mapping[str, Index]:
    if summary is None:
        return {}
    return {name: Index(wh, name in summary.between) for name, wh in summary.midnight.items()}


def _of_record(record: Record | None) -> Mapping[str, Index]:
    if record is None:
        return {}
    indexes = {name: Index(wh) for name, wh in record.indexes.items()}
    if record.total_index is not None:
        indexes[TOTAL] = Index(record.total_index)
    if record.injected_index is not None:
        indexes[INJECTED_INDEX] = Index(record.injected_index)
    return indexes


def _only(stretch: Stretch, names: Mapping[str, str]) -> Stretch:
    """Return *stretch* with the indexes of *names* alone, under their new names."""

    def only(indexes: Mapping[str, Index]) -> dict[str, Index]:
        return {names[name]: index for name, index in indexes.items() if name in names}

    return stretch._replace(
        start=only(stretch.start),
        end=only(stretch.end),
        midnights={day: only(indexes) for day, indexes in stretch.midnights.items()},
        missing={names[name]: why for name, why in stretch.missing.items() if name in names},
    )


def _clip(stretch: Stretch, first: date, last: date) -> Stretch | None:
    """Return the part of *stretch* from *first* to *last*, None when there is none."""
    if stretch.last < first or last < stretch.first:
        return None
    start, end = stretch.start, stretch.end
    if stretch.first < first:
        start = stretch.midnights.get(first, {})
    if last < stretch.last:
        end = stretch.midnights.get(last + _DAY, {})
    begin, stop = max(first, stretch.first), min(last, stretch.last)
    inside = {day: indexes for day, indexes in stretch.midnights.items() if begin < day <= stop}
    return stretch._replace(first=begin, last=stop, start=start, end=end, midnights=inside)


class _Run(NamedTuple):
    """Days in a row whose periods are all the meter's registers, or all decided by the hour."""

    days: list[BilledDay]
    by_hour: bool

    @property
    def first(self) -> date:
        return self.days[0].date

    @property
    def last(self) -> date:
        return self.days[-1].date


def _runs(days: Days, billed: Sequence[BilledDay]) -> list[_Run]:
    runs: list[_Run] = []
    for day in billed:
        summary = days.summaries.get(day.date)
        by_hour = summary is not None and _hours_decide(day, summary)
        if runs and (runs[-1].by_hour == by_hour or summary is None):
            runs[-1].days.append(day)
        else:
            runs.append(_Run([day], by_hour))
    return runs


def _hours_decide(day: BilledDay, summary: DaySummary) -> bool:
    """Return whether none of the registers that counted on *day* is a period of its offer."""
    slices = day.prices.slices
    counted = {register for register, steps in summary.half_hours.items() if any(steps)}
    return slices is not None and bool(counted) and not counted & slices.registers


def _by_hour(days: Days, run: Sequence[BilledDay]) -> Stretch:
    """Return the energy of the periods of an offer whose hours decide: an index of each, that begins at 0."""
    counted: dict[str, int] = {}
    midnights: dict[date, dict[str, Index]] = {}
    unknown: date | None = None
    periods = dict.fromkeys(period for day in run for period in day.prices.periods)
    for day in run:
        if unknown is None:
            midnights[day.date] = {period: Index(counted.get(period, 0)) for period in periods}
        summary = days.summaries.get(day.date)
        if summary is None or summary.wh is None or day.prices.slices is None:
            unknown = unknown or day.date
            continue
        for period, steps in day.prices.split(summary.half_hours, summary.start).items():
            periods.setdefault(period)
            counted[period] = counted.get(period, 0) + sum(steps)
    start = {period: Index(0) for period in periods}
    end = {} if unknown else {period: Index(counted.get(period, 0)) for period in periods}
    del midnights[run[0].date]
    missing = {} if unknown is None else {period: _not_read(period, unknown) for period in periods}
    return Stretch(run[0].date, run[-1].date, start, end, midnights, missing, shown=False)


def _unheard(days: Days, billed: Sequence[BilledDay], log: Log) -> Stretch:
    """Return the days of a bill of which the log has no index: no energy of the offer is known."""
    bill = written_days(days.first, days.last)
    reason = Text(f"le journal n'a aucun index {bill.fr}", f"the log has no index {bill.en}")
    for record, fr, en in (
        (log.first_after(days.start_of(days.last + _DAY)), "le premier d'après est du", "the next one is of"),
        (log.last_until(days.start_of(days.first)), "le dernier d'avant est du", "the one before is of"),
    ):
        if record is not None and record.indexes:
            on = written_date(record.ended_at.astimezone(days.tz).date())
            reason += Text(f" ; {fr} {on.fr}", f"; {en} {on.en}")
    periods = dict.fromkeys(period for day in billed for period in day.prices.periods) or {"": None}
    return Stretch(days.first, days.last, {}, {}, {}, dict.fromkeys(periods, reason))


def _not_read(name: str, day: date) -> Text:
    on = written_date(day)
    return Text(
        f"{name} n'est pas connu le {on.fr} : le journal n'en a pas d'index",
        f"{name} is not known on {on.en}: the log has no index of it",
    )


def _fallen(before: Record | None, after: Record | None, at: datetime, tz: ZoneInfo) -> BillRefused:
    """Return the refusal of a bill over an index that fell or leapt at *at*."""
    wall = at.astimezone(tz)
    on = written_date(wall.date())
    old, new = (_of_record(record) for record in (before, after))
    both = [name for name in old if name in new]
    fallen = [name for name in both if new[name].wh < old[name].wh]
    listed = ", ".join(f"{name} {old[name].wh} → {new[name].wh} Wh" for name in fallen or both)
    good = written_date(wall.date() + _DAY)
    return BillRefused(
        Text(
            f"le {on.fr} à {wall:%H:%M} un index recule ou saute dans un même compteur ({listed}) : pas de facture "
            f"par-dessus ; faites-en une jusqu'à la veille, et une à partir du {good.fr}",
            f"on {on.en} at {wall:%H:%M} an index falls or leaps within one meter ({listed}): no bill over it; make "
            f"one up to the day before, and one from {good.en} on",
        )
    )
