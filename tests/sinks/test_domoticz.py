"""Domoticz over HTTP and over MQTT."""

from __future__ import annotations

import base64
import json

import pytest

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.sinks.base import House
from linkymonitor.sinks.domoticz import Domoticz, Settings
from linkymonitor.sinks.shapes.mqtt_domoticz import DomoticzOverMqtt
from linkymonitor.sinks.shapes.mqtt_domoticz import Settings as MqttSettings
from tests.support.commands import until
from tests.support.http_server import serving
from tests.support.mosquitto import mosquitto, subscribed
from tests.support.shape_frames import live_of_frame

OK = b'{"status": "OK", "title": "Update Device"}'
ALL = {
    "idx_energy": 11,
    "idx_white": 12,
    "idx_red": 13,
    "idx_current": 14,
    "idx_voltage": 15,
    "idx_period": 16,
    "idx_notice": 17,
}
#: Frame → device → nvalue and svalue, by the rules of the Teleinfo hardware of Domoticz.
WANTED = {
    "historique-base": {11: (0, "20683611;0;0;0;3480;0"), 14: (0, "15;0;0"), 16: (0, "Toutes Heures")},
    "historique-hc-tri": {
        11: (0, "10026230;5845763;0;0;3510;0"),
        14: (0, "0;9;6"),
        16: (2, "Heures Pleines"),
    },
    "historique-ejp-notice": {
        11: (0, "2223981;32611054;0;0;1650;0"),
        14: (0, "7;0;0"),
        16: (1, "Heures Normales"),
        17: (4, "Heures Normales"),
    },
    "historique-tempo": {
        11: (0, "10171446;5249131;0;0;0;0"),
        12: (0, "1385590;738106;0;0;0;0"),
        13: (0, "748375;628563;0;0;420;0"),
        14: (0, "2;0;0"),
        16: (2, "Heures Pleines"),
        17: (0, "Demain, jour ----"),
    },
    "standard-tempo-tri": {
        11: (0, "3723905;2176604;0;0;0;0"),
        12: (0, "734251;446197;0;0;0;0"),
        13: (0, "351544;219119;0;0;339;0"),
        14: (0, "0;1;0"),
        15: (0, "233"),
        16: (2, "Heures Pleines"),
        17: (0, "Demain, jour ----"),
    },
}


@pytest.mark.parametrize("name", WANTED)
def test_each_device_gets_what_the_hardware_of_domoticz_would_give_it(name, tmp_path):
    with serving(lambda _: (200, OK)) as server:
        box = Domoticz(Settings(name="d", url=server.url, **ALL))
        box.write([])
        box.live(live_of_frame(name, tmp_path))
        box.close()
    assert {sent.path for sent in server.sent} == {"/json.htm"}
    assert {(sent.query["type"], sent.query["param"]) for sent in server.sent} == {("command", "udevice")}
    found = {
        int(sent.query["idx"]): (int(sent.query["nvalue"]), sent.query["svalue"]) for sent in server.sent
    }
    assert found == WANTED[name]


def test_injection_has_its_counter_and_its_power(tmp_path):
    reading = live_of_frame("standard-base-producer", tmp_path)
    raw = {label: int(data) for label, (_, data) in reading.raw.items() if label in ("EAIT", "SINSTI")}
    with serving(lambda _: (200, OK)) as server:
        box = Domoticz(Settings(name="d", url=server.url, idx_energy=3))
        box.live(reading)
        box.close()
    (sent,) = server.sent
    *_, injected, second, drawn, injecting = sent.query["svalue"].split(";")
    assert raw["EAIT"] > 0
    assert (int(injected), second, int(injecting)) == (raw["EAIT"], "0", raw["SINSTI"])
    assert int(drawn) == reading.fields["power"]


def test_an_alert_is_sent_when_it_changes_and_again_after_a_failure(tmp_path):
    said = [(200, OK)]
    with serving(lambda _: said[0]) as server:
        box = Domoticz(Settings(name="d", url=server.url, idx_energy=1, idx_period=2))
        reading = live_of_frame("historique-hc", tmp_path)
        for one in (reading, reading, reading._replace(period="HC"), reading._replace(age=99.0)):
            box.live(one)
        assert [sent.query["idx"] for sent in server.sent] == ["1", "2", "1", "1", "2"]
        said[0] = (200, b'{"status": "ERR"}')
        with pytest.raises(SinkUnavailable, match="idx = 1"):
            box.live(reading)
        said[0] = (200, OK)
        box.live(reading._replace(period="HC"))
        assert [sent.query["idx"] for sent in server.sent[6:]] == ["1", "2"]
        box.close()


def test_a_password_is_sent_and_a_wrong_one_is_told(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("pass")
    secret.chmod(0o600)
    with serving(lambda _: (401, b"")) as server:
        box = Domoticz(Settings(name="d", url=server.url, user="u", password_file=secret, idx_current=1))
        with pytest.raises(SinkUnavailable, match="password_file"):
            box.test()
        box.close()
    (sent,) = server.sent
    assert sent.query == {"type": "command", "param": "getversion"}
    assert base64.b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"u:pass"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "no device; set the idx of at least one: idx_energy,"),
        ({"idx_energy": 0}, "idx_energy = 0: expected 1 or more"),
        ({"idx_energy": 1, "user": "u"}, "user and password_file go together"),
    ],
)
def test_what_cannot_be_is_told(keys, says):
    with pytest.raises(BadSetting) as told:
        Settings(name="d", url="http://127.0.0.1:8080", **keys)
    (fault,) = told.value.faults
    assert fault.en.startswith(says)


def test_a_damaged_frame_updates_the_devices_whose_values_it_has(tmp_path):
    reading = live_of_frame("historique-hc", tmp_path)
    fields = {name: value for name, value in reading.fields.items() if name != "index_HC"}
    with serving(lambda _: (200, OK)) as server:
        box = Domoticz(Settings(name="d", url=server.url, idx_energy=1, idx_current=2))
        box.live(reading._replace(fields=fields))
        box.close()
    assert [sent.query["idx"] for sent in server.sent] == ["2"]


def test_the_same_goes_to_domoticz_in_over_mqtt(tmp_path):
    name = "historique-ejp-notice"
    with mosquitto(tmp_path / "broker") as broker, subscribed(broker.port) as subscriber:
        settings = MqttSettings(name="d", host="127.0.0.1", port=broker.port, **ALL)
        settings.house = House(folder=tmp_path)
        box = DomoticzOverMqtt(settings)
        box.live(live_of_frame(name, tmp_path))
        until(lambda: len(subscriber.messages) == 4)
        broker.stop()
        with pytest.raises(SinkUnavailable):
            box.live(live_of_frame(name, tmp_path))
        # After a failure the alerts come again.
        assert len(box.messages(live_of_frame(name, tmp_path))) == 4
        assert len(box.messages(live_of_frame(name, tmp_path))) == 2
        box.close()
        assert {topic for topic, _, _ in subscriber.messages} == {"domoticz/in"}
        assert [json.loads(payload) for _, payload, _ in subscriber.messages] == [
            {"idx": idx, "nvalue": nvalue, "svalue": svalue} for idx, (nvalue, svalue) in WANTED[name].items()
        ]
