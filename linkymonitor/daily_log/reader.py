"""Reads the lines of the daily log: records as columns, and every other line as an Entry."""

# Strategy
#
# - Torn lines are expected at each start (a power cut), so nothing is believed that does not match in full: a
#   fixed count of digits everywhere, no field missing after PuissMin. A line that may be wrong is refused.
# - Files of LinkyAcq.pl were edited, merged and copied for years. So fields are found by their names, in any order,
#   and in such a file a field may be missing.
# - A day is some 7,400 lines and a report reads it on a Pi Zero. Lines that differ in nothing but digits have
#   their values in the same places and, when their names are the same too (IndexEASF02 and IndexEASF03 are not),
#   are as valid as each other. So one line of each such shape is checked field by field; a run of lines of that shape
#   is then taken apart by one Struct, into columns, and each column is read at once.
# - No pattern is compiled: that takes longer than to check the few lines that would match.

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import methodcaller
from struct import Struct
from typing import Any, NamedTuple, TypeVar

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.fields import BY_NAME, FIELDS, REGISTER_CODES, REGISTERS, Field, make_a_line
from linkymonitor.daily_log.line import DATA_HEAD, STAMP_WIDTH
from linkymonitor.daily_log.statements import CONTRACT, parse_contract, parse_series
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Mode, code

T = TypeVar("T")

#: Two records at most so many seconds apart follow each other: the later record covers the time between them.
LONGEST_INTERVAL = 300

#: Attribute of Record → the fields that hold it: three fields if the attribute has an item for each phase.
_ATTRIBUTES: dict[str, list[Field]] = {}
for _field in FIELDS:
    if _field.attribute != REGISTERS.attribute:
        _ATTRIBUTES.setdefault(_field.attribute, []).append(_field)
#: Word on the line → its meaning, by field.
_WORDS = {
    field.name: {word.encode(): meaning for word, meaning in field.words.items()}
    for field in FIELDS
    if field.words
}
_DEFAULTS = Record._field_defaults
_STATUSES = {b"INFO": "INFO", b"WARN": "WARN", b"ERROR": "ERROR"}

_BLANK_STAMP = b"0000/00/00 00:00:00"
_NO_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_shape_of = methodcaller("translate", _NO_DIGITS)
_SHAPES_KEPT = 64
#: Numbers of so many digits come again and again.
_LONGEST_KEPT = 5
#: A file has fewer hours, unless its stamps are of many days.
_HOURS_KEPT = 100
#: A stamp: day and hour, minute, second.
_STAMP = "13sx2sx2s"
_SIXTY = {b"%02d" % n: n for n in range(60)}


class Entry(NamedTuple):
    """One line of a log."""

    at: datetime
    #: INFO, WARN, ERROR or DATA.
    status: str
    #: The text as written; empty for a DATA line, whose content is *record*.
    text: str
    record: Record | None = None
    #: The contract of a line ``Contrat:``, in force from there on; None for any other line.
    contract: Contract | None = None


class _Shape:
    """DATA lines that differ in nothing but digits: where their values are, and which values they all share.

    Args:
        fields: name and value of each field of one of these lines.
    """

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.names = tuple(name for name, _ in fields)
        #: Name → the value that all these lines have, of fields without a digit.
        self.shared: dict[str, bytes] = {}
        #: Name → which item of an unpacked line has its value, of fields with digits.
        self.places: dict[str, int] = {}
        #: Register → which item of an unpacked line has its index.
        self.registers: dict[str, int] = {}
        #: The digits within names: where they are, and which.
        self._digits: list[tuple[int, bytes]] = []
        layout = [_STAMP]
        stamp_items = _STAMP.count("s")
        at, done = STAMP_WIDTH + len(DATA_HEAD), STAMP_WIDTH
        for name, value in fields:
            self._digits += [(at + n, mark.encode()) for n, mark in enumerate(name) if mark.isdigit()]
            start = at + len(name) + len("=")
            at = start + len(value) + len(", ")
            if name not in BY_NAME:
                continue  # of a later version
            if not any(map(value.__contains__, b"0123456789")):
                self.shared[name] = value
                continue
            places = self.registers if name in REGISTER_CODES else self.places
            places[REGISTER_CODES.get(name, name)] = stamp_items + len(layout) - 1
            layout.append(f"{start - done}x{len(value)}s")
            done = start + len(value)
        layout.append(f"{at - len(', ') - done}x")
        self._layout = Struct("".join(layout))

    def has_names_of(self, block: bytes) -> bool:
        """Return whether all lines of *block*, which are of this shape, have these very names, digits included."""
        width = self._layout.size
        count = len(block) // width
        return all(block[at::width] == digit * count for at, digit in self._digits)

    def columns(self, block: bytes) -> list[tuple[bytes, ...]]:
        """Return the texts of hour, minute, second and of each value, all lines of *block* in one column each."""
        return list(zip(*self._layout.iter_unpack(block), strict=True))

    def contract(self, stated: Contract | None) -> Contract:
        """Return *stated* with the registers of these lines, or a contract that is made of these lines alone."""
        codes = tuple(REGISTER_CODES[name] for name in self.names if name in REGISTER_CODES)
        if stated is not None:
            return stated._replace(registers=codes)
        option = next(
            (name for name, periods in PERIODS.items() if {code(one) for one in periods} & set(codes)), ""
        )
        standard = "IndexTotal" in self.names or any(one.startswith("F") for one in codes)
        return Contract(mode=Mode.STANDARD if standard else Mode.HISTORIQUE, option=option, registers=codes)


def _checked(line: bytes, forerunner: bool) -> _Shape | None:
    """Return the shape of *line*, None when *line* is no DATA line of ours or of the forerunner.

    Two things are not checked here but when values are read: whether the time of the stamp exists, and whether a word
    with digits is a known one.
    """
    if not line.translate(_NO_DIGITS).startswith(_BLANK_STAMP + DATA_HEAD):
        return None
    fields: list[tuple[str, bytes]] = []
    for pair in line[STAMP_WIDTH + len(DATA_HEAD) :].split(b", "):
        name, equals, value = pair.partition(b"=")
        if not equals or not name[:1].isalpha() or not name.replace(b"_", b"a").isalnum():
            return None
        field = BY_NAME.get(name.decode())
        if not (field.accepts(value) if field else _is_plain(value)):
            return None
        fields.append((name.decode(), value))
    return _Shape(fields) if make_a_line([name for name, _ in fields], forerunner=forerunner) else None


def _is_plain(value: bytes) -> bool:
    return not any(mark in value for mark in (b",", b"=", b"\0", b"\n"))


class _Numbers(dict[bytes, int]):
    """Digits → the number that they write."""

    def __missing__(self, digits: bytes) -> int:
        number = self[digits] = int(digits)
        return number


class _Hours(dict[bytes, int]):
    """Text of an hour, ``2026/01/13 18`` → its POSIX time; ValueError when there is no such hour."""

    def __missing__(self, text: bytes) -> int:
        if len(self) >= _HOURS_KEPT:
            self.clear()
        at = self[text] = int(_time(text + b":00:00").timestamp())
        return at


def _time(stamp: bytes) -> datetime:
    """Return the time of a *stamp* that has digits where they belong; ValueError when there is no such time."""
    return datetime.fromisoformat(stamp.decode().replace("/", "-")).replace(tzinfo=UTC)


class LineReader:
    """Reads the lines of one file, in order: the meaning of a record depends on the lines before it.

    Lines are given without their line ends.

    Args:
        forerunner: True for a file of LinkyAcq.pl.
    """

    def __init__(self, forerunner: bool = False) -> None:
        self._forerunner = forerunner
        self._stated: Contract | None = None
        self._shapes: dict[bytes, _Shape] = {}
        self._contracts: dict[tuple[str, ...], Contract] = {}
        self._hours = _Hours()
        self._numbers = _Numbers()
        #: POSIX time of the record before.
        self._previous: int | None = None
        self._series = 0

    def parse(self, line: bytes) -> Entry | None:
        """Return *line* as an Entry, None when *line* is no line of a log."""
        (batch,) = self.batches((line,))
        if not isinstance(batch, Columns):
            return batch
        record = batch.row(0)
        return Entry(record.ended_at, "DATA", "", record)

    def batches(self, lines: Iterable[bytes]) -> Iterator[Columns | Entry | None]:
        """Yield the content of *lines*, in their order.

        Records come as columns, for some lines at a time. Any other line is an Entry, or None when it is no line of a
        log.
        """
        for shape, run in groupby(lines, _shape_of):
            alike = list(run)
            columns = self._columns(shape, alike)
            if columns is not None:
                yield columns
                continue
            for line in alike:
                columns = self._columns(shape, [line])
                yield self._other(line) if columns is None else columns

    def _other(self, line: bytes) -> Columns | Entry | None:
        """Return the content of *line*, which `_columns` did not take for a DATA line."""
        if b"\0" in line:
            # A power cut may leave NUL bytes up to the end of a block, with the next line right after the last.
            line = line.rpartition(b"\0")[2]
            columns = self._columns(_shape_of(line), [line])
            if columns is not None:
                return columns
        stamp, _, rest = line.partition(b"\t")
        status, tab, words = rest.partition(b"\t")
        if (
            stamp.translate(_NO_DIGITS) != _BLANK_STAMP
            or status not in _STATUSES
            or not tab
            or b"\n" in words
        ):
            return None
        try:
            at = _time(stamp)
        except ValueError:
            return None
        text = words.decode(errors="replace")
        contract = None
        if status == b"INFO":
            contract = parse_contract(text)
            if contract is not None:
                self._stated = contract
                self._contracts.clear()
            elif text.startswith(CONTRACT):
                return None  # damaged: the line does not show whose registers follow
            series = parse_series(text)
            if series is not None:
                self._series = series
        return Entry(at, _STATUSES[status], text, None, contract)

    def _columns(self, shape: bytes, lines: list[bytes]) -> Columns | None:
        """Return the records of *lines*, all of this *shape*; None if any is invalid or has other names of fields."""
        block = b"".join(lines)
        layout = self._shape(shape, lines[0], block)
        if layout is None:
            return None
        hours, minutes, seconds, *_ = texts = layout.columns(block)
        try:
            columns = {
                attribute: self._column(fields, layout, texts) for attribute, fields in _ATTRIBUTES.items()
            }
            ended_at = [
                self._hours[hour] + 60 * _SIXTY[minute] + _SIXTY[second]
                for hour, minute, second in zip(hours, minutes, seconds, strict=True)
            ]
        except (KeyError, ValueError):
            return None  # an unknown word, or a time that does not exist
        contract = self._contracts.get(layout.names)
        if contract is None:
            contract = self._contracts[layout.names] = layout.contract(self._stated)
        columns["started_at"] = self._starts(ended_at)
        columns["ended_at"] = ended_at
        columns["contract"] = [contract] * len(lines)
        columns["series"] = [self._series] * len(lines)
        registers: dict[str, list[int | None]] = {
            register: self._numbers_of(texts[place]) for register, place in layout.registers.items()
        }
        return Columns(columns, registers)

    def _shape(self, shape: bytes, line: bytes, block: bytes) -> _Shape | None:
        """Return the layout of the lines of *block*, all of this *shape*, of which *line* is the first.

        None when they are no DATA lines or differ in the digits of a name.
        """
        layout = self._shapes.get(shape)
        if layout is not None and layout.has_names_of(block):
            return layout
        layout = _checked(line, self._forerunner)
        if layout is None or not layout.has_names_of(block):
            return None
        if len(self._shapes) >= _SHAPES_KEPT:  # a foreign file must not fill the memory
            self._shapes.clear()
        self._shapes[shape] = layout
        return layout

    def _starts(self, ended_at: list[int]) -> list[int]:
        """Return when the records started: at the end of the record before, unless that was too long ago."""
        before = [ended_at[0] if self._previous is None else self._previous, *ended_at[:-1]]
        self._previous = ended_at[-1]
        return [
            start if 0 < end - start <= LONGEST_INTERVAL else end
            for start, end in zip(before, ended_at, strict=True)
        ]

    def _column(self, fields: list[Field], layout: _Shape, texts: list[tuple[bytes, ...]]) -> list[Any]:
        """Return the values of one attribute of Record, which *fields* hold.

        Raises:
            KeyError: a word is none of those that are believed.
        """
        if not fields[0].phase:
            return self._values(fields[0], layout, texts)
        if any(field.name in layout.places for field in fields[1:]):
            return list(zip(*(self._values(field, layout, texts) for field in fields), strict=True))
        if fields[0].name in layout.places:
            return list(zip(self._values(fields[0], layout, texts), strict=True))
        return [()] * len(texts[0])

    def _values(self, field: Field, layout: _Shape, texts: list[tuple[bytes, ...]]) -> list[Any]:
        """Return the values of one field; where the field is missing or empty, the default of the attribute."""
        place = layout.places.get(field.name)
        if place is None:
            word = layout.shared.get(field.name)
            missing = None if field.phase else _DEFAULTS.get(field.attribute)
            return [_WORDS[field.name][word] if word else missing] * len(texts[0])
        if field.words:
            return _each(texts[place], _WORDS[field.name].__getitem__)
        return self._numbers_of(texts[place])

    def _numbers_of(self, texts: tuple[bytes, ...]) -> list[Any]:
        """Return a column of numbers from *texts*, which all have the same number of digits."""
        return _each(texts, int if len(texts[0]) > _LONGEST_KEPT else self._numbers.__getitem__)


def _each(texts: tuple[bytes, ...], meaning: Callable[[bytes], T]) -> list[T]:
    """Return the *meaning* of each of *texts*, which are often all the same."""
    first = texts[0]
    if texts[-1] == first and texts.count(first) == len(texts):
        return [meaning(first)] * len(texts)
    return list(map(meaning, texts))
