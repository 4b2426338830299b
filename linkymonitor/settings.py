"""The settings of the whole INI file: the list of its sections, each with the class of its room."""

from collections.abc import Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from linkymonitor import config, ini_file
from linkymonitor.daily_log.section import Settings as Log
from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import DEFAULT, LANGUAGES, Text, speak
from linkymonitor.money.contract import Contract, dated_faults
from linkymonitor.money.tariffs import Prices
from linkymonitor.outputs.display.panel import Settings as Display
from linkymonitor.report.section import Calendar
from linkymonitor.report.section import Settings as Report
from linkymonitor.sinks.notify_section import Settings as Notify
from linkymonitor.source.settings import Settings as Meter
from linkymonitor.system.resources import shipped
from linkymonitor.system.zones import zone
from linkymonitor.web.section import Settings as Serve

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.outputs import base as outputs
    from linkymonitor.outputs.sections import LampSettings as Lamp
    from linkymonitor.outputs.sections import RelaySettings as Relay
    from linkymonitor.sinks import base as sinks

#: The price tables of the owner, when [contract] tables names no other folder.
OWN_TABLES = Path("/etc/linkymonitor/tariffs")
#: The configuration of the machine, when -c names no other.
SYSTEM_PATH = Path("/etc/linkymonitor.ini")


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class General:
    """``[general]``: the settings that all commands share."""

    #: The language of screens, pages and logs, fr or en. Empty: French, and messages in the language of the terminal.
    lang: str | None = None
    #: The time zone of days, pages and screens.
    timezone: str = "Europe/Paris"
    #: The folder of latest.json, in memory. Empty: the folder that systemd gives, else that of the user.
    runtime_dir: Path | None = None
    #: yes: latest.json also has the groups as the meter sent them, with meter addresses masked.
    raw_values: bool = False
    #: Where `deliver` keeps its places in the log
    #: and `serve` its password. Empty: the folder of the service, else /var/lib/linkymonitor.
    state_dir: Path | None = None

    def __post_init__(self) -> None:
        faults: list[Text] = []
        if self.lang is not None and self.lang not in LANGUAGES:
            faults.append(
                Text(
                    f"lang = {self.lang} : on attend {' ou '.join(LANGUAGES)}",
                    f"lang = {self.lang}: expected {' or '.join(LANGUAGES)}",
                )
            )
        try:
            zone(self.timezone)
        except BadSetting as error:
            faults.append(f"timezone = {self.timezone}" + Text(" : ", ": ") + error.text)
        if faults:
            raise BadSetting(*faults)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Callbacks:
    """``[callbacks]``: functions of the user, called with each Reading."""

    #: The dotted paths of the functions, such as mymodule.my_function.
    call: tuple[str, ...] = ()


# A section that may be there or not chooses its class: so the class is imported only where the file has such a section.


def _lamp(_: Mapping[str, str]) -> config.Chosen:
    """Return the class of a section ``[lamp:NAME]``."""
    from linkymonitor.outputs.sections import LampSettings

    return config.Chosen(LampSettings, lambda settings: settings, ())


def _relay(_: Mapping[str, str]) -> config.Chosen:
    """Return the class of a section ``[relay:NAME]``."""
    from linkymonitor.outputs.sections import RelaySettings

    return config.Chosen(RelaySettings, lambda settings: settings, ())


def _output(raw: Mapping[str, str]) -> config.Chosen:
    """Return the class of a section ``[output:NAME]``; its ``type`` is a module of outputs/ or of the user."""
    from linkymonitor.outputs import base as outputs

    part = outputs.find(raw.get("type", ""))
    return config.Chosen(part.Settings, partial(outputs.Configured, part.Output))


def _sink(raw: Mapping[str, str]) -> config.Chosen:
    """Return the class of a section ``[sink:NAME]``; ``type`` and ``shape`` name a module of sinks/ or of the user."""
    from linkymonitor.sinks import base as sinks

    name, shape = raw.get("type", ""), raw.get("shape") or sinks.OWN_SHAPE
    part = sinks.find(name, shape)
    needs_raw = getattr(part, "NEEDS_RAW", False)

    def wrap(settings: object) -> "sinks.Configured":
        return sinks.Configured(part.Sink, settings, name, shape, needs_raw)

    return config.Chosen(part.Settings, wrap, ("type", "shape") if name in sinks.SHAPES else ("type",))


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """The whole INI file: a field is a section; a mapping has all sections ``[NAME:ANYTHING]``, in their order."""

    general: General = field(default_factory=General)
    meter: Meter = field(default_factory=Meter)
    log: Log = field(default_factory=Log)
    display: Display = field(default_factory=Display)
    lamp: Mapping[str, "Lamp"] = config.chosen_by(_lamp)
    relay: Mapping[str, "Relay"] = config.chosen_by(_relay)
    output: Mapping[str, "outputs.Configured"] = config.chosen_by(_output)
    sink: Mapping[str, "sinks.Configured"] = config.chosen_by(_sink)
    notify: Notify = field(default_factory=Notify)
    tariff: Prices = field(default_factory=Prices)
    tariffs: Mapping[date, Prices] = config.dated("tariff")
    contract: Contract = field(default_factory=Contract)
    contracts: Mapping[date, Contract] = config.dated("contract")
    calendar: Calendar = field(default_factory=Calendar)
    report: Report = field(default_factory=Report)
    serve: Serve = field(default_factory=Serve)
    callbacks: Callbacks = field(default_factory=Callbacks)
    #: The file of these settings; this field and the next are no sections.
    path: Path = SYSTEM_PATH
    #: One sentence for each key in the file that no longer has an effect.
    notes: tuple[Text, ...] = ()

    @property
    def lang(self) -> str:
        """The language of screens, pages and logs."""
        return self.general.lang or DEFAULT

    @property
    def destinations(self) -> "dict[str, sinks.Configured]":
        """Every sink: name → settings, those of [notify] too."""
        return {**self.sink, **self.notify.sinks}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of days, pages and screens."""
        return ZoneInfo(self.general.timezone)

    @property
    def table_folders(self) -> tuple[Path, ...]:
        """Where price tables are: the owner's folder, and that of the tables that are shipped."""
        return self.contract.tables or OWN_TABLES, shipped("etc/tariffs")

    def price_book(self) -> "PriceBook":
        """Return the prices of every day; a table that is wrong gives none, and is among the faults of the book."""
        # Only here: most commands need no price, and a house without an offer needs no table.
        from linkymonitor.money.book import PriceBook

        shelf = None
        if any(contract.table for contract in (self.contract, *self.contracts.values())):
            from linkymonitor.money.shelf import Shelf

            shelf = Shelf(self.table_folders)
        return PriceBook(self.tariff, self.tariffs, self.contract, self.contracts, shelf)


def default_path(system: Path | None = None) -> Path:
    """Return *system*, or SYSTEM_PATH when it is None, if that file exists; else the configuration that is shipped."""
    system = system or SYSTEM_PATH
    return system if system.exists() else shipped("etc/linkymonitor.ini")


def load(path: Path, lang: str | None = None) -> Settings:
    """Return the settings of the file *path*; from now on this process prints in the language of these settings.

    Args:
        path: an INI file.
        lang: the language that the user asks for, instead of [general] lang; None: that of the file.

    Raises:
        ConfigError: with one sentence for each fault.
    """
    found = ini_file.read(ini_file.content(path))
    settings, faults = _filled(path, found, lang)
    if faults:
        raise ConfigError(*(f"{path}: " + fault.placed for fault in faults))
    return settings


def load_what_can_be_read(path: Path, lang: str | None = None) -> tuple[Settings, list[ini_file.Fault]]:
    """Return the settings of the file *path* with defaults in place of what has a fault, and its faults.

    Args:
        path: an INI file, or one that cannot be read.
        lang: as that of `load`.

    Raises:
        ConfigError: this machine refuses even the default of a section.
    """
    try:
        found = ini_file.read(ini_file.content(path))
    except ConfigError as error:
        settings = Settings(path=path)
        if lang is not None:
            settings.general.lang = lang
        return settings, [ini_file.Fault(error.text, ini_file.DEFAULT_VALUES)]
    return _filled(path, found, lang)


def _filled(path: Path, found: ini_file.Lines, lang: str | None) -> tuple[Settings, list[ini_file.Fault]]:
    """Return the settings that *found*, the content of *path*, has, and all its faults in the order of their lines."""
    _speak(found.parser, lang)
    settings, faults, notes = config.fill_what_can_be_read(Settings, found, path)
    dated = dated_faults(settings.contract, settings.contracts, settings.tariffs)
    faults += [found.placed(ini_file.Fault(fault, ini_file.AS_IT_IS)) for fault in dated]
    if lang is not None:
        settings.general.lang = lang
    placed_notes = tuple(f"{path}: " + note for note in notes)
    return replace(settings, path=path, notes=placed_notes), sorted(faults, key=lambda fault: fault.line or 0)


def _speak(parser: RawConfigParser, lang: str | None) -> None:
    """Print from now on in the language *lang*, else in that of the file, if it has one."""
    written = lang or parser.get("general", "lang", fallback="").strip()
    if written in LANGUAGES:
        speak(written)


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class _Relays:
    """The relays of an INI file alone."""

    relay: Mapping[str, "Relay"] = config.chosen_by(_relay)


def relays(path: Path) -> "tuple[list[Relay], list[Text]]":
    """Return each relay of the file *path* whose section has no fault, and the faults of the others.

    Raises:
        ConfigError: the file cannot be read, or is no INI file.
    """
    parser = ini_file.parse(path)
    found: list[Relay] = []
    faults: list[Text] = []
    for name in parser.sections():
        if name.startswith("relay:"):
            alone = RawConfigParser(interpolation=None)
            alone.read_dict({name: dict(parser[name])})
            try:
                found += config.fill(_Relays, alone, path)[0].relay.values()
            except ConfigError as error:
                faults += error.faults
    return found, faults
