"""The contract of a sink, which takes the records of the log to a database, a broker or a file."""

# Strategy
#
# - A sink only writes. It has no queue, no thread and no retry: `deliver` has them, for every sink alike. The daily log
#   is the queue, so nothing is lost while a sink is away, and a sink may be killed at any instant.
# - A record may come twice: after a crash `deliver` cannot know whether the last batch had been taken. Meter, series
#   and ended_at name one record, so a sink replaces or skips what it has already.
# - Every command that reads the settings imports this module. So this module imports no module that is slow to load,
#   such as one for sockets, hashes or JSON.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from linkymonitor.errors import BadSetting, ConfigError
from linkymonitor.language import DEFAULT, Text

if TYPE_CHECKING:
    from linkymonitor.model.reading import Reading

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Row(NamedTuple):
    """One record of the log, as sinks and exports have it; docs/formats.md has the names."""

    #: The salted hash of the address of the meter; empty when the log does not name one.
    meter: str
    #: How many times the stamps of the log had gone back before.
    series: int
    #: The end of the interval, aware, in UTC, to the second. Meter, series and this name one record.
    ended_at: datetime
    #: The option of the contract: ``BASE``, ``HC``, ``EJP``, ``TEMPO``, or the supplier's name for it.
    contract: str
    #: The code of the tariff period, without dots: ``HN``, ``HCJB``, ``F01``; empty when it is not known.
    period: str
    #: Name → number: ``power``, ``current_1``, ``index_HN``… A value that the record lacks is not there.
    fields: Mapping[str, int]
    #: Name → word: ``colour`` and ``tomorrow`` (BLEU, BLAN, ROUG), ``ejp`` (normal, notice, peak); only those known.
    words: Mapping[str, str] = _NOTHING
    #: Whether any frame drew more than the subscription; None in a line of an older version, which cannot say.
    overload: bool | None = None
    #: The subscribed power in VA, None when the log does not name it.
    subscribed_power: int | None = None


class Event(NamedTuple):
    """Something that happened: a change of period or contract, a notice, a peak, an overload, a silence."""

    #: ``period``, ``contract`` and ``note`` (any other line of the log): from the log, and queued like records.
    #: ``notice``, ``peak``, ``overload`` and ``silence``: from latest.json, and not made while `deliver` is down.
    #: ``day``: from the summaries that `report` keeps, once a day is over.
    kind: str
    #: Aware, in UTC; None when the time is not known.
    at: datetime | None
    #: The new period or contract; ``begins`` or ``ends`` for those of latest.json; the date of a day; empty for a note.
    value: str
    #: A sentence for people.
    text: Text
    #: INFO, WARN or ERROR.
    status: str = "INFO"
    meter: str = ""
    series: int = 0
    #: The period or contract before; empty when it is not known.
    before: str = ""
    #: The last instant at which `deliver` watched, when it was down before this event: it happened since then.
    since: datetime | None = None
    #: Of a day: its figures, by the names of etc/schema/event-1.json.
    figures: Mapping[str, Any] = _NOTHING


class Live(NamedTuple):
    """The newest reading, from latest.json."""

    #: The reading, in the terms of the model; meter addresses are masked.
    reading: "Reading"
    #: When the reading was heard, aware, in UTC; None until the clock of the box is vouched for.
    taken_at: datetime | None
    #: Seconds since then, by the monotonic clock.
    age: float
    #: The code of the tariff period without dots, empty when it is not known.
    period: str
    #: ``normal``, ``notice``, ``peak`` or ``unknown``.
    ejp: str
    #: Name → number, by the same names as `Row.fields`.
    fields: Mapping[str, int]
    #: Label → value, as latest.json has it.
    values: Mapping[str, object]
    #: The name of each relay of the box, and whether its coil is fed.
    relays: Mapping[str, bool] = _NOTHING
    #: Label → horodate and data as the meter sent them, meter numbers masked; empty without ``[general] raw_values``.
    raw: Mapping[str, tuple[str | None, str]] = _NOTHING


class OfferPrices(NamedTuple):
    """What an offer costs on one day, for one subscribed power."""

    supplier: str
    name: str
    #: € TTC a month.
    subscription: Decimal
    #: Period of the offer → € TTC a kWh.
    energy: Mapping[str, Decimal]
    #: ``HP`` or ``HC``, POSIX time → the period to which energy of that register belongs; no period of *energy* when
    #: it is not known.
    period: Callable[[str, float], str]


def _no_offers(_on: date, _kva: int) -> Sequence[OfferPrices]:
    return ()


def _no_price(_register: str, _at: datetime, _subscribed: int | None) -> Decimal | None:
    return None


def _no_day_price(_register: str, _on: date, _subscribed: int | None) -> Decimal | None:
    return None


class House(NamedTuple):
    """What a sink may need to know of the box."""

    #: The language of texts, ``fr`` or ``en``.
    lang: str = DEFAULT
    #: The name of the time zone of the house.
    timezone: str = "Europe/Paris"
    #: The id of the box, which is made once: letters and digits.
    box: str = "box"
    #: The folder in which a sink may keep files of its own; None: it keeps nothing, as in `check` and ``--test``.
    folder: Path | None = None
    #: The names of all sinks that are in use.
    sinks: frozenset[str] = frozenset()
    #: The file of the settings; a secret may stand in it only if not everybody may read it. None: it is not known.
    config: Path | None = None
    #: Register, instant, subscribed power in VA or None → the price in €/kWh, None when it is not known.
    price: Callable[[str, datetime, int | None], Decimal | None] = _no_price
    #: Register, local day, subscribed power in VA or None → the price in €/kWh, None when it is not known or depends
    #: on the hour.
    day_price: Callable[[str, date, int | None], Decimal | None] = _no_day_price
    #: Local day, subscribed power in kVA → each offer whose prices of that day are known.
    offers: Callable[[date, int], Sequence[OfferPrices]] = _no_offers
    #: Whether live values have their groups as the meter sent them: ``[general] raw_values``.
    raw_values: bool = False


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """The keys that every ``[sink:NAME]`` has; the ``Settings`` of a sink inherit from this class."""

    #: The NAME of the section.
    name: str = ""
    #: no: nothing is sent, and nothing is kept for later.
    enabled: bool = True
    #: How many records are written at once, at most.
    batch: int = 500
    #: The shortest time between two live values.
    every: timedelta = timedelta(seconds=1)
    #: Filled in by `deliver`; no key of the file.
    house: House = field(default=House(), init=False)

    def __post_init__(self) -> None:
        faults = []
        if not 1 <= self.batch <= 10_000:
            faults.append(
                Text(
                    f"batch = {self.batch} : on attend 1 à 10000",
                    f"batch = {self.batch}: expected 1 to 10000",
                )
            )
        if self.every < timedelta(seconds=1):
            faults.append(Text("every : on attend au moins 1s", "every: expected at least 1s"))
        if faults:
            raise BadSetting(*faults)


class Sink(Protocol):
    """One far end that takes records, in a thread of its own.

    The module of a sink has a dataclass ``Settings``, and under the name ``Sink`` a class that takes ``(settings)`` and
    has these methods. To make it opens no connection, and raises ConfigError when a library or a file is missing. A
    method connects when it must, and may block as long as its own timeouts allow; they are of 10 seconds or less.
    More methods are optional, and raise the same errors as `write`:

    - ``live(reading: Live)`` takes the newest reading, at most one in each `every`. A reading that cannot be sent is
      dropped, because a newer one comes.
    - ``events(events: Sequence[Event])`` takes what happened, in order.
    - ``test()`` sends something harmless, for ``deliver --test``, and may return a Text that names it; without
      it the newest record is written.

    A call that has asked nothing of the far end returns False: then it is no sign that the far end is there. A sink of
    events or of live values alone has ``takes_records = False``: for it no record waits in the log.
    """

    def write(self, records: Sequence[Row]) -> bool | None:
        """Return once the far end has all of *records*, which are in the order of the log.

        Raises:
            SinkUnavailable: the far end is away; the same records come again later.
            SinkRefused: at least one of the records can never be taken. It is looked for with smaller batches.
        """

    def close(self) -> None:
        """Release what the sink holds; called once, from the thread of the sink."""


def takes_records(sink: object) -> bool:
    """Return whether *sink*, or the class of a sink, sends records."""
    return bool(getattr(sink, "takes_records", True))


class Configured(NamedTuple):
    """The class of a sink that a section ``[sink:NAME]`` names, and its settings."""

    sink: Callable[[Any], Sink]
    settings: Any
    #: The text of the key ``type``.
    type: str
    #: The text of the key ``shape``; empty: our own.
    shape: str = ""
    #: Whether the sink sends groups as the meter sent them.
    needs_raw: bool = False

    @property
    def enabled(self) -> bool:
        """Whether the sink is in use."""
        return bool(getattr(self.settings, "enabled", True))

    @property
    def batch(self) -> int:
        """How many records are written at once, at most."""
        return int(getattr(self.settings, "batch", 500))

    @property
    def every(self) -> float:
        """The shortest time between two live values, in seconds."""
        every: timedelta = getattr(self.settings, "every", timedelta(seconds=1))
        return every.total_seconds()

    def build(self, house: House) -> Sink:
        """Return the sink.

        Raises:
            ConfigError: a library, a file, or another setting that the sink needs is missing.
        """
        if self.needs_raw and not house.raw_values:
            key = f"type = {self.type}" if self.shape in ("", OWN_SHAPE) else f"shape = {self.shape}"
            section = f"[sink:{getattr(self.settings, 'name', '')}] {key}"
            raise ConfigError(
                Text(
                    f"{section} : envoie les valeurs telles que le compteur les donne ; "
                    "écrivez [general] raw_values = oui, et relancez acquire",
                    f"{section}: sends values as the meter gives them; "
                    "write [general] raw_values = yes, and start acquire again",
                )
            )
        if hasattr(self.settings, "house"):
            self.settings.house = house
        return self.sink(self.settings)


#: Types whose module has another name.
_MODULES = {"csv": "csv_file"}
#: The shape that every type has: the names of docs/formats.md.
OWN_SHAPE = "linkymonitor"
#: Type → its other shapes, those of programs that people come from. Each is a module of `shapes`, TYPE_SHAPE.
SHAPES: Mapping[str, Sequence[str]] = {
    "mqtt": ("linky-sensor", "linkyrpi", "emonhub", "domoticz"),
    "influxdb": ("linkypy", "reuiller"),
    "mariadb": ("hallard",),
    "postgresql": ("linkyrpi",),
}


def find(name: str, shape: str = OWN_SHAPE) -> ModuleType:
    """Return the module of the sink *name*: a module of this package, or a dotted path to code of the user.

    Args:
        name: the type of the sink.
        shape: how it names and arranges what it sends.

    Raises:
        BadSetting: there is no such module or shape, it cannot be imported, or it lacks ``Settings`` or ``Sink``.
    """
    from linkymonitor.system.modules import find_part  # imported late: most boxes have no sink

    needs = ("Settings", "Sink")
    if shape == OWN_SHAPE or name not in SHAPES:
        return find_part(_MODULES.get(name, name), ("linkymonitor.sinks",), needs)
    if shape not in SHAPES[name]:
        known = ", ".join((OWN_SHAPE, *SHAPES[name]))
        raise BadSetting(
            Text(
                f"shape = {shape} : inconnu pour type = {name} ; on attend {known}",
                f"shape = {shape}: not known for type = {name}; expected one of {known}",
            )
        )
    return find_part(f"{name}_{shape.replace('-', '_')}", ("linkymonitor.sinks.shapes",), needs)
