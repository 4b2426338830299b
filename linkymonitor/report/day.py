"""What is known of one local day: plain values, which templates read by these names."""

# All are named tuples (ADR 0023): the class of a dataclass takes longer to make, and each report would wait for it.

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.language import Text
from linkymonitor.model.record import Contract
from linkymonitor.money import bill
from linkymonitor.summaries.day import LogSpan, PhaseExtremes

#: The code of energy that the total index has counted and that is in no register that was read.
ELSEWHERE = "?"
#: A day is partial if a smaller share of it was heard.
_WHOLE = 0.9
#: A day has no total if a smaller share of it was heard or is known from the indexes.
_BARELY = 0.01
_HOUR = 3600


class SynthesisLine(NamedTuple):
    """One register, or one period of the offer, over the day or the range: a line of the synthesis."""

    code: str
    #: None when the register counted and was not read.
    wh: int | None
    #: The register's last reading, None when the contract changed since.
    reading: int | None = None
    price: Decimal | None = None
    #: Rounded to the cent; None when the price is not set.
    eur: Decimal | None = None
    #: What the offer calls it; None without an offer.
    label: Text | None = None


class Injected(NamedTuple):
    """Energy given to the grid; a range from *low_wh* to *high_wh* when the energy is estimated."""

    wh: int
    low_wh: int
    high_wh: int
    estimated: bool
    reading: int | None = None
    #: True when part of the day was not heard and the energy of that part is not known: the true energy is *low_wh*
    #: or more.
    at_least: bool = False
    #: What is paid for a kWh, in €; None when the price is not set.
    price: Decimal | None = None
    #: Wh of each half hour of the day, which add up to *wh*.
    half_hours: tuple[int, ...] = ()

    @property
    def eur(self) -> Decimal | None:
        """What is paid for the energy, to the cent; None for an estimate, for which nothing is paid."""
        if self.price is None or self.estimated:
            return None
        return bill.round_cents(bill.cost(self.wh, self.price))


class Gap(NamedTuple):
    """A silence longer than five minutes, within its day."""

    start: float
    end: float
    #: Known from the indexes at both ends; None when either index is missing.
    wh: int | None
    #: True when the silence runs past a midnight, so that its energy is shared by time between the days.
    shared: bool = False


class Hour(NamedTuple):
    """One hour of the day, by the indexes."""

    start: float
    #: The hour on the clock on the wall, 0 to 23; a day of 25 hours has one hour twice.
    hour: int
    #: Offset from UTC, in seconds, which distinguishes the two equal hours of such a day.
    offset: int
    energy: Mapping[str, int]
    wh: int
    #: Not rounded; None when a price is missing.
    eur: Decimal | None
    #: False when the hour lies in a gap, so that its energy is known and its curve is not.
    known: bool
    #: False when nothing was measured, or not yet.
    measured: bool


class Band(NamedTuple):
    """A stretch of one tariff period."""

    start: float
    end: float
    code: str


class Watts(NamedTuple):
    """A mean active power in W, as an interval: it comes from indexes in whole Wh."""

    low: int
    high: int


class SteadyLoad(NamedTuple):
    """A long steady load, well above the other loads of the day."""

    start: float
    end: float
    #: Power above the night base load, in VA.
    va: int
    codes: tuple[str, ...]


class EpochBreak(NamedTuple):
    """The beginning of another epoch: energy is not counted across it."""

    at: float
    #: True when meter or contract changed, False when an index leapt or went back.
    contract: bool


class Change(NamedTuple):
    """A term of the contract that has changed."""

    at: float
    #: A field of `Contract`, else a topic of the line ``Grille:``; after ``noms`` comes the register: ``noms F01``.
    what: str
    before: object
    after: object


class Curve(NamedTuple):
    """The columns of the chart, one value for each record; times in seconds since the day began."""

    times: Sequence[int] = ()
    power: Sequence[int] = ()
    low: Sequence[int] = ()
    high: Sequence[int] = ()
    current: Sequence[int] | None = None
    injected: Sequence[int] | None = None
    indexes: Mapping[str, Sequence[int]] = MappingProxyType({})


class Quality(NamedTuple):
    """How much of the day was heard, and how well."""

    #: The share that was heard of the time that could be measured, 0 to 1.
    coverage: float = 0.0
    records: int = 0
    frames: int = 0
    rejected: int = 0
    gaps: tuple[Gap, ...] = ()
    #: Cause → rejected groups that could be read and were not believed; None when there is no quarantine.log.
    held: Mapping[str, int] | None = None
    #: False when some groups may be missing from *held*.
    held_whole: bool = False


class Phase(NamedTuple):
    """One phase over a day; what the meter does not give is None."""

    #: A, of the records.
    mean: float | None
    most: int | None
    #: Of the current of all phases, 0 to 1.
    share: float | None
    #: The lowest, the mean and the highest voltage, in V.
    voltages: tuple[int, int, int] | None


class Phases(NamedTuple):
    """The phases of a day, and their curves: the mean of each ten minutes, None where nothing was heard."""

    phases: tuple[Phase, ...]
    #: In A and V, a curve for each phase; none where the meter does not give them.
    currents: tuple[Sequence[float | None], ...]
    voltages: tuple[Sequence[float | None], ...]


class Peak(NamedTuple):
    """A mobile peak, from 7 h on, past midnight."""

    wh: int
    #: None when the price is not set.
    eur: Decimal | None
    #: Its begin at 7 h, or since when its register is known.
    since: float
    #: Its end at 1 h, or until when it is known.
    until: float


class Kept(NamedTuple):
    """What no page of the day shows, and the summary of the day keeps (summaries/day.py)."""

    #: The index of each register at the first midnight of the day, where it is known.
    midnight: Mapping[str, int] = MappingProxyType({})
    #: The registers whose index in *midnight* was not read at 00:00, but lies on a line between two readings near it.
    between: tuple[str, ...] = ()
    by_phase: tuple[PhaseExtremes, ...] = ()
    log: LogSpan = LogSpan(None, None)


class Usual(NamedTuple):
    """The mean of the last days of one kind: with a peak or without, of one colour, on a weekday or at a week-end."""

    #: How many days.
    days: int
    wh: int
    #: None when the cost of one of them is not known.
    eur: Decimal | None


class DayFigures(NamedTuple):
    """All figures of one local day: energies in Wh, powers in VA, times in POSIX seconds.

    A figure that is not known is None, or empty.
    """

    date: date
    timezone: str
    start: float
    end: float
    #: The end of what could be measured: *end*, or the present of a day that is not over.
    until: float
    contract: Contract | None = None
    lines: tuple[SynthesisLine, ...] = ()
    #: The periods of the offer, in its order, whether they counted or not.
    periods: tuple[str, ...] = ()
    consumed: int | None = None
    consumed_eur: Decimal | None = None
    injected: Injected | None = None
    #: The part of the subscription that falls on the day, to the cent.
    subscription: Decimal | None = None
    #: The subscription in €/month.
    subscription_month: Decimal | None = None
    #: Why a price of the day is missing.
    no_price: Text | None = None
    #: Whether a price that is missing can be set in [tariff].
    settable: bool = True
    #: What is to be known of the prices of the day.
    warnings: tuple[Text, ...] = ()
    total: Decimal | None = None
    peak: int | None = None
    peak_at: float | None = None
    base_load: int | None = None
    #: The base load as active power, from the indexes; None when it is not known.
    base_watts: Watts | None = None
    #: What the base load costs in a year of such prices, in €; None where a price is missing.
    base_year_eur: Decimal | None = None
    quality: Quality = Quality()
    #: Whether the log has nothing from before this day.
    first: bool = False
    hours: tuple[Hour, ...] = ()
    #: Register → Wh of each half hour, by the indexes; registers at rest are left out.
    half_hours: tuple[Mapping[str, int], ...] = ()
    #: The registers that were read, in the order of the meter, and ELSEWHERE.
    registers: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()
    breaks: tuple[EpochBreak, ...] = ()
    load: SteadyLoad | None = None
    changes: tuple[Change, ...] = ()
    #: The hours and names of the periods, by topic, as the last line ``Grille:`` has them.
    grid: Mapping[str, str] = MappingProxyType({})
    #: Registers that were in force and not read, so that what they counted is not known.
    unread: tuple[str, ...] = ()
    #: By how many Wh the registers grew more than the total of the meter did; 0 but for rounding.
    apart: int = 0
    #: The mean of the days before of the same kind; None when fewer than two are known.
    usual: Usual | None = None
    #: ``ejp``, ``red`` or ``white`` → how many such days the season still has after this one, where it is known.
    left: Mapping[str, int] = MappingProxyType({})
    #: Whether a mobile peak begins on this day.
    ejp: bool = False
    #: A mobile peak of the day before ends on this day, at 1 h.
    ejp_tail: bool = False
    #: The mobile peak that begins on this day, to its end at 1 h of the next one.
    peak_hours: Peak | None = None
    #: Tempo: the colour of the day, from 6 h on.
    colour: str | None = None
    #: Tempo: the colour of the next day, if the meter has sent it.
    tomorrow: str | None = None
    curve: Curve = Curve()
    #: None when the meter gives neither the currents of its phases nor a voltage.
    phases: Phases | None = None
    kept: Kept = Kept()

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        return self.quality.records == 0

    @property
    def so_far(self) -> bool:
        """Whether the day is not over."""
        return self.until < self.end

    @property
    def length(self) -> int:
        """The length of the day in hours: 23, 24 or 25."""
        return round((self.end - self.start) / _HOUR)

    @property
    def partial(self) -> bool:
        """Whether less than 90 % of the day was heard, so that the day cannot be compared with others."""
        return (not self.empty or self.silent) and self.quality.coverage < _WHOLE

    @property
    def silent(self) -> bool:
        """Whether the day lies within a silence, and its energy is a share of the growth of the indexes over it."""
        return self.empty and self.consumed is not None

    @property
    def lost(self) -> tuple[Gap, ...]:
        """The silences whose energy is not known."""
        return tuple(gap for gap in self.quality.gaps if gap.wh is None)

    @property
    def barely(self) -> bool:
        """Whether less than 1 % of the day was heard or is known from the indexes: it has no energy and no cost."""
        lost = sum(gap.end - gap.start for gap in self.lost)
        return not self.empty and lost > (1 - _BARELY) * (self.until - self.start)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The registers that counted and whose price is not set."""
        return tuple(
            line.code
            for line in self.lines
            if line.wh and line.price is None and line.code not in ("", ELSEWHERE)
        )

    @property
    def price_notes(self) -> tuple[Text, ...]:
        """Why a price is missing, unless it can be set in [tariff], and what is to be known of the prices."""
        complete = self.total is not None
        missing = () if self.no_price is None or self.settable or complete else (self.no_price,)
        return (*missing, *self.warnings)

    @property
    def unaccounted(self) -> bool:
        """Whether the meter counted energy whose register is not known, so that the price of this energy is not."""
        return bool(self.unread) or any(line.code == ELSEWHERE for line in self.lines)

    @property
    def shown_cost(self) -> Decimal | None:
        """The total; if only the price of the subscription is not set, the cost of the energy."""
        return self.consumed_eur if self.total is None else self.total
