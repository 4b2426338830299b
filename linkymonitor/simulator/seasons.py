"""The calendar of the simulated supplier, and its tariff at any instant."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from linkymonitor.model.terms import PERIODS, Colour, Ejp
from linkymonitor.simulator.options import PARIS, Options

_PEAK_DAYS, _WHITE_DAYS = 22, 43
_DAY = timedelta(days=1)


def _easter_monday(year: int) -> date:
    # The Gregorian computus gives Easter Sunday: the Sunday after the full moon of spring.
    golden, century, rest = year % 19, *divmod(year, 100)
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1) + _DAY


def _may_be_red(day: date) -> bool:
    """Return whether *day* may be red by the rules of Tempo: November to March, no week-end, no public holiday."""
    holiday = (day.month, day.day) in {(1, 1), (11, 1), (11, 11), (12, 25)} or day == _easter_monday(day.year)
    return day.month in (11, 12, 1, 2, 3) and day.weekday() < 5 and not holiday


@lru_cache(maxsize=16)
def tempo_season(seed: int, autumn: int) -> dict[date, Colour]:
    """Return the white and red days of the season from 1 September of the year *autumn*; all others are blue.

    The season has 22 red and 43 white days, no Sunday among them. They come in cold spells rather than scattered.
    """
    dice = Random(f"{seed}:cold:{autumn}")
    first, cold = date(autumn, 9, 1), 0.0
    score: dict[date, float] = {}
    for number in range((date(autumn + 1, 9, 1) - first).days):
        cold = 0.8 * cold + dice.random() - 0.5
        # The coldest day of a French winter falls about 15 January, 136 days after 1 September.
        score[first + number * _DAY] = 2 * math.cos(2 * math.pi * (number - 136) / 365) + cold
    coldest = sorted((day for day in score if day.weekday() != 6), key=lambda day: -score[day])
    red = [day for day in coldest if _may_be_red(day)][:_PEAK_DAYS]
    white = [day for day in coldest if day not in red][:_WHITE_DAYS]
    return dict.fromkeys(white, Colour.WHITE) | dict.fromkeys(red, Colour.RED)


def ejp_season(seed: int, winter: int) -> frozenset[date]:
    """Return the 22 peak days of the winter that begins in November of the year *winter*: weekdays until March."""
    return frozenset(day for day, colour in tempo_season(seed, winter).items() if colour is Colour.RED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The state of the contract at one instant."""

    period: str  # the tariff period as PTEC spells it: ``HN..``
    register: int  # the place of the period in terms.PERIODS
    distributor: int  # the register of the distributor, 0 to 3
    ejp: Ejp = Ejp.NORMAL
    colour: Colour | None = None
    tomorrow: Colour | None = None
    #: The numbers of the mobile peak that is announced and of the one in progress; 0 for none. Under Tempo 1 is a white
    #: day, 2 a red one.
    notice: int = 0
    peak: int = 0
    #: For each of these peaks its number, its beginning and its end, in local time.
    peaks: tuple[tuple[int, datetime, datetime], ...] = ()
    #: Whether the meter's dry contact is closed.
    closed: bool = False

    @property
    def dear(self) -> bool:
        """Whether energy is so dear that the household puts off loads that can wait."""
        return self.period in ("PM..", "HPJR")


def local(day: date, hour: int) -> datetime:
    """Return *hour* of the local *day*."""
    return datetime.combine(day, time(hour), PARIS)


class Calendar:
    """The days of the simulated contract."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def is_peak(self, day: date) -> bool:
        """Return whether an EJP peak begins on *day*."""
        options = self._options
        if options.peak is not None and options.is_singled_out(day):
            return options.peak
        if options.ejp_days is not None:
            return day in options.ejp_days
        return day in ejp_season(options.seed, day.year if day.month >= 9 else day.year - 1)

    def colour(self, day: date) -> Colour:
        """Return the colour of the Tempo day that begins on *day*."""
        options = self._options
        if options.is_singled_out(day):
            if options.colour is not None:
                return options.colour
            if options.peak is not None:
                return Colour.RED if options.peak else Colour.BLUE
        if options.red_days is not None:
            white = Colour.WHITE if day in options.white_days else Colour.BLUE
            return Colour.RED if day in options.red_days else white
        autumn = day.year if day.month >= 9 else day.year - 1
        return tempo_season(options.seed, autumn).get(day, Colour.BLUE)

    def changes(self, day: date) -> list[datetime]:
        """Return the instants of the local *day*, in UTC, at which the tariff may change; the first is midnight."""
        hours = {"BASE": (), "HC": (6, 22), "EJP": (1, 6, 7, 22), "TEMPO": (6, 20, 22)}[
            self._options.contract
        ]
        start, end = (local(begins, 0).astimezone(UTC) for begins in (day, day + _DAY))
        instants = {start, *(local(day, hour).astimezone(UTC) for hour in hours)}
        if self._options.contract == "EJP":
            notices = (local(day + n * _DAY, 7).astimezone(UTC) - self._options.notice for n in range(3))
            instants.update(instant for instant in notices if start <= instant < end)
        return sorted(instants)

    def at(self, instant: datetime) -> Tariff:
        """Return the tariff in force at *instant*."""
        here = instant.astimezone(PARIS)
        off_peak = not 6 <= here.hour < 22
        winter = here.month in (11, 12, 1, 2, 3)
        grid = (0 if off_peak else 1) + (2 if winter else 0)
        match self._options.contract:
            case "BASE":
                return Tariff(period="TH..", register=0, distributor=0)
            case "HC":
                register = 0 if off_peak else 1
                return Tariff(
                    period=PERIODS["HC"][register], register=register, distributor=register, closed=off_peak
                )
            case "EJP":
                return self._ejp(instant, here, grid)
            case _:
                return self._tempo(here, off_peak, grid)

    def _ejp(self, instant: datetime, here: datetime, grid: int) -> Tariff:
        today = here.date()
        began = today if here.hour >= 7 else today - _DAY
        peak = not 1 <= here.hour < 7 and self.is_peak(began)
        next_day = began + _DAY
        notice = instant >= local(next_day, 7).astimezone(UTC) - self._options.notice and self.is_peak(
            next_day
        )
        # There is one pair DPM1, FPM1: the next peak takes it from the one in progress as soon as it is announced.
        day = next_day if notice else began
        return Tariff(
            period="PM.." if peak else "HN..",
            register=int(peak),
            distributor=grid,
            ejp=Ejp.PEAK if peak else Ejp.NOTICE if notice else Ejp.NORMAL,
            notice=int(notice),
            peak=int(peak),
            peaks=((1, local(day, 7), local(day + _DAY, 1)),) if peak or notice else (),
            closed=peak,
        )

    def _tempo(self, here: datetime, off_peak: bool, grid: int) -> Tariff:
        began = here.date() if here.hour >= 6 else here.date() - _DAY
        announced = here.hour >= 20 or here.hour < 6
        # After midnight a Linky no longer sends the colour of tomorrow; older meters send it until 6:00.
        shown = here.hour >= 20 or (announced and self._options.old)
        colours = (Colour.BLUE, Colour.WHITE, Colour.RED)
        today, tomorrow = self.colour(began), self.colour(began + _DAY)
        peak = colours.index(today)
        notice = colours.index(tomorrow) if announced else 0
        days = {number: day for number, day in ((peak, began), (notice, began + _DAY)) if number}
        register = 2 * peak + (0 if off_peak else 1)
        return Tariff(
            period=PERIODS["TEMPO"][register],
            register=register,
            distributor=grid,
            colour=today,
            tomorrow=tomorrow if shown else None,
            notice=notice,
            peak=peak,
            peaks=tuple(
                (number, local(day, 6), local(day + _DAY, 6)) for number, day in sorted(days.items())
            ),
            closed=off_peak,
        )
