"""What is true in the simulated house at any instant, whether or not its meter says it."""

# Strategy
#
# - A household answers for any instant since the eve of its first day; nothing is drawn when asked. Days
#   are made one after the other, for an index is the sum of all that went before, and the last are kept.
# - Energy is counted in watt-seconds, whole ones, and turned into Wh once; a Wh goes to the register in
#   force when it is complete. So the registers always add up to the total.
# - Frames are made from what is answered here and from nothing else, so a test compares with the truth.

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code
from linkymonitor.simulator.load import SLOT, load_of
from linkymonitor.simulator.options import PARIS, Options
from linkymonitor.simulator.seasons import Calendar, Tariff

_WH = 3600  # W s
_DAYS_KEPT = 3
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One instant of the simulated house.

    Units are those of model.Reading; powers are not rounded as PAPP is.
    """

    at: datetime
    #: As PTEC spells it, dots included.
    period: str
    #: NORMAL under every contract but EJP.
    ejp: Ejp
    colour: Colour | None
    #: None until it is announced.
    tomorrow: Colour | None
    apparent_power: int
    injected_power: int
    #: W, negative while injecting.
    active_power: int
    #: VA of each phase, negative for one that injects.
    powers: tuple[int, ...]
    currents: tuple[int, ...]
    voltages: tuple[int, ...]
    #: Register code (``HN``) → Wh.
    indexes: Mapping[str, int]
    total_index: int
    injected_index: int
    #: Above the subscribed power, as a meter in this mode judges it.
    overload: bool


class Opening(NamedTuple):
    """What one day hands over to the next."""

    drawn: int = 0  # W s
    injected: int = 0  # W s
    reactive: tuple[int, int] = (0, 0)  # VAr s, while drawing and while injecting
    registers: tuple[int, ...] = ()  # Wh
    grid: tuple[int, ...] = (0, 0, 0, 0)  # Wh, of the grid's own tariff


class Stretch(NamedTuple):
    """A part of a day under one tariff."""

    tariff: Tariff
    wh: int  # the total when it began
    registers: tuple[int, ...]
    grid: tuple[int, ...]

    def counters(self, wh: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the registers and the grid's registers when the total has reached *wh*."""
        registers, grid = list(self.registers), list(self.grid)
        registers[self.tariff.register] += wh - self.wh
        grid[self.tariff.distributor] += wh - self.wh
        return tuple(registers), tuple(grid)


class Highest:
    """The highest value of a day until some slot."""

    def __init__(self, values: Sequence[int]) -> None:
        self._values = values
        self._seen, self._best = -1, 0

    def until(self, slot: int) -> tuple[int, int]:
        """Return the highest value until *slot*, never below 0, and the slot where it first stood."""
        if slot < self._seen:
            self._seen, self._best = -1, 0
        for number in range(self._seen + 1, slot + 1):
            if self._values[number] > self._values[self._best]:
                self._best = number
        self._seen = slot
        return max(0, self._values[self._best]), self._best


class Day:
    """One local day: its load, its tariffs, and its energy as running sums."""

    def __init__(self, options: Options, day: date, calendar: Calendar, opening: Opening) -> None:
        load = load_of(options, day, calendar.at)
        self.start, self.end, self.voltage = load.start, load.end, load.voltage
        self.powers = load.apparent
        alone = options.phases == 1
        self.last_slot = len(load.active[0]) - 1
        self.net = load.active[0] if alone else [sum(watts) for watts in zip(*load.active, strict=True)]
        signed = load.apparent[0] if alone else [sum(power) for power in zip(*load.apparent, strict=True)]
        # NOI-CPT_54E §6.2.3.10: the total is the absolute value of the sum, injecting phases counted
        # negative; it is drawn or injected as the active energy goes.
        self.drawn_power = [abs(va) if watts >= 0 else 0 for va, watts in zip(signed, self.net, strict=True)]
        self.injected_power = [
            abs(va) if watts < 0 else 0 for va, watts in zip(signed, self.net, strict=True)
        ]
        self._drawn = _sums(self.net, opening.drawn)
        self._injected = _sums([-watts for watts in self.net], opening.injected)
        self._reactive = [list(opening.reactive[:1]), list(opening.reactive[1:])]
        if options.producer:
            reactive = [sum(vars_) for vars_ in zip(*load.reactive, strict=True)]
            for injecting in (False, True):
                kept = [
                    var if (watts < 0) is injecting else 0
                    for var, watts in zip(reactive, self.net, strict=True)
                ]
                self._reactive[injecting] = _sums(kept, opening.reactive[injecting])
        self.highest = Highest(self.drawn_power)
        self.highest_injected = Highest(self.injected_power)
        self.highest_of = [Highest(powers) for powers in load.apparent]

        changes = calendar.changes(day)
        self._since = [(change - self.start).total_seconds() for change in changes]
        self._stretches: list[Stretch] = []
        counters = (opening.registers, opening.grid)
        for change, since in zip(changes, self._since, strict=True):
            wh = self.wh(since)
            if self._stretches:
                counters = self._stretches[-1].counters(wh)
            self._stretches.append(Stretch(calendar.at(change), wh, *counters))

    @property
    def closing(self) -> Opening:
        """What the next day opens with."""
        counters = self._stretches[-1].counters(self._drawn[-1] // _WH)
        reactive = (self._reactive[0][-1], self._reactive[1][-1])
        return Opening(self._drawn[-1], self._injected[-1], reactive, *counters)

    def stretch(self, seconds: float) -> Stretch:
        """Return the tariff in force *seconds* after the day began, and the registers when it began."""
        return self._stretches[bisect_right(self._since, seconds) - 1]

    def wh(self, seconds: float) -> int:
        """Return the Wh drawn since the house was made, *seconds* after the day began."""
        slot = int(seconds // SLOT)
        if slot > self.last_slot:
            return self._drawn[-1] // _WH
        return int(self._drawn[slot] + max(0, self.net[slot]) * (seconds - slot * SLOT)) // _WH

    def injected_wh(self, slot: int) -> int:
        """Return the Wh injected since the house was made, when *slot* begins."""
        return self._injected[slot] // _WH

    def reactive_wh(self, slot: int) -> tuple[int, int]:
        """Return the VArh while drawing and while injecting, when *slot* begins."""
        return self._reactive[0][slot] // _WH, self._reactive[1][slot] // _WH

    def mean_power(self, since: datetime, until: datetime, injected: bool = False) -> int:
        """Return the mean active power drawn, or injected, between two instants that are whole slots."""
        first, last = (int((at - self.start).total_seconds()) // SLOT for at in (since, until))
        sums = self._injected if injected else self._drawn
        return round((sums[last] - sums[first]) / (SLOT * (last - first)))

    def mean_voltages(self, since: datetime, until: datetime) -> list[int]:
        """Return the mean voltage of each phase between two whole minutes."""
        first, last = (int((at - self.start).total_seconds()) // 60 for at in (since, until))
        return [round(sum(volts[first:last]) / (last - first)) for volts in self.voltage]


def _sums(watts: Sequence[int], before: int) -> list[int]:
    """Return the energy when each slot begins, and when the last one ends, negative powers left out."""
    return list(accumulate((max(0, power) * SLOT for power in watts), initial=before))


#: What share of all its energy a house has drawn in each period, so far; in the order of PERIODS.
_SHARES = {
    "BASE": (1.0,),
    "HC": (0.4, 0.6),
    "EJP": (0.95, 0.05),
    "TEMPO": (0.28, 0.52, 0.05, 0.08, 0.03, 0.04),
}


class Household:
    """A house that never existed, and the truth about it.

    Args:
        options: equal options make equal houses, to the byte.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calendar = Calendar(options)
        dice = Random(f"{options.seed}:meter").random
        shares = [share * (0.7 + 0.6 * dice()) for share in _SHARES[options.contract]]
        total = 5e6 + 4e7 * dice()
        self._first = options.first_day - _A_DAY
        registers = tuple(int(total * share / sum(shares)) for share in shares)
        self._total = sum(registers)
        self._injected = int(2e6 + 8e6 * dice()) if options.generates else 0
        self._codes = [code(period) for period in PERIODS[options.contract]]
        self._openings = [Opening(registers=registers, grid=_shared(registers))]
        self._days: dict[int, Day] = {}
        self._today: Day | None = None

    def day(self, at: datetime) -> Day:
        """Return the local day of *at*.

        Raises:
            ValueError: *at* is before the eve of the first day.
        """
        if self._today is not None and self._today.start <= at < self._today.end:
            return self._today
        number = (at.astimezone(PARIS).date() - self._first).days
        if number < 0:
            raise ValueError(f"the simulated house begins on {self._first}: nothing is known of {at}")
        for missing in range(min(number, len(self._openings) - 1), number + 1):
            if missing not in self._days:
                made = Day(
                    self.options, self._first + missing * _A_DAY, self.calendar, self._openings[missing]
                )
                self._days[missing] = made
                if missing + 1 == len(self._openings):
                    self._openings.append(made.closing)
                while len(self._days) > _DAYS_KEPT:
                    del self._days[next(iter(self._days))]
        self._today = self._days[number]
        return self._today

    def eve(self, day: Day) -> Day:
        """Return the day before *day*."""
        try:
            return self.day(day.start - timedelta(seconds=1))
        finally:
            self._today = day

    def truth(self, at: datetime) -> Truth:
        """Return what is true at *at*.

        Raises:
            ValueError: *at* is before the eve of the first day.
        """
        day = self.day(at)
        seconds = (at - day.start).total_seconds()
        slot, minute = int(seconds) // SLOT, int(seconds) // 60
        stretch = day.stretch(seconds)
        registers, _ = stretch.counters(day.wh(seconds))
        tariff = stretch.tariff
        powers = tuple(phase[slot] for phase in day.powers)
        volts = [phase[minute] for phase in day.voltage]
        currents = tuple(round(abs(power) / volt) for power, volt in zip(powers, volts, strict=True))
        drawn = day.drawn_power[slot]
        return Truth(
            at=at,
            period=tariff.period,
            ejp=tariff.ejp,
            colour=tariff.colour,
            tomorrow=tariff.tomorrow,
            apparent_power=drawn,
            injected_power=day.injected_power[slot],
            active_power=day.net[slot],
            powers=powers,
            currents=currents,
            voltages=tuple(round(volt) for volt in volts),
            indexes=dict(zip(self._codes, registers, strict=True)),
            total_index=self._total + day.wh(seconds),
            injected_index=self._injected + day.injected_wh(slot),
            overload=self._overloads(drawn, currents),
        )

    @property
    def subscribed_current(self) -> int:
        """What ISOUSC says, in A for each phase (NOI-CPT_02E §2.3.3, §2.5.2)."""
        return self.options.subscribed * 5 // self.options.phases

    def _overloads(self, drawn: int, currents: Sequence[int]) -> bool:
        if self.options.mode is Mode.STANDARD:
            return drawn > 1000 * self.options.subscribed
        return max(currents) > self.subscribed_current


def _shared(registers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the grid's four registers of a meter whose supplier's registers are *registers*."""
    if len(registers) < 2:
        return (*registers, 0, 0, 0)
    off_peak, peak = sum(registers[::2]), sum(registers[1::2])
    if len(registers) == 2:
        return (off_peak, peak, 0, 0)
    return (off_peak // 2, peak // 2, off_peak - off_peak // 2, peak - peak // 2)


def utc_floor(at: datetime, seconds: int) -> datetime:
    """Return the last instant until *at* that is a multiple of *seconds*, at most an hour."""
    past = (at.minute * 60 + at.second) % seconds
    return at.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=past)
