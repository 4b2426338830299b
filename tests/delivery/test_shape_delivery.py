"""`linkymonitor deliver` in a process of its own, with a sink of another shape, and a real broker."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkymonitor.live.latest import Latest
from linkymonitor.model.reading import View
from linkymonitor.system.storage import Storage
from linkymonitor.tic.interpret import interpret
from tests.support.commands import PYTHON, daemon, until
from tests.support.mosquitto import mosquitto, retained, subscribed
from tests.support.queue import Box
from tests.support.shape_frames import GOLDEN, frame_of, mode_of, number_of

NAME = "standard-hc"
DATA, STATUS = "house/sensors/energy", "house/probes/linky-sensor/status"


@pytest.fixture
def broker(tmp_path):
    with mosquitto(tmp_path / "broker") as started:
        yield started


def configured(folder: Path, port: int, raw: str) -> Path:
    path = folder / "box.ini"
    path.write_text(
        f"[general]\nruntime_dir = {folder / 'run'}\nstate_dir = {folder / 'state'}\nlang = en\n"
        f"raw_values = {raw}\n[log]\ndir = {folder / 'log'}\n"
        f"[sink:old]\ntype = mqtt\nshape = linky-sensor\nhost = 127.0.0.1\nport = {port}\n"
        f"meter_number = {number_of(NAME)}\n"
    )
    return path


def deliver(config: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([*PYTHON, "deliver", "-c", str(config), *words], capture_output=True, text=True)


def test_the_groups_of_latest_json_are_published_and_the_number_is_in_no_file(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    (tmp_path / "run").mkdir()
    latest = Latest(Storage(), tmp_path / "run")
    frame = frame_of(NAME)
    raw = {group.label: (group.horodate, group.data) for group in frame.groups}
    config = configured(tmp_path, broker.port, "yes")
    with subscribed(broker.port) as subscriber, daemon("deliver", "-c", config) as process:
        until((tmp_path / "state/deliver/sink-old.json").exists)
        reading = interpret(frame, mode_of(NAME), datetime.now(UTC))._replace(raw=raw)
        latest.write(View(reading=reading, now=time.monotonic()))
        until(lambda: any(topic == DATA for topic, _, _ in list(subscriber.messages)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
        (payload,) = (payload for topic, payload, _ in subscriber.messages if topic == DATA)
    assert payload == (GOLDEN / f"linky-sensor/{NAME}.json").read_bytes().rstrip()
    assert retained(broker.port) == {STATUS: b"Connection Lost"}
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert kept
    for path in (*kept, tmp_path / "run/latest.json"):
        assert number_of(NAME).encode() not in path.read_bytes()
    status = json.loads(deliver(config, "--status", "--json").stdout)["sinks"]["old"]
    assert (status["type"], status["delivered"]) == ("mqtt", 0)


def test_a_trial_and_a_setting_that_is_missing_are_told(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    done = deliver(configured(tmp_path, broker.port, "yes"), "--test", "old")
    assert done.returncode == 0
    assert done.stdout.startswith("[sink:old] has taken the connection in ")
    assert retained(broker.port) == {}
    done = deliver(configured(tmp_path, broker.port, "no"), "--once")
    assert done.returncode == 1
    assert "write [general] raw_values = yes, and start acquire again" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_in_use_is_told_once_at_the_start(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    config = configured(tmp_path, broker.port, "yes")
    with config.open("a") as file:
        file.write(f"[sink:files]\ntype = csv\ndir = {tmp_path / 'csv'}\n")
    with daemon("deliver", "-c", config, LANG="en_GB.UTF-8") as process:
        told = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
        told += process.stderr.read()
    assert (
        told.decode() == f"INFO log {tmp_path / 'log'}, sinks in use: old (mqtt linky-sensor), files (csv)\n"
    )
