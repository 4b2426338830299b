"""Puts the texts of an INI file into a dataclass of the caller's, and reports every fault at once."""

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
# - What can be used beside a fault is there as well, for `doctor`: a value that cannot be read has its default, and a
#   section that cannot do without it is left out.

import configparser
import dataclasses
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.ini_file import DEFAULT_VALUE, WITHOUT_LINE, WITHOUT_SECTION, Fault, Lines, one_line
from linkymonitor.language import Text, as_text, written_date
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


def fill(whole: type[T], parser: configparser.RawConfigParser, path: Path) -> tuple[T, tuple[Text, ...]]:
    """Return an instance of *whole* with the values of *parser*, and a sentence for each key without effect.

    Args:
        whole: a dataclass whose fields are sections; a section that the file lacks has the default of its field.
        parser: the sections as text.
        path: the file of the sections, named in each sentence.

    Raises:
        ConfigError: with one sentence for every unknown section or key, unreadable value and missing key.
    """
    reader = _Reader(whole)
    sections = reader.read(parser)
    if reader.faults:
        raise ConfigError(*(f"{path}: " + fault.sentence for fault in reader.faults))
    return whole(**sections), tuple(f"{path}: " + note for note in reader.notes)


def fill_what_can_be_read(whole: type[T], found: Lines, path: Path) -> tuple[T, list[Fault], list[Text]]:
    """Return an instance of *whole* with what can be read of *found*, all its faults, and its keys without effect.

    Args:
        whole: a dataclass whose fields are sections.
        found: the file.
        path: its name.

    Raises:
        ConfigError: this machine refuses even the default of a section, such as a time zone where none is installed.
    """
    reader = _Reader(whole)
    sections = reader.read(found.parser)
    faults = [*found.faults, *map(found.placed, reader.faults)]
    try:
        return whole(**sections), faults, reader.notes
    except BadSetting as error:
        refused = [fault.placed for fault in faults] or error.faults
        raise ConfigError(*(f"{path}: " + fault for fault in refused)) from error


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
        self.faults: list[Fault] = []
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
            if value is None:
                continue
            if not colon:
                sections[known.field] = value
            elif (key := self._date(own, name, sections[known.field]) if known.dated else own) is not None:
                sections[known.field][key] = value
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
                name,
                Text(
                    f" : {words} n'est pas une date ; on attend une date telle que 2026-08-01",
                    f": {words} is no date; expected a date such as 2026-08-01",
                ),
                WITHOUT_SECTION,
            )
            return None
        if day in others:
            on = written_date(day)
            self._fault(
                name,
                Text(
                    f" : deuxième section du {on.fr} ; gardez-en une",
                    f": a second section of {on.en}; keep one",
                ),
                WITHOUT_SECTION,
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
            self._fault(name, " " + error.text, WITHOUT_SECTION)
            return None
        # The class is chosen, so the keys that chose it are removed, unless the settings have a field for them.
        for key in chosen.keys:
            if getattr(chosen.settings, "__annotations__", {}).get(key) not in ("str", str):
                raw.pop(key, None)
        settings = self.section(chosen.settings, raw, name)
        return None if settings is None else chosen.wrap(settings)

    def section(self, cls: type, raw: dict[str, str], name: str) -> object:
        """Return an instance of *cls* with the values of *raw*, after noting every fault.

        A value that has a fault has its default; None stands for a section that cannot do without it.

        Args:
            cls: the dataclass of the section.
            raw: key → text, as the file has them.
            name: the name of the section, named in each fault.
        """
        try:
            fields = fields_of(cls)
        except TypeError as error:  # only a class of the user can be wrong here
            self._fault(name, f" {error}", WITHOUT_SECTION)
            return None
        written = self._written(cls, raw, name)
        values: dict[str, Any] = {}
        free = next((field.name for field in dataclasses.fields(cls) if "free" in field.metadata), None)
        for key, spelling in written.items():
            if free is not None and key not in fields:
                values.setdefault(free, {})[spelling] = raw[spelling].strip()
                continue
            if key not in fields or key == "name":  # a field `name` takes the ANYTHING of [NAME:ANYTHING]
                known = [field for field in fields if field != "name"]
                self._fault(name, f" {spelling}" + _unknown(spelling, known), WITHOUT_LINE)
                continue
            words = raw[spelling].strip()
            try:
                values[key] = fields[key].read(words)
            except ValueError:
                expected = fields[key].expected
                self._fault(
                    name,
                    f" {spelling} = {words}"
                    + Text(f" : on attend {expected.fr}", f": expected {expected.en}")
                    + fields[key].remedy(spelling, words),
                    WITHOUT_SECTION if fields[key].required else DEFAULT_VALUE,
                )
        if "name" in fields and ":" in name:
            values["name"] = name.partition(":")[2]
        missing = [key for key, field in fields.items() if field.required and key not in values]
        for key in missing:
            if key not in written:
                expected = fields[key].expected
                self._fault(
                    name,
                    f" {key}"
                    + Text(f" : manque ; on attend {expected.fr}", f": missing; expected {expected.en}"),
                    WITHOUT_SECTION,
                )
        if missing:
            return None
        try:
            # Even when some values cannot be read: what the others cannot mean is reported as well.
            return cls(**values)
        except (BadSetting, ConfigError) as error:
            refused: tuple[Text | str, ...] = error.faults
        except ValueError as error:  # a class of the user may raise ValueError with any words
            refused = (str(error),)
        keys = {_first_word(fault) for fault in refused}
        usable = _usable(cls, values, keys)
        for fault in refused:
            self._fault(name, " " + as_text(fault), WITHOUT_SECTION if usable is None else DEFAULT_VALUE)
        return usable

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
                    name,
                    f" {first}"
                    + Text(
                        f" : dit la même chose que {spelling} ; gardez-en un",
                        f": means the same as {spelling}; keep one",
                    ),
                    WITHOUT_LINE,
                )
                continue
            written[key] = spelling
        return written

    def _fault(self, name: str, words: Text | str, instead: Text) -> None:
        # A fault repeats text of the file, which may have control characters: they are replaced.
        self.faults.append(Fault((f"[{name}]" + as_text(words)).map(one_line), instead))

    def _unknown_section(self, name: str) -> None:
        section, colon, _ = name.partition(":")
        known = self._kinds.spellings
        end = ":DATE" if f"{section}:DATE" in known else ":NAME"
        meant = section + end if colon or section + end in known else section
        self._fault(name, _unknown(meant, known), WITHOUT_SECTION)


def _first_word(words: Text | str) -> str:
    return next(iter(as_text(words).en.split()), "").rstrip(":").lower()


def _usable(cls: type, values: Mapping[str, Any], refused: Collection[str]) -> object:
    """Return an instance of *cls* with the default of each field in *refused*, None when such a field has no default.

    Where *cls* also refuses the values of the other fields, every field but the name has its default.
    """
    for kept in (values.keys() - set(refused), values.keys() & {"name"}):
        with suppress(ValueError, ConfigError, TypeError):  # TypeError: a value that it needs is missing
            usable: object = cls(**{key: values[key] for key in kept})
            return usable
    return None


def _unknown(key: str, known: list[str]) -> Text:
    import difflib

    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return Text(f" : inconnu, vouliez-vous dire {near[0]} ?", f": unknown, did you mean {near[0]}?")
    choices = ", ".join(known)
    return Text(f" : inconnu ; on attend {choices}", f": unknown; expected one of {choices}")
