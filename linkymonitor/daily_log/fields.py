"""The fields of a DATA line: the table that the writer, the reader and docs/formats.md follow."""

# Strategy
#
# - A new field of the log is one row at the end of the table, and an attribute of Record.
# - The same row writes a value and checks it when a line is read.
# - Fields are added, never changed or removed. Fields that were added together have the same `since`: a line has
#   all of them or none.

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from linkymonitor.model.record import Record
from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode, code

#: Register code → the name of its field after "Index"; a code that is not here is used as it is.
REGISTER_NAMES: Mapping[str, str] = {"TH": "Base", "PM": "HPM"} | {
    f"F{n:02}": f"EASF{n:02}" for n in range(1, 11)
}

_PERIOD_WORDS = {period: period for periods in PERIODS.values() for period in periods}
_PERIOD_WORDS |= {f"F{n:02}": f"F{n:02}" for n in range(1, 11)}
_COLOUR_WORDS = {colour.value: colour for colour in Colour}
_EJP_WORDS = {ejp.value: ejp for ejp in Ejp if ejp is not Ejp.UNKNOWN}


class Field(NamedTuple):
    """One field of a DATA line: ``name=value``.

    When the record has no value, the field is empty. An empty or missing field is read as the default of its
    attribute in Record.
    """

    #: The name as the line spells it.
    name: str
    #: The attribute of Record that has the value.
    attribute: str
    #: The version of the format that first had this field: 0 is that of LinkyAcq.pl, 1 our first one.
    since: int
    #: The meaning in a few words, for docs/formats.md.
    meaning: str
    #: For an attribute with a value for each phase: the phase, 1 to 3; else 0.
    phase: int = 0
    #: How many digits the number has, zeros first; 0 for a word.
    digits: int = 0
    #: Word → the value that it stands for; no other word is accepted.
    words: Mapping[str, Any] = MappingProxyType({})
    #: The text for a record that has no value.
    blank: str = ""
    #: True when a number with too many digits is written as the largest; else the field is left empty.
    capped: bool = False
    #: The field is only written in this mode, or when the record has a value; None: in both modes.
    mode: Mode | None = None
    unit: str = ""
    #: The name in sinks and exports; that of a register is followed by its code.
    exported: str = ""

    def is_written(self, record: Record) -> bool:
        """Return whether the line of *record* has this field."""
        if self.mode is None or self.value_of(record) is not None:
            return True
        return record.contract is not None and record.contract.mode is self.mode

    def value_of(self, record: Record) -> Any:
        """Return the value of this field in *record*, None when there is none."""
        value = getattr(record, self.attribute)
        if self.phase:
            return value[self.phase - 1] if len(value) >= self.phase else None
        return value

    def text(self, value: Any) -> str:
        """Return the text of *value* in a line."""
        if self.words:
            return next((word for word, meaning in self.words.items() if meaning == value), self.blank)
        if value is None or value < 0:
            return self.blank
        if value >= 10**self.digits:  # no meter can send such a value
            return "9" * self.digits if self.capped else self.blank
        return f"{value:0{self.digits}}"

    def accepts(self, text: bytes) -> bool:
        """Return whether *text*, read from a line, is a possible text of this field."""
        if self.words:
            return text == self.blank.encode() or text.decode(errors="replace") in self.words
        return not text or (len(text) == self.digits and text.isdigit())


#: The place of the registers, each under its own name. Under EJP the registers HN and PM stand here, as in the lines
#: of LinkyAcq.pl, and any other register stands at the place of MORE_REGISTERS.
REGISTERS = Field(
    name="Index",
    attribute="indexes",
    exported="index_",
    since=0,
    digits=9,
    unit="Wh",
    meaning="the registers of the contract, last values: `IndexBase`; `IndexHC`, `IndexHP`; `IndexHN`, `IndexHPM`; "
    "`IndexHCJB` … `IndexHPJR`; `IndexEASF01` … `IndexEASF10`",
)
MORE_REGISTERS = Field(
    name="Index",
    attribute="indexes",
    exported="index_",
    since=0,
    digits=9,
    unit="Wh",
    meaning="the other registers of an EJP meter",
)

#: All fields, in the order in which they are written.
FIELDS: tuple[Field, ...] = (
    Field(
        name="Periode",
        attribute="tariff_period",
        exported="period",
        since=0,
        words=_PERIOD_WORDS,
        meaning="the code of historique mode (`TH..`, `HC..`, `HP..`, `HN..`, `PM..`, `HCJB` … `HPJR`), "
        "else `F01` to `F10`",
    ),
    REGISTERS,
    Field(
        name="PuissConsommee",
        attribute="apparent_power",
        exported="power",
        since=0,
        digits=5,
        unit="VA",
        meaning="mean power drawn",
    ),
    Field(
        name="IConsommee",
        attribute="current",
        exported="current",
        since=0,
        digits=3,
        unit="A",
        meaning="mean current, the sum of the phases",
    ),
    MORE_REGISTERS,
    Field(
        name="IndexTotal",
        attribute="total_index",
        exported="index_total",
        since=1,
        digits=9,
        mode=Mode.STANDARD,
        unit="Wh",
        meaning="standard mode: the total index",
    ),
    Field(
        name="PuissMin",
        attribute="power_min",
        exported="power_min",
        since=1,
        digits=5,
        unit="VA",
        meaning="lowest power drawn",
    ),
    Field(
        name="PuissMax",
        attribute="power_max",
        exported="power_max",
        since=1,
        digits=5,
        unit="VA",
        meaning="highest power drawn",
    ),
    Field(
        name="PuissInjectee",
        attribute="injected_power",
        exported="injected",
        since=1,
        digits=5,
        unit="VA",
        meaning="mean power injected",
    ),
    Field(
        name="IndexInjecte",
        attribute="injected_index",
        exported="index_injected",
        since=1,
        digits=9,
        unit="Wh",
        meaning="the index of injection",
    ),
    *(
        Field(
            name=f"I{n}",
            attribute="currents",
            exported=f"current_{n}",
            phase=n,
            since=1,
            digits=3,
            unit="A",
            meaning=f"mean current, phase {n}",
        )
        for n in (1, 2, 3)
    ),
    *(
        Field(
            name=f"U{n}",
            attribute="voltages",
            exported=f"voltage_{n}",
            phase=n,
            since=1,
            digits=3,
            unit="V",
            meaning=f"mean voltage, phase {n}",
        )
        for n in (1, 2, 3)
    ),
    Field(
        name="Couleur",
        attribute="colour",
        exported="colour",
        since=1,
        words=_COLOUR_WORDS,
        meaning="Tempo, today: `BLEU`, `BLAN`, `ROUG`",
    ),
    Field(
        name="Demain",
        attribute="tomorrow",
        exported="tomorrow",
        since=1,
        words=_COLOUR_WORDS,
        meaning="Tempo, tomorrow: `BLEU`, `BLAN`, `ROUG`",
    ),
    Field(
        name="Trames",
        attribute="frames",
        exported="frames",
        since=1,
        digits=4,
        capped=True,
        meaning="frames in the record",
    ),
    Field(
        name="Rejets",
        attribute="rejected",
        exported="rejected",
        since=1,
        digits=4,
        capped=True,
        meaning="groups refused",
    ),
    Field(
        name="Ejp",
        attribute="ejp",
        exported="ejp",
        since=2,
        words=_EJP_WORDS,
        meaning="state of the mobile peak in the last frame that has it: `normal`, `notice`, `peak`",
    ),
    # The field has a digit in every line, because the report script of LinkyAcq.pl counts the fields with digits.
    Field(
        name="Depassement",
        attribute="overload",
        exported="overload",
        since=2,
        words={"0": False, "1": True},
        blank="0",
        meaning="1 when any frame drew more than the subscription, else 0",
    ),
)

#: Name of the field of a register → the code of the register.
REGISTER_CODES: Mapping[str, str] = {
    f"{REGISTERS.name}{REGISTER_NAMES.get(register, register)}": register
    for register in dict.fromkeys((*REGISTER_NAMES, *map(code, _PERIOD_WORDS)))
}
#: Name in a line → its field; each register has its own name.
BY_NAME: Mapping[str, Field] = {
    field.name: field for field in FIELDS if field.attribute != REGISTERS.attribute
} | dict.fromkeys(REGISTER_CODES, REGISTERS)

_FORERUNNER = frozenset(("Periode", "IndexHN", "IndexHPM", "PuissConsommee", "IConsommee"))
_OUR_OWN = [field for field in FIELDS if field.since and field.mode is None]
#: For each version of our format, the fields with which a line ends: those of this version and of all before it.
_TAILS = [
    [field.name for field in _OUR_OWN if field.since <= version]
    for version in sorted({field.since for field in _OUR_OWN})
]


def make_a_line(names: Sequence[str], *, forerunner: bool = False) -> bool:
    """Return whether fields of these *names*, in this order, are a whole DATA line.

    Unknown fields may stand anywhere. Our fields stand in the order of FIELDS, and none may be missing. The fields of
    LinkyAcq.pl may stand in any order.

    Args:
        names: the names of the fields of a line.
        forerunner: True in a file of LinkyAcq.pl, where one of its fields may be missing.
    """
    known = [name for name in names if name in BY_NAME]
    if len(set(known)) != len(known):
        return False
    if _FORERUNNER.issuperset(known):
        return len(_FORERUNNER) - len(known) <= (1 if forerunner else 0)
    if names[0] != "Periode" or not {"PuissConsommee", "IConsommee"}.issubset(known):
        return False
    return any(
        known[-len(tail) :] == tail and not set(known[: -len(tail)]).intersection(_TAILS[-1])
        for tail in _TAILS
    )
