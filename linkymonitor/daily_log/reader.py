"""Reads the lines of the daily log back: records, contracts and notes."""

# Strategy
#
# - Torn lines are expected at each start (a power cut), so nothing is believed that does not match in full: a
#   fixed count of digits everywhere, no field missing after PuissMin. What may be wrong is refused, never
#   interpreted.
# - Files of LinkyAcq.pl were edited, merged and copied for years: its fields are known by their names, in any
#   order, and in such a file one may be missing.
# - A day is some 7,400 lines and a report reads it on a Pi Zero. Lines that differ in nothing but digits have
#   their values in the same places and, when their names are the same too (IndexEASF02 and IndexEASF03 are not),
#   are as valid as each other. So one of each such shape is checked field by field; a run of lines of that shape
#   is then taken apart by one Struct, into columns, and each column is read at once.
# - No pattern is compiled: that takes longer than to check the few lines that would match.

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, repeat, starmap
from operator import add, methodcaller, sub
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.daily_log.line import (
    CONTIGUOUS,
    CONTRACT,
    DATA_HEAD,
    GRID,
    REGISTER_NAMES,
    SERIES,
    STAMP_WIDTH,
)
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code

_CODES = {name: register for register, name in REGISTER_NAMES.items()} | {
    code(period): code(period)
    for periods in PERIODS.values()
    for period in periods
    if code(period) not in REGISTER_NAMES
}
_PERIOD: dict[bytes, str | None] = {
    text.encode(): text
    for text in [
        *(period for periods in PERIODS.values() for period in periods),
        *(f"F{n:02}" for n in range(1, 11)),
    ]
}
_PERIOD[b""] = None
_COLOUR: dict[bytes, Colour | None] = {colour.value.encode(): colour for colour in Colour}
_COLOUR[b""] = None
_EJP: dict[bytes, Ejp] = {ejp.value.encode(): ejp for ejp in Ejp if ejp is not Ejp.UNKNOWN}
_EJP[b""] = Ejp.UNKNOWN
#: What every line of ours has at its end, in this order: name → digits of a value, 0 for a word.
_TAIL = {
    "PuissMin": 5,
    "PuissMax": 5,
    "PuissInjectee": 5,
    "IndexInjecte": 9,
    "I1": 3,
    "I2": 3,
    "I3": 3,
    "U1": 3,
    "U2": 3,
    "U3": 3,
    "Couleur": 0,
    "Demain": 0,
    "Trames": 4,
    "Rejets": 4,
}
#: What lines of this version have after that, and older ones lack.
_LATER = {"Ejp": 0, "Depassement": 1}
_DIGITS = {
    "Periode": 0,
    **{f"Index{name}": 9 for name in _CODES},
    "IndexTotal": 9,
    "PuissConsommee": 5,
    "IConsommee": 3,
    **_TAIL,
    **_LATER,
}
_WORDS: Mapping[str, Mapping[bytes, object]] = {
    "Periode": _PERIOD,
    "Couleur": _COLOUR,
    "Demain": _COLOUR,
    "Ejp": _EJP,
}
_OVERLOAD = {b"0": False, b"1": True}
_FORERUNNER = frozenset(("Periode", "IndexHN", "IndexHPM", "PuissConsommee", "IConsommee"))
_CONTRACT_FIELDS = ("mode", "option", "puissance", "phases", "producteur", "compteur")
_STATUSES = {b"INFO": "INFO", b"WARN": "WARN", b"ERROR": "ERROR"}

_BLANK_STAMP = b"0000/00/00 00:00:00"
_NO_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_shape_of = methodcaller("translate", _NO_DIGITS)
_PLANS_KEPT = 64
#: Numbers of so many digits come again and again.
_LONGEST_KEPT = 5
#: The digits of a subscribed power, in VA.
_LONGEST_POWER = 6
#: A day has fewer minutes.
_MINUTES_KEPT = 2000
#: A number of a series has no more digits.
_LONGEST_SERIES = 9
_NO_TIME = timedelta(0)
_SECONDS = {b"%02d" % n: timedelta(seconds=n) for n in range(60)}
_HEXADECIMAL = frozenset("0123456789abcdef")
_NO_INDEXES = MappingProxyType[str, int]({})


def parse_contract(text: str) -> Contract | None:
    """Return the contract that *text* describes, without registers, its meter a hash; None if it does not."""
    if not text.startswith(CONTRACT):
        return None
    pairs = [one.partition("=") for one in text.removeprefix(CONTRACT).split(", ")]
    names = tuple(name for name, _, _ in pairs)
    values = [value for _, _, value in pairs]
    if names[:6] != _CONTRACT_FIELDS or not all(map(_is_name, names)):
        return None
    if any(not equals or "," in value or "=" in value for _, equals, value in pairs):
        return None
    mode, option, power, phases, producer, meter = values[:6]
    if mode not in ("historique", "standard") or producer not in ("", "oui", "non"):
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
        producer={"oui": True, "non": False}.get(producer),
        meter=meter or None,
        estimated_power=(*names[6:7], *values[6:7]) == ("papp", "estimee"),
    )


def parse_grid(text: str) -> dict[str, str]:
    """Return what a line ``Grille:`` says, by topic; nothing when it is none."""
    if not text.startswith(GRID):
        return {}
    pairs = [one.partition("=") for one in text.removeprefix(GRID).split(", ")]
    return {
        name: value
        for name, equals, value in pairs
        if equals and _is_name(name) and "," not in value and "=" not in value
    }


def _is_name(text: str) -> bool:
    return text.isascii() and text.replace("_", "a").isalnum()


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


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


class _Plan:
    """Where the values of lines of one shape are, and which of them all these lines have in common."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.names = tuple(name for name, _ in fields)
        #: Field → its column; what is empty or always the same is in none, nor is a field that we do not know.
        self.columns: dict[str, int] = {}
        layout = ["16sx2s"]
        place, end = STAMP_WIDTH, STAMP_WIDTH + len(DATA_HEAD) - len(b", ")
        #: The digits of the names: where they are, and which.
        self._named: list[tuple[int, bytes]] = []
        for name, value in fields:
            start = end + len(b", ") + len(name) + 1
            self._named += [
                (at, one.encode()) for at, one in enumerate(name, end + len(b", ")) if one in "0123456789"
            ]
            end = start + len(value)
            if name in _DIGITS and value.translate(None, b"0123456789") != value:
                self.columns[name] = len(layout) + 1
                layout.append(f"{start - place}x{len(value)}s")
                place = end
        layout.append(f"{end - place}x")
        self.unpack = Struct("".join(layout)).unpack
        #: Field → register, of all registers that these lines name.
        self.registers = {
            name: _CODES[name[5:]] for name in self.names if name.startswith("Index") and name[5:] in _CODES
        }
        words = dict(fields)
        self.period = None if "Periode" in self.columns else _PERIOD[words.get("Periode", b"")]
        self.colour = _COLOUR[words.get("Couleur", b"")]
        self.tomorrow = _COLOUR[words.get("Demain", b"")]
        self.ejp = _EJP[words.get("Ejp", b"")]

    def names_all(self, lines: Sequence[bytes]) -> bool:
        """Return whether all *lines*, which are of this shape, have these very names."""
        block, width = b"".join(lines), len(lines[0])
        return all(block[at::width] == digit * len(lines) for at, digit in self._named)

    def contract(self, stated: Contract | None) -> Contract:
        """Return *stated* with the registers of these lines, or what these say of a contract by themselves."""
        codes = tuple(self.registers.values())
        if stated is not None:
            return replace(stated, registers=codes)
        option = next(
            (name for name, periods in PERIODS.items() if {code(one) for one in periods} & set(codes)), ""
        )
        standard = "IndexTotal" in self.names or any(one.startswith("F") for one in codes)
        return Contract(mode=Mode.STANDARD if standard else Mode.HISTORIQUE, option=option, registers=codes)


def _plan_of(line: bytes, shape: bytes, forerunner: bool) -> _Plan | None:
    """Return how lines like *line* are read, None when it is no DATA line of ours or the forerunner's."""
    if not shape.startswith(_BLANK_STAMP + DATA_HEAD):
        return None
    fields = []
    for field in line[STAMP_WIDTH + len(DATA_HEAD) :].split(b", "):
        name, equals, value = field.partition(b"=")
        if not equals or not name[:1].isalpha() or not name.replace(b"_", b"a").isalnum():
            return None
        fields.append((name.decode(), value))
    if not _accepts([name for name, _ in fields], forerunner) or not all(starmap(_is_value, fields)):
        return None
    return _Plan(fields)


def _accepts(names: list[str], forerunner: bool) -> bool:
    """Return whether a line of ours or the forerunner's has these fields.

    Fields that we do not know may stand anywhere. Ours have their order, and none may be missing; those of the
    forerunner have none, and in a file of its own one may be missing.
    """
    known = [name for name in names if name in _DIGITS]
    if len(set(known)) != len(known):
        return False
    if _FORERUNNER.issuperset(known):
        return len(_FORERUNNER) - len(known) <= (1 if forerunner else 0)
    if names[:1] != ["Periode"] or "PuissConsommee" not in known or "IConsommee" not in known:
        return False
    if known[-len(_LATER) :] == list(_LATER):
        known = known[: -len(_LATER)]
    elif not _LATER.keys().isdisjoint(known):
        return False
    return known[-len(_TAIL) :] == list(_TAIL)


def _is_value(name: str, value: bytes) -> bool:
    """Return whether *value* may stand after *name*; the digits of a period are looked at in each line."""
    if name not in _DIGITS:
        return not any(one in value for one in (b",", b"=", b"\0", b"\n"))
    if name == "Depassement":
        return value in _OVERLOAD
    if name in _WORDS:
        return value in _WORDS[name] or (name == "Periode" and value.translate(_NO_DIGITS) == b"F00")
    return not value or (len(value) == _DIGITS[name] and value.isdigit())


class _Numbers(dict[bytes, int]):
    """Numbers by their digits."""

    def __missing__(self, digits: bytes) -> int:
        number = self[digits] = int(digits)
        return number


class _Minutes(dict[bytes, datetime]):
    """Times by their text, to the minute; ValueError when there is no such time."""

    def __missing__(self, text: bytes) -> datetime:
        year, month, day, hour, minute = map(int, (text[:4], text[5:7], text[8:10], text[11:13], text[14:]))
        found = datetime(year, month, day, hour, minute, tzinfo=UTC)
        if len(self) >= _MINUTES_KEPT:
            self.clear()
        self[text] = found
        return found


class LineReader:
    """Reads the lines of one file, in order: what a record stands for hangs on the lines before it.

    Lines are given without their line ends.

    Args:
        forerunner: True for a file of LinkyAcq.pl.
    """

    def __init__(self, forerunner: bool = False) -> None:
        self._forerunner = forerunner
        self._stated: Contract | None = None
        self._plans: dict[bytes, _Plan] = {}
        self._contracts: dict[tuple[str, ...], Contract] = {}
        self._minutes = _Minutes()
        self._numbers = _Numbers()
        self._previous: datetime | None = None
        self._series = 0

    def parse(self, line: bytes) -> Entry | None:
        """Return what *line* says, None when it is no line of a log."""
        record = self.record(line)
        if record is not None:
            return Entry(record.ended_at, "DATA", "", record)
        head, _, rest = line.partition(b"\t")
        status, tab, text = rest.partition(b"\t")
        if head.translate(_NO_DIGITS) != _BLANK_STAMP or not tab or b"\0" in text or b"\n" in text:
            status = b""
        if status not in _STATUSES:
            if b"\0" not in line:
                return None
            # A cut may leave NUL bytes up to the end of a block, with the next lines right after them.
            return self.parse(line.rpartition(b"\0")[2])
        try:
            at = self._minutes[head[:16]] + _SECONDS[head[17:]]
        except (KeyError, ValueError):
            return None
        told = text.decode(errors="replace")
        if status == b"INFO" and told.startswith(SERIES):
            number = told.removeprefix(SERIES)
            if _is_digits(number) and len(number) <= _LONGEST_SERIES:
                self._series = int(number)
        contract = parse_contract(told) if status == b"INFO" else None
        if contract is None and status == b"INFO" and told.startswith(CONTRACT):
            return None  # damaged: whose registers follow is not known from it
        if contract is not None:
            self._stated = contract
            self._contracts.clear()
        return Entry(at, _STATUSES[status], told, None, contract)

    def record(self, line: bytes) -> Record | None:
        """Return the record of a DATA line, None when it is none."""
        return next(chain.from_iterable(self.runs((line,), lambda _: None)), None)

    def runs(self, lines: Iterable[bytes], other: Callable[[bytes], Record | None]) -> Iterator[list[Record]]:
        """Yield the records of *lines*, some at a time.

        Args:
            lines: some more of the file.
            other: handed each line that is no valid DATA line, in its turn; what it returns is yielded, too.
        """
        for shape, run in groupby(lines, _shape_of):
            alike = list(run)
            found = self._read(shape, alike)
            if found is None:
                found = []
                for line in alike:
                    alone = self._read(shape, [line])
                    record = other(line) if alone is None else alone[0]
                    if record is not None:
                        found.append(record)
            yield found

    def entries(self, lines: Iterable[bytes]) -> Iterator[Entry | None]:
        """Yield what each of *lines* says, None for one that is no line of a log."""
        for shape, run in groupby(lines, _shape_of):
            alike = list(run)
            records = self._read(shape, alike)
            if records is None:
                yield from map(self.parse, alike)
            else:
                for record in records:
                    yield Entry(record.ended_at, "DATA", "", record)

    def _plan(self, shape: bytes, lines: list[bytes]) -> _Plan | None:
        plan = self._plans.get(shape)
        if plan is not None and plan.names_all(lines):
            return plan
        plan = _plan_of(lines[0], shape, self._forerunner)
        if plan is None or not plan.names_all(lines):
            return None
        if len(self._plans) >= _PLANS_KEPT:  # a foreign file must not fill the memory
            self._plans.clear()
        self._plans[shape] = plan
        return plan

    def _read(self, shape: bytes, lines: list[bytes]) -> list[Record] | None:
        """Return the records of *lines*, all of this *shape*, None unless each is to be believed and named alike."""
        plan = self._plan(shape, lines)
        if plan is None:
            return None
        columns = list(zip(*map(plan.unpack, lines), strict=True))
        try:
            ended = list(
                map(add, map(self._minutes.__getitem__, columns[0]), map(_SECONDS.__getitem__, columns[1]))
            )
            places = plan.columns
            period: Iterable[str | None] = (
                [_PERIOD[text] for text in columns[places["Periode"]]]
                if "Periode" in places
                else repeat(plan.period)
            )
            overload: Iterable[bool | None] = (
                [_OVERLOAD[digit] for digit in columns[places["Depassement"]]]
                if "Depassement" in places
                else repeat(None)
            )
        except (KeyError, ValueError):
            return None
        contract = self._contracts.get(plan.names)
        if contract is None:
            contract = self._contracts[plan.names] = plan.contract(self._stated)
        started = [self._previous or ended[0], *ended[:-1]]
        self._previous = ended[-1]
        steps = list(map(sub, ended, started))
        if min(steps) <= _NO_TIME or max(steps) > CONTIGUOUS:
            started = [
                before if _NO_TIME < step <= CONTIGUOUS else at
                for before, step, at in zip(started, steps, ended, strict=True)
            ]

        def numbers(name: str, missing: int | None = None) -> Iterable[int | None]:
            if name not in places:
                return repeat(missing)
            column = columns[places[name]]
            if column[0] == column[-1] and column.count(column[0]) == len(column):
                return repeat(int(column[0]), len(column))
            return map(int if len(column[0]) > _LONGEST_KEPT else self._numbers.__getitem__, column)

        def phases(letter: str) -> Iterable[tuple[int | None, ...]]:
            names = [f"{letter}{phase}" for phase in (1, 2, 3)]
            if names[1] in places or names[2] in places:
                return zip(*map(numbers, names), strict=False)
            return zip(numbers(names[0])) if names[0] in places else repeat(())

        indexes: Iterable[Mapping[str, int | None]] = repeat(_NO_INDEXES)
        if plan.registers.keys() & places.keys():
            made: list[dict[str, int | None]] = [{} for _ in lines]
            for name, register in plan.registers.items():
                if name in places:
                    for row, index in zip(made, numbers(name), strict=True):
                        row[register] = index
            indexes = made
        return list(
            map(
                Record._make,
                zip(
                    started,
                    ended,
                    repeat(contract),
                    period,
                    numbers("PuissConsommee"),
                    numbers("PuissMin"),
                    numbers("PuissMax"),
                    numbers("PuissInjectee"),
                    numbers("IConsommee"),
                    phases("I"),
                    phases("U"),
                    indexes,
                    numbers("IndexTotal"),
                    numbers("IndexInjecte"),
                    repeat(plan.colour),
                    repeat(plan.tomorrow),
                    numbers("Trames", 0),
                    numbers("Rejets", 0),
                    repeat(plan.ejp),
                    overload,
                    repeat(self._series),
                    strict=False,
                ),
            )
        )
