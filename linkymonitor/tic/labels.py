"""The table of every label a meter may send, one row for each."""

# Strategy
#
# - A fact about a label is a row, and the example of the row is its test: the example is written as a meter
#   writes it, decoded and interpreted. The rows stand in the order of the wire, each on one line, so that a
#   search for a label finds all that is known of it.
# - A checksum of six bits lets one damaged group in sixty-four through. A flipped bit 6 or two swapped characters
#   leave it right. So fault() also checks the width of the data and their characters. Numbers, nine rows in
#   ten, are checked without a regular expression; the patterns of the others are compiled when first needed.
# - Free text may be shorter than in the specification: programs that relay a stream trim it. A trimmed text has no
#   blank at its end. A short text with a blank at its end has lost characters on the line: the loss of two or four
#   blanks leaves the checksum right.
# - A blank whose bit 6 has flipped is a backquote, so free text may hold any printable character but the backquote.

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import inf
from types import MappingProxyType

from linkymonitor.model.terms import Mode
from linkymonitor.tic.day_profile import read_day_profile
from linkymonitor.tic.status import read_status
from linkymonitor.tic.values import read_colour, read_potentials, read_relays, tidy

#: The usual patterns; a pattern is a regular expression for the whole data of a group.
DIGITS = "[0-9]+"
HEX = "[0-9A-F]+"
TEXT = "[ -_a-~]*"

_compiled = cache(re.compile)


class Label:
    """One label: the form of its data on the wire, and how to read them.

    Args:
        name: the label as the meter spells it.
        mode: the mode that has this label.
        meaning: the meaning in a few words.
        example: the data as a meter sends them.
        read: returns the value of the data; raises ValueError when the data have none.
        unit: the unit of the value.
        fills: the field of Reading that the value fills, if any.
        width: how many characters the data have, or the least and the most. When not given, the width of the
            example; free text that was trimmed may be shorter.
        stamped: True when the group carries a horodate.
        pattern: a regular expression that the whole data must match.
    """

    # Not a dataclass: with one, the rows would take more than twice as long to make at every start.
    __slots__ = (
        "_least",
        "_most",
        "example",
        "fills",
        "meaning",
        "mode",
        "name",
        "pattern",
        "read",
        "stamped",
        "unit",
        "width",
    )

    def __init__(
        self,
        name: str,
        mode: Mode,
        meaning: str,
        example: str,
        read: Callable[[str], object],
        unit: str = "",
        fills: str | None = None,
        width: int | tuple[int, int] = -1,
        stamped: bool = False,
        pattern: str = DIGITS,
    ) -> None:
        self.name = name
        self.mode = mode
        self.meaning = meaning
        self.example = example
        self.read = read
        self.unit = unit
        self.fills = fills
        self.stamped = stamped
        self.pattern = pattern
        if width == -1:
            width = (0, len(example)) if pattern is TEXT else len(example)
        self._least, self._most = width if isinstance(width, tuple) else (width, width)
        self.width = self._most if self._least == self._most else (self._least, self._most)

    def __repr__(self) -> str:
        return f"Label({self.name!r}, {self.mode})"

    def fault(self, data: str) -> str | None:
        """Return ``width`` or ``characters`` when *data* break the rule of this label in that respect, else None."""
        if not self._least <= len(data) <= self._most:
            return "width"
        if self.pattern is TEXT and len(data) < self._most and data.endswith(" "):
            return "width"
        if self.pattern is DIGITS:
            sound = data.isdigit() and data.isascii()
        else:
            sound = _compiled(self.pattern).fullmatch(data) is not None
        return None if sound else "characters"


HISTORIQUE = Mode.HISTORIQUE
STANDARD = Mode.STANDARD

# NOI-CPT_02E §2.3.3 has all tariff periods. The last character of the Tempo option is the programme of two
# circuits, and may be any.
_PERIODS = r"TH\.\.|HC\.\.|HP\.\.|HN\.\.|PM\.\.|H[CP]J[BWR]"
_OPTIONS = r"BASE|HC\.\.|EJP\.|BBR[ -~]"
_COLOURS = "----|BLEU|BLAN|ROUG"
# NOI-CPT_54E §2.2: digits. People who publish a capture write X in place of the digits that identify the household.
_ADDRESS = "[0-9X]+"
# NOI-CPT_54E §6.2.3: a byte in decimal, and the number of a supplier register.
_BYTE = r"[01]\d\d|2[0-4]\d|25[0-5]"
_INDEX = "0[1-9]|10"
# NOI-CPT_54E §6.2.3.21: eleven blocks of eight characters; some programs that relay a stream pass on eight blocks.
_BLOCKS = (8, 98)
_PROFILE = "(?:[0-9A-F]{8}|NONUTILE)(?: [0-9A-F]{8}| NONUTILE){0,10}"
_DAY = "00004001 06004002 22004001" + " NONUTILE" * 8
_NO_MESSAGE = "PAS DE          MESSAGE         "

LABELS: tuple[Label, ...] = (
    # Historique (NOI-CPT_02E §2.3 and §2.5, NOI-CPT_54E §6.1)
    Label("ADCO", HISTORIQUE, "meter address", "012345678901", str, fills="meter", pattern=_ADDRESS),
    Label("OPTARIF", HISTORIQUE, "contract", "EJP.", str, fills="contract", pattern=_OPTIONS),
    Label("ISOUSC", HISTORIQUE, "subscribed current of a phase", "45", int, "A", fills="contract"),
    Label("BASE", HISTORIQUE, "index, all hours", "008735124", int, "Wh", fills="indexes"),
    Label("HCHC", HISTORIQUE, "index, off-peak hours", "015558379", int, "Wh", fills="indexes"),
    Label("HCHP", HISTORIQUE, "index, peak hours", "011651341", int, "Wh", fills="indexes"),
    Label("EJPHN", HISTORIQUE, "index, normal hours", "004669447", int, "Wh", fills="indexes"),
    Label("EJPHPM", HISTORIQUE, "index, mobile-peak hours", "000476413", int, "Wh", fills="indexes"),
    Label("BBRHCJB", HISTORIQUE, "index, blue day, off-peak hours", "001478389", int, "Wh", fills="indexes"),
    Label("BBRHPJB", HISTORIQUE, "index, blue day, peak hours", "001012295", int, "Wh", fills="indexes"),
    Label("BBRHCJW", HISTORIQUE, "index, white day, off-peak hours", "001478389", int, "Wh", fills="indexes"),
    Label("BBRHPJW", HISTORIQUE, "index, white day, peak hours", "001012295", int, "Wh", fills="indexes"),
    Label("BBRHCJR", HISTORIQUE, "index, red day, off-peak hours", "001478389", int, "Wh", fills="indexes"),
    Label("BBRHPJR", HISTORIQUE, "index, red day, peak hours", "001012295", int, "Wh", fills="indexes"),
    Label("PEJP", HISTORIQUE, "notice of a mobile peak", "30", int, "min", fills="ejp"),
    Label("PTEC", HISTORIQUE, "tariff period in force", "PM..", str, fills="tariff_period", pattern=_PERIODS),
    Label("DEMAIN", HISTORIQUE, "tomorrow's colour", "ROUG", read_colour, fills="tomorrow", pattern=_COLOURS),
    Label("IINST", HISTORIQUE, "current", "009", int, "A", fills="currents"),
    Label("IINST1", HISTORIQUE, "current, phase 1", "001", int, "A", fills="currents"),
    Label("IINST2", HISTORIQUE, "current, phase 2", "006", int, "A", fills="currents"),
    Label("IINST3", HISTORIQUE, "current, phase 3", "000", int, "A", fills="currents"),
    Label("ADPS", HISTORIQUE, "current in excess", "047", int, "A", fills="overload"),
    Label("ADIR1", HISTORIQUE, "current in excess, phase 1", "031", int, "A", fills="overload"),
    Label("ADIR2", HISTORIQUE, "current in excess, phase 2", "031", int, "A", fills="overload"),
    Label("ADIR3", HISTORIQUE, "current in excess, phase 3", "031", int, "A", fills="overload"),
    Label("IMAX", HISTORIQUE, "highest current", "090", int, "A"),
    Label("IMAX1", HISTORIQUE, "highest current, phase 1", "060", int, "A"),
    Label("IMAX2", HISTORIQUE, "highest current, phase 2", "060", int, "A"),
    Label("IMAX3", HISTORIQUE, "highest current, phase 3", "060", int, "A"),
    Label("PMAX", HISTORIQUE, "highest power of the three phases", "08611", int, "VA"),
    Label("PAPP", HISTORIQUE, "apparent power drawn", "01230", int, "VA", fills="apparent_power"),
    Label("HHPHC", HISTORIQUE, "off-peak timetable", "A", str, pattern="[A-Z]"),
    Label("MOTDETAT", HISTORIQUE, "status word kept for the distributor", "000000", str, pattern=HEX),
    Label("PPOT", HISTORIQUE, "phases that have their voltage", "00", read_potentials, pattern=HEX),
    # Standard (NOI-CPT_54E §6.2.1 to §6.2.3)
    Label("ADSC", STANDARD, "meter address", "021662123456", str, fills="meter", pattern=_ADDRESS),
    Label("VTIC", STANDARD, "version of the TIC", "02", int),
    Label("DATE", STANDARD, "clock of the meter", "", str, fills="meter_clock", stamped=True, pattern=TEXT),
    Label("NGTF", STANDARD, "name of the contract", "     TEMPO      ", tidy, fills="contract", pattern=TEXT),
    Label("LTARF", STANDARD, "name of the tariff period", "   HC  ROUGE    ", tidy, pattern=TEXT),
    Label("EAST", STANDARD, "total energy drawn", "042905465", int, "Wh", fills="total_index"),
    Label("EASF01", STANDARD, "supplier index 1", "026901628", int, "Wh", fills="indexes"),
    Label("EASF02", STANDARD, "supplier index 2", "026902628", int, "Wh", fills="indexes"),
    Label("EASF03", STANDARD, "supplier index 3", "026903628", int, "Wh", fills="indexes"),
    Label("EASF04", STANDARD, "supplier index 4", "026904628", int, "Wh", fills="indexes"),
    Label("EASF05", STANDARD, "supplier index 5", "026905628", int, "Wh", fills="indexes"),
    Label("EASF06", STANDARD, "supplier index 6", "026906628", int, "Wh", fills="indexes"),
    Label("EASF07", STANDARD, "supplier index 7", "026907628", int, "Wh", fills="indexes"),
    Label("EASF08", STANDARD, "supplier index 8", "026908628", int, "Wh", fills="indexes"),
    Label("EASF09", STANDARD, "supplier index 9", "026909628", int, "Wh", fills="indexes"),
    Label("EASF10", STANDARD, "supplier index 10", "026910628", int, "Wh", fills="indexes"),
    Label("EASD01", STANDARD, "distributor index 1", "013501448", int, "Wh"),
    Label("EASD02", STANDARD, "distributor index 2", "013502448", int, "Wh"),
    Label("EASD03", STANDARD, "distributor index 3", "013503448", int, "Wh"),
    Label("EASD04", STANDARD, "distributor index 4", "013504448", int, "Wh"),
    Label("EAIT", STANDARD, "total energy injected", "007472722", int, "Wh", fills="injected_index"),
    Label("ERQ1", STANDARD, "reactive energy, quadrant 1", "001081333", int, "varh"),
    Label("ERQ2", STANDARD, "reactive energy, quadrant 2", "001082333", int, "varh"),
    Label("ERQ3", STANDARD, "reactive energy, quadrant 3", "001083333", int, "varh"),
    Label("ERQ4", STANDARD, "reactive energy, quadrant 4", "001084333", int, "varh"),
    Label("IRMS1", STANDARD, "current, phase 1", "001", int, "A", fills="currents"),
    Label("IRMS2", STANDARD, "current, phase 2", "002", int, "A", fills="currents"),
    Label("IRMS3", STANDARD, "current, phase 3", "003", int, "A", fills="currents"),
    Label("URMS1", STANDARD, "voltage, phase 1", "231", int, "V", fills="voltages"),
    Label("URMS2", STANDARD, "voltage, phase 2", "232", int, "V", fills="voltages"),
    Label("URMS3", STANDARD, "voltage, phase 3", "233", int, "V", fills="voltages"),
    Label("PREF", STANDARD, "subscribed power", "09", int, "kVA", fills="contract"),
    Label("PCOUP", STANDARD, "power at which the meter cuts off", "09", int, "kVA"),
    Label("SINSTS", STANDARD, "apparent power drawn", "01230", int, "VA", fills="apparent_power"),
    Label("SINSTS1", STANDARD, "apparent power drawn, phase 1", "00411", int, "VA"),
    Label("SINSTS2", STANDARD, "apparent power drawn, phase 2", "00412", int, "VA"),
    Label("SINSTS3", STANDARD, "apparent power drawn, phase 3", "00413", int, "VA"),
    Label("SMAXSN", STANDARD, "highest power drawn today", "05529", int, "VA", stamped=True),
    Label("SMAXSN1", STANDARD, "highest power drawn today, phase 1", "03411", int, "VA", stamped=True),
    Label("SMAXSN2", STANDARD, "highest power drawn today, phase 2", "03412", int, "VA", stamped=True),
    Label("SMAXSN3", STANDARD, "highest power drawn today, phase 3", "03413", int, "VA", stamped=True),
    Label("SMAXSN-1", STANDARD, "highest power drawn yesterday", "05473", int, "VA", stamped=True),
    Label("SMAXSN1-1", STANDARD, "highest power drawn yesterday, phase 1", "03121", int, "VA", stamped=True),
    Label("SMAXSN2-1", STANDARD, "highest power drawn yesterday, phase 2", "03122", int, "VA", stamped=True),
    Label("SMAXSN3-1", STANDARD, "highest power drawn yesterday, phase 3", "03123", int, "VA", stamped=True),
    Label("SINSTI", STANDARD, "apparent power injected", "01253", int, "VA", fills="injected_power"),
    Label("SMAXIN", STANDARD, "highest power injected today", "01423", int, "VA", stamped=True),
    Label("SMAXIN-1", STANDARD, "highest power injected yesterday", "01971", int, "VA", stamped=True),
    Label("CCASN", STANDARD, "load curve, last point", "03073", int, "W", stamped=True),
    Label("CCASN-1", STANDARD, "load curve, point before the last", "01710", int, "W", stamped=True),
    Label("CCAIN", STANDARD, "injection curve, last point", "00986", int, "W", stamped=True),
    Label("CCAIN-1", STANDARD, "injection curve, point before the last", "00596", int, "W", stamped=True),
    Label("UMOY1", STANDARD, "mean voltage of ten minutes, phase 1", "231", int, "V", stamped=True),
    Label("UMOY2", STANDARD, "mean voltage of ten minutes, phase 2", "232", int, "V", stamped=True),
    Label("UMOY3", STANDARD, "mean voltage of ten minutes, phase 3", "233", int, "V", stamped=True),
    Label("STGE", STANDARD, "status register", "9B3A9000", read_status, pattern=HEX),
    Label("DPM1", STANDARD, "start of mobile peak 1", "00", int, stamped=True),
    Label("FPM1", STANDARD, "end of mobile peak 1", "00", int, stamped=True),
    Label("DPM2", STANDARD, "start of mobile peak 2", "00", int, stamped=True),
    Label("FPM2", STANDARD, "end of mobile peak 2", "00", int, stamped=True),
    Label("DPM3", STANDARD, "start of mobile peak 3", "00", int, stamped=True),
    Label("FPM3", STANDARD, "end of mobile peak 3", "00", int, stamped=True),
    Label("MSG1", STANDARD, "short message", _NO_MESSAGE, tidy, fills="message", pattern=TEXT),
    Label("MSG2", STANDARD, "ultra-short message", "COUPURE  DEMAIN ", tidy, pattern=TEXT),
    Label("PRM", STANDARD, "delivery point", "12345678901234", str),
    Label("RELAIS", STANDARD, "contacts of the meter", "140", read_relays, pattern=_BYTE),
    Label("NTARF", STANDARD, "supplier index in force", "05", int, fills="tariff_period", pattern=_INDEX),
    Label("NJOURF", STANDARD, "day profile of today", "00", int),
    Label("NJOURF+1", STANDARD, "day profile of tomorrow", "00", int),
    Label("PJOURF+1", STANDARD, "profile, tomorrow", _DAY, read_day_profile, width=_BLOCKS, pattern=_PROFILE),
    Label("PPOINTE", STANDARD, "profile, peak day", _DAY, read_day_profile, width=_BLOCKS, pattern=_PROFILE),
)

#: The rows of each mode by label.
BY_MODE: Mapping[Mode, Mapping[str, Label]] = MappingProxyType(
    {mode: MappingProxyType({label.name: label for label in LABELS if label.mode is mode}) for mode in Mode}
)

#: Label → its place in a frame. NOI-CPT_02E table 5: in a short frame the ADIR groups come first.
_PLACES = {
    mode: {name: place for place, name in enumerate(rows)} | dict.fromkeys(("ADIR1", "ADIR2", "ADIR3"), -1)
    for mode, rows in BY_MODE.items()
}
#: Some programs that relay a stream move this label to the front.
_ANYWHERE = "MOTDETAT"


class Gaps:
    """The places of a frame where groups were damaged, to tell which labels the damaged groups may have had.

    A meter always sends its groups in the same order, so the label of a damaged group stands in that order between
    the labels of its sound neighbours.

    Args:
        sound: the labels of the sound groups, in the order of the frame.
        after: for each damaged group, the label of the last sound group before it (Rejected.after).
        mode: the mode of the meter.
    """

    def __init__(self, sound: Sequence[str], after: Iterable[str | None], mode: Mode) -> None:
        self._places = _PLACES[mode]
        known = [self._places[label] for label in sound if label in self._places and label != _ANYWHERE]
        in_order = known == sorted(known)
        self._stretches = {self._stretch(label if in_order else None, known) for label in after}

    def _stretch(self, after: str | None, known: Sequence[int]) -> tuple[float, float]:
        if after is None or after == _ANYWHERE or (after and after not in self._places):
            return -inf, inf
        least = self._places[after] if after else -inf
        return least, next((place for place in known if place > least), inf)

    def may_hide(self, label: str) -> bool:
        """Return whether one of the damaged groups may have been *label*."""
        place = self._places.get(label)
        if place is None or label == _ANYWHERE:
            return bool(self._stretches)
        return any(least < place < most for least, most in self._stretches)
