"""Gives a frame of the standard mode its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Ejp, Mode
from linkymonitor.tic.content import REGISTERS, FrameContent, shared
from linkymonitor.tic.day_profile import read_day_profile
from linkymonitor.tic.horodate import Horodate
from linkymonitor.tic.status import StatusRegister
from linkymonitor.tic.values import normalise, tidy

#: The option of a standard meter that has no name for its contract.
UNNAMED = "STANDARD"

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
# The ten indexes of the supplier: labels, and the codes of registers that the contract does not name.
_SUPPLIER_LABELS = tuple(f"EASF{number:02d}" for number in range(1, 11))
_SUPPLIER_CODES = tuple(f"F{number:02d}" for number in range(1, 11))
_IRMS = ("IRMS1", "IRMS2", "IRMS3")
_URMS = ("URMS1", "URMS2", "URMS3")
_SECOND_AND_THIRD = frozenset(
    f"{name}{phase}" for name in ("IRMS", "URMS", "UMOY", "SINSTS", "SMAXSN") for phase in (2, 3)
)
_FIRST = frozenset({"IRMS1", "URMS1", "UMOY1"})
_MOBILE_PEAK = 2  # the register of an EJP peak, in the order of PERIODS
_NO_MESSAGE = "PAS DE MESSAGE"
_PROFILES = ("PJOURF+1", "PPOINTE")


def interpret_standard(content: FrameContent, taken_at: datetime) -> Reading:
    """Return the reading of a frame in the standard mode."""
    found = content.values.get("STGE")
    status = found if isinstance(found, StatusRegister) else None
    option = _option(content)
    tariff = content.number("NTARF")
    if tariff is None and status is not None and status.supplier_index <= len(_SUPPLIER_LABELS):
        tariff = status.supplier_index
    phases = 3 if content.has(_SECOND_AND_THIRD) else 1 if content.has(_FIRST) else None
    currents = content.numbers(*_IRMS[:phases]) if phases else ()
    voltages = content.numbers(*_URMS[:phases]) if phases else ()
    product = _product(voltages, currents)
    power = content.number("SINSTS")
    # Pilot meters (types 67 and 68) do not send SINSTS.
    estimated = product is not None and status is not None and content.silent("SINSTS")
    if estimated and product is not None and status is not None:
        power = 0 if status.injecting else product
    injected, injected_estimated = _injected(content, status, product)
    indexes = [content.number(label) for label in _SUPPLIER_LABELS]
    registers = () if option is None else _registers(option, tariff, indexes)
    clock = content.values.get("DATE")
    clock_at = None
    degraded = status is not None and status.clock_degraded
    if isinstance(clock, Horodate):
        clock_at = clock.at
        degraded = degraded or clock.degraded
        if clock_at is None:
            del content.values["DATE"]
        else:
            content.values["DATE"] = clock_at
    if option == "TEMPO":
        _read_tempo_profiles(content)
    message = content.text("MSG1")
    return Reading(
        taken_at=taken_at,
        mode=Mode.STANDARD,
        meter=content.text("ADSC"),
        contract=_contract(content, option, registers, phases, status),
        tariff_period=_period(option, tariff),
        apparent_power=power,
        apparent_power_estimated=estimated,
        injected_power=injected,
        injected_power_estimated=injected_estimated,
        currents=currents,
        voltages=voltages,
        indexes=_indexes(option, registers, indexes),
        total_index=content.number("EAST"),
        injected_index=content.number("EAIT"),
        overload=None if status is None else status.overload,
        ejp=_ejp(option, status, tariff),
        colour=None if status is None else status.colour,
        tomorrow=None if status is None else status.tomorrow,
        meter_clock=clock_at,
        meter_clock_degraded=degraded,
        message=None if not message or message.upper() == _NO_MESSAGE else message,
        values=content.values,
    )


def _option(content: FrameContent) -> str | None:
    """Return the option that NGTF names, None when the frame has lost NGTF."""
    if content.missed("NGTF"):
        return None
    # NOI-CPT_54E §6.2.3.4: a meter without a text does not send NGTF. To name its contract after its
    # registers would be a guess, so it keeps their numbers.
    return _option_named(content.text("NGTF") or "")


@lru_cache(8)
def _option_named(text: str) -> str:
    """Return the option of a contract whose name is *text*."""
    name = normalise(text)
    # What separates fields in the daily log, or breaks its lines, has no place in a name.
    name = tidy("".join(" " if char in ",=" or not char.isprintable() else char for char in name))
    return _NGTF.get(name, name) or UNNAMED


def _registers(option: str, tariff: int | None, indexes: Sequence[int | None]) -> tuple[str, ...]:
    named = REGISTERS.get(option, ())
    # A supplier may count in a register that the contract's name does not know, such as a week-end's.
    return named + tuple(
        register
        for number, (register, index) in enumerate(zip(_SUPPLIER_CODES, indexes, strict=True), 1)
        if number > len(named) and (index or number == tariff)
    )


def _indexes(
    option: str | None, registers: tuple[str, ...], indexes: Sequence[int | None]
) -> Mapping[str, int]:
    named = REGISTERS.get(option or "", ())
    codes = named + _SUPPLIER_CODES[len(named) :]
    return {
        register: index
        for register, index in zip(codes, indexes, strict=True)
        if index is not None and register in registers
    }


def _period(option: str | None, tariff: int | None) -> str | None:
    # NOI-CPT_54E §6.2.3: registers count from 1; the decoder lets nothing else through, but a frame may be made.
    if option is None or not tariff:
        return None
    periods = PERIODS.get(option, ())
    return periods[tariff - 1] if tariff <= len(periods) else f"F{tariff:02d}"


def _contract(
    content: FrameContent,
    option: str | None,
    registers: tuple[str, ...],
    phases: int | None,
    status: StatusRegister | None,
) -> Contract | None:
    if not content.frame.complete or option is None or content.missed("PREF") or content.missed("SINSTS"):
        return None
    if phases is None and not content.whole:
        return None
    if option not in REGISTERS and (content.missed("NTARF") or any(map(content.missed, _SUPPLIER_LABELS))):
        return None
    producer = "EAIT" in content.values or (status is not None and status.producer)
    if not producer and (content.missed("EAIT") or content.missed("STGE")):
        return None
    subscribed = content.number("PREF")
    contract = Contract(
        mode=Mode.STANDARD,
        option=option,
        registers=registers,
        subscribed_power=None if subscribed is None else subscribed * 1000,
        phases=phases,
        producer=producer,
        meter=content.text("ADSC"),
        estimated_power="SINSTS" not in content.values,
    )
    return shared(contract)


def _product(voltages: tuple[int | None, ...], currents: tuple[int | None, ...]) -> int | None:
    """Return the sum of the phase powers, without their signs, None when one cannot be told."""
    if not currents or len(voltages) != len(currents) or None in voltages or None in currents:
        return None
    return sum((volts or 0) * (amps or 0) for volts, amps in zip(voltages, currents, strict=True))


def _injected(
    content: FrameContent, status: StatusRegister | None, product: int | None
) -> tuple[int | None, bool]:
    """Return the injected power and whether it is an estimate."""
    injected = content.number("SINSTI")
    if injected is not None:
        return injected, False
    drawn = content.number("SINSTS")
    if drawn is not None and drawn > 0:
        return 0, False
    if drawn is None or status is None or not content.silent("SINSTI"):
        return None, False
    if not status.injecting:
        return 0, False
    # NOI-CPT_54E §6.2.1.3: without a producer contract there is no SINSTI; STGE alone tells the direction.
    return product, bool(product)


def _ejp(option: str | None, status: StatusRegister | None, tariff: int | None) -> Ejp:
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


def _read_tempo_profiles(content: FrameContent) -> None:
    """Read the day profiles again: the same hours mean something else on Tempo."""
    for group in content.frame.groups:
        if group.label in _PROFILES and group.label in content.values:
            with suppress(ValueError):
                content.values[group.label] = _profile(group.data, True)
