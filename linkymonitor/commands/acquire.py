"""``acquire``: the daemon; ``run``: its trial in a terminal."""

from __future__ import annotations

import errno
import math
import os
import stat
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from linkymonitor.commands.report import report
from linkymonitor.commands.shared import SIMULATED, callbacks, open_input, settings_of, signals
from linkymonitor.errors import ConfigError, StorageError, UsageError
from linkymonitor.language import Text, escape_controls, spoken

if TYPE_CHECKING:
    from pathlib import Path

    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.settings import Settings

#: What `run` reads when no meter is plugged in: a day with everything on the screen.
DEMO = "sim:ejp,pv,seed=7"

#: What is a fault of the configuration, which only its owner can mend; whatever else a card says may pass.
_MISCONFIGURED = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


def acquire(arguments: Namespace) -> int:
    """Read the meter until it ends, the time is over or a signal comes."""
    return _acquire(settings_of(arguments), arguments, display=arguments.led)


def run(arguments: Namespace) -> int:
    """Read a meter if there is one, else a simulated one, with the display in the terminal; then draw the page."""
    from linkymonitor.commands.trial import Words, find_meter, named_parts
    from linkymonitor.outputs.display.terminal import TerminalDisplay
    from linkymonitor.outputs.gpio import simulated_pins

    settings = settings_of(arguments)
    root: Path = arguments.dir.resolve()
    if arguments.input is None:
        arguments.input = find_meter(settings.meter.port) or DEMO
    arguments.log_dir = root / "log"
    pages = root / "pages"
    print(
        escape_controls(
            str(
                Text(
                    f"Source  : {arguments.input}\nJournal : {arguments.log_dir}\nPage    : {pages / 'index.html'}"
                    " (dessinée à l'arrêt ; Ctrl-C pour arrêter)",
                    f"Source: {arguments.input}\nLog:    {arguments.log_dir}\nPage:   {pages / 'index.html'}"
                    " (drawn at the end; Ctrl-C to stop)",
                )
            ),
            keep="\n",
        ),
        flush=True,
    )
    terminal = TerminalDisplay(sys.stdout)
    status = _acquire(
        settings,
        arguments,
        display=True,
        terminal=terminal,
        pins=simulated_pins(),
        more=lambda outputs: [Words(terminal, named_parts(settings, outputs))],
    )
    arguments.start = arguments.end = None
    arguments.output, arguments.lang, arguments.json, arguments.autoupdate = pages, spoken(), False, False
    print(Text("Pages dessinées :", "Pages drawn:"))
    return status or report(arguments)


def _acquire(
    settings: Settings,
    arguments: Namespace,
    *,
    display: bool,
    terminal: Callable[[Any], None] | None = None,
    pins: Any = None,
    more: Callable[[Sequence[Any]], Sequence[Any]] = lambda outputs: (),
) -> int:
    from linkymonitor.appliance import Appliance
    from linkymonitor.daily_log.writer import DailyLog
    from linkymonitor.live.latest import Latest
    from linkymonitor.meter.meter import Meter
    from linkymonitor.meter.quarantine import Quarantine
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.state.aggregate import Aggregator
    from linkymonitor.state.contract import Journal
    from linkymonitor.state.ledger import Ledger
    from linkymonitor.system.storage import Storage
    from linkymonitor.system.timeline import Timeline

    spec = settings.meter.port if arguments.input is None else arguments.input
    if not _is_meter(spec) and arguments.log_dir is None:
        raise UsageError(
            Text(
                f"{spec} n'est pas un compteur : indiquez avec --log-dir un dossier pour son journal",
                f"{spec} is not a meter: name a folder for its log with --log-dir",
            )
        )
    if pins is None and (display or settings.relay):
        from linkymonitor.commands.check import pin_faults

        if faults := pin_faults(settings, spec, display=display):
            raise ConfigError(*faults)
    wanted = (arguments.mode or settings.meter.mode).mode
    directory: Path = arguments.log_dir or settings.log.dir
    storage = Storage()
    with ExitStack() as stack:
        at = arguments.at if "at" in arguments else None
        source, clock = open_input(spec, at, wanted, settings.meter)
        stack.callback(source.close)
        _take_folder(storage, directory, stack)
        runtime = _runtime_directory(settings, storage, meter=_is_meter(spec))
        timeline = Timeline(clock)
        log = DailyLog(
            storage,
            directory,
            clock,
            timeline=timeline,
            sync_every=settings.log.sync_every.total_seconds(),
            salt=_salt(storage, directory),
            compress_after_days=settings.log.compress_after.days,
            retention_days=settings.log.retention.days if settings.log.retention else None,
            lang=settings.lang,
            on_event=_tell,
            on_full=lambda: _make_room(storage, directory, settings.report.dir),
        )
        hardware = Hardware(
            pins=pins,
            terminal=terminal,
            lang=settings.lang,
            clock=clock,
            timeline=timeline,
            timezone=settings.general.timezone,
        )
        outputs = _outputs(settings, hardware, display=display)
        outputs += more(outputs)
        appliance = Appliance(
            meter=Meter(
                source,
                clock,
                wanted,
                settings.meter.speed.baud,
                raw=settings.general.raw_values,
            ),
            clock=clock,
            log=log,
            aggregator=Aggregator(settings.log.frames_per_record),
            timeline=timeline,
            ledger=Ledger(settings.zone, settings.tariff),
            latest=Latest(storage, runtime),
            quarantine=Quarantine(storage, directory),
            outputs=outputs,
            callbacks=callbacks(settings),
            silence=settings.meter.silence.total_seconds(),
            journal=Journal(),
        )
        log.note("INFO", Text(f"Démarrage : source {spec}", f"Starting: source {spec}"))
        with signals(appliance.stop):
            appliance.run(clock.monotonic() + arguments.time if arguments.time else math.inf)
    return 0


def _tell(status: str, text: Text) -> None:
    """Say on stderr what befalls the log: a card that refuses cannot."""
    import logging

    logging.getLogger("linkymonitor.daily_log.writer").log(
        logging.WARNING if status == "WARN" else logging.INFO, "%s", text
    )


def _make_room(storage: Any, log_dir: Path, pages: Path) -> bool:
    """Remove the oldest page, which can be drawn again, or a damaged file that was set aside; never a log."""
    import re

    return bool(
        storage.remove_first(pages, re.compile(r"\d{4}-\d\d-\d\d\.html"))
        or storage.remove_first(log_dir, re.compile(r".+\.bad(-\d+)?"))
    )


def _is_meter(spec: str) -> bool:
    """Return whether *spec* names a port or a URL rather than a file, a pipe, stdin or a simulated meter."""
    if spec.startswith(SIMULATED) or spec in ("-", "stdin"):
        return False
    from pathlib import Path

    if "://" in spec:
        return True
    try:
        # What is not there may be a dongle that is not plugged in.
        return stat.S_ISCHR(Path(spec).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False


def _outputs(settings: Settings, hardware: Hardware, *, display: bool) -> list[Any]:
    """Return the outputs in the order in which they act: relays, lamps, then what is slower."""
    outputs: list[Any] = []
    if settings.relay:
        from linkymonitor.outputs.relay import Relay

        outputs += [Relay(relay, hardware) for relay in settings.relay.values()]
    if display and settings.lamp:
        from linkymonitor.outputs.led import Lamp

        outputs += [Lamp(lamp, hardware) for lamp in settings.lamp.values()]
    outputs += [part.output(part.settings, hardware) for part in settings.output.values()]
    if display:
        from linkymonitor.outputs.display import oled

        outputs.append(oled.Output(settings.display, hardware))
    return outputs


def _runtime_directory(settings: Settings, storage: Any, *, meter: bool) -> Path | None:
    """Return the folder of latest.json, made if need be; None when there is none to be had.

    That of the machine is for what a *meter* says now, not for a file or a simulated house.
    """
    from pathlib import Path

    wanted = settings.general.runtime_dir
    given = os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("XDG_RUNTIME_DIR")
    if not (wanted or given or meter):
        return None
    directory = wanted or (Path(given) if given else Path("/run"))
    if directory.name != "linkymonitor" and wanted is None:
        directory /= "linkymonitor"
    try:
        storage.make_directory(directory)
        # To be found out now, once, and not with each frame.
        if not os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
            raise StorageError(
                Text(
                    f"{directory} : l'utilisateur de linkymonitor ne peut pas y écrire ; donnez-lui ce dossier, "
                    "ou nommez-en un autre avec [general] runtime_dir",
                    f"{directory}: the user that runs linkymonitor cannot write there; give it the folder, "
                    "or name another with [general] runtime_dir",
                )
            )
    except StorageError as error:
        if wanted is not None:
            raise
        _tell(
            "WARN",
            error.text + Text(" ; on s'en passe : pas de latest.json", "; going on without: no latest.json"),
        )
        return None
    return Path(directory)


def _take_folder(storage: Any, directory: Path, stack: ExitStack) -> None:
    """Make the log directory and keep others out of it; a card that refuses to be written is no reason to stop.

    The log then waits in memory, says so, and tries again.
    """
    try:
        storage.make_directory(directory)
        stack.enter_context(storage.lock(directory))
    except StorageError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno in _MISCONFIGURED:
            raise


def _salt(storage: Any, directory: Path) -> str:
    """Return what meter numbers are hashed with, drawn once for a log directory and kept beside the log."""
    path = directory / "salt"
    drawn = os.urandom(16).hex()
    try:
        found = path.read_text(encoding="ascii").strip()
        damaged = len(found) < 16 or not found.isprintable()  # a cut may leave it empty, or all NUL
    except FileNotFoundError:
        found, damaged = "", False
    except (UnicodeDecodeError, IsADirectoryError):
        found, damaged = "", True
    except OSError:
        # It may be read the next time: with another one kept, the meter would be another for ever.
        return drawn
    if found and not damaged:
        return found
    # Without a card to keep it on, another one is drawn at each start.
    with suppress(StorageError):
        if damaged:
            storage.set_aside(path)
        storage.replace(path, f"{drawn}\n".encode(), mode=0o600)
    return drawn
