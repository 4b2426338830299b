"""MQTT in the shape of emonHub: a topic for each value of the node, as the MQTT input of EmonCMS reads it."""

# Strategy
#
# - Names and codes are those of hallard/teleinfo (emoncms_values.py); a payload is a plain number.
# - NJOURF+1 is left out: a topic may not have a plus sign.

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from linkymonitor.language import Text
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.mqtt_broker import BrokerSettings, topic_faults
from linkymonitor.sinks.mqtt_session import Message
from linkymonitor.sinks.shapes.emoncms_values import numbers_of
from linkymonitor.sinks.shapes.groups import number_faults
from linkymonitor.sinks.shapes.live_mqtt import LiveOverMqtt

NEEDS_RAW = True
#: A broker closes the connection at a topic with a wildcard, and another topic would begin at a slash.
_NO_TOPIC = frozenset("+#/")


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(BrokerSettings):
    """``[sink:NAME]`` with ``type = mqtt`` and ``shape = emonhub``."""

    #: What stands before every topic.
    topic: str = "emon"
    #: The name of the node.
    node: str = "linky"
    #: The address of the meter; empty: it is not sent.
    meter_number: str | None = None

    def faults(self) -> list[Text]:
        """Return one sentence for each fault."""
        faults = BrokerSettings.faults(self)
        faults += topic_faults("topic", self.topic) + topic_faults("node", self.node)
        return faults + number_faults(self.meter_number)


class EmonHub(LiveOverMqtt):
    """The topics of emonHub."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, f"linkymonitor-{settings.house.box}-{quote(settings.name)}")
        self._topic = f"{settings.topic}/{settings.node}"
        self._meter_number = settings.meter_number

    def messages(self, reading: Live) -> list[Message]:
        """Return a message for each number of *reading*; none when acquire gives no groups."""
        return [
            Message(f"{self._topic}/{name}", str(int(number)).encode())
            for name, number in numbers_of(reading, self._meter_number).items()
            if _NO_TOPIC.isdisjoint(name)
        ]


#: The name under which every module of a sink has its class.
Sink = EmonHub
