"""The types that a setting may have, and how the text of a setting becomes a value."""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from linkymonitor.language import Text, as_text

_TRUE = frozenset({"1", "yes", "true", "on", "oui", "vrai"})
_FALSE = frozenset({"0", "no", "false", "off", "non", "faux"})
# These patterns are compiled where they are first needed: most starts need one of them at most.
_DURATION = r"([0-9]+(?:[.,][0-9]+)?)\s*(ms|s|m|min|h|d|j)"
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400}
_COMMENT = r"\s[#;].*"
_QUOTES = "\"'«»“”‘’"
#: A number, and the unit that somebody has written behind it.
_WITH_UNIT = r"(?!0[xX])([+-]?\d[\d.,]*)\s*([^\d\s.,].*)"
_CENTS = r"(?i)c(€|t|ent|\b)"
_HEX = r"[0-9a-fA-F]{2}"
_TIME = r"([01]?[0-9]|2[0-4])(?:[:hH]([0-5][0-9])?)?"


class DaysUsed(NamedTuple):
    """So many days of a season up to a date, that day included."""

    days: int
    until: date


class SettingType(NamedTuple):
    """How the text of a setting is read into one type."""

    #: Returns the value of a text; raises ValueError when the text has none.
    read: Callable[[str], object]
    #: The text that is expected, in words for the user.
    expected: Text
    #: The Python type.
    kind: object = None


def _bool(words: str) -> bool:
    if words.lower() in _TRUE:
        return True
    if words.lower() in _FALSE:
        return False
    raise ValueError(words)


def _int(words: str) -> int:
    return int(words, 0) if words.lower().startswith("0x") else int(words)


def _duration(words: str) -> timedelta:
    if words == "0":  # in any unit
        return timedelta(0)
    match = re.fullmatch(_DURATION, words.lower())
    if not match:
        raise ValueError(words)
    try:
        return timedelta(seconds=float(match[1].replace(",", ".")) * _SECONDS[match[2]])
    except OverflowError:  # longer than a timedelta can be
        raise ValueError(words) from None


def _decimal(words: str) -> Decimal:
    try:
        value = Decimal(words.replace(",", "."))
    except InvalidOperation:
        raise ValueError(words) from None
    if not value.is_finite():
        raise ValueError(words)
    return value


def _time(words: str) -> time:
    match = re.fullmatch(_TIME, words)
    if not match:
        raise ValueError(words)
    hour, minute = int(match[1]), int(match[2] or 0)
    if hour == 24 and minute:
        raise ValueError(words)
    return time(hour % 24, minute)


def _float(words: str) -> float:
    value = float(words.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(words)
    return value


def _text(words: str) -> str:
    if not words:
        raise ValueError(words)
    return words


def _path(words: str) -> Path:
    try:
        return Path(_text(words)).expanduser()
    except RuntimeError:  # ~name, and there is no user of that name
        raise ValueError(words) from None


def _days_used(words: str) -> DaysUsed:
    days, _, until = words.partition("@")
    if not days.strip().isdecimal():
        raise ValueError(words)
    return DaysUsed(int(days), date.fromisoformat(until.strip()))


def _words(words: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in words.split(",") if item.strip())


def read_date(words: str) -> date:
    """Return the date *words*, ``2026-08-01`` or ``2026_08_01`` as the forerunner writes it.

    Raises:
        ValueError: *words* is no such date.
    """
    return date.fromisoformat(words.strip().replace("_", "-"))


def _choice_of(options: type[Enum]) -> SettingType:
    by_name = {str(option.value).lower(): option for option in options}
    *names, last = (str(option.value) for option in options)
    first = ", ".join(names)
    expected = Text(f"{first} ou {last}", f"{first} or {last}") if names else as_text(last)

    def read(words: str) -> Enum:
        if words.lower() not in by_name:
            raise ValueError(words)
        return by_name[words.lower()]

    return SettingType(read, expected)


#: Python type → how its text is read. An Enum is not in the table: its texts are the values of its members.
TYPES: Mapping[object, SettingType] = {
    str: SettingType(_text, Text("un texte", "a text")),
    int: SettingType(_int, Text("un nombre entier", "a whole number")),
    float: SettingType(_float, Text("un nombre", "a number")),
    bool: SettingType(_bool, Text("oui ou non", "yes or no")),
    tuple[str, ...]: SettingType(
        _words, Text("des mots séparés par des virgules", "words separated by commas")
    ),
    Path: SettingType(_path, Text("un chemin", "a path")),
    timedelta: SettingType(
        _duration, Text("une durée telle que 90s, 15m, 2h ou 7d", "a duration such as 90s, 15m, 2h or 7d")
    ),
    Decimal: SettingType(_decimal, Text("un nombre tel que 0,1781", "a number such as 0.1781")),
    DaysUsed: SettingType(
        _days_used,
        Text(
            "un nombre de jours et une date, tels que 6 @ 2026-12-09",
            "a number of days and a date, such as 6 @ 2026-12-09",
        ),
    ),
    date: SettingType(read_date, Text("une date telle que 2026-08-01", "a date such as 2026-08-01")),
    time: SettingType(_time, Text("une heure telle que 22:30", "a time such as 22:30")),
}


class Key(NamedTuple):
    """How the text of one key is read."""

    type: SettingType
    #: Whether the text may be empty, which gives None.
    optional: bool
    #: Whether the section must have the key.
    required: bool

    def read(self, words: str) -> object:
        """Return the value of the text *words*.

        Raises:
            ValueError: *words* cannot be read as this type.
        """
        if self.optional and not words:
            return None
        return self.type.read(words)

    def remedy(self, key: str, words: str) -> Text | str:
        """Return how to write *key* instead of *words*, which cannot be read; empty when the mistake is not known."""
        return _remedy(key, words, self.type.kind, self.type.read) or ""

    @property
    def expected(self) -> Text:
        """The text that is expected, in words for the user."""
        return self.type.expected


def fields_of(cls: type) -> dict[str, Key]:
    """Return field → how its text is read, for *cls*, the dataclass of a section.

    Raises:
        TypeError: *cls* is no dataclass, or a field has a type that cannot be read from text.
    """
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__qualname__}: not a dataclass")
    fields = [field for field in dataclasses.fields(cls) if field.init and "free" not in field.metadata]
    hints = {field.name: field.type for field in fields}
    if any(isinstance(hint, str) for hint in hints.values()):
        try:
            hints = get_type_hints(cls)
        except Exception as error:  # an annotation may contain a name that exists only for type checkers
            raise TypeError(f"{cls.__qualname__}: {error}") from error
    return {field.name: _field(cls, field, hints[field.name]) for field in fields}


def _field(cls: type, field: dataclasses.Field[Any], hint: Any) -> Key:
    """Return how to read *field* of *cls*, whose type is *hint*."""
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kind, *others = [member for member in members if member is not NoneType]
    reader = TYPES.get(kind)
    if reader is not None:
        reader = reader._replace(kind=kind)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        reader = _choice_of(kind)
    if reader is None or others:
        raise TypeError(
            f"{cls.__qualname__}.{field.name}: no way to read a {getattr(kind, '__name__', kind)}"
        )
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return Key(reader, optional=NoneType in members, required=required)


def _remedy(key: str, words: str, kind: object, read: Callable[[str], object]) -> Text | None:
    """Return how to write the setting *key* instead of *words*, None when the mistake is not known.

    Args:
        key: the key, as the file has it.
        words: its text, which *read* refuses.
        kind: the Python type of the setting.
        read: returns the value of a text; raises ValueError when the text has none.
    """
    if kind is int and re.fullmatch(_HEX, words):
        return _write(key, as_text(f"0x{words.upper()}"), Text("en hexadécimal", "in hexadecimal"))
    bare, causes = words, []
    if re.search(_COMMENT, bare):
        bare = re.sub(_COMMENT, "", bare)
        causes.append(Text("un commentaire a sa propre ligne", "a comment has its own line"))
    if bare.strip(_QUOTES) != bare:
        bare = bare.strip(_QUOTES).strip()
        causes.append(Text("sans guillemets", "without quotes"))
    match = re.fullmatch(_WITH_UNIT, bare)
    if match and kind in (int, float, Decimal):
        bare = match[1]
        if kind is Decimal and re.match(_CENTS, match[2]):
            euros = Decimal(bare.replace(",", ".")) / 100 if _reads(read, bare) else Decimal(0)
            point = f"{euros.normalize():f}"
            return _write(
                key,
                Text(point.replace(".", ","), point),
                Text("en € et non en centimes", "in €, not in cents"),
            )
        causes.append(Text("sans unité", "without a unit"))
    if not causes or not _reads(read, bare):
        return None
    french, english = (", ".join(cause.render(lang) for cause in causes) for lang in ("fr", "en"))
    return _write(key, as_text(bare), Text(french, english))


def _write(key: str, words: Text, why: Text) -> Text:
    return Text(f" ; écrivez {key} = {words.fr} : {why.fr}", f"; write {key} = {words.en}: {why.en}")


def _reads(read: Callable[[str], object], words: str) -> bool:
    try:
        read(words)
    except ValueError:
        return False
    return True
