"""An INI file as text: its sections, keys and values, and its lines that are no INI, each with its number."""

# Strategy
#
# - Most commands refuse a file with a fault. `doctor` looks at the machine all the same, so one reader serves both: it
#   passes a wrong line over, notes it, and goes on. parse() refuses what was noted.
# - A file is looked at before it is opened: a FIFO would block its reader, and some devices act when they are opened.

import configparser
import io
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from linkymonitor.errors import ConfigError
from linkymonitor.language import CONTROLS, Text, cause

#: After so many faults, a section or a key that comes twice is taken as one: each fault has the file read once more.
_MOST_FAULTS = 20
#: How a sentence begins that names a section and a key.
_PLACE = r"\[(?P<section>[^]]+)\](?: (?P<key>[^\s:]+))?"

#: What is used in place of what has a fault.
WITHOUT_LINE = Text("vérifié sans cette ligne", "checked without this line")
WITHOUT_SECTION = Text("vérifié sans cette section", "checked without this section")
DEFAULT_VALUE = Text("vérifié avec la valeur par défaut", "checked with the default value")
DEFAULT_VALUES = Text("vérifié avec les valeurs par défaut", "checked with the default values")
AS_IT_IS = Text("vérifié tel quel", "checked as it is")

_TWICE = Text(" : deuxième fois ; gardez-en une", ": a second time; keep one")
_OUTSIDE = Text(
    "hors de toute section ; on attend d'abord une ligne telle que [meter]",
    "in no section; expected a line such as [meter] first",
)
_NO_INI = Text(
    "illisible ; on attend [section], clé = valeur ou # commentaire",
    "cannot be read; expected [section], key = value or # comment",
)
_NO_TEXT = Text(
    "un octet illisible ; enregistrez le fichier en UTF-8", "an unreadable byte; save the file as UTF-8"
)


class Fault(NamedTuple):
    """A fault of an INI file."""

    #: Fault and remedy, after the section and the key where there are any: ``[meter] port: …``.
    sentence: Text
    #: What is used instead.
    instead: Text
    #: The number of its line; None: it has none.
    line: int | None = None

    @property
    def placed(self) -> Text:
        """The sentence, after the number of the line."""
        if self.line is None:
            return self.sentence
        return Text(f"ligne {self.line} : ", f"line {self.line}: ") + self.sentence

    @property
    def section(self) -> str | None:
        """The section that the sentence names first; None: it names none."""
        place = re.match(_PLACE, self.sentence.en)
        return place["section"] if place else None

    @property
    def is_of_whole(self) -> bool:
        """Whether nothing of the file could be read."""
        return self.instead is DEFAULT_VALUES


class Lines(NamedTuple):
    """An INI file, without its lines that are no INI."""

    parser: configparser.RawConfigParser
    faults: list[Fault]
    lines: list[str]

    def placed(self, fault: Fault) -> Fault:
        """Return *fault* with the number of the line of its key, else of the header of its section."""
        place = re.match(_PLACE, fault.sentence.en)
        if place is None:
            return fault
        section, key = place["section"], (place["key"] or "").lower()
        header, inside = None, False
        for number, line in enumerate(self.lines, 1):
            if found := _header(line):
                inside = one_line(found) == section
                header = header or (number if inside else None)
            elif inside and one_line(line.partition("=")[0].strip().lower()) == key:
                return fault._replace(line=number)
        return fault._replace(line=header)


def content(path: Path) -> bytes:
    """Return the bytes of the INI file *path*.

    Raises:
        ConfigError: it cannot be read, or is a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            # Should a pipe take the place of the file now, it is not waited for.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
                return file.read()
    except OSError as error:
        why = cause(error)
        raise ConfigError(
            Text(
                f"{path} : lecture impossible ({why.fr}) ; indiquez un autre fichier avec -c",
                f"{path}: cannot be read ({why.en}); name another file with -c",
            )
        ) from error
    raise ConfigError(
        Text(
            f"{path} : ce n'est pas un fichier ordinaire ; indiquez un autre fichier avec -c",
            f"{path}: is no regular file; name another file with -c",
        )
    )


def parse(path: Path) -> configparser.RawConfigParser:
    """Return the sections, keys and texts of *path*, an INI file in UTF-8.

    Raises:
        ConfigError: the file cannot be read, or is no INI file; with one sentence for each fault.
    """
    found = read(content(path))
    if found.faults:
        raise ConfigError(*(f"{path}: " + fault.placed for fault in found.faults))
    return found.parser


def read(data: bytes) -> Lines:
    """Return what can be read of *data*, an INI file in UTF-8, and a fault for each line that cannot."""
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    lines = list(io.StringIO(text, newline=None))
    faults = []
    for place, line in enumerate(lines):
        if not _is_utf8(line):
            faults.append(Fault(_NO_TEXT, WITHOUT_LINE, place + 1))
            lines[place] = "\n"
    while True:
        parser = configparser.RawConfigParser(
            interpolation=None,
            delimiters=("=",),
            comment_prefixes=("#", ";"),
            strict=len(faults) < _MOST_FAULTS,
        )
        try:
            parser.read_file(lines)
        except configparser.Error as error:
            faults += [_passed_over(lines, number, sentence) for number, sentence in _syntax(error)]
        else:
            return Lines(parser, sorted(faults, key=lambda fault: fault.line or 0), lines)


def _is_utf8(line: str) -> bool:
    """Return whether each byte of *line* was text: Python decodes others as characters that cannot be encoded."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _passed_over(lines: list[str], number: int, sentence: Text) -> Fault:
    """Blank the line *number*, and with a header all lines of its section; return the fault."""
    place = number - 1
    is_section = lines[place].lstrip().startswith("[") or not any(map(_header, lines[:place]))
    lines[place] = "\n"
    while is_section and (place := place + 1) < len(lines) and not _header(lines[place]):
        lines[place] = "\n"
    instead = WITHOUT_SECTION if is_section else WITHOUT_LINE
    return Fault(sentence.map(one_line), instead, number)


def _header(line: str) -> str | None:
    """Return the section whose header *line* is, None when it is no header."""
    found = configparser.RawConfigParser.SECTCRE.match(line.strip())
    return found["header"] if found else None


def _syntax(error: configparser.Error) -> Sequence[tuple[int, Text]]:
    """Return number and sentence of each line that breaks the form of an INI file.

    A sentence never repeats the text of the line, which may be a secret.
    """
    match error:
        case configparser.DuplicateSectionError(section=section, lineno=int() as line):
            return [(line, f"[{section}]" + _TWICE)]
        case configparser.DuplicateOptionError(section=section, option=key, lineno=int(line)):
            return [(line, f"[{section}] {key}" + _TWICE)]
        case configparser.MissingSectionHeaderError(lineno=line):
            return [(line, _OUTSIDE)]
        case configparser.ParsingError(errors=errors):
            return [(line, _NO_INI) for line, _ in errors]
    # Python 3.13 has a further error: a value that goes on after no key.
    number = getattr(error, "lineno", None)
    if number is None:
        raise error
    return [(number, _NO_INI)]


def one_line(words: str) -> str:
    """Return *words* with a question mark in place of each control character."""
    return re.sub(CONTROLS, "?", words)
