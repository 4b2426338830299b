"""The commands: what each is called and takes; commands.py says what they do."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from linkymonitor import __version__
from linkymonitor.errors import ConfigError, LineBusy, LinkyMonitorError
from linkymonitor.language import LANGUAGES, of_terminal, pick
from linkymonitor.settings import WantedMode

#: Exit statuses (CLI.md).
DONE, FAILED, USAGE, BUSY = 0, 1, 2, 75


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser(of_terminal())
    arguments = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(levelname)s %(message)s",
        stream=sys.stderr,
    )
    from linkymonitor import commands

    try:
        status: int = getattr(commands, arguments.command)(arguments)
    except commands.UsageError as error:
        return _said(error, USAGE)
    except LineBusy as error:
        return _said(error, BUSY)
    except ConfigError as error:
        return _said(error, FAILED)
    except LinkyMonitorError as error:
        return _said(error, FAILED)
    except BrokenPipeError:
        # Whoever read our output has enough; there is nobody left to tell.
        sys.stdout = None  # type: ignore[assignment]
        return FAILED
    except KeyboardInterrupt:
        return DONE
    return status


def _said(error: Exception, status: int) -> int:
    print(f"linkymonitor: {error}", file=sys.stderr)
    return status


def _parser(lang: str) -> argparse.ArgumentParser:
    def say(fr: str, en: str) -> str:
        return pick(lang, fr, en)

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help=say("fichier de configuration", "configuration file")
    )
    shared.add_argument("-v", "--verbose", action="store_true", help=say("en dire plus", "say more"))
    mode = argparse.ArgumentParser(add_help=False)
    mode.add_argument(
        "-m",
        "--mode",
        type=_mode,
        default=None,
        metavar="auto|historique|standard",
        help=say("mode de la TIC", "mode of the TIC"),
    )
    log_dir = argparse.ArgumentParser(add_help=False)
    log_dir.add_argument(
        "--log-dir", type=Path, metavar="DIR", help=say("dossier du journal", "folder of the daily log")
    )

    parser = argparse.ArgumentParser(
        prog="linkymonitor",
        description=say(
            "Lit un compteur électrique français (TIC), l'affiche, le journalise, prévient de l'EJP, dessine la journée.",
            "Reads a French electricity meter (TIC), shows it, logs it, warns of EJP and draws the day.",
        ),
    )
    parser.add_argument("--version", action="version", version=f"linkymonitor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar=say("commande", "command"))

    def add(name: str, fr: str, en: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=say(fr, en), description=say(fr, en), parents=[shared, *parents], allow_abbrev=True
        )

    acquire = add(
        "acquire", "lit le compteur et tient le journal", "reads the meter and keeps the log", mode, log_dir
    )
    _source(acquire, say)
    acquire.add_argument(
        "-l", "--led", action="store_true", help=say("avec l'afficheur et les voyants", "with display and lamps")
    )
    acquire.add_argument(
        "-t", "--time", type=_seconds, metavar="S", help=say("s'arrête après S secondes", "stop after S seconds")
    )
    acquire.add_argument(
        "--at",
        type=_instant,
        metavar=say("DATE-HEURE", "TIME"),
        help=say("heure du début d'un fichier", "when a file begins"),
    )

    run = add(
        "run",
        "essai : le compteur s'il y en a un, sinon un simulé ; l'afficheur dans le terminal, puis la page",
        "trial: the meter if there is one, else a simulated one; the display in the terminal, then the page",
        mode,
    )
    _source(run, say)
    run.add_argument(
        "-t", "--time", type=_seconds, metavar="S", help=say("s'arrête après S secondes", "stop after S seconds")
    )
    run.add_argument(
        "--dir",
        type=Path,
        default=Path("linkymonitor-run"),
        metavar="DIR",
        help=say("où vont journal et pages", "where log and pages go"),
    )

    report = add("report", "dessine les pages", "draws the pages", log_dir)
    report.add_argument("-s", "--start", type=_date, metavar="DATE", help=say("premier jour", "first day"))
    report.add_argument("-e", "--end", type=_date, metavar="DATE", help=say("dernier jour", "last day"))
    report.add_argument(
        "-a", "--autoupdate", action="store_true", help=say("la page se met à jour seule", "the page refreshes itself")
    )
    report.add_argument("-o", "--output", type=Path, metavar="DIR", help=say("dossier des pages", "folder of the pages"))
    report.add_argument("--lang", choices=LANGUAGES, help=say("langue des pages", "language of the pages"))
    report.add_argument("--json", action="store_true", help=say("les chiffres seuls", "the figures alone"))

    decode = add("decode", "montre les trames d'une source", "shows the frames of a source", mode)
    decode.add_argument("source", metavar="SOURCE")
    decode.add_argument("--values", action="store_true", help=say("avec les valeurs lues", "with typed values"))
    decode.add_argument("--count", action="store_true", help=say("le total seul", "the summary alone"))
    decode.add_argument(
        "--show-ids", action="store_true", help=say("numéros de compteur en clair", "meter numbers unmasked")
    )

    simulate = add("simulate", "un compteur qui n'existe pas", "a meter that never existed", mode)
    simulate.add_argument("--contract", choices=("base", "hc", "ejp", "tempo"), default="hc")
    simulate.add_argument("--phases", choices=("1", "3"), default="1")
    simulate.add_argument("--producer", action="store_true")
    simulate.add_argument("--day", type=_date, metavar="DATE")
    simulate.add_argument("--seed", type=int, default=1)
    simulate.add_argument("--noise", type=float, default=0.0, metavar="P")
    simulate.add_argument(
        "--with",
        dest="extra",
        default="",
        metavar=say("OPTIONS", "OPTIONS"),
        help=say("autres options de sim:, séparées par des virgules", "other options of sim:, separated by commas"),
    )
    _pace(simulate, say)

    record = add("record", "enregistre les octets et leurs heures", "keeps bytes with their times", mode)
    _source(record, say, required=True)
    record.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    record.add_argument("-t", "--time", type=_seconds, metavar="S")

    replay = add("replay", "rejoue un enregistrement", "plays a recording again")
    replay.add_argument("file", type=Path, metavar="FILE")
    _pace(replay, say)

    add("check", "vérifie la configuration", "checks the configuration")
    return parser


def _source(parser: argparse.ArgumentParser, say: object, required: bool = False) -> None:
    parser.add_argument("-i", "--input", required=required, metavar="SOURCE")


def _pace(parser: argparse.ArgumentParser, say: object) -> None:
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X|max")
    parser.add_argument("--duration", type=_seconds, metavar="S")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--pty", action="store_true")
    where.add_argument("-o", "--output", type=Path, metavar="FILE")


def _mode(text: str) -> WantedMode:
    # The forerunner took any abbreviation of the mode.
    for mode in WantedMode:
        if text and mode.value.startswith(text.lower()):
            return mode
    raise argparse.ArgumentTypeError(f"{text}: auto, historique, standard")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("_", "-"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: 2026-11-21, 2026_11_21") from None


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: 2026-11-21T19:42:00+01:00") from None


def _seconds(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 < value < 1e10:
        raise argparse.ArgumentTypeError(f"{text}: > 0")
    return value


def _speed(text: str) -> float | None:
    return None if text == "max" else _seconds(text)
