"""The devices of Domoticz that a reading fills, as its own Teleinfo hardware fills them."""

# Strategy
#
# - The owner makes virtual devices in Domoticz, and writes the idx of each into the section; a device without an idx
#   gets nothing. A device whose values a damaged frame lacks gets nothing, either.
# - A P1 smart meter has two registers: 1 is the dear one, 2 the cheap one. Tempo has one such device for each colour.
# - The texts and levels of alerts are those of the Teleinfo hardware. Domoticz keeps each update of an alert, so one is
#   only sent when it has changed.

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from linkymonitor.language import Text
from linkymonitor.model.terms import Colour
from linkymonitor.sinks.base import Live


@dataclass(kw_only=True, repr=False, eq=False)
class Devices:
    """The keys with the idx of each device; the classes that inherit are those of a section.

    It has no slots: a class with slots can inherit from one such class at most.
    """

    #: A P1 smart meter: energy drawn and injected, and power; under Tempo that of blue days.
    idx_energy: int | None = None
    #: Under Tempo: the P1 smart meters of white days and of red days.
    idx_white: int | None = None
    idx_red: int | None = None
    #: A device of the type Ampere, 3 phases.
    idx_current: int | None = None
    #: A voltage: that of the first phase.
    idx_voltage: int | None = None
    #: An alert: the tariff period.
    idx_period: int | None = None
    #: An alert: the notice of EJP, or the colour of tomorrow.
    idx_notice: int | None = None

    def device_faults(self) -> list[Text]:
        """Return one sentence for each idx that cannot be one, or when there is none."""
        keys = [field.name for field in fields(Devices)]
        given = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        if not given:
            return [
                Text(
                    f"aucun appareil ; donnez l'idx de l'un au moins : {', '.join(keys)}",
                    f"no device; set the idx of at least one: {', '.join(keys)}",
                )
            ]
        return [
            Text(f"{key} = {idx} : on attend 1 ou plus", f"{key} = {idx}: expected 1 or more")
            for key, idx in given.items()
            if idx < 1
        ]


class Update(NamedTuple):
    """What one device gets."""

    idx: int
    nvalue: int
    svalue: str


_ALERTS = frozenset({"idx_period", "idx_notice"})
#: Option → registers of the P1 smart meter, the dear one and the cheap one; None: it stays at 0.
_REGISTERS: Mapping[str, tuple[str, str | None]] = {
    "BASE": ("TH", None),
    "HC": ("HP", "HC"),
    "EJP": ("PM", "HN"),
    "TEMPO": ("HPJB", "HCJB"),
}
_COLOURS = {Colour.BLUE: "B", Colour.WHITE: "W", Colour.RED: "R"}
#: Beginning of the period → level and text of its alert.
_PERIODS = {
    "TH": (0, "Toutes Heures"),
    "HC": (1, "Heures Creuses"),
    "HP": (2, "Heures Pleines"),
    "HN": (1, "Heures Normales"),
    "PM": (4, "Pointe Mobile"),
}
_TOMORROW = {
    None: (0, "----"),
    Colour.BLUE: (1, "BLEU"),
    Colour.WHITE: (2, "BLANC"),
    Colour.RED: (3, "ROUGE"),
}


class Updates:
    """What the devices of a section get, one reading after another."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        #: The alerts that were given out.
        self._alerts: dict[int, Update] = {}

    def of(self, reading: Live) -> list[Update]:
        """Return what each device gets of *reading*; an alert only when it has changed."""
        found = []
        for key, update in _updates(reading, self._devices):
            if key in _ALERTS and self._alerts.get(update.idx) == update:
                continue
            if key in _ALERTS:
                self._alerts[update.idx] = update
            found.append(update)
        return found

    def forget(self) -> None:
        """Give out every alert again: Domoticz may not have got them."""
        self._alerts.clear()


def _updates(reading: Live, devices: Devices) -> list[tuple[str, Update]]:
    """Return key → what its device gets of *reading*."""
    made: Mapping[str, Callable[[Live], tuple[int, str] | None]] = {
        "idx_energy": _energy,
        "idx_white": lambda live: _energy_of_colour(live, Colour.WHITE),
        "idx_red": lambda live: _energy_of_colour(live, Colour.RED),
        "idx_current": _current,
        "idx_voltage": _voltage,
        "idx_period": _period,
        "idx_notice": _notice,
    }
    found = []
    for key, make in made.items():
        idx: int | None = getattr(devices, key)
        values = None if idx is None else make(reading)
        if idx is not None and values is not None:
            found.append((key, Update(idx, *values)))
    return found


def _option(reading: Live) -> str:
    contract = reading.reading.contract
    return contract.option if contract is not None else ""


def _energy(reading: Live) -> tuple[int, str] | None:
    option = _option(reading)
    if option == "TEMPO":
        return _energy_of_colour(reading, Colour.BLUE)
    registers = _REGISTERS.get(option)
    if registers is None:
        return _meter(reading, reading.reading.total_index, 0, drawn=True)
    dear, cheap = (
        0 if register is None else reading.fields.get(f"index_{register}") for register in registers
    )
    return _meter(reading, dear, cheap, drawn=True)


def _energy_of_colour(reading: Live, colour: Colour) -> tuple[int, str] | None:
    letter = _COLOURS[colour]
    dear, cheap = (reading.fields.get(f"index_{hours}J{letter}") for hours in ("HP", "HC"))
    return _meter(reading, dear, cheap, drawn=reading.period.endswith(letter))


def _meter(reading: Live, dear: int | None, cheap: int | None, *, drawn: bool) -> tuple[int, str] | None:
    """Return the values of a P1 smart meter: four counters in Wh, and two powers in W.

    Args:
        reading: the newest reading.
        dear: the index of its first register.
        cheap: the index of its second register.
        drawn: whether the power of now belongs to this device.
    """
    power = reading.fields.get("power")
    if dear is None or cheap is None or power is None:
        return None
    injected = reading.fields.get("index_injected", 0)
    injecting = reading.fields.get("injected", 0) if injected else 0
    return 0, f"{dear};{cheap};{injected};0;{power if drawn else 0};{injecting}"


def _current(reading: Live) -> tuple[int, str] | None:
    phases = [reading.fields.get(f"current_{phase}") for phase in (1, 2, 3)]
    if phases[0] is None:
        return None
    return 0, ";".join(str(amps or 0) for amps in phases)


def _voltage(reading: Live) -> tuple[int, str] | None:
    volts = reading.fields.get("voltage_1")
    return None if volts is None else (0, str(volts))


def _period(reading: Live) -> tuple[int, str] | None:
    return _PERIODS.get(reading.period[:2])


def _notice(reading: Live) -> tuple[int, str] | None:
    if _option(reading) == "TEMPO":
        level, word = _TOMORROW[reading.reading.tomorrow]
        return level, f"Demain, jour {word}"
    if _option(reading) != "EJP" and reading.ejp not in ("notice", "peak"):
        return None
    # The level of a notice is that of the Teleinfo hardware; its text is the period of now.
    period = _period(reading)
    text = period[1] if period is not None else ""
    return (4 if reading.ejp in ("notice", "peak") else 1), text
