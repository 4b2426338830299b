"""The load of a household in one local day, and the power of its solar panels."""

# Strategy
#
# - A day is made at once, in slots of five seconds, with random numbers that depend on the seed and the date only. So
#   a day can be made again, alone, and is the same.
# - Powers are whole watts, so that sums are exact and an index always agrees with the power.
# - Only Random.random() is used, because Python promises to keep its sequence.
# - No appliance runs over midnight, so that a day does not depend on the day before.

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.options import PARIS, Options
from linkymonitor.simulator.seasons import Tariff, local

#: The power changes every so many seconds.
SLOT = 5

_MINUTE = 60 // SLOT
_PANELS = 3000  # W
_LATITUDE, _LONGITUDE = math.radians(46.5), 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The powers and voltages of one local day; each is a list for each phase."""

    start: datetime
    end: datetime
    #: Active power in each slot, W, negative when the phase injects.
    active: Sequence[Sequence[int]]
    #: Reactive power in each slot, VAr.
    reactive: Sequence[Sequence[int]]
    #: Apparent power in each slot, VA, with the sign of the active power.
    apparent: Sequence[Sequence[int]]
    #: Voltage in each minute, V.
    voltage: Sequence[Sequence[float]]


def sun(at: datetime) -> float:
    """Return the sine of the height of the sun over the middle of France; negative at night."""
    day = at.timetuple().tm_yday
    tilt = math.radians(-23.44) * math.cos(2 * math.pi * (day + 10) / 365)
    angle = math.radians(15 * (at.hour - 12 + at.minute / 60 + _LONGITUDE / 15))
    height = math.sin(_LATITUDE) * math.sin(tilt)
    return height + math.cos(_LATITUDE) * math.cos(tilt) * math.cos(angle)


class _Day:
    """The slots of a day, to which loads are added."""

    def __init__(self, options: Options, day: date) -> None:
        self.start, self.end = (local(begins, 0).astimezone(UTC) for begins in (day, day + timedelta(days=1)))
        self.day = day
        self.slots = int((self.end - self.start).total_seconds()) // SLOT
        self.phases = options.phases
        self.active = [[0] * self.slots for _ in range(options.phases)]
        self.reactive = [[0] * self.slots for _ in range(options.phases)]

    def slot(self, hour: float) -> int:
        """Return the slot at the local time *hour*, such as 6.5 for 6:30."""
        minutes, seconds = divmod(round(hour * 3600), 60)
        at = datetime.combine(self.day, time(minutes // 60, minutes % 60, seconds), PARIS).astimezone(UTC)
        return int((at - self.start).total_seconds()) // SLOT

    def draw(self, phase: int, first: int, slots: int, watts: int, tangent: float = 0.0) -> None:
        """Add a load to a phase.

        Args:
            phase: its number from 0, modulo the number of phases.
            first: the first slot.
            slots: how many slots the load lasts.
            watts: its active power.
            tangent: its reactive power divided by its active power.
        """
        active, reactive = self.active[phase % self.phases], self.reactive[phase % self.phases]
        vars_ = round(watts * tangent)
        for slot in range(max(0, first), min(self.slots, first + slots)):
            active[slot] += watts
            if vars_:
                reactive[slot] += vars_

    def cycle(self, phase: int, first: int, slots: int, watts: int, on: int, off: int) -> None:
        """Add a load that a thermostat switches: *on* slots on, *off* slots off."""
        for begin in range(first, first + slots, on + off):
            self.draw(phase, begin, min(on, first + slots - begin), watts)


def load_of(options: Options, day: date, tariff_at: Callable[[datetime], Tariff]) -> Load:
    """Return the load of the house of *options* on the local *day*.

    Args:
        options: the house.
        day: the local day.
        tariff_at: returns the tariff at an instant.
    """
    house = _Day(options, day)
    dice = Random(f"{options.seed}:load:{day.isoformat()}").random
    hours = [house.start + timedelta(hours=n) for n in range(house.slots // (60 * _MINUTE))]
    dear = [tariff_at(hour).dear for hour in hours]
    winter = max(0.0, math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365))  # 1 in January
    free = day.weekday() >= 5

    _standby(house, options, dice)
    for first in range(int(dice() * 30 * _MINUTE), house.slots, int((40 + 10 * dice()) * _MINUTE)):
        house.draw(1, first, 15 * _MINUTE, 90, 0.6)  # fridge
    for number, hour in enumerate(hours):
        # A heat pump: it runs most in the morning and evening, and hardly while energy is dear.
        comfort = hour.astimezone(PARIS).hour in (6, 7, 8, 17, 18, 19, 20, 21)
        share = winter * (0.75 if comfort else 0.45) * (0.1 if dear[number] else 1)
        if share > 0.1:
            for half in range(2):
                first = (2 * number + half) * 30 * _MINUTE
                house.draw(2, first, int(30 * _MINUTE * min(1.0, share)), 1300, 0.3)

    # The water heater starts in the off-peak hours; under EJP after the end of a peak, at 1:00.
    starts = 1.1 if options.contract in ("BASE", "EJP") else 22.1
    house.draw(0, house.slot(starts), int((75 + 35 * dice()) * _MINUTE), 2300)

    _kitchen(house, free, dice)
    evening = 16.8 + (1 - winter) * 3 + dice() / 2
    house.draw(1, house.slot(evening), int((22.8 - evening) * 60 * _MINUTE), int(110 + 90 * dice()), 0.2)
    house.draw(0, house.slot(19.5 + dice()), int((90 + 60 * dice()) * _MINUTE), 120, 0.3)  # television
    if dice() < (0.7 if free else 0.35):  # washing machine
        washing = house.slot(9.5 + 2 * dice() if free else 14 + 3 * dice())
        if not dear[min(washing // (60 * _MINUTE), len(dear) - 1)]:
            house.draw(2, washing, 18 * _MINUTE, 1950)
            house.draw(2, washing + 18 * _MINUTE, 65 * _MINUTE, 180, 0.5)
    for extra in options.extra_loads:
        first = (extra.at - house.start) // timedelta(seconds=SLOT)
        if 0 <= first < house.slots:
            # An overload is of a single phase in historique, and of the sum of all phases in standard.
            for phase in range(options.phases if options.mode is Mode.STANDARD else 1):
                house.draw(
                    phase, first, extra.duration // timedelta(seconds=SLOT), extra.watts // options.phases
                )
    if options.generates:
        _roof(house, Random(f"{options.seed}:sky:{day.isoformat()}").random)
    return _finished(house, options)


def _standby(house: _Day, options: Options, dice: Callable[[], float]) -> None:
    """Set the standby load, which never ends, and varies a little from slot to slot."""
    usual = 170 + 60 * Random(f"{options.seed}:standby").random()
    for phase in range(options.phases):
        base, swing = 0.9 * usual / options.phases, 0.2 * usual / options.phases
        house.active[phase] = [int(base + swing * dice()) for _ in range(house.slots)]
        house.reactive[phase] = [int(0.35 * base)] * house.slots


def _kitchen(house: _Day, free: bool, dice: Callable[[], float]) -> None:
    """Add breakfast, lunch when somebody is at home, and dinner."""
    breakfast = house.slot((8.4 if free else 6.9) + dice() / 2)
    house.draw(1, breakfast, int(3.5 * _MINUTE), 2000)  # kettle
    house.draw(0, breakfast + 3 * _MINUTE, 4 * _MINUTE, 900)  # toaster
    lunch, dinner = house.slot(11.9 + dice() / 2), house.slot(18.8 + dice())
    if free or dice() < 0.3:
        house.cycle(1, lunch, 30 * _MINUTE, 1800, 6, 4)
    house.cycle(1, dinner, int((25 + 20 * dice()) * _MINUTE), 1800, 6, 4)  # hob
    if dice() < 0.5:
        house.draw(2, dinner, 10 * _MINUTE, 2200)  # the oven heats up, then keeps warm
        house.cycle(2, dinner + 10 * _MINUTE, 35 * _MINUTE, 2200, 9, 15)


def _roof(house: _Day, dice: Callable[[], float]) -> None:
    """Subtract the power of the solar panels from the first phase."""
    clear, cloud = 0.35 + 0.65 * dice(), 0.0
    active = house.active[0]
    for minute in range(house.slots // _MINUTE):
        cloud = 0.9 * cloud + 0.2 * (dice() - 0.5)
        height = sun(house.start + timedelta(minutes=minute))
        given = int(_PANELS * max(0.0, height) ** 1.15 * min(1.0, max(0.05, clear + cloud)))
        if given:
            for slot in range(minute * _MINUTE, (minute + 1) * _MINUTE):
                active[slot] -= given


def _finished(house: _Day, options: Options) -> Load:
    """Return the load of the finished day, with voltage and apparent power."""
    grid = Random(f"{options.seed}:grid:{house.day.isoformat()}").random
    voltage = [
        [
            233.5 + 2.5 * math.cos((minute / 60 - 3) * math.pi / 12 + phase) + 1.4 * grid()
            for minute in range(house.slots // _MINUTE)
        ]
        for phase in range(options.phases)
    ]
    apparent = [
        [round(math.copysign(math.hypot(watts, vars_), watts)) for watts, vars_ in zip(*both, strict=True)]
        for both in zip(house.active, house.reactive, strict=True)
    ]
    return Load(
        start=house.start,
        end=house.end,
        active=house.active,
        reactive=house.reactive,
        apparent=apparent,
        voltage=voltage,
    )
