"""What the daily log holds: contracts, and the records that stand under them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.model.terms import Colour, Ejp, Mode


class Contract(NamedTuple):
    """The contract that the meter counts for, as far as frames name it.

    Another meter or another option opens a new epoch of the indexes (epochs.py). The other fields rename or bound the
    same registers, so that the indexes run on. A register that is not listed in *registers* stands at zero.
    """

    mode: Mode
    #: ``BASE``, ``HC``, ``EJP``, ``TEMPO``, else the supplier's name for it, normalised.
    option: str
    #: Codes of the registers in use, in the order of the meter: ``("HN", "PM")``, ``("F01", "F03")``.
    registers: tuple[str, ...]
    subscribed_power: int | None = None  # VA
    phases: int | None = None  # 1 or 3
    producer: bool | None = None
    #: The meter's address (ADCO, ADSC). Personal data: never logged or shown as it is.
    meter: str | None = None
    #: True for an old meter without PAPP: its power is current × 230 V.
    estimated_power: bool = False


class Record(NamedTuple):
    """One interval of readings, stamped with its end: started_at < t ≤ ended_at.

    Powers, currents and voltages are means (min and max beside the power); indexes are the last ones.
    A named tuple, because a report makes 7,000 of them (ADR 0023).
    """

    started_at: datetime
    ended_at: datetime
    contract: Contract | None
    tariff_period: str | None
    apparent_power: int | None = None
    power_min: int | None = None
    power_max: int | None = None
    injected_power: int | None = None
    #: Sum over the phases.
    current: int | None = None
    currents: tuple[int | None, ...] = ()
    voltages: tuple[int | None, ...] = ()
    indexes: Mapping[str, int] = MappingProxyType({})
    total_index: int | None = None
    injected_index: int | None = None
    colour: Colour | None = None
    tomorrow: Colour | None = None
    frames: int = 0
    rejected: int = 0
    #: State of the mobile peak in the last frame of the interval that has one; UNKNOWN when no frame has.
    ejp: Ejp = Ejp.UNKNOWN
    #: Whether any frame drew more than the subscription; None in a line of an older version, which lacks it.
    overload: bool | None = None
    #: How many times the stamps of the log had gone back before; meter, series and stamp name one record.
    series: int = 0
