"""What deliver costs: the CPU of a record that was waiting, the memory, and the CPU of watching."""

# Strategy
#
# - The catch-up is of ten simulated days into CSV files; the cost of a start with nothing to send is taken off.
# - Watching is measured while latest.json is replaced each second: with a sink that takes records alone, and with one
#   that takes each live value and does nothing with it.

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

from bench import streams
from bench.catch_up import catch_up
from bench.day import DAY, write_log
from bench.measure import ENVIRONMENT, IN_MEMORY, OURS, Process
from bench.table import PI_ZERO, Row
from linkymonitor.live.latest import Latest
from linkymonitor.model.reading import View
from linkymonitor.model.terms import Mode
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret

_DAYS = 10
#: Seconds until everything is imported, and seconds that are measured.
_WARM_UP, _WATCHED = 4, 20
_KILO = 1024

#: The answer of InfluxDB to a query that finds nothing.
_NO_SERIES = b'{"results":[{}]}'
_LIVE = """
from linkymonitor.sinks.base import Settings


class Sink:
    def __init__(self, settings):
        pass

    def write(self, records):
        pass

    def live(self, reading):
        pass

    def events(self, events):
        pass

    def close(self):
        pass
"""


def measure() -> Iterator[Row]:
    """Yield the costs of deliver."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime:
        folder = Path(name)
        write_log(folder / "log", DAY - timedelta(days=_DAYS - 1), DAY)
        config = folder / "box.ini"
        general = f"[general]\nstate_dir = {folder / 'state'}\nruntime_dir = {runtime}\n[log]\ndir = {folder / 'log'}\n"
        yield _catch_up_into_influxdb(folder, config, general)
        yield from _catch_up_into_shapes(folder, config, general)
        config.write_text(f"{general}[sink:files]\ntype = csv\ndir = {folder / 'csv'}\n")
        caught_up = catch_up(config, _DAYS)
        yield caught_up.row("deliver: a record of a catch-up into CSV")
        yield Row(
            figure="deliver: memory of that catch-up",
            measured=caught_up.past.memory / _KILO,
            must=30,
            aim=25,
            unit="MiB",
            note=f"{caught_up.nothing.memory / _KILO:.1f} with nothing to send",
        )
        yield Row(
            figure=f"deliver: watching alone, share of a Pi Zero (× {PI_ZERO})",
            measured=_watching(config, Path(runtime)),
            must=0.3,
            aim=0.2,
            unit="%",
            note="latest.json replaced each second, no sink takes it",
        )
        (folder / "noop").mkdir()
        (folder / "noop/live.py").write_text(_LIVE)
        config.write_text(f"{general}[sink:live]\ntype = noop.live\n")
        yield Row(
            figure=f"deliver: live values to a sink that drops them, share of a Pi Zero (× {PI_ZERO})",
            measured=_watching(config, Path(runtime), PYTHONPATH=str(folder)),
            must=2,
            aim=1,
            unit="%",
            note="standard mode, three phases, each second",
        )


def _catch_up_into_influxdb(folder: Path, config: Path, general: str) -> Row:
    """Return the cost of a record that waits for InfluxDB, which a server of ours stands for."""
    with Taker() as taker:
        config.write_text(f"{general}[sink:base]\ntype = influxdb\nurl = {taker.url}\n")
        return catch_up(config, _DAYS).row("deliver: a record of a catch-up into InfluxDB", memory=True)


def _catch_up_into_shapes(folder: Path, config: Path, general: str) -> Iterator[Row]:
    """Yield the cost of a record for the shapes over InfluxDB."""
    general = general.replace("[general]", "[general]\nraw_values = yes")
    for shape in ("reuiller", "linkypy"):
        with Taker() as taker:
            config.write_text(
                f"{general}[sink:{shape}]\ntype = influxdb\nshape = {shape}\nurl = {taker.url}\n"
            )
            yield catch_up(config, _DAYS).row(
                f"deliver: a record of a catch-up in the shape {shape}", memory=True
            )


class Taker:
    """A server that takes all points and has none, in a thread of this process, whose time is not counted."""

    def __enter__(self) -> Taker:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/query"):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(_NO_SERIES)))
                    self.end_headers()
                    self.wfile.write(_NO_SERIES)
                else:
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _watching(config: Path, runtime: Path, **environ: str) -> float:
    """Return the share of a Pi Zero in percent while latest.json is replaced each second."""
    wires = list(islice(streams.frames(Mode.STANDARD), 4))
    frames = FrameDecoder(Mode.STANDARD).feed(b"".join(wires))
    latest = Latest(Storage(), runtime)

    def show(number: int) -> None:
        reading = interpret(frames[number % len(frames)], Mode.STANDARD, datetime.now(UTC))
        latest.write(View(reading=reading, now=time.monotonic()))

    paths = [path for path in (environ.get("PYTHONPATH"), ENVIRONMENT.get("PYTHONPATH")) if path]
    with Process(
        (*OURS, "deliver", "-c", str(config)), ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(paths)}
    ) as deliver:
        for number in range(_WARM_UP):
            show(number)
            time.sleep(1)
        deliver.alive()
        before, began = deliver.cpu, time.monotonic()
        for number in range(_WATCHED):
            show(number)
            time.sleep(1)
        deliver.alive()
        return (deliver.cpu - before) / (time.monotonic() - began) * PI_ZERO * 100
