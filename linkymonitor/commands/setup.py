"""``setup``: makes the Pi ready for the meter; each change is shown, and can be taken back."""

# Strategy
#
# - What is missing is planned from the files of the machine, one part after the other, and each change is shown as a
#   diff and asked for. What is already right is not mentioned among the changes.
# - All changes go through the journal, so --undo takes them back, also after a cut.
# - A configuration with a fault stops only the parts that need it.

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.board import parts
from linkymonitor.board.boot import Boot, boot
from linkymonitor.board.changes import Change, Content, Journal, content, inside
from linkymonitor.board.model import Board, recognised
from linkymonitor.commands.setup_shown import show, tell_edited
from linkymonitor.commands.shared import Common, say
from linkymonitor.errors import ConfigError, LinkyMonitorError, UsageError
from linkymonitor.ini_file import content as ini_content
from linkymonitor.language import Text, counted

if TYPE_CHECKING:
    from linkymonitor.settings import Settings

#: The parts, in their order.
PARTS = ("serial", "i2c", "users", "units", "start", "contract", "display")
_TITLES = {
    "serial": Text("port série du compteur", "serial port of the meter"),
    "i2c": Text("bus I2C de l'afficheur", "I2C bus of the display"),
    "users": Text("groupes", "groups"),
    "units": Text("services", "services"),
    "start": Text("démarrage des services", "start of the services"),
    "contract": Text("contrat", "contract"),
    "display": Text("afficheur", "display"),
}
_INI = Path("etc/linkymonitor.ini")
_BEFORE_A_RESTART = ("boot/", "etc/modules-load.d/")


class Options(NamedTuple):
    """How setup goes about it; `setup` describes each option."""

    yes: bool = False
    dry_run: bool = False
    bluetooth: str | None = None
    offer: str | None = None
    power: int | None = None
    display: str | None = None


class _Stopped(Exception):
    """The owner wants no further change."""


def setup(
    common: Common,
    *,
    yes: bool,
    only: str | None,
    root: Path | None,
    dry_run: bool,
    undo: bool,
    bluetooth: str | None,
    offer: str | None,
    power: int | None,
    display: str | None,
) -> int:
    """Make the machine ready, or with *undo* take back what was changed; return the exit status.

    Args:
        common: the options of every command.
        yes: make all changes without a question.
        only: the only part of PARTS to look at; None: all.
        root: the folder of an image; None: this machine.
        dry_run: show the changes and make none.
        undo: take back all changes.
        bluetooth: ``off``, or ``mini`` to keep it on the other UART.
        offer: the id of a price table.
        power: the subscribed power in kVA.
        display: the controller of the display.

    Raises:
        LineBusy: another setup is at work below the same root.
        LinkyMonitorError: not root, or a file cannot be read or written.
        UsageError: nobody can be asked.
    """
    root = (root or Path("/")).resolve()
    _refuse_without_rights(root, dry_run=dry_run)
    with _modes_as_given():
        journal = Journal(root)
        if undo:
            with nullcontext() if journal.is_empty() else journal.alone():
                return _undo(journal, root)
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError(
                Text(
                    "setup pose des questions, et il n'y a pas de terminal ; ajoutez --yes, ou --dry-run pour voir",
                    "setup asks questions, and there is no terminal; add --yes, or --dry-run to look",
                )
            )
        options = Options(yes, dry_run, bluetooth, offer, power, display)
        with nullcontext() if dry_run else journal.alone():
            return Run(common, root, journal, options).run((only,) if only else PARTS)


@contextmanager
def _modes_as_given() -> Iterator[None]:
    """Give new files the modes that are asked for, whatever the umask of the caller."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def _refuse_without_rights(root: Path, *, dry_run: bool) -> None:
    if not root.is_dir():
        raise UsageError(
            Text(
                f"--root {root} : pas un dossier ; montez d'abord la carte",
                f"--root {root}: no folder; mount the card",
            )
        )
    if root == Path("/") and os.geteuid() != 0 and not dry_run:
        raise LinkyMonitorError(
            Text(
                "setup change des fichiers du système ; lancez « sudo linkymonitor setup », ou --dry-run pour voir",
                "setup changes files of the system; run 'sudo linkymonitor setup', or --dry-run to look",
            )
        )


class Run:
    """One run of setup."""

    def __init__(self, common: Common, root: Path, journal: Journal, options: Options) -> None:
        self._root = root
        self._journal = journal
        self._options = options
        self._board = recognised(root)
        self._config = common.config.resolve() if common.config else root / _INI
        self._common = common._replace(config=self._config)
        self._made: list[Path] = []
        self._proposed = 0
        self._failed = False

    def run(self, wanted: Sequence[str]) -> int:
        """Look at the parts *wanted*; return the exit status."""
        if {"serial", "i2c"}.intersection(wanted):
            say(_board_line(self._board, boot(self._root)))
        plans: dict[str, Callable[[], list[Change]]] = {
            "serial": self._serial,
            "i2c": lambda: parts.i2c(self._root, self._board),
            "users": self._users,
            "units": lambda: parts.services(self._root, self._settings()),
            "start": lambda: parts.at_boot(self._root, self._settings()),
            "contract": self._contract,
            "display": self._display,
        }
        try:
            for name in wanted:
                self._part(_TITLES[name], plans[name])
        except (_Stopped, EOFError):
            print()
            say(Text("arrêté ; ce qui est fait reste fait", "stopped; what is done stays done"))
        self._end()
        if wanted == PARTS and not self._options.dry_run and not _waits_for_a_restart(self._made):
            self._examine()
        return 1 if self._failed else 0

    def _examine(self) -> None:
        """Look at the whole installation, which must be this machine."""
        if self._root != Path("/") or self._failed:
            return
        from linkymonitor.commands.doctor import doctor

        print()
        doctor(self._common, port=None, fix=False, json=False, watch=False)

    def _part(self, title: Text, plan: Callable[[], list[Change]]) -> None:
        try:
            changes = plan()
        except ConfigError as error:
            self._failed = True
            say(
                title
                + Text(
                    " : laissé de côté, la configuration a une faute", ": left out, the settings have a fault"
                )
            )
            for fault in str(error).splitlines():
                say(fault)
            return
        if not changes:
            say(title + Text(" : rien à changer", ": nothing to change"))
        for change in changes:
            self._proposed += 1
            before = content(self._root / change.path)
            show(change, before)
            if self._options.dry_run or not self._agreed():
                continue
            if content(self._root / change.path) != before:
                self._failed = True
                say(Text("modifié entre-temps, laissé tel quel", "edited in the meantime, left as it is"))
            elif self._journal.apply(change):
                self._made.append(change.path)

    def _agreed(self) -> bool:
        if self._options.yes:
            return True
        while True:
            answer = input(
                str(
                    Text(
                        "Faire ce changement ? [O]ui, [n]on, [q]uitter : ",
                        "Make this change? [Y]es, [n]o, [q]uit: ",
                    )
                )
            )
            letter = answer.strip().lower()[:1]
            if letter in ("", "o", "y"):
                return True
            if letter == "n":
                return False
            if letter == "q":
                raise _Stopped

    def _ask(self) -> Callable[[str], str] | None:
        return None if self._options.yes or self._options.dry_run else input

    def _settings(self) -> Settings:
        from linkymonitor.settings import load
        from linkymonitor.system.resources import shipped

        path = self._config if self._config.exists() else shipped("etc/linkymonitor.ini")
        return load(path, self._common.lang)

    def _serial(self) -> list[Change]:
        if boot(self._root) is None:
            return []
        try:
            port = self._settings().meter.port
        except ConfigError:
            port = "auto"
        if not _is_on_the_header(port):
            say(
                Text(
                    f"[meter] port = {port} : un port qui n'a besoin d'aucun réglage de la carte",
                    f"[meter] port = {port}: a port that needs no setting of the board",
                )
            )
            return []
        return parts.serial(self._root, self._board, self._options.bluetooth)

    def _users(self) -> list[Change]:
        if not parts.has_user(self._root):
            say(
                Text(
                    "pas encore d'utilisateur linkymonitor ; l'installation le crée (sudo make install, ou le paquet)",
                    "no user linkymonitor yet; the installation makes it (sudo make install, or the package)",
                )
            )
        return parts.users(self._root, os.environ.get("SUDO_USER"))

    def _contract(self) -> list[Change]:
        from linkymonitor.commands.setup_answers import contract

        options = self._options
        return self._ini(
            lambda text, settings: contract(
                text, settings, self._root, offer=options.offer, power=options.power, ask=self._ask()
            ),
            Text("l'offre qui donne les prix", "the offer that gives the prices"),
        )

    def _display(self) -> list[Change]:
        from linkymonitor.commands.setup_answers import shown

        if self._root != Path("/") and self._options.display is None:
            return []
        return self._ini(
            lambda text, settings: shown(text, settings, kind=self._options.display, ask=self._ask()),
            Text("l'afficheur trouvé sur le bus", "the display that was found on the bus"),
        )

    def _ini(self, edit: Callable[[str, Settings], str], why: Text) -> list[Change]:
        from linkymonitor.system.resources import shipped

        settings = self._settings()
        source = self._config if self._config.exists() else shipped("etc/linkymonitor.ini")
        text = ini_content(source).decode("utf-8", "surrogateescape")
        written = edit(text, settings)
        if written == text:
            return []
        _refuse_wrong(written, self._config)
        after = Content(written.encode("utf-8", "surrogateescape"))
        paths = inside(self._root, self._config)
        return [Change(path, after, why) for path in paths]

    def _end(self) -> None:
        if self._options.dry_run:
            say(
                counted(self._proposed, Text("changement", "change"), Text("changements", "changes"))
                + Text(" ; rien n'est fait", "; nothing is done")
            )
            return
        if not self._made:
            return
        count = len(self._made)
        say(
            Text(
                f"faits : {count} ; « sudo linkymonitor setup --undo » les défait",
                f"done: {count}; 'sudo linkymonitor setup --undo' takes them back",
            )
        )
        if self._root == Path("/"):
            _tell_systemd(self._made, stop=True)
        if _waits_for_a_restart(self._made):
            say(
                Text(
                    "redémarrez la machine : sudo reboot ; puis « linkymonitor doctor » regarde tout",
                    "restart the machine: sudo reboot; then 'linkymonitor doctor' looks at everything",
                )
            )


def _refuse_wrong(text: str, path: Path) -> None:
    """Refuse settings that would be wrong after the change.

    Raises:
        ConfigError: with one sentence for each fault.
    """
    from linkymonitor.settings import load

    with tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8", errors="surrogateescape") as trial:
        trial.write(text)
        trial.flush()
        try:
            load(Path(trial.name))
        except ConfigError as error:
            raise ConfigError(
                *(
                    Text(fault.fr.replace(trial.name, str(path)), fault.en.replace(trial.name, str(path)))
                    for fault in error.faults
                )
            ) from error


def _is_on_the_header(port: str) -> bool:
    return port == "auto" or Path(port).name in ("serial0", "ttyAMA0", "ttyS0")


def _board_line(board: Board, boot: Boot | None) -> Text | str:
    if boot is None:
        name = board.name or "?"
        return Text(
            f"{name} : pas de config.txt ici, donc pas d'UART à régler ; un adaptateur USB n'a besoin de rien",
            f"{name}: no config.txt here, so there is no UART to set; a USB adapter needs nothing",
        )
    name = board.name or str(Text("modèle inconnu (image d'une carte)", "model not known (image of a card)"))
    return f"{name}, /{boot.folder}"


def _waits_for_a_restart(changed: Sequence[Path]) -> bool:
    return any(str(path).startswith(_BEFORE_A_RESTART) for path in changed)


def _tell_systemd(made: Sequence[Path], *, stop: bool = False) -> None:
    """Let a running systemd take up the units that changed.

    Args:
        made: the files that changed.
        stop: end the units that are masked now: the login prompt of the port, and Bluetooth on it.
    """
    if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        return
    names = [path for path in made if path.is_relative_to("etc/systemd/system")]
    if not names:
        return
    calls = [["daemon-reload"]]
    if stop:
        calls += [["stop", path.name] for path in names if path.name.startswith(("serial-getty@", "hciuart"))]
    calls += [
        ["try-restart", path.parent.name.removesuffix(".d")] for path in names if path.parent.suffix == ".d"
    ]
    for call in calls:
        subprocess.run(["systemctl", *call], check=False, timeout=120, stdin=subprocess.DEVNULL)


def _undo(journal: Journal, root: Path) -> int:
    """Take back all changes but those in files that were edited since; return the exit status."""
    done = journal.undo()
    for path in done.restored:
        say(Text(f"/{path} : comme avant", f"/{path}: as before"))
    for path, lines in done.edited.items():
        tell_edited(path, lines)
    if not (done.restored or done.edited):
        say(Text("rien à défaire", "nothing to take back"))
    if root == Path("/"):
        _tell_systemd(done.restored)
    if _waits_for_a_restart(done.restored):
        say(Text("redémarrez la machine : sudo reboot", "restart the machine: sudo reboot"))
    return 0
