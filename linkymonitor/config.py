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

import configparser
import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import CONTROLS, Text, as_text, cause
from linkymonitor.setting_types import fields_of

T = TypeVar("T")
Raw = Mapping[str, str]


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
    kinds = {}
    for field in dataclasses.fields(whole):
        hint = hints[field.name]
        named = get_origin(hint) is Mapping
        choose = field.metadata.get("choose")
        if named or dataclasses.is_dataclass(hint):
            cls = None if choose else get_args(hint)[1] if named else hint
            kinds[field.name] = _Kind(cls, named, choose)
    return kinds


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
            known = self._kinds.get(kind)
            if known is None or known.named != bool(colon) or known.named != bool(own):
                self._unknown_section(name)
                continue
            value = self._value(known, dict(parser[name]), name)
            if value is None:
                continue
            if known.named:
                sections[kind][own] = value
            else:
                sections[kind] = value
        for name, known in self._kinds.items():
            if known.cls is not None and not known.named and not parser.has_section(name):
                sections[name] = self.section(known.cls, {}, name)
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
            if key not in fields or key == "name":  # the section names it
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
        known = [f"{key}:NAME" if section.named else key for key, section in self._kinds.items()]
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
