"""MQTT in the shape of Domoticz: a message on domoticz/in for each device."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from linkymonitor.errors import SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.mqtt_broker import BrokerSettings, topic_faults
from linkymonitor.sinks.mqtt_session import Message
from linkymonitor.sinks.shapes.domoticz_devices import Devices, Updates
from linkymonitor.sinks.shapes.live_mqtt import LiveOverMqtt


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(BrokerSettings, Devices):
    """``[sink:NAME]`` with ``type = mqtt`` and ``shape = domoticz``."""

    #: The shortest time between two updates.
    every: timedelta = timedelta(seconds=10)
    #: The topic that Domoticz reads.
    topic: str = "domoticz/in"

    def faults(self) -> list[Text]:
        """Return one sentence for each fault."""
        return [*BrokerSettings.faults(self), *topic_faults("topic", self.topic), *self.device_faults()]


class DomoticzOverMqtt(LiveOverMqtt):
    """The topic of Domoticz."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, f"linkymonitor-{settings.house.box}-{quote(settings.name)}")
        self._topic = settings.topic
        self._updates = Updates(settings)

    def messages(self, reading: Live) -> list[Message]:
        """Return a message for each device."""
        return [
            Message(self._topic, json.dumps(update._asdict(), ensure_ascii=False).encode())
            for update in self._updates.of(reading)
        ]

    def live(self, reading: Live) -> bool:
        """Publish *reading*, unless it is old; return whether it was published.

        Raises:
            SinkUnavailable: the broker is away, or refuses.
        """
        try:
            return super().live(reading)
        except SinkUnavailable:
            self._updates.forget()
            raise


#: The name under which every module of a sink has its class.
Sink = DomoticzOverMqtt
