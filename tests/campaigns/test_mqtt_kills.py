"""kill -9 of deliver and of a real broker: a subscriber gets every record, in order."""

# Strategy
#
# - Each round logs records and starts deliver, which is killed while records wait: at any moment, or between what it
#   sends and the answers of the broker, which is paused for that, or while the broker is killed and started again.
# - The broker keeps all that it has at each change, and the subscriber is back before the next round: what a broker
#   has acknowledged and then loses with its own memory is no record that deliver could save.
# - A record may come twice, with the same key.

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.support.commands import until
from tests.support.extent import extent
from tests.support.mosquitto import Mosquitto, mosquitto, subscribed
from tests.support.nursery import Nursery
from tests.support.paho import paho
from tests.support.queue import Box
from tests.support.tally import tally

KILLS = extent(5, 200)
SEED = int(os.environ.get("LINKYMONITOR_SEED", "12"))
BATCH = 50
MODULES = (
    "linkymonitor.commands.deliver",
    "linkymonitor.delivery.delivery",
    "linkymonitor.settings",
    "linkymonitor.sinks.mqtt",
    "linkymonitor.money.book",
    "paho.mqtt.client",
)
KEEPS = (
    "allow_anonymous true",
    "persistence true",
    "autosave_on_changes true",
    "autosave_interval 1",
    "max_inflight_messages 0",
)


def delivered(kept: Path) -> int:
    """Return how many records the place counts."""
    try:
        return int(json.loads(kept.read_bytes())["delivered"])
    except FileNotFoundError:
        return 0


def soon(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until *done*, as closely as can be."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.0002)


@contextmanager
def broken(broker: Mosquitto, kind: int, dice: Random, all_sent: Callable[[], bool]) -> Iterator[None]:
    """Pause the broker in rounds of *kind* 1 and 2, kill it in those of 3; afterwards it runs again."""
    if kind in (1, 2):
        broker.pause()
        time.sleep(dice.uniform(0.0, 0.03))
        yield
        broker.resume()
    elif kind == 3:
        broker.stop()
        found_again = dice.random() < 0.5  # by deliver, before it is killed
        if found_again:
            broker.start()
            soon(all_sent, dice.uniform(0.0, 2.0))
        yield
        if not found_again:
            broker.start()
    else:
        yield


@pytest.mark.campaign
@pytest.mark.timeout(120 + 10 * KILLS)
def test_no_kill_of_deliver_or_of_the_broker_costs_a_record(tmp_path):
    paho()
    dice = Random(SEED)
    box = Box(tmp_path / "log")
    with mosquitto(tmp_path / "broker", *KEEPS) as broker, subscribed(broker.port, "reader") as reader:
        config = tmp_path / "box.ini"
        config.write_text(
            f"[general]\nstate_dir = {tmp_path / 'state'}\nruntime_dir = {tmp_path}\n"
            f"[log]\ndir = {box.folder}\n[tariff]\nhn = 0.2\npm = 0.8\n"
            f"[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {broker.port}\nbatch = {BATCH}\n"
        )
        kept = tmp_path / "state/deliver/sink-house.json"
        nursery = Nursery(tmp_path / "stderr", MODULES)
        struck = unanswered = restarts = written = rounds = 0
        try:
            nursery.birth("deliver", "-c", str(config), "--once")
            assert os.waitstatus_to_exitcode(nursery.death(20.0)) == 0
            while struck < KILLS:
                count = dice.randrange(20, 150)
                box.write(range(written, written + count), every=dice.choice((12, 60)))
                written += count
                heard, taken = len(reader.messages), reader.subscriptions
                pid = nursery.birth("deliver", "-c", str(config))
                kind, rounds = rounds % 4, rounds + 1
                if kind == 0:
                    time.sleep(dice.uniform(0.0, 0.15))
                else:
                    soon(lambda: len(reader.messages) > heard)  # noqa: B023 (called at once)
                    time.sleep(dice.uniform(0.0, 0.01))
                with broken(broker, kind, dice, lambda: delivered(kept) == written):  # noqa: B023
                    waiting = delivered(kept) < written
                    os.kill(pid, signal.SIGKILL)
                    nursery.death(20.0)
                struck += waiting
                unanswered += waiting and kind in (1, 2)
                restarts += kind == 3
                until(lambda: reader.subscriptions > taken or kind != 3)  # noqa: B023
            nursery.birth("deliver", "-c", str(config), "--once")
            assert os.waitstatus_to_exitcode(nursery.death(300.0)) == 0, nursery.last_words()
        finally:
            nursery.close()

        def numbers() -> list[int]:
            return list(dict.fromkeys(record["index_HN"] for record in reader.documents("record")))

        until(lambda: len(numbers()) >= written)
        assert numbers() == list(range(written)), "lost, or out of order"
        came = len(reader.of("record"))
    costs = json.loads((tmp_path / "state/deliver/mqtt-house.json").read_text())["costs"]
    # One Wh a record at 0.20 €/kWh, from the second record on, whatever came twice.
    assert Decimal(costs["registers"]["HN"]) * 5000 == written - 1
    errors = (tmp_path / "stderr").read_text()
    assert "Traceback" not in errors, errors
    assert unanswered > KILLS // 4
    tally(
        "kill -9 of deliver with MQTT",
        struck + restarts,
        note=f"{written} records, {unanswered} kills before the answer, {restarts} of the broker; "
        f"{came - written} came twice",
    )
