"""Fills in the macros of a query as Grafana does, by its documentation, and runs the queries of our dashboards."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tests.support.databases import Influx1
from tests.support.docs_programs import program
from tests.support.sql_servers import Postgres

ROOT = Path(__file__).parents[2]
DASHBOARDS = ROOT / "etc/grafana/dashboards"
#: Column → time in seconds → value.
Series = dict[str, dict[int, Any]]


def drawing() -> ModuleType:
    """Return the module that writes the dashboards."""
    return program("grafana/draw_dashboards.py")


class Range(NamedTuple):
    """What a reader of a dashboard looks at."""

    begin: datetime
    end: datetime
    meter: str
    interval: timedelta = timedelta(minutes=10)

    @property
    def step(self) -> str:
        """The interval, as Grafana writes it."""
        return f"{self.interval // timedelta(minutes=1)}m"

    def _with_variables(self, query: str) -> str:
        return query.replace("$meter", self.meter).replace("$zone", "Europe/Paris")

    def influx(self, query: str) -> str:
        """Return *query* as InfluxDB gets it."""
        begin, end = (f"{at.timestamp() * 1000:.0f}ms" for at in (self.begin, self.end))
        query = query.replace("$timeFilter", f"time >= {begin} and time <= {end}")
        return self._with_variables(query.replace("$__interval", self.step))

    def sql(self, query: str) -> str:
        """Return *query* as PostgreSQL gets it."""
        begin, end = (f"'{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" for at in (self.begin, self.end))
        query = query.replace("$__interval", self.step)
        seconds = self.interval // timedelta(seconds=1)
        query = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {begin} AND {end}", query)
        query = query.replace("$__timeTo()", end).replace("$__timeFrom()", begin)
        return self._with_variables(
            re.sub(
                r"\$__timeGroupAlias\((\w+), \d+m\)",
                rf'floor(extract(epoch from \1)/{seconds})*{seconds} AS "time"',
                query,
            )
        )


def dashboard(kind: str, lang: str = "fr") -> dict[str, Any]:
    """Return the dashboard on *kind* as its file has it."""
    path = DASHBOARDS / lang / f"{drawing().SOURCES[kind]}.json"
    return json.loads(path.read_text("utf-8"))


def targets(kind: str, lang: str = "fr") -> dict[str, list[dict[str, Any]]]:
    """Return title → queries of each panel of the dashboard on *kind* that has queries of its own."""
    panels = dashboard(kind, lang)["panels"]
    own = [panel for panel in panels if panel["datasource"]["type"] == kind]
    return {panel["title"]: panel["targets"] for panel in own}


def of_influx(database: Influx1, query: dict[str, Any], seen: Range) -> Series:
    """Return what a panel gets for *query* from InfluxDB; the name of a series is its alias."""
    words = seen.influx(query["query"])
    assert "$" not in words, words
    found: Series = {}
    for series in database.ask(words):
        alias = query["alias"]
        if alias == "$tag_period":
            alias = series["tags"]["period"]
        assert len(series["columns"]) == 2, series["columns"]
        values = {time: value for time, value in series["values"] if value is not None}
        if values:
            found[alias] = values
    return found


def of_postgres(server: Postgres, database: str, query: dict[str, Any], seen: Range) -> Series:
    """Return what a panel gets for *query* from PostgreSQL; a column ``metric`` names the series."""
    words = seen.sql(query["rawSql"])
    assert "$" not in words, words
    found: Series = {}
    for (cells,) in server.ask(database, f"SELECT row_to_json(one) FROM ({words}) AS one"):
        time = cells.pop("time")
        if isinstance(time, str):
            time = datetime.fromisoformat(time).timestamp()
        metric = cells.pop("metric", None)
        for name, value in cells.items():
            if value is not None:
                found.setdefault(metric or name, {})[int(time)] = value
    return found
