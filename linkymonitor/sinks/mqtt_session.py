"""One connection to an MQTT broker, by paho-mqtt 1.6 or 2."""

# Strategy
#
# - The connection has no thread. The thread of the sink moves it, while it publishes; nothing is done in between. The
#   broker then drops a box that has sent nothing for long, and publishes its last will: the box is offline, which is
#   what a box without readings has to be.
# - A message has QoS 1 or 2, and publish() returns once the broker has acknowledged all of them. What waits in memory
#   is thus one batch at most, and a broker that never answers is noticed.
# - A live value comes each second and is worth nothing later: show() sends it with QoS 0 and waits for no answer. It
#   writes the packet to the socket by itself: the publish() of paho costs five times as much.
# - The box wants nothing of the broker but short answers, and one word of Home Assistant. A longer packet is refused
#   before it is read, as anybody may publish a message of 100 MB.
# - A connection that is lost is thrown away, with all that paho still holds for it. Who publishes has it all still.

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.language import Text, cause
from linkymonitor.sinks.network import connection_cause, no_answer, tls_cause

if TYPE_CHECKING:
    import ssl

#: The broker has so many seconds to answer.
PATIENCE = 10.0
#: How many messages wait for their acknowledgement at once: mosquitto allows 20 under MQTT 5. More than these are not
#: given to paho, which looks through all that it holds at each acknowledgement.
_IN_FLIGHT = 20
#: The answers to CONNECT of MQTT 3.1.1 as reason codes of MQTT 5.
_OF_3_1_1 = {1: 132, 2: 133, 3: 136, 4: 134, 5: 135}
_TAKEN_OVER = 142
#: The longest packet that is taken from the broker, in bytes.
_LONGEST = 16_384
#: The first byte of a PUBLISH packet; its lowest bit is RETAIN.
_PUBLISH = 0x30
#: Reasons that are about a message itself: it is too large, or its payload is not what the broker accepts.
_ABOUT_THE_MESSAGE = {149, 153}
#: The keys that name the broker.
_KEYS = Text("host et port", "host and port")
#: Reason code of MQTT 5 → what it means, and what to do.
_REASONS = {
    132: Text(
        "il ne parle pas cette version de MQTT ; changez protocol", "no such version of MQTT; change protocol"
    ),
    133: Text("identifiant refusé ; donnez un autre id", "the identifier is refused; set another id"),
    134: Text(
        "mauvais utilisateur ou mot de passe ; corrigez user et password_file",
        "wrong user or password; correct user and password_file",
    ),
    135: Text(
        "accès refusé ; corrigez user et password_file, ou donnez-lui le droit d'écrire sous ce sujet",
        "not authorised; correct user and password_file, or grant the right to write below this topic",
    ),
    136: Text("hors service pour l'instant", "out of service for now"),
    144: Text("sujet refusé ; donnez un autre topic", "the topic is refused; set another topic"),
    149: Text("message trop long pour lui", "the message is too long for it"),
    151: Text("quota dépassé", "the quota is exceeded"),
}


class Message(NamedTuple):
    """What is published."""

    topic: str
    payload: bytes
    #: Whether the broker retains the message for later subscribers; an empty payload removes the retained message.
    retain: bool = False
    #: 1 or 2: how the broker acknowledges the message.
    qos: int = 1


class Broker(NamedTuple):
    """A broker, and how to connect to it."""

    host: str
    port: int
    client_id: str
    #: Seconds; after half as much again without a message, the broker counts the box as offline.
    keepalive: int
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    #: Whether MQTT 5 is spoken, not 3.1.1.
    version_5: bool = False

    def sentence(self, why: Text) -> Text:
        """Return *why* with the address of the broker."""
        address = f"{self.host}:{self.port}"
        return Text(f"courtier MQTT {address} : {why.fr}", f"MQTT broker {address}: {why.en}")

    def taken_over(self) -> Text:
        """Return the sentence about another client of the same name."""
        name = self.client_id
        return self.sentence(
            Text(
                f"il ferme la connexion dès qu'un autre client s'appelle {name} ; "
                "deux boîtiers ont le même id : donnez-en un autre à celui-ci",
                f"it closes the connection whenever another client is named {name}; "
                "two boxes have the same id: set another one here",
            )
        )


class ConnectionLost(SinkUnavailable):
    """The connection was open, and the broker has closed it."""


class TooLong(ConnectionLost):
    """The broker has sent a packet that is too long, so we have closed the connection."""


class Session:
    """One connection, open from `open` to `close`, or until a method raises SinkUnavailable.

    Args:
        mqtt: the module ``paho.mqtt.client``.
        broker: where to.
        will: what the broker publishes when the connection is lost; None: nothing.
        listen: a topic; `heard` has the payloads that come.
    """

    def __init__(self, mqtt: ModuleType, broker: Broker, will: Message | None, listen: str | None) -> None:
        self.heard: list[bytes] = []
        self._mqtt = mqtt
        self._broker = broker
        self._will = will
        self._listen = listen
        self._client: Any = None
        self._answer: int | None = None
        self._closed_for = 0
        #: The length of a packet that was refused, in bytes; 0: none was.
        self._refused = 0
        self._acknowledged: dict[int, int] = {}

    def open(self) -> None:
        """Connect.

        Raises:
            SinkUnavailable: the broker is away, or refuses.
        """
        self._client = client = self._new_client()
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=self._broker.keepalive)
        except (OSError, ValueError) as error:
            self._drop()
            # paho leaves the socket of a handshake that failed to its frames, which would live as long as *error*.
            why = self._broker.sentence(_why(error, self._broker))
            raise SinkUnavailable(why) from error.with_traceback(None)
        try:
            self._until(lambda: self._answer is not None)
        except ConnectionLost as error:
            raise SinkUnavailable(self._broker.sentence(self._unanswered())) from error
        if self._answer:
            reason = self._answer
            self._drop()
            raise SinkUnavailable(self._broker.sentence(_reason(reason)))
        if self._listen is not None:
            client.subscribe(self._listen, 1)

    def publish(self, messages: Sequence[Message]) -> None:
        """Return once the broker has acknowledged *messages*.

        Raises:
            ConnectionLost: the broker has closed the connection, perhaps before this call.
            SinkRefused: the broker can never take one of them.
            SinkUnavailable: the broker does not answer, or refuses for a reason that can be mended.
        """
        if self._client is None:
            raise self._lost()
        answers = self._acknowledged
        answers.clear()
        try:
            for number, message in enumerate(messages):
                self._until(lambda: len(answers) > number - _IN_FLIGHT)  # noqa: B023 (called at once)
                sent = self._client.publish(message.topic, message.payload, message.qos, message.retain)
                if sent.rc == self._mqtt.MQTT_ERR_NO_CONN:
                    raise self._lost()
            self._until(lambda: len(answers) == len(messages))
        except OSError:
            raise self._lost() from None
        finally:
            # mosquitto closes the connection behind an answer that refuses, so the answer is looked at in any case.
            self._judge()

    def show(self, messages: Sequence[Message]) -> None:
        """Send *messages* with QoS 0, and wait for no answer; what has come meanwhile is read.

        Raises:
            ConnectionLost: the broker has closed the connection, perhaps before this call.
            SinkUnavailable: the connection takes nothing.
        """
        client, fine = self._client, self._mqtt.MQTT_ERR_SUCCESS
        socket = client and client.socket()
        try:
            if socket is None or (_readable(socket) and client.loop_read() != fine):
                raise self._lost()
            # An answer of paho may still be on its way; it goes before the packets.
            if client.want_write() and (client.loop_write() != fine or client.want_write()):
                raise self._lost()
            socket.settimeout(PATIENCE)
            socket.sendall(b"".join(_packet(one, version_5=self._broker.version_5) for one in messages))
            socket.setblocking(False)
        except TimeoutError:
            raise self._no_answer() from None
        except OSError:
            raise self._lost() from None

    def _judge(self) -> None:
        """Raise what the answers of the broker mean."""
        faults = [reason for reason in self._acknowledged.values() if reason >= 128]
        if faults:
            error = SinkRefused if faults[0] in _ABOUT_THE_MESSAGE else SinkUnavailable
            raise error(self._broker.sentence(_reason(faults[0])))

    def close(self, farewell: Sequence[Message] = ()) -> None:
        """Publish *farewell* if the connection is still open, and close it."""
        if self._client is None:
            return
        with suppress(SinkUnavailable, SinkRefused):
            self.publish(farewell)
            self._client.disconnect()
            self._client.loop(0.1)
        self._drop()

    def _new_client(self) -> Any:  # noqa: ANN401 -- the client of a library without types
        mqtt, broker = self._mqtt, self._broker
        words: dict[str, Any] = {
            "client_id": broker.client_id,
            "protocol": mqtt.MQTTv5 if broker.version_5 else mqtt.MQTTv311,
        }
        if hasattr(mqtt, "CallbackAPIVersion"):  # paho-mqtt 2
            words["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
        client = mqtt.Client(**words)
        self._bound(client)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls is not None:
            client.tls_set_context(broker.tls)
        if self._will is not None:
            client.will_set(*self._will[:2], self._will.qos, self._will.retain)
        return client

    def _bound(self, client: Any) -> None:  # noqa: ANN401 -- the same
        """Let *client* take no packet that is longer than _LONGEST."""
        receive = client._sock_recv  # noqa: SLF001 -- both versions of paho ask it for the whole rest of a packet

        def bounded(size: int) -> bytes:
            if size > _LONGEST:
                self._refused = size
                raise ConnectionError("the packet is too long")  # the one error that both versions take
            received: bytes = receive(size)
            return received

        client._sock_recv = bounded  # noqa: SLF001 -- the same

    # The two versions of paho-mqtt call these with other arguments behind the first two.

    def _on_connect(self, _client: object, _data: object, _flags: object, reason: object, *_: object) -> None:
        self._answer = _number(reason)

    def _on_disconnect(self, _client: object, _data: object, *rest: object) -> None:
        self._closed_for = _number(rest[1] if len(rest) > 2 else rest[0])

    def _on_publish(self, _client: object, _data: object, mid: int, reason: object = 0, *_: object) -> None:
        self._acknowledged[mid] = _number(reason)

    def _on_message(self, _client: object, _data: object, message: Any) -> None:  # noqa: ANN401 -- the same
        self.heard.append(message.payload[:100])
        del self.heard[:-10]

    def _until(self, done: Callable[[], bool]) -> None:
        """Move the connection until *done*."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._no_answer()
            try:
                lost = self._client.loop(min(left, 1.0)) != self._mqtt.MQTT_ERR_SUCCESS
            except OSError:  # paho-mqtt 1.6 lets most errors of a socket through
                lost = True
            if lost and not done():
                raise self._lost()

    def _no_answer(self) -> SinkUnavailable:
        self._drop()
        why = no_answer(PATIENCE, _KEYS)
        return SinkUnavailable(self._broker.sentence(why))

    def _unanswered(self) -> Text:
        """Return why a broker closes the connection before it has answered."""
        if self._broker.tls is not None:
            return Text(
                "il ferme la connexion sans répondre ; corrigez port ou protocol",
                "it closes the connection without an answer; correct port or protocol",
            )
        return Text(
            "il ferme la connexion sans répondre ; corrigez port, ou mettez tls = oui",
            "it closes the connection without an answer; correct port, or set tls = yes",
        )

    def _lost(self) -> ConnectionLost:
        self._drop()
        if self._refused:
            why = Text(
                f"il envoie un message de {self._refused} octets, qui n'est pas lu",
                f"it sends a message of {self._refused} bytes, which is not read",
            )
            return TooLong(self._broker.sentence(why))
        if self._closed_for == _TAKEN_OVER:
            return ConnectionLost(self._broker.taken_over())
        why = _REASONS.get(self._closed_for, Text("il a fermé la connexion", "it has closed the connection"))
        return ConnectionLost(self._broker.sentence(why))

    def _drop(self) -> None:
        """Close the socket; nothing more is sent."""
        client, self._client = self._client, None
        if client is None:
            return
        socket = client.socket()
        if socket is not None:
            with suppress(OSError):
                socket.close()


def _readable(socket: Any) -> bool:  # noqa: ANN401 -- of ssl or not
    """Return whether something has come, or the end of the connection."""
    pending = getattr(socket, "pending", None)
    return bool(pending and pending()) or bool(select.select((socket,), (), (), 0)[0])


def _packet(message: Message, *, version_5: bool) -> bytes:
    """Return *message* as a PUBLISH packet with QoS 0 (MQTT 3.1.1 and 5, §3.3)."""
    topic = message.topic.encode()
    content = len(topic).to_bytes(2, "big") + topic + (b"\0" if version_5 else b"") + message.payload
    head = bytearray((_PUBLISH | message.retain,))
    left = len(content)
    while left > 0x7F:
        head.append(left & 0x7F | 0x80)
        left >>= 7
    head.append(left)
    return bytes(head) + content


def _number(reason: object) -> int:
    """Return the reason code, whichever of its forms paho-mqtt gives."""
    found = getattr(reason, "value", reason)
    return _OF_3_1_1.get(found, found) if isinstance(found, int) else 0


def _reason(number: int) -> Text:
    return _REASONS.get(number, Text(f"refus, code {number}", f"refused, code {number}"))


def _why(error: Exception, broker: Broker) -> Text:
    """Return why no connection was made."""
    without = Text("tls = non", "tls = no")
    if broker.tls is not None and isinstance(error, ConnectionResetError):
        # Asked for TLS, a broker without TLS closes the connection.
        return Text(
            f"il ferme la connexion : ce port n'a peut-être pas de TLS ; corrigez port, ou écrivez {without.fr}",
            f"it closes the connection: this port may have no TLS; correct port, or write {without.en}",
        )
    return tls_cause(error, broker.host, "host", without) or (
        connection_cause(error, _KEYS) if isinstance(error, OSError) else cause(error)
    )
