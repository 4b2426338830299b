"""What each command does: reads its settings, puts the parts together, lets them run."""

# Strategy
#
# - A part is imported by the command that needs it: `decode` must not wait for gpiozero, nor `acquire` for
#   jinja2.
# - What is not a meter (a file, stdin, sim:) never reaches the real log: it needs a log directory by name.

from __future__ import annotations

import errno
import math
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from linkymonitor.clock import Clock, SystemClock
from linkymonitor.errors import ConfigError, LinkyMonitorError, StorageError
from linkymonitor.language import DEFAULT, of_terminal, pick
from linkymonitor.terms import Mode

if TYPE_CHECKING:
    from pathlib import Path

SIMULATED = "sim:"
#: What `run` reads when no meter is plugged in: a day with everything on the screen.
DEMO = "sim:ejp,pv,seed=7"
_BLOCK = 65536
#: Bytes of a file that are looked at first: two frames of the longest kind.
_GLANCE = 4096
#: What is no fault of the configuration, and may pass.
_CARD_TROUBLE = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS}
#: How long a signal may go unnoticed, in seconds.
_NAP = 0.2
#: How long a pseudo-terminal stays after its last byte, for a reader that is late, in seconds.
_LINGER = 2.0


class UsageError(LinkyMonitorError):
    """The words of the command line do not go together."""


def log_to_stderr(verbose: bool) -> None:
    """Show what the parts log on stderr."""
    import logging

    from linkymonitor.diagnostics import SparingFilter

    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(SparingFilter())
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(message)s%(repeats)s",
        handlers=[handler],
    )


# --- acquire ---


def acquire(arguments: Namespace) -> int:
    """Read the meter until it ends, the time is over or a signal comes."""
    config = _config(arguments)
    return _acquire(config, arguments, display=arguments.led)


def _acquire(
    config: Any,
    arguments: Namespace,
    *,
    display: bool,
    terminal: Callable[[Any], None] | None = None,
    pins: Any = None,
    more: Callable[[Sequence[Any]], Sequence[Any]] = lambda outputs: (),
) -> int:
    from zoneinfo import ZoneInfo

    from linkymonitor.aggregate import Aggregator
    from linkymonitor.appliance import Appliance, Meter
    from linkymonitor.daily_log import DailyLog, last_before, records
    from linkymonitor.journal import Journal
    from linkymonitor.latest import Latest
    from linkymonitor.ledger import Ledger
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.quarantine import Quarantine
    from linkymonitor.settings import lang_of
    from linkymonitor.storage import Storage

    lang = lang_of(config)
    meter_settings, log_settings = config.get("meter"), config.get("log")
    spec = meter_settings.port if arguments.input is None else arguments.input
    if not _is_meter(spec) and arguments.log_dir is None:
        raise UsageError(
            pick(
                of_terminal(),
                f"{spec} n'est pas un compteur : indiquez avec --log-dir un dossier pour son journal",
                f"{spec} is not a meter: name a folder for its log with --log-dir",
            )
        )
    wanted = (arguments.mode or meter_settings.mode).mode
    directory: Path = arguments.log_dir or log_settings.dir
    storage = Storage()
    timezone = ZoneInfo(config.get("general").timezone)
    with ExitStack() as stack:
        source, clock = _open(spec, arguments.at if "at" in arguments else None, wanted, meter_settings, lang)
        stack.callback(source.close)
        _take_folder(storage, directory, stack)
        runtime = _runtime_directory(config, storage)
        ledger = Ledger(timezone, config.get("tariff"))
        log = DailyLog(
            storage,
            directory,
            clock,
            sync_every=log_settings.sync_every.total_seconds(),
            salt=_salt(storage, directory),
            compress_after_days=log_settings.compress_after.days,
            retention_days=log_settings.retention.days if log_settings.retention else None,
            lang=lang,
            on_event=_tell,
            on_full=lambda: _make_room(storage, directory, config.get("report").dir),
        )
        now = clock.now()
        midnight = datetime.combine(now.astimezone(timezone).date(), datetime.min.time(), timezone)
        try:
            before = last_before(directory, midnight.astimezone(UTC), storage=storage)
            ledger.restore([before] if before else [])
            ledger.restore(records(directory, midnight.astimezone(UTC) + timedelta.resolution, now))
        except StorageError as error:
            log.note("WARN", str(error))  # the totals of the day begin where they can
        hardware = Hardware(pins=pins, terminal=terminal, lang=lang, clock=clock, timezone=timezone.key)
        outputs = _outputs(config, hardware, display=display)
        outputs += more(outputs)
        appliance = Appliance(
            meter=Meter(source, clock, wanted, meter_settings.speed.baud),
            clock=clock,
            log=log,
            aggregator=Aggregator(log_settings.frames_per_record),
            ledger=ledger,
            latest=Latest(storage, runtime),
            quarantine=Quarantine(storage, directory),
            outputs=outputs,
            callbacks=_callbacks(config),
            silence=meter_settings.silence.total_seconds(),
            lang=lang,
            journal=Journal(lang),
        )
        log.note("INFO", pick(lang, f"Démarrage : source {spec}", f"Starting: source {spec}"))
        with _signals(appliance.stop):
            appliance.run(clock.monotonic() + arguments.time if arguments.time else math.inf)
    return 0


def _tell(status: str, text: str) -> None:
    """Say on stderr what befalls the log: a card that refuses cannot."""
    import logging

    logging.getLogger("linkymonitor.daily_log").log(
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

    path = Path(spec)
    # What is not there may be a dongle that is not plugged in.
    return "://" in spec or path.is_char_device() or not path.exists()


def _open(spec: str, at: datetime | None, mode: Mode | None, settings: Any, lang: str) -> tuple[Any, Clock]:
    """Return the source that *spec* names and the clock that goes with it."""
    from linkymonitor.library import opened

    try:
        return opened(
            spec,
            at=at,
            mode=mode,
            speed=settings.speed.baud,
            timeout=settings.timeout.total_seconds(),
            pause=settings.pause.total_seconds(),
            lang=lang,
        )
    except ValueError as error:
        raise UsageError(f"{spec}: {error}") from error


def _sim_options(spec: str, mode: Mode | None = None) -> Any:
    from dataclasses import replace

    from linkymonitor.simulator import parse_spec

    try:
        options = parse_spec(spec)
        return replace(options, mode=mode) if mode else options
    except ValueError as error:
        raise UsageError(f"{SIMULATED}{spec}: {error}") from error


def _outputs(config: Any, hardware: Any, *, display: bool) -> list[Any]:
    """Return the outputs in the order in which they act: relays, lamps, then what is slower."""
    outputs: list[Any] = []
    if relays := config.named("relay"):
        from linkymonitor.outputs.relay import Relay

        outputs += [Relay(settings, hardware) for settings in relays.values()]
    lamps = config.named("lamp") if display else {}
    if lamps:
        from linkymonitor.outputs.led import Lamp

        outputs += [Lamp(settings, hardware) for settings in lamps.values()]
    for settings in config.named("output").values():
        # Its module was found when the file was read (settings.schema): it is the one that holds its Settings.
        outputs.append(sys.modules[type(settings).__module__].Output(settings, hardware))
    if display:
        from linkymonitor.outputs import oled

        outputs.append(oled.Output(config.get("display"), hardware))
    return outputs


def _callbacks(config: Any) -> list[Callable[[Any], object]]:
    """Return the functions that [callbacks] names.

    Raises:
        ConfigError: with one sentence for each that is not there.
    """
    import importlib

    found, faults = [], []
    for path in config.get("callbacks").call:
        module, _, name = path.rpartition(".")
        try:
            function = getattr(importlib.import_module(module), name)
            if not callable(function):
                raise TypeError(type(function).__name__)
        except Exception as error:  # the user's code may raise anything when it is imported
            faults.append(
                pick(
                    config.lang or of_terminal(),
                    f"{config.path}: [callbacks] call = {path} : introuvable ({error}) ; on attend module.fonction",
                    f"{config.path}: [callbacks] call = {path}: not found ({error}); expected module.function",
                )
            )
        else:
            found.append(function)
    if faults:
        raise ConfigError(*faults)
    return found


def _shared_pins(config: Any) -> list[str]:
    """Return one sentence for each pin that two parts want; only one can have it."""
    users: dict[int, str] = {}
    faults = []
    wanted = [
        (f"[{kind}:{name}] pin", part.pin)
        for kind in ("relay", "lamp")
        for name, part in config.named(kind).items()
    ]
    wanted.append(("[display] button", config.get("display").button))
    for place, pin in wanted:
        if pin in users:
            faults.append(
                pick(
                    config.lang or of_terminal(),
                    f"{config.path}: {place} = {pin} : déjà prise par {users[pin]} ; choisissez-en une autre",
                    f"{config.path}: {place} = {pin}: already used by {users[pin]}; choose another",
                )
            )
        elif pin is not None:
            users[pin] = place
    return faults


def _runtime_directory(config: Any, storage: Any) -> Path | None:
    """Return the folder of latest.json, made if need be; None when there is none to be had."""
    from pathlib import Path

    wanted = config.get("general").runtime_dir
    given = os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("XDG_RUNTIME_DIR")
    directory = wanted or (Path(given) if given else Path("/run"))
    if directory.name != "linkymonitor" and wanted is None:
        directory /= "linkymonitor"
    try:
        storage.make_directory(directory)
    except StorageError:
        if wanted is not None:
            raise
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
        if not isinstance(cause, OSError) or cause.errno not in _CARD_TROUBLE:
            raise


def _salt(storage: Any, directory: Path) -> str:
    """Return what meter numbers are hashed with, drawn once for a log directory and kept beside the log."""
    path = directory / "salt"
    try:
        found = path.read_text(encoding="ascii").strip()
        damaged = len(found) < 16 or not found.isprintable()  # a cut may leave it empty, or all NUL
    except FileNotFoundError:
        found, damaged = "", False
    except (OSError, UnicodeDecodeError):
        found, damaged = "", True
    if found and not damaged:
        return found
    drawn = os.urandom(16).hex()
    # Without a card to keep it on, another one is drawn at each start.
    with suppress(StorageError):
        if damaged:
            storage.set_aside(path)
        storage.replace(path, f"{drawn}\n".encode(), mode=0o600)
    return drawn


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call *stop* on SIGTERM and SIGINT while the block runs."""
    import signal

    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --- run ---


def run(arguments: Namespace) -> int:
    """Read a meter if there is one, else a simulated one, with the display in the terminal; then draw the page."""
    from linkymonitor.outputs.gpio import simulated_pins
    from linkymonitor.outputs.terminal import TerminalDisplay
    from linkymonitor.trial import Words, find_meter, named_parts

    config = _config(arguments)
    lang = config.lang or of_terminal()
    root: Path = arguments.dir.resolve()
    if arguments.input is None:
        arguments.input = find_meter(config.get("meter").port, lang=lang) or DEMO
    arguments.log_dir = root / "log"
    pages = root / "pages"
    print(
        pick(
            lang,
            f"Source  : {arguments.input}\nJournal : {arguments.log_dir}\nPage    : {pages / 'index.html'}"
            " (dessinée à l'arrêt ; Ctrl-C pour arrêter)",
            f"Source: {arguments.input}\nLog:    {arguments.log_dir}\nPage:   {pages / 'index.html'}"
            " (drawn at the end; Ctrl-C to stop)",
        ),
        flush=True,
    )
    terminal = TerminalDisplay(sys.stdout)
    status = _acquire(
        config,
        arguments,
        display=True,
        terminal=terminal,
        pins=simulated_pins(),
        more=lambda outputs: [Words(terminal, named_parts(config, outputs, lang), lang)],
    )
    arguments.start = arguments.end = None
    arguments.output, arguments.lang, arguments.json, arguments.autoupdate = pages, lang, False, False
    print(pick(lang, "Pages dessinées :", "Pages drawn:"))
    return status or report(arguments)


# --- report ---


def report(arguments: Namespace) -> int:
    """Draw the pages of the days asked for, or print their figures."""
    import gc
    from dataclasses import replace
    from zoneinfo import ZoneInfo

    from linkymonitor import report as reports
    from linkymonitor.storage import Storage

    # Thousands of records at a time, none of them in a cycle: looking for one again and again is a tenth of a run.
    gc.set_threshold(200_000)
    config = _config(arguments)
    log_dir = arguments.log_dir or config.get("log").dir
    zone = ZoneInfo(config.get("general").timezone)
    now = datetime.now(UTC)
    today = now.astimezone(zone).date()
    first = arguments.start or arguments.end or today - timedelta(days=1)
    last = arguments.end or arguments.start or today
    if last < first:
        raise UsageError(
            pick(of_terminal(), f"-e {last} précède -s {first}", f"-e {last} is earlier than -s {first}")
        )
    common: dict[str, Any] = {
        "tz": zone,
        "prices": config.get("tariff"),
        "now": now,
        "storage": Storage(),
    }
    if arguments.json:
        import json

        print(json.dumps(reports.as_json(log_dir, (first, last), **common), ensure_ascii=False, indent=1))
        return 0
    settings = config.get("report")
    if arguments.output:
        settings = replace(settings, dir=arguments.output)
    written = reports.build(
        settings,
        log_dir,
        (first, last),
        lang=arguments.lang or config.lang or DEFAULT,
        autorefresh=arguments.autoupdate,
        **common,
    )
    print("\n".join(map(str, written)))
    return 0


# --- decode ---


def decode(arguments: Namespace) -> int:
    """Print one JSON object for each frame of a source, and a summary."""
    complete = incomplete = groups = rejected = 0
    mode = _wanted_mode(arguments)
    show = None if arguments.count else _shower(arguments)
    # A meter never ends: whoever has seen enough of it wants the summary too.
    with suppress(KeyboardInterrupt):
        for mode, frames in _frames(arguments):
            for frame in frames:
                groups += len(frame.groups)
                rejected += len(frame.rejected)
                if frame.complete:
                    complete += 1
                else:
                    incomplete += 1
                if show:
                    show(frame, mode)
    sys.stdout.flush()
    print(
        f"mode={(mode or Mode.HISTORIQUE).value} frames={complete} incomplete={incomplete} groups={groups} "
        f"rejected={rejected}",
        file=sys.stderr,
    )
    return 0


def _wanted_mode(arguments: Namespace) -> Mode | None:
    return arguments.mode.mode if arguments.mode else None


def _frames(arguments: Namespace) -> Iterator[tuple[Mode, list[Any]]]:
    """Yield the frames of the source that *arguments* name, some at a time, each time with the mode."""
    from linkymonitor.mode import count_valid, decided, detect
    from linkymonitor.tic.decoder import FrameDecoder

    wanted = _wanted_mode(arguments)
    source = _decodable(arguments.source, wanted, arguments.verbose)
    decoder = FrameDecoder(wanted) if wanted else None
    try:
        if getattr(source, "is_meter", False):
            from linkymonitor.appliance import Meter

            meter = Meter(source, SystemClock(), wanted)
            while (heard := meter.poll(1.0)) is not None:
                if meter.mode is not None:
                    yield meter.mode, [one.frame for one in heard]
            return
        sample = bytearray()
        chunk: bytes | None = b""
        while chunk is not None:
            chunk = source.read(1.0)
            if decoder is None:
                sample += chunk or b""
                mode = None
                if chunk and (source.live or len(sample) - len(chunk) < _GLANCE):
                    # Whoever types or pipes should not have to wait for the whole sample; and of a file, its
                    # first frames nearly always tell.
                    mode = decided(count_valid(bytes(sample if source.live else sample[:_GLANCE])))
                if mode is None and (chunk is None or len(sample) >= _BLOCK):
                    mode = detect(bytes(sample)) or Mode.HISTORIQUE
                if mode is None:
                    continue
                decoder = FrameDecoder(mode)
                yield mode, decoder.feed(bytes(sample))
            elif chunk:
                yield decoder.mode, decoder.feed(chunk)
        if decoder is not None:
            yield decoder.mode, decoder.close()
    finally:
        source.close()


def _decodable(spec: str, mode: Mode | None, verbose: bool) -> Any:
    """Return the source that *spec* names, which waits for nothing but what is live."""
    if spec.startswith(SIMULATED):
        from linkymonitor.simulator import SimSource

        return SimSource(_sim_options(spec[len(SIMULATED) :], mode), SystemClock(), None)
    from linkymonitor.plain import open_plain_file

    if (file := open_plain_file(spec)) is not None:
        return file
    from linkymonitor.line import open_source

    log_to_stderr(verbose)
    return open_source(spec, clock=SystemClock(), speed=mode.speed if mode else None, lang=of_terminal())


def _shower(arguments: Namespace) -> Callable[[Any, Mode], None]:
    """Return what prints one frame as docs/formats.md has it."""
    import json

    from linkymonitor.privacy import mask_group, mask_raw

    show_ids = arguments.show_ids
    write = sys.stdout.write

    def show(frame: Any, mode: Mode) -> None:
        line: dict[str, object] = {
            "mode": mode.value,
            "complete": frame.complete,
            "groups": [
                {
                    "label": group.label,
                    "horodate": group.horodate,
                    "data": group.data if show_ids else mask_group(group.label, group.data),
                }
                for group in frame.groups
            ],
            "rejected": [
                {"raw": raw if show_ids else mask_raw(raw), "why": why}
                for raw, why in (
                    (rejected.raw.decode("latin-1"), rejected.why) for rejected in frame.rejected
                )
            ],
        }
        if arguments.values:
            from linkymonitor.latest import jsonable
            from linkymonitor.tic.interpret import interpret

            reading = interpret(frame, mode, datetime.now(UTC))
            line["values"] = jsonable(reading.values, show_ids=show_ids)
        write(json.dumps(line, ensure_ascii=False) + "\n")

    return show


# --- simulate, record, replay ---


def simulate(arguments: Namespace) -> int:
    """Write what a simulated meter says to a file or a pseudo-terminal."""
    from linkymonitor.simulator import feed_pty, write_file

    words = [arguments.contract, "tri" if arguments.phases == "3" else "mono", f"seed={arguments.seed}"]
    if arguments.mode and arguments.mode.mode:
        words.append(arguments.mode.mode.value)
    if arguments.producer:
        words.append("producer")
    if arguments.day:
        words.append(f"day={arguments.day.isoformat()}")
    if arguments.noise:
        words.append(f"noise={arguments.noise}")
    if arguments.extra:
        words.append(arguments.extra)
    options = _sim_options(",".join(words))
    duration = timedelta(seconds=arguments.duration) if arguments.duration else options.duration
    if arguments.pty:
        return _feed_pty(
            arguments, lambda master, stop: feed_pty(options, master, arguments.speed, stop=stop)
        )
    with _fresh_file(arguments.output) as append:
        write_file(options, append, duration or timedelta(days=1))
    return 0


@contextmanager
def _fresh_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """Give what writes to *path*, emptied first."""
    from linkymonitor.storage import Storage

    with Storage().create(path) as file:
        yield file.write


def _feed_pty(arguments: Namespace, feed: Callable[[int, Callable[[], bool]], object]) -> int:
    from linkymonitor.simulator import open_pty

    master, slave, path = open_pty()
    stopped: list[bool] = []
    print(path, flush=True)
    try:
        with _signals(lambda: stopped.append(True)):
            feed(master, lambda: bool(stopped))
            # Closing our end throws away what has not been read.
            until = time.monotonic() + _LINGER
            while not stopped and time.monotonic() < until and _unread(slave):
                time.sleep(_NAP)
    finally:
        os.close(master)
        os.close(slave)
    return 0


def _unread(slave: int) -> int:
    """Return how many bytes wait for a reader of the pseudo-terminal."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(slave, termios.FIONREAD, bytes(4)), sys.byteorder)


def record(arguments: Namespace) -> int:
    """Keep the bytes of a source with their times, as they come: meter numbers included."""
    from linkymonitor.appliance import Meter
    from linkymonitor.recording import block, header

    settings = _config(arguments).get("meter")
    wanted = (arguments.mode or settings.mode).mode
    source, clock = _open(arguments.input, None, wanted, settings, of_terminal())
    print(
        pick(
            of_terminal(),
            f"{arguments.output} contiendra votre numéro de compteur en clair : ne le publiez pas",
            f"{arguments.output} will hold your meter number unmasked: do not publish it",
        ),
        file=sys.stderr,
    )
    stopped: list[bool] = []
    began = clock.monotonic()
    until = began + arguments.time if arguments.time else math.inf
    with closing(source), _fresh_file(arguments.output) as append, _signals(lambda: stopped.append(True)):
        append(header(clock.now(), settings.speed.baud or (wanted.speed if wanted else None)))
        # The meter is hunted for as usual; what is kept is every byte that came, heard or not.
        tap = _Tap(source, lambda chunk: append(block(clock.monotonic() - began, chunk)))
        meter = Meter(tap, clock, wanted, settings.speed.baud)
        while not stopped and clock.monotonic() < until and meter.poll(0.5) is not None:
            pass
    return 0


class _Tap:
    """A source that shows each chunk to somebody before it hands it on."""

    def __init__(self, source: Any, show: Callable[[bytes], object]) -> None:
        self._source = source
        self._show = show

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def read(self, timeout: float) -> bytes | None:
        """Return what the source reads."""
        chunk: bytes | None = self._source.read(timeout)
        if chunk:
            self._show(chunk)
        return chunk


def replay(arguments: Namespace) -> int:
    """Play a recording again, on a pseudo-terminal or into a file of bare bytes."""
    import select

    from linkymonitor.recording import paced, read_recording

    chunks = read_recording(arguments.file)
    if arguments.output:
        with _fresh_file(arguments.output) as append:
            for _, chunk in chunks:
                append(chunk)
        return 0

    def feed(master: int, stopped: Callable[[], bool]) -> None:
        def sleep(seconds: float) -> None:
            # A signal does not end a sleep, and a recording may pause for hours.
            until = time.monotonic() + seconds
            while not stopped() and (left := until - time.monotonic()) > 0:
                time.sleep(min(left, _NAP))

        os.set_blocking(master, False)
        for chunk in paced(chunks, SystemClock(), arguments.speed or math.inf, sleep):
            while chunk and not stopped():
                # Nothing is lost to a reader that is late, or not there yet: this is no meter.
                if select.select([], [master], [], _NAP)[1]:
                    with suppress(BlockingIOError):
                        chunk = chunk[os.write(master, chunk) :]
            if stopped():
                return

    return _feed_pty(arguments, feed)


# --- check ---


def check(arguments: Namespace) -> int:
    """Read the configuration and say what would start, or every fault at once."""
    config = _config(arguments)
    faults = _shared_pins(config)
    try:
        _callbacks(config)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(*faults)
    from linkymonitor.settings import lang_of

    lang = lang_of(config) if config.lang else of_terminal()
    meter, log, prices = config.get("meter"), config.get("log"), config.get("tariff")
    display = config.get("display")
    lines = [
        f"{config.path}",
        pick(
            lang,
            f"compteur : {meter.port}, mode {meter.mode.value}, vitesse {meter.speed.value}",
            f"meter: {meter.port}, mode {meter.mode.value}, speed {meter.speed.value}",
        ),
        pick(lang, f"journal : {log.dir}", f"log: {log.dir}"),
        pick(
            lang,
            f"afficheur : {display.type.value} {display.size.value}, adresse {display.address:#x} (avec -l)",
            f"display: {display.type.value} {display.size.value}, address {display.address:#x} (with -l)",
        ),
    ]
    for name, lamp in config.named("lamp").items():
        lines.append(
            pick(
                lang, f"voyant {name} : GPIO {lamp.pin} (avec -l)", f"lamp {name}: GPIO {lamp.pin} (with -l)"
            )
        )
    for name, relay in config.named("relay").items():
        lines.append(
            pick(
                lang,
                f"relais {name} : GPIO {relay.pin}, règle {relay.rule}",
                f"relay {name}: GPIO {relay.pin}, rule {relay.rule}",
            )
        )
    if not any(getattr(prices, name) is not None for name in prices.__dataclass_fields__):
        lines.append(pick(lang, "prix non réglés : voir [tariff]", "prices not set: see [tariff]"))
    print("\n".join(lines))
    return 0


def _config(arguments: Namespace) -> Any:
    from linkymonitor.config import default_path, read
    from linkymonitor.settings import schema

    return read(arguments.config or default_path(), schema())
