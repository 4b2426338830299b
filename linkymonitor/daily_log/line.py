"""One DATA line of the daily log, as text; reader.py reads it back."""

# Strategy
#
# - A line explains itself, and the first five fields under EJP are those of LinkyAcq.pl, whose report script
#   takes fields by position. That is why IndexTotal stands after IConsommee, under every contract, and so does
#   any register of an EJP meter beside its two.
# - The daemon writes lines all its life and reads them at its start, if ever: what only reading needs is not here.

from __future__ import annotations

import re
from collections.abc import Iterable

from linkymonitor.daily_log.fields import FIELDS, MORE_REGISTERS, REGISTER_NAMES, REGISTERS
from linkymonitor.language import CONTROLS
from linkymonitor.model.record import Record
from linkymonitor.model.terms import PERIODS, code

#: How a stamp is written; it is in UTC.
STAMP = "%Y/%m/%d %H:%M:%S"
#: The characters of a stamp.
STAMP_WIDTH = 19
#: What follows the stamp of a DATA line.
DATA_HEAD = b"\tDATA\t"

_EJP_REGISTERS = tuple(map(code, PERIODS["EJP"]))


def printable(text: str) -> str:
    """Return *text* as a line may carry it, a blank in place of what it may not."""
    return text if text.isprintable() else re.sub(f"{CONTROLS}+", " ", text)


def format_record(record: Record) -> str:
    """Return the text of the DATA line of *record*, without stamp, status or line end.

    A value that the line has no room for is no value that a meter can send: it is left empty. When the
    interval began is not written.
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
