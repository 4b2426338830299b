"""``port = auto``: which of the serial ports doctor looks at, or why it looks at none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from linkymonitor.doctor import hearing
from linkymonitor.doctor.base import Row, Subject, to_mend, well
from linkymonitor.doctor.hearing import Heard
from linkymonitor.doctor.port import reader
from linkymonitor.errors import LineError
from linkymonitor.language import Text
from linkymonitor.source.auto import address_in, serial_ports
from linkymonitor.source.holders import is_console
from linkymonitor.source.open import open_source
from linkymonitor.system.clock import BUILT
from linkymonitor.tic.privacy import mask

_AUTO = Text("port = auto", "port = auto")


class Choice(NamedTuple):
    """The port that is looked at; None when there is none to choose."""

    port: str | None
    row: Row


def choose(subject: Subject) -> Choice:
    """Return the port that `acquire` has, or the only one, or the one on which a meter is heard."""
    world = subject.world
    ports = serial_ports(world.path("/dev"))
    readers = {port: reader(world, port) for port in ports}
    ours = [port for port, found in readers.items() if found is not None and found.ours]
    free = [port for port in ports if readers[port] is None and not is_console(port, world.root)]
    if ours or len(free) == 1:
        return _chosen((ours or free)[0])
    if not free:
        left = ", ".join(ports)
        finding = Text(
            "aucun port série à écouter" + (f" (console ou autre lecteur : {left})" if left else ""),
            "no serial port to listen to" + (f" (console or another reader: {left})" if left else ""),
        )
        cure = Text(
            "branchez le module TIC, libérez le port, ou écrivez-le dans [meter] port",
            "plug the TIC module in, free the port, or write it into [meter] port",
        )
        return Choice(None, to_mend("port", _AUTO, finding, cure))
    with ThreadPoolExecutor(len(free)) as pool:
        heard = dict(zip(free, pool.map(lambda port: _listen(subject, port), free), strict=True))
    return _by_meters(
        {port: found for port, found in heard.items() if found is not None and found.mode}, free
    )


def _by_meters(heard: dict[str, Heard], free: list[str]) -> Choice:
    meters: dict[str, str] = {}
    for port, found in heard.items():
        assert found.mode is not None
        number = address_in(found.raw, found.mode, BUILT)
        # A meter whose number is not known counts as another one.
        meters.setdefault(number or port, f"{port} ({mask(number) if number else '?'})")
    if not heard:
        names = ", ".join(free)
        finding = Text(f"aucun compteur sur {names}", f"no meter on {names}")
        cure = Text(
            "vérifiez le branchement aux bornes I1 et I2, ou écrivez le port dans [meter] port : doctor dira alors ce "
            "qui y arrive",
            "check the wiring to I1 and I2, or write the port into [meter] port: doctor then says what arrives there",
        )
        return Choice(None, to_mend("port", _AUTO, finding, cure))
    if len(meters) > 1:
        names = ", ".join(meters.values())
        finding = Text(f"plusieurs compteurs : {names}", f"several meters: {names}")
        cure = Text(
            "écrivez dans [meter] port celui qu'il faut lire", "write the one to be read into [meter] port"
        )
        return Choice(None, to_mend("port", _AUTO, finding, cure))
    return _chosen(next(iter(heard)))


def _chosen(port: str) -> Choice:
    return Choice(port, well("auto", _AUTO, Text(f"c'est {port}", f"it is {port}")))


def _listen(subject: Subject, port: str) -> Heard | None:
    """Return what is heard on *port* until a meter is recognised, None when it does not open."""
    world = subject.world
    try:
        with open_source(port, clock=world.clock, root=world.root) as source:
            return hearing.listen(source, world.clock, world.patience._replace(line=world.patience.again))
    except LineError:
        return None
