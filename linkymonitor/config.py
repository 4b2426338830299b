"""Reads the text of an INI file into a dataclass that it is given, and reports every fault at once."""

# Strategy
#
# - The dataclass that is given stands for the whole file, and its fields for the sections: a field whose type is a
#   dataclass is [NAME], one whose type is Mapping[str, dataclass] is [NAME:ANYTHING]. settings.py has that class;
#   this module knows no section.
# - A section is a dataclass, a key is a field, and the type of the field reads the text. Its class may have two
#   tables besides: ``aliases``, another spelling of a key → its field, and ``retired``, keys of older files that no
#   longer have an effect.
# - Nothing is interpolated: a % in a password is a %.

from __future__ import annotations

import configparser
import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import CONTROLS, Text, as_text, cause

T = TypeVar("T")
Raw = Mapping[str, str]

_TRUE = frozenset({"1", "yes", "true", "on", "oui", "vrai"})
_FALSE = frozenset({"0", "no", "false", "off", "non", "faux"})
_DURATION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(ms|s|m|min|h|d|j)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400}
_TIME = re.compile(r"([01]?[0-9]|2[0-4])(?:[:hH]([0-5][0-9])?)?")


class Chosen(NamedTuple):
    """The class of one section, where the section itself says which (``type = …``)."""

    #: The dataclass that the section is read into.
    settings: type
    #: Makes the value of the section from the settings that were read.
    wrap: Callable[[Any], object]


def chosen_by(choose: Callable[[Raw], Chosen]) -> Any:
    """Return a field for ``[NAME:ANYTHING]`` sections whose class *choose* picks; it may raise BadSetting."""
    return dataclasses.field(default_factory=dict, metadata={"choose": choose})


def parse(path: Path) -> configparser.RawConfigParser:
    """Return the sections, keys and texts of *path*, an INI file in UTF-8.

    Raises:
        ConfigError: the file cannot be read, or is no INI file.
    """
    parser = configparser.RawConfigParser(
        interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"), strict=True
    )
    try:
        with path.open(encoding="utf-8-sig") as file:
            parser.read_file(file, source=str(path))
    except OSError as error:
        why = cause(error)
        raise ConfigError(
            Text(
                f"{path} : lecture impossible ({why.fr}) ; indiquez un autre fichier avec -c",
                f"{path}: cannot be read ({why.en}); name another file with -c",
            )
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            Text(
                f"{path} : octet {error.start} illisible ; enregistrez le fichier en UTF-8",
                f"{path}: byte {error.start} is unreadable; save the file as UTF-8",
            )
        ) from error
    except configparser.Error as error:
        raise ConfigError(*(f"{path}: " + fault.map(_one_line) for fault in _syntax(error))) from error
    return parser


def _syntax(error: configparser.Error) -> list[Text]:
    """Return one sentence for each place at which a file is no INI file; the text there may be a secret."""
    match error:
        case configparser.DuplicateSectionError(section=section, lineno=line):
            return [f"[{section}] " + _twice(line)]
        case configparser.DuplicateOptionError(section=section, option=key, lineno=line):
            return [f"[{section}] {key} " + _twice(line)]
        case configparser.MissingSectionHeaderError(lineno=line):
            return [
                Text(
                    f"ligne {line} : hors de toute section ; on attend d'abord une ligne telle que [meter]",
                    f"line {line}: in no section; expected a line such as [meter] first",
                )
            ]
        case configparser.ParsingError(errors=errors):
            return [
                Text(
                    f"ligne {line} : illisible ; on attend [section], clé = valeur ou # commentaire",
                    f"line {line}: cannot be read; expected [section], key = value or # comment",
                )
                for line, _ in errors
            ]
    return [as_text(" ".join(str(error).split()))]


def _twice(line: int | None) -> Text:
    return Text(f"ligne {line} : deuxième fois ; gardez-en une", f"line {line}: a second time; keep one")


def fill(whole: type[T], parser: configparser.RawConfigParser, path: Path) -> tuple[T, tuple[Text, ...]]:
    """Return the *whole* that the sections of *parser* describe, and a sentence for each key without effect.

    Args:
        whole: a dataclass whose fields are sections.
        parser: the sections as text.
        path: the file they come from, named in each fault.

    Raises:
        ConfigError: with one sentence for every unknown section or key, unreadable value and missing key.
    """
    reader = _Reader(whole)
    sections = reader.read(parser)
    if reader.faults:
        raise ConfigError(*(f"{path}: " + fault for fault in reader.faults))
    return whole(**sections), tuple(f"{path}: " + note for note in reader.notes)


class _Kind(NamedTuple):
    """One field of the whole: a section, or all sections of one kind."""

    #: The class of a section; None where each section chooses.
    cls: type | None
    #: Whether the field is a mapping of ``[NAME:ANYTHING]``.
    named: bool
    choose: Callable[[Raw], Chosen] | None


def _kinds(whole: type) -> dict[str, _Kind]:
    """Return the sections of *whole*, by name; a field of any other type is no section."""
    hints = get_type_hints(whole)
    found = {}
    for field in dataclasses.fields(whole):
        hint = hints[field.name]
        named = get_origin(hint) is Mapping
        choose = field.metadata.get("choose")
        if named or dataclasses.is_dataclass(hint):
            cls = None if choose else get_args(hint)[1] if named else hint
            found[field.name] = _Kind(cls, named, choose)
    return found


class _Reader:
    """One reading of one file: collects faults instead of stopping at the first."""

    def __init__(self, whole: type) -> None:
        self.faults: list[Text] = []
        self.notes: list[Text] = []
        self._kinds = _kinds(whole)

    def read(self, parser: configparser.RawConfigParser) -> dict[str, Any]:
        """Return the value of every field of the whole that could be read."""
        sections: dict[str, Any] = {name: {} for name, kind in self._kinds.items() if kind.named}
        for name in parser.sections():
            kind, colon, own = name.partition(":")
            found = self._kinds.get(kind)
            if found is None or found.named != bool(colon) or found.named != bool(own):
                self._unknown_section(name)
                continue
            value = self._value(found, dict(parser[name]), name)
            if value is None:
                continue
            if found.named:
                sections[kind][own] = value
            else:
                sections[kind] = value
        for name, found in self._kinds.items():
            if found.cls is not None and not found.named and not parser.has_section(name):
                sections[name] = self.section(found.cls, {}, name)
        return sections

    def _value(self, kind: _Kind, raw: dict[str, str], name: str) -> object:
        if kind.cls is not None:
            return self.section(kind.cls, raw, name)
        assert kind.choose is not None
        try:
            chosen = kind.choose(raw)
        except BadSetting as error:
            self._fault(f"[{name}] " + error.text)
            return None
        # The key `type` has done its work; it is handed on to settings that want to know the text of it.
        if getattr(chosen.settings, "__annotations__", {}).get("type") not in ("str", str):
            raw.pop("type", None)
        settings = self.section(chosen.settings, raw, name)
        return None if settings is None else chosen.wrap(settings)

    def section(self, cls: type, raw: dict[str, str], name: str) -> object:
        """Return *cls* filled from *raw*, or None after noting every fault."""
        try:
            fields = fields_of(cls)
        except TypeError as error:  # a class of the user's
            self._fault(as_text(f"[{name}] {error}"))
            return None
        before = len(self.faults)
        written = self._written(cls, raw, name)
        values: dict[str, object] = {}
        for key, spelling in written.items():
            if key not in fields or (key == "name" and ":" in name):
                known = [field for field in fields if field != "name"]
                self._fault(f"[{name}] {spelling}" + _unknown(spelling, known))
                continue
            words = raw[spelling].strip()
            try:
                values[key] = fields[key].read(words)
            except ValueError:
                expected = fields[key].expected
                self._fault(
                    f"[{name}] {spelling} = {words}"
                    + Text(f" : on attend {expected.fr}", f": expected {expected.en}")
                )
        if "name" in fields and ":" in name:
            values["name"] = name.partition(":")[2]
        missing = [key for key, field in fields.items() if field.required and key not in values]
        for key in missing:
            if key not in written:
                self._fault(f"[{name}] {key}" + Text(" : manque", ": missing"))
        if missing:
            return None
        try:
            # Even when some values cannot be read: what the others cannot mean is reported as well.
            settings: object = cls(**values)
            return settings if len(self.faults) == before else None
        except BadSetting as error:
            self._fault(f"[{name}] " + error.text)
        except ValueError as error:  # a class of the user's may raise it with any words
            self._fault(as_text(f"[{name}] {error}"))
        except ConfigError as error:
            for fault in error.faults:
                self._fault(f"[{name}] " + fault)
        return None

    def _written(self, cls: type, raw: Mapping[str, str], name: str) -> dict[str, str]:
        """Return field → key as it is spelt in *raw*, without the keys that *cls* has retired."""
        retired: frozenset[str] = getattr(cls, "retired", frozenset())
        aliases: Mapping[str, str] = getattr(cls, "aliases", {})
        written: dict[str, str] = {}
        for spelling in raw:
            if spelling in retired:
                self.notes.append(
                    f"[{name}] {spelling}"
                    + Text(
                        " : n'a plus d'effet ; supprimez cette ligne",
                        ": no longer does anything; remove this line",
                    )
                )
                continue
            key = aliases.get(spelling, spelling)
            if key in written:
                first = written[key]
                self._fault(
                    f"[{name}] {first}"
                    + Text(
                        f" : dit la même chose que {spelling} ; gardez-en un",
                        f": means the same as {spelling}; keep one",
                    )
                )
                continue
            written[key] = spelling
        return written

    def _fault(self, sentence: Text) -> None:
        # The text that was found is repeated, and a damaged file may hold anything: a fault stays one line of text.
        self.faults.append(sentence.map(_one_line))

    def _unknown_section(self, name: str) -> None:
        kind, colon, _ = name.partition(":")
        known = [f"{key}:NAME" if found.named else key for key, found in self._kinds.items()]
        meant = f"{kind}:NAME" if colon or f"{kind}:NAME" in known else kind
        self._fault(f"[{name}]" + _unknown(meant, known))


def _one_line(words: str) -> str:
    return re.sub(CONTROLS, "?", words)


def _unknown(key: str, known: list[str]) -> Text:
    import difflib

    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return Text(f" : inconnu, vouliez-vous dire {near[0]} ?", f": unknown, did you mean {near[0]}?")
    choices = ", ".join(known)
    return Text(f" : inconnu ; on attend {choices}", f": unknown; expected one of {choices}")


class Field(NamedTuple):
    """How the text of one key is read."""

    kind: _Type
    #: Whether the text may be empty, which is None.
    optional: bool
    #: Whether the key must be there.
    required: bool

    def read(self, words: str) -> object:
        """Return the value of *words*.

        Raises:
            ValueError: *words* are no value of this kind.
        """
        if self.optional and not words:
            return None
        return self.kind.read(words)

    @property
    def expected(self) -> Text:
        """What should stand there."""
        return self.kind.expected


def fields_of(cls: type) -> dict[str, Field]:
    """Return the fields of a section's class, which is a dataclass.

    Raises:
        TypeError: *cls* is no dataclass, or one of its fields has a type that no text can be read into.
    """
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__qualname__}: not a dataclass")
    try:
        hints = get_type_hints(cls)
    except Exception as error:  # a name in an annotation that is not there when the program runs
        raise TypeError(f"{cls.__qualname__}: {error}") from error
    return {
        field.name: _field(cls, field, hints[field.name]) for field in dataclasses.fields(cls) if field.init
    }


def _field(cls: type, field: dataclasses.Field[Any], hint: Any) -> Field:
    """Return how to read *field* of *cls*, whose type is *hint*."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kind, *others = [one for one in kinds if one is not NoneType]
    found = _TYPES.get(kind)
    if found is None and isinstance(kind, type) and issubclass(kind, Enum):
        found = _choice_of(kind)
    if found is None or others:
        raise TypeError(
            f"{cls.__qualname__}.{field.name}: no way to read a {getattr(kind, '__name__', kind)}"
        )
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return Field(found, NoneType in kinds, required)


def reader_of(kind: Any) -> Field:
    """Return how a text becomes a value of *kind*, one of the types that a setting may have."""
    return Field(_TYPES[kind], optional=False, required=True)


def _bool(words: str) -> bool:
    if words.lower() in _TRUE:
        return True
    if words.lower() in _FALSE:
        return False
    raise ValueError(words)


def _int(words: str) -> int:
    return int(words, 0) if words.lower().startswith("0x") else int(words)


def _duration(words: str) -> timedelta:
    found = _DURATION.fullmatch(words.lower())
    if not found:
        raise ValueError(words)
    try:
        return timedelta(seconds=float(found[1].replace(",", ".")) * _SECONDS[found[2]])
    except OverflowError:  # longer than any calendar
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
    found = _TIME.fullmatch(words)
    if not found:
        raise ValueError(words)
    hour, minute = int(found[1]), int(found[2] or 0)
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
    except RuntimeError:  # nobody of that name has a home
        raise ValueError(words) from None


def _words(words: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in words.split(",") if item.strip())


class _Type(NamedTuple):
    """How a type is read from text, and how it is called."""

    read: Callable[[str], object]
    expected: Text


def _choice_of(options: type[Enum]) -> _Type:
    *names, last = (str(option.value) for option in options)
    first = ", ".join(names)
    expected = Text(f"{first} ou {last}", f"{first} or {last}") if names else as_text(last)
    return _Type(lambda words: options(words.lower()), expected)


_TYPES: Mapping[Any, _Type] = {
    str: _Type(_text, Text("un texte", "a text")),
    int: _Type(_int, Text("un nombre entier", "a whole number")),
    float: _Type(_float, Text("un nombre", "a number")),
    bool: _Type(_bool, Text("oui ou non", "yes or no")),
    tuple[str, ...]: _Type(_words, Text("des mots séparés par des virgules", "words separated by commas")),
    Path: _Type(_path, Text("un chemin", "a path")),
    timedelta: _Type(
        _duration, Text("une durée telle que 90s, 15m, 2h ou 7d", "a duration such as 90s, 15m, 2h or 7d")
    ),
    Decimal: _Type(_decimal, Text("un nombre tel que 0,1781", "a number such as 0.1781")),
    time: _Type(_time, Text("une heure telle que 22:30", "a time such as 22:30")),
}
