"""Reads the lines of the daily log back: records, as columns, and what else a line says."""

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

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import methodcaller
from struct import Struct
from typing import Any, NamedTuple

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.fields import BY_NAME, FIELDS, REGISTER_CODES, REGISTERS, Field, make_a_line
from linkymonitor.daily_log.line import DATA_HEAD, STAMP_WIDTH
from linkymonitor.daily_log.statements import CONTRACT, parse_contract, parse_series
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import PERIODS, Mode, code

#: Two records at most so far apart follow each other: the later covers what lies between.
LONGEST_INTERVAL = timedelta(minutes=5)

#: Attribute of Record → the fields that hold it: three for one that has an item for each phase.
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
#: A day has fewer minutes.
_MINUTES_KEPT = 2000
_NO_TIME = timedelta(0)
_SECONDS = {b"%02d" % n: timedelta(seconds=n) for n in range(60)}


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


class _Shape:
    """DATA lines that differ in nothing but digits: where their values are, and which values they all share.

    Args:
        fields: name and value of each field of one of these lines.
    """

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        self.names = tuple(name for name, _ in fields)
        #: Name → the value that all these lines have, of fields without a digit.
        self.shared: dict[str, bytes] = {}
        #: Name → which item of unpack() has its value, of fields with digits.
        self.places: dict[str, int] = {}
        #: Register → the same.
        self.registers: dict[str, int] = {}
        #: The digits within names: where they are, and which.
        self._digits: list[tuple[int, bytes]] = []
        layout = ["16sx2s"]  # the stamp: the minute, and the second
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
            places[REGISTER_CODES.get(name, name)] = len(layout) + 1
            layout.append(f"{start - done}x{len(value)}s")
            done = start + len(value)
        layout.append(f"{at - len(', ') - done}x")
        self.unpack = Struct("".join(layout)).unpack

    def has_names_of(self, lines: Sequence[bytes]) -> bool:
        """Return whether all *lines*, which are of this shape, have these very names, digits included."""
        block, width = b"".join(lines), len(lines[0])
        return all(block[at::width] == digit * len(lines) for at, digit in self._digits)

    def contract(self, stated: Contract | None) -> Contract:
        """Return *stated* with the registers of these lines, or what these say of a contract by themselves."""
        codes = tuple(REGISTER_CODES[name] for name in self.names if name in REGISTER_CODES)
        if stated is not None:
            return stated._replace(registers=codes)
        option = next(
            (name for name, periods in PERIODS.items() if {code(one) for one in periods} & set(codes)), ""
        )
        standard = "IndexTotal" in self.names or any(one.startswith("F") for one in codes)
        return Contract(mode=Mode.STANDARD if standard else Mode.HISTORIQUE, option=option, registers=codes)


def _checked(line: bytes, forerunner: bool) -> _Shape | None:
    """Return the shape of *line*, None when it is no DATA line of ours or the forerunner's.

    Whether its stamp, and each word with a digit, is one that exists is for whoever reads it.
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
    """Numbers by their digits."""

    def __missing__(self, digits: bytes) -> int:
        number = self[digits] = int(digits)
        return number


class _Minutes(dict[bytes, datetime]):
    """Times by their text, to the minute; ValueError when there is no such time."""

    def __missing__(self, text: bytes) -> datetime:
        year, month, day, hour, minute = map(int, (text[:4], text[5:7], text[8:10], text[11:13], text[14:]))
        at = datetime(year, month, day, hour, minute, tzinfo=UTC)
        if len(self) >= _MINUTES_KEPT:
            self.clear()
        self[text] = at
        return at


class LineReader:
    """Reads the lines of one file, in order: what a record stands for hangs on the lines before it.

    Lines are given without their line ends.

    Args:
        forerunner: True for a file of LinkyAcq.pl.
    """

    def __init__(self, forerunner: bool = False) -> None:
        self._forerunner = forerunner
        self._stated: Contract | None = None
        self._shapes: dict[bytes, _Shape] = {}
        self._contracts: dict[tuple[str, ...], Contract] = {}
        self._minutes = _Minutes()
        self._numbers = _Numbers()
        self._previous: datetime | None = None
        self._series = 0

    def parse(self, line: bytes) -> Entry | None:
        """Return what *line* says, None when it is no line of a log."""
        (batch,) = self.batches((line,))
        if not isinstance(batch, Columns):
            return batch
        return Entry(batch.ended_at[0], "DATA", "", next(batch.rows()))

    def batches(self, lines: Iterable[bytes]) -> Iterator[Columns | Entry | None]:
        """Yield what *lines* say, in their order.

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
        """Return what *line*, which is no DATA line, says."""
        if b"\0" in line:
            # A cut may leave NUL bytes up to the end of a block, with the next line right after them.
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
            at = self._minutes[stamp[:16]] + _SECONDS[stamp[17:]]
        except (KeyError, ValueError):
            return None
        text = words.decode(errors="replace")
        contract = None
        if status == b"INFO":
            contract = parse_contract(text)
            if contract is not None:
                self._stated = contract
                self._contracts.clear()
            elif text.startswith(CONTRACT):
                return None  # damaged: whose registers follow is not known from it
            series = parse_series(text)
            if series is not None:
                self._series = series
        return Entry(at, _STATUSES[status], text, None, contract)

    def _columns(self, shape: bytes, lines: list[bytes]) -> Columns | None:
        """Return the records of *lines*, all of this *shape*, None unless each is to be believed and named alike."""
        layout = self._shape(shape, lines)
        if layout is None:
            return None
        texts = list(zip(*map(layout.unpack, lines), strict=True))
        try:
            columns = {
                attribute: self._column(fields, layout, texts) for attribute, fields in _ATTRIBUTES.items()
            }
            ended_at = [
                self._minutes[minute] + _SECONDS[second]
                for minute, second in zip(texts[0], texts[1], strict=True)
            ]
        except (KeyError, ValueError):
            return None  # a word that does not exist, or a time
        contract = self._contracts.get(layout.names)
        if contract is None:
            contract = self._contracts[layout.names] = layout.contract(self._stated)
        columns["started_at"] = self._starts(ended_at)
        columns["ended_at"] = ended_at
        columns["contract"] = [contract] * len(lines)
        columns["series"] = [self._series] * len(lines)
        registers: dict[str, list[int | None]] = {
            register: list(self._read_numbers(texts[place])) for register, place in layout.registers.items()
        }
        return Columns(columns, registers)

    def _shape(self, shape: bytes, lines: list[bytes]) -> _Shape | None:
        """Return the shape of *lines*, None when they are no DATA lines or differ in the digits of a name."""
        layout = self._shapes.get(shape)
        if layout is not None and layout.has_names_of(lines):
            return layout
        layout = _checked(lines[0], self._forerunner)
        if layout is None or not layout.has_names_of(lines):
            return None
        if len(self._shapes) >= _SHAPES_KEPT:  # a foreign file must not fill the memory
            self._shapes.clear()
        self._shapes[shape] = layout
        return layout

    def _starts(self, ended_at: list[datetime]) -> list[datetime]:
        """Return when the records started: where the one before each ended, unless that was too long ago."""
        before = [self._previous or ended_at[0], *ended_at[:-1]]
        self._previous = ended_at[-1]
        return [
            start if _NO_TIME < end - start <= LONGEST_INTERVAL else end
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
        """Return the values of one field; where it is missing or empty, what Record then has."""
        place = layout.places.get(field.name)
        if place is None:
            word = layout.shared.get(field.name)
            missing = None if field.phase else _DEFAULTS.get(field.attribute)
            return [_WORDS[field.name][word] if word else missing] * len(texts[0])
        if not field.words:
            return self._read_numbers(texts[place])
        words = _WORDS[field.name]
        return [words[text] for text in texts[place]]

    def _read_numbers(self, texts: tuple[bytes, ...]) -> list[Any]:
        """Return a column of numbers, which all have as many digits."""
        first = texts[0]
        if texts[-1] == first and texts.count(first) == len(texts):
            return [int(first)] * len(texts)
        return list(map(int if len(first) > _LONGEST_KEPT else self._numbers.__getitem__, texts))
