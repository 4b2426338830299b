"""`linkymonitor deliver` in a process of its own, and a real broker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.live.latest import Latest
from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.sinks.forms import as_dict
from linkymonitor.system.storage import Storage
from tests.support.commands import PYTHON, daemon, until
from tests.support.contracts import rows_in, write_days
from tests.support.mosquitto import mosquitto, retained, subscribed
from tests.support.mqtt_box import row, sink
from tests.support.queue import Box


@pytest.fixture
def broker(tmp_path):
    with mosquitto(tmp_path / "broker") as started:
        yield started


def configured(folder: Path, port: int, more: str = "") -> Path:
    (folder / "run").mkdir(exist_ok=True)
    path = folder / "box.ini"
    path.write_text(
        f"[general]\nruntime_dir = {folder / 'run'}\nstate_dir = {folder / 'state'}\nlang = en\n"
        f"[log]\ndir = {folder / 'log'}\n[tariff]\nhn = 0.2\npm = 0.8\n"
        f"[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {port}\n{more}"
    )
    return path


def deliver(config: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([*PYTHON, "deliver", "-c", str(config), *words], capture_output=True, text=True)


def view(power: int, ejp: Ejp = Ejp.NORMAL, **values) -> View:
    now = datetime.now(UTC)
    values = {"ADCO": "*********456", "OPTARIF": "EJP.", "ISOUSC": 45, "PTEC": "HN..", "PAPP": power} | {
        "EJPHN": 1000,
        "EJPHPM": 500,
        "IINST": 1,
        **values,
    }
    reading = Reading(taken_at=now, mode=Mode.HISTORIQUE, tariff_period="HN..", values=values)
    return View(reading=reading, tariff=TariffState(ejp=ejp), now=time.monotonic())


def test_a_day_in_each_of_four_contracts_arrives_row_by_row(tmp_path, broker):
    write_days(tmp_path / "log")
    rows = rows_in(tmp_path / "log")
    assert {one.contract for one in rows} == {"BASE", "HC", "EJP", "TEMPO"}
    with subscribed(broker.port) as subscriber:
        done = deliver(configured(tmp_path, broker.port), "--from", "2026-01-01", "--once")
        assert done.returncode == 0, done.stderr
        until(lambda: len(subscriber.of("record")) >= len(rows))
        assert subscriber.documents("record") == [{"schema": 1, **as_dict(one)} for one in rows]
        kinds = [event["kind"] for event in subscriber.documents("event")]
        assert kinds.count("contract") == 3

    status = json.loads(deliver(configured(tmp_path, broker.port), "--status", "--json").stdout)
    assert status["sinks"]["house"]["lag"] == 0


def test_a_live_value_an_event_and_the_announcement_come_from_latest_json(tmp_path, broker):
    box = Box(tmp_path / "log")
    box.write(range(3))
    latest = Latest(Storage(), tmp_path / "run")
    config = configured(tmp_path, broker.port)
    with subscribed(broker.port) as subscriber, daemon("deliver", "-c", config) as process:
        until((tmp_path / "state/deliver/sink-house.json").exists)
        latest.write(view(230))
        until(lambda: [one["power"] for one in subscriber.documents("live")] == [230])
        assert subscriber.of("status")[-1] == b"online"
        (announced,) = subscriber.documents("config")
        assert announced["components"]["index_HN"]["unit_of_measurement"] == "Wh"
        latest.write(view(460, Ejp.NOTICE))
        until(lambda: [one["kind"] for one in subscriber.documents("event")] == ["notice"])
        box.write(range(3, 8))
        until(lambda: len(subscriber.of("record")) == 5)
        latest.write(view(470))
        # 4 Wh of HN at 0.20 €/kWh: the first record is where counting begins.
        until(lambda: subscriber.documents("live")[-1].get("cost_HN") == "0.0008")
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
        until(lambda: subscriber.of("status")[-1] == b"offline")
    ids = {topic.split("/")[1] for topic in retained(broker.port) if topic.startswith("linkymonitor/")}
    assert ids == {(tmp_path / "state/deliver/box-id").read_text().strip()}
    assert "456" not in "".join(ids)


def test_what_a_broker_retains_that_no_sink_goes_to_is_in_the_status_with_the_command(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    config = configured(tmp_path, broker.port)
    assert deliver(config, "--from", "2026-01-01", "--once").returncode == 0
    kept = tmp_path / "state/deliver/mqtt-house.json"
    topics = sorted(json.loads(kept.read_text())["retained"])
    assert "retains" not in deliver(config, "--status").stdout
    config.write_text(
        config.read_text().partition("[sink:")[0] + f"[sink:csv]\ntype = csv\ndir = {tmp_path / 'csv'}\n"
    )
    assert (
        f"MQTT broker 127.0.0.1:{broker.port}: it retains {', '.join(topics)}, and no sink goes there any more; remove "
        f"them by “mosquitto_pub -h 127.0.0.1 -p {broker.port} -r -n -t TOPIC”, then remove {kept}\n"
    ) in deliver(config, "--status").stdout


def test_a_test_says_what_came_of_it(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    config = configured(tmp_path, broker.port)
    done = deliver(config, "--test", "house")
    assert (done.returncode, "has taken the record" in done.stdout) == (0, True), done.stderr
    broker.stop()
    done = deliver(config, "--test", "house")
    assert done.returncode == 1
    assert "connection refused" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_missing_library_is_named_with_its_packages(tmp_path):
    Box(tmp_path / "log").write(range(3))
    (tmp_path / "hidden/paho").mkdir(parents=True)
    (tmp_path / "hidden/paho/__init__.py").write_text("raise ImportError('hidden')")
    config = configured(tmp_path, 1883)
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path / 'hidden'}{os.pathsep}{Path.cwd()}"}
    done = subprocess.run(
        [sys.executable, "-m", "linkymonitor", "deliver", "-c", str(config), "--once"],
        capture_output=True,
        text=True,
        env=environ,
    )
    assert done.returncode == 1
    assert "python3-paho-mqtt" in done.stderr
    assert "linkymonitor[mqtt]" in done.stderr
    assert "Traceback" not in done.stderr


class Closing:
    """A server that speaks enough MQTT to accept a box, and closes the connection at its first record."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.accepted = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                connection.recv(4096)
                connection.sendall(b"\x20\x02\x00\x00")
                while (piece := connection.recv(4096)) and b"/record" not in piece:
                    # A PUBACK for the message number 1, 2…: the status that comes first.
                    connection.sendall(b"\x40\x02\x00\x01")

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(100)


def test_a_broker_that_closes_in_the_middle_of_a_batch_costs_nothing(tmp_path, broker):
    (tmp_path / "state").mkdir()
    with closing(Closing()) as server:
        box = sink(server.port, tmp_path / "state", discovery=False)
        with pytest.raises(SinkUnavailable):
            box.write([row(number) for number in range(40)])
        # It was tried once more on a new connection, and no more than that.
        assert server.accepted == 2
        box.close()
    with subscribed(broker.port) as subscriber:
        other = sink(broker.port, tmp_path / "state", discovery=False)
        other.write([row(number) for number in range(40)])
        until(lambda: len(subscriber.of("record")) == 40)
        other.close()


def test_a_silent_meter_is_offline_though_deliver_runs(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    latest = Latest(Storage(), tmp_path / "run")
    config = configured(tmp_path, broker.port)
    with subscribed(broker.port) as subscriber, daemon("deliver", "-c", config):
        until((tmp_path / "state/deliver/sink-house.json").exists)
        latest.write(view(230))
        until(lambda: subscriber.of("status")[-1:] == [b"online"])
        latest.write(view(230)._replace(now=time.monotonic() - 14))
        until(lambda: subscriber.of("status")[-1:] == [b"offline"])
        until(lambda: [one["kind"] for one in subscriber.documents("event")] == ["silence"])
        latest.write(view(240))
        until(lambda: subscriber.of("status")[-1:] == [b"online"])


def test_an_old_reading_never_makes_the_box_online(tmp_path, broker):
    Box(tmp_path / "log").write(range(3))
    latest = Latest(Storage(), tmp_path / "run")
    (tmp_path / "run").mkdir()
    latest.write(view(230)._replace(now=time.monotonic() - 60))
    with subscribed(broker.port) as subscriber, daemon("deliver", "-c", configured(tmp_path, broker.port)):
        until(lambda: subscriber.documents("live"))
        assert subscriber.documents("live")[0]["age"] >= 60
        assert set(subscriber.of("status")) == {b"offline"}


def test_the_price_of_a_day_is_that_of_its_time(tmp_path, broker):
    box = Box(tmp_path / "log", at=datetime(2026, 2, 28, 22, 50, tzinfo=UTC))
    more = "[tariff:2026-03-01]\nhn = 0.4\n"
    config = configured(tmp_path, broker.port, more)
    box.write(range(3))
    with subscribed(broker.port) as subscriber:
        assert deliver(config, "--from", "2026-02-28", "--once").returncode == 0
        # Local midnight is at 23:00 UTC: two Wh before it, then ten at the new price.
        box.write(range(3, 13), every=timedelta(minutes=10).total_seconds())
        assert deliver(config, "--once").returncode == 0
        until(lambda: len(subscriber.of("record")) == 13)
    kept = json.loads((tmp_path / "state/deliver/mqtt-house.json").read_text())
    records = subscriber.documents("record")
    before = sum(one["ended_at"] <= "2026-02-28T23:00:00Z" for one in records) - 1
    after = len(records) - 1 - before
    assert after > 5
    # In hundredths of a cent: 2 for a Wh of February, 4 for one of March.
    assert round(float(kept["costs"]["registers"]["HN"]) * 10_000) == 2 * before + 4 * after
