"""One line of the daily log, as text: a record, a contract or a note. log_reader.py reads them back."""

# Strategy
#
# - A line explains itself, and the first five fields under EJP are those of LinkyAcq.pl, whose report script
#   takes fields by position. That is why IndexTotal stands after IConsommee, under every contract, and so does
#   any register of an EJP meter beside its two.
# - The daemon writes lines all its life and reads them at its start, if ever: what only reading needs is not here.

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from linkymonitor.language import CONTROLS
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Ejp, Mode, code

#: How a stamp is written; it is in UTC.
STAMP = "%Y/%m/%d %H:%M:%S"
#: The characters of a stamp.
STAMP_WIDTH = 19
#: Two records at most so far apart follow each other: the later covers what lies between.
CONTIGUOUS = timedelta(minutes=5)

#: Register code → what its field is called after "Index"; a code that is not here is its own name.
REGISTER_NAMES: Mapping[str, str] = {"TH": "Base", "PM": "HPM"} | {
    f"F{n:02}": f"EASF{n:02}" for n in range(1, 11)
}
_EJP = tuple(map(code, PERIODS["EJP"]))
_MOST_COUNTED = 9999

#: How the INFO line begins that says the contract.
CONTRACT = "Contrat: "
#: How the INFO line begins that says the hours and the names of the tariff periods.
GRID = "Grille: "
#: How the INFO line begins that says the series: a number that grows by one wherever the stamps go back.
SERIES = "Serie: "
#: What follows the stamp of these three, and of a DATA line.
CONTRACT_HEAD = b"\tINFO\t" + CONTRACT.encode()
GRID_HEAD = b"\tINFO\t" + GRID.encode()
SERIES_HEAD = b"\tINFO\t" + SERIES.encode()
DATA_HEAD = b"\tDATA\t"


def printable(text: str) -> str:
    """Return *text* as a line may carry it, a blank in place of what it may not."""
    return text if text.isprintable() else re.sub(f"{CONTROLS}+", " ", text)


def format_record(record: Record) -> str:
    """Return the text of the DATA line of *record*, without stamp, status or line end.

    A value that the line has no room for is no value that a meter can send: it is left empty. When the
    interval began is not written.
    """
    first, rest = _registers_of(record)

    def registers(codes: Iterable[str]) -> list[str]:
        return [f"Index{REGISTER_NAMES.get(one, one)}={_digits(record.indexes.get(one), 9)}" for one in codes]

    currents = (*record.currents, None, None, None)
    voltages = (*record.voltages, None, None, None)
    fields = [
        f"Periode={record.tariff_period or ''}",
        *registers(first),
        f"PuissConsommee={_digits(record.apparent_power, 5)}",
        f"IConsommee={_digits(record.current, 3)}",
        *registers(rest),
    ]
    standard = record.contract is not None and record.contract.mode is Mode.STANDARD
    if standard or record.total_index is not None:
        fields.append(f"IndexTotal={_digits(record.total_index, 9)}")
    fields += [
        f"PuissMin={_digits(record.power_min, 5)}",
        f"PuissMax={_digits(record.power_max, 5)}",
        f"PuissInjectee={_digits(record.injected_power, 5)}",
        f"IndexInjecte={_digits(record.injected_index, 9)}",
        *(f"I{phase}={_digits(currents[phase - 1], 3)}" for phase in (1, 2, 3)),
        *(f"U{phase}={_digits(voltages[phase - 1], 3)}" for phase in (1, 2, 3)),
        f"Couleur={record.colour.value if record.colour else ''}",
        f"Demain={record.tomorrow.value if record.tomorrow else ''}",
        f"Trames={_digits(min(record.frames, _MOST_COUNTED), 4)}",
        f"Rejets={_digits(min(record.rejected, _MOST_COUNTED), 4)}",
        f"Ejp={'' if record.ejp is Ejp.UNKNOWN else record.ejp.value}",
        # A digit in every line: the forerunner's report script counts the fields that hold one.
        f"Depassement={int(bool(record.overload))}",
    ]
    return ", ".join(fields)


def _registers_of(record: Record) -> tuple[list[str], list[str]]:
    """Return the codes of the registers that stand before PuissConsommee, and of those after IConsommee."""
    contract = record.contract
    codes = list(dict.fromkeys((*(contract.registers if contract else ()), *record.indexes)))
    ejp = contract.option == "EJP" if contract else "HN" in codes
    if not ejp:
        return codes, []
    return list(_EJP), [one for one in codes if one not in _EJP]


def _digits(value: int | None, width: int) -> str:
    if value is None or not 0 <= value < 10**width:
        return ""
    return f"{value:0{width}}"


def format_contract(contract: Contract, salt: str) -> str:
    """Return the text of the INFO line that says under which contract the next records stand.

    The registers are not in it: each record names its own. The meter's address is hashed with *salt*.
    """
    from linkymonitor.tic.privacy import hashed  # hashing is slow to import, and readers do without

    def text(value: object) -> str:
        return "" if value is None else printable(str(value)).replace(",", " ").replace("=", " ")

    producer = {None: "", True: "oui", False: "non"}[contract.producer]
    return (
        f"{CONTRACT}mode={contract.mode.value}, option={text(contract.option)}, "
        f"puissance={text(contract.subscribed_power)}, phases={text(contract.phases)}, producteur={producer}, "
        f"compteur={hashed(contract.meter, salt) if contract.meter else ''}"
        + (", papp=estimee" if contract.estimated_power else "")
    )
