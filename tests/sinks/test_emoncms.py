"""EmonCMS over HTTP and over MQTT, in the shape of hallard/teleinfo and of emonHub."""

from __future__ import annotations

import pytest

from linkymonitor.errors import BadSetting, ConfigError, SinkUnavailable
from linkymonitor.sinks.base import House
from linkymonitor.sinks.emoncms import EmonCMS, Settings
from linkymonitor.sinks.shapes.mqtt_emonhub import EmonHub
from linkymonitor.sinks.shapes.mqtt_emonhub import Settings as HubSettings
from tests.support.commands import until
from tests.support.http_server import serving
from tests.support.mosquitto import mosquitto, subscribed
from tests.support.shape_frames import GOLDEN, live_of_frame, number_of

HISTORIQUE = sorted(path.stem for path in (GOLDEN / "emoncms").glob("*.txt"))


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_text("k3y\n")
    path.chmod(0o600)
    return path


def emoncms(server, key, **keys) -> EmonCMS:
    url = f"{server.url}/emoncms/input/post.json"
    return EmonCMS(Settings(name="e", **{"url": url, "token_file": key, "node": 1, **keys}))


def pairs(sent) -> dict[str, str]:
    words = sent.query["json"]
    assert (words[0], words[-1]) == ("{", "}")
    return dict(pair.split(":") for pair in words[1:-1].split(","))


def test_each_frame_is_the_request_of_that_program(key, tmp_path):
    with serving(lambda _: (200, b"ok")) as server:
        for name in HISTORIQUE:
            box = emoncms(server, key, meter_number=number_of(name))
            box.write([])
            box.live(live_of_frame(name, tmp_path))
            box.close()
    assert len(server.sent) == 5
    for name, sent in zip(HISTORIQUE, server.sent, strict=True):
        wanted = (GOLDEN / f"emoncms/{name}.txt").read_text().strip()
        # That program sends the word DEMAIN as it is, which EmonCMS cannot store.
        wanted = wanted.replace("DEMAIN:----", "DEMAIN:0")
        query = "&".join(f"{name}={value}" for name, value in sent.query.items())
        assert (sent.method, f"{sent.path}?{query}") == ("GET", wanted)


def test_only_what_has_changed_is_sent_and_what_was_not_taken_comes_again(key, tmp_path):
    said = [(200, b"ok")]
    with serving(lambda _: said[0]) as server:
        box = emoncms(server, key)
        first = live_of_frame("historique-hc", tmp_path)
        box.live(first)
        box.live(first)
        assert len(server.sent) == 1
        assert "ADCO" not in pairs(server.sent[0])
        later = first._replace(raw={**first.raw, "PAPP": (None, "00120"), "PTEC": (None, "HC..")})
        said[0] = (500, b"database is away")
        with pytest.raises(SinkUnavailable, match=r"answer 500|réponse 500"):
            box.live(later)
        said[0] = (200, b'"ok"')
        box.live(later._replace(raw={**later.raw, "IINST": (None, "001")}))
        assert pairs(server.sent[-1]) == {"PTEC": "2", "PAPP": "00120", "IINST1": "001"}
        box.live(later._replace(age=60.0, raw={**later.raw, "IINST": (None, "002")}))
        assert len(server.sent) == 3
        box.close()


def test_the_words_of_a_standard_frame_and_the_masked_number_are_left_out(key, tmp_path):
    with serving(lambda _: (200, b"ok")) as server:
        box = emoncms(server, key, node=0)
        box.live(live_of_frame("standard-tempo-tri", tmp_path))
        box.close()
    (sent,) = server.sent
    assert "node" not in sent.query
    found = pairs(sent)
    assert found["EASF06"] == "000351544"
    assert found["NTARF"] == "06"
    assert not {"ADSC", "PRM", "NGTF", "LTARF", "STGE", "MSG1", "PJOURF+1", "DATE"} & found.keys()


def test_the_key_is_in_no_message_and_goes_to_no_other_machine_in_clear(key, tmp_path):
    with serving(lambda _: (401, b"wrong key k3y")) as server:
        box = emoncms(server, key)
        with pytest.raises(SinkUnavailable) as told:
            box.test()
        assert "token_file" in told.value.text.en
        box.close()
    assert pairs(server.sent[0]) == {"TEST": "1"}
    with pytest.raises(ConfigError, match="allow_plaintext"):
        EmonCMS(Settings(name="e", url="http://192.0.2.7/emoncms/input/post.json", token_file=key))
    for keys in ({"url": "http://box/post.json?apikey=k3y"}, {"node": -1}, {"meter_number": "x" * 12}):
        with pytest.raises(BadSetting) as wrong:
            Settings(name="e", **{"url": "http://box/post.json", "token_file": key, **keys})
        assert len(wrong.value.faults) == 1


def test_each_value_has_a_topic_of_emonhub(tmp_path):
    with mosquitto(tmp_path / "broker") as broker, subscribed(broker.port) as subscriber:
        settings = HubSettings(name="h", host="127.0.0.1", port=broker.port)
        settings.house = House(folder=tmp_path)
        hub = EmonHub(settings)
        hub.live(live_of_frame("historique-ejp-notice", tmp_path))
        until(lambda: len(subscriber.messages) == 11)
        hub.close()
        assert {topic: payload for topic, payload, _ in subscriber.messages} == {
            "emon/linky/OPTARIF": b"3",
            "emon/linky/ISOUSC": b"45",
            "emon/linky/EJPHN": b"32611054",
            "emon/linky/EJPHPM": b"2223981",
            "emon/linky/PEJP": b"30",
            "emon/linky/PTEC": b"4",
            "emon/linky/IINST1": b"7",
            "emon/linky/IMAX1": b"90",
            "emon/linky/PAPP": b"1650",
            "emon/linky/HHPHC": b"65",
            "emon/linky/MOTDETAT": b"0",
        }
        assert not any(kept for _, _, kept in subscriber.messages)


def test_a_label_that_no_topic_can_have_is_left_out(tmp_path):
    """A broker closes the connection at a topic with a wildcard, such as that of NJOURF+1."""
    with mosquitto(tmp_path / "broker") as broker, subscribed(broker.port) as subscriber:
        settings = HubSettings(name="h", host="127.0.0.1", port=broker.port)
        settings.house = House(folder=tmp_path)
        hub = EmonHub(settings)
        reading = live_of_frame("standard-hc", tmp_path)
        assert "NJOURF+1" in reading.raw
        hub.live(reading)
        until(lambda: subscriber.messages and subscriber.messages[-1][0] == "emon/linky/NJOURF")
        hub.close()
        until(lambda: "disconnected" in broker.log)
        assert "protocol error" not in broker.log
        topics = {topic for topic, _, _ in subscriber.messages}
        assert {"emon/linky/EAST", "emon/linky/NJOURF", "emon/linky/SMAXSN-1"} <= topics
