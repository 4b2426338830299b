"""Reads the text of an INI file into a dataclass of the caller's, and reports every fault at once."""

# Strategy
#
# - The dataclass of the caller stands for the whole file, and its fields for the sections. A field whose type is a
#   dataclass is the section [NAME]; a field of type Mapping[str, dataclass] is all sections [NAME:ANYTHING], and a
#   field made by dated() all sections [NAME:DATE]. settings.py has that class; this module knows no section by its
#   name.
# - A section is a dataclass, a key is a field, and the type of the field decides how the text is read. The class of a
#   section may have two tables: ``aliases``, other spelling of a key → field, and ``retired``, keys of older files
#   that no longer have an effect.
#   A field with ``free`` in its metadata takes all keys that no other field has: a mapping of key to text.
# - Nothing is interpolated: a % in a password is a %.

import configparser
import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import CONTROLS, Text, as_text, cause, written_date
from linkymonitor.setting_types import fields_of, read_date

T = TypeVar("T")
Raw = Mapping[str, str]


class Chosen(NamedTuple):
    """The class of one section, for a section whose keys choose the class."""

    #: The dataclass of the section.
    settings: type
    #: Makes the value of the section from an instance of that dataclass.
    wrap: Callable[[Any], object]
    #: The keys that have chosen it.
    keys: tuple[str, ...] = ("type",)


def chosen_by(choose: Callable[[Raw], Chosen]) -> Any:
    """Return a dataclass field for sections ``[NAME:ANYTHING]`` that choose their class.

    Args:
        choose: returns the class for the keys and texts of a section; may raise BadSetting.
    """
    return dataclasses.field(default_factory=dict, metadata={"choose": choose})


def dated(section: str) -> Any:
    """Return a dataclass field for the sections ``[SECTION:DATE]``, which stand beside the one ``[SECTION]``.

    Its type is Mapping[date, dataclass].
    """
    return dataclasses.field(default_factory=dict, metadata={"dated": section})


def parse(path: Path) -> configparser.RawConfigParser:
    """Return the sections, keys and texts of *path*, an INI file in UTF-8.

    Raises:
        ConfigError: the file cannot be read, or is no INI file; with one sentence for each fault.
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
    """Return one sentence for each line that breaks the form of an INI file.

    A sentence never repeats the text of the line, which may be a secret.
    """
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
    """Return an instance of *whole* with the values of *parser*, and a sentence for each key without effect.

    Args:
        whole: a dataclass whose fields are sections.
        parser: the sections as text.
        path: the file of the sections, named in each sentence.

    Raises:
        ConfigError: with one sentence for every unknown section or key, unreadable value and missing key.
    """
    reader = _Reader(whole)
    sections = reader.read(parser)
    if reader.faults:
        raise ConfigError(*(f"{path}: " + fault for fault in reader.faults))
    return whole(**sections), tuple(f"{path}: " + note for note in reader.notes)


def values_of(settings: object) -> object:
    """Return the values of *settings* as something that can be compared: dataclasses of settings cannot.

    Args:
        settings: a section, a mapping of sections, or any value of a setting.
    """
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        values = [values_of(getattr(settings, field.name)) for field in dataclasses.fields(settings)]
        return type(settings), values
    if isinstance(settings, Mapping):
        return [(key, values_of(value)) for key, value in settings.items()]
    return [values_of(value) for value in settings] if isinstance(settings, tuple) else settings


class _Kind(NamedTuple):
    """One kind of sections: a field of the dataclass of the whole file."""

    #: The name of the field.
    field: str
    #: The class of a section; None when each section chooses its class.
    cls: type | None
    #: Chooses the class of a section; None when *cls* is the class.
    choose: Callable[[Raw], Chosen] | None = None
    #: True for sections ``[NAME:DATE]``.
    dated: bool = False


class _Kinds(NamedTuple):
    """The kinds of sections of a file, each by the name of its sections."""

    #: Of sections ``[NAME]``.
    single: Mapping[str, _Kind]
    #: Of sections ``[NAME:ANYTHING]`` and ``[NAME:DATE]``.
    named: Mapping[str, _Kind]

    @property
    def spellings(self) -> list[str]:
        """How sections are written, for people."""
        own = [f"{name}:{'DATE' if kind.dated else 'NAME'}" for name, kind in self.named.items()]
        return [*self.single, *own]


def _kinds(whole: type) -> _Kinds:
    """Return the kinds of sections of *whole*; a field of any other type is no section.

    The annotations of *whole* are types. Only the annotation of a section that chooses its class may be a text, which
    names classes that are not imported.
    """
    single, named = {}, {}
    for field in dataclasses.fields(whole):
        hint: Any = field.type
        if (choose := field.metadata.get("choose")) is not None:
            named[field.name] = _Kind(field.name, None, choose)
        elif get_origin(hint) is Mapping:
            section = field.metadata.get("dated", field.name)
            named[section] = _Kind(field.name, get_args(hint)[1], dated="dated" in field.metadata)
        elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
            single[field.name] = _Kind(field.name, hint)
    return _Kinds(single, named)


class _Reader:
    """Reads one file, and collects its faults instead of stopping at the first."""

    def __init__(self, whole: type) -> None:
        self.faults: list[Text] = []
        self.notes: list[Text] = []
        self._kinds = _kinds(whole)

    def read(self, parser: configparser.RawConfigParser) -> dict[str, Any]:
        """Return field → value for every field of the whole that could be read."""
        sections: dict[str, Any] = {kind.field: {} for kind in self._kinds.named.values()}
        for name in parser.sections():
            section, colon, own = name.partition(":")
            known = (self._kinds.named if colon else self._kinds.single).get(section)
            if known is None or bool(colon) != bool(own):
                self._unknown_section(name)
                continue
            value = self._value(known, dict(parser[name]), name)
            if not colon:
                sections[known.field] = value
            elif (key := self._date(own, name, sections[known.field]) if known.dated else own) is not None:
                sections[known.field][key] = value
        for name, known in self._kinds.single.items():
            if not parser.has_section(name):
                assert known.cls is not None
                sections[known.field] = self.section(known.cls, {}, name)
        return sections

    def _date(self, words: str, name: str, others: Mapping[date, object]) -> date | None:
        """Return the date of the section *name*, or None after noting its fault.

        Args:
            words: the date as it is written.
            name: the whole name of the section.
            others: the dates that sections of this kind have already.
        """
        try:
            day = read_date(words)
        except ValueError:
            self._fault(
                f"[{name}]"
                + Text(
                    f" : {words} n'est pas une date ; on attend une date telle que 2026-08-01",
                    f": {words} is no date; expected a date such as 2026-08-01",
                )
            )
            return None
        if day in others:
            on = written_date(day)
            self._fault(
                f"[{name}]"
                + Text(
                    f" : deuxième section du {on.fr} ; gardez-en une",
                    f": a second section of {on.en}; keep one",
                )
            )
            return None
        return day

    def _value(self, kind: _Kind, raw: dict[str, str], name: str) -> object:
        if kind.cls is not None:
            return self.section(kind.cls, raw, name)
        assert kind.choose is not None
        try:
            chosen = kind.choose(raw)
        except BadSetting as error:
            self._fault(f"[{name}] " + error.text)
            return None
        # The class is chosen, so the keys that chose it are removed, unless the settings have a field for them.
        for key in chosen.keys:
            if getattr(chosen.settings, "__annotations__", {}).get(key) not in ("str", str):
                raw.pop(key, None)
        settings = self.section(chosen.settings, raw, name)
        return None if settings is None else chosen.wrap(settings)

    def section(self, cls: type, raw: dict[str, str], name: str) -> object:
        """Return an instance of *cls* with the values of *raw*, or None after noting every fault.

        Args:
            cls: the dataclass of the section.
            raw: key → text, as the file has them.
            name: the name of the section, named in each fault.
        """
        try:
            fields = fields_of(cls)
        except TypeError as error:  # only a class of the user can be wrong here
            self._fault(as_text(f"[{name}] {error}"))
            return None
        before = len(self.faults)
        written = self._written(cls, raw, name)
        values: dict[str, Any] = {}
        free = next((field.name for field in dataclasses.fields(cls) if "free" in field.metadata), None)
        for key, spelling in written.items():
            if free is not None and key not in fields:
                values.setdefault(free, {})[spelling] = raw[spelling].strip()
                continue
            if key not in fields or key == "name":  # a field `name` takes the ANYTHING of [NAME:ANYTHING]
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
                    + fields[key].remedy(spelling, words)
                )
        if "name" in fields and ":" in name:
            values["name"] = name.partition(":")[2]
        missing = [key for key, field in fields.items() if field.required and key not in values]
        for key in missing:
            if key not in written:
                expected = fields[key].expected
                self._fault(
                    f"[{name}] {key}"
                    + Text(f" : manque ; on attend {expected.fr}", f": missing; expected {expected.en}")
                )
        if missing:
            return None
        try:
            # Even when some values cannot be read: what the others cannot mean is reported as well.
            settings: object = cls(**values)
            return settings if len(self.faults) == before else None
        except (BadSetting, ConfigError) as error:
            for fault in error.faults:
                self._fault(f"[{name}] " + fault)
        except ValueError as error:  # a class of the user may raise ValueError with any words
            self._fault(as_text(f"[{name}] {error}"))
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
        # A fault repeats text of the file, which may have control characters: they are replaced.
        self.faults.append(sentence.map(_one_line))

    def _unknown_section(self, name: str) -> None:
        section, colon, _ = name.partition(":")
        known = self._kinds.spellings
        end = ":DATE" if f"{section}:DATE" in known else ":NAME"
        meant = section + end if colon or section + end in known else section
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
