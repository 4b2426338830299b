"""The command ``serve``: shows the drawn pages to the browsers of the house."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.commands.shared import Common, signals, state_dir
from linkymonitor.errors import LinkyMonitorError, NoPassword, StorageError, UsageError
from linkymonitor.language import Text, cause
from linkymonitor.web.section import FOLDER, GUARD, PASSWORD_FILE, UNGUARDED, Address, read_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from linkymonitor.settings import Settings
    from linkymonitor.system.storage import Storage
    from linkymonitor.web.door import Door

log = logging.getLogger(__name__)

#: Has the addresses that were logged last: they are logged at the first start, and when they change.
_TOLD = "address"


def serve(common: Common, *, bind: str | None, show_address: bool, set_password: bool) -> int:
    """Show the drawn pages until a signal comes; return the exit status.

    Args:
        common: the options of every command.
        bind: where to listen; None: as the configuration has it.
        show_address: print where the pages are, with a QR code for a phone, and end.
        set_password: ask for a new password, keep it, and end.

    Raises:
        ConfigError: with one sentence for each fault.
        LinkyMonitorError: the address is in use, or none of this machine.
        NoPassword: everybody in the house could see the pages, and neither a password nor `open` is set.
        StorageError: the password cannot be read or kept.
        UsageError: *bind* is no address.
    """
    common.log_to_stderr()
    settings = common.settings()
    from linkymonitor.system.storage import Storage

    storage, folder = Storage(), state_dir(settings) / FOLDER
    if set_password:
        return _set_password(folder, storage)
    address = _address(settings, bind)
    if show_address:
        return _show(address)
    return _serve(common, settings, address, folder, storage)


def _address(settings: Settings, bind: str | None) -> Address:
    if bind is None:
        return read_address(settings.serve.bind)
    try:
        return read_address(bind)
    except ValueError:
        raise UsageError(
            Text(
                f"--bind {bind} : on attend une adresse et un port, tels que 0.0.0.0:8420",
                f"--bind {bind}: expected an address and a port, such as 0.0.0.0:8420",
            )
        ) from None


def _serve(common: Common, settings: Settings, address: Address, folder: Path, storage: Storage) -> int:
    from linkymonitor.commands.serve_reload import ServeReload
    from linkymonitor.system.notify import Manager
    from linkymonitor.web.drawing import Drawing
    from linkymonitor.web.hosts import names_of
    from linkymonitor.web.own_pages import OwnPages
    from linkymonitor.web.pages import Pages
    from linkymonitor.web.server import Server
    from linkymonitor.web.site import Site

    own = OwnPages(settings.general.lang)
    door = _door(settings, address, folder, storage)
    pages = Pages(settings.report.dir, own.foot(settings.lang).encode() if door else b"")
    try:
        pages.check()
    except StorageError as error:
        log.warning("%s", error)
    drawing = Drawing(_report(common, settings), settings.serve.refresh.total_seconds())
    site = Site(pages, own, names_of(socket.gethostname(), settings.serve.hosts), drawing, door)
    try:
        server = Server(address, site)
    except OSError as error:
        raise _cannot_listen(address, error) from error
    manager = Manager()
    reload = ServeReload(settings, common.settings, site, door)

    def read_again() -> None:
        manager.reloading()
        manager.ready(reload())

    def in_a_thread(work: Callable[[], object]) -> Callable[[], None]:
        return lambda: threading.Thread(target=work, daemon=True).start()

    # At a terminal, SIGHUP means that the terminal is closed, and ends the program.
    hang_up = in_a_thread(read_again) if manager.listens else None
    with server, signals(in_a_thread(server.shutdown), hang_up):
        try:
            manager.ready(_tell(address, folder, storage))
            server.serve_forever()
        finally:
            manager.stopping()
            drawing.close()
    return 0


def _door(settings: Settings, address: Address, folder: Path, storage: Storage) -> Door | None:
    """Return the door that asks for the password, None when everybody may see the pages."""
    if not settings.serve.asks_for_password(address):
        return None
    # Only here: hashing takes 3 MB of memory.
    from linkymonitor.system.troubles import trouble
    from linkymonitor.web.door import Door

    try:
        if settings.serve.lacks_password(address, state_dir(settings)):
            place = f"{settings.path}" + Text(" : [serve] bind ", ": [serve] bind ")
            raise NoPassword(place + UNGUARDED + Text(" ; ", "; ") + GUARD)
    except OSError as error:
        raise trouble(folder / PASSWORD_FILE, error) from error
    return Door(folder, storage)


def _report(common: Common, settings: Settings) -> list[str]:
    """Return the words of the process that draws the pages."""
    words = [sys.executable, "-m", "linkymonitor", "report", "-c", str(settings.path.absolute())]
    return [*words, "--lang", common.lang] if common.lang else words


def _cannot_listen(address: Address, error: OSError) -> LinkyMonitorError:
    why = cause(error)
    return LinkyMonitorError(
        Text(
            f"[serve] bind = {address.host}, port {address.port} : impossible d'y écouter ({why.fr}) ; choisissez un "
            "autre port, ou une adresse de cette machine",
            f"[serve] bind = {address.host}, port {address.port}: cannot listen there ({why.en}); choose another "
            "port, or an address of this machine",
        )
    )


def _show(address: Address) -> int:
    from linkymonitor.web.address import addresses_of_house, urls

    found = urls(address, addresses_of_house())
    print(
        "\n".join(found)
        or Text(
            "cette machine n'a pas d'adresse dans la maison ; branchez-la au réseau",
            "this machine has no address in the house; connect it to the network",
        )
    )
    if found and not address.loopback:
        _print_qr(found[0], sys.stdout)
    return 0 if found else 1


def _tell(address: Address, folder: Path, storage: Storage) -> Text:
    """Log where the pages are, with a QR code at the first start and at a new address; return it as a status."""
    from linkymonitor.web.address import addresses_of_house, urls

    addresses = urls(address, addresses_of_house())
    if not addresses:
        waiting = Text(
            f"les pages sont prêtes au port {address.port}, mais cette machine n'a pas encore d'adresse dans la maison",
            f"the pages are ready on port {address.port}, but this machine has no address in the house yet",
        )
        log.info("%s", waiting)
        return waiting
    where = " ".join(addresses)
    if address.loopback:
        log.info(
            Text(
                "les pages sont à %s, pour cette machine seule ; pour un téléphone : [serve] bind = 0.0.0.0:%d",
                "the pages are at %s, for this machine alone; for a phone: [serve] bind = 0.0.0.0:%d",
            ),
            where,
            address.port,
        )
    else:
        log.info(Text("les pages sont à %s", "the pages are at %s"), where)
        if _is_new(where, folder, storage):
            _print_qr(addresses[0], sys.stderr)
    return Text(f"les pages sont à {where}", f"the pages are at {where}")


def _is_new(where: str, folder: Path, storage: Storage) -> bool:
    """Return whether *where* was not logged by an earlier start, and keep it."""
    path = folder / _TOLD
    with suppress(FileNotFoundError, StorageError):
        if b"".join(storage.blocks(path)) == where.encode():
            return False
    with suppress(StorageError):  # a card that refuses to write costs a QR code at each start
        storage.make_directory(folder)
        storage.replace(path, where.encode())
    return True


def _print_qr(url: str, stream: TextIO) -> None:
    from linkymonitor.web.qr import qr_lines

    # Not by the logger, which would hold equal lines back.
    for line in qr_lines(url):
        print(line, file=stream, flush=True)


def _set_password(folder: Path, storage: Storage) -> int:
    """Ask for a password, twice at a terminal, and keep it in *folder*."""
    from linkymonitor.web.password import LONGEST, SHORTEST, write

    word = _typed(
        Text(
            f"Mot de passe des pages ({SHORTEST} à {LONGEST} caractères) : ",
            f"Password of the pages ({SHORTEST} to {LONGEST} characters): ",
        )
    )
    if not SHORTEST <= len(word) <= LONGEST:
        raise UsageError(
            Text(
                f"mot de passe : on attend de {SHORTEST} à {LONGEST} caractères",
                f"password: expected {SHORTEST} to {LONGEST} characters",
            )
        )
    if sys.stdin.isatty() and _typed(Text("Encore une fois : ", "Once more: ")) != word:
        raise UsageError(
            Text("les deux mots de passe diffèrent ; recommencez", "the two passwords differ; try again")
        )
    storage.make_directory(folder)
    write(folder, word, storage)
    _hand_over(folder, folder / PASSWORD_FILE)
    print(
        Text(
            "Le mot de passe est en place ; qui était connecté ne l'est plus. « sudo systemctl restart "
            "linkymonitor-serve » montre les pages avec ce mot de passe.",
            "The password is set; who was signed in no longer is. “sudo systemctl restart linkymonitor-serve” shows "
            "the pages with this password.",
        )
    )
    return 0


def _typed(question: Text) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    from getpass import getpass

    try:
        return getpass(str(question))
    except EOFError:
        return ""


def _hand_over(folder: Path, file: Path) -> None:
    """Give *folder* and *file*, which root has made, to the user of the service: the owner of the folder above."""
    if os.geteuid() != 0:
        return
    owner = folder.parent.stat()
    try:
        for path in (folder, file):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except OSError as error:
        why = cause(error)
        raise StorageError(
            Text(
                f"{folder} : impossible de le donner à l'utilisateur du service ({why.fr}) ; faites « chown -R "
                f"linkymonitor: {folder} »",
                f"{folder}: cannot be given to the user of the service ({why.en}); run “chown -R linkymonitor: "
                f"{folder}”",
            )
        ) from error
