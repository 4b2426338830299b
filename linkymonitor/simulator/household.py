"""The true values of the simulated house at any instant; its meter sends a part of them."""

# Strategy
#
# - truth() can be asked for any instant since the eve of the first day, in any order: the answer does not depend on
#   earlier questions. Days are made one after the other, because an index is the sum of all days before. The last few
#   days are kept.
# - Energy is counted in whole watt-seconds, and turned into Wh once. A Wh counts in the register that is in force when
#   the Wh is complete. So the registers always add up to the total.
# - Frames are made from the truth and from nothing else, so a test can compare a reading with the truth.

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code
from linkymonitor.simulator.load import SLOT, load_of
from linkymonitor.simulator.options import PARIS, ExtraLoad, Options
from linkymonitor.simulator.seasons import Calendar, Tariff

_WH = 3600  # W s
_DAYS_KEPT = 3
_A_DAY = timedelta(days=1)


class Truth(NamedTuple):
    """The values of the simulated house at one instant.

    The units are those of Reading. Powers are not rounded to 10 VA, as PAPP is.
    """

    at: datetime
    #: The tariff period as PTEC spells it, dots included.
    period: str
    #: NORMAL under every contract but EJP.
    ejp: Ejp
    colour: Colour | None
    #: The colour of tomorrow; None until it is announced.
    tomorrow: Colour | None
    apparent_power: int
    injected_power: int
    #: The active power in W, negative while injecting.
    active_power: int
    #: The apparent power of each phase in VA, negative for a phase that injects.
    powers: tuple[int, ...]
    currents: tuple[int, ...]
    voltages: tuple[int, ...]
    #: Register code (``HN``) → Wh.
    indexes: Mapping[str, int]
    total_index: int
    injected_index: int
    #: Whether the power exceeds the subscribed power, by the rule of the mode: by phase in historique, in total in
    #: standard.
    overload: bool


class Opening(NamedTuple):
    """The counters at the beginning of a day."""

    drawn: int = 0  # W s
    injected: int = 0  # W s
    reactive: tuple[int, int] = (0, 0)  # VAr s, while drawing and while injecting
    registers: tuple[int, ...] = ()  # Wh, of the supplier
    grid: tuple[int, ...] = (0, 0, 0, 0)  # Wh, of the distributor


class Stretch(NamedTuple):
    """A part of a day under one tariff."""

    tariff: Tariff
    wh: int  # the total at its beginning
    registers: tuple[int, ...]  # the supplier's registers at its beginning, Wh
    grid: tuple[int, ...]  # the distributor's registers at its beginning, Wh

    def counters(self, wh: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the supplier's registers and the distributor's when the total has reached *wh*."""
        registers, grid = list(self.registers), list(self.grid)
        registers[self.tariff.register] += wh - self.wh
        grid[self.tariff.distributor] += wh - self.wh
        return tuple(registers), tuple(grid)


class Highest:
    """The highest of the values of a day until a slot; cheap when asked for one slot after the other."""

    def __init__(self, values: Sequence[int]) -> None:
        self._values = values
        self._seen, self._best = -1, 0

    def until(self, slot: int) -> tuple[int, int]:
        """Return the highest value until *slot*, at least 0, and the first slot that has it."""
        if slot < self._seen:
            self._seen, self._best = -1, 0
        for number in range(self._seen + 1, slot + 1):
            if self._values[number] > self._values[self._best]:
                self._best = number
        self._seen = slot
        return max(0, self._values[self._best]), self._best


class Day:
    """One local day: its load, its tariffs, and its energy as sums up to each slot."""

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
        """The counters at the end of this day."""
        counters = self._stretches[-1].counters(self._drawn[-1] // _WH)
        reactive = (self._reactive[0][-1], self._reactive[1][-1])
        return Opening(self._drawn[-1], self._injected[-1], reactive, *counters)

    def stretch(self, seconds: float) -> Stretch:
        """Return the stretch of the day that contains the instant *seconds* after the beginning of the day."""
        return self._stretches[bisect_right(self._since, seconds) - 1]

    def wh(self, seconds: float) -> int:
        """Return the Wh drawn since the first day, at *seconds* after the beginning of this day."""
        slot = int(seconds // SLOT)
        if slot > self.last_slot:
            return self._drawn[-1] // _WH
        return int(self._drawn[slot] + max(0, self.net[slot]) * (seconds - slot * SLOT)) // _WH

    def injected_wh(self, slot: int) -> int:
        """Return the Wh injected since the first day, at the beginning of *slot*."""
        return self._injected[slot] // _WH

    def reactive_wh(self, slot: int) -> tuple[int, int]:
        """Return the reactive energy in VArh, while drawing and while injecting, at the beginning of *slot*."""
        return self._reactive[0][slot] // _WH, self._reactive[1][slot] // _WH

    def mean_power(self, since: datetime, until: datetime, injected: bool = False) -> int:
        """Return the mean active power drawn, or injected, in W, between two instants at the beginning of slots."""
        first, last = (int((at - self.start).total_seconds()) // SLOT for at in (since, until))
        sums = self._injected if injected else self._drawn
        return round((sums[last] - sums[first]) / (SLOT * (last - first)))

    def mean_voltages(self, since: datetime, until: datetime) -> list[int]:
        """Return the mean voltage of each phase, in V, between two whole minutes."""
        first, last = (int((at - self.start).total_seconds()) // 60 for at in (since, until))
        return [round(sum(volts[first:last]) / (last - first)) for volts in self.voltage]


def _sums(watts: Sequence[int], before: int) -> list[int]:
    """Return the energy, in W s, as each slot begins, and at the end of the last; a negative power counts as 0."""
    return list(accumulate((max(0, power) * SLOT for power in watts), initial=before))


#: The share of each tariff period in the energy before the first day, in the order of PERIODS.
_SHARES = {
    "BASE": (1.0,),
    "HC": (0.4, 0.6),
    "EJP": (0.95, 0.05),
    "TEMPO": (0.28, 0.52, 0.05, 0.08, 0.03, 0.04),
}


class Household:
    """A simulated house, without its meter.

    Args:
        options: the house and its contract; equal options make equal houses, to the byte.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calendar = Calendar(options)
        dice = Random(f"{options.seed}:meter").random
        shares = [share * (0.7 + 0.6 * dice()) for share in _SHARES[options.contract]]
        total = 5e6 + 4e7 * dice()
        self._first = options.origin - _A_DAY
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

    def switch_on(self, load: ExtraLoad) -> None:
        """Add *load*, and what it draws to the indexes from then on; what was before it does not change."""
        number = (load.at.astimezone(PARIS).date() - self._first).days
        self.options = replace(self.options, loads=(*self.options.loads, load))
        del self._openings[number + 1 :]
        self._days = {other: made for other, made in self._days.items() if other < number}
        self._today = None

    def eve(self, day: Day) -> Day:
        """Return the day before *day*."""
        try:
            return self.day(day.start - timedelta(seconds=1))
        finally:
            self._today = day

    def truth(self, at: datetime) -> Truth:
        """Return the values of the house at *at*.

        Raises:
            ValueError: *at* is before the eve of the first day.
        """
        day = self.day(at)
        seconds = (at - day.start).total_seconds()
        slot, minute = int(seconds) // SLOT, int(seconds) // 60
        stretch, wh = day.stretch(seconds), day.wh(seconds)
        registers, _ = stretch.counters(wh)
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
            voltages=tuple(map(round, volts)),
            indexes=dict(zip(self._codes, registers, strict=True)),
            total_index=self._total + wh,
            injected_index=self._injected + day.injected_wh(slot),
            overload=self.overloads(drawn, currents),
        )

    @property
    def subscribed_current(self) -> int:
        """The subscribed current (ISOUSC), in A for each phase (NOI-CPT_02E §2.3.3, §2.5.2)."""
        return self.options.subscribed * 5 // self.options.phases

    def overloads(self, drawn: int, currents: Sequence[int]) -> bool:
        """Return whether the meter calls it an overload: *drawn* VA in all, *currents* in A by phase."""
        if self.options.mode is Mode.STANDARD:
            return drawn > 1000 * self.options.subscribed
        return max(currents) > self.subscribed_current


def _shared(registers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the four registers of the distributor for a meter with these *registers* of the supplier, in Wh."""
    if len(registers) < 2:
        return (*registers, 0, 0, 0)
    off_peak, peak = sum(registers[::2]), sum(registers[1::2])
    if len(registers) == 2:
        return (off_peak, peak, 0, 0)
    return (off_peak // 2, peak // 2, off_peak - off_peak // 2, peak - peak // 2)


def utc_floor(at: datetime, seconds: int) -> datetime:
    """Return the last instant until *at* that is a whole multiple of *seconds* in its hour, in UTC."""
    past = (at.minute * 60 + at.second) % seconds
    return at.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=past)
