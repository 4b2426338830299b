"""The groups of a reading as the meter sent them, with the number of the meter that the owner has written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from linkymonitor.language import Text
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.network import keep_secret

#: The labels of the address of the meter, in the two modes.
ADDRESSES = ("ADCO", "ADSC")
_DIGITS = 12


def groups_of(reading: Live, meter_number: str | None) -> dict[str, tuple[str | None, str]]:
    """Return label → horodate and data, in the order of the frame.

    Args:
        reading: the newest reading; its numbers are masked.
        meter_number: the address of the meter; None: it stays masked.
    """
    groups = dict(reading.raw)
    for label in ADDRESSES if meter_number else ():
        if label in groups:
            groups[label] = None, str(meter_number)
    return groups


def data_of(groups: Mapping[str, tuple[str | None, str]]) -> dict[str, str]:
    """Return label → data of *groups*."""
    return {label: data for label, (_, data) in groups.items()}


def local_time(horodate: str) -> datetime | None:
    """Return the time of *horodate* in the zone of the meter, without its season; None when it is no time."""
    try:
        return datetime.fromisoformat(f"20{horodate[1:7]}T{horodate[7:]}")
    except ValueError:
        return None


def number_faults(meter_number: str | None) -> list[Text]:
    """Return a sentence when *meter_number* is not the address of a meter; the sentence does not repeat it.

    A number that is one is never shown in a message from now on.
    """
    if meter_number is None:
        return []
    if len(meter_number) == _DIGITS and meter_number.isascii() and meter_number.isdecimal():
        keep_secret(meter_number)
        return []
    return [
        Text(
            f"meter_number : on attend les {_DIGITS} chiffres de l'adresse du compteur (ADCO ou ADSC)",
            f"meter_number: expected the {_DIGITS} digits of the address of the meter (ADCO or ADSC)",
        )
    ]
