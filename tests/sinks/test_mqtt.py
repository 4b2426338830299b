"""The MQTT sink and a real broker."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from linkymonitor.config import ConfigError
from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks import mqtt_session
from linkymonitor.sinks.announce import identity
from linkymonitor.sinks.base import Event
from linkymonitor.sinks.forms import as_dict
from linkymonitor.sinks.mqtt import Settings
from linkymonitor.sinks.mqtt_broker import Protocol
from linkymonitor.sinks.mqtt_session import Broker, Message, Session
from linkymonitor.sinks.webhook import Settings as WebhookSettings
from linkymonitor.sinks.webhook import Webhook
from tests.support.certificates import certificate
from tests.support.commands import until
from tests.support.http_server import serving
from tests.support.mosquitto import free_port, mosquitto, retained, subscribed
from tests.support.mqtt_box import EJP, NOW, TEMPO, live, row, sink
from tests.support.paho import INSTALLED, OLD, paho, version

ROOT = "linkymonitor/a1b2c3d4"
CONFIG = "homeassistant/device/linkymonitor_a1b2c3d4/config"
SILENCE = Event("silence", NOW, "begins", Text("Plus de trame du compteur", "No more frames from the meter"))


NOTE = Event("note", NOW, "", Text("rien", "nothing"))


def show(box, reading) -> None:
    """Publish *reading*; the broker has it when it has acknowledged what comes behind it."""
    box.live(reading)
    box.events([NOTE])


@pytest.fixture(params=[INSTALLED, OLD])
def each_paho(request):
    with version(request.param):
        yield


#: A test of how the box uses paho-mqtt, which runs with both versions of it.
EACH_PAHO = pytest.mark.usefixtures("each_paho")


@pytest.fixture
def broker(tmp_path):
    with mosquitto(tmp_path / "broker") as started:
        yield started


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@EACH_PAHO
@pytest.mark.parametrize("protocol", Protocol)
def test_records_arrive_in_order_each_as_the_export_has_it(broker, folder, protocol):
    with subscribed(broker.port) as subscriber:
        box = sink(broker.port, folder, protocol=protocol)
        rows = [row(number) for number in range(130)]
        box.write(rows[:100])
        box.write(rows[100:])
        until(lambda: len(subscriber.of("record")) == 130)
        assert subscriber.documents("record") == [{"schema": 1, **as_dict(one)} for one in rows]
        assert not any(kept for topic, _, kept in subscriber.messages if topic.endswith("record"))
        box.close()


def test_the_newest_reading_is_retained_with_its_age_and_its_total(broker, folder):
    box = sink(broker.port, folder)
    show(box, live(PAPP=690))
    show(box, live(PAPP=710, age=0.4))
    kept = json.loads(retained(broker.port)[f"{ROOT}/live"])
    assert kept == {
        "schema": 1,
        "taken_at": "2026-01-13T18:42:10Z",
        "age": 0.4,
        "mode": "historique",
        "contract": "EJP",
        "period": "HN",
        "ejp": "normal",
        "overload": False,
        "power": 710,
        "injected": 0,
        "current": 3,
        "current_1": 3,
        "index_HN": 1000,
        "index_PM": 500,
        "index_total": 1500,
    }
    box.close()


def test_a_value_that_a_damaged_frame_lacks_is_null_and_its_entity_stays(broker, folder):
    box = sink(broker.port, folder)
    show(box, live())
    before = retained(broker.port)[CONFIG]
    damaged = {label: value for label, value in EJP.items() if label not in ("PAPP", "EJPHPM")}
    show(box, live(damaged))
    kept = retained(broker.port)
    assert json.loads(kept[f"{ROOT}/live"])["index_PM"] is None
    assert json.loads(kept[f"{ROOT}/live"])["index_total"] is None
    assert kept[CONFIG] == before
    box.close()


@EACH_PAHO
def test_the_box_is_online_while_readings_come_and_offline_when_they_are_old(broker, folder):
    with subscribed(broker.port) as subscriber:
        box = sink(broker.port, folder)
        box.write([row(1)])
        until(lambda: subscriber.of("status") == [b"offline"])
        box.live(live(age=3600))
        box.live(live())
        until(lambda: subscriber.of("status") == [b"offline", b"online"])
        box.events([SILENCE])
        until(lambda: subscriber.of("status") == [b"offline", b"online", b"offline"])
        box.live(live())
        box.close()
        until(lambda: subscriber.of("status")[3:] == [b"online", b"offline"])
    assert retained(broker.port)[f"{ROOT}/status"] == b"offline"


@EACH_PAHO
@pytest.mark.parametrize("protocol", Protocol)
def test_the_broker_publishes_offline_when_the_box_is_gone(broker, folder, protocol):
    box = sink(broker.port, folder, protocol=protocol)
    box.live(live())
    assert retained(broker.port)[f"{ROOT}/status"] == b"online"
    # As after a power cut: nothing is said any more.
    box._link.session._client.socket().shutdown(socket.SHUT_RDWR)  # noqa: SLF001 -- only the socket can show it
    until(lambda: retained(broker.port)[f"{ROOT}/status"] == b"offline")
    with suppress(SinkUnavailable):
        box.close()


def test_events_are_published_in_the_language_of_the_box(broker, folder):
    with subscribed(broker.port) as subscriber:
        box = sink(broker.port, folder)
        hostile = Event("note", NOW, "", Text('"},{\x1b[2J', '"},{\x1b[2J'), "WARN")
        box.events([SILENCE, hostile])
        until(lambda: len(subscriber.of("event")) == 2)
        first, second = subscriber.documents("event")
        assert first == {
            "schema": 1,
            "id": identity(SILENCE),
            "kind": "silence",
            "at": "2026-01-13T18:42:10Z",
            "value": "begins",
            "before": "",
            "text": "Plus de trame du compteur",
            "status": "INFO",
            "meter": "",
            "series": 0,
            "since": None,
        }
        assert second["text"] == '"},{ [2J'
        box.close()


def test_an_event_is_the_same_on_mqtt_as_for_a_webhook_with_the_figures_of_a_day(broker, folder):
    figures = {"date": "2026-01-12", "consumed_wh": 18_420}
    day = Event(
        "day", NOW, "2026-01-12", Text("12/01/2026 : 18,42 kWh", "2026-01-12: 18.42 kWh"), figures=figures
    )
    with subscribed(broker.port) as subscriber, serving(lambda _: (204, b"")) as server:
        box = sink(broker.port, folder)
        hook = Webhook(WebhookSettings(name="hook", url=server.url))
        for one in (box, hook):
            one.events([SILENCE, day])
            one.close()
        until(lambda: len(subscriber.of("event")) == 2)
        assert subscriber.of("event") == [sent.body for sent in server.sent]
        assert subscriber.documents("event")[1]["figures"] == figures


@EACH_PAHO
def test_a_broker_that_has_forgotten_everything_gets_all_of_it_again(broker, folder):
    box = sink(broker.port, folder)
    show(box, live())
    announced = retained(broker.port)[CONFIG]
    broker.stop()
    with pytest.raises(SinkUnavailable, match="connexion refusée"):
        show(box, live())
    broker.start()
    show(box, live())
    kept = retained(broker.port)
    assert kept[CONFIG] == announced
    assert kept[f"{ROOT}/status"] == b"online"
    box.close()


@EACH_PAHO
def test_the_box_is_announced_again_when_home_assistant_has_started(broker, folder):
    with subscribed(broker.port) as subscriber:
        box = sink(broker.port, folder)
        box.live(live())
        subscriber.client.publish("homeassistant/status", b"online", 1).wait_for_publish(10)

        def announced_again() -> bool:
            box.live(live())
            return len(subscriber.of("config")) == 2

        until(announced_again)
        box.live(live())
        assert len(subscriber.of("config")) == 2
        box.close()


def test_what_another_contract_no_longer_has_is_removed_also_after_a_restart(broker, folder):
    box = sink(broker.port, folder)
    box.write([row(1), row(2)])
    show(box, live())
    assert json.loads(retained(broker.port)[CONFIG])["components"]["cost_HN"]["unique_id"]
    box.close()
    box = sink(broker.port, folder)
    tempo = {f"index_{code}": 7 for code in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")}
    box.write([row(3, fields=tempo, contract="TEMPO", period="HPJB")])
    show(box, live(TEMPO))
    components = json.loads(retained(broker.port)[CONFIG])["components"]
    assert components["index_HN"] == {"platform": "sensor"}
    assert components["cost_HN"] == {"platform": "sensor"}
    assert components["notice"] == {"platform": "binary_sensor"}
    assert components["index_HPJR"]["unique_id"] == "linkymonitor_a1b2c3d4_index_HPJR"
    assert components["tomorrow"]["options"] == ["bleu", "blanc", "rouge"]
    # A period of the contract before is still an option: it may be shown for a moment.
    assert {"HN", "PM", "HCJB", "HPJR", "F10"} < set(components["period"]["options"])
    box.close()


def test_the_relays_of_the_box_are_binary_sensors_as_long_as_it_has_them(broker, folder):
    box = sink(broker.port, folder)
    show(box, live()._replace(relays={"chauffe-eau": True, "pompe": False}))
    kept = retained(broker.port)
    assert json.loads(kept[f"{ROOT}/live"])["relays"] == {"chauffe-eau": True, "pompe": False}
    assert json.loads(kept[CONFIG])["components"]["relay_chauffe-eau"]["name"] == "Relais chauffe-eau"
    show(box, live()._replace(relays={"pompe": False}))
    components = json.loads(retained(broker.port)[CONFIG])["components"]
    assert components["relay_chauffe-eau"] == {"platform": "binary_sensor"}
    assert components["relay_pompe"]["payload_on"] == "True"
    box.close()


def test_costs_grow_with_the_indexes_and_outlive_a_restart(broker, folder):
    box = sink(broker.port, folder)
    show(box, live())
    box.write([row(0), row(100), row(250)])
    show(box, live())
    shown = json.loads(retained(broker.port)[f"{ROOT}/live"])
    assert (shown["cost_HN"], shown["cost_PM"], shown["cost_day"]) == ("0.0500", "0.0000", None)
    components = json.loads(retained(broker.port)[CONFIG])["components"]
    assert components["cost_HN"]["state_class"] == "total"
    assert components["cost_HN"]["unit_of_measurement"] == "EUR"
    assert "state_class" not in components["cost_month"]
    box.close()
    box = sink(broker.port, folder)
    show(box, live())
    # The index has grown since: nothing is shown before that is counted, as a cost that falls would be money back.
    assert json.loads(retained(broker.port)[f"{ROOT}/live"])["cost_HN"] is None
    box.write([row(250), row(300)])
    show(box, live())
    assert json.loads(retained(broker.port)[f"{ROOT}/live"])["cost_HN"] == "0.0600"
    box.close()


def test_a_crash_soon_after_the_first_record_costs_no_cost(broker, folder):
    killed = sink(broker.port, folder)
    killed.write([row(0)])
    killed.write([row(100)])
    box = sink(broker.port, folder)
    box.write([row(250)])
    show(box, live())
    assert json.loads(retained(broker.port)[f"{ROOT}/live"])["cost_HN"] == "0.0500"
    box.close()
    killed.close()


def test_a_file_of_the_sink_that_is_damaged_is_set_aside_and_told(broker, folder, caplog):
    (folder / "mqtt-house.json").write_text('{"schema": 1, "bro')
    box = sink(broker.port, folder)
    box.live(live())
    assert "repartent de zéro" in caplog.text
    assert len(list(folder.glob("mqtt-house.json*"))) == 2
    box.close()


def test_what_the_broker_retains_for_a_sink_that_was_renamed_is_removed(broker, folder):
    box = sink(broker.port, folder, name="old", topic="maison")
    show(box, live())
    box.close()
    other = sink(broker.port, folder, name="other", box="ffffffff")
    show(other, live())
    assert not [topic for topic in retained(broker.port) if "a1b2c3d4" in topic]
    assert not (folder / "mqtt-old.json").exists()
    other.close()
    # The same sink below another topic.
    moved = sink(broker.port, folder, name="other", box="ffffffff", topic="chez/nous", discovery=False)
    show(moved, live())
    assert set(retained(broker.port)) == {"chez/nous/ffffffff/live", "chez/nous/ffffffff/status"}
    moved.close()


def test_a_test_keeps_nothing_and_leaves_the_running_sink_alone(broker, folder):
    box = sink(broker.port, folder)
    box.live(live())
    with subscribed(broker.port) as subscriber:
        until(lambda: len(subscriber.messages) == 3)
        test = sink(broker.port, None)
        test.write([row(5)])
        test.close()
        box.live(live())
        until(lambda: len(subscriber.of("live")) == 2)
        assert len(subscriber.of("record")) == 1
        assert subscriber.of("status") == [b"online"]
    box.close()


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
        thread.join(10)
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
        thread.join(10)
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
