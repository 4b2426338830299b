"""The connection of a sink to its MQTT broker: its settings, and how it is opened again."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.base import Settings as Common
from linkymonitor.sinks.mqtt_session import Broker, ConnectionLost, Message, Session, TooLong
from linkymonitor.sinks.network import check_plaintext, library, read_secret, tls_context

log = logging.getLogger(__name__)

#: A broker that closes the connection so many times within so many seconds has another client of the same name.
_CLOSED, _WITHIN = 4, 60.0


class Protocol(Enum):
    """The version of MQTT."""

    V3_1_1 = "3.1.1"
    V5 = "5"


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class BrokerSettings(Common):
    """The keys of every ``[sink:NAME]`` that publishes to an MQTT broker."""

    #: The machine of the broker.
    host: str = "localhost"
    #: Its port; empty: 1883, with TLS 8883.
    port: int | None = None
    #: The name under which the box signs in; empty: none.
    user: str | None = None
    #: The file with the password, which only its owner and his group may read.
    password_file: Path | None = None
    #: yes: the connection is encrypted, and the certificate of the broker is verified.
    tls: bool = False
    #: The file with the certificate of the authority that has signed that of the broker; empty: those of the system.
    ca: Path | None = None
    #: yes: the password may go to another machine without TLS.
    allow_plaintext: bool = False
    #: 3.1.1 or 5: the version of MQTT.
    protocol: Protocol = Protocol.V3_1_1

    def __post_init__(self) -> None:
        faults = self.faults()
        if faults:
            raise BadSetting(*faults)

    def faults(self) -> list[Text]:
        """Return one sentence for each fault; a class that inherits adds those of its own keys."""
        faults: list[Text] = []
        try:
            Common.__post_init__(self)
        except BadSetting as error:
            faults += error.faults
        if self.port is not None and not 1 <= self.port <= 65535:
            faults.append(
                Text(f"port = {self.port} : on attend 1 à 65535", f"port = {self.port}: expected 1 to 65535")
            )
        if self.password_file and not self.user:
            faults.append(
                Text(
                    "password_file : on attend aussi user, sans lequel aucun mot de passe n'est envoyé",
                    "password_file: expected user, too: without it no password is sent",
                )
            )
        if set(self.name) & set("#+/"):
            faults.append(
                Text(
                    f"le nom {self.name} : on attend un nom sans #, + ni /",
                    f"the name {self.name}: expected a name without #, + or /",
                )
            )
        return faults


def place_of(settings: BrokerSettings) -> str:
    """Return the host and the port of the broker of *settings*, as the files of mqtt_kept.py name it."""
    return f"{settings.host}:{settings.port or (8883 if settings.tls else 1883)}"


def paho(section: str) -> ModuleType:
    """Return the client library of MQTT.

    Raises:
        ConfigError: it is not installed.
    """
    return library("paho.mqtt.client", section=section, extra="mqtt", debian="python3-paho-mqtt")


def broker_of(settings: BrokerSettings, client_id: str) -> Broker:
    """Return the broker of *settings*.

    Args:
        settings: how to connect to it.
        client_id: the name of the box, which no other client of that broker has.

    Raises:
        ConfigError: its password or its certificates cannot be used.
    """
    section = f"[sink:{settings.name}]"
    password = None
    if settings.password_file is not None:
        password = read_secret(settings.password_file, section=section)
    check_plaintext(
        settings.host,
        secret=password is not None,
        tls=settings.tls,
        allowed=settings.allow_plaintext,
        section=section,
    )
    # A test has a name of its own: the broker would close the connection of the `deliver` that runs.
    test = "-test" if settings.house.folder is None else ""
    return Broker(
        host=settings.host,
        port=settings.port or (8883 if settings.tls else 1883),
        client_id=f"{client_id}{test}",
        keepalive=max(10, round(2 * settings.every.total_seconds())),
        user=settings.user,
        password=password,
        tls=tls_context(settings.ca, section=section) if settings.tls else None,
        version_5=settings.protocol is Protocol.V5,
    )


def topic_faults(key: str, topic: str) -> list[Text]:
    """Return a sentence when *topic*, the value of the setting *key*, is no topic that can be published to."""
    if (
        0 < len(topic.encode("utf-8", "replace")) <= 200
        and topic.isprintable()
        and not set(topic) & set("#+ ")
        and not topic.startswith(("/", "$"))
        and not topic.endswith("/")
    ):
        return []
    return [
        Text(
            f"{key} = {topic} : on attend un sujet sans #, +, espace ni / aux bouts",
            f"{key} = {topic}: expected a topic without #, +, a space or a / at its ends",
        )
    ]


class Link:
    """A connection that is opened when something is sent, and once more when the broker has closed it meanwhile.

    Args:
        mqtt: the module ``paho.mqtt.client``.
        broker: where to.
        will: what the broker publishes when the connection is lost; None: nothing.
        listen: a topic; `heard` has the payloads that come; None: none.
        opened: called after each opening; it may publish.
        greeting: returns what is published before the messages of the next call of `send`.
    """

    def __init__(
        self,
        mqtt: ModuleType,
        broker: Broker,
        *,
        will: Message | None = None,
        listen: str | None = None,
        opened: Callable[[], None] = lambda: None,
        greeting: Callable[[], list[Message]] = list,
    ) -> None:
        self.broker = broker
        self.session: Session | None = None
        self._mqtt = mqtt
        self._will = will
        self._listen = listen
        self._opened = opened
        self._greeting = greeting
        #: When the broker has closed the connection, by the monotonic clock.
        self._closed: deque[float] = deque(maxlen=_CLOSED)

    def heard(self) -> list[bytes]:
        """Return the payloads that have come since the last call."""
        if self.session is None:
            return []
        heard, self.session.heard = self.session.heard, []
        return heard

    def send(self, messages: Sequence[Message], shown: Sequence[Message] = ()) -> None:
        """Return once the broker has acknowledged *messages*; *shown* are sent, and not waited for.

        Raises:
            SinkUnavailable: the broker is away, refuses, or closes the connection again and again.
            SinkRefused: the broker can never take one of *messages*.
        """
        try:
            if self.session is None:
                self.open()
            self.publish([*self._greeting(), *messages], shown)
        except ConnectionLost as error:
            self._note_closed(error)
            self.open()
            self.publish([*self._greeting(), *messages], shown)

    def open(self) -> None:
        """Connect.

        Raises:
            SinkUnavailable: the broker is away, or refuses.
        """
        session = Session(self._mqtt, self.broker, self._will, self._listen)
        session.open()
        self.session = session
        self._opened()

    def publish(self, messages: Sequence[Message], shown: Sequence[Message] = ()) -> None:
        """Publish on the connection that is open.

        Raises:
            ConnectionLost, SinkUnavailable, SinkRefused: as for `send`.
        """
        assert self.session is not None
        try:
            if messages:
                self.session.publish(messages)
            if shown:
                self.session.show(shown)
        except SinkUnavailable:
            self.session = None
            raise

    def close(self, farewell: Sequence[Message] = ()) -> None:
        """Publish *farewell* if the connection is still open, and close it."""
        if self.session is not None:
            self.session.close(farewell)
            self.session = None

    def _note_closed(self, error: ConnectionLost) -> None:
        """Note that the connection was closed.

        Raises:
            SinkUnavailable: the broker does so again and again, or sends what is too long though nothing is subscribed.
        """
        if isinstance(error, TooLong):
            if self._listen is None:
                raise error
            log.warning(
                Text(
                    "%s ; %s n'est plus écouté jusqu'au prochain lancement",
                    "%s; %s is listened to no more until the next start",
                ),
                error.text,
                self._listen,
            )
            self._listen = None
            return
        self._closed.append(time.monotonic())
        if len(self._closed) == _CLOSED and self._closed[-1] - self._closed[0] < _WITHIN:
            self._closed.clear()
            raise SinkUnavailable(self.broker.taken_over()) from None
