"""The MQTT sink and brokers that refuse, hang, flood or want a password, and the settings of the connection."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from linkymonitor.config import ConfigError
from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.sinks import mqtt_session
from linkymonitor.sinks.mqtt import Settings
from linkymonitor.sinks.mqtt_broker import Protocol
from linkymonitor.sinks.mqtt_session import Broker, Message, Session
from tests.support.certificates import certificate
from tests.support.commands import until
from tests.support.mosquitto import free_port, mosquitto, retained, subscribed
from tests.support.mqtt_box import live, row, sink
from tests.support.paho import EACH_PAHO, paho


@EACH_PAHO
@pytest.mark.parametrize("protocol", Protocol)
def test_two_boxes_with_one_id_are_told(broker, folder, tmp_path, protocol):
    (tmp_path / "copy").mkdir()
    boxes = [sink(broker.port, place, protocol=protocol) for place in (folder, tmp_path / "copy")]

    told = []

    def both_write() -> bool:
        for box in boxes:
            try:
                box.live(live())
            except SinkUnavailable as error:
                told.append(error.text)
        return bool(told)

    until(both_write)
    assert "deux boîtiers ont le même id" in told[0].fr
    assert "linkymonitor-a1b2c3d4-house" in told[0].en
    for box in boxes:
        box.close()


@EACH_PAHO
def test_a_wrong_password_is_one_sentence_without_it(tmp_path, folder):
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    program = "/usr/bin/mosquitto_passwd"
    with mosquitto(tmp_path / "broker", "allow_anonymous false", f"password_file {passwords}") as broker:
        subprocess.run([program, "-b", str(passwords), "linky", "s3cret"], check=True, capture_output=True)
        broker.stop()
        broker.start()
        secret = tmp_path / "secret"
        secret.touch(0o600)
        for words, taken in (("wr0ng\n", False), ("s3cret\n", True)):
            secret.write_text(words)
            box = sink(broker.port, folder, user="linky", password_file=secret)
            if taken:
                box.write([row(1)])
            else:
                with pytest.raises(SinkUnavailable, match="user et password_file") as caught:
                    box.write([row(1)])
                assert "wr0ng" not in str(caught.value)
            box.close()


@EACH_PAHO
def test_a_broker_that_never_answers_is_unavailable_after_its_time(folder, monkeypatch):
    monkeypatch.setattr(mqtt_session, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as hole:
        box = sink(hole.getsockname()[1], folder)
        with pytest.raises(SinkUnavailable, match="pas de réponse"):
            box.write([row(1)])
        box.close()


@EACH_PAHO
def test_records_and_live_values_go_over_tls(tmp_path, folder):
    shown, port = certificate(tmp_path / "own"), free_port()
    encrypted = (f"listener {port} 127.0.0.1", f"certfile {shown.pem}", f"keyfile {shown.key}")
    with (
        mosquitto(tmp_path / "broker", "allow_anonymous true", *encrypted) as broker,
        subscribed(broker.port) as subscriber,
    ):
        box = sink(port, folder, tls=True, ca=shown.pem)
        for number in range(5):
            box.live(live(PAPP=number))
            box.write([row(100 * number + one) for one in range(100)])
        until(lambda: len(subscriber.of("record")) == 500)
        assert [document["power"] for document in subscriber.documents("live")] == [0, 1, 2, 3, 4]
        assert [document["index_HN"] for document in subscriber.documents("record")] == [*range(1000, 1500)]
        box.close()


@EACH_PAHO
@pytest.mark.parametrize("protocol", Protocol)
def test_a_live_value_arrives_whole_whatever_its_length(broker, protocol):
    version_5 = protocol is Protocol.V5
    session = Session(
        paho(),
        Broker("127.0.0.1", broker.port, "box", 60, version_5=version_5),
        None,
        None,
    )
    # The length of a packet takes one byte, two, three and four.
    sent = [b"a", b"b" * 127, b"c" * 16_383, b"d" * 2_100_000, "é".encode()]
    with subscribed(broker.port) as subscriber:
        session.open()
        for payload in sent:
            session.show([Message("box/live", payload, retain=True)])
        session.publish([Message("box/record", b"1")])
        until(lambda: subscriber.of("record") == [b"1"])
        assert subscriber.of("live") == sent
        assert retained(broker.port) == {"box/live": sent[-1]}
        session.close()


@EACH_PAHO
def test_live_values_to_a_broker_that_reads_nothing_more_do_not_pile_up(folder, monkeypatch):
    """It accepts the box, and then neither reads nor closes; the buffers of the kernel are full some day."""
    monkeypatch.setattr(mqtt_session, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        session = Session(
            paho(),
            Broker("127.0.0.1", server.getsockname()[1], "box", 60),
            None,
            None,
        )
        accepted = []

        def accept() -> None:
            connection, _ = server.accept()
            accepted.append(connection)
            connection.recv(4096)
            connection.sendall(b"\x20\x02\x00\x00")

        thread = threading.Thread(target=accept)
        thread.start()
        session.open()
        thread.join(100)
        sent = []

        def show_for_ever() -> None:
            while True:
                sent.append(session.show([Message("box/live", b"x" * 100_000)]))

        with pytest.raises(SinkUnavailable, match="pas de réponse"):
            show_for_ever()
        assert 10 <= len(sent) < 200
        session.close()
        accepted[0].close()


@EACH_PAHO
def test_a_message_of_100_megabytes_is_refused_before_it_is_read(folder):
    """The broker takes the box, and answers what it publishes with the beginning of a very long message."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = Session(paho(), Broker("127.0.0.1", server.getsockname()[1], "box", 60), None, None)
        sent = []

        def flood() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(b"\x20\x02\x00\x00")
            connection.recv(4096)
            connection.sendall(b"\x30\x80\xc2\xd7\x2f\x00\x01a")
            with connection, suppress(OSError):
                for _ in range(100):
                    connection.sendall(bytes(1_000_000))
                    sent.append(1)

        thread = threading.Thread(target=flood)
        thread.start()
        session.open()
        with pytest.raises(SinkUnavailable, match="message de 100000000 octets, qui n'est pas lu"):
            session.publish([Message("box/record", b"1")])
        thread.join(100)
        assert len(sent) < 20  # megabytes: what the buffers of the kernel hold


@EACH_PAHO
@pytest.mark.parametrize("protocol", Protocol)
def test_a_long_message_in_the_place_of_home_assistant_costs_no_record(broker, folder, caplog, protocol):
    with subscribed(broker.port) as subscriber:
        subscriber.client.publish("homeassistant/status", bytes(1_000_000), 1, retain=True).wait_for_publish(
            10
        )
        box = sink(broker.port, folder, protocol=protocol)
        for number in range(3):
            box.write([row(number)])
            box.live(live())
        # A record that was under way when the long message came may come twice.
        until(lambda: len(set(subscriber.of("record"))) == 3)
        assert subscriber.documents("record")[-1]["index_HN"] == 1002
        assert subscriber.of("config")
        box.close()
    (told,) = [one.getMessage() for one in caplog.records if "homeassistant/status" in one.getMessage()]
    assert told.endswith(
        "qui n'est pas lu ; homeassistant/status n'est plus écouté jusqu'au prochain lancement"
    )


def test_an_unknown_machine_is_unavailable(folder):
    box = sink(1883, folder, host="broker.invalid")
    with pytest.raises(SinkUnavailable, match=r"broker\.invalid:1883 .*(corrigez|réseau, et) host et port"):
        box.write([row(1)])


def test_a_broker_that_is_stopped_is_a_sentence_with_what_to_do(tmp_path, folder):
    with mosquitto(tmp_path / "broker") as broker:
        pass
    box = sink(broker.port, folder)
    with pytest.raises(SinkUnavailable, match="démarrez le serveur, ou corrigez host et port"):
        box.write([row(1)])


def test_a_topic_that_the_box_may_not_write_is_named_under_mqtt_5(tmp_path, folder):
    """MQTT 3.1.1 has no such answer, and paho-mqtt 1.6 does not pass it on: the connection is closed, no more."""
    if not hasattr(paho(), "CallbackAPIVersion"):
        pytest.skip("this is paho-mqtt 1.6")
    rules = tmp_path / "rules"
    rules.write_text("topic read #\n")
    with mosquitto(tmp_path / "broker", "allow_anonymous true", f"acl_file {rules}") as broker:
        box = sink(broker.port, folder, discovery=False, protocol=Protocol.V5)
        with pytest.raises(SinkUnavailable, match="sous ce sujet"):
            box.write([row(1)])
        box.close()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"id": "a/b"}, "id = a/b"),
        ({"id": "a+"}, "id = a+"),
        ({"topic": "maison/#"}, "topic = maison/#"),
        ({"topic": "/maison"}, "topic = /maison"),
        ({"topic": ""}, "topic = "),
        ({"discovery_prefix": "home assistant"}, "discovery_prefix = home assistant"),
        ({"name": "a#b"}, "a#b"),
        ({"name": "a/b"}, "a/b"),
        ({"port": 70000}, "port = 70000"),
        ({"password_file": Path("/nowhere")}, "user"),
    ],
)
def test_a_setting_that_no_topic_may_have_is_refused(settings, says):
    with pytest.raises(BadSetting, match="on attend") as caught:
        Settings(**settings)
    assert says in caught.value.text.en


def test_a_password_goes_to_another_machine_only_with_tls_or_when_that_is_accepted(tmp_path, folder):
    paho()
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("s3cret")
    with pytest.raises(ConfigError, match="tls = oui"):
        sink(1883, folder, host="192.0.2.1", user="linky", password_file=secret)
    assert sink(8883, folder, host="192.0.2.1", user="linky", password_file=secret, tls=True)
    assert sink(1883, folder, host="192.0.2.1", user="linky", password_file=secret, allow_plaintext=True)
