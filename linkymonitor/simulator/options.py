"""What can be asked of the simulated house, and the words to ask it with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model.terms import PERIODS, Colour, Mode
from linkymonitor.system.zones import home

#: The time that the meter, its tariffs and the household live on.
PARIS = home()

#: The day that is simulated when none is named: fixed, so that the same seed gives the same bytes.
DEFAULT_DAY = date(2026, 1, 13)

#: How a line can be hurt, see noise.py.
NOISES = ("flip", "flips", "lost", "doubled", "merged", "cut", "burst")

#: A house is followed for so long at most; its dates stay far from the end of the calendar.
_LONGEST = timedelta(days=36525)

_A_SHARE = Text("une part des lignes, de 0 à 1", "a share of the lines, from 0 to 1")


def _fault(found: str, expected: Text | str) -> BadSetting:
    """Return the fault of *found*: what is expected instead, names being the same in both languages."""
    return BadSetting(found + Text(" : on attend ", ": expected ") + expected)


@dataclass(frozen=True, kw_only=True)
class Options:
    """One simulated house, its contract and its meter; equal options make equal bytes."""

    mode: Mode = Mode.HISTORIQUE
    #: A key of model.PERIODS.
    contract: str = "BASE"
    phases: int = 1
    #: A producer's contract, with solar panels: the standard TIC has the labels of injection.
    producer: bool = False
    #: Solar panels without a producer's contract: the meter says next to nothing of what is injected.
    pv: bool = False
    #: A meter from before Linky: no PAPP on one phase, DEMAIN until 6:00.
    old: bool = False
    #: Subscribed power, kVA; None is 9 on one phase, 12 on three.
    power: int | None = None
    #: Local day and time of the first frame; None is DEFAULT_DAY, or today where there is a clock.
    day: date | None = None
    at: time | None = None
    #: The stream ends after this long; None never.
    duration: timedelta | None = None
    #: True makes *day* a peak (under Tempo, red), False an ordinary day, None leaves it to the season.
    peak: bool | None = None
    #: Exactly these peak days instead of a season's.
    ejp_days: frozenset[date] | None = None
    #: The Tempo colour of *day*, None leaves it to the season.
    colour: Colour | None = None
    #: How long before its beginning a peak is announced.
    notice: timedelta = timedelta(minutes=30)
    #: Something that exceeds the subscribed power for 90 s, two minutes after the start.
    overload: bool = False
    seed: int = 1
    #: The part of the lines that are hurt.
    noise: float = 0.0
    noise_kinds: tuple[str, ...] = NOISES
    #: Bit 7 of each byte carries the even parity of a 7E1 line read as 8 bits.
    parity: bool = True
    #: One frame each so often instead of one after the other, to walk through months.
    every: timedelta | None = None
    #: For whoever paces the stream: times the true speed of the line, None as fast as can be.
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
                    "old : un compteur d'avant Linky ne parle pas le mode standard ; on attend historique",
                    "old: a meter from before Linky does not speak standard, expected historique",
                )
            )
        if self.speed is not None and not 0 < self.speed < math.inf:
            raise _fault(
                f"speed = {self.speed}", Text("un nombre au-dessus de 0, ou max", "a number above 0, or max")
            )
        if self.day is not None and not 2000 <= self.day.year < 2100:
            raise _fault(f"day = {self.day}", Text("un jour de ce siècle", "a day of this century"))
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
        return self.day or DEFAULT_DAY

    @property
    def start(self) -> datetime:
        """When the first frame begins, in UTC."""
        return datetime.combine(self.first_day, self.at or time(), PARIS).astimezone(UTC)

    @property
    def subscribed(self) -> int:
        """The subscribed power, in kVA."""
        return self.power or (9 if self.phases == 1 else 12)

    @property
    def generates(self) -> bool:
        """Whether there are solar panels on the roof."""
        return self.pv or self.producer


_WORDS: Mapping[str, tuple[str, object]] = {
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
    "producteur": ("producer", True),
    "producer": ("producer", True),
    "pv": ("pv", True),
    "ancien": ("old", True),
    "old": ("old", True),
    "pointe": ("peak", True),
    "peak": ("peak", True),
    "surcharge": ("overload", True),
    "overload": ("overload", True),
}

_COLOURS = {
    "bleu": Colour.BLUE,
    "blue": Colour.BLUE,
    "blanc": Colour.WHITE,
    "white": Colour.WHITE,
    "rouge": Colour.RED,
    "red": Colour.RED,
}

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400}

_YES = {
    "yes": True,
    "oui": True,
    "1": True,
    "true": True,
    "no": False,
    "non": False,
    "0": False,
    "false": False,
}


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", text)
    if not match or match[2] not in _UNITS:
        raise BadSetting(
            Text("une durée telle que 90s, 15m, 2h ou 7d", "a duration such as 90s, 15m, 2h or 7d")
        )
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise BadSetting(
            Text("une durée de moins d'un million de jours", "a duration of less than a million days")
        ) from None


def _yes(text: str) -> bool:
    if text not in _YES:
        raise BadSetting(Text("oui ou non", "yes or no"))
    return _YES[text]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("_", "-"))
    except ValueError:
        raise BadSetting(Text("une date telle que 2026-01-13", "a date such as 2026-01-13")) from None


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadSetting(Text("une heure telle que 06:58", "a time such as 06:58")) from None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadSetting(Text("un nombre entier", "a whole number")) from None


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadSetting(_A_SHARE) from None


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadSetting(Text("un nombre, ou max", "a number, or max")) from None


def _colour(text: str) -> Colour:
    if text not in _COLOURS:
        raise BadSetting(Text(", ".join(_COLOURS), ", ".join(_COLOURS)))
    return _COLOURS[text]


def _dates(text: str) -> frozenset[date]:
    return frozenset(_date(word) for word in text.split("+") if word)


def _kinds(text: str) -> tuple[str, ...]:
    return tuple(text.split("+"))


_KEYS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "mode": ("mode", lambda text: _meaning("mode", text)),
    "contract": ("contract", lambda text: _meaning("contract", text)),
    "contrat": ("contract", lambda text: _meaning("contract", text)),
    "phases": ("phases", _number),
    "producer": ("producer", _yes),
    "producteur": ("producer", _yes),
    "pv": ("pv", _yes),
    "old": ("old", _yes),
    "ancien": ("old", _yes),
    "peak": ("peak", _yes),
    "pointe": ("peak", _yes),
    "overload": ("overload", _yes),
    "surcharge": ("overload", _yes),
    "parity": ("parity", _yes),
    "parite": ("parity", _yes),
    "power": ("power", _number),
    "puissance": ("power", _number),
    "day": ("day", _date),
    "jour": ("day", _date),
    "at": ("at", _time),
    "heure": ("at", _time),
    "duration": ("duration", _duration),
    "duree": ("duration", _duration),
    "ejp": ("ejp_days", _dates),
    "colour": ("colour", _colour),
    "couleur": ("colour", _colour),
    "notice": ("notice", _duration),
    "preavis": ("notice", _duration),
    "seed": ("seed", _number),
    "graine": ("seed", _number),
    "noise": ("noise", _share),
    "bruit": ("noise", _share),
    "kinds": ("noise_kinds", _kinds),
    "every": ("every", _duration),
    "chaque": ("every", _duration),
    "speed": ("speed", _speed),
    "vitesse": ("speed", _speed),
}


def _meaning(field: str, text: str) -> object:
    known = {word: value for word, (name, value) in _WORDS.items() if name == field}
    if text not in known:
        raise BadSetting(Text(", ".join(known), ", ".join(known)))
    return known[text]


def parse_spec(text: str) -> Options:
    """Return the options that *text* asks for: ``standard,tempo,tri,seed=7,day=2026-01-13,at=06:58,peak``.

    The order does not matter, French and English words are both taken, a leading ``sim:`` too, and the
    last word wins.

    Raises:
        BadSetting: one sentence: the word, what is wrong with it, what may be meant.
    """
    fields: dict[str, object] = {}
    for word in filter(None, (word.strip().lower() for word in text.removeprefix("sim:").split(","))):
        key, equals, value = word.partition("=")
        if equals and key in _KEYS:
            name, read = _KEYS[key]
            try:
                fields[name] = read(value)
            except BadSetting as expected:
                raise _fault(f"{key} = {value}", expected.text) from None
            if name == "ejp_days":
                fields["contract"] = "EJP"
        elif not equals and word in _WORDS:
            name, meaning = _WORDS[word]
            fields[name] = meaning
        elif word in _KEYS:
            raise _fault(word, Text(f"une valeur, comme dans {word}=…", f"a value, as in {word}=…"))
        else:
            known = [f"{name}=" for name in _KEYS] if equals else [*_WORDS, *_KEYS]
            near = get_close_matches(f"{key}=" if equals else key, known, n=1)
            if near:
                raise BadSetting(
                    Text(
                        f"{word} : inconnu, vouliez-vous dire {near[0]} ?",
                        f"{word}: unknown, did you mean {near[0]}?",
                    )
                )
            raise BadSetting(
                Text(
                    f"{word} : inconnu ; on attend certains de {', '.join(_WORDS)}",
                    f"{word}: unknown, expected some of {', '.join(_WORDS)}",
                )
            )
    return Options(**fields)  # type: ignore[arg-type]  # each reader makes the type of its field
