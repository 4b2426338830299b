"""What is known of one local day: plain values, which templates read by these names."""

# Named tuples: a report waits for the making of each dataclass, which takes ten times as long.

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.model.record import Contract
from linkymonitor.money import bill

#: The code of what the total of the meter has counted beyond the registers that are read.
ELSEWHERE = "?"
#: A day of which less was heard is partial.
_WHOLE = 0.9
#: A day of which less was heard or is known by the indexes has no figures worth a total.
_BARELY = 0.01
_HOUR = 3600


class SynthesisLine(NamedTuple):
    """One register over the day or the range: a line of the synthesis."""

    code: str
    #: None when the register counted and was not read.
    wh: int | None
    #: The register's last reading, None when the contract changed since.
    reading: int | None = None
    price: Decimal | None = None
    #: Rounded to the cent; None when the price is not set.
    eur: Decimal | None = None


class Injected(NamedTuple):
    """Energy given to the grid; an interval when it is estimated."""

    wh: int
    low_wh: int
    high_wh: int
    estimated: bool
    reading: int | None = None
    #: True when part of the day was not heard and what it gave is not known: the truth is *low_wh* or more.
    at_least: bool = False
    #: What a kWh is paid, in €; None when it is not set.
    price: Decimal | None = None

    @property
    def eur(self) -> Decimal | None:
        """What it is paid, to the cent; an estimate earns nothing."""
        if self.price is None or self.estimated:
            return None
        return bill.round_cents(bill.cost(self.wh, self.price))


class Gap(NamedTuple):
    """A silence longer than five minutes, within its day."""

    start: float
    end: float
    #: Known by the indexes of both ends; None when one of them is missing.
    wh: int | None
    #: True when it runs past a midnight, so that its energy is shared by time.
    shared: bool = False


class Hour(NamedTuple):
    """One hour of the day, by the indexes."""

    start: float
    #: The hour on the wall, 0 to 23; twice the same on the day that has 25.
    hour: int
    #: Offset from UTC, in seconds, to tell these two apart.
    offset: int
    energy: Mapping[str, int]
    wh: int
    #: Not rounded; None when a price is missing.
    eur: Decimal | None
    #: False when a gap hides its shape.
    known: bool
    #: False when nothing was measured, or not yet.
    measured: bool


class Band(NamedTuple):
    """A stretch of one tariff period."""

    start: float
    end: float
    code: str


class SteadyLoad(NamedTuple):
    """A long steady load that stands out of the day."""

    start: float
    end: float
    #: Above the night minimum, in VA.
    va: int
    codes: tuple[str, ...]


class EpochBreak(NamedTuple):
    """Where indexes start anew."""

    at: float
    #: True when meter or contract changed, False when an index leapt or went back.
    contract: bool


class Change(NamedTuple):
    """What the meter states otherwise than before of its contract."""

    at: float
    #: A field of `Contract`, else a topic of the line ``Grille:``, ``noms`` with its register.
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

    #: The share of what could be measured, 0 to 1.
    coverage: float = 0.0
    records: int = 0
    frames: int = 0
    rejected: int = 0
    gaps: tuple[Gap, ...] = ()
    #: Of what was rejected, the groups that could be read and were not believed, by cause; None when nobody knows.
    held: Mapping[str, int] | None = None
    #: False when some of these causes may be missing.
    held_whole: bool = False


class Usual(NamedTuple):
    """The mean of the last days of one kind: with a peak or without, of one colour, on a weekday or at a week-end."""

    #: How many days.
    days: int
    wh: int
    #: None when the cost of one of them is not known.
    eur: Decimal | None


class DayFigures(NamedTuple):
    """All figures of one local day: energies in Wh, powers in VA, times in POSIX seconds.

    One that is not known is None, or empty.
    """

    date: date
    timezone: str
    start: float
    end: float
    #: The end of what could be measured: *end*, or the present of a day that is not over.
    until: float
    contract: Contract | None = None
    lines: tuple[SynthesisLine, ...] = ()
    consumed: int | None = None
    consumed_eur: Decimal | None = None
    injected: Injected | None = None
    subscription: Decimal | None = None
    total: Decimal | None = None
    peak: int | None = None
    peak_at: float | None = None
    base_load: int | None = None
    quality: Quality = Quality()
    hours: tuple[Hour, ...] = ()
    bands: tuple[Band, ...] = ()
    breaks: tuple[EpochBreak, ...] = ()
    load: SteadyLoad | None = None
    changes: tuple[Change, ...] = ()
    #: The hours and names of the periods, by topic, as the last line ``Grille:`` has them.
    grid: Mapping[str, str] = MappingProxyType({})
    #: Registers that were in force and not read, so that what they counted is not known.
    unread: tuple[str, ...] = ()
    #: By how many Wh the registers went on further than the total of the meter, 0 but for rounding.
    apart: int = 0
    #: What days of its kind use; None when fewer than two are known.
    usual: Usual | None = None
    #: ``ejp``, ``red`` or ``white`` → how many such days the season still has after this one, where it is known.
    left: Mapping[str, int] = MappingProxyType({})
    #: Whether a mobile peak begins on this day.
    ejp: bool = False
    #: A mobile peak of the day before ends on this day, at 1 h.
    ejp_tail: bool = False
    #: Tempo: the colour from 6 h, and that of tomorrow if the meter sends it.
    colour: str | None = None
    tomorrow: str | None = None
    curve: Curve = Curve()

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
        """Whether so much of what could be measured was not that the day cannot be set beside others."""
        return (not self.empty or self.silent) and self.quality.coverage < _WHOLE

    @property
    def silent(self) -> bool:
        """Whether the day lies within a silence, and its energy is a share of what the indexes went on by."""
        return self.empty and self.consumed is not None

    @property
    def lost(self) -> tuple[Gap, ...]:
        """The silences whose energy nobody knows."""
        return tuple(gap for gap in self.quality.gaps if gap.wh is None)

    @property
    def barely(self) -> bool:
        """Whether so little was heard that neither the energy nor the cost of the day is known."""
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
    def unaccounted(self) -> bool:
        """Whether energy was counted that no register accounts for, so that its price is not known."""
        return bool(self.unread) or any(line.code == ELSEWHERE for line in self.lines)

    @property
    def shown_cost(self) -> Decimal | None:
        """The total, else the cost of the energy when only the subscription is not set."""
        return self.consumed_eur if self.total is None else self.total
