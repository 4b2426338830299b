"""A reading, which has the values of one frame; and a view: the reading beside tariff, line and day, for outputs."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "PERIODS",
    "Colour",
    "Contract",
    "DayTotals",
    "Ejp",
    "Health",
    "Mode",
    "MonthTotals",
    "Reading",
    "Record",
    "TariffState",
    "View",
    "code",
]

#: The mapping of a value that holds nothing: nobody can write into it.
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reading(NamedTuple):
    """The values of one frame, in the same fields for both modes.

    A field is None when the frame lacks its group. No field is a guess, but for the two powers with an
    ``…_estimated`` flag. Energies are in Wh, powers in VA, currents in A, voltages in V.
    """

    #: When the frame was heard, aware, UTC. Unless ``dated`` it is what the clock showed, which may be wrong.
    taken_at: datetime
    mode: Mode
    #: False while acquire waits for a clock that it can believe (docs/adr/0020); open_meter does not wait.
    dated: bool = True
    #: A three-phase short frame (NOI-CPT_02E §2.5.2): currents and overload are new; the rest is that of the last whole
    #: frame.
    short: bool = False
    meter: str | None = None
    contract: Contract | None = None
    #: As the historique TIC codes it (``HN..``, ``HCJB``) where there is such a code, else ``F01`` … ``F10``.
    tariff_period: str | None = None
    apparent_power: int | None = None
    apparent_power_estimated: bool = False
    injected_power: int | None = None
    injected_power_estimated: bool = False
    currents: tuple[int | None, ...] = ()  # one for each phase
    voltages: tuple[int | None, ...] = ()  # one for each phase
    #: Register code (``HN``, ``PM``, ``TH``, ``F01``…) → Wh.
    indexes: Mapping[str, int] = _NOTHING
    total_index: int | None = None
    injected_index: int | None = None
    #: Power above the subscription, from ADPS, ADIRn or STGE bit 7; None when a damaged frame does not show it.
    overload: bool | None = None
    #: Mobile peak according to this frame alone; UNKNOWN when a damaged frame does not show it.
    ejp: Ejp = Ejp.UNKNOWN
    colour: Colour | None = None
    tomorrow: Colour | None = None
    meter_clock: datetime | None = None  # aware, UTC
    meter_clock_degraded: bool = False
    message: str | None = None
    #: Everything by label, typed by the label table.
    values: Mapping[str, object] = _NOTHING
    #: Label → horodate and data as the meter sent them; empty unless they are asked for.
    raw: Mapping[str, tuple[str | None, str]] = _NOTHING


class TariffState(NamedTuple):
    """The tariff according to the readings so far."""

    ejp: Ejp = Ejp.UNKNOWN
    #: True when the contract in force has mobile peaks that a lamp should announce.
    has_peaks: bool = False
    tariff_period: str | None = None
    colour: Colour | None = None
    tomorrow: Colour | None = None
    overload: bool = False
    #: The contract in the last frame that names one.
    contract: Contract | None = None


class Health(NamedTuple):
    """How well the meter is heard."""

    frames: int = 0
    incomplete: int = 0
    #: Complete frames of which one border (STX or ETX) was damaged.
    unframed: int = 0
    #: Believed groups of complete frames: neither rejected by the decoder nor held back.
    groups: int = 0
    rejected: Mapping[str, int] = _NOTHING  # cause → count
    last_heard: float | None = None  # monotonic seconds of the last believed frame
    speed: int | None = None
    #: True when the source carries parity, False when it has been stripped, None when not yet known.
    parity: bool | None = None
    #: True when the parity is odd where the TIC has even.
    parity_inverted: bool = False


class DayTotals(NamedTuple):
    """The energy and the cost of the local day so far."""

    energy: Mapping[str, int] = _NOTHING  # register code → Wh
    #: Register code → €; a code whose price is not set is absent.
    cost: Mapping[str, "Decimal"] = _NOTHING
    #: Sum of *cost*; None when a price that is needed is not set.
    total_cost: "Decimal | None" = None
    #: The local day; None while it is not known.
    day: date | None = None
    #: Period of the offer → Wh: what the costs are made of.
    periods: Mapping[str, int] = _NOTHING


class MonthTotals(NamedTuple):
    """The energy and the cost of the local month, or of the bill that is running, so far; and what it comes to."""

    #: Its first day.
    first: date
    wh: int
    #: The subscription of the days that have begun included; None when a price that is needed is not set.
    eur: "Decimal | None"
    #: Days of which the energy is known, today included, of the days that have begun.
    known_days: int
    days: int
    #: The cost at the end of the month, and its bounds; None when it cannot be known.
    expected: "Decimal | None" = None
    low: "Decimal | None" = None
    high: "Decimal | None" = None
    #: The last day of the bill; None when this is a month of the calendar.
    bill_until: date | None = None


class View(NamedTuple):
    """All that an output may need; the appliance composes it for each frame."""

    reading: Reading
    tariff: TariffState = TariffState()
    health: Health = Health()
    today: DayTotals = DayTotals()
    #: None while it is not known, or when no display shows it.
    month: MonthTotals | None = None
    #: Monotonic seconds at which the frame was complete.
    now: float = 0.0
