"""What a broker retains of the box is removed when a sink has another name, topic, shape or broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkymonitor.sinks.base import House
from linkymonitor.sinks.shapes import mqtt_linky_sensor
from tests.support.mosquitto import mosquitto, retained
from tests.support.mqtt_box import live, show, sink
from tests.support.paho import paho
from tests.support.shape_frames import live_of_frame

STATE = {"house/probes/linky-sensor/status": b"Connection Lost"}


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


def other_shape(port: int, folder: Path, name: str, *others: str) -> mqtt_linky_sensor.Sink:
    """Return the sink *name* in the shape of Linky Energy Sensor; the sinks *others* are in use, too."""
    settings = mqtt_linky_sensor.Settings(name=name, host="127.0.0.1", port=port)
    settings.house = House(folder=folder, sinks=frozenset({name, *others}), raw_values=True)
    paho()
    return mqtt_linky_sensor.Sink(settings)


@pytest.mark.parametrize("name", ["house", "another"])
def test_what_the_broker_retains_of_our_shape_is_removed_when_the_sink_has_another(
    broker, folder, tmp_path, name
):
    box = sink(broker.port, folder, name="house")
    show(box, live())
    box.close()
    assert len(retained(broker.port)) == 3
    other = other_shape(broker.port, folder, name)
    other.live(live_of_frame("standard-hc", tmp_path))
    other.close()
    assert retained(broker.port) == STATE
    # What that program retains may be its own again: no other sink removes it.
    again = sink(broker.port, folder, name="house")
    show(again, live())
    again.close()
    assert STATE.items() <= retained(broker.port).items()


def test_a_sink_of_another_shape_leaves_what_a_neighbour_retains(broker, folder, tmp_path):
    box = sink(broker.port, folder, name="house")
    show(box, live())
    other = other_shape(broker.port, folder, "old", "house")
    other.live(live_of_frame("standard-hc", tmp_path))
    other.close()
    box.close()
    assert len(retained(broker.port)) == 3 + len(STATE)


def test_what_a_broker_retains_that_the_sink_has_left_is_removed_when_one_comes_back(
    broker, folder, tmp_path
):
    box = sink(broker.port, folder, topic="maison")
    show(box, live())
    box.close()
    with mosquitto(tmp_path / "other") as elsewhere:
        moved = sink(elsewhere.port, folder)
        show(moved, live())
        moved.close()
    assert len(retained(broker.port)) == 3
    back = sink(broker.port, folder, name="back", box="ffffffff")
    show(back, live())
    back.close()
    assert not [topic for topic in retained(broker.port) if "a1b2c3d4" in topic]
