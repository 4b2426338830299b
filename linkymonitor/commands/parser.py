"""Reads the words of a command line by the table of commands, with argparse in the language of the terminal."""

# Strategy
#
# - argparse translates its own texts with the functions _ and ngettext of its module. While it works for us, these two
#   names are functions that look a text up in FRENCH, and return an unknown text as it is. The real gettext would need
#   a compiled file, and would change the texts of the whole process.
# - Only the command that is called gets its options. To make the options of all eight commands would take longer than
#   to decode a minute of frames.

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from linkymonitor import __version__
from linkymonitor.commands.table import COMMANDS, COMMON, Option
from linkymonitor.language import Text, legible, spoken

#: The exit status for a command line that is not understood.
USAGE = 2

#: Text of argparse → the text in French. Versions of Python differ, so not all of these texts are in use.
FRENCH: Mapping[str, str] = {
    "argument %(argument_name)s: %(message)s": "%(argument_name)s : %(message)s",
    "positional arguments": "à donner",
    "show this help message and exit": "montre cette aide et s'arrête",
    "the following arguments are required: %s": "manque : %s",
    "one of the arguments %s is required": "il faut l'un de %s",
    "unrecognized arguments: %s": "inconnu : %s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s : ambigu ; on attend l'un de %(matches)s",
    "not allowed with argument %s": "ne va pas avec %s",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r inconnu ; on attend l'un de %(choices)s",
    "invalid choice: %(value)r, maybe you meant %(suggestion)r? (choose from %(choices)s)": (
        "%(value)r inconnu, vouliez-vous dire %(suggestion)r ? On attend l'un de %(choices)s"
    ),
    "expected one argument": "on attend une valeur après",
    "expected at least one argument": "on attend une valeur après",
    "ignored explicit argument %r": "ne prend pas de valeur, et a reçu %r",
}


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


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose faults have the form of our messages."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the fault in one sentence, and exit with the status USAGE."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {legible(message)}\n")


def parse(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the name of the command that *words* call, and the arguments of its function by name.

    Raises:
        SystemExit: the help, the version or a fault of *words* has been printed.
    """
    with _catalogue():
        arguments = vars(_parser(words).parse_args(words))
    return arguments.pop("command"), arguments


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for *words*: it has all commands by name, and the options of the command that is called."""
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
        dest="command", required=True, metavar=str(Text("commande", "command")), prog=parser.prog
    )
    called = words[0] if words and words[0] in COMMANDS else None
    for name, command in COMMANDS.items():
        if called in (None, name):
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
        how |= {"default": option.default, "type": option.read or str, "choices": option.choices}
        if option.metavar is not None:
            how["metavar"] = str(option.metavar)
    if option.required:
        how["required"] = True
    add(*option.flags, **how)
