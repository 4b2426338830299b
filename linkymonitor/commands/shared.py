"""The parts that several commands share: settings, logging, signals, and sources by name."""

# Strategy of all commands
#
# - A command imports the parts that it needs inside its function: `decode` must not wait for gpiozero, nor `acquire`
#   for jinja2.
# - Readings of a source that is no meter (a file, stdin, sim:) never reach the real log: the user must name another
#   folder.

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.errors import BadSetting, ConfigError, LineError, UsageError
from linkymonitor.language import Text, as_text, legible

if TYPE_CHECKING:
    from linkymonitor.ini_file import Fault
    from linkymonitor.model.reading import Reading
    from linkymonitor.model.terms import Mode
    from linkymonitor.settings import Settings
    from linkymonitor.simulator.options import Options
    from linkymonitor.source.base import Source
    from linkymonitor.source.settings import Settings as MeterSettings
    from linkymonitor.system.clock import Clock

#: The folder of what `deliver` and `serve` keep, when neither the configuration nor systemd names one.
_STATE = Path("/var/lib/linkymonitor")
#: A source written in fewer characters is repeated whole in the message about its fault.
_SHORT = 80


class Common(NamedTuple):
    """The options that every command has."""

    #: The file of the configuration; None: that of the machine, else the one that is shipped.
    config: Path | None = None
    verbose: bool = False
    #: The language of screens, pages, logs and messages; None: that of the configuration.
    lang: str | None = None

    def settings(self) -> Settings:
        """Return the settings of the configuration.

        Raises:
            ConfigError: with one sentence for each fault.
        """
        from linkymonitor.settings import default_path, load

        path = self.config or default_path()
        try:
            return load(path, self.lang)
        except ConfigError as error:
            if (foreign := _of_forerunner(path)) is None:
                raise
            raise ConfigError(foreign) from error

    def what_can_be_read(self) -> tuple[Settings, list[Fault]]:
        """Return the settings of the configuration with defaults in place of what has a fault, and its faults."""
        from linkymonitor.ini_file import DEFAULT_VALUES, Fault
        from linkymonitor.settings import default_path, load_what_can_be_read

        path = self.config or default_path()
        settings, faults = load_what_can_be_read(path, self.lang)
        if faults and (foreign := _of_forerunner(path)) is not None:
            faults = [Fault(foreign, DEFAULT_VALUES)]
        return settings, faults

    def log_to_stderr(self) -> None:
        """Show on stderr the lines that the parts log from now on.

        Each command calls this when it begins, except `report`, which logs nothing, and `decode`, which needs it for
        ports only: importing logging takes a third of their start.
        """
        import logging

        from linkymonitor.system.log_format import EscapingFormatter
        from linkymonitor.system.rate_limit import RateLimitFilter

        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(RateLimitFilter())
        handler.setFormatter(EscapingFormatter("%(level)s %(message)s%(repeats)s"))
        logging.basicConfig(level=logging.DEBUG if self.verbose else logging.INFO, handlers=[handler])


def _of_forerunner(path: Path) -> Text | None:
    """Return what to do with the file *path* when it is a LinkyAcq.conf, else None."""
    from linkymonitor.commands.forerunner import settings_of

    if settings_of(path) is None:
        return None
    return Text(
        f"{path} : c'est la configuration de LinkyAcq.pl ; « linkymonitor check -c {path} > "
        "linkymonitor.ini » en fait une pour linkymonitor",
        f"{path}: this is the configuration of LinkyAcq.pl; 'linkymonitor check -c {path} > "
        "linkymonitor.ini' makes one for linkymonitor of it",
    )


def say(words: Text | str) -> None:
    """Print *words* without the characters that would control a terminal."""
    print(legible(str(words)))


def state_dir(settings: Settings) -> Path:
    """Return the folder below which `deliver` and `serve` each keep a folder of their own."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return settings.general.state_dir or (Path(given) if given else _STATE)


@contextmanager
def signals(stop: Callable[[], None], hang_up: Callable[[], None] | None = None) -> Iterator[None]:
    """Call *stop* on SIGTERM and SIGINT (Ctrl-C) while the block runs, and *hang_up*, if given, on SIGHUP.

    A SIGHUP that the parent has chosen to ignore (nohup) stays ignored.
    """
    import signal

    calls = {signal.SIGTERM: stop, signal.SIGINT: stop}
    if hang_up is not None and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        calls[signal.SIGHUP] = hang_up
    before = {number: signal.signal(number, lambda *_, call=call: call()) for number, call in calls.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def open_input(
    spec: str, at: datetime | None, mode: Mode | None, settings: MeterSettings
) -> tuple[Source, Clock]:
    """Return the source that *spec* names, and its clock.

    Args:
        spec: the source as the user wrote it.
        at: the time of the first byte of a file; None: as a recording has it, else now.
        mode: the mode; None to find it out.
        settings: the section [meter], for speed and pause.

    Raises:
        LineBusy: another process reads the port.
        LineError: *spec* cannot be read.
        UsageError: the options of a simulated meter are not understood.
    """
    from linkymonitor.library import opened

    try:
        return opened(
            spec,
            at=at,
            mode=mode,
            speed=settings.speed.baud,
            pause=settings.pause.total_seconds(),
        )
    except ValueError as error:
        raise _misspelt(spec, error) from error


def _misspelt(spec: str, error: ValueError) -> UsageError:
    from linkymonitor.source.base import SIMULATED

    fault = error.text if isinstance(error, BadSetting) else as_text(str(error))
    # The fault repeats the wrong word, so a long spec need not be repeated.
    place = spec if len(spec) < _SHORT else SIMULATED.rstrip(":")
    return UsageError(place + Text(" : ", ": ") + fault)


def without_groups(spec: str) -> LineError:
    """Return the error of an input that has ended without one valid group.

    Args:
        spec: the source as the user wrote it.
    """
    return LineError(
        Text(
            f"{spec} : pas un seul groupe valide ; est-ce bien la TIC d'un compteur ? Si oui, essayez l'autre mode : "
            "-m historique ou -m standard",
            f"{spec}: not one valid group; is this the TIC of a meter? If it is, try the other mode: "
            "-m historique or -m standard",
        )
    )


def sim_options(spec: str, mode: Mode | None = None) -> Options:
    """Return the options of the simulated house that *spec* describes; *mode*, if given, replaces that of *spec*.

    Raises:
        UsageError: an option is not understood.
    """
    from dataclasses import replace

    from linkymonitor.simulator.options import parse_spec
    from linkymonitor.source.base import SIMULATED

    try:
        options = parse_spec(spec)
        return replace(options, mode=mode) if mode else options
    except ValueError as error:
        raise _misspelt(f"{SIMULATED}{spec}", error) from error


def callbacks(settings: Settings) -> list[Callable[[Reading], object]]:
    """Return the functions that [callbacks] names.

    Raises:
        ConfigError: with one sentence for each name that is not that of a function.
    """
    import importlib

    functions: list[Callable[[Reading], object]] = []
    faults = []
    for path in settings.callbacks.call:
        module, _, name = path.rpartition(".")
        try:
            function = getattr(importlib.import_module(module), name)
            if not callable(function):
                raise TypeError(type(function).__name__)
        except (Exception, SystemExit) as error:  # code of the user may raise anything when it is imported
            faults.append(
                Text(
                    f"{settings.path}: [callbacks] call = {path} : introuvable ({error}) ; on attend module.fonction",
                    f"{settings.path}: [callbacks] call = {path}: not found ({error}); expected module.function",
                )
            )
        else:
            functions.append(function)
    if faults:
        raise ConfigError(*faults)
    return functions
