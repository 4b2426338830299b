"""The values of a frame as numbers, which is all that EmonCMS stores; words have the codes of hallard/teleinfo."""

from __future__ import annotations

from collections.abc import Mapping

from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.shapes.groups import data_of, groups_of

#: Beginning of OPTARIF → its code.
_OPTIONS = {"BAS": "1", "HC.": "2", "EJP": "3", "BBR": "4"}
_PERIODS = ("TH..", "HC..", "HP..", "HN..", "PM..", "HCJB", "HCJW", "HCJR", "HPJB", "HPJW", "HPJR")
#: DEMAIN, which that program sends as a word that EmonCMS cannot store, except for the one that is not known yet.
_TOMORROW = {"----": "0", "BLEU": "1", "BLAN": "2", "ROUG": "3"}
#: Labels whose data may be digits by chance: they are hexadecimal.
_HEXADECIMAL = frozenset({"STGE"})
#: A meter of one phase has its current under the names of a first phase.
_RENAMED = {"IINST": "IINST1", "IMAX": "IMAX1"}


def numbers_of(reading: Live, meter_number: str | None) -> dict[str, str]:
    """Return name → digits of *reading*, as the meter sent them; a group that is no number is left out.

    Args:
        reading: the newest reading.
        meter_number: the address of the meter; None: it is masked, and so it is no number.
    """
    found = {}
    for label, data in data_of(groups_of(reading, meter_number)).items():
        number = _coded(label, data, reading.reading.mode)
        if number.isascii() and number.isdecimal():
            found[_RENAMED.get(label, label)] = number
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return what of *now* differs from *before*."""
    return {name: number for name, number in now.items() if before.get(name) != number}


def _coded(label: str, data: str, mode: Mode) -> str:
    """Return the number that stands for *data*; other words are returned as they are."""
    if mode is Mode.STANDARD:
        return "" if label in _HEXADECIMAL else data
    match label:
        case "OPTARIF":
            return _OPTIONS.get(data[:3], "0")
        case "PTEC":
            return str(_PERIODS.index(data) + 1) if data in _PERIODS else "0"
        case "HHPHC":
            return str(ord(data[0])) if data else ""
        case "DEMAIN":
            return _TOMORROW.get(data, "0")
    return data
