"""What a record or a reading has, under the labels of the historique mode: all that some programs know."""

from __future__ import annotations

from collections.abc import Mapping

#: The code of a register → its label.
REGISTERS: Mapping[str, str] = {
    "TH": "BASE",
    "HC": "HCHC",
    "HP": "HCHP",
    "HN": "EJPHN",
    "PM": "EJPHPM",
    **{f"{hours}{day}": f"BBR{hours}{day}" for hours in ("HC", "HP") for day in ("JB", "JW", "JR")},
}
_OPTIONS = {"BASE": "BASE", "HC": "HC..", "EJP": "EJP.", "TEMPO": "BBR("}
_VOLT = 200


def labels_of(
    fields: Mapping[str, int], period: str, option: str, subscribed: int | None
) -> dict[str, str | int]:
    """Return label → value.

    Args:
        fields: the numbers, by the names of `Row.fields`.
        period: the code of the tariff period, empty when it is not known.
        option: the option of our contract, empty when it is not known.
        subscribed: the subscribed power in VA, None when it is not known.
    """
    found: dict[str, str | int] = {}
    if option in _OPTIONS:
        found["OPTARIF"] = _OPTIONS[option]
    three = "current_2" in fields
    if subscribed is not None:
        found["ISOUSC"] = subscribed // (_VOLT * (3 if three else 1))
    for code, label in REGISTERS.items():
        if f"index_{code}" in fields:
            found[label] = fields[f"index_{code}"]
    if period in REGISTERS:
        found["PTEC"] = period.ljust(4, ".")
    for phase in (1, 2, 3):
        if f"current_{phase}" in fields:
            found[f"IINST{phase}" if three else "IINST"] = fields[f"current_{phase}"]
    if "power" in fields:
        found["PAPP"] = fields["power"]
    return found
