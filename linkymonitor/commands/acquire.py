"""``acquire``: the daemon, which reads the meter, drives the outputs and keeps the log."""

from __future__ import annotations

import logging
import math
import os
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.commands import folders
from linkymonitor.commands.driven import Driven
from linkymonitor.commands.reload import Reload
from linkymonitor.commands.service import Service
from linkymonitor.commands.shared import Common, callbacks, open_input, signals, without_groups
from linkymonitor.errors import ConfigError, UsageError
from linkymonitor.language import Text, escape_controls
from linkymonitor.model.terms import Mode, WantedMode
from linkymonitor.source.base import AUTO, SIMULATED
from linkymonitor.system.notify import Manager

if TYPE_CHECKING:
    from linkymonitor.appliance import Appliance
    from linkymonitor.commands.trial import Trial
    from linkymonitor.model.reading import Reading
    from linkymonitor.money.book import PriceBook
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.settings import Settings
    from linkymonitor.source.base import Source
    from linkymonitor.state.month import Month
    from linkymonitor.summaries.day import DaySummary
    from linkymonitor.system.clock import Clock
    from linkymonitor.system.storage import Storage
    from linkymonitor.system.timeline import Timeline


#: Seconds from the start in which the relays stay in their fail state: crashes in a row do not make them rattle.
_CALM = 30.0
_MODE_UNKNOWN = Text("mode à trouver", "mode to be found")


class Job(NamedTuple):
    """One run of the daemon: its source, its log and its hardware."""

    #: The source as the user wrote it: a port, a file, a URL, a simulated meter.
    spec: str
    #: The folder of the daily log.
    log_dir: Path
    #: The mode of the TIC; None to find it out.
    mode: Mode | None = None
    #: The time of the first byte of a file; None: as a recording has it, else now.
    at: datetime | None = None
    #: The length of the run, in seconds of its clock; None: until it is stopped.
    seconds: float | None = None
    #: Whether the display and the lamps are used.
    display: bool = False
    #: The terminal and the imagined pins of `run`; None: the hardware.
    trial: Trial | None = None
    #: The source and its clock, when they are open already; None: *spec* is opened.
    opened: tuple[Source, Clock] | None = None
    #: Reads the configuration again, for SIGHUP; None: it is read once.
    again: Callable[[], Settings] | None = None


def acquire(
    common: Common,
    *,
    mode: WantedMode | None,
    log_dir: Path | None,
    source: str | None,
    led: bool,
    seconds: float | None,
    at: datetime | None,
) -> int:
    """Read the meter until its source ends, the time is over or a signal comes; return the exit status."""
    common.log_to_stderr()
    settings = common.settings()
    spec = settings.meter.port if source is None else source
    if log_dir is None and not _is_meter(spec):
        raise UsageError(
            Text(
                f"{spec} n'est pas un compteur : indiquez avec --log-dir un dossier pour son journal",
                f"{spec} is not a meter: name a folder for its log with --log-dir",
            )
        )
    job = Job(
        spec=spec,
        log_dir=log_dir or settings.log.dir,
        mode=(mode or settings.meter.mode).mode,
        at=at,
        seconds=seconds,
        display=led,
        again=common.settings,
    )
    return carry_out(job, settings)


def carry_out(job: Job, settings: Settings) -> int:
    """Read the source of *job* until it ends, the time is over or a signal comes.

    Returns:
        The exit status: 1 when lines of the log are lost because the card refused them until the end.

    Raises:
        ConfigError: two parts want the same pin, or there is no function of the name of a callback.
        LineBusy: another process has the port or the folder of the log.
        LineError: the source cannot be read, or it has ended without one valid group.
        StorageError: a folder cannot be used, and only its owner can mend that.
        UsageError: the options of a simulated meter are not understood, or the folder of the log is that of a trial
            with something else.
    """
    from linkymonitor.system.storage import Storage

    if job.trial is None and (job.display or settings.relay):
        from linkymonitor.commands.check import pin_faults

        if faults := pin_faults(settings, job.spec, display=job.display):
            raise ConfigError(*faults)
    called = callbacks(settings)
    storage = Storage()
    with ExitStack() as stack:
        source, clock = job.opened or open_input(job.spec, job.at, job.mode, settings.meter)
        stack.callback(source.close)
        folders.keep_to(job.log_dir, kind_of(job.spec))
        folders.take(storage, job.log_dir, stack)
        appliance, driven = _appliance(job, settings, storage, source, clock, called)
        appliance.log.note("INFO", Text(f"Démarrage : source {job.spec}", f"Starting: source {job.spec}"))
        if job.trial is None:
            _announce(job)
            folders.keep_fail_states(storage, settings.relay.values())
        reload = _reload(job, settings, storage, appliance, driven)
        service = Service(Manager(), appliance, settings.zone, reload)
        # A terminal that is closed sends SIGHUP, too: a program that it has started ends with it.
        hang_up = appliance.stop if reload is None or _has_terminal() else service.reload_soon
        with signals(appliance.stop, hang_up):
            service.run(clock.monotonic() + job.seconds if job.seconds else math.inf)
    if appliance.meter.ended and not appliance.meter.sound_groups:
        raise without_groups(job.spec)
    return 1 if appliance.log.pending else 0


def _announce(job: Job) -> None:
    """Tell a person at a terminal what is read and where it is written; a service has no terminal."""
    if not sys.stderr.isatty():
        return
    mode = Text(f"mode {job.mode.value}", f"mode {job.mode.value}") if job.mode else _MODE_UNKNOWN
    sentence = Text(
        f"Lecture de {job.spec}, {mode.fr} ; journal dans {job.log_dir} ; Ctrl-C pour arrêter",
        f"Reading {job.spec}, {mode.en}; log in {job.log_dir}; Ctrl-C to stop",
    )
    print(escape_controls(str(sentence)), file=sys.stderr)


def _appliance(
    job: Job,
    settings: Settings,
    storage: Storage,
    source: Source,
    clock: Clock,
    called: list[Callable[[Reading], object]],
) -> tuple[Appliance, Driven]:
    """Return the appliance of *job*, made of its parts, and its outputs."""
    from linkymonitor.appliance import Appliance
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.meter import Meter
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.contract import Journal
    from linkymonitor.state.ledger import Ledger
    from linkymonitor.system.timeline import Timeline

    book = _price_book(settings)
    timeline = Timeline(clock)
    latest = folders.of_latest(settings.general.runtime_dir, storage, meter=_is_meter(job.spec))
    log = DailyLog(
        storage,
        replace(settings.log, dir=job.log_dir),
        clock,
        timeline=timeline,
        salt=folders.salt(storage, job.log_dir),
        lang=settings.lang,
        on_event=_show if job.at is None else _show_warning,
        on_full=lambda: folders.make_room(storage, job.log_dir, settings.report.dir),
    )
    driven = Driven(settings, _hardware(job, settings, clock, timeline), display=job.display)
    trial = job.trial
    more = [trial.captions(driven.relays, driven.lamps), *trial.others] if trial else []
    appliance = Appliance(
        meter=Meter(source, clock, job.mode, settings.meter.speed.baud, raw=settings.general.raw_values),
        clock=clock,
        log=log,
        aggregator=Aggregator(settings.log.frames_per_record),
        timeline=timeline,
        ledger=Ledger(settings.zone, book),
        latest=Latest(storage, latest, lambda: {name: relay.on for name, relay in driven.relays.items()}),
        quarantine=Quarantine(storage, job.log_dir),
        outputs=[*driven.outputs, *more],
        callbacks=called,
        silence=settings.meter.silence.total_seconds(),
        journal=Journal(),
        month=_month(job, settings, storage, clock, book),
    )
    return appliance, driven


def _reload(
    job: Job, settings: Settings, storage: Storage, appliance: Appliance, driven: Driven
) -> Reload | None:
    """Return what reads the configuration again, None where that is not wanted."""
    again = job.again
    if again is None:
        return None

    def read() -> Settings:
        from linkymonitor.commands.check import faults_of

        new = again()
        if faults := faults_of(new, job.spec, display=job.display):
            raise ConfigError(*faults)
        return new

    def use(new: Settings) -> None:
        from linkymonitor.state.ledger import Ledger

        book = new.price_book()
        month = _month(job, new, storage, appliance.clock, book)
        appliance.use_prices(Ledger(settings.zone, book), month)

    def done(new: Settings) -> None:
        appliance.outputs = driven.outputs
        folders.keep_fail_states(storage, new.relay.values())

    return Reload(settings, read, driven, display=job.display, reprice=use, done=done)


def _has_terminal() -> bool:
    """Return whether a person has started this process at a terminal."""
    return any(os.isatty(descriptor) for descriptor in (0, 1, 2))


def _month(job: Job, settings: Settings, storage: Storage, clock: Clock, book: PriceBook) -> Month | None:
    """Return what counts the month, None where no display shows it or no price is set."""
    displays = [part.settings for part in settings.output.values()]
    if job.display:
        displays.append(settings.display)
    if not book.priced or not any("month" in getattr(display, "pages", ()) for display in displays):
        return None
    # Only here: summaries and estimates cost a start of acquire more than the rest of the month.
    from linkymonitor.state.month import Month
    from linkymonitor.summaries.store import Store

    def read(first: date, last: date) -> Mapping[date, DaySummary]:
        # A store remembers what the files of the log were: each reading needs its own.
        return Store(job.log_dir, str(settings.zone), storage).read(first, last)

    return Month(read, book, clock.monotonic, settings.calendar)


def _price_book(settings: Settings) -> PriceBook:
    """Return the prices. A fault of a price table is logged; the display then lacks costs, and the log goes on."""
    book = settings.price_book()
    for fault in book.faults:
        logging.getLogger("linkymonitor.money").warning("%s", fault)
    return book


def _show_warning(status: str, text: Text) -> None:
    """Show on stderr a note of the log about its card, and none about the time, which the user has chosen with --at."""
    if status != "INFO":
        _show(status, text)


def _show(status: str, text: Text) -> None:
    """Show on stderr a note of the log about its card or its clock: a card that fails does not keep the note."""
    logging.getLogger("linkymonitor.daily_log").log(
        logging.WARNING if status == "WARN" else logging.INFO, "%s", text
    )


def _hardware(job: Job, settings: Settings, clock: Clock, timeline: Timeline) -> Hardware:
    from linkymonitor.outputs.hardware import Hardware

    trial = job.trial
    return Hardware(
        pins=trial.pins if trial else None,
        terminal=trial.terminal if trial else None,
        lang=settings.lang,
        clock=clock,
        timeline=timeline,
        timezone=settings.general.timezone,
        relays_from=clock.monotonic() + _CALM if job.trial is None and _is_meter(job.spec) else -math.inf,
    )


def kind_of(spec: str) -> str:
    """Return what *spec* names: folders.SIMULATED, METER or FILE."""
    if spec.startswith(SIMULATED):
        return folders.SIMULATED
    return folders.METER if _is_meter(spec) else folders.FILE


def _is_meter(spec: str) -> bool:
    """Return whether *spec* names a port or a URL rather than a file, a pipe, stdin or a simulated meter."""
    if spec.startswith(SIMULATED) or spec in ("-", "stdin"):
        return False
    if spec == AUTO or "://" in spec:
        return True
    try:
        # A path that does not exist may be the path of a dongle that is not plugged in.
        return stat.S_ISCHR(Path(spec).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
