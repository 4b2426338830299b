"""The options of the simulated house, and the words that set them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model.terms import PERIODS, Colour, Mode
from linkymonitor.setting_types import TYPES
from linkymonitor.source.base import SIMULATED
from linkymonitor.system.zones import home

#: The time zone of the meter, its tariffs and the household.
PARIS = home()

#: The day that is simulated when the options name none. It is fixed, so that the same seed gives the same bytes.
DEFAULT_DAY = date(2026, 1, 13)
_LAST_DAY = date(2099, 12, 31)

#: The kinds of damage of a line, see noise.py.
NOISES = ("flip", "flips", "lost", "doubled", "merged", "cut", "burst")

#: The longest duration, so that dates stay far from the end of the calendar.
_LONGEST = timedelta(days=36525)

_A_SHARE = Text("une part des lignes, de 0 à 1", "a share of the lines, from 0 to 1")


def _fault(word: str, expected: Text | str) -> BadSetting:
    """Return the fault of the *word* of the user, with the *expected* one; a plain string is for both languages."""
    return BadSetting(word + Text(" : on attend ", ": expected ") + expected)


class ExtraLoad(NamedTuple):
    """Something that is switched on at one instant, besides what the household draws each day."""

    at: datetime
    duration: timedelta
    watts: int


@dataclass(frozen=True, kw_only=True)
class Options:
    """One simulated house, its contract and its meter; equal options make equal bytes."""

    mode: Mode = Mode.HISTORIQUE
    #: A key of terms.PERIODS.
    contract: str = "BASE"
    phases: int = 1
    #: A producer's contract, with solar panels: the standard TIC has the labels of injection.
    producer: bool = False
    #: Solar panels without a producer's contract: the meter sends hardly any label of injection.
    pv: bool = False
    #: A meter from before Linky: no PAPP on one phase, DEMAIN until 6:00.
    old: bool = False
    #: Subscribed power, kVA; None: 9 on one phase, 12 on three.
    power: int | None = None
    #: Local day and time of the first frame; None: midnight of DEFAULT_DAY, or of *since* if that is
    #: later; now for a SimSource.
    day: date | None = None
    at: time | None = None
    #: The stream ends after so long; None: never.
    duration: timedelta | None = None
    #: The indexes count from the eve of this local day on; None: from the eve of *day*. So houses that only differ in
    #: *day* and *at* are one house at two times.
    since: date | None = None
    #: The days to which *peak* and *colour* apply; None: *day* alone.
    days: frozenset[date] | None = None
    #: True: *day* is a peak day (under Tempo, a red one). False: an ordinary day. None: the season decides.
    peak: bool | None = None
    #: The peak days, in place of those of the season.
    ejp_days: frozenset[date] | None = None
    #: The red and the white days of Tempo, in place of those of the season; all others are then blue.
    red_days: frozenset[date] | None = None
    white_days: frozenset[date] = frozenset()
    #: The Tempo colour of *day*; None: the season decides.
    colour: Colour | None = None
    #: How long before its beginning a peak is announced.
    notice: timedelta = timedelta(minutes=30)
    #: True: a load exceeds the subscribed power for 90 s, two minutes after the start.
    overload: bool = False
    #: Loads that are switched on besides those of each day.
    loads: tuple[ExtraLoad, ...] = ()
    seed: int = 1
    #: The share of the lines that are damaged, 0 to 1.
    noise: float = 0.0
    #: The kinds of damage, of NOISES.
    noise_kinds: tuple[str, ...] = NOISES
    #: True: bit 7 of each byte carries the even parity, as when a 7E1 line is read as 8 bits.
    parity: bool = True
    #: The time between the beginnings of two frames, to simulate months; None: one frame after the other.
    every: timedelta | None = None
    #: The pace of the stream, in multiples of the true speed of the line; None: as fast as possible.
    speed: float | None = 1.0

    def __post_init__(self) -> None:
        if self.contract not in PERIODS:
            raise _fault(f"contract = {self.contract}", ", ".join(PERIODS))
        if self.phases not in (1, 3):
            raise _fault(f"phases = {self.phases}", Text("1 ou 3", "1 or 3"))
        if not 0 <= self.noise <= 1:
            raise _fault(f"noise = {self.noise}", _A_SHARE)
        if wrong := [kind for kind in self.noise_kinds if kind not in NOISES]:
            raise _fault(f"kinds = {wrong[0]}", "+".join(NOISES))
        if not self.noise_kinds:
            raise _fault("kinds =", "+".join(NOISES))
        if self.power is not None and not 1 <= self.power <= 36:
            raise _fault(f"power = {self.power}", Text("1 à 36 kVA", "1 to 36 kVA"))
        if self.old and self.mode is Mode.STANDARD:
            raise BadSetting(
                Text(
                    "old : un compteur d'avant Linky n'a pas de mode standard ; on attend historique",
                    "old: a meter from before Linky has no standard mode, expected historique",
                )
            )
        if self.speed is not None and not 0 < self.speed < math.inf:
            raise _fault(
                f"speed = {self.speed}", Text("un nombre au-dessus de 0, ou max", "a number above 0, or max")
            )
        if self.day is not None and not 2000 <= self.day.year < 2100:
            raise _fault(f"day = {self.day}", Text("un jour de ce siècle", "a day of this century"))
        if self.since is not None and not date(2000, 1, 2) <= self.since <= (self.day or _LAST_DAY):
            raise _fault(
                f"since = {self.since}",
                Text("un jour de ce siècle, au plus day", "a day of this century, until day"),
            )
        if self.every is not None and not timedelta(0) < self.every <= timedelta(days=31):
            raise _fault(
                "every", Text("une durée telle que 60s, jusqu'à 31d", "a duration such as 60s, up to 31d")
            )
        if self.notice > timedelta(days=1):
            raise _fault("notice", Text("une durée jusqu'à 1d", "a duration of up to 1d"))
        if self.duration is not None and self.duration > _LONGEST:
            raise _fault(
                "duration",
                Text(f"une durée jusqu'à {_LONGEST.days}d", f"a duration of up to {_LONGEST.days}d"),
            )

    @property
    def first_day(self) -> date:
        """The local day of the first frame."""
        return self.day or max(DEFAULT_DAY, self.since or DEFAULT_DAY)

    @property
    def origin(self) -> date:
        """The local day from whose eve on the indexes count."""
        return self.since or self.first_day

    def is_singled_out(self, day: date) -> bool:
        """Return whether *peak* and *colour* apply to the local *day*."""
        return day == self.first_day if self.days is None else day in self.days

    @property
    def extra_loads(self) -> tuple[ExtraLoad, ...]:
        """What is switched on besides the load of each day, an overload included."""
        if not self.overload:
            return self.loads
        watts = self.subscribed * 1250
        return (*self.loads, ExtraLoad(self.start + timedelta(minutes=2), timedelta(seconds=90), watts))

    @property
    def start(self) -> datetime:
        """The instant of the first byte, in UTC."""
        return datetime.combine(self.first_day, self.at or time(), PARIS).astimezone(UTC)

    @property
    def subscribed(self) -> int:
        """The subscribed power, in kVA."""
        return self.power or (9 if self.phases == 1 else 12)

    @property
    def generates(self) -> bool:
        """Whether the house has solar panels."""
        return self.pv or self.producer


#: Word without a value → the field that it sets, and the value.
WORDS: Mapping[str, tuple[str, object]] = {
    "standard": ("mode", Mode.STANDARD),
    "std": ("mode", Mode.STANDARD),
    "historique": ("mode", Mode.HISTORIQUE),
    "historic": ("mode", Mode.HISTORIQUE),
    "hist": ("mode", Mode.HISTORIQUE),
    "base": ("contract", "BASE"),
    "hc": ("contract", "HC"),
    "hphc": ("contract", "HC"),
    "ejp": ("contract", "EJP"),
    "tempo": ("contract", "TEMPO"),
    "mono": ("phases", 1),
    "tri": ("phases", 3),
    "producer": ("producer", True),
    "pv": ("pv", True),
    "old": ("old", True),
    "peak": ("peak", True),
    "overload": ("overload", True),
}

#: French word → English word.
FRENCH = {
    "ancien": "old",
    "bruit": "noise",
    "chaque": "every",
    "depuis": "since",
    "contrat": "contract",
    "couleur": "colour",
    "duree": "duration",
    "graine": "seed",
    "heure": "at",
    "jour": "day",
    "parite": "parity",
    "pointe": "peak",
    "preavis": "notice",
    "producteur": "producer",
    "puissance": "power",
    "surcharge": "overload",
    "vitesse": "speed",
}

_COLOURS = {
    "bleu": Colour.BLUE,
    "blue": Colour.BLUE,
    "blanc": Colour.WHITE,
    "white": Colour.WHITE,
    "rouge": Colour.RED,
    "red": Colour.RED,
}

Reader = Callable[[str], object]


def _kind(kind: type, expected: Text | None = None) -> Reader:
    """Return a reader for a value of the type *kind*, written as in the configuration.

    Args:
        kind: a type of setting_types.TYPES.
        expected: the words for the user in place of those of the type.
    """
    reader = TYPES[kind]

    def read(text: str) -> object:
        try:
            return reader.read(text)
        except ValueError:
            raise BadSetting(expected or reader.expected) from None

    return read


def _one_of(choices: Mapping[str, object]) -> Reader:
    """Return a reader for one of the words of *choices*."""

    def read(text: str) -> object:
        if text not in choices:
            raise BadSetting(", ".join(choices))
        return choices[text]

    return read


def _word_for(field: str) -> Reader:
    return _one_of({word: value for word, (name, value) in WORDS.items() if name == field})


def _duration(text: str) -> object:
    """Read a duration; a number without a unit is in seconds."""
    return _kind(timedelta)(f"{text}s" if text.isdecimal() else text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("_", "-"))
    except ValueError:
        raise BadSetting(Text("une date telle que 2026-01-13", "a date such as 2026-01-13")) from None


def _time(text: str) -> time:
    """Read a time of day, which may have seconds, unlike one in the configuration."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadSetting(Text("une heure telle que 06:58", "a time such as 06:58")) from None


def _speed(text: str) -> object:
    if text == "max":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadSetting(Text("un nombre, ou max", "a number, or max")) from None


#: Key → the field that it sets, and the reader of its value.
KEYS: Mapping[str, tuple[str, Reader]] = {
    "mode": ("mode", _word_for("mode")),
    "contract": ("contract", _word_for("contract")),
    "phases": ("phases", _kind(int)),
    "producer": ("producer", _kind(bool)),
    "pv": ("pv", _kind(bool)),
    "old": ("old", _kind(bool)),
    "peak": ("peak", _kind(bool)),
    "overload": ("overload", _kind(bool)),
    "parity": ("parity", _kind(bool)),
    "power": ("power", _kind(int)),
    "day": ("day", _date),
    "since": ("since", _date),
    "at": ("at", _time),
    "duration": ("duration", _duration),
    "ejp": ("ejp_days", lambda text: frozenset(_date(day) for day in text.split("+") if day)),
    "colour": ("colour", _one_of(_COLOURS)),
    "notice": ("notice", _duration),
    "seed": ("seed", _kind(int)),
    "noise": ("noise", _kind(float, _A_SHARE)),
    "kinds": ("noise_kinds", lambda text: tuple(text.split("+"))),
    "every": ("every", _duration),
    "speed": ("speed", _speed),
}


#: The keys with a value; the others are words, too, and have yes or no.
VALUED = tuple(key for key, (field, _) in KEYS.items() if field != WORDS.get(key, ("", None))[0])

#: Characters of an unknown word that its fault repeats.
_LONGEST_SHOWN = 24


def parse_spec(text: str) -> Options:
    """Return the options of *text*, such as ``standard,tempo,tri,seed=7,day=2026-01-13,at=06:58,peak``.

    The words may be in French or in English, in any order, after a leading ``sim:`` or not. When two words set the same
    field, the last one counts.

    Raises:
        BadSetting: a word is unknown, or its value is not allowed.
    """
    values: dict[str, object] = {}
    for word in filter(None, (word.strip().lower() for word in text.removeprefix(SIMULATED).split(","))):
        written, equals, value = word.partition("=")
        key = FRENCH.get(written, written)
        if equals and key in KEYS:
            name, read = KEYS[key]
            try:
                values[name] = read(value)
            except BadSetting as expected:
                raise _fault(f"{written} = {value}", expected.text) from None
            if name == "ejp_days":
                values["contract"] = "EJP"
        elif not equals and key in WORDS:
            name, meaning = WORDS[key]
            values[name] = meaning
        elif word == written and key in KEYS:
            raise _fault(word, Text(f"une valeur, comme dans {word}=…", f"a value, as in {word}=…"))
        else:
            raise _unknown(word)
    return Options(**values)  # type: ignore[arg-type]  # each reader makes the type of its field


def _unknown(word: str) -> BadSetting:
    """Return the fault of an unknown *word*, with the nearest known word."""
    written, equals, _ = word.partition("=")
    keys = [*KEYS, *(french for french, key in FRENCH.items() if key in KEYS)]
    known = [f"{key}=" for key in keys] if equals else [*WORDS, *FRENCH, *KEYS]
    near = get_close_matches(written + equals, known, n=1)
    if near:
        return BadSetting(
            Text(
                f"{word} : inconnu, vouliez-vous dire {near[0]} ?",
                f"{word}: unknown, did you mean {near[0]}?",
            )
        )
    known_words = ", ".join((*WORDS, *(f"{key}=" for key in VALUED)))
    shown = word if len(word) <= _LONGEST_SHOWN else f"{word[:_LONGEST_SHOWN]}…"  # the list is long enough
    return BadSetting(
        Text(
            f"{shown} : inconnu ; on attend certains de {known_words}",
            f"{shown}: unknown, expected some of {known_words}",
        )
    )
