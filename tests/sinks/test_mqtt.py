"""The MQTT sink and a real broker."""

from __future__ import annotations

import json
import socket
from contextlib import suppress

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.announce import identity
from linkymonitor.sinks.base import Event
from linkymonitor.sinks.forms import as_dict
from linkymonitor.sinks.mqtt_broker import Protocol
from linkymonitor.sinks.webhook import Settings as WebhookSettings
from linkymonitor.sinks.webhook import Webhook
from tests.support.commands import until
from tests.support.http_server import serving
from tests.support.mosquitto import retained, subscribed
from tests.support.mqtt_box import EJP, NOW, TEMPO, live, row, show, sink
from tests.support.paho import EACH_PAHO

ROOT = "linkymonitor/a1b2c3d4"
CONFIG = "homeassistant/device/linkymonitor_a1b2c3d4/config"
SILENCE = Event("silence", NOW, "begins", Text("Plus de trame du compteur", "No more frames from the meter"))


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
