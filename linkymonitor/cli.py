"""The commands: what each is called and takes; commands/ says what they do."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from linkymonitor import __version__
from linkymonitor.errors import LineBusy, LinkyMonitorError, UsageError
from linkymonitor.language import LANGUAGES, Text, cause, legible, of_terminal
from linkymonitor.model.terms import WantedMode
from linkymonitor.system.console import console

if TYPE_CHECKING:
    from pathlib import Path

#: Exit statuses (README.md).
DONE, FAILED, USAGE, BUSY = 0, 1, 2, 75

#: What befalls standard output on a disk that is full or broken.
_CANNOT_PRINT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

#: The module of commands/ of each command that does not have its own name.
_MODULES = {"run": "acquire"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if argv is None:  # a process of our own
        console.settle()
    try:
        status = _called(words)
        if sys.stdout is not None:
            # Here, where a disk that is full can still be told of.
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough, which is no failure.
        sys.stdout = None
        return DONE
    except OSError as error:
        # The parts catch their own; what names no file is what was printed.
        if error.filename is not None or error.errno not in _CANNOT_PRINT:
            raise
        sys.stdout = None  # Python would try again at its end
        why = cause(error)
        return _said(
            Text(
                f"sortie standard : écriture impossible ({why.fr}) ; faites de la place, ou écrivez ailleurs",
                f"standard output: cannot be written ({why.en}); free some space, or write elsewhere",
            ),
            FAILED,
        )
    return status


def _called(words: Sequence[str]) -> int:
    try:
        arguments = _parser(words).parse_args(words)
    except SystemExit as ended:  # argparse has printed what there is to say
        return ended.code if isinstance(ended.code, int) else DONE
    name = arguments.command
    # Only the module of the command is imported: `decode` must not wait for what `acquire` needs.
    command = getattr(import_module(f"linkymonitor.commands.{_MODULES.get(name, name)}"), name)
    # `report` logs nothing and `decode` seldom, and sees to it by itself: logging would be a third of its start.
    if name not in ("decode", "report"):
        from linkymonitor.commands.shared import log_to_stderr

        log_to_stderr(arguments.verbose)
    try:
        _mind_stdout(arguments)
        status: int = command(arguments)
    except UsageError as error:
        return _said(error, USAGE)
    except LineBusy as error:
        return _said(error, BUSY)
    except LinkyMonitorError as error:
        if isinstance(error.__cause__, BrokenPipeError):  # -o /dev/stdout
            raise error.__cause__ from None
        return _said(error, FAILED)
    except KeyboardInterrupt:
        return DONE
    return status


def _mind_stdout(arguments: argparse.Namespace) -> None:
    """Let the command outlive whoever reads stdout, unless stdout gets what was asked for.

    Raises:
        LinkyMonitorError: it is closed, and there is nowhere else for that.
    """
    wanted = arguments.command == "decode" or getattr(arguments, "json", False)
    if not wanted:
        console.outlive_readers_of_stdout()
    # `decode` still has its summary to give.
    if console.stdout_closed and (getattr(arguments, "json", False) or getattr(arguments, "pty", False)):
        raise LinkyMonitorError(
            Text(
                "sortie standard : fermée, alors que la réponse y va ; redirigez-la vers un fichier",
                "standard output: closed, though the answer goes there; redirect it to a file",
            )
        )


def _said(error: Exception | Text, status: int) -> int:
    # A configuration may have several faults, one a line.
    said = "\n".join(map(legible, str(error).split("\n")))
    print(f"linkymonitor: {said}", file=sys.stderr)
    return status


Say = Callable[[str, str], str]


#: What argparse says, as patterns, and the same in French. What it says otherwise stays as it is.
_FRENCH = (
    (r"the following arguments are required: (.*)", r"manque : \1"),
    (r"one of the arguments (.*) is required", r"il faut l'un de \1"),
    (r"unrecognized arguments: (.*)", r"inconnu : \1"),
    (r"ambiguous option: (.*) could match (.*)", r"\1 : ambigu ; on attend l'un de \2"),
    (r"argument (.*?): not allowed with argument (.*)", r"\1 : ne va pas avec \2"),
    (
        r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)",
        r"\1 : \2 inconnu ; on attend l'un de \3",
    ),
    (r"argument (.*?): expected (?:one|at least one) argument", r"\1 : on attend une valeur après"),
    (r"argument (.*?): ignored explicit argument (.*)", r"\1 : ne prend pas de valeur, et a reçu \2"),
    (r"argument (.*?): (.*)", r"\1 : \2"),
)


class _Parser(argparse.ArgumentParser):
    """argparse in the language of the terminal.

    Its own texts are looked up with gettext, for the whole process and from a file: there are too few of them.
    """

    def __init__(self, **options: Any) -> None:
        self._lang = of_terminal()
        super().__init__(formatter_class=_Help, add_help=False, **options)
        if self._lang != "en":
            self._positionals.title = "à donner"
            self._optionals.title = "options"
        self.add_argument(
            "-h",
            "--help",
            action="help",
            help=str(Text("montre cette aide et s'arrête", "show this help message and exit")),
        )

    def error(self, message: str) -> NoReturn:
        """Say in one sentence what is wrong, below the usage."""
        if self._lang != "en":
            import re

            for pattern, french in _FRENCH:
                if found := re.fullmatch(pattern, message, re.DOTALL):
                    message = found.expand(french)
                    break
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {legible(message)}\n")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return what reads *words*: every command by name, but only the one that is called with its options."""

    def say(fr: str, en: str) -> str:
        return str(Text(fr, en))

    parser = _Parser(
        prog="linkymonitor",
        description=say(
            "Lit un compteur électrique français (TIC), l'affiche, le journalise, prévient de l'EJP, "
            "dessine la journée.",
            "Reads a French electricity meter (TIC), shows it, logs it, warns of EJP and draws the day.",
        ),
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"linkymonitor {__version__}",
        help=say("montre la version et s'arrête", "show the version and exit"),
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar=say("commande", "command"), prog=parser.prog
    )
    # Building the options of all eight would take longer than decoding a minute of frames.
    called = words[0] if words and words[0] in _COMMANDS else None
    for name, (fr, en, options) in _COMMANDS.items():
        if called in (None, name):
            command = commands.add_parser(name, help=say(fr, en), description=say(fr, en))
            command.add_argument(
                "-c",
                "--config",
                type=_path,
                metavar="FILE",
                help=say("fichier de configuration", "configuration file"),
            )
            command.add_argument("-v", "--verbose", action="store_true", help=say("en dire plus", "say more"))
            options(command, say)
    return parser


class _Help(argparse.HelpFormatter):
    """The usual help; argparse asks for its width with each option, and would import shutil to learn it."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
        except (ValueError, OSError):
            columns = 80
        super().__init__(prog, width=columns - 2)


def _acquire(parser: argparse.ArgumentParser, say: Say) -> None:
    _mode_option(parser, say)
    _log_dir(parser, say)
    _source(parser, say)
    parser.add_argument(
        "-l",
        "--led",
        action="store_true",
        help=say("avec l'afficheur et les voyants", "with display and lamps"),
    )
    _time(parser, say)
    parser.add_argument(
        "--at",
        type=_instant,
        metavar=say("DATE-HEURE", "TIME"),
        help=say("heure du début d'un fichier", "when a file begins"),
    )


def _run(parser: argparse.ArgumentParser, say: Say) -> None:
    _mode_option(parser, say)
    _source(parser, say)
    _time(parser, say)
    parser.add_argument(
        "--dir",
        type=_path,
        default=_path("linkymonitor-run"),
        metavar="DIR",
        help=say("où vont journal et pages", "where log and pages go"),
    )


def _report(parser: argparse.ArgumentParser, say: Say) -> None:
    _log_dir(parser, say)
    parser.add_argument("-s", "--start", type=_date, metavar="DATE", help=say("premier jour", "first day"))
    parser.add_argument("-e", "--end", type=_date, metavar="DATE", help=say("dernier jour", "last day"))
    parser.add_argument(
        "-a",
        "--autoupdate",
        action="store_true",
        help=say("la page se met à jour seule", "the page refreshes itself"),
    )
    parser.add_argument(
        "-o", "--output", type=_path, metavar="DIR", help=say("dossier des pages", "folder of the pages")
    )
    parser.add_argument("--lang", choices=LANGUAGES, help=say("langue des pages", "language of the pages"))
    parser.add_argument("--json", action="store_true", help=say("les chiffres seuls", "the figures alone"))


def _decode(parser: argparse.ArgumentParser, say: Say) -> None:
    _mode_option(parser, say)
    parser.add_argument("source", metavar="SOURCE", help=_source_help(say))
    parser.add_argument(
        "--values", action="store_true", help=say("avec les valeurs lues", "with typed values")
    )
    parser.add_argument("--count", action="store_true", help=say("le total seul", "the summary alone"))
    parser.add_argument(
        "--show-ids", action="store_true", help=say("numéros de compteur en clair", "meter numbers unmasked")
    )


def _simulate(parser: argparse.ArgumentParser, say: Say) -> None:
    _mode_option(parser, say)
    parser.add_argument(
        "--contract",
        choices=("base", "hc", "ejp", "tempo"),
        default="hc",
        help=say("contrat (défaut : hc)", "contract (default: hc)"),
    )
    parser.add_argument(
        "--phases",
        choices=("1", "3"),
        default="1",
        help=say("nombre de phases (défaut : 1)", "number of phases (default: 1)"),
    )
    parser.add_argument(
        "--producer",
        action="store_true",
        help=say("avec des panneaux et un contrat de producteur", "with panels and a producer's contract"),
    )
    parser.add_argument(
        "--day",
        type=_date,
        metavar="DATE",
        help=say("jour simulé (défaut : 2026-01-13)", "the day that is simulated (default: 2026-01-13)"),
    )
    parser.add_argument(
        "--seed",
        type=_whole,
        default=1,
        metavar="N",
        help=say("même graine, mêmes octets (défaut : 1)", "same seed, same bytes (default: 1)"),
    )
    parser.add_argument(
        "--noise",
        type=_share,
        default=0.0,
        metavar="P",
        help=say("part des lignes abîmées, de 0 à 1", "share of the lines that are damaged, from 0 to 1"),
    )
    parser.add_argument(
        "--duration",
        type=_seconds,
        metavar="S",
        help=say("s'arrête après S secondes de compteur", "stop after S seconds of the meter"),
    )
    parser.add_argument(
        "--with",
        dest="extra",
        default="",
        metavar=say("OPTIONS", "OPTIONS"),
        help=say(
            "autres options de sim:, séparées par des virgules", "other options of sim:, separated by commas"
        ),
    )
    _pace(parser, say)


def _record(parser: argparse.ArgumentParser, say: Say) -> None:
    _mode_option(parser, say)
    _source(parser, say, required=True)
    parser.add_argument(
        "-o",
        "--output",
        type=_path,
        required=True,
        metavar="FILE",
        help=say("fichier de l'enregistrement, nouveau", "file of the recording, a new one"),
    )
    _time(parser, say)


def _replay(parser: argparse.ArgumentParser, say: Say) -> None:
    parser.add_argument(
        "file",
        type=_path,
        metavar="FILE",
        help=say("ce que record a écrit, gzippé ou non", "what record wrote, gzipped or not"),
    )
    _pace(parser, say)


def _no_options(parser: argparse.ArgumentParser, say: Say) -> None:
    pass


#: Name → what it does, in French and in English, and what gives its parser its own options.
_COMMANDS: Mapping[str, tuple[str, str, Callable[[argparse.ArgumentParser, Say], None]]] = {
    "acquire": ("lit le compteur et tient le journal", "reads the meter and keeps the log", _acquire),
    "run": (
        "essai : le compteur s'il y en a un, sinon un simulé ; l'afficheur dans le terminal, puis la page",
        "trial: the meter if there is one, else a simulated one; the display in the terminal, then the page",
        _run,
    ),
    "report": ("dessine les pages", "draws the pages", _report),
    "decode": ("montre les trames d'une source", "shows the frames of a source", _decode),
    "simulate": ("un compteur qui n'existe pas", "a meter that never existed", _simulate),
    "record": ("enregistre les octets et leurs heures", "keeps bytes with their times", _record),
    "replay": ("rejoue un enregistrement", "plays a recording again", _replay),
    "check": ("vérifie la configuration", "checks the configuration", _no_options),
}


def _mode_option(parser: argparse.ArgumentParser, say: Say) -> None:
    parser.add_argument(
        "-m",
        "--mode",
        type=_mode,
        metavar="auto|historique|standard",
        help=say("mode de la TIC", "mode of the TIC"),
    )


def _log_dir(parser: argparse.ArgumentParser, say: Say) -> None:
    parser.add_argument(
        "--log-dir", type=_path, metavar="DIR", help=say("dossier du journal", "folder of the daily log")
    )


def _source(parser: argparse.ArgumentParser, say: Say, required: bool = False) -> None:
    parser.add_argument("-i", "--input", required=required, metavar="SOURCE", help=_source_help(say))


def _source_help(say: Say) -> str:
    return say(
        "port (/dev/ttyAMA0), fichier, enregistrement, - (entrée standard), URL (socket://…, rfc2217://…) "
        "ou compteur simulé (sim:standard,tempo,seed=7)",
        "port (/dev/ttyAMA0), file, recording, - (standard input), URL (socket://…, rfc2217://…) "
        "or simulated meter (sim:standard,tempo,seed=7)",
    )


def _time(parser: argparse.ArgumentParser, say: Say) -> None:
    parser.add_argument(
        "-t",
        "--time",
        type=_seconds,
        metavar="S",
        help=say("s'arrête après S secondes", "stop after S seconds"),
    )


def _pace(parser: argparse.ArgumentParser, say: Say) -> None:
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X|max",
        help=say(
            "X fois la vitesse d'un vrai compteur, ou au plus vite (défaut : 1)",
            "X times as fast as a real meter, or as fast as can be (default: 1)",
        ),
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--pty",
        action="store_true",
        help=say(
            "vers un pseudo-terminal, dont le nom est affiché", "to a pseudo-terminal, whose name is printed"
        ),
    )
    where.add_argument(
        "-o",
        "--output",
        type=_path,
        metavar="FILE",
        help=say("vers un fichier d'octets nus", "to a file of bare bytes"),
    )


def _path(text: str) -> Path:
    from pathlib import Path  # not for `decode`, which has no path to read

    return Path(text)


def _mode(text: str) -> WantedMode:
    # The forerunner took any abbreviation of the mode.
    for mode in WantedMode:
        if text and mode.value.startswith(text.lower()):
            return mode
    raise _unexpected(text, "auto, historique ou standard", "auto, historique or standard")


#: What a meter can be asked of: its horodates have two figures for the year. It also keeps arithmetic in bounds.
_YEARS = range(2000, 2100)


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text.replace("_", "-"))
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise _unexpected(
            text,
            "une date de ce siècle telle que 2026-11-21 ou 2026_11_21",
            "a date of this century such as 2026-11-21 or 2026_11_21",
        )
    return day


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.year not in _YEARS:
        raise _unexpected(
            text,
            "une date et une heure telles que 2026-11-21T19:42:00+01:00",
            "a date and a time such as 2026-11-21T19:42:00+01:00",
        )
    return at.astimezone()


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return -1.0


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 < value < 1e10:
        raise _unexpected(
            text, "un nombre de secondes plus grand que 0", "a number of seconds that is greater than 0"
        )
    return value


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    value = _number(text)
    if not 0 < value < 1e10:
        raise _unexpected(text, "un nombre plus grand que 0, ou max", "a number greater than 0, or max")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise _unexpected(text, "une part des lignes, de 0 à 1", "a share of the lines, from 0 to 1")
    return value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _unexpected(text, "un nombre entier", "a whole number") from None


def _unexpected(text: str, fr: str, en: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(Text(f"« {text} » ; on attend {fr}", f"“{text}”; expected {en}"))
