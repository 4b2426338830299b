"""MQTT in the shape of Linky Energy Sensor, and a real broker."""

from __future__ import annotations

import json

import pytest

from linkymonitor.errors import BadSetting
from linkymonitor.sinks.base import House
from linkymonitor.sinks.shapes.mqtt_linky_sensor import LinkySensor, Settings
from tests.support.commands import until
from tests.support.mosquitto import retained, subscribed
from tests.support.mqtt_box import row
from tests.support.shape_frames import GOLDEN, NAMES, live_of_frame, number_of

DATA = "house/sensors/energy"
STATUS = "house/probes/linky-sensor/status"
STANDARD = [name for name in NAMES if name.startswith("standard-")]


def sensor(port: int, tmp_path, **keys) -> LinkySensor:
    settings = Settings(**{"name": "house", "host": "127.0.0.1", "port": port, **keys})
    settings.house = House(folder=tmp_path)
    return LinkySensor(settings)


def test_each_frame_is_published_as_that_program_publishes_it(broker, tmp_path):
    wanted = [(GOLDEN / f"linky-sensor/{name}.json").read_bytes().rstrip() for name in STANDARD]
    assert len(wanted) == 4
    with subscribed(broker.port) as subscriber:
        for name in STANDARD:
            box = sensor(broker.port, tmp_path, meter_number=number_of(name))
            box.write([row(1)])
            box.live(live_of_frame(name, tmp_path))
            box.close()
        until(lambda: sum(topic == DATA for topic, _, _ in list(subscriber.messages)) == len(wanted))
        sent = [(payload, kept) for topic, payload, kept in subscriber.messages if topic == DATA]
    assert sent == [(payload, False) for payload in wanted]


def test_the_number_is_masked_and_the_historique_labels_are_there_when_nobody_has_written_more(tmp_path):
    pytest.importorskip("paho.mqtt.client")
    (message,) = sensor(1883, tmp_path).messages(live_of_frame("historique-hc", tmp_path))
    document = json.loads(message.payload)
    assert document["ADCO"] == {"Value": "*********002"}
    assert document["PTEC"] == {"Value": "HP.."}
    assert number_of("historique-hc").encode() not in message.payload


def test_a_horodate_that_is_no_time_gives_no_timestamp(tmp_path):
    pytest.importorskip("paho.mqtt.client")
    reading = live_of_frame("standard-hc", tmp_path)
    times = {
        "SMAXSN": "H261301000000",
        "SMAXSN-1": "H000000000000",
        "CCASN": "E260713",
        "UMOY1": "h260229120000",
    }
    raw = {**reading.raw, **{label: (horodate, "00001") for label, horodate in times.items()}}
    (message,) = sensor(1883, tmp_path).messages(reading._replace(raw=raw))
    document = json.loads(message.payload)
    assert {label: document[label] for label in times} == {label: {"Value": "00001"} for label in times}
    assert document["DATE"] == {"Value": "", "Timestamp": "2026-01-13T19:42:10"}


def test_the_state_is_retained_and_is_connection_lost_after_the_end_and_after_a_loss(broker, tmp_path):
    box = sensor(broker.port, tmp_path)
    box.live(live_of_frame("standard-hc", tmp_path))
    assert retained(broker.port)[STATUS] == b"Connected"
    box.close()
    assert retained(broker.port)[STATUS] == b"Connection Lost"
    lost = sensor(broker.port, tmp_path)
    lost.live(live_of_frame("standard-hc", tmp_path))
    # As after a power cut: nothing is said any more.
    lost._link.session._client.socket().close()  # noqa: SLF001 -- only the socket can show it
    until(lambda: retained(broker.port)[STATUS] == b"Connection Lost")


def test_an_old_reading_is_not_published(broker, tmp_path):
    with subscribed(broker.port) as subscriber:
        box = sensor(broker.port, tmp_path, data_queue="a/b", status_queue="a/c")
        old = live_of_frame("standard-hc", tmp_path)
        box.live(old._replace(age=60.0))
        box.live(old)
        until(lambda: len(subscriber.of("b")) == 1)
        box.close()
        until(lambda: subscriber.of("c") == [b"Connected", b"Connection Lost"])
        assert len(subscriber.of("b")) == 1


def test_a_trial_changes_no_state(broker, tmp_path):
    box = sensor(broker.port, None)
    assert "connexion" in box.test().fr
    box.close()
    assert STATUS not in retained(broker.port)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"data_queue": "house/#"}, "data_queue = house/#: expected a topic without #"),
        ({"meter_number": "02216200000"}, "meter_number: expected the 12 digits"),
        ({"port": 70_000}, "port = 70000: expected 1 to 65535"),
    ],
)
def test_what_cannot_be_is_told(keys, says):
    with pytest.raises(BadSetting) as told:
        Settings(name="house", **keys)
    (fault,) = told.value.faults
    assert fault.en.startswith(says)
