"""One line of the daily log: a record, a contract or a note, as text and back."""

# Strategy
#
# - A line explains itself, and the first five fields under EJP are those of LinkyAcq.pl, whose report script
#   takes fields by position. That is why IndexTotal stands after IConsommee, under every contract, and so does
#   any register of an EJP meter beside its two.
# - Torn lines are expected at each start (a power cut), so nothing is believed that does not match in full: a
#   fixed count of digits everywhere, no field missing after PuissMin. What may be wrong is refused, never
#   interpreted.
# - A day is some 7,400 lines and a report reads it on a Pi Zero: the names of a line's fields make one pattern,
#   compiled once, that then matches line after line.

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from linkymonitor.record import Contract, Record
from linkymonitor.terms import PERIODS, Colour, Mode, code

#: How a stamp is written; it is in UTC.
STAMP = "%Y/%m/%d %H:%M:%S"
#: The characters of a stamp.
STAMP_WIDTH = 19
#: Two records at most so far apart follow each other: the later covers what lies between.
CONTIGUOUS = timedelta(minutes=5)

#: Register code → what its field is called after "Index"; a code that is not here is its own name.
_NAMES = {"TH": "Base", "PM": "HPM"} | {f"F{n:02}": f"EASF{n:02}" for n in range(1, 11)}
_CODES = {name: register for register, name in _NAMES.items()} | {
    code(period): code(period)
    for periods in PERIODS.values()
    for period in periods
    if code(period) not in _NAMES
}
_EJP = tuple(map(code, PERIODS["EJP"]))

#: What every line of ours ends with, in this order: name → pattern of a value.
_COLOURS = "|".join(colour.value for colour in Colour)
_TAIL: Mapping[str, str] = {
    "PuissMin": r"\d{5}",
    "PuissMax": r"\d{5}",
    "PuissInjectee": r"\d{5}",
    "IndexInjecte": r"\d{9}",
    "I1": r"\d{3}",
    "I2": r"\d{3}",
    "I3": r"\d{3}",
    "U1": r"\d{3}",
    "U2": r"\d{3}",
    "U3": r"\d{3}",
    "Couleur": _COLOURS,
    "Demain": _COLOURS,
    "Trames": r"\d{4}",
    "Rejets": r"\d{4}",
}
_PATTERNS: Mapping[str, str] = {
    "Periode": "|".join(
        [re.escape(period) for periods in PERIODS.values() for period in periods]
        + [f"F{n:02}" for n in range(1, 11)]
    ),
    **{f"Index{name}": r"\d{9}" for name in _CODES},
    "IndexTotal": r"\d{9}",
    "PuissConsommee": r"\d{5}",
    "IConsommee": r"\d{3}",
    **_TAIL,
}
_FORERUNNER = ("Periode", "IndexHN", "IndexHPM", "PuissConsommee", "IConsommee")
_MOST_COUNTED = 9999


def format_record(record: Record) -> str:
    """Return the text of the DATA line of *record*, without stamp, status or line end.

    A value that the line has no room for is no value that a meter can send: it is left empty. When the
    interval began is not written.
    """
    first, rest = _registers_of(record)

    def registers(codes: Iterable[str]) -> list[str]:
        return [f"Index{_NAMES.get(one, one)}={_digits(record.indexes.get(one), 9)}" for one in codes]

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


_CONTRACT = re.compile(
    r"Contrat: mode=(historique|standard), option=([^,=]*), puissance=(\d*), phases=([13]?), "
    r"producteur=(oui|non|), compteur=([0-9a-f]*)(, papp=estimee)?(?:, \w+=[^,=]*)*",
    re.ASCII,
)
#: How the INFO line begins that says the hours and the names of the tariff periods.
GRID = "Grille: "
_GRID_FIELD = re.compile(r"(\w+)=([^,=]*)", re.ASCII)
#: What a line of text may not carry.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def format_contract(contract: Contract, salt: str) -> str:
    """Return the text of the INFO line that says under which contract the next records stand.

    The registers are not in it: each record names its own. The meter's address is hashed with *salt*.
    """
    from linkymonitor.privacy import hashed  # hashing is slow to import, and readers do without

    def text(value: object) -> str:
        return "" if value is None else re.sub(r"[,=]", " ", UNPRINTABLE.sub(" ", str(value)))

    producer = {None: "", True: "oui", False: "non"}[contract.producer]
    return (
        f"Contrat: mode={contract.mode.value}, option={text(contract.option)}, "
        f"puissance={text(contract.subscribed_power)}, phases={text(contract.phases)}, producteur={producer}, "
        f"compteur={hashed(contract.meter, salt) if contract.meter else ''}"
        + (", papp=estimee" if contract.estimated_power else "")
    )


def parse_contract(text: str) -> Contract | None:
    """Return the contract that *text* describes, without registers, its meter a hash; None if it does not."""
    match = _CONTRACT.fullmatch(text)
    if match is None:
        return None
    mode, option, power, phases, producer, meter, estimated = match.groups()
    return Contract(
        mode=Mode(mode),
        option=option,
        registers=(),
        subscribed_power=int(power) if power else None,
        phases=int(phases) if phases else None,
        producer={"oui": True, "non": False}.get(producer),
        meter=meter or None,
        estimated_power=estimated is not None,
    )


def parse_grid(text: str) -> dict[str, str]:
    """Return what a line ``Grille:`` says, by topic; nothing when it is none."""
    if not text.startswith(GRID):
        return {}
    fields = (_GRID_FIELD.fullmatch(one) for one in text.removeprefix(GRID).split(", "))
    return {field[1]: field[2] for field in fields if field}


class Entry(NamedTuple):
    """One line of a log."""

    at: datetime
    #: INFO, WARN, ERROR or DATA.
    status: str
    #: The text as written; empty for a DATA line, whose content is *record*.
    text: str
    record: Record | None = None
    #: What an INFO line says of the contract in force from there on.
    contract: Contract | None = None


class _Layout:
    """The fields of one kind of DATA line: which there are, and where."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        known = [
            f"{name}=({_PATTERNS[name]}|)" if name in _PATTERNS else rf"{name}=[^,=\0\n]*" for name in names
        ]
        stamp = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
        self.match = re.compile(f"{stamp}\tDATA\t{', '.join(known)}".encode()).fullmatch
        groups = [name for name in names if name in _PATTERNS]
        self.registers = tuple(
            (_CODES[name[5:]], place)
            for place, name in enumerate(groups)
            if name.startswith("Index") and name[5:] in _CODES
        )
        self.power = groups.index("PuissConsommee")
        self.current = groups.index("IConsommee")
        self.total = groups.index("IndexTotal") if "IndexTotal" in groups else None
        #: Where the tail begins in the groups; None in a line of the forerunner.
        self.tail = groups.index("PuissMin") if "PuissMin" in groups else None

    @staticmethod
    def accepts(names: tuple[str, ...]) -> bool:
        """Return whether a line of ours or the forerunner's has these fields: no field may be missing.

        Fields that we do not know may stand anywhere.
        """
        known = [name for name in names if name in _PATTERNS]
        if len(set(known)) != len(known) or names[:1] != ("Periode",):
            return False
        if "PuissConsommee" not in known or "IConsommee" not in known:
            return False
        if tuple(known) == _FORERUNNER:
            return True
        return tuple(known[-len(_TAIL) :]) == tuple(_TAIL)

    def contract(self, stated: Contract | None) -> Contract:
        """Return *stated* with the registers of these lines, or what these say of a contract by themselves."""
        codes = tuple(register for register, _ in self.registers)
        if stated is not None:
            return replace(stated, registers=codes)
        option = next(
            (name for name, periods in PERIODS.items() if {code(one) for one in periods} & set(codes)), ""
        )
        standard = self.total is not None or any(one.startswith("F") for one in codes)
        return Contract(mode=Mode.STANDARD if standard else Mode.HISTORIQUE, option=option, registers=codes)


_LINE = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\t(INFO|WARN|ERROR|DATA)\t([^\0\n]*)")
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9_]*)=[^,=\0\n]*")
#: What follows the stamp of a line that says the contract, and of a DATA line.
CONTRACT_HEAD = b"\tINFO\tContrat: "
GRID_HEAD = b"\tINFO\t" + GRID.encode()
DATA_HEAD = b"\tDATA\t"
_NO_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_PLANS_KEPT = 64
_NO_TAIL = (b"",) * len(_TAIL)
_TWO_DIGITS = {b"%02d" % n: n for n in range(100)}
_COLOUR = {colour.value.encode(): colour for colour in Colour}
_PERIOD = {
    text.encode(): text
    for text in [
        *(period for periods in PERIODS.values() for period in periods),
        *(f"F{n:02}" for n in range(1, 11)),
    ]
}


class _Numbers(dict[bytes, int | None]):
    """Numbers by their digits, None for no digit; those of up to five digits come again and again."""

    def __missing__(self, digits: bytes) -> int | None:
        number = self[digits] = int(digits) if digits else None
        return number


_NUMBER = _Numbers()


class LineReader:
    """Reads the lines of one file, in order: what a record stands for hangs on the lines before it.

    Lines are given without their line ends.
    """

    def __init__(self) -> None:
        self._stated: Contract | None = None
        # Lines that differ in nothing but digits have their values in the same places, and are as valid.
        self._plans: dict[bytes, tuple[_Layout, Callable[[bytes], tuple[bytes, ...]]]] = {}
        self._contracts: dict[_Layout, Contract] = {}
        self._day = b""
        self._date = (1, 1, 1)
        self._previous: datetime | None = None

    def parse(self, line: bytes) -> Entry | None:
        """Return what *line* says, None when it is no line of a log."""
        record = self.record(line)
        if record is not None:
            return Entry(record.ended_at, "DATA", "", record)
        match = _LINE.fullmatch(line)
        if match is None:
            if b"\0" not in line:
                return None
            # A cut may leave NUL bytes up to the end of a block, with the next lines right after them.
            return self.parse(line.rpartition(b"\0")[2])
        if match[1] == b"DATA":
            return None
        at = self._time(line)
        if at is None:
            return None
        text = match[2].decode(errors="replace")
        contract = parse_contract(text) if line.startswith(CONTRACT_HEAD, STAMP_WIDTH) else None
        if contract is not None:
            self._stated = contract
            self._contracts.clear()
        return Entry(at, match[1].decode(), text, None, contract)

    def record(self, line: bytes) -> Record | None:
        """Return the record of a DATA line, None when it is none."""
        shape = line.translate(_NO_DIGITS)
        plan = self._plans.get(shape)
        if plan is None:
            plan = _plan_of(line)
            if plan is None:
                return None
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            self._plans[shape] = plan
        layout, values = plan[0], plan[1](line)
        period = values[0]
        if period and period not in _PERIOD:
            return None
        at = self._time(line)
        if at is None:
            return None
        contract = self._contracts.get(layout)
        if contract is None:
            contract = self._contracts[layout] = layout.contract(self._stated)
        previous, self._previous = self._previous, at
        if previous is None or not previous < at <= previous + CONTIGUOUS:
            previous = at
        power = values[layout.power]
        current = values[layout.current]
        total = values[layout.total] if layout.total is not None else b""
        indexes = {register: int(values[place]) for register, place in layout.registers if values[place]}
        tail = values[layout.tail :] if layout.tail is not None else _NO_TAIL
        least, most, injected, injected_index, i1, i2, i3, u1, u2, u3, colour, tomorrow, frames, rejected = (
            tail
        )
        return Record(
            previous,
            at,
            contract,
            _PERIOD[period] if period else None,
            _NUMBER[power],
            _NUMBER[least],
            _NUMBER[most],
            _NUMBER[injected],
            _NUMBER[current],
            _phases(i1, i2, i3) if i1 or i2 or i3 else (),
            _phases(u1, u2, u3) if u1 or u2 or u3 else (),
            indexes,
            int(total) if total else None,
            int(injected_index) if injected_index else None,
            _COLOUR[colour] if colour else None,
            _COLOUR[tomorrow] if tomorrow else None,
            _NUMBER[frames] or 0,
            _NUMBER[rejected] or 0,
        )

    def _time(self, line: bytes) -> datetime | None:
        try:
            if line[:10] != self._day:
                self._date = int(line[:4]), int(line[5:7]), int(line[8:10])
                self._day = line[:10]
            year, month, day = self._date
            hour, minute, second = (
                _TWO_DIGITS[line[11:13]],
                _TWO_DIGITS[line[14:16]],
                _TWO_DIGITS[line[17:19]],
            )
            return datetime(year, month, day, hour, minute, second, 0, UTC)
        except ValueError:
            return None


def _layout_of(line: bytes) -> _Layout | None:
    """Return the layout of a DATA line, None when it has none that we know."""
    if not line.startswith(DATA_HEAD, STAMP_WIDTH):
        return None
    fields = [_FIELD.fullmatch(one) for one in line[STAMP_WIDTH + len(DATA_HEAD) :].split(b", ")]
    names = tuple(one[1].decode() for one in fields if one)
    if len(names) != len(fields) or not _Layout.accepts(names):
        return None
    return _layout(names)


def _plan_of(line: bytes) -> tuple[_Layout, Callable[[bytes], tuple[bytes, ...]]] | None:
    """Return the layout of a valid DATA line and what takes its values out, None for any other line."""
    layout = _layout_of(line)
    match = layout.match(line) if layout else None
    if layout is None or match is None:
        return None
    return layout, itemgetter(*(slice(*match.span(group)) for group in range(1, len(match.groups()) + 1)))


@lru_cache(maxsize=64)  # a foreign file must not fill the memory
def _layout(names: tuple[str, ...]) -> _Layout:
    return _Layout(names)


def _phases(first: bytes, second: bytes, third: bytes) -> tuple[int | None, ...]:
    one = _NUMBER[first]
    if not second and not third:
        return (one,)
    return one, _NUMBER[second], _NUMBER[third]


def parse_line(line: bytes) -> Entry | None:
    """Return what one line says, by itself; None when it is no line, or has no line end.

    Its contract is what the names of its registers tell.
    """
    return LineReader().parse(line[:-1]) if line.endswith(b"\n") else None
