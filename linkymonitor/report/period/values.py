"""What is known of a period (a month, a year, any range of local days): plain values, which templates read by name."""

# All are named tuples, as those of a day are (report/day.py). Their annotations are no texts, which Python would have
# to compile at each start. Energies are in Wh, powers in VA or W, money in €.

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.estimate.day_cost import DayCost
from linkymonitor.estimate.linkypy import LinkyPy
from linkymonitor.estimate.projection import Projection
from linkymonitor.language import Text
from linkymonitor.model.epochs import advance

#: First and last day, both included.
Range = tuple[date, date]


class Line(NamedTuple):
    """One period of the offer over the range: a line of the account."""

    code: str
    name: Text
    #: None when a register counted and was not read.
    wh: int | None
    #: The prices of the kWh on these days, in the order in which they came.
    prices: tuple[Decimal, ...]
    #: Rounded once, to the cent; None when a price is not known.
    eur: Decimal | None

    @property
    def mean_price(self) -> Decimal | None:
        """The price of the kWh: the one price, else € divided by kWh; None when it is not known."""
        if len(self.prices) == 1:
            return self.prices[0]
        return self.eur * 1000 / self.wh if self.eur is not None and self.wh else None


class PeriodInjected(NamedTuple):
    """Energy given to the grid over the range."""

    wh: int
    low_wh: int
    high_wh: int
    estimated: bool
    at_least: bool
    #: What is paid for it, to the cent; None when no price is set, or for an estimate.
    eur: Decimal | None


class Readings(NamedTuple):
    """The index of a register as the first measured day of the range begins and as the last one ends, in Wh."""

    first: int
    last: int

    @property
    def grown(self) -> int:
        """By how many Wh the last one is ahead of the first one."""
        return advance(self.first, self.last)


class Gap(NamedTuple):
    """A silence longer than five minutes."""

    start: float
    end: float
    wh: int | None


class Coverage(NamedTuple):
    """How much of the range was heard, and how well."""

    share: float
    records: int
    frames: int
    rejected: int
    gaps: tuple[Gap, ...]
    #: Days that were heard nearly whole, of days that are over.
    whole_days: int
    over_days: int


class Before(NamedTuple):
    """An earlier period that a period is compared with: pairs of days, a day of each, both measured whole."""

    first: date
    last: date
    #: How many pairs of days are compared: whole days in both periods.
    days: int
    wh: int
    eur: Decimal | None
    #: What these same days of the period itself used and cost.
    own_wh: int
    own_eur: Decimal | None
    #: How much of the difference comes of other prices, the rest of other use; None when it cannot be computed.
    by_price: Decimal | None
    #: How many of these earlier days were EJP days or days of each colour.
    kinds: Mapping[str, int]
    #: The base load of these earlier nights, in VA; None when it is not known.
    base_va: int | None
    #: Date → what the day before it stands for had used and cost: the marks behind the bars.
    marks: Mapping[date, DayCost]


class MeanDay(NamedTuple):
    """The mean of whole days of one kind: what each half hour uses, in Wh."""

    #: ``weekday``, ``weekend``, ``ejp``, ``red``.
    kind: str
    days: int
    half_hours: Sequence[float]

    @property
    def wh(self) -> float:
        """Wh of such a day."""
        return sum(self.half_hours)


class BaseLoad(NamedTuple):
    """What the house draws when it sleeps."""

    #: The median of the nights, in VA, and of how many nights.
    va: int
    nights: int
    #: The same in W, by the indexes, as an interval: None where they were not read.
    low_watts: int | None = None
    high_watts: int | None = None
    #: Of the energy of the range, 0 to 1.
    share: float | None = None
    #: What it cost in this range; None where a price is missing.
    eur: Decimal | None = None
    #: The days that were measured.
    days: int = 0


class PhaseRange(NamedTuple):
    """The extremes of one phase; what was not measured is None."""

    lowest: float | None
    lowest_on: date | None
    mean: float | None
    highest: float | None
    highest_on: date | None
    current_mean: float | None
    current_most: float | None


class Special(NamedTuple):
    """The days of one kind, ``ejp``, ``red``, ``white`` or ``blue``: how many, and what their periods cost."""

    kind: str
    days: int
    wh: int
    eur: Decimal | None


class PriceStep(NamedTuple):
    """One term of the prices that changes."""

    #: ``offer``, ``subscription``, ``injection``, else a period of the offer.
    what: str
    before: Decimal | str | None
    after: Decimal | str | None


class Mark(NamedTuple):
    """An event of the range, drawn as a vertical line: other prices, another meter, another contract."""

    day: date
    #: ``price``, ``meter``, ``contract``, ``index``.
    kind: str
    text: Text
    #: Of new prices: what changes.
    steps: tuple[PriceStep, ...] = ()


class Month(NamedTuple):
    """One month of a range of several."""

    first: date
    last: date
    wh: int | None
    eur: Decimal | None
    energy: Mapping[str, int]
    costs: Mapping[str, Decimal | None]
    subscription: Decimal | None
    injected: int | None
    injected_eur: Decimal | None
    days: int
    #: Many of its days are missing, or still to come.
    part: bool


class PeriodFigures(NamedTuple):
    """All figures of a period. A figure that is not known is None, or empty."""

    first: date
    last: date
    timezone: str
    #: The first and the last day that were measured; None when none was.
    since: date | None
    until: date | None
    #: The day that is not over, if it is in the range.
    today: date | None
    option: str | None
    subscribed_kva: int | None
    lines: tuple[Line, ...]
    #: Energy that is known, in Wh; None when nothing is, or a register was not read.
    consumed: int | None
    consumed_eur: Decimal | None
    subscription: Decimal | None
    #: Days that bear the subscription.
    subscription_days: int
    total: Decimal | None
    #: Why there is no total.
    reason: Text | None
    #: What is to be known of the prices: they may be out of date, one is doubtful.
    warnings: tuple[Text, ...]
    #: Since when the newest prices of the period are in force, and the price table that they are from; None: not said.
    prices_since: date | None
    offer: str | None
    #: When the price table was checked.
    prices_checked: date | None
    injected: PeriodInjected | None
    peak: int | None
    peak_at: float | None
    base: BaseLoad | None
    coverage: Coverage
    days: tuple[DayCost, ...]
    months: tuple[Month, ...]
    means: tuple[MeanDay, ...]
    phases: tuple[PhaseRange, ...]
    specials: tuple[Special, ...]
    best: tuple[DayCost, ...]
    worst: tuple[DayCost, ...]
    marks: tuple[Mark, ...]
    #: Days of the range without any data, from the first measured day on; registers in force that were not read.
    missing: tuple[date, ...]
    unread: tuple[str, ...]
    #: Wh of no known register.
    elsewhere: int
    #: By how much the sum of the days, as their pages show them, and of *apart* differs from the total.
    rounding: Decimal | None
    #: What the total has of days whose pages show no amount: their subscription, and the energy of days hardly heard.
    apart: Decimal | None
    #: The periods of the offers of these days, in their order, whether they counted or not.
    periods: tuple[str, ...] = ()
    #: Register, or INJECTED → its indexes; none where they are not known.
    readings: Mapping[str, Readings] = MappingProxyType({})
    #: By how many Wh the registers and the total of the meter differ; None when the meter has no total.
    registers_apart: int | None = None
    before: Before | None = None
    #: What it comes to when it is over; None when that is long ago, or cannot be known, and why it cannot.
    projection: Projection | None = None
    no_projection: Text | None = None
    #: What LinkyPy computes for such a month.
    linkypy: LinkyPy | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        return self.since is None

    @property
    def known_in_part(self) -> bool:
        """Whether energy was used that no sum has: on days without data, or in silences between two epochs."""
        return bool(self.missing) or any(gap.wh is None for gap in self.coverage.gaps)

    @property
    def measured_whole(self) -> bool:
        """Whether the range is over, and each of its days was heard."""
        return (
            self.today is None and self.since == self.first and self.until == self.last and not self.missing
        )

    @property
    def whole_month(self) -> bool:
        """Whether the range is a month of the calendar."""
        return kind_of_range((self.first, self.last)) == "month"

    @property
    def whole_year(self) -> bool:
        """Whether the range is a year of the calendar."""
        return kind_of_range((self.first, self.last)) == "year"

    @property
    def name(self) -> str:
        """The name of the file of the page, without its ending."""
        return period_name(self.first, self.last)


def last_of_month(day: date) -> date:
    """Return the last day of the month of *day*."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def month_of(day: date) -> Range:
    """Return the month of *day*."""
    first = day.replace(day=1)
    return first, last_of_month(first)


def year_of(day: date) -> Range:
    """Return the year of *day*."""
    return date(day.year, 1, 1), date(day.year, 12, 31)


def kind_of_range(period: Range) -> str:
    """Return whether *period* is a ``month``, a ``year`` or another ``range``."""
    if period == year_of(period[0]):
        return "year"
    return "month" if period == month_of(period[0]) else "range"


def period_name(first: date, last: date) -> str:
    """Return the name of the page of a range: ``2026-01``, ``2026``, ``2026-01-05_2026-01-11``."""
    kind = kind_of_range((first, last))
    if kind == "range":
        return f"{first}_{last}"
    return f"{first:%Y}" if kind == "year" else f"{first:%Y-%m}"
