"""What PostgreSQL and MariaDB cost deliver: a record of a catch-up, and the memory beside three other sinks."""

# The servers are real, on the loopback, in processes of their own: what is measured is the box alone.

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.catch_up import catch_up
from bench.day import DAY, write_log
from bench.delivery import Taker
from bench.measure import IN_MEMORY
from bench.mqtt import mosquitto
from bench.table import CannotRun, Row

_DAYS = 3
_KILO = 1024


def measure() -> Iterator[Row]:
    """Yield the costs of the two sinks.

    Raises:
        CannotRun: a server or a library is missing.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as runtime,
        _server("Postgres") as postgresql,
        _server("Maria") as mariadb,
    ):
        folder = Path(name)
        write_log(folder / "log", DAY - timedelta(days=_DAYS - 1), DAY)
        config = folder / "box.ini"
        general = f"[general]\nstate_dir = {folder / 'state'}\nruntime_dir = {runtime}\n[log]\ndir = {folder / 'log'}\n"
        for title, server in (("PostgreSQL", postgresql), ("MariaDB", mariadb)):
            config.write_text(f"{general}[sink:base]\n{server.section()}")
            yield catch_up(config, _DAYS).row(f"deliver: a record of a catch-up into {title}", memory=True)
        raw = general.replace("[general]", "[general]\nraw_values = yes")
        for shape, server in (("hallard", mariadb), ("linkyrpi", postgresql)):
            keys = server.keys(server.new_database())
            config.write_text(f"{raw}[sink:{shape}]\n{keys}shape = {shape}\nrows_every = 1s\n")
            yield catch_up(config, _DAYS).row(
                f"deliver: a record of a catch-up in the shape {shape}", memory=True
            )
        with Taker() as taker, mosquitto(folder) as port:
            config.write_text(
                f"{general}[sink:files]\ntype = csv\ndir = {folder / 'csv'}\n"
                f"[sink:influx]\ntype = influxdb\nurl = {taker.url}\n"
                f"[sink:mqtt]\ntype = mqtt\nhost = 127.0.0.1\nport = {port}\n"
                f"[sink:postgresql]\n{postgresql.keys(postgresql.new_database())}"
                f"[sink:mariadb]\n{mariadb.keys(mariadb.new_database())}"
            )
            five = catch_up(config, _DAYS)
        yield Row(
            figure="deliver: memory of a catch-up into five sinks",
            measured=five.past.memory / _KILO,
            must=50,
            aim=45,
            unit="MiB",
            note=f"CSV, InfluxDB, MQTT, PostgreSQL, MariaDB; {five.nothing.memory / _KILO:.1f} with nothing to send",
        )


@contextmanager
def _server(kind: str) -> Iterator[Any]:
    """Run a server of the tests.

    Raises:
        CannotRun: it, or the library for it, is missing.
    """
    import pytest

    try:
        from tests.support import sql_servers

        made = getattr(sql_servers, kind)()
    except pytest.skip.Exception as reason:
        raise CannotRun(str(reason)) from None
    try:
        made.start()
        yield made
    finally:
        made.remove()
