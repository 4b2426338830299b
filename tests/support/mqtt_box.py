"""An MQTT sink as `deliver` makes it, and what is given to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from linkymonitor.delivery.rows import fields_of
from linkymonitor.language import Text
from linkymonitor.model.terms import Mode
from linkymonitor.sinks.base import Event, House, Live, Row
from linkymonitor.sinks.mqtt import Mqtt, Settings
from linkymonitor.tic.interpret import interpret_values
from tests.support.paho import paho

NOW = datetime(2026, 1, 13, 18, 42, 10, tzinfo=UTC)
NOTE = Event("note", NOW, "", Text("rien", "nothing"))
PRICES = {"HN": Decimal("0.20"), "PM": Decimal("0.80")}
EJP = {
    "ADCO": "*********901",
    "OPTARIF": "EJP.",
    "ISOUSC": 45,
    "EJPHN": 1000,
    "EJPHPM": 500,
    "PTEC": "HN..",
    "IINST": 3,
    "PAPP": 700,
}
TEMPO = {
    "ADCO": "*********901",
    "OPTARIF": "BBR(",
    "ISOUSC": 45,
    "BBRHCJB": 1,
    "BBRHPJB": 2,
    "BBRHCJW": 3,
    "BBRHPJW": 4,
    "BBRHCJR": 5,
    "BBRHPJR": 6,
    "PTEC": "HPJB",
    "DEMAIN": "ROUG",
    "IINST": 3,
    "PAPP": 700,
}


def price(register: str, _at: datetime, _subscribed: int | None) -> Decimal | None:
    return PRICES.get(register)


def sink(port: int, folder: Path | None, *, lang: str = "fr", box: str = "a1b2c3d4", **settings) -> Mqtt:
    paho()
    made = Settings(**{"name": "house", "host": "127.0.0.1", "port": port, **settings})
    made.house = House(lang, box=box, folder=folder, sinks=frozenset({made.name}), price=price)
    return Mqtt(made)


def live(values: dict[str, object] | None = None, age: float = 0.2, ejp: str = "normal", **changes) -> Live:
    return reading_of({**(values or EJP), **changes}, Mode.HISTORIQUE, age, ejp)


def reading_of(values: dict[str, object], mode: Mode, age: float = 0.2, ejp: str = "unknown") -> Live:
    """Return the reading of *values* as a sink has it."""
    reading = interpret_values(values, mode, NOW)
    period = str(values.get("PTEC", "")).rstrip(".")
    return Live(reading, NOW, age, period, ejp, fields_of(reading), values)


def row(number: int, at: datetime | None = None, **changes) -> Row:
    """Return record *number*: 12 s and 1 Wh of HN after the one before."""
    at = at or NOW + timedelta(seconds=12 * number)
    fields = {"power": 700, "index_HN": 1000 + number, "index_PM": 500, "frames": 8, "rejected": number % 2}
    return Row("0440d28074d5", 0, at, "EJP", "HN", fields, {"ejp": "normal"}, False, 9000)._replace(**changes)


def show(box: Mqtt, reading: Live) -> None:
    """Publish *reading*; the broker has it when it has acknowledged what comes behind it."""
    box.live(reading)
    box.events([NOTE])
