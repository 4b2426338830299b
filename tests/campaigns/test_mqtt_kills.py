"""kill -9 of deliver and restarts of a real broker: a subscriber gets every record, in order."""

# A kill strikes when the subscriber has the first message of a batch: the broker has it, and its acknowledgement is on
# its way or not. A record may then come twice, with the same key. The broker is ended, not killed: what it has
# acknowledged and then loses with its own memory is no record that `deliver` could save.

from __future__ import annotations

import json
import os
import signal
import time
from random import Random

import pytest

from tests.support.commands import until
from tests.support.extent import extent
from tests.support.mosquitto import mosquitto, subscribed
from tests.support.nursery import Nursery
from tests.support.queue import Box
from tests.support.tally import tally

KILLS = extent(4, 200)
SEED = int(os.environ.get("LINKYMONITOR_SEED", "12"))
BATCH = 50
MODULES = (
    "linkymonitor.commands.deliver",
    "linkymonitor.delivery.delivery",
    "linkymonitor.settings",
    "linkymonitor.sinks.mqtt",
    "linkymonitor.money.book",
)


@pytest.mark.campaign
@pytest.mark.timeout(60 + 10 * KILLS)
def test_no_kill_and_no_restart_of_the_broker_costs_a_record(tmp_path):
    pytest.importorskip("paho.mqtt.client")
    dice = Random(SEED)
    box = Box(tmp_path / "log")
    keeps = ("allow_anonymous true", "persistence true", "max_inflight_messages 0")
    with mosquitto(tmp_path / "broker", *keeps) as broker, subscribed(broker.port, "reader") as reader:
        config = tmp_path / "box.ini"
        config.write_text(
            f"[general]\nstate_dir = {tmp_path / 'state'}\nruntime_dir = {tmp_path}\n"
            f"[log]\ndir = {box.folder}\n[tariff]\nhn = 0.2\npm = 0.8\n"
            f"[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {broker.port}\nbatch = {BATCH}\n"
        )
        command = ("deliver", "-c", str(config), "--once")
        nursery = Nursery(tmp_path / "stderr", (*MODULES, "paho.mqtt.client"))
        struck = restarts = written = 0
        try:
            nursery.birth(*command)
            assert os.waitstatus_to_exitcode(nursery.death(20.0)) == 0
            for number in range(KILLS):
                count = dice.randrange(20, 150)
                box.write(range(written, written + count), every=dice.choice((12, 60)))
                written += count
                before = len(reader.of("record"))
                pid = nursery.birth(*command)
                if number % 4 == 3:
                    broker.end()
                    restarts += 1
                else:
                    end = time.monotonic() + 10
                    while len(reader.of("record")) == before and nursery.lives() and time.monotonic() < end:
                        time.sleep(0.0005)
                    time.sleep(dice.uniform(0.0, 0.02))
                    if nursery.lives():
                        os.kill(pid, signal.SIGKILL)
                        struck += 1
                nursery.death(20.0)
                if number % 4 == 3:
                    broker.start()
            nursery.birth(*command)
            assert os.waitstatus_to_exitcode(nursery.death(300.0)) == 0, nursery.last_words()
        finally:
            nursery.close()
        wanted = list(range(written))

        def numbers() -> list[int]:
            return list(dict.fromkeys(record["index_HN"] for record in reader.documents("record")))

        until(lambda: len(numbers()) >= written)
        assert numbers() == wanted, "lost, or out of order"
        came = len(reader.of("record"))
    kept = json.loads((tmp_path / "state/deliver/mqtt-house.json").read_text())
    # One Wh a record at 0.20 €/kWh, from the second record on, whatever came twice.
    assert round(float(kept["costs"]["registers"]["HN"]) * 10_000) == 2 * (written - 1)
    errors = (tmp_path / "stderr").read_text()
    assert "Traceback" not in errors, errors
    tally(
        "kill -9 of deliver with MQTT",
        struck,
        note=f"{written} records, {restarts} restarts of the broker; {came - written} came twice",
    )
