"""Reads the INI file into frozen settings, and reports every fault at once."""

# Strategy
#
# - A section is a Frozen (or a frozen dataclass), a key is a field, and the type of the field reads the text.
#   Whoever needs a setting adds a field to its own Settings and a line to etc/linkymonitor.ini.
# - A type is known by the name that the class wrote: nothing is evaluated, and what no setting needs (decimal)
#   is not loaded.
# - The classes are handed in (docs/architecture.md): this module knows no section by name but [general].
# - Nothing is interpolated: a % in a password is a %.

from __future__ import annotations

import configparser
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.frozen import Frozen
from linkymonitor.language import LANGUAGES, cause, of_terminal, pick

if TYPE_CHECKING:
    from decimal import Decimal

#: Where the configuration is when -c does not say.
SYSTEM_PATH = Path("/etc/linkymonitor.ini")

_TRUE = frozenset({"1", "yes", "true", "on", "oui", "vrai"})
_FALSE = frozenset({"0", "no", "false", "off", "non", "faux"})
_DURATION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(ms|s|m|min|h|d|j)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "j": 86400}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TIME = re.compile(r"([01]?[0-9]|2[0-4])(?:[:hH]([0-5][0-9])?)?")


class General(Frozen):
    """``[general]``: what every command shares."""

    #: Language of screens, pages and logs: fr or en; empty: French, and a terminal's own for messages.
    lang: str | None = None
    #: Time zone of days, pages and screens.
    timezone: str = "Europe/Paris"
    #: Where latest.json lives: a folder in memory. Empty: what systemd gives, else the user's own.
    runtime_dir: Path | None = None
    #: yes: latest.json also has the groups as the meter sent them, meter numbers masked.
    raw_values: bool = False

    def __post_init__(self) -> None:
        if self.lang is not None and self.lang not in LANGUAGES:
            raise BadSetting(
                f"lang = {self.lang} : on attend {' ou '.join(LANGUAGES)}",
                f"lang = {self.lang}: expected {' or '.join(LANGUAGES)}",
            )
        from linkymonitor.system.zones import zone

        try:
            zone(self.timezone)
        except BadSetting as fault:
            raise BadSetting(
                f"timezone = {self.timezone} : {fault.fr}", f"timezone = {self.timezone}: {fault.en}"
            ) from None


class Config:
    """The settings of every section, read and checked.

    Args:
        sections: section name (``meter``, ``lamp:ejp``) → its settings.
        lang: the language that [general] sets, or None.
        path: the file they come from.
        types: section name → its ``type``, where that names the class of its settings.
        notes: one sentence for each key that no longer does anything.
    """

    def __init__(
        self,
        sections: Mapping[str, object],
        lang: str | None,
        path: Path,
        types: Mapping[str, str] = MappingProxyType({}),
        notes: Sequence[str] = (),
    ) -> None:
        self._sections = dict(sections)
        self._types = types
        self.notes = tuple(notes)
        self.lang = lang
        self.path = path

    def get(self, name: str) -> Any:
        """Return the settings of section *name*."""
        return self._sections[name]

    def type_of(self, name: str) -> str:
        """Return the ``type`` of section *name*, where that names the class of its settings."""
        return self._types[name]

    def named(self, kind: str) -> dict[str, Any]:
        """Return the settings of every ``[kind:NAME]``, by NAME, in the order of the file."""
        prefix = f"{kind}:"
        return {
            name[len(prefix) :]: section
            for name, section in self._sections.items()
            if name.startswith(prefix)
        }


#: Section name → where its class is (``package.module:Class``), imported when the section is read; a name that
#: ends with a colon stands for ``[name:ANYTHING]``. A function instead is given the raw section and picks the
#: class (``type = …``), and None leaves a section unread.
Schema = Mapping[str, str | type | Callable[[Mapping[str, str]], type] | None]


def default_path() -> Path:
    """Return the configuration used when none is named: the system's, else the one shipped."""
    from linkymonitor.system.resources import shipped

    return SYSTEM_PATH if SYSTEM_PATH.exists() else shipped("etc/linkymonitor.ini")


def read(path: Path, schema: Schema) -> Config:
    """Return the settings that *path* holds.

    Args:
        path: an INI file in UTF-8.
        schema: the class of each section.

    Raises:
        ConfigError: with one sentence for every unknown section or key, unreadable value and missing key.
    """
    parser = configparser.RawConfigParser(
        interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"), strict=True
    )
    lang = of_terminal()
    try:
        with path.open(encoding="utf-8-sig") as file:
            parser.read_file(file, source=str(path))
    except OSError as error:
        raise ConfigError(
            pick(
                lang,
                f"{path} : lecture impossible ({cause(error, 'fr')}) ; indiquez un autre fichier avec -c",
                f"{path}: cannot be read ({cause(error, 'en')}); name another file with -c",
            )
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            pick(
                lang,
                f"{path} : octet {error.start} illisible ; enregistrez le fichier en UTF-8",
                f"{path}: byte {error.start} is unreadable; save the file as UTF-8",
            )
        ) from error
    except configparser.Error as error:
        raise ConfigError(
            *(f"{path}: {_CONTROLS.sub('?', fault)}" for fault in _syntax(error, lang))
        ) from error
    wanted = parser.get("general", "lang", fallback="").strip() or None
    reader = _Reader(schema, wanted if wanted in LANGUAGES else lang)
    sections = reader.read(parser)
    if reader.faults:
        raise ConfigError(*(f"{path}: {fault}" for fault in reader.faults))
    return Config(sections, wanted, path, reader.types, [f"{path}: {note}" for note in reader.notes])


def _syntax(error: configparser.Error, lang: str) -> list[str]:
    """Return one sentence for each thing that makes a file no INI file; what stands there may be a secret."""
    match error:
        case configparser.DuplicateSectionError(section=section, lineno=line):
            twice = pick(
                lang, f"ligne {line} : deuxième fois ; gardez-en une", f"line {line}: a second time; keep one"
            )
            return [f"[{section}] {twice}"]
        case configparser.DuplicateOptionError(section=section, option=key, lineno=line):
            twice = pick(
                lang, f"ligne {line} : deuxième fois ; gardez-en une", f"line {line}: a second time; keep one"
            )
            return [f"[{section}] {key} {twice}"]
        case configparser.MissingSectionHeaderError(lineno=line):
            return [
                pick(
                    lang,
                    f"ligne {line} : hors de toute section ; on attend d'abord une ligne telle que [meter]",
                    f"line {line}: in no section; expected a line such as [meter] first",
                )
            ]
        case configparser.ParsingError(errors=errors):
            return [
                pick(
                    lang,
                    f"ligne {line} : illisible ; on attend [section], clé = valeur ou # commentaire",
                    f"line {line}: cannot be read; expected [section], key = value or # comment",
                )
                for line, _ in errors
            ]
    return [" ".join(str(error).split())]


class _Reader:
    """One reading of one file: collects faults instead of stopping at the first."""

    def __init__(self, schema: Schema, lang: str) -> None:
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.types: dict[str, str] = {}
        self._schema = schema
        self._lang = lang

    def read(self, parser: configparser.RawConfigParser) -> dict[str, object]:
        sections: dict[str, object] = {}
        for name in parser.sections():
            cls = self._class_of(name, parser[name])
            if cls is not None:
                raw = dict(parser[name])
                if self._picks(name):
                    self.types[name] = raw.get("type", "")
                    # It is handed on to settings that want to know it, but cannot be anything else besides.
                    if getattr(cls, "__annotations__", {}).get("type") not in ("str", str):
                        raw.pop("type", None)
                settings = self.section(cls, raw, name)
                if settings is not None:
                    sections[name] = settings
        for name, found in self._schema.items():
            if found and not name.endswith(":") and name not in sections and not parser.has_section(name):
                settings = self.section(loaded(found), {}, name)
                if settings is not None:
                    sections[name] = settings
        return sections

    def _class_of(self, name: str, raw: Mapping[str, str]) -> type | None:
        kind, colon, own = name.partition(":")
        cls = self._schema.get(kind + colon) if own or not colon else None
        if cls is None and (own or not colon) and kind + colon in self._schema:
            return None
        if cls is None:
            known = [key + "NAME" if key.endswith(":") else key for key in self._schema]
            meant = f"{kind}:NAME" if colon or f"{kind}:" in self._schema else kind
            self._fault(f"[{name}]", *self._unknown(meant, known))
            return None
        try:
            return loaded(cls, raw)
        except BadSetting as error:
            self._fault(f"[{name}]", f" {error.fr}", f" {error.en}")
            return None

    def _picks(self, name: str) -> bool:
        """Return whether the ``type`` of section *name* picks the class of its settings."""
        kind, colon, _ = name.partition(":")
        found = self._schema.get(kind + colon)
        return callable(found) and not isinstance(found, type)

    def section(self, cls: type, raw: dict[str, str], name: str) -> object:
        """Return *cls* filled from *raw*, or None after noting what is wrong."""
        try:
            fields = fields_of(cls)
        except TypeError as error:  # a class of yours
            self._fault(f"[{name}]", f" {error}", f" {error}")
            return None
        given = optional_of(cls)
        values: dict[str, object] = {}
        before = len(self.faults)
        aliases: Mapping[str, str] = getattr(cls, "aliases", {})
        raw = self._in_use(cls, raw, name)
        spelt = {aliases.get(key, key): key for key in raw}
        for spelling, text in raw.items():
            key = aliases.get(spelling, spelling)
            if spelt[key] != spelling:
                self._fault(f"[{name}] {spelling}", *self._twice(spelt[key]))
                continue
            if key == "type" and "type" not in fields:
                continue
            if key not in fields or (key == "name" and ":" in name):
                known = [field for field in fields if field != "name"]
                self._fault(f"[{name}] {key}", *self._unknown(key, known))
                continue
            try:
                values[key] = fields[key].read(text.strip())
            except ValueError:
                expected = fields[key].expected(self._lang)
                self._fault(f"[{name}] {spelling} = {text.strip()}", f" : {expected}", f": {expected}")
        if "name" in fields and ":" in name:
            values["name"] = name.partition(":")[2]
        for key in fields:
            if key not in given and key not in spelt and key not in values:
                self._fault(f"[{name}] {key}", " : manque", ": missing")
        if not given | values.keys() >= fields.keys():
            return None
        try:
            # Even when some cannot be read: what the others cannot mean is told as well.
            settings = cast("object", cls(**values))
            return settings if len(self.faults) == before else None
        except BadSetting as error:
            self._fault(f"[{name}]", f" {error.fr}", f" {error.en}")
        except ValueError as error:  # a part of yours may speak as it likes
            self._fault(f"[{name}]", f" {error}", f" {error}")
        except ConfigError as error:
            for fault in error.faults:
                self._fault(f"[{name}]", f" {fault}", f" {fault}")
        return None

    def _in_use(self, cls: type, raw: dict[str, str], name: str) -> dict[str, str]:
        """Return *raw* without the keys that *cls* has retired, after noting those."""
        retired: frozenset[str] = getattr(cls, "retired", frozenset())
        self.notes += [
            pick(
                self._lang,
                f"[{name}] {key} : n'a plus d'effet ; supprimez cette ligne",
                f"[{name}] {key}: no longer does anything; remove this line",
            )
            for key in raw.keys() & retired
        ]
        return {key: text for key, text in raw.items() if key not in retired}

    def _fault(self, place: str, fr: str, en: str) -> None:
        # What was found is repeated, and a damaged file may hold anything: a fault stays one line of text.
        self.faults.append(_CONTROLS.sub("?", place + pick(self._lang, fr, en)))

    @staticmethod
    def _twice(other: str) -> tuple[str, str]:
        return f" : dit la même chose que {other} ; gardez-en un", f": means the same as {other}; keep one"

    def _unknown(self, key: str, known: list[str]) -> tuple[str, str]:
        import difflib

        near = difflib.get_close_matches(key, known, n=1)
        if near:
            return f" : inconnu, vouliez-vous dire {near[0]} ?", f": unknown, did you mean {near[0]}?"
        choices = ", ".join(known)
        return f" : inconnu ; on attend {choices}", f": unknown; expected one of {choices}"


class Field(NamedTuple):
    """How the text of one key is read."""

    #: The name of a type in _TYPES, or an Enum whose values are what may stand there.
    kind: str | type[Enum]
    #: Whether nothing may stand there, which is None.
    optional: bool = False

    def read(self, text: str) -> object:
        """Return what *text* says.

        Raises:
            ValueError: it says nothing of this kind.
        """
        if self.optional and not text:
            return None
        if isinstance(self.kind, str):
            return _TYPES[self.kind].read(text)
        return self.kind(text.lower())

    def expected(self, lang: str) -> str:
        """Return what should stand there, in words."""
        if isinstance(self.kind, str):
            found = _TYPES[self.kind]
            return pick(lang, f"on attend {found.fr}", f"expected {found.en}")
        *names, last = (str(option.value) for option in self.kind)
        either = pick(lang, " ou ", " or ").join([", ".join(names), last] if names else [last])
        return pick(lang, f"on attend {either}", f"expected {either}")


def loaded(
    cls: str | type | Callable[[Mapping[str, str]], type], raw: Mapping[str, str] = MappingProxyType({})
) -> type:
    """Return the class that a schema means for the section *raw*; see Schema."""
    if isinstance(cls, str):
        module, _, name = cls.partition(":")
        return cast("type", getattr(import_module(module), name))
    return cls if isinstance(cls, type) else cls(raw)


def fields_of(cls: type) -> dict[str, Field]:
    """Return the fields of a section's class, those of its bases first.

    Raises:
        TypeError: there is no way to read one of them.
    """
    return {
        # A module that does not postpone its annotations gives the class instead of its name.
        name: _field(
            cls,
            name,
            annotation.__name__ if isinstance(annotation, type) else str(annotation),
            sys.modules[base.__module__],
        )
        for base in reversed(cls.__mro__)
        for name, annotation in base.__dict__.get("__annotations__", {}).items()  # noqa: RUF063 -- inspect is heavy
        if "ClassVar" not in str(annotation) and "InitVar" not in str(annotation)
    }


def optional_of(cls: type) -> frozenset[str]:
    """Return the fields of a section's class that need not be given."""
    if issubclass(cls, Frozen):
        return frozenset(cls.defaults)
    missing = sys.modules["dataclasses"].MISSING if hasattr(cls, "__dataclass_fields__") else None
    return frozenset(
        name
        for name, field in getattr(cls, "__dataclass_fields__", {}).items()
        if field.default is not missing or field.default_factory is not missing
    )


_OPTIONAL = re.compile(r"(?:typing\.)?Optional\[(.*)\]")


def _field(cls: type, name: str, text: str, module: ModuleType) -> Field:
    """Return how to read a field whose annotation is *text*, in the words of *module*."""
    found = _OPTIONAL.fullmatch(text)
    kinds = [part.strip() for part in (found[1] if found else text).split("|")]
    optional = found is not None or "None" in kinds
    kind, *others = (part for part in kinds if part != "None")
    if re.fullmatch(r"tuple\[str(, \.\.\.)?\]", kind):
        kind = "tuple"
    kind = kind.rpartition(".")[2]
    if not others:
        if kind in _TYPES:
            return Field(kind, optional)
        choice = getattr(module, kind, None)
        if isinstance(choice, type) and issubclass(choice, Enum):
            return Field(choice, optional)
    raise TypeError(f"{cls.__qualname__}.{name}: no way to read a {text}")


def _bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text.lower())
    if not found:
        raise ValueError(text)
    try:
        return timedelta(seconds=float(found[1].replace(",", ".")) * _SECONDS[found[2]])
    except OverflowError:  # longer than any calendar
        raise ValueError(text) from None


def _decimal(text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite():
        raise ValueError(text)
    return value


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    hour, minute = int(found[1]), int(found[2] or 0)
    if hour == 24 and minute:
        raise ValueError(text)
    return time(hour % 24, minute)


def _float(text: str) -> float:
    value = float(text.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _path(text: str) -> Path:
    try:
        return Path(_text(text)).expanduser()
    except RuntimeError:  # nobody of that name has a home
        raise ValueError(text) from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


class _Type(NamedTuple):
    """How a type is read from text, and what it is called."""

    read: Callable[[str], object]
    fr: str
    en: str


_TYPES = {
    "str": _Type(_text, "un texte", "a text"),
    "int": _Type(
        lambda text: int(text, 0) if text.lower().startswith("0x") else int(text),
        "un nombre entier",
        "a whole number",
    ),
    "float": _Type(_float, "un nombre", "a number"),
    "bool": _Type(_bool, "oui ou non", "yes or no"),
    "tuple": _Type(_words, "des mots séparés par des virgules", "words separated by commas"),
    "Path": _Type(_path, "un chemin", "a path"),
    "timedelta": _Type(
        _duration, "une durée telle que 90s, 15m, 2h ou 7d", "a duration such as 90s, 15m, 2h or 7d"
    ),
    "Decimal": _Type(_decimal, "un nombre tel que 0,1781", "a number such as 0.1781"),
    "time": _Type(_time, "une heure telle que 22:30", "a time such as 22:30"),
}
