"""Reads the data of a group: horodates, registers, day profiles; no label, no state."""

# Strategy
#
# - A reader takes the text as the meter sends it and raises ValueError, in one sentence, on what it cannot
#   read. Nothing here knows which label the text came under, nor remembers anything.
# - What the specification leaves open is decided here once, and said: the hour coding of a day profile.

# No `from __future__ import annotations` here: each field of a NamedTuple would be compiled from its text at import.

from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple

from linkymonitor.model.terms import Colour

_HEXADECIMAL = frozenset("0123456789ABCDEF")


def _register(text: str, width: int) -> int:
    """Return the unsigned number written in *width* hexadecimal digits."""
    # int() alone would let signs, blanks and underscores through.
    if len(text) != width or not _HEXADECIMAL.issuperset(text):
        raise ValueError(f"{text!r}: expected {width} hexadecimal digits")
    return int(text, 16)


# --- Text ---


def tidy(text: str) -> str:
    """Return *text* without the blanks that pad and centre it (NOI-CPT_54E §6.2.3.4, §6.2.3.15)."""
    return " ".join(text.split())


def normalise(text: str) -> str:
    """Return a supplier's text (NGTF, LTARF) in the form it is compared in: tidy and upper case."""
    return tidy(text).upper()


# --- Horodate ---

#: Hours to subtract from the local time of each season; the blank one says no time at all.
_OFFSETS = {
    "H": timedelta(hours=1),
    "E": timedelta(hours=2),
    "h": timedelta(hours=1),
    "e": timedelta(hours=2),
    " ": None,
}


class Horodate(NamedTuple):
    """The time stamp of a group."""

    #: ``H`` winter, ``E`` summer, in lower case when the clock is degraded; a blank when not applicable.
    season: str
    #: The twelve digits as sent, French local time: ``AAMMJJhhmmss``.
    digits: str
    #: The same in UTC; None for a blank season or a date that does not exist.
    at: datetime | None
    #: The meter has lost its clock and says so.
    degraded: bool


def read_horodate(text: str) -> Horodate:
    """Read a horodate ``SAAMMJJhhmmss`` (NOI-CPT_54E §6.2.1.1).

    Raises:
        ValueError: *text* is not a season and twelve digits. A date that does not exist is no error:
            a meter that has lost its clock sends some.
    """
    season, digits = text[:1], text[1:]
    if season not in _OFFSETS or len(digits) != 12 or not (digits.isdigit() and digits.isascii()):
        raise ValueError(f"{text!r}: expected a season letter and twelve digits")
    return Horodate(season, digits, _instant(season, digits), season in "he")


def _instant(season: str, digits: str) -> datetime | None:
    offset = _OFFSETS[season]
    if offset is None:
        return None
    year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC) - offset
    except ValueError:
        return None


# --- Status register ---


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
    """What STGE says, field by field (NOI-CPT_54E §6.2.3.14)."""

    contact_open: bool
    cut_off: CutOff
    cover_open: bool
    over_voltage: bool
    #: The reference power is being exceeded.
    overload: bool
    producer: bool
    #: The active energy flows from the house to the grid.
    injecting: bool
    #: Supplier register in force, counted from 1 like NTARF.
    supplier_index: int
    #: Distributor register in force, counted from 1.
    distributor_index: int
    clock_degraded: bool
    #: The TIC is in standard mode.
    standard: bool
    euridis: EuridisOutput
    plc: PlcStatus
    plc_synchronised: bool
    #: Tempo colours; None when there is none, or none yet.
    colour: Colour | None
    tomorrow: Colour | None
    #: Mobile peak announced and in progress: 1 to 3, 0 for none. On Tempo, white is 1 and red is 2.
    notice: int
    peak: int


def read_status(text: str) -> StatusRegister:
    """Read the status register STGE (NOI-CPT_54E §6.2.3.14).

    Raises:
        ValueError: *text* is not eight hexadecimal digits.
    """
    bits = _register(text, 8)
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


# --- Contacts and phases ---


def read_relays(text: str) -> tuple[bool, ...]:
    """Read RELAIS (NOI-CPT_54E §6.2.3.19): closed or not, the dry contact first, then the seven virtual ones.

    Raises:
        ValueError: *text* is not three digits of at most 255.
    """
    if len(text) != 3 or not (text.isdigit() and text.isascii()) or int(text) > 255:
        raise ValueError(f"{text!r}: expected 000 to 255")
    bits = int(text)
    return tuple(bool(bits >> relay & 1) for relay in range(8))


def read_potentials(text: str) -> tuple[bool, ...]:
    """Read PPOT (NOI-CPT_02E §2.5.2): whether each of the three phases has its voltage.

    Raises:
        ValueError: *text* is not two hexadecimal digits.
    """
    absent = _register(text, 2)
    return tuple(not absent >> phase & 1 for phase in (1, 2, 3))


# --- Day profiles ---

_UNUSED = "NONUTILE"
_BLOCKS = 11
_MINUTES_A_DAY = 24 * 60


class Contact(Enum):
    """What a switch of a day profile does to the dry contact (NOI-CPT_54E §6.2.3.21, bits 14 and 15)."""

    UNCHANGED = 0
    TEMPO = 1
    OPEN = 2
    CLOSED = 3


class Switch(NamedTuple):
    """One block of a day profile: what happens at a time of the day."""

    start: time
    contact: Contact
    #: Closed or not, the seven virtual contacts in order.
    virtual_contacts: tuple[bool, ...]
    #: Supplier register from then on; None when it does not change.
    supplier_index: int | None


def read_day_profile(text: str, tempo: bool = False) -> tuple[Switch, ...]:
    """Read a day profile, PJOURF+1 or PPOINTE (NOI-CPT_54E §6.2.3.21, §6.2.3.22).

    Meters write the hours in decimal (``22004001``) or in hexadecimal (``16004001``), and none says which.
    A coding is possible when every time exists and each is later than the one before. Where both are,
    decimal is taken, but for a Tempo day whose last switch is at 1600: that contract switches at 22:00.

    Args:
        text: one to eleven blocks with a space between (some relays cut the text).
        tempo: the contract in force is Tempo.

    Raises:
        ValueError: a block is malformed, or the times fit neither coding.
    """
    blocks = text.split(" ")
    if len(blocks) > _BLOCKS:
        raise ValueError(f"{len(blocks)} blocks: expected at most {_BLOCKS}")
    used = [block for block in blocks if block != _UNUSED]
    actions = [_register(block, 8) & 0xFFFF for block in used]
    starts = _starts(used, 10)
    hexadecimal = _starts(used, 16)
    if starts is None or (tempo and hexadecimal is not None and used and used[-1].startswith("1600")):
        starts = hexadecimal
    if starts is None:
        raise ValueError(f"{text!r}: the hours fit neither the decimal nor the hexadecimal coding")
    return tuple(_switch(start, action) for start, action in zip(starts, actions, strict=True))


def _starts(blocks: list[str], base: int) -> list[int] | None:
    """Return the start of each block in minutes after midnight, or None when *base* cannot be its coding."""
    starts = []
    last = -1
    for block in blocks:
        try:
            hour, minute = int(block[:2], base), int(block[2:4], base)
        except ValueError:
            return None
        start = hour * 60 + minute
        if minute > 59 or not last < start < _MINUTES_A_DAY:
            return None
        starts.append(start)
        last = start
    return starts


def _switch(start: int, action: int) -> Switch:
    index = action & 15
    return Switch(
        start=time(start // 60, start % 60),
        contact=Contact(action >> 14),
        virtual_contacts=tuple(bool(action >> bit & 1) for bit in range(4, 11)),
        supplier_index=index if 1 <= index <= 10 else None,
    )


def read_colour(text: str) -> Colour | None:
    """Read DEMAIN (NOI-CPT_02E §2.3.3): tomorrow's colour, None while it is not known.

    Raises:
        ValueError: *text* is no colour.
    """
    return None if text == "----" else Colour(text)
