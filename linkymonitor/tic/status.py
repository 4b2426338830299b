"""Reads the status register, STGE."""

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from enum import Enum
from typing import NamedTuple

from linkymonitor.model.terms import Colour
from linkymonitor.tic.values import read_register


class CutOff(Enum):
    """The cut-off device of the meter (NOI-CPT_54E §6.2.3.14, bits 1 to 3)."""

    CLOSED = 0
    OPEN_OVER_POWER = 1
    OPEN_OVER_VOLTAGE = 2
    OPEN_LOAD_SHEDDING = 3
    OPEN_ON_ORDER = 4
    #: Open on overheating, with a current above what the device may switch.
    OPEN_OVERHEATING_HIGH_CURRENT = 5
    OPEN_OVERHEATING = 6
    UNDEFINED = 7


class EuridisOutput(Enum):
    """The Euridis output (NOI-CPT_54E §6.2.3.14, bits 19 and 20)."""

    OFF = 0
    ON_UNSECURED = 1
    UNDEFINED = 2
    ON_SECURED = 3


class PlcStatus(Enum):
    """The power-line modem (NOI-CPT_54E §6.2.3.14, bits 21 and 22)."""

    NEW_UNLOCK = 0
    NEW_LOCK = 1
    REGISTERED = 2
    UNDEFINED = 3


_COLOURS = (None, Colour.BLUE, Colour.WHITE, Colour.RED)


class StatusRegister(NamedTuple):
    """The fields of STGE (NOI-CPT_54E §6.2.3.14)."""

    contact_open: bool
    cut_off: CutOff
    cover_open: bool
    over_voltage: bool
    #: True while the power drawn exceeds the subscribed power.
    overload: bool
    producer: bool
    #: True while active energy flows from the house to the grid.
    injecting: bool
    #: Supplier register in force, counted from 1 like NTARF.
    supplier_index: int
    #: Distributor register in force, counted from 1.
    distributor_index: int
    clock_degraded: bool
    #: True when the TIC is in standard mode.
    standard: bool
    euridis: EuridisOutput
    plc: PlcStatus
    plc_synchronised: bool
    #: Tempo colours of today and of tomorrow; None when there is none, or none yet.
    colour: Colour | None
    tomorrow: Colour | None
    #: Number of the mobile peak that is announced, and of the one in progress: 1 to 3, 0 for none. Under Tempo, 1 is
    #: a white day and 2 a red one.
    notice: int
    peak: int


def read_status(text: str) -> StatusRegister:
    """Read the status register STGE (NOI-CPT_54E §6.2.3.14).

    Raises:
        ValueError: *text* is not eight hexadecimal digits.
    """
    bits = read_register(text, 8)
    return StatusRegister(
        contact_open=bool(bits & 1),
        cut_off=CutOff(bits >> 1 & 7),
        cover_open=bool(bits >> 4 & 1),
        over_voltage=bool(bits >> 6 & 1),
        overload=bool(bits >> 7 & 1),
        producer=bool(bits >> 8 & 1),
        injecting=bool(bits >> 9 & 1),
        supplier_index=(bits >> 10 & 15) + 1,
        distributor_index=(bits >> 14 & 3) + 1,
        clock_degraded=bool(bits >> 16 & 1),
        standard=bool(bits >> 17 & 1),
        euridis=EuridisOutput(bits >> 19 & 3),
        plc=PlcStatus(bits >> 21 & 3),
        plc_synchronised=bool(bits >> 23 & 1),
        colour=_COLOURS[bits >> 24 & 3],
        tomorrow=_COLOURS[bits >> 26 & 3],
        notice=bits >> 28 & 3,
        peak=bits >> 30 & 3,
    )
