"""Writes the newest reading to a file that the text-file collector of Prometheus' node_exporter reads."""

# Strategy
#
# - The file has the present alone: Prometheus dates each value by the time of its scrape, and takes no past. So a
#   record of the log writes nothing, and nothing is caught up.
# - The file is replaced whole, so a scrape finds the old content or the new one. It is not synced: after a power cut
#   the next reading writes it again.
# - A collector exports what the file has, however old it is. So when the meter has been silent for TRUSTED_FOR seconds
#   the values go, linkymonitor_up becomes 0, and Prometheus takes the series as ended; when `deliver` stops, the file
#   goes. Should `deliver` be killed, linkymonitor_reading_timestamp_seconds shows how old the values are.
# - Names follow the rules of Prometheus: base units, ``_total`` for counters. Its unit of energy is the joule: 3600 J
#   are 1 Wh. The registers have a name of their own, apart from their total, so that a sum counts no energy twice.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from linkymonitor.errors import BadSetting, SinkUnavailable, StorageError
from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR, Ejp
from linkymonitor.sinks.base import Event, Live, Row
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.system.storage import Storage

#: The collector runs as another user, and reads files of this ending alone.
_MODE, _ENDING = 0o644, ".prom"
_JOULES = 3600
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(Common):
    """``[sink:NAME]`` with ``type = prometheus``."""

    #: The file, in the folder of ``--collector.textfile.directory``.
    path: Path
    #: The shortest time between two values: Prometheus scrapes every 15 s or more.
    every: timedelta = timedelta(seconds=15)

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        if self.path.suffix != _ENDING:
            raise BadSetting(
                Text(
                    f"path = {self.path} : on attend un fichier dont le nom finit par {_ENDING}",
                    f"path = {self.path}: expected a file whose name ends with {_ENDING}",
                )
            )


class _Metric(NamedTuple):
    """A metric of the file: its name, its type (gauge or counter), and the text of its line ``# HELP``."""

    name: str
    kind: str
    help: Text


_UP = _Metric(
    "linkymonitor_up", "gauge", Text("Le compteur est entendu : 1, sinon 0", "The meter is heard: 1, else 0")
)
_TAKEN_AT = _Metric(
    "linkymonitor_reading_timestamp_seconds",
    "gauge",
    Text("Heure de la dernière trame", "Time of the last frame"),
)
_POWER = _Metric(
    "linkymonitor_power_voltamperes",
    "gauge",
    Text("Puissance apparente soutirée", "Apparent power that is drawn"),
)
_INJECTED = _Metric(
    "linkymonitor_injected_power_voltamperes",
    "gauge",
    Text("Puissance apparente injectée", "Apparent power that is injected"),
)
_SUBSCRIBED = _Metric(
    "linkymonitor_subscribed_power_voltamperes", "gauge", Text("Puissance souscrite", "Subscribed power")
)
_CURRENT = _Metric("linkymonitor_current_amperes", "gauge", Text("Intensité", "Current"))
_VOLTAGE = _Metric("linkymonitor_voltage_volts", "gauge", Text("Tension", "Voltage"))
_REGISTER = _Metric(
    "linkymonitor_register_joules_total",
    "counter",
    Text("Énergie soutirée, par index ; 3600 J font 1 Wh", "Energy drawn, by register; 3600 J are 1 Wh"),
)
_DRAWN = _Metric(
    "linkymonitor_drawn_joules_total",
    "counter",
    Text("Énergie soutirée, index total", "Energy drawn, total index"),
)
_FED = _Metric("linkymonitor_injected_joules_total", "counter", Text("Énergie injectée", "Energy injected"))
_TARIFF = _Metric(
    "linkymonitor_tariff_info",
    "gauge",
    Text("Contrat et période en cours", "Contract and tariff period in force"),
)
_EJP = _Metric("linkymonitor_ejp", "gauge", Text("État de l'EJP", "State of EJP"))
_OVERLOAD = _Metric(
    "linkymonitor_overload",
    "gauge",
    Text("Puissance souscrite dépassée : 1, sinon 0", "The subscribed power is exceeded: 1, else 0"),
)
_RELAY = _Metric("linkymonitor_relay_on", "gauge", Text("Relais alimenté : 1", "The relay is fed: 1"))


class _Sample(NamedTuple):
    """One value of a metric."""

    metric: _Metric
    value: int | float
    labels: Mapping[str, str] = _NOTHING


class PrometheusFile:
    """One file for the text-file collector."""

    takes_records = False

    def __init__(self, settings: Settings) -> None:
        self._path = settings.path
        self._lang = settings.house.lang
        self._storage = Storage()
        #: Whether the file has what this sink has written.
        self._wrote = False
        #: When the last reading was heard, in seconds; None when that is not known.
        self._taken_at: float | None = None

    def write(self, records: Sequence[Row]) -> bool:
        """Do nothing: the file has no past."""
        return False

    def live(self, reading: Live) -> None:
        """Replace the file by the values of *reading*, or by none when they are too old.

        Raises:
            SinkUnavailable: the file cannot be written.
        """
        self._taken_at = reading.taken_at.timestamp() if reading.taken_at else None
        if reading.age > TRUSTED_FOR:
            self._replace(self._silence())
        else:
            self._replace(_samples(reading))

    def events(self, events: Sequence[Event]) -> None:
        """Take the values out of the file when the meter has become silent.

        Raises:
            SinkUnavailable: the file cannot be written.
        """
        silences = [event.value for event in events if event.kind == "silence"]
        if silences and silences[-1] == "begins":
            self._replace(self._silence())

    def test(self) -> Text:
        """Write the file as it is, or without values when there is none; return what was written.

        Raises:
            SinkUnavailable: the file cannot be written.
        """
        try:
            content = self._path.read_bytes()
        except OSError:
            content = page(self._silence(), self._lang)
        self._put(content)
        return Text("son fichier", "its file")

    def close(self) -> None:
        """Remove the file, if this sink has written it."""
        if self._wrote:
            try:
                self._storage.remove(self._path)
            except StorageError as error:
                raise SinkUnavailable(error.text) from error

    def _silence(self) -> Iterator[_Sample]:
        yield _Sample(_UP, 0)
        if self._taken_at is not None:
            yield _Sample(_TAKEN_AT, self._taken_at)

    def _replace(self, samples: Iterable[_Sample]) -> None:
        self._put(page(samples, self._lang))
        self._wrote = True

    def _put(self, content: bytes) -> None:
        try:
            self._storage.replace(self._path, content, sync=False, mode=_MODE)
        except StorageError as error:
            raise SinkUnavailable(error.text) from error


def _samples(live: Live) -> Iterator[_Sample]:
    """Yield the values of *live*; those of one metric follow each other."""
    reading, fields = live.reading, live.fields
    yield _Sample(_UP, 1)
    if live.taken_at is not None:
        yield _Sample(_TAKEN_AT, live.taken_at.timestamp())
    for metric, name in ((_POWER, "power"), (_INJECTED, "injected")):
        if name in fields:
            yield _Sample(metric, fields[name])
    contract = reading.contract
    if contract is not None and contract.subscribed_power is not None:
        yield _Sample(_SUBSCRIBED, contract.subscribed_power)
    for metric, name in ((_CURRENT, "current"), (_VOLTAGE, "voltage")):
        for phase in ("1", "2", "3"):
            if (value := fields.get(f"{name}_{phase}")) is not None:
                yield _Sample(metric, value, {"phase": phase})
    for register, index in reading.indexes.items():
        yield _Sample(_REGISTER, index * _JOULES, {"register": register})
    for metric, total in ((_DRAWN, reading.total_index), (_FED, reading.injected_index)):
        if total is not None:
            yield _Sample(metric, total * _JOULES)
    option = contract.option if contract is not None else None
    if option or live.period:
        yield _Sample(_TARIFF, 1, {"contract": option or "", "period": live.period})
    if live.ejp != Ejp.UNKNOWN.value:
        for state in (Ejp.NORMAL, Ejp.NOTICE, Ejp.PEAK):
            yield _Sample(_EJP, int(live.ejp == state.value), {"state": state.value})
    if reading.overload is not None:
        yield _Sample(_OVERLOAD, int(reading.overload))
    for relay, on in live.relays.items():
        yield _Sample(_RELAY, int(on), {"relay": relay})


def page(samples: Iterable[_Sample], lang: str) -> bytes:
    """Return *samples* in the text format of Prometheus, with the meaning of each metric in the language *lang*."""
    lines = []
    last = None
    for metric, value, labels in samples:
        if metric is not last:
            lines += [
                f"# HELP {metric.name} {metric.help.render(lang)}",
                f"# TYPE {metric.name} {metric.kind}",
            ]
            last = metric
        pairs = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        lines.append(f"{metric.name}{{{pairs}}} {value}" if pairs else f"{metric.name} {value}")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


#: The name under which every module of a sink has its class.
Sink = PrometheusFile
