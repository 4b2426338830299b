"""What MQTT costs: CPU and memory of live values with discovery, how late they are, and a record of a catch-up."""

# Strategy
#
# - The broker is a real mosquitto on the loopback, in a process of its own, as on another machine.
# - A live value is timed from the moment at which latest.json is there to the moment at which a subscriber has it.
# - Its instructions are those of mqtt_values.py: what deliver does for it, without the two threads that it wakes up.

from __future__ import annotations

import importlib
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bench import streams
from bench.catch_up import catch_up
from bench.day import DAY, write_log
from bench.delivery import Taker
from bench.measure import IN_MEMORY, OURS, Process, difference
from bench.table import PI_ZERO, CannotRun, Row
from linkymonitor.live.latest import Latest
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Mode
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret

_DAYS = 3
#: Seconds until everything is imported, and seconds that are measured.
_WARM_UP, _WATCHED = 5, 30
_KILO = 1024
#: So many live values are counted, beside so few.
_MANY, _FEW = 650, 50


def measure() -> Iterator[Row]:
    """Yield the costs of the MQTT sink.

    Raises:
        CannotRun: mosquitto or paho-mqtt is missing.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime,
        mosquitto(Path(name)) as port,
    ):
        folder = Path(name)
        write_log(folder / "log", DAY - timedelta(days=_DAYS - 1), DAY)
        config = folder / "box.ini"
        config.write_text(
            f"[general]\nstate_dir = {folder / 'state'}\nruntime_dir = {runtime}\n[log]\ndir = {folder / 'log'}\n"
            f"[tariff]\nbase = 0.2\n[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {port}\n"
        )
        caught_up = catch_up(config, _DAYS)
        yield caught_up.row("MQTT: a record of a catch-up")
        yield _memory("MQTT: memory of that catch-up", caught_up.past.memory, must=30, aim=25)
        yield _with_two_more(folder, config)
        yield from _live(config, Path(runtime), port)
        yield _instructions(folder, port)


def _live(config: Path, runtime: Path, port: int) -> Iterator[Row]:
    """Yield what live values cost, and how late they are."""
    frames = FrameDecoder(Mode.STANDARD).feed(b"".join(islice(streams.frames(Mode.STANDARD), 4)))
    latest = Latest(Storage(), runtime)
    shown: list[tuple[str, float]] = []
    heard: dict[str, float] = {}

    def show(number: int) -> None:
        reading = interpret(frames[number % len(frames)], Mode.STANDARD, datetime.now(UTC))
        latest.write(View(reading=reading, now=time.monotonic()))
        shown.append((f"{reading.taken_at:%Y-%m-%dT%H:%M:%SZ}", time.monotonic()))

    def hear(_client: object, _data: object, message: Any) -> None:
        heard.setdefault(json.loads(message.payload)["taken_at"], time.monotonic())

    subscriber = _subscriber(port, hear)
    with Process((*OURS, "deliver", "-c", str(config))) as deliver:
        for number in range(_WARM_UP):
            show(number)
            time.sleep(1)
        deliver.alive()
        before, began = deliver.cpu, time.monotonic()
        for number in range(_WATCHED):
            show(number)
            # Not in step with the looks of deliver.
            time.sleep(1.0 + 0.01 * (number % 7))
        share = (deliver.cpu - before) / (time.monotonic() - began) * PI_ZERO * 100
        deliver.alive()
        memory = deliver.memory()
    subscriber.loop_stop()
    late = [heard[stamp] - at for stamp, at in shown[_WARM_UP:] if stamp in heard]
    yield Row(
        figure=f"MQTT: live values with discovery, share of a Pi Zero (× {PI_ZERO})",
        measured=share,
        must=2,
        aim=1,
        unit="%",
        note="standard mode, three phases, each second",
    )
    yield Row(
        figure="MQTT: from latest.json to a subscriber, median",
        measured=statistics.median(late) if late else None,
        must=1.5,
        aim=0.5,
        unit="s",
        note=f"{max(late):.2f} s at most; {len(late)} of {_WATCHED} values" if late else "nothing was heard",
    )
    yield _memory("MQTT: memory of deliver with live values, alone", memory, must=30, aim=25)


def _with_two_more(folder: Path, config: Path) -> Row:
    """Return the memory of a catch-up of MQTT, InfluxDB and CSV at the same time."""
    more = folder / "more.ini"
    with Taker() as taker:
        more.write_text(
            config.read_text().replace(str(folder / "state"), str(folder / "more"))
            + f"[sink:base]\ntype = influxdb\nurl = {taker.url}\n[sink:files]\ntype = csv\ndir = {folder / 'csv'}\n"
        )
        memory = catch_up(more, _DAYS).past.memory
    return _memory("MQTT, InfluxDB and CSV: memory of a catch-up", memory, must=40, aim=35)


def _memory(figure: str, kibibytes: int, *, must: float, aim: float) -> Row:
    return Row(figure=figure, measured=kibibytes / _KILO, must=must, aim=aim, unit="MiB")


def _instructions(folder: Path, port: int) -> Row:
    """Return the instructions of one live value."""

    def publishing(number: int) -> tuple[str, ...]:
        own = folder / f"values-{number}"
        own.mkdir()
        return (sys.executable, "-m", "bench.mqtt_values", str(port), str(own), str(number))

    return Row(
        figure="MQTT: a live value, from latest.json to the socket",
        measured=difference(publishing(_MANY), publishing(_FEW)) / (_MANY - _FEW) / 1000,
        must=800,
        aim=600,
        unit="k instructions",
        note="standard mode, one phase, every measured value moves",
    )


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A broker that runs; yields its port."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise CannotRun("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n"
    )
    broker = subprocess.Popen(
        (program, "-c", str(settings)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise CannotRun("mosquitto does not start") from None
                time.sleep(0.05)
        yield port
    finally:
        broker.terminate()
        broker.wait(20)


def _subscriber(port: int, hear: Any) -> Any:
    try:
        mqtt = importlib.import_module("paho.mqtt.client")
    except ImportError:
        raise CannotRun("paho-mqtt is not installed") from None
    words = (
        {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2}
        if hasattr(mqtt, "CallbackAPIVersion")
        else {}
    )
    client = mqtt.Client(**words)
    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.subscribe("linkymonitor/+/live")
    client.loop_start()
    return client
