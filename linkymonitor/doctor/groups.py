"""The groups of checks, in their order. A new check is a function of a Subject, and a row here."""

from __future__ import annotations

from collections.abc import Iterator

from linkymonitor.doctor import board, card, clock, line, port, results, service, settings_file
from linkymonitor.doctor.base import Group, Row, Subject, unseen
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, cause
from linkymonitor.source.base import AUTO

GROUPS: tuple[Group, ...] = (
    Group(Text("Fichier des réglages", "File of the settings"), settings_file.check),
    Group(Text("Port", "Port"), port.check),
    Group(Text("Compteur", "Meter"), line.check),
    Group(Text("Afficheur", "Display"), board.display),
    Group(Text("Réglages et broches", "Settings and pins"), board.pins),
    Group(Text("Horloge", "Clock"), clock.check),
    Group(Text("Place", "Space"), card.space),
    Group(Text("Montages", "Mounts"), card.mounts),
    Group(Text("Carte", "Card"), card.wear),
    Group(Text("Dossiers", "Folders"), card.folders),
    Group(Text("Services", "Services"), service.check),
    Group(Text("Destinations", "Sinks"), results.sinks),
    Group(Text("Prix", "Prices"), results.prices),
    Group(Text("Pages", "Pages"), results.pages),
    Group(Text("Adresse", "Address"), results.address),
)


#: The checks that need a port.
_OF_PORT = (port.check, line.check)


def rows(subject: Subject) -> Iterator[Row]:
    """Yield the rows of every group in their order; the sinks are tried while the meter is heard."""
    begun = results.begin(subject)
    groups = GROUPS
    if subject.port == AUTO:
        from linkymonitor.doctor import automatic

        choice = automatic.choose(subject)
        yield choice.row
        if choice.port is None:
            groups = tuple(group for group in GROUPS if group.check not in _OF_PORT)
        else:
            subject = subject._replace(port=choice.port)
    for group in groups:
        yield from _of(group, subject._replace(begun=begun))


def _of(group: Group, subject: Subject) -> list[Row]:
    """Return the rows of *group*; a group that fails costs only itself."""
    try:
        return group.check(subject)
    except (LinkyMonitorError, OSError) as error:
        why = error.text if isinstance(error, LinkyMonitorError) else cause(error)
        return [unseen(group.title.en.lower(), group.title, why)]
