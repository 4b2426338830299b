"""Reads the words of a command line by the table of commands, with argparse in the language of the terminal."""

# Strategy
#
# - argparse translates its own texts with the functions _ and ngettext of its module. While it works for us, these two
#   names are functions that look a text up in FRENCH, and return an unknown text as it is. The real gettext would need
#   a compiled file, and would change the texts of the whole process.
# - Only the command that is called gets its options. To make the options of every command would take longer than to
#   decode a minute of frames.

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NoReturn

from linkymonitor import __version__
from linkymonitor.commands.table import COMMANDS, COMMON, Option
from linkymonitor.language import LANGUAGES, Text, legible, speak, spoken

#: The exit status for a command line that is not understood.
USAGE = 2

#: Text of argparse → the text in French. Versions of Python differ, so not all of these texts are in use.
FRENCH: Mapping[str, str] = {
    "argument %(argument_name)s: %(message)s": "%(argument_name)s : %(message)s",
    "usage: ": "usage\u00a0: ",
    "positional arguments": "à donner",
    "show this help message and exit": "montre cette aide et s'arrête",
    "the following arguments are required: %s": "manque : %s",
    "one of the arguments %s is required": "il faut l'un de %s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s : ambigu ; on attend l'un de %(matches)s",
    "not allowed with argument %s": "ne va pas avec %s",
    "expected one argument": "on attend une valeur après",
    "expected at least one argument": "on attend une valeur après",
    "ignored explicit argument %r": "ne prend pas de valeur, et a reçu %r",
}


_MISSING_COMMAND = Text(
    f"il manque une commande : {', '.join(COMMANDS)} ; voir linkymonitor --help",
    f"a command is missing: {', '.join(COMMANDS)}; see linkymonitor --help",
)


class _Catalogue:
    """The texts of argparse in the language of the terminal; replaces gettext."""

    def gettext(self, message: str) -> str:
        """Return *message* in the language of the terminal."""
        return FRENCH.get(message, message) if spoken() == "fr" else message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return *singular* or *plural*, whichever fits *number*, in the language of the terminal."""
        return self.gettext(singular if number == 1 else plural)


@contextmanager
def _catalogue() -> Iterator[None]:
    """Make argparse use our catalogue while the block runs."""
    names, ours = vars(argparse), _Catalogue()
    before = {name: names[name] for name in ("_", "ngettext")}
    names.update(_=ours.gettext, ngettext=ours.ngettext)
    try:
        yield
    finally:
        names.update(before)


class _Help(argparse.HelpFormatter):
    """The usual help, with a width that is given: else argparse imports shutil to find it."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
        except (ValueError, OSError):
            columns = 80
        super().__init__(prog, width=columns - 2)

    def start_section(self, heading: str | None) -> None:
        """Begin a section; argparse writes a colon after *heading*, before which French has a no-break space."""
        super().start_section(f"{heading}\u00a0" if heading and spoken() == "fr" else heading)


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose faults have the form of our messages."""

    def format_help(self) -> str:
        """Return the help; in French, its first line names the way to the English one."""
        return ("English: --lang en\n\n" if spoken() == "fr" else "") + super().format_help()

    def error(self, message: str) -> NoReturn:
        """Print the usage and the fault in one sentence, and exit with the status USAGE."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {legible(message)}\n")


def parse(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the name of the command that *words* call, and the arguments of its function by name.

    Raises:
        SystemExit: the help, the version or a fault of *words* has been printed.
    """
    before, name = _before_the_command(words)
    lang = _language(words)
    if lang is not None:
        speak(lang)
    with _catalogue():
        parser = _parser(name)
        if name is not None and name not in COMMANDS and not name.startswith("-"):
            parser.error(str(_no_command(name)))
        known, unknown = parser.parse_known_args(words[before:])
        arguments = vars(known)
        command: str | None = arguments.pop("command")
        if command is None:
            parser.error(str(_MISSING_COMMAND))
        if unknown:
            parser.error(str(_unknown(command, unknown)))
    return command, {**arguments, "lang": arguments["lang"] or lang}


def _before_the_command(words: Sequence[str]) -> tuple[int, str | None]:
    """Return how many words a ``--lang`` before the command takes, and the next word, if there is one."""
    count = 0
    if words and _language(words[:2]) is not None and words[0].startswith("--lang"):
        count = 1 if "=" in words[0] else 2
    return count, next(iter(words[count:]), None)


def _language(words: Sequence[str]) -> str | None:
    """Return the language that ``--lang`` among *words* names, for help and faults; None without it."""
    named = [after for word, after in pairwise(words) if word == "--lang"]
    named += [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    return next((word for word in named if word in LANGUAGES), None)


def _nearest(word: str, known: Iterable[str]) -> Text | None:
    """Return the end of a sentence that asks whether the nearest of *known* was meant; None when none is near."""
    import difflib  # imported late: needed for a fault only

    near = difflib.get_close_matches(word, list(known), n=1)
    return Text(f", vouliez-vous dire {near[0]} ?", f", did you mean {near[0]}?") if near else None


def _no_command(name: str) -> Text:
    """Return the sentence for *name*, which is no command."""
    names = ", ".join(COMMANDS)
    near = _nearest(name, COMMANDS) or Text(f" ; on attend {names}", f"; expected one of {names}")
    return Text(f"commande inconnue : {name}", f"no such command: {name}") + near


def _unknown(command: str, words: Sequence[str]) -> Text:
    """Return the sentence for *words* that *command* does not take."""
    flags = [flag for option in (*COMMON, *COMMANDS[command].options) for flag in option.flags]
    near = _nearest(words[0].partition("=")[0], flags) or Text(
        f" ; {command} ne prend rien de tel, voir linkymonitor {command} --help",
        f"; {command} takes no such word, see linkymonitor {command} --help",
    )
    return Text("inconnu : ", "unknown: ") + " ".join(words) + near


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return a function that reads one of *choices*."""

    def read(word: str) -> str:
        if word in choices:
            return word
        known = ", ".join(choices)
        expected = _nearest(word, choices) or Text(f" ; on attend {known}", f"; expected {known}")
        raise argparse.ArgumentTypeError(str(Text(f"« {word} » inconnu", f"“{word}” unknown") + expected))

    return read


def _parser(called: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of the command *called*; when there is no such command, with all commands."""
    parser = _Parser(
        prog="linkymonitor",
        formatter_class=_Help,
        description=str(
            Text(
                "Lit un compteur électrique français (TIC), l'affiche, le journalise, prévient de l'EJP, "
                "dessine la journée.",
                "Reads a French electricity meter (TIC), shows it, logs it, warns of EJP and draws the day.",
            )
        ),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"linkymonitor {__version__}",
        help=str(Text("montre la version et s'arrête", "show the version and exit")),
    )
    commands = parser.add_subparsers(
        dest="command", metavar=str(Text("commande", "command")), prog=parser.prog
    )
    for name, command in COMMANDS.items():
        if called not in COMMANDS or called == name:
            does = str(command.does)
            own = commands.add_parser(name, help=does, description=does, formatter_class=_Help)
            for option in (*COMMON, *command.options):
                _add(option, own.add_argument)
            if command.one_of:
                either = own.add_mutually_exclusive_group(required=True)
                for option in command.one_of:
                    _add(option, either.add_argument)
    return parser


def _add(option: Option, add: Callable[..., object]) -> None:
    """Add *option* with *add*, the method ``add_argument`` of a parser or of a group."""
    how: dict[str, object] = {"help": str(option.help)}
    if option.flags[0].startswith("-"):
        how["dest"] = option.argument
    if option.read is None and option.choices is None:
        how["action"] = "store_true"
    else:
        how |= {"default": option.default, "type": option.read or _one_of(option.choices or ())}
        metavar = f"{{{','.join(option.choices)}}}" if option.choices else option.metavar
        if metavar is not None:
            how["metavar"] = str(metavar)
    if option.many:
        how["nargs"] = "*"
    if option.required:
        how["required"] = True
    add(*option.flags, **how)
