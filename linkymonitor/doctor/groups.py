"""The groups of checks, in their order. A new check is a function of a Subject, and a row here."""

from __future__ import annotations

from collections.abc import Iterator

from linkymonitor.doctor import board, card, clock, line, notes, port, results, service, settings_file
from linkymonitor.doctor.base import Group, Row, Subject, unread
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text
from linkymonitor.source.base import AUTO

GROUPS: tuple[Group, ...] = (
    Group(Text("fichier des réglages", "file of the settings"), settings_file.check),
    Group(Text("port", "port"), port.check),
    Group(Text("compteur", "meter"), line.check),
    Group(Text("afficheur", "display"), board.display),
    Group(Text("réglages et broches", "settings and pins"), board.pins),
    Group(Text("horloge", "clock"), clock.check),
    Group(Text("place", "space"), card.space),
    Group(Text("montages", "mounts"), card.mounts),
    Group(Text("carte", "card"), card.wear),
    Group(Text("dossiers", "folders"), card.folders),
    Group(Text("avertissements", "warnings"), notes.check),
    Group(Text("services", "services"), service.check),
    Group(Text("destinations", "sinks"), results.sinks),
    Group(Text("prix", "prices"), results.prices),
    Group(Text("pages", "pages"), results.pages),
    Group(Text("adresse", "address"), results.address),
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
        return [unread(group.title.en, group.title, error)]
