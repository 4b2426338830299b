"""MQTT in the shape of LinkyRPi: a topic for each value, with its unit and its icon."""

# Strategy
#
# - Every reading is published whole, as LinkyRPi does, without retain; `every` is its refreshMQTT.
# - The figures of the machine come from /proc. The topics of the network (LinkyRPi/Network/…) are left out: they are
#   not for this program to look at.

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from linkymonitor.language import Text
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.mqtt_broker import BrokerSettings, topic_faults
from linkymonitor.sinks.mqtt_session import Message
from linkymonitor.sinks.shapes.groups import number_faults
from linkymonitor.sinks.shapes.linkyrpi_names import BY_NAME
from linkymonitor.sinks.shapes.linkyrpi_values import values_of
from linkymonitor.sinks.shapes.live_mqtt import LiveOverMqtt
from linkymonitor.system.machine import Machine, disk

NEEDS_RAW = True
_encode = json.JSONEncoder(ensure_ascii=False).encode
_MEGABYTE, _GIGABYTE = 1024**2, 1024**3


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(BrokerSettings):
    """``[sink:NAME]`` with ``type = mqtt`` and ``shape = linkyrpi``."""

    #: The shortest time between two readings.
    every: timedelta = timedelta(seconds=5)
    #: What stands before every topic.
    topic: str = "LinkyRPi"
    #: The address of the meter; empty: it is masked, and its model is not known.
    meter_number: str | None = None

    def faults(self) -> list[Text]:
        """Return one sentence for each fault."""
        faults = BrokerSettings.faults(self)
        return [*faults, *topic_faults("topic", self.topic), *number_faults(self.meter_number)]


class LinkyRPi(LiveOverMqtt):
    """The topics of LinkyRPi."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, f"linkymonitor-{settings.house.box}-{quote(settings.name)}")
        self._root = settings.topic
        self._meter_number = settings.meter_number
        self._machine = Machine()
        #: Name → its last value, and the message of that value: nine in ten stay from one reading to the next.
        self._last: dict[str, tuple[str | float, Message]] = {}

    def messages(self, reading: Live) -> list[Message]:
        """Return a message for each value of *reading*; none when acquire gives no groups."""
        if not reading.raw:
            return []
        messages = [
            Message(f"{self._root}/Status/{name}", str(value).encode())
            for name, value in self._status().items()
        ]
        for name, value in values_of(reading, self._meter_number).items():
            last = self._last.get(name)
            if last is None or last[0] != value:
                last = self._last[name] = value, self._message(name, value)
            messages.append(last[1])
        return messages

    def _message(self, name: str, value: str | float) -> Message:
        row = BY_NAME[name]
        document = {"Value": value, "unit_of_measurement": row.unit, "icon": row.icon}
        return Message(f"{self._root}/{row.branch}/{name}", _encode(document).encode())

    def _status(self) -> dict[str, str | float]:
        """Return the figures of this machine, those that the kernel shows."""
        found: dict[str, str | float] = {"Execution": "ON"}
        with suppress(OSError, ValueError):
            found["CpuPercent"] = self._machine.cpu_percent()
        with suppress(OSError, ValueError, KeyError):
            memory = self._machine.memory()
            found |= {
                "RamAvailable": round(memory.available / _MEGABYTE, 1),
                "RamTotal": round(memory.total / _MEGABYTE, 1),
                "RamPercent": memory.percent,
            }
        with suppress(OSError):
            card = disk()
            found |= {
                "SDAvailable": round(card.available / _GIGABYTE, 1),
                "SDTotal": round(card.total / _GIGABYTE, 1),
                "SDPercent": card.percent,
            }
        return found


#: The name under which every module of a sink has its class.
Sink = LinkyRPi
