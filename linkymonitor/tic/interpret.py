"""Gives a frame its meaning: a Reading, the same in both modes."""

# Strategy
#
# - A field is filled from what this very frame says, and None when it does not say. To hold the last value,
#   to wait for a change to be confirmed or to doubt a figure is for those who see more than one frame.
# - Some things are said by silence (no ADPS: no overload; no PEJP: no notice; no NGTF: no name). Silence
#   counts only when the frame is complete and no group that it lost may have been the one that is missing:
#   see _Said.silent(). Otherwise one damaged group would end a notice or open a new contract. Groups come in
#   one order, so a group damaged after PTEC was no PEJP: a line that is bad at the end of each frame hides no notice.
# - Nine groups in ten are the same as in the frame before, so what was read is remembered by its group; the
#   answer depends on nothing else.

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code
from linkymonitor.tic import parity
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.labels import BY_MODE, Gaps
from linkymonitor.tic.values import Horodate, StatusRegister, normalise, read_day_profile, read_horodate, tidy

#: What a current of one ampere makes of power where no voltage is sent, in VA.
NOMINAL_VOLTAGE = 230

#: The option of a standard meter that has no name for its contract.
UNNAMED = "STANDARD"


class Stamped(NamedTuple):
    """The value of a group that carries a horodate."""

    value: object
    #: When, in UTC; None when the season is blank (mobile peaks) or the date does not exist.
    at: datetime | None
    #: As sent: its digits are French local time.
    horodate: str


def interpret(frame: Frame, mode: Mode, taken_at: datetime) -> Reading:
    """Return what *frame* says.

    Args:
        frame: complete or not; what is missing from it is None in the reading.
        mode: the dialect it was decoded in.
        taken_at: when it was received, aware, in UTC.
    """
    said = _Said(frame, mode)
    return _historique(said, taken_at) if mode is Mode.HISTORIQUE else _standard(said, taken_at)


# --- Groups ---

_UNREADABLE = object()
_REMEMBERED = 1024
_read: dict[Mode, dict[InfoGroup, object]] = {mode: {} for mode in Mode}


def _value(group: InfoGroup, mode: Mode) -> object:
    """Return the typed value of *group*; _UNREADABLE for an unknown label and for data without meaning."""
    row = BY_MODE[mode].get(group.label)
    if row is None:
        return _UNREADABLE
    try:
        if not row.stamped:
            return row.read(group.data)
        horodate = read_horodate(group.horodate or "")
        if row.fills == "meter_clock":
            return horodate
        return Stamped(row.read(group.data), horodate.at, group.horodate or "")
    except ValueError:
        return _UNREADABLE


class _Said:
    """What one frame said, and what it may have lost."""

    def __init__(self, frame: Frame, mode: Mode) -> None:
        self.frame = frame
        self.values: dict[str, object] = {}
        read = _read[mode]
        for group in frame.groups:
            value = read.get(group, read)  # the memory itself stands for "not there": it never holds itself
            if value is read:
                if len(read) >= _REMEMBERED:
                    read.clear()
                value = read[group] = _value(group, mode)
            if value is not _UNREADABLE:
                self.values[group.label] = value
        #: Labels that the frame had but damaged.
        self.lost: frozenset[str] = frozenset()
        #: Where else it may have lost any.
        self.gaps: Gaps | None = None
        if frame.rejected and frame.complete:
            self._look_for_lost(mode)

    def _look_for_lost(self, mode: Mode) -> None:
        lost, unknown = set(), []
        for rejected in self.frame.rejected:
            line = parity.strip(rejected.raw).lstrip(_CONTROLS)
            label = line.split(mode.separator, 1)[0].decode()
            # Bytes that hold a control character may be two groups run together; and a label that is also
            # there in good shape is another one, damaged into it.
            if label not in BY_MODE[mode] or label in self.values or line.translate(None, _CONTROLS) != line:
                unknown.append(rejected.after)
            else:
                lost.add(label)
        self.lost = frozenset(lost)
        if unknown:
            self.gaps = Gaps([group.label for group in self.frame.groups], unknown, mode)

    @property
    def whole(self) -> bool:
        """Whether the frame has lost nothing."""
        return self.frame.complete and not self.frame.rejected

    def silent(self, *labels: str) -> bool:
        """Return whether the meter sent none of *labels*, for certain."""
        if not self.frame.complete:
            return False
        gaps = self.gaps
        return not any(
            label in self.values or label in self.lost or (gaps is not None and gaps.may_hide(label))
            for label in labels
        )

    def missed(self, label: str) -> bool:
        """Return whether *label* is not there but may have been sent."""
        return label not in self.values and not self.silent(label)

    def has(self, labels: frozenset[str]) -> bool:
        """Return whether at least one of *labels* is there."""
        return not labels.isdisjoint(self.values)

    def number(self, label: str) -> int | None:
        """Return the number under *label*, if it is there."""
        value = self.values.get(label)
        return value if isinstance(value, int) else None

    def numbers(self, *labels: str) -> tuple[int | None, ...]:
        """Return the number under each of *labels*, or nothing at all when none is there."""
        numbers = tuple(map(self.number, labels))
        return () if numbers.count(None) == len(numbers) else numbers

    def text(self, label: str) -> str | None:
        """Return the text under *label*, if it is there."""
        value = self.values.get(label)
        return value if isinstance(value, str) else None


_CONTROLS = bytes(byte for byte in range(0x20) if byte != 0x09)


def _total(numbers: tuple[int | None, ...]) -> int | None:
    """Return the sum of *numbers*, None when there are none or one is missing."""
    return None if not numbers or None in numbers else sum(number or 0 for number in numbers)


# --- Historique ---

_OPTARIF = {"BASE": "BASE", "HC..": "HC", "EJP.": "EJP"}
# Index labels in the order of PERIODS.
_INDEX_LABELS = {
    "BASE": ("BASE",),
    "HC": ("HCHC", "HCHP"),
    "EJP": ("EJPHN", "EJPHPM"),
    "TEMPO": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}
_REGISTERS = {option: tuple(map(code, periods)) for option, periods in PERIODS.items()}
_ADIR = ("ADIR1", "ADIR2", "ADIR3")
_IINST = ("IINST1", "IINST2", "IINST3")
# NOI-CPT_02E §2.5.2: a short frame holds nothing else.
_SHORT = frozenset({"ADCO", *_ADIR, *_IINST})
_THREE_PHASES = frozenset({*_ADIR, *_IINST, "IMAX1", "IMAX2", "IMAX3", "PMAX", "PPOT"})
_ONE_PHASE = frozenset({"IINST", "IMAX", "ADPS"})
_COLOUR_LETTERS = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}


def _historique(said: _Said, taken_at: datetime) -> Reading:
    optarif = said.text("OPTARIF")
    period = said.text("PTEC")
    option = "TEMPO" if optarif and optarif.startswith("BBR") else _OPTARIF.get(optarif or "")
    phases = 3 if said.has(_THREE_PHASES) else 1 if said.has(_ONE_PHASE) else None
    currents = said.numbers(*_IINST) if phases == 3 else said.numbers("IINST")
    total = _total(currents)
    short = phases == 3 and said.frame.complete and said.values.keys() <= _SHORT
    power = said.number("PAPP")
    # NOI-CPT_02E §2.4: the first electronic meters do not send PAPP.
    estimated = not short and total is not None and said.silent("PAPP")
    if estimated and total is not None:
        power = total * NOMINAL_VOLTAGE
    injected: int | None = None
    injected_estimated = False
    if not estimated and power is not None:
        # NOI-CPT_54E §6.1.1: PAPP is what is drawn, and stays at zero while the house injects; the current
        # has no sign.
        if power > 0:
            injected = 0
        elif total is not None:
            injected, injected_estimated = total * NOMINAL_VOLTAGE, total > 0
    return Reading(
        taken_at=taken_at,
        mode=Mode.HISTORIQUE,
        short=short,
        meter=said.text("ADCO"),
        contract=None if short else _historique_contract(said, option, phases),
        tariff_period=period,
        apparent_power=power,
        apparent_power_estimated=estimated,
        injected_power=injected,
        injected_power_estimated=injected_estimated,
        currents=currents,
        indexes=_historique_indexes(said, option),
        overload=_historique_overload(said, phases, currents, short=short),
        ejp=_historique_ejp(said, option, period),
        colour=_COLOUR_LETTERS.get(period[3:]) if period and period[2:3] == "J" else None,
        tomorrow=_as_colour(said.values.get("DEMAIN")),
        values=said.values,
    )


def _as_colour(value: object) -> Colour | None:
    return value if isinstance(value, Colour) else None


def _historique_contract(said: _Said, option: str | None, phases: int | None) -> Contract | None:
    if not said.frame.complete or option is None or said.missed("ISOUSC") or said.missed("PAPP"):
        return None
    if phases is None and not said.whole:
        return None
    subscribed = said.number("ISOUSC")
    return Contract(
        mode=Mode.HISTORIQUE,
        option=option,
        registers=_REGISTERS[option],
        # NOI-CPT_02E §2.5.2: ISOUSC is the current of each phase.
        subscribed_power=None if subscribed is None else subscribed * 200 * (phases or 1),
        phases=phases,
        meter=said.text("ADCO"),
        estimated_power="PAPP" not in said.values,
    )


def _historique_indexes(said: _Said, option: str | None) -> Mapping[str, int]:
    indexes = {}
    for name in PERIODS if option is None else (option,):
        for label, register in zip(_INDEX_LABELS[name], _REGISTERS[name], strict=True):
            index = said.number(label)
            if index is not None:
                indexes[register] = index
    return indexes


def _historique_overload(
    said: _Said, phases: int | None, currents: tuple[int | None, ...], *, short: bool
) -> bool | None:
    if "ADPS" in said.values or any(label in said.values for label in _ADIR):
        return True
    if phases != 3:
        return False if phases and said.silent("ADPS") else None
    if short:
        return False if said.silent(*_ADIR) else None
    # The long frame that comes after each twenty short ones has no ADIR (NOI-CPT_02E §2.5.2): it is judged
    # as the meter does, or the overload would seem to stop for its time.
    limit = said.number("ISOUSC")
    if limit is None:
        return None
    if any(current is not None and current > limit for current in currents):
        return True
    return False if _total(currents) is not None else None


def _historique_ejp(said: _Said, option: str | None, period: str | None) -> Ejp:
    if period is None:
        return Ejp.UNKNOWN
    if period == "PM..":
        return Ejp.PEAK
    if period == "HN..":
        if "PEJP" in said.values:
            return Ejp.NOTICE
        return Ejp.NORMAL if said.silent("PEJP") else Ejp.UNKNOWN
    if option == "EJP":
        # An EJP meter that is not in its normal hours is in a peak, whatever it calls it. Without the
        # contract HP.. says nothing: it is the day of any HC contract.
        return Ejp.PEAK
    return Ejp.UNKNOWN if option is None else Ejp.NORMAL


# --- Standard ---

# Names of the historical contracts, normalised; the supplier's own words for the others.
_NGTF = {
    "BASE": "BASE",
    "H PLEINE/CREUSE": "HC",
    "H PLEINE-CREUSE": "HC",
    "HPHC": "HC",
    "HC": "HC",
    "EJP": "EJP",
    "TEMPO": "TEMPO",
}
_SUPPLIER_INDEXES = tuple((f"EASF{number:02d}", f"F{number:02d}") for number in range(1, 11))
_IRMS = ("IRMS1", "IRMS2", "IRMS3")
_URMS = ("URMS1", "URMS2", "URMS3")
_SECOND_AND_THIRD = frozenset(
    f"{name}{phase}" for name in ("IRMS", "URMS", "UMOY", "SINSTS", "SMAXSN") for phase in (2, 3)
)
_FIRST = frozenset({"IRMS1", "URMS1", "UMOY1"})
_MOBILE_PEAK = 2  # the register of an EJP peak, in the order of PERIODS
_NO_MESSAGE = "PAS DE MESSAGE"
_PROFILES = ("PJOURF+1", "PPOINTE")


def _standard(said: _Said, taken_at: datetime) -> Reading:
    found = said.values.get("STGE")
    status = found if isinstance(found, StatusRegister) else None
    option = _standard_option(said)
    tariff = said.number("NTARF")
    if tariff is None and status is not None and status.supplier_index <= len(_SUPPLIER_INDEXES):
        tariff = status.supplier_index
    phases = 3 if said.has(_SECOND_AND_THIRD) else 1 if said.has(_FIRST) else None
    currents = said.numbers(*_IRMS[:phases]) if phases else ()
    voltages = said.numbers(*_URMS[:phases]) if phases else ()
    product = _product(voltages, currents)
    power = said.number("SINSTS")
    # Pilot meters (types 67 and 68) do not send SINSTS.
    estimated = product is not None and status is not None and said.silent("SINSTS")
    if estimated and product is not None and status is not None:
        power = 0 if status.injecting else product
    injected, injected_estimated = _standard_injected(said, status, product)
    registers = () if option is None else _standard_registers(said, option, tariff)
    clock = said.values.get("DATE")
    clock_at = None
    degraded = status is not None and status.clock_degraded
    if isinstance(clock, Horodate):
        clock_at = clock.at
        degraded = degraded or clock.degraded
        if clock_at is None:
            del said.values["DATE"]
        else:
            said.values["DATE"] = clock_at
    if option == "TEMPO":
        _read_tempo_profiles(said)
    message = said.text("MSG1")
    return Reading(
        taken_at=taken_at,
        mode=Mode.STANDARD,
        meter=said.text("ADSC"),
        contract=_standard_contract(said, option, registers, phases, status),
        tariff_period=_standard_period(option, tariff),
        apparent_power=power,
        apparent_power_estimated=estimated,
        injected_power=injected,
        injected_power_estimated=injected_estimated,
        currents=currents,
        voltages=voltages,
        indexes=_standard_indexes(said, option, registers),
        total_index=said.number("EAST"),
        injected_index=said.number("EAIT"),
        overload=None if status is None else status.overload,
        ejp=_standard_ejp(option, status, tariff),
        colour=None if status is None else status.colour,
        tomorrow=None if status is None else status.tomorrow,
        meter_clock=clock_at,
        meter_clock_degraded=degraded,
        message=None if not message or message.upper() == _NO_MESSAGE else message,
        values=said.values,
    )


def _standard_option(said: _Said) -> str | None:
    """Return the option NGTF names, None when the frame has lost it."""
    if said.missed("NGTF"):
        return None
    # NOI-CPT_54E §6.2.3.4: a meter without a text does not send NGTF. To name its contract after its
    # registers would be a guess, so it keeps their numbers.
    name = normalise(said.text("NGTF") or "")
    # What separates fields in the daily log, or breaks its lines, has no place in a name.
    name = tidy("".join(" " if char in ",=" or not char.isprintable() else char for char in name))
    return _NGTF.get(name, name) or UNNAMED


def _standard_registers(said: _Said, option: str, tariff: int | None) -> tuple[str, ...]:
    named = _REGISTERS.get(option, ())
    # A supplier may count in a register that the contract's name does not know, such as a week-end's.
    return named + tuple(
        register
        for number, (label, register) in enumerate(_SUPPLIER_INDEXES, 1)
        if number > len(named) and (said.number(label) or number == tariff)
    )


def _standard_indexes(said: _Said, option: str | None, registers: tuple[str, ...]) -> Mapping[str, int]:
    named = _REGISTERS.get(option or "", ())
    indexes = {}
    for position, (label, register) in enumerate(_SUPPLIER_INDEXES):
        code = named[position] if position < len(named) else register
        index = said.number(label)
        if index is not None and code in registers:
            indexes[code] = index
    return indexes


def _standard_period(option: str | None, tariff: int | None) -> str | None:
    # NOI-CPT_54E §6.2.3: registers count from 1; the decoder lets nothing else through, but a frame may be made.
    if option is None or not tariff:
        return None
    periods = PERIODS.get(option, ())
    return periods[tariff - 1] if tariff <= len(periods) else f"F{tariff:02d}"


def _standard_contract(
    said: _Said,
    option: str | None,
    registers: tuple[str, ...],
    phases: int | None,
    status: StatusRegister | None,
) -> Contract | None:
    if not said.frame.complete or option is None or said.missed("PREF") or said.missed("SINSTS"):
        return None
    if phases is None and not said.whole:
        return None
    if option not in _REGISTERS and (
        said.missed("NTARF") or any(said.missed(label) for label, _ in _SUPPLIER_INDEXES)
    ):
        return None
    producer = "EAIT" in said.values or (status is not None and status.producer)
    if not producer and (said.missed("EAIT") or said.missed("STGE")):
        return None
    subscribed = said.number("PREF")
    return Contract(
        mode=Mode.STANDARD,
        option=option,
        registers=registers,
        subscribed_power=None if subscribed is None else subscribed * 1000,
        phases=phases,
        producer=producer,
        meter=said.text("ADSC"),
        estimated_power="SINSTS" not in said.values,
    )


def _product(voltages: tuple[int | None, ...], currents: tuple[int | None, ...]) -> int | None:
    """Return the sum of the phase powers, without their signs, None when one cannot be told."""
    if not currents or len(voltages) != len(currents) or None in voltages or None in currents:
        return None
    return sum((volts or 0) * (amps or 0) for volts, amps in zip(voltages, currents, strict=True))


def _standard_injected(
    said: _Said, status: StatusRegister | None, product: int | None
) -> tuple[int | None, bool]:
    """Return the injected power and whether it is an estimate."""
    injected = said.number("SINSTI")
    if injected is not None:
        return injected, False
    drawn = said.number("SINSTS")
    if drawn is not None and drawn > 0:
        return 0, False
    if drawn is None or status is None or not said.silent("SINSTI"):
        return None, False
    if not status.injecting:
        return 0, False
    # NOI-CPT_54E §6.2.1.3: without a producer contract there is no SINSTI; STGE alone tells the direction.
    return product, bool(product)


def _standard_ejp(option: str | None, status: StatusRegister | None, tariff: int | None) -> Ejp:
    if option is None:
        return Ejp.UNKNOWN
    if option == "TEMPO":
        return Ejp.NORMAL
    if option == "EJP" and tariff == _MOBILE_PEAK:
        return Ejp.PEAK
    if status is None:
        return Ejp.UNKNOWN
    if status.colour is not None:
        # Tempo under a name of the supplier's own, or none: its white and red days use the peak bits too.
        return Ejp.NORMAL
    # Any other contract with a mobile peak is one with peak days, whatever its name.
    if status.peak:
        return Ejp.PEAK
    return Ejp.NOTICE if status.notice else Ejp.NORMAL


_profile = lru_cache(8)(read_day_profile)


def _read_tempo_profiles(said: _Said) -> None:
    """Read the day profiles again: the same hours mean something else on Tempo."""
    for group in said.frame.groups:
        if group.label in _PROFILES and group.label in said.values:
            with suppress(ValueError):
                said.values[group.label] = _profile(group.data, True)
