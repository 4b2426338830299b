"""The table of commands: names, help and options. The command NAME is the function NAME of the module NAME."""

# Strategy
#
# - The parser makes the options of argparse from this table, and calls the function of the command with the values of
#   the options as named arguments. So a command is an ordinary function whose arguments have types.
# - Rows are named tuples: they are made at every start, and the class of a dataclass takes longer to make.

from collections.abc import Callable, Mapping
from typing import NamedTuple

from linkymonitor.commands import arguments as read
from linkymonitor.language import LANGUAGES, Text


class Option(NamedTuple):
    """An option of a command, or a positional argument, whose flag has no dash."""

    flags: tuple[str, ...]
    help: Text
    #: Turns the word after the flag into a value. An option with neither *read* nor *choices* is a switch, without a
    #: word.
    read: Callable[[str], object] | None = None
    #: The only words that are allowed.
    choices: tuple[str, ...] | None = None
    #: The name of the word in the help.
    metavar: Text | str | None = None
    default: object = None
    required: bool = False
    #: Whether any number of words may follow, none included.
    many: bool = False
    #: The name of the argument in the function of the command; None: that of the last flag.
    name: str | None = None

    @property
    def argument(self) -> str:
        """The name of the argument in the function of the command."""
        return self.name or self.flags[-1].lstrip("-").replace("-", "_")


class Command(NamedTuple):
    """A command: its line in the help, and its own options."""

    does: Text
    options: tuple[Option, ...] = ()
    #: Exactly one of these options must be given.
    one_of: tuple[Option, ...] = ()


#: The options that every command has.
COMMON = (
    Option(
        ("-c", "--config"),
        Text("fichier de configuration", "configuration file"),
        read=read.path,
        metavar="FILE",
    ),
    Option(("-v", "--verbose"), Text("en dire plus", "say more")),
    Option(
        ("--lang",),
        Text(
            "langue des écrans, des pages, du journal et des messages",
            "language of screens, pages, log and messages",
        ),
        choices=LANGUAGES,
    ),
)

_SOURCE = Text(
    "port (/dev/ttyAMA0 ou auto), fichier, enregistrement, - (entrée standard), URL (socket://…, rfc2217://…) "
    "ou compteur simulé (sim:standard,tempo,seed=7)",
    "port (/dev/ttyAMA0 or auto), file, recording, - (standard input), URL (socket://…, rfc2217://…) "
    "or simulated meter (sim:standard,tempo,seed=7)",
)

_MODE = Option(
    ("-m", "--mode"),
    Text(
        "mode de la TIC ; le début du mot suffit, comme H ou S",
        "mode of the TIC; the beginning of the word is enough, as in H or S",
    ),
    read=read.mode,
    metavar="auto|historique|standard",
)
_FIRST_DAY = Option(
    ("-s", "--start"),
    Text("premier jour : 2026-11-21, 21/11/2026, hier", "first day: 2026-11-21, yesterday"),
    read=read.past_day,
    metavar="DATE",
)
_LOG_DIR = Option(
    ("--log-dir",), Text("dossier du journal", "folder of the daily log"), read=read.path, metavar="DIR"
)
_INPUT = Option(("-i", "--input"), _SOURCE, read=str, metavar="SOURCE", name="source")
_TIME = Option(
    ("-t", "--time"),
    Text("s'arrête après S secondes", "stop after S seconds"),
    read=read.seconds,
    metavar="S",
    name="seconds",
)
_SPEED = Option(
    ("--speed",),
    Text(
        "X fois la vitesse d'un vrai compteur, ou au plus vite (défaut : 1)",
        "X times as fast as a real meter, or as fast as can be (default: 1)",
    ),
    read=read.pace,
    default=1.0,
    metavar="X|max",
)
_PTY_OR_FILE = (
    Option(
        ("--pty",),
        Text(
            "vers un pseudo-terminal, dont le nom est affiché", "to a pseudo-terminal, whose name is printed"
        ),
    ),
    Option(
        ("-o", "--output"),
        Text("vers un fichier d'octets nus", "to a file of bare bytes"),
        read=read.path,
        metavar="FILE",
    ),
)

#: Name → command, in the order of the help.
COMMANDS: Mapping[str, Command] = {
    "acquire": Command(
        Text("lit le compteur et tient le journal", "reads the meter and keeps the log"),
        options=(
            _MODE,
            _LOG_DIR,
            _INPUT,
            Option(("-l", "--led"), Text("avec l'afficheur et les voyants", "with display and lamps")),
            _TIME,
            Option(
                ("--at",),
                Text("heure du début d'un fichier", "when a file begins"),
                read=read.instant,
                metavar=Text("DATE-HEURE", "TIME"),
            ),
        ),
    ),
    "run": Command(
        Text(
            "essai : le compteur s'il y en a un, sinon un simulé ; l'afficheur dans le terminal, et les pages",
            "trial: the meter if there is one, else a simulated one; the display in the terminal, and the pages",
        ),
        options=(
            _MODE,
            _INPUT,
            _TIME,
            Option(
                ("--dir",),
                Text("où vont journal et pages", "where log and pages go"),
                read=read.path,
                default="linkymonitor-run",
                metavar="DIR",
                name="folder",
            ),
            Option(
                ("--past",),
                Text(
                    "jours passés d'une maison simulée (défaut : 40)",
                    "days of the past of a simulated house (default: 40)",
                ),
                read=read.days,
                metavar=Text("JOURS", "DAYS"),
            ),
            Option(
                ("--fresh",),
                Text("recommence la maison simulée", "begin the simulated house again"),
            ),
            Option(
                ("--no-open",),
                Text("n'ouvre pas le navigateur", "do not open the browser"),
            ),
        ),
    ),
    "report": Command(
        Text("dessine les pages", "draws the pages"),
        options=(
            _LOG_DIR,
            _FIRST_DAY,
            Option(("-e", "--end"), Text("dernier jour", "last day"), read=read.past_day, metavar="DATE"),
            Option(
                ("--all",),
                Text("chaque jour qui a un journal", "every day that has a log"),
                name="every",
            ),
            Option(
                ("-a", "--autoupdate"),
                Text("la page ouverte se recharge seule", "an open page reloads itself"),
            ),
            Option(
                ("-o", "--output"),
                Text(
                    "dossier des pages ; - : une seule page, sur la sortie",
                    "folder of the pages; -: one page, on stdout",
                ),
                read=read.path,
                metavar="DIR",
            ),
            Option(("--json",), Text("les chiffres seuls", "the figures alone")),
        ),
    ),
    "decode": Command(
        Text("montre les trames d'une source", "shows the frames of a source"),
        options=(
            _MODE,
            Option(("source",), _SOURCE, read=str, metavar="SOURCE"),
            Option(("--values",), Text("avec les valeurs lues", "with typed values")),
            Option(("--count",), Text("le total seul", "the summary alone")),
            Option(
                ("--get",),
                Text("la valeur de cette étiquette, puis fin", "the value of this label, then end"),
                read=str.upper,
                metavar=Text("ÉTIQUETTE", "LABEL"),
            ),
            Option(("--show-ids",), Text("numéros de compteur en clair", "meter numbers unmasked")),
        ),
    ),
    "simulate": Command(
        Text("écrit ce qu'envoie un compteur simulé", "writes what a simulated meter sends"),
        options=(
            _MODE,
            Option(
                ("--contract",),
                Text("contrat (défaut : hc)", "contract (default: hc)"),
                choices=("base", "hc", "ejp", "tempo"),
                default="hc",
            ),
            Option(
                ("--phases",),
                Text("nombre de phases (défaut : 1)", "number of phases (default: 1)"),
                choices=("1", "3"),
                default="1",
            ),
            Option(
                ("--producer",),
                Text(
                    "avec des panneaux et un contrat de producteur", "with panels and a producer's contract"
                ),
            ),
            Option(
                ("--day",),
                Text("jour simulé (défaut : 2026-01-13)", "the day that is simulated (default: 2026-01-13)"),
                read=read.day,
                metavar="DATE",
            ),
            Option(
                ("--seed",),
                Text("même graine, mêmes octets (défaut : 1)", "same seed, same bytes (default: 1)"),
                read=read.whole,
                default=1,
                metavar="N",
            ),
            Option(
                ("--noise",),
                Text(
                    "part des lignes abîmées, de 0 à 1",
                    "share of the lines that are damaged, from 0 to 1",
                ),
                read=read.share,
                default=0.0,
                metavar="P",
            ),
            Option(
                ("--duration",),
                Text("s'arrête après S secondes de compteur", "stop after S seconds of the meter"),
                read=read.seconds,
                metavar="S",
                name="seconds",
            ),
            Option(
                ("--with",),
                Text(
                    "autres options de sim:, séparées par des virgules ; docs/simulator.fr.md les a toutes",
                    "other options of sim:, separated by commas; docs/simulator.md has all",
                ),
                read=str,
                default="",
                metavar="OPTIONS",
                name="extra",
            ),
            _SPEED,
        ),
        one_of=_PTY_OR_FILE,
    ),
    "record": Command(
        Text("enregistre les octets et leurs heures", "keeps bytes with their times"),
        options=(
            _MODE,
            _INPUT._replace(required=True),
            Option(
                ("-o", "--output"),
                Text("fichier de l'enregistrement, nouveau", "file of the recording, a new one"),
                read=read.path,
                required=True,
                metavar="FILE",
            ),
            _TIME,
        ),
    ),
    "replay": Command(
        Text("rejoue un enregistrement", "plays a recording again"),
        options=(
            Option(
                ("file",),
                Text("ce que record a écrit, gzippé ou non", "what record wrote, gzipped or not"),
                read=read.path,
                metavar="FILE",
            ),
            _SPEED,
        ),
        one_of=_PTY_OR_FILE,
    ),
    "deliver": Command(
        Text("alimente les bases, le courtier MQTT…", "feeds databases, the MQTT broker…"),
        options=(
            _LOG_DIR,
            Option(
                ("--from",),
                Text(
                    "renvoie les enregistrements depuis ce jour",
                    "send the records from this day on once more",
                ),
                read=read.past_day,
                metavar="DATE",
                name="since",
            ),
            Option(
                ("--sink",),
                Text("à cette destination seule (avec --from)", "to this sink alone (with --from)"),
                read=str,
                metavar=Text("NOM", "NAME"),
            ),
            Option(("--once",), Text("s'arrête à la fin du journal", "end at the end of the log")),
            Option(
                ("--status",),
                Text("montre où en est chaque destination", "show how each sink goes"),
            ),
            Option(("--json",), Text("avec --status : en JSON", "with --status: as JSON")),
            Option(
                ("--test",),
                Text("envoie un enregistrement à une destination", "send one record to a sink"),
                read=str,
                metavar=Text("NOM", "NAME"),
            ),
        ),
    ),
    "serve": Command(
        Text("montre les pages aux navigateurs de la maison", "shows the pages to the browsers of the house"),
        options=(
            Option(
                ("--bind",),
                Text("adresse et port (défaut : [serve] bind)", "address and port (default: [serve] bind)"),
                read=str,
                metavar=Text("ADRESSE:PORT", "HOST:PORT"),
            ),
            Option(
                ("--address",),
                Text(
                    "affiche l'adresse des pages et son code QR",
                    "print the address of the pages and its QR code",
                ),
                name="show_address",
            ),
            Option(
                ("--set-password",),
                Text(
                    "demande un mot de passe pour les pages, et le garde",
                    "ask for a password of the pages, and keep it",
                ),
            ),
        ),
    ),
    "export": Command(
        Text("écrit les enregistrements en CSV, JSON ou InfluxDB", "writes records as CSV, JSON or InfluxDB"),
        options=(
            _LOG_DIR,
            _FIRST_DAY._replace(required=True),
            Option(
                ("-e", "--end"),
                Text("dernier jour (défaut : le premier)", "last day (default: the first)"),
                read=read.past_day,
                metavar="DATE",
            ),
            Option(
                ("--format",),
                Text("forme des lignes", "form of the lines"),
                choices=("csv", "jsonl", "influx"),
                required=True,
                name="form",
            ),
            Option(
                ("-o", "--output"),
                Text("fichier (défaut : la sortie standard)", "file (default: standard output)"),
                read=read.path,
                metavar="FILE",
            ),
        ),
    ),
    "bill": Command(
        Text("établit la facture de jours entiers", "makes the bill of whole days"),
        options=(
            _LOG_DIR,
            _FIRST_DAY,
            Option(
                ("-e", "--end"),
                Text("dernier jour, compris", "last day, included"),
                read=read.past_day,
                metavar="DATE",
            ),
            Option(("--json",), Text("les montants en JSON", "the amounts as JSON")),
            Option(
                ("-o", "--output"),
                Text(
                    "page HTML à écrire, à imprimer sur un A4", "HTML page to write, which prints on one A4"
                ),
                read=read.path,
                metavar="FILE",
            ),
            Option(
                ("--periods",),
                Text(
                    "les factures passées et celle en cours, d'après [contract] reading_day",
                    "the past bills and the running one, by [contract] reading_day",
                ),
            ),
            Option(
                ("--check",),
                Text(
                    "compare avec la facture du fournisseur, tapée dans ce fichier",
                    "compare with the supplier's bill, typed into this file",
                ),
                read=read.path,
                metavar="FILE",
            ),
            Option(
                ("--solve",),
                Text(
                    "cherche les règles du fournisseur dans la facture de ce fichier",
                    "look for the rules of the supplier in the bill of this file",
                ),
                read=read.path,
                metavar="FILE",
            ),
            Option(
                ("--write",),
                Text(
                    "avec --solve : met ces règles dans [contract]",
                    "with --solve: put these rules into [contract]",
                ),
            ),
            Option(
                ("--enter",),
                Text(
                    "demande une facture papier, ligne par ligne, et l'écrit dans ce fichier",
                    "ask for a paper bill, line by line, and write it into this file",
                ),
                read=read.path,
                metavar="FILE",
            ),
        ),
    ),
    "tariffs": Command(
        Text(
            "grilles de prix : liste, contenu, contrôle, proposition",
            "price tables: list, content, check, proposal",
        ),
        options=(
            Option(
                ("action",),
                Text(
                    "list : toutes ; show ID : une ; check [FICHIER…] : leurs fautes ; new : une proposition de "
                    "[contract], d'après le journal ; new ID : une grille à remplir",
                    "list: all; show ID: one; check [FILE…]: their faults; new: a proposal of [contract], from the "
                    "log; new ID: a table to be filled in",
                ),
                choices=("list", "show", "check", "new"),
            ),
            Option(
                ("names",),
                Text("identifiants, ou fichiers pour check", "ids, or files for check"),
                read=str,
                metavar="NAME",
                many=True,
            ),
            _LOG_DIR,
        ),
    ),
    "check": Command(Text("vérifie la configuration", "checks the configuration")),
    "setup": Command(
        Text(
            "prépare le Raspberry Pi ; défait ce qu'il a fait", "makes the Raspberry Pi ready; takes it back"
        ),
        options=(
            Option(("-y", "--yes"), Text("sans rien demander", "without a question")),
            Option(
                ("--only",),
                Text("une seule partie", "one part alone"),
                choices=("serial", "i2c", "users", "units", "start", "contract", "display"),
            ),
            Option(
                ("--root",),
                Text("dossier d'une image de carte montée", "folder of the mounted image of a card"),
                read=read.path,
                metavar="DIR",
            ),
            Option(("--dry-run",), Text("montre, et ne change rien", "show, and change nothing")),
            Option(("--undo",), Text("défait les changements", "take the changes back")),
            Option(
                ("--bluetooth",),
                Text(
                    "off : arrêté ; mini : gardé, sur l'autre port série",
                    "off: switched off; mini: kept, on the other serial port",
                ),
                choices=("off", "mini"),
            ),
            Option(
                ("--offer",),
                Text("offre, de « tariffs list »", "offer, of 'tariffs list'"),
                read=str,
                metavar="ID",
            ),
            Option(
                ("--power",),
                Text("puissance souscrite, en kVA", "subscribed power, in kVA"),
                read=read.whole,
                metavar="KVA",
            ),
            Option(
                ("--display",),
                Text("contrôleur de l'afficheur", "controller of the display"),
                choices=("ssd1306", "sh1106"),
            ),
        ),
    ),
    "doctor": Command(
        Text(
            "examine toute l'installation et dit quoi réparer",
            "looks at the whole installation and says what to mend",
        ),
        options=(
            Option(
                ("-i", "--input"),
                Text("port du compteur", "port of the meter"),
                read=str,
                metavar="PORT",
                name="port",
            ),
            Option(
                ("--fix",), Text("répare ce qui peut l'être sans risque", "mend what can be mended safely")
            ),
            Option(("--json",), Text("les lignes en JSON", "the rows as JSON")),
            Option(
                ("--watch",),
                Text(
                    "la qualité de la liaison chaque seconde, pour régler R2",
                    "the quality of the line each second, to adjust R2",
                ),
            ),
        ),
    ),
    "support-bundle": Command(
        Text(
            "un fichier à joindre à une question, sans rien de personnel",
            "a file for a question, with nothing personal",
        ),
        options=(
            Option(
                ("-o", "--output"),
                Text("fichier, .tar.gz ou .zip", "file, .tar.gz or .zip"),
                read=read.path,
                metavar="FILE",
                required=True,
            ),
            Option(("-y", "--yes"), Text("sans rien demander", "without a question")),
        ),
    ),
    "purge": Command(
        Text("supprime les données personnelles d'avant une date", "removes the personal data before a date"),
        options=(
            Option(
                ("--before",),
                Text("premier jour qui reste : 2026-11-21", "first day that stays: 2026-11-21"),
                read=read.day,
                metavar="DATE",
                required=True,
            ),
            Option(("--dry-run",), Text("montre, et ne supprime rien", "show, and remove nothing")),
            Option(("-y", "--yes"), Text("sans rien demander", "without a question")),
            _LOG_DIR,
        ),
    ),
    "safe": Command(
        Text(
            "met chaque relais à son état de repli, quand acquire ne tourne plus",
            "puts every relay into its fail state when acquire no longer runs",
        )
    ),
}
