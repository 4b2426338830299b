"""MQTT in the shape of Linky Energy Sensor: each frame as one JSON object, and a topic with the state."""

# Strategy
#
# - The object has each group under its label, by json.dumps with its defaults. ``Timestamp`` is the time of a horodate
#   without its season; a group whose horodate is no time, at which that program ends, has none.
# - The state is ``Connection Lost`` when deliver has ended, too: that program never takes leave of the broker.

from __future__ import annotations

import json
from dataclasses import dataclass

from linkymonitor.language import Text
from linkymonitor.sinks.base import Live
from linkymonitor.sinks.mqtt_broker import BrokerSettings, topic_faults
from linkymonitor.sinks.mqtt_session import Message
from linkymonitor.sinks.shapes.groups import groups_of, local_time, number_faults
from linkymonitor.sinks.shapes.live_mqtt import LiveOverMqtt

NEEDS_RAW = True


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings(BrokerSettings):
    """``[sink:NAME]`` with ``type = mqtt`` and ``shape = linky-sensor``."""

    #: The name of the box at the broker.
    client_name: str = "linky-sensor"
    #: The topic of frames.
    data_queue: str = "house/sensors/energy"
    #: The topic of the state.
    status_queue: str = "house/probes/linky-sensor/status"
    #: The address of the meter; empty: it is masked.
    meter_number: str | None = None

    def faults(self) -> list[Text]:
        """Return one sentence for each fault."""
        faults = BrokerSettings.faults(self)
        for key, topic in (("data_queue", self.data_queue), ("status_queue", self.status_queue)):
            faults += topic_faults(key, topic)
        return faults + number_faults(self.meter_number)


class LinkySensor(LiveOverMqtt):
    """The topics of Linky Energy Sensor."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings,
            settings.client_name,
            hello=Message(settings.status_queue, b"Connected", retain=True, qos=2),
            bye=Message(settings.status_queue, b"Connection Lost", retain=True, qos=2),
        )
        self._topic = settings.data_queue
        self._meter_number = settings.meter_number

    def messages(self, reading: Live) -> list[Message]:
        """Return the message of *reading*; none when acquire gives no groups."""
        frame = {}
        for label, (horodate, data) in groups_of(reading, self._meter_number).items():
            frame[label] = {"Value": data}
            time = local_time(horodate) if horodate else None
            if time is not None:
                frame[label]["Timestamp"] = time.isoformat()
        return [Message(self._topic, json.dumps(frame).encode())] if frame else []


#: The name under which every module of a sink has its class.
Sink = LinkySensor
