"""``run``: a trial of the daemon in a terminal, with a meter if one is plugged in, else with a simulated house."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.commands import folders
from linkymonitor.commands.acquire import Job, carry_out, kind_of
from linkymonitor.commands.bar import Bar
from linkymonitor.commands.shared import Common, signals
from linkymonitor.errors import LineBusy, StorageError, UsageError
from linkymonitor.language import Text, escape_controls, spoken
from linkymonitor.model.terms import WantedMode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkymonitor.commands.trial_house import TrialHouse
    from linkymonitor.commands.trial_pages import TrialPages
    from linkymonitor.settings import Settings
    from linkymonitor.system.storage import Storage

#: The source when no meter is plugged in: a house with EJP and solar panels. Its notice begins at 1:00 of an EJP day,
#: so that the lamp blinks before 7:00, too.
DEMO = "sim:ejp,pv,seed=7,notice=6h"
#: What the progress bar calls the days of the past of a house.
_PAST = Text("passé", "past")


def run(
    common: Common,
    *,
    mode: WantedMode | None,
    source: str | None,
    seconds: float | None,
    folder: Path,
    past: int | None,
    fresh: bool,
    no_open: bool,
) -> int:
    """Read a meter if there is one, else a simulated house with a past; show the display and draw the pages.

    Args:
        common: the options of all commands.
        mode: the mode of the TIC; None: that of the configuration.
        source: the source; None: the first port with a meter, else DEMO.
        seconds: the length of the run; None: until it is stopped.
        folder: log and pages go below this folder, apart for a meter, a file and a simulated house.
        past: the days before the first run that a simulated house has; None: 40, or as many as it has.
        fresh: whether a simulated house begins again.
        no_open: whether the browser stays closed.

    Returns:
        The exit status.
    """
    from linkymonitor.commands.trial import Trial, find_meter, terminal_display
    from linkymonitor.commands.trial_house import TrialHouse
    from linkymonitor.commands.trial_pages import TrialPages, settings_of_trial, write_settings
    from linkymonitor.outputs.gpio import simulated_pins
    from linkymonitor.system.clock import SystemClock
    from linkymonitor.system.storage import Storage

    common.log_to_stderr()
    settings = common.settings()
    spec = source if source is not None else find_meter(settings.meter.port)
    if spec is None:
        print(
            Text("Aucun compteur entendu : en voici un simulé.", "No meter heard: here is a simulated one.")
        )
        spec = DEMO
    kind = kind_of(spec)
    root, storage = folder.resolve() / kind, Storage()
    lang = settings.general.lang or spoken()
    settings = settings_of_trial(settings, root, lang, simulated=kind == folders.SIMULATED)
    job = Job(
        spec=spec,
        log_dir=settings.log.dir,
        mode=(mode or settings.meter.mode).mode,
        seconds=seconds,
        display=True,
    )
    house = None
    if kind == folders.SIMULATED:
        asked_mode = mode.mode if mode else None
        house = TrialHouse(root, spec, asked_mode, settings=settings.log, lang=lang, storage=storage)
    elif fresh:
        raise UsageError(
            Text(
                f"--fresh : recommence une maison simulée, et {spec} n'en est pas une",
                f"--fresh: begins a simulated house again, and {spec} is none",
            )
        )
    pages = TrialPages(settings, storage, house.now if house else SystemClock().now)

    if house is not None and (why := _made_room(house, past, fresh=fresh)):
        print(escape_controls(str(why)))
    with ExitStack() as stack:
        _take(storage, job.log_dir, stack)
        logged_until = pages.logged_until()
        if house is not None:
            house.move_in(past)
            if not _past_made(house):
                return 0
        else:
            folders.keep_to(job.log_dir, kind)
            folders.keep_facts(storage, job.log_dir, kind, {})
        renewed = write_settings(settings, root / "linkymonitor.ini", storage)
        with Bar(sys.stderr, _PAST) as bar:
            bar.say(Text("Dessin des pages…", "Drawing the pages…"))
            failures = pages.draw_all(None if renewed else logged_until)
        _tell(failures)
        if house is not None:
            # Drawing took some time: the records of that time are made now.
            house.make_past(lambda made, days: None, lambda: False)
            job = job._replace(opened=house.open())
    _show_places(spec, settings, pages, browser=not no_open)
    trial = Trial(terminal=terminal_display(), pins=simulated_pins(), others=(pages,))
    status = carry_out(job._replace(trial=trial), settings)
    failures = pages.draw_again()
    _tell(failures)
    print(Text("Pages dessinées :", "Pages drawn:"), escape_controls(pages.index.as_uri()))
    return status or bool(failures)


def _made_room(house: TrialHouse, past: int | None, *, fresh: bool) -> Text | None:
    """Rename the folder of the house when it has to begin again; return a sentence about it, None when it goes on."""
    with ExitStack() as stack:
        _take(house.storage, house.log_dir, stack)
        why = house.begins_again(past, fresh=fresh)
    if why is None:
        return None
    before = house.make_room()
    return why + Text(f" ; l'ancienne est dans {before}", f"; the former one is in {before}")


def _take(storage: Storage, log_dir: Path, stack: ExitStack) -> None:
    """Keep other processes out of the log directory until *stack* is left.

    Raises:
        LineBusy: another process writes there.
        StorageError: the folder cannot be used.
    """
    try:
        folders.take(storage, log_dir, stack, needed=True)
    except StorageError as error:
        raise StorageError(
            error.text
            + Text(", ou nommez un autre dossier avec --dir", ", or name another folder with --dir")
        ) from error
    except LineBusy as error:
        raise LineBusy(
            Text(
                f"{log_dir.parent} : un autre essai y est en cours ; arrêtez-le, ou nommez un autre dossier avec --dir",
                f"{log_dir.parent}: another trial goes on there; stop it, or name another folder with --dir",
            )
        ) from error


def _past_made(house: TrialHouse) -> bool:
    """Make the past of the house behind a progress bar; return False when Ctrl-C has stopped it.

    Raises:
        StorageError: the disk refuses the log.
    """
    stopped: list[bool] = []
    with signals(lambda: stopped.append(True)), Bar(sys.stderr, _PAST) as bar:
        house.make_past(bar.show, lambda: bool(stopped))
    if stopped:
        print(
            Text(
                "Arrêté : ce qui est fait est entier, le prochain essai fera le reste.",
                "Stopped: what is made is whole, the next trial makes the rest.",
            )
        )
    return not stopped


def _show_places(spec: str, settings: Settings, pages: TrialPages, *, browser: bool) -> None:
    """Print where the log and the pages are, and open the pages where there is a browser and a terminal."""
    from linkymonitor.commands.trial_pages import EVERY, show_in_browser

    minutes, page = round(EVERY / 60), pages.index.as_uri()
    places = Text(
        f"Source  : {spec}\nJournal : {settings.log.dir}\n"
        f"Pages   : {page}\n          (redessinées toutes les {minutes} minutes et à l'arrêt ; Ctrl-C pour arrêter)",
        f"Source: {spec}\nLog:    {settings.log.dir}\n"
        f"Pages:  {page}\n        (drawn again every {minutes} minutes and at the end; Ctrl-C to stop)",
    )
    if settings.report.note:
        print(escape_controls(settings.report.note) + ".")
    print(escape_controls(str(places), keep="\n"), flush=True)
    if browser and sys.stdout is not None and sys.stdout.isatty() and pages.index.exists():
        show_in_browser(pages.index)


def _tell(failures: Iterable[Text]) -> None:
    for sentence in failures:
        print(escape_controls(str(sentence)), file=sys.stderr)
