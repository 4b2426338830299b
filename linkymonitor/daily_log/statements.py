"""The INFO lines that programs read: the contract, the hours and names of its periods, the series."""

from __future__ import annotations

from linkymonitor.daily_log.line import printable
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Mode

#: The text of a contract line begins with this.
CONTRACT = "Contrat: "
#: The text of a line with the hours and names of the tariff periods begins with this.
GRID = "Grille: "
#: The text of a series line begins with this. The series is a number that grows by one where the stamps go back.
SERIES = "Serie: "
#: The bytes after the stamp of these three lines.
CONTRACT_HEAD = b"\tINFO\t" + CONTRACT.encode()
GRID_HEAD = b"\tINFO\t" + GRID.encode()
SERIES_HEAD = b"\tINFO\t" + SERIES.encode()
#: Later lines depend on the lines with these heads.
HEADS = (CONTRACT_HEAD, GRID_HEAD, SERIES_HEAD)
#: The number of a series has at most so many digits.
LONGEST_SERIES = 9

#: A subscribed power, in VA, has at most so many digits.
_LONGEST_POWER = 6
_CONTRACT_FIELDS = ("mode", "option", "puissance", "phases", "producteur", "compteur")
_PRODUCERS = {"": None, "oui": True, "non": False}
_HEXADECIMAL = frozenset("0123456789abcdef")


def format_contract(contract: Contract, salt: str) -> str:
    """Return the text of the INFO line with the contract of the next records.

    The text has no registers, because each record names its own. The meter's address is hashed with *salt*.
    """
    from linkymonitor.tic.privacy import (
        hashed,
    )  # imported late: hashing loads slowly, and readers do not need it

    def text(value: object) -> str:
        return "" if value is None else printable(str(value)).replace(",", " ").replace("=", " ")

    producer = next(word for word, meaning in _PRODUCERS.items() if meaning is contract.producer)
    return (
        f"{CONTRACT}mode={contract.mode.value}, option={text(contract.option)}, "
        f"puissance={text(contract.subscribed_power)}, phases={text(contract.phases)}, producteur={producer}, "
        f"compteur={hashed(contract.meter, salt) if contract.meter else ''}"
        + (", papp=estimee" if contract.estimated_power else "")
    )


def parse_contract(text: str) -> Contract | None:
    """Return the contract of the INFO line *text*, with no registers and a hash as its meter; None for another text."""
    if not text.startswith(CONTRACT):
        return None
    pairs = [pair.partition("=") for pair in text.removeprefix(CONTRACT).split(", ")]
    names = tuple(name for name, _, _ in pairs)
    values = [value for _, _, value in pairs]
    if names[:6] != _CONTRACT_FIELDS or not all(map(_is_name, names)):
        return None
    if any(not equals or "," in value or "=" in value for _, equals, value in pairs):
        return None
    mode, option, power, phases, producer, meter = values[:6]
    if mode not in ("historique", "standard") or producer not in _PRODUCERS:
        return None
    if (
        (power and not (_is_digits(power) and len(power) <= _LONGEST_POWER))
        or phases not in ("", "1", "3")
        or not _HEXADECIMAL.issuperset(meter)
    ):
        return None
    return Contract(
        mode=Mode(mode),
        option=option,
        registers=(),
        subscribed_power=int(power) if power else None,
        phases=int(phases) if phases else None,
        producer=_PRODUCERS[producer],
        meter=meter or None,
        estimated_power=(*names[6:7], *values[6:7]) == ("papp", "estimee"),
    )


def parse_grid(text: str) -> dict[str, str]:
    """Return topic → value of the line ``Grille:`` *text*; an empty dict when *text* is another line."""
    if not text.startswith(GRID):
        return {}
    pairs = [pair.partition("=") for pair in text.removeprefix(GRID).split(", ")]
    return {
        name: value
        for name, equals, value in pairs
        if equals and _is_name(name) and "," not in value and "=" not in value
    }


def parse_series(text: str) -> int | None:
    """Return the number of the line ``Serie:`` *text*, None when *text* is another line."""
    number = text.removeprefix(SERIES)
    if number == text or not _is_digits(number) or len(number) > LONGEST_SERIES:
        return None
    return int(number)


def _is_name(text: str) -> bool:
    return text.isascii() and text.replace("_", "a").isalnum()


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
