"""Writes one DATA line of the daily log as text; reader.py reads it back."""

# Strategy
#
# - Each value has its name beside it. Under EJP the first five fields are those of LinkyAcq.pl, whose report script
#   finds fields by their position. So IndexTotal stands after IConsommee, under every contract, and under EJP so does
#   any register but HN and PM.
# - acquire writes lines as long as it runs, and reads them at its start at most. So code that only a reader needs is
#   in reader.py.

from __future__ import annotations

import re
from collections.abc import Iterable

from linkymonitor.daily_log.fields import FIELDS, MORE_REGISTERS, REGISTER_NAMES, REGISTERS
from linkymonitor.language import CONTROLS
from linkymonitor.model.record import Record
from linkymonitor.model.terms import PERIODS, code

#: The form of a stamp, which is in UTC.
STAMP = "%Y/%m/%d %H:%M:%S"
#: How many characters a stamp has.
STAMP_WIDTH = 19
#: The bytes after the stamp of a DATA line.
DATA_HEAD = b"\tDATA\t"

_EJP_REGISTERS = tuple(map(code, PERIODS["EJP"]))


def printable(text: str) -> str:
    """Return *text* with one blank in place of each run of control characters."""
    return text if text.isprintable() else re.sub(f"{CONTROLS}+", " ", text)


def format_record(record: Record) -> str:
    """Return the text of the DATA line of *record*, without stamp, status or line end.

    A value with too many digits for its field cannot come from a meter: most fields are then left empty (Field.capped).
    The beginning of the interval is not written.
    """
    first, rest = _registers_of(record)
    texts: list[str] = []
    for field in FIELDS:
        if field is REGISTERS:
            texts += _register_texts(record, first)
        elif field is MORE_REGISTERS:
            texts += _register_texts(record, rest)
        elif field.is_written(record):
            texts.append(f"{field.name}={field.text(field.value_of(record))}")
    return ", ".join(texts)


def _register_texts(record: Record, codes: Iterable[str]) -> list[str]:
    return [
        f"{REGISTERS.name}{REGISTER_NAMES.get(name, name)}={REGISTERS.text(record.indexes.get(name))}"
        for name in codes
    ]


def _registers_of(record: Record) -> tuple[list[str], list[str]]:
    """Return the codes of the registers that stand before PuissConsommee, and of those after IConsommee."""
    contract = record.contract
    codes = list(dict.fromkeys((*(contract.registers if contract else ()), *record.indexes)))
    ejp = contract.option == "EJP" if contract else "HN" in codes
    if not ejp:
        return codes, []
    return list(_EJP_REGISTERS), [name for name in codes if name not in _EJP_REGISTERS]
