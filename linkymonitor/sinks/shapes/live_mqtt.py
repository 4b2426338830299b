"""What the shapes over MQTT share: readings are published as they come, and records are not."""

# Strategy
#
# - The programs whose shapes these are publish each frame once, with QoS 0, and keep nothing. So these sinks take
#   records only to let their place in the log move on.
# - A reading that is old is not published: whoever reads the topic takes it for a new one.
# - What the broker retains of our own shape is removed when the section has another shape now. What such a program
#   retains is left: it may be in use again.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR
from linkymonitor.sinks.base import Live, Row
from linkymonitor.sinks.mqtt_broker import BrokerSettings, Link, broker_of, paho
from linkymonitor.sinks.mqtt_kept import KeptFile
from linkymonitor.sinks.mqtt_session import Message


class LiveOverMqtt(ABC):
    """A sink that publishes the newest reading.

    Args:
        settings: how to connect to the broker.
        client_id: the name of the box at the broker.
        hello: what is published after each connection; None: nothing.
        bye: what is published when the connection ends, by us or by a loss; None: nothing.
    """

    takes_records = False

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        hello: Message | None = None,
        bye: Message | None = None,
    ) -> None:
        self._is_test = settings.house.folder is None
        self._hello = [] if hello is None or self._is_test else [hello]
        self._bye = [] if bye is None or self._is_test else [bye]
        self._link = Link(
            paho(f"[sink:{settings.name}]"),
            broker_of(settings, client_id),
            will=self._bye[0] if self._bye else None,
            opened=self._opened,
        )
        self._file = KeptFile(settings.house.folder, settings.name, settings.house.sinks)

    @abstractmethod
    def messages(self, reading: Live) -> list[Message]:
        """Return what is published of *reading*."""

    def write(self, records: Sequence[Row]) -> bool:
        """Take no record: there is no message for one."""
        return False

    def live(self, reading: Live) -> bool:
        """Publish *reading*, unless it is old; return whether it was published.

        Raises:
            SinkUnavailable: the broker is away, or refuses.
        """
        messages = self.messages(reading) if reading.age <= TRUSTED_FOR else []
        if messages:
            self._link.send([], messages)
        return bool(messages)

    def test(self) -> Text:
        """Connect, and publish nothing; return what the broker has taken.

        Raises:
            SinkUnavailable: the broker is away, or refuses.
        """
        self._link.open()
        return Text("la connexion", "the connection")

    def _opened(self) -> None:
        """Begin a new connection, and remove what the broker retains for no one."""
        if not self._is_test:
            self._file.settle(self._file.read(), self._link, frozenset())
        self._link.publish(self._hello)

    def close(self) -> None:
        """Publish what stands for the end of the connection, and close it."""
        self._link.close(self._bye)
