"""``doctor``: looks at the whole installation, and says of each fault what to do."""

from __future__ import annotations

import json as json_format
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from linkymonitor.commands.deliver import runtime_dir, try_sink
from linkymonitor.commands.shared import Common, say, signals, state_dir
from linkymonitor.errors import LineBusy, LineError, LinkyMonitorError, UsageError
from linkymonitor.language import Text, cause, escape_controls, legible
from linkymonitor.source.base import AUTO

if TYPE_CHECKING:
    from linkymonitor.doctor.base import Row, Subject
    from linkymonitor.doctor.world import World
    from linkymonitor.ini_file import Fault
    from linkymonitor.settings import Settings


def doctor(common: Common, *, port: str | None, fix: bool, json: bool, watch: bool) -> int:
    """Print a row for each check.

    Args:
        common: the options of every command.
        port: the port of the meter; None: that of the configuration.
        fix: do what is safe of the cures.
        json: print the rows as JSON.
        watch: draw the quality of the line each second, until Ctrl-C.

    Returns:
        The exit status: 1 when there is something to mend.

    Raises:
        LineBusy: another process has the port that is to be watched.
        UsageError: the options exclude each other.
    """
    from linkymonitor.doctor.world import World

    if watch and (fix or json):
        raise UsageError(
            Text("--watch va sans --fix ni --json", "--watch goes with neither --fix nor --json")
        )
    if common.verbose:
        common.log_to_stderr()
    else:
        logging.getLogger("linkymonitor").addHandler(logging.NullHandler())  # the rows say it all
    settings, misread = common.what_can_be_read()
    subject = subject_of(settings, World(), port, misread)
    if watch:
        for fault in misread:
            print(legible(str(fault.placed)), file=sys.stderr)
        return _watch(subject)
    return examine(subject, fix=fix, json=json)


def subject_of(
    settings: Settings, world: World, port: str | None = None, misread: Sequence[Fault] = ()
) -> Subject:
    """Return what is to be examined on *world*: the installation of *settings*, whose file has the faults *misread*."""
    from linkymonitor.commands.check import faults_of
    from linkymonitor.doctor.base import Subject
    from linkymonitor.system.storage import Storage

    port = port or settings.meter.port
    folder = state_dir(settings)

    def try_one(name: str) -> tuple[bool, Text]:
        try:
            return try_sink(name, settings, settings.log.dir, Storage(), "")
        except LinkyMonitorError as error:
            return False, error.text

    return Subject(
        world,
        settings,
        port,
        runtime_dir(settings),
        folder,
        try_one,
        cache(lambda: faults_of(settings, port, display=True)),
        misread,
    )


def examine(subject: Subject, *, fix: bool, json: bool) -> int:
    """Print the rows of *subject*, each as soon as it is known; return the exit status."""
    from linkymonitor.doctor.base import State
    from linkymonitor.doctor.groups import rows

    found = []
    for row in rows(subject):
        if subject.misread:
            row = row._replace(mend=None)  # it might mend what the owner does not use
        if fix and row.mend is not None:
            row = _mended(row, row.mend)
        found.append(row)
        if not json:
            _print(row)
    count = {state: sum(row.state is state for row in found) for state in State}
    if json:
        members = {"rows": [_as_json(row) for row in found]}
        totals = {state.value: number for state, number in count.items()}
        print(escape_controls(json_format.dumps({**totals, **members}, ensure_ascii=False)))
    else:
        print(_total(count[State.TO_MEND], count[State.UNSEEN]))
        if not fix and any(row.mend is not None for row in found):
            print(
                Text(
                    "« linkymonitor doctor --fix » répare les lignes marquées d'une étoile",
                    "“linkymonitor doctor --fix” mends the lines with a star",
                )
            )
    return 1 if count[State.TO_MEND] else 0


def _mended(row: Row, mend: Callable[[], Text | None]) -> Row:
    """Do the cure of *row*; return the row as it is then."""
    from linkymonitor.doctor.base import State

    try:
        left = mend()
    except OSError as error:
        why = cause(error)
        failed = Text(f" ; réparation impossible ({why.fr})", f"; could not be mended ({why.en})")
        return row._replace(finding=row.finding + failed, mend=None)
    if left is not None:
        tried = Text(" ; remède appliqué", "; the cure was applied")
        return row._replace(finding=row.finding + tried, cure=left, mend=None)
    done = Text(" ; réparé", "; mended")
    return row._replace(finding=row.finding + done, state=State.WELL, cure=None, mend=None)


def _print(row: Row) -> None:
    from linkymonitor.doctor.base import State

    mark = {
        State.WELL: Text("bien     ", "well     "),
        State.TO_MEND: Text("à réparer", "to mend  "),
        State.UNSEEN: Text("non vu   ", "not seen "),
    }[row.state]
    star = "*" if row.mend is not None else " "
    say(f"{mark}{star} " + row.what + Text(" : ", ": ") + row.finding)
    if row.cure is not None:
        say(f"           → {row.cure}")
    for line in row.picture:
        print(line)
    sys.stdout.flush()


def _total(to_mend: int, unseen: int) -> Text:
    if not to_mend and not unseen:
        return Text("tout va bien", "all is well")
    return Text(f"à réparer : {to_mend} ; non vu : {unseen}", f"to mend: {to_mend}; not seen: {unseen}")


def _as_json(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "what": str(row.what),
        "finding": str(row.finding),
        "state": row.state.value,
        "cure": None if row.cure is None else str(row.cure),
        "fixable": row.mend is not None,
        **(row.figures or {}),
    }


def _watch(subject: Subject) -> int:
    """Draw the quality of the line each second until a signal comes."""
    from linkymonitor.doctor import automatic, line, port, watch

    if subject.port == AUTO:
        choice = automatic.choose(subject)
        if choice.port is None:
            cure = Text(" ; ", "; ") + choice.row.cure if choice.row.cure else Text("", "")
            raise LineError(choice.row.finding + cure)
        subject = subject._replace(port=choice.port)
    holder = None if "://" in subject.port else port.reader(subject.world, subject.port)
    if holder is not None:
        raise LineBusy(
            Text(
                f"{subject.port} : lu par {holder.name.fr} ; arrêtez-le d'abord (sudo systemctl stop linkymonitor)",
                f"{subject.port}: read by {holder.name.en}; stop it first (sudo systemctl stop linkymonitor)",
            )
        )
    stopped: list[bool] = []
    with signals(lambda: stopped.append(True)), line.open_port(subject) as source:
        _draw(watch.lines(source, subject.world.clock, subject.world.patience, lambda: not stopped))
    return 0


def _draw(lines: Iterable[Text]) -> None:
    """Draw each of *lines* in the place of the one before on a terminal, one below the other elsewhere."""
    terminal = sys.stdout.isatty()
    for words in lines:
        text = legible(str(words))
        print(f"\r\x1b[K{text}" if terminal else text, end="" if terminal else "\n", flush=True)
    if terminal:
        print()
