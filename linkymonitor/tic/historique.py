"""Gives a frame of the historique mode its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode
from linkymonitor.tic.content import NOMINAL_VOLTAGE, REGISTERS, FrameContent, shared, total_of

_OPTARIF = {"BASE": "BASE", "HC..": "HC", "EJP.": "EJP"}
# Index labels in the order of PERIODS.
_INDEX_LABELS = {
    "BASE": ("BASE",),
    "HC": ("HCHC", "HCHP"),
    "EJP": ("EJPHN", "EJPHPM"),
    "TEMPO": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}
_ADIR = ("ADIR1", "ADIR2", "ADIR3")
_IINST = ("IINST1", "IINST2", "IINST3")
# NOI-CPT_02E §2.5.2: a short frame holds nothing else.
_SHORT = frozenset({"ADCO", *_ADIR, *_IINST})
_THREE_PHASES = frozenset({*_ADIR, *_IINST, "IMAX1", "IMAX2", "IMAX3", "PMAX", "PPOT"})
_ONE_PHASE = frozenset({"IINST", "IMAX", "ADPS"})
_COLOUR_LETTERS = {"B": Colour.BLUE, "W": Colour.WHITE, "R": Colour.RED}


def interpret_historique(content: FrameContent, taken_at: datetime) -> Reading:
    """Return the reading of a frame in the historique mode."""
    optarif = content.text("OPTARIF")
    period = content.text("PTEC")
    option = "TEMPO" if optarif and optarif.startswith("BBR") else _OPTARIF.get(optarif or "")
    phases = 3 if content.has(_THREE_PHASES) else 1 if content.has(_ONE_PHASE) else None
    currents = content.numbers(*_IINST) if phases == 3 else content.numbers("IINST")
    total = total_of(currents)
    short = phases == 3 and content.frame.complete and content.values.keys() <= _SHORT
    power = content.number("PAPP")
    # NOI-CPT_02E §2.4: the first electronic meters do not send PAPP.
    estimated = not short and total is not None and content.silent("PAPP")
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
        meter=content.text("ADCO"),
        contract=None if short else _contract(content, option, phases),
        tariff_period=period,
        apparent_power=power,
        apparent_power_estimated=estimated,
        injected_power=injected,
        injected_power_estimated=injected_estimated,
        currents=currents,
        indexes=_indexes(content, option),
        overload=_overload(content, phases, currents, short=short),
        ejp=_ejp(content, option, period),
        colour=_COLOUR_LETTERS.get(period[3:]) if period and period[2:3] == "J" else None,
        tomorrow=_as_colour(content.values.get("DEMAIN")),
        values=content.values,
    )


def _as_colour(value: object) -> Colour | None:
    return value if isinstance(value, Colour) else None


def _contract(content: FrameContent, option: str | None, phases: int | None) -> Contract | None:
    if not content.frame.complete or option is None or content.missed("ISOUSC") or content.missed("PAPP"):
        return None
    if phases is None and not content.whole:
        return None
    subscribed = content.number("ISOUSC")
    contract = Contract(
        mode=Mode.HISTORIQUE,
        option=option,
        registers=REGISTERS[option],
        # NOI-CPT_02E §2.5.2: ISOUSC is the current of each phase.
        subscribed_power=None if subscribed is None else subscribed * 200 * (phases or 1),
        phases=phases,
        meter=content.text("ADCO"),
        estimated_power="PAPP" not in content.values,
    )
    return shared(contract)


def _indexes(content: FrameContent, option: str | None) -> Mapping[str, int]:
    indexes = {}
    for name in PERIODS if option is None else (option,):
        for label, register in zip(_INDEX_LABELS[name], REGISTERS[name], strict=True):
            index = content.number(label)
            if index is not None:
                indexes[register] = index
    return indexes


def _overload(
    content: FrameContent, phases: int | None, currents: tuple[int | None, ...], *, short: bool
) -> bool | None:
    if "ADPS" in content.values or content.has(_ADIR):
        return True
    if phases != 3:
        return False if phases and content.silent("ADPS") else None
    if short:
        return False if content.silent(*_ADIR) else None
    # The long frame that comes after each twenty short ones has no ADIR (NOI-CPT_02E §2.5.2): its
    # overload is judged as the meter judges it, or it would seem to stop for the time of that frame.
    limit = content.number("ISOUSC")
    if limit is None:
        return None
    if any(current is not None and current > limit for current in currents):
        return True
    return False if total_of(currents) is not None else None


def _ejp(content: FrameContent, option: str | None, period: str | None) -> Ejp:
    if period is None:
        return Ejp.UNKNOWN
    if period == "PM..":
        return Ejp.PEAK
    if period == "HN..":
        if "PEJP" in content.values:
            return Ejp.NOTICE
        return Ejp.NORMAL if content.silent("PEJP") else Ejp.UNKNOWN
    if option == "EJP":
        # An EJP meter that is not in its normal hours is in a peak, whatever the name of the period. When OPTARIF is
        # lost, HP.. proves nothing: every HC contract has it by day.
        return Ejp.PEAK
    return Ejp.UNKNOWN if option is None else Ejp.NORMAL
