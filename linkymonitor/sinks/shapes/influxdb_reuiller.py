"""InfluxDB in the shape of teleinfo-linky-with-raspberry, by Sébastien Reuiller: one measurement a label."""

# Strategy
#
# - Each label of a frame but the address of the meter is a measurement with a field ``value``. A meter in standard
#   mode, which that program cannot read, and the log give the labels of the historique mode that mean the same.
# - That program writes some numbers as text, so that nobody can draw them. Here a label with digits is a number, unless
#   its measurement has another type in the database already: InfluxDB takes no second type.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.shapes.groups import ADDRESSES
from linkymonitor.sinks.shapes.historique_names import labels_of
from linkymonitor.sinks.shapes.live_influx import InfluxSettings, LiveOverInflux, field_text

NEEDS_RAW = True
_TAGS = "host=raspberry,region=linky"
#: The labels that are text although they may be digits.
_TEXTS = frozenset({"MOTDETAT", "PPOT"})


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(InfluxSettings):
    """``[sink:NAME]`` with ``type = influxdb`` and ``shape = reuiller``."""

    #: The name of the database.
    database: str = "teleinfo"


class Reuiller(LiveOverInflux):
    """One measurement a label."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._database = settings.database
        #: Measurement → type of its field ``value``.
        self._types: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the database if it is not there, and note the types that it has."""
        names = self.server.ask("SHOW DATABASES")
        if [self._database] not in [row for series in names for row in series.get("values", [])]:
            self.server.ask(f'CREATE DATABASE "{self._database}"')
        self._types = {
            series["name"]: kind
            for series in self.server.ask("SHOW FIELD KEYS")
            for field, kind in series.get("values", [])
            if field == "value"
        }

    def write_reading(self, reading: Live, at: datetime) -> None:
        """Write each group of *reading*."""
        values: dict[str, str | int] = {}
        if reading.reading.mode is Mode.HISTORIQUE:
            for label, (_, data) in reading.raw.items():
                if label not in ADDRESSES:
                    values[label] = int(data) if label not in _TEXTS and data.isdecimal() else data
        else:
            contract = reading.reading.contract
            option, subscribed = (contract.option, contract.subscribed_power) if contract else ("", None)
            values = labels_of(reading.fields, reading.period, option, subscribed)
        if lines := self._lines(values, at):
            self.server.send(lines)

    def write_rows(self, records: Sequence[Row]) -> None:
        """Write what the log has of *records*."""
        lines = []
        for row in records:
            values = labels_of(row.fields, row.period, row.contract, row.subscribed_power)
            lines += self._lines(values, row.ended_at)
        if lines:
            self.server.send(lines)

    def _lines(self, values: Mapping[str, str | int], at: datetime) -> list[str]:
        """Return a point for each of *values*, in the type that its measurement has."""
        lines = []
        for label, value in values.items():
            kind = self._types.setdefault(label, "integer" if isinstance(value, int) else "string")
            if kind != "string" and not isinstance(value, int):
                continue
            text = {"integer": f"{value}i", "float": str(value)}.get(kind, field_text(str(value)))
            lines.append(f"{label},{_TAGS} value={text} {int(at.timestamp())}")
        return lines


#: The name under which every module of a sink has its class.
Sink = Reuiller
