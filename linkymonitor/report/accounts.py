"""How much energy each register counted on a day, and which registers could not be read."""

# Strategy
#
# - Energy is a difference of the meter's indexes, never an integral of its powers: the index has counted the energy of
#   silences too. An index is wanted at each local midnight and each half hour. Between two records the index is shared
#   by time and rounded once, so that half hours add up to days and days to a range, to the Wh.
# - A register that was in force and was not read counted an unknown energy. The energy of the day is then not known,
#   unless the total of the meter proves how much the register counted.

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from linkymonitor.daily_log.columns import known
from linkymonitor.model.epochs import most, rating
from linkymonitor.model.terms import code
from linkymonitor.money import bill
from linkymonitor.money.book import HALF_HOUR, DayPrices
from linkymonitor.report import synthesis
from linkymonitor.report.day import ELSEWHERE, Band, DayFigures, Gap
from linkymonitor.report.heard import Around, HeardDay, half_hour_marks
from linkymonitor.report.indexes import Indexes, Kind
from linkymonitor.summaries.day import SHORTEST_GAP

_HOUR = 3600


class Accounts(NamedTuple):
    """The energy of a day."""

    #: Register → Wh, for each half hour; registers at rest are left out.
    half_hours: Sequence[Mapping[str, int]]
    #: Registers that were in force and not read, so that their energy is unknown.
    unread: tuple[str, ...] = ()

    def sums(self, codes: Sequence[str]) -> dict[str, int | None]:
        """Return the Wh of each register, first of those in *codes*; None for a register that was not read."""
        sums: dict[str, int | None] = dict.fromkeys(codes, 0)
        for energy in self.half_hours:
            for name, wh in energy.items():
                sums[name] = (sums.get(name) or 0) + wh
        return sums | dict.fromkeys(self.unread)


def with_energy(figures: DayFigures, day: HeardDay, prices: DayPrices) -> DayFigures:
    """Return *figures*, whose gaps and tariff periods are known, with the energy of *day* and its cost."""
    marks = half_hour_marks(day.start, day.end)
    gaps = figures.quality.gaps
    accounts = Accounts(half_hours=day.registers.between(marks), unread=_unread(day, figures.bands, gaps))
    accounts = accounted(accounts, day.registers, day.around, marks, day.until)
    priced = by_period(accounts, marks, prices)
    sums = priced.sums(day.registers.codes if prices.by_register(day.registers.codes) else ())
    last = {name: column[-1] for name, column in day.rows.registers.items()}
    readings = {name: wh for name, wh in last.items() if wh is not None}
    figures = with_sums(figures, sums, readings, prices)
    return figures._replace(
        consumed=None if accounts.unread or not sums else sum(wh or 0 for wh in sums.values()),
        unread=accounts.unread,
        apart=day.registers.apart(day.around.columns.total_index, day.around.stop),
        hours=synthesis.hours(
            marks, priced.half_hours, prices=prices, gaps=gaps, times=day.times, until=day.until, tz=day.tz
        ),
        half_hours=tuple(accounts.half_hours),
        registers=tuple(name for name, wh in accounts.sums(day.registers.codes).items() if wh is not None),
    )


def by_period(accounts: Accounts, marks: Sequence[float], prices: DayPrices) -> Accounts:
    """Return *accounts* by the periods of the offer; by register where the registers are the periods.

    Args:
        accounts: the energy by register.
        marks: the bounds of the half hours, in POSIX seconds.
        prices: of the day.
    """
    names = {name for energy in accounts.half_hours for name in energy}
    if prices.by_register(names):
        return accounts
    half_hours = []
    for start, energy in zip(marks, accounts.half_hours, strict=False):
        part: dict[str, int] = {}
        for register, wh in energy.items():
            period = prices.period(register, start + HALF_HOUR / 2)
            part[period] = part.get(period, 0) + wh
        half_hours.append(part)
    return accounts._replace(half_hours=half_hours)


def with_sums(
    figures: DayFigures, sums: Mapping[str, int | None], readings: Mapping[str, int], prices: DayPrices
) -> DayFigures:
    """Return *figures* with the energy and the cost of each register, and the total cost.

    Args:
        figures: of the day; its subscription is known.
        sums: register → Wh, None for a register that counted and was not read.
        readings: register → its last reading, in Wh.
        prices: of the day.
    """
    lines = synthesis.lines(sums, readings, prices)
    eur = synthesis.energy_cost(lines)
    return figures._replace(
        lines=lines,
        consumed_eur=eur,
        total=bill.add_up((eur, figures.subscription)),
    )


def _unread(day: HeardDay, bands: Sequence[Band], gaps: Sequence[Gap]) -> tuple[str, ...]:
    """Return the registers that were in force for long before their first reading, or after their last."""
    registers = day.registers
    if not registers.codes:
        return ()
    missing: dict[str, float] = {}
    for band in bands:
        # Within a gap it is not known which period was in force, so gaps are left out.
        start = band.start
        for end, resumed in [*((gap.start, gap.end) for gap in gaps), (band.end, band.end)]:
            if start < end <= band.end:
                seconds = registers.unread(band.code, start, end)
                missing[band.code] = missing.get(band.code, 0.0) + seconds
            start = max(start, resumed)
    # On a day that is not over, the next reading is still to come.
    patience = _HOUR if day.records.after is None and day.until < day.end else SHORTEST_GAP
    unread = [
        name
        for name, seconds in missing.items()
        if seconds > (patience if name in registers.stairs else SHORTEST_GAP)
    ]
    in_force = {code(period) for period in set(day.rows.tariff_period) if period}
    if not unread and len(in_force) == 1 and not in_force & registers.stairs.keys():
        unread = list(in_force)
    return tuple(unread)


def accounted(
    accounts: Accounts, registers: Indexes, around: Around, marks: Sequence[float], until: float
) -> Accounts:
    """Return *accounts* with the energy that the total of the meter has counted beyond the registers.

    If one register was not read, the energy is its own. If several or none were unread, nobody knows whose the
    energy is: it gets the code ELSEWHERE. Registers stay unread only where the total does not cover the day.

    Args:
        accounts: the energy of the registers.
        registers: the indexes of the registers.
        around: the records of the day and its neighbours.
        marks: the bounds of the half hours, in POSIX seconds.
        until: the end of the time that could be measured, in POSIX seconds.
    """
    if not registers.codes or not known(around.columns.total_index):
        return accounts
    total = Indexes(around.columns, around.times, Kind.TOTAL)
    low, high = max(marks[0], around.times[0]), min(until, around.times[-1])
    if accounts.unread and total.unread("", low, high) > SHORTEST_GAP:
        return accounts
    everything = [energy.get("", 0) for energy in total.between(marks)]
    listed = [sum(energy.values()) for energy in accounts.half_hours]
    # By how many Wh the total has grown more than the registers by the end of each half hour.
    growth = list(accumulate(map(sub, everything, listed)))
    beyond = growth[-1]
    lead = 0 if accounts.unread else _lead_of_total(registers, sum(everything), sum(listed), high - low)
    if beyond <= lead:
        return accounts._replace(unread=())
    name = accounts.unread[0] if len(accounts.unread) == 1 else ELSEWHERE
    given = 0
    half_hours = []
    for energy, grown in zip(accounts.half_hours, growth, strict=True):
        part = max(min(grown, beyond) - given, 0)
        given += part
        half_hours.append({**energy, name: energy.get(name, 0) + part} if part else energy)
    return Accounts(half_hours=half_hours)


def _lead_of_total(registers: Indexes, everything: int, listed: int, seconds: float) -> float:
    """Return the Wh by which the total may lead the registers because they are read some frames apart.

    Args:
        registers: the indexes of the registers.
        everything: what the total counted, in Wh.
        listed: what the registers counted, in Wh.
        seconds: the time in which they did.
    """
    powers = [rating(contract, contract) for _, contract in registers.contracts if contract is not None]
    bound = most(0, None if None in powers else max((power or 0 for power in powers), default=None))
    if listed or seconds <= 0:
        return bound
    # If no register moved at all, the mean power of the total bounds the energy of these few frames more closely.
    return min(bound, most(0, round(_HOUR * everything / seconds)))
