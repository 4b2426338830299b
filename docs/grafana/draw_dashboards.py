"""Writes the dashboards of etc/grafana for Grafana, in French and English, from one source (`make dashboards`)."""

# Strategy
#
# - Both databases have the same panels. A panel has queries by database, and a test runs each of them.
# - The energy of a day is the difference between the indexes of the records that end at its two midnights. A window
#   of time that begins a second after midnight ends with the record of the next midnight.
# - The cost of a day is its energy × its price. Both are whole numbers in the database; Grafana alone rounds.
# - A query gives codes (HN, HPJR). The panel gives them names and colours.

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from linkymonitor.language import LANGUAGES, Text
from linkymonitor.model.terms import PERIODS, code
from linkymonitor.report.texts import PERIOD_NAMES

FOLDER = Path(__file__).parents[2] / "etc/grafana/dashboards"
#: The type of the data source → its uid, which etc/grafana/provisioning gives it.
SOURCES = {"influxdb": "linkymonitor-influxdb", "postgres": "linkymonitor-postgresql"}
#: The registers of every contract. Those of a market offer that the log does not name are F01 to F10.
REGISTERS = (
    *(code(period) for periods in PERIODS.values() for period in periods),
    *(f"F{n:02}" for n in range(1, 11)),
)
COLOURS = {
    "TH": "#5794f2",
    "HC": "#3274d9",
    "HP": "#ff9830",
    "HN": "#56a64b",
    "PM": "#e02f44",
    "HCJB": "#8ab8ff",
    "HPJB": "#1f60c4",
    "HCJW": "#e6e6e6",
    "HPJW": "#a9a9a9",
    "HCJR": "#ff7383",
    "HPJR": "#c4162a",
}
#: A column of a query that is no register → its name.
NAMES: Mapping[str, Text] = {
    **{name: text for name, text in PERIOD_NAMES.items() if name},
    "injected": Text("Injection", "Injection"),
    **{f"current_{n}": Text(f"Intensité {n}", f"Current {n}") for n in (1, 2, 3)},
    **{f"voltage_{n}": Text(f"Tension {n}", f"Voltage {n}") for n in (1, 2, 3)},
    "frames": Text("Trames", "Frames"),
    "rejected": Text("Groupes refusés", "Groups refused"),
    "days_PM": Text("Jours EJP", "EJP days"),
    "days_HPJB": Text("Jours bleus", "Blue days"),
    "days_HPJW": Text("Jours blancs", "White days"),
    "days_HPJR": Text("Jours rouges", "Red days"),
}


class Query(NamedTuple):
    """One query: its text, and the name of its only column, empty when the answer names its columns."""

    text: str
    alias: str = ""


class Panel(NamedTuple):
    """One panel; the ids of panels are their places in the list, from 1 on."""

    title: Text
    #: Left edge, upper edge, width and height, in a grid of 24 columns.
    grid: tuple[int, int, int, int]
    #: The type of the panel, and the unit, in Grafana.
    type: str = "timeseries"
    unit: str = "none"
    #: The type of the data source → its queries.
    queries: Mapping[str, Sequence[Query]] = {}
    #: The id of the panel whose answers this one shows, 0 when it has queries of its own.
    shows: int = 0
    decimals: int = 0
    #: The columns of its queries.
    columns: Sequence[str] = REGISTERS
    #: How a panel of the type ``stat`` makes one number of a column.
    reduce: str = "lastNotNull"
    #: What else Grafana has to know of how to draw a chart.
    custom: Mapping[str, Any] = {}
    description: Text = Text("", "")


def _register_queries(text: str) -> list[Query]:
    """Return a query of InfluxDB for each register, which stands in *text* as REGISTER."""
    return [Query(text.replace("REGISTER", register), register) for register in REGISTERS]


def _by_step(influx: str, sql: str, names: Sequence[str], fill: str) -> dict[str, Sequence[Query]]:
    """Return the queries of the columns *names* by steps of time; *influx* and *sql* are one function there."""
    columns = ", ".join(f'{sql}({name}) AS "{name}"' for name in names)
    return {
        "influxdb": [
            Query(f'SELECT {influx}("{name}") {_INFLUX} {_STEPS} fill({fill})', name) for name in names
        ],
        "postgres": [Query(f"SELECT {_SQL_STEP}, {columns} {_SQL} GROUP BY 1 ORDER BY 1")],
    }


_INFLUX = """FROM "linkymonitor" WHERE "meter" = '$meter' AND $timeFilter"""
_STEPS = "GROUP BY time($__interval)"
_DAYS = "GROUP BY time(1d, 1s) fill(none) tz('$zone')"
#: A Tempo day and the peak of an EJP day lie within 6 h and 6 h of the next day.
_DAYS_FROM_6H = "GROUP BY time(1d, 21601s) fill(none) tz('$zone')"

_SQL = "FROM records WHERE meter = '$meter' AND $__timeFilter(ended_at)"
_SQL_STEP = "$__timeGroupAlias(ended_at, $__interval)"


def _sql_energy(hours: int) -> str:
    """Return the table ``energy (day, register, wh)``; a day begins so many *hours* after midnight."""
    shift = f"ended_at - interval '{hours} hours 1 second'" if hours else "ended_at - interval '1 second'"
    registers = ", ".join(f"('{register}', index_{register.lower()})" for register in REGISTERS)
    return (
        f"WITH last AS (SELECT DISTINCT ON (day) (({shift}) AT TIME ZONE '$zone')::date AS day, * {_SQL}"
        " ORDER BY day, series DESC, ended_at DESC), "
        "energy AS (SELECT day, register, wh - lag(wh) OVER (PARTITION BY register ORDER BY day) AS wh"
        f" FROM last, LATERAL (VALUES {registers}) AS one (register, wh) WHERE wh IS NOT NULL) "
    )


def _counts(registers: Sequence[str]) -> dict[str, Sequence[Query]]:
    """Return the queries that count the days on which each of *registers* has counted."""
    inner = f'SELECT difference(last("index_REGISTER")) AS "wh" {_INFLUX} {_DAYS_FROM_6H}'
    words = ", ".join(f"'{register}'" for register in registers)
    return {
        "influxdb": [
            Query(
                f'SELECT count("wh") FROM ({inner}) WHERE "wh" > 0'.replace("REGISTER", register),
                f"days_{register}",
            )
            for register in registers
        ],
        "postgres": [
            Query(
                f"{_sql_energy(6)}SELECT $__timeTo()::timestamptz AS \"time\", 'days_' || register AS metric,"
                f" count(*) AS days FROM energy WHERE wh > 0 AND register IN ({words}) GROUP BY 2 ORDER BY 2"
            )
        ],
    }


_CURRENTS = ("current_1", "current_2", "current_3")
_VOLTAGES = ("voltage_1", "voltage_2", "voltage_3")
_COUNTS = ("frames", "rejected")
#: The register of an EJP peak, and those of the peak hours of each colour.
_DEAR = ("PM", "HPJB", "HPJW", "HPJR")
_BARS = {
    "drawStyle": "bars",
    "fillOpacity": 90,
    "lineWidth": 0,
    "barAlignment": 1,
    "stacking": {"mode": "normal"},
}
_LINE = {"drawStyle": "line", "fillOpacity": 0, "lineWidth": 1, "spanNulls": False}

PANELS = (
    Panel(
        title=Text("Énergie de l'intervalle, par période", "Energy of the range, by period"),
        type="stat",
        unit="kwatth",
        decimals=3,
        grid=(0, 0, 12, 4),
        shows=6,
        reduce="sum",
    ),
    Panel(
        title=Text("Coût de l'intervalle, par période", "Cost of the range, by period"),
        type="stat",
        unit="currencyEUR",
        decimals=2,
        grid=(12, 0, 12, 4),
        shows=7,
        reduce="sum",
        description=Text(
            "Énergie seule, sans abonnement. Un jour dont le prix n'est pas réglé n'est pas compté.",
            "Energy alone, without the subscription. A day whose price is not set is not counted.",
        ),
    ),
    Panel(
        title=Text("Énergie du dernier jour, par période", "Energy of the last day, by period"),
        type="stat",
        unit="kwatth",
        decimals=3,
        grid=(0, 4, 12, 4),
        shows=6,
    ),
    Panel(
        title=Text("Coût du dernier jour, par période", "Cost of the last day, by period"),
        type="stat",
        unit="currencyEUR",
        decimals=2,
        grid=(12, 4, 12, 4),
        shows=7,
    ),
    Panel(
        title=Text("Puissance, par période", "Power, by period"),
        unit="voltamp",
        grid=(0, 8, 24, 9),
        queries={
            "influxdb": [
                Query(
                    f'SELECT mean("power") {_INFLUX} GROUP BY time($__interval), "period" fill(none)',
                    "$tag_period",
                ),
                Query(f'SELECT mean("injected") {_INFLUX} {_STEPS} fill(none)', "injected"),
            ],
            "postgres": [
                Query(
                    f"SELECT {_SQL_STEP}, period AS metric, avg(power) AS power {_SQL} GROUP BY 1, 2 ORDER BY 1"
                ),
                Query(f'SELECT {_SQL_STEP}, avg(injected) AS "injected" {_SQL} GROUP BY 1 ORDER BY 1'),
            ],
        },
        columns=(*REGISTERS, "injected"),
        custom={**_LINE, "fillOpacity": 25},
    ),
    Panel(
        title=Text("Énergie de chaque jour", "Energy of each day"),
        unit="kwatth",
        decimals=3,
        grid=(0, 17, 12, 9),
        queries={
            "influxdb": _register_queries(
                f'SELECT difference(last("index_REGISTER")) / 1000 {_INFLUX} {_DAYS}'
            ),
            "postgres": [
                Query(
                    f"{_sql_energy(0)}SELECT day::timestamp AT TIME ZONE '$zone' AS \"time\", register AS metric,"
                    " wh / 1000.0 AS kwh FROM energy WHERE wh IS NOT NULL ORDER BY 1, 2"
                )
            ],
        },
        custom=_BARS,
        description=Text(
            "De minuit à minuit. Le premier jour manque si l'intervalle ne commence pas à minuit.",
            "From midnight to midnight. The first day is missing unless the range begins at midnight.",
        ),
    ),
    Panel(
        title=Text("Coût de chaque jour", "Cost of each day"),
        unit="currencyEUR",
        decimals=2,
        grid=(12, 17, 12, 9),
        queries={
            "influxdb": _register_queries(
                f'SELECT difference(last("index_REGISTER")) * last("price_REGISTER") / 1000000000 {_INFLUX} {_DAYS}'
            ),
            "postgres": [
                Query(
                    f"{_sql_energy(0)}SELECT energy.day::timestamp AT TIME ZONE '$zone' AS \"time\","
                    " energy.register AS metric, wh * price / 1000 AS eur FROM energy JOIN prices"
                    " ON prices.meter = '$meter' AND prices.day = energy.day AND prices.register = energy.register"
                    " WHERE wh IS NOT NULL ORDER BY 1, 2"
                )
            ],
        },
        custom=_BARS,
        description=Text("Énergie seule, sans abonnement.", "Energy alone, without the subscription."),
    ),
    Panel(
        title=Text("Intensité de chaque phase", "Current of each phase"),
        unit="amp",
        grid=(0, 26, 12, 8),
        queries=_by_step("mean", "avg", _CURRENTS, "none"),
        columns=_CURRENTS,
        custom=_LINE,
    ),
    Panel(
        title=Text("Tension de chaque phase", "Voltage of each phase"),
        unit="volt",
        grid=(12, 26, 12, 8),
        queries=_by_step("mean", "avg", _VOLTAGES, "none"),
        columns=_VOLTAGES,
        custom=_LINE,
        description=Text("En mode standard seulement.", "In standard mode only."),
    ),
    Panel(
        title=Text("Qualité de la ligne", "Quality of the line"),
        grid=(0, 34, 12, 8),
        queries=_by_step("sum", "sum", _COUNTS, "0"),
        columns=_COUNTS,
        custom=_LINE,
        description=Text(
            "Trames lues et groupes refusés. Sans trame : silence du compteur, ou boîtier arrêté.",
            "Frames read and groups refused. Without frames: the meter was silent, or the box was off.",
        ),
    ),
    Panel(
        title=Text("Jours EJP et jours Tempo de l'intervalle", "EJP days and Tempo days of the range"),
        type="stat",
        grid=(12, 34, 12, 8),
        queries=_counts(_DEAR),
        columns=[f"days_{register}" for register in _DEAR],
        description=Text(
            "Un jour EJP a de l'énergie en pointe ; un jour Tempo en heures pleines de sa couleur.",
            "An EJP day has energy in its peak; a Tempo day in the peak hours of its colour.",
        ),
    ),
)
VARIABLES = {
    "influxdb": 'SHOW TAG VALUES FROM "linkymonitor" WITH KEY = "meter"',
    "postgres": "SELECT DISTINCT meter FROM records WHERE $__timeFilter(ended_at) ORDER BY 1",
}
#: What of the log is marked in the charts: its warnings and errors.
EVENTS = (
    "SELECT at AS \"time\", text, status AS tags FROM events WHERE meter = '$meter' AND $__timeFilter(at)"
    " AND status <> 'INFO' ORDER BY 1"
)


def _target(kind: str, query: Query, number: int) -> dict[str, Any]:
    """Return *query* as Grafana has it."""
    found: dict[str, Any] = {"refId": f"Q{number:02}", "datasource": {"type": kind, "uid": SOURCES[kind]}}
    if kind == "influxdb":
        return found | {
            "query": query.text,
            "rawQuery": True,
            "resultFormat": "time_series",
            "alias": query.alias,
        }
    return found | {"rawSql": query.text, "rawQuery": True, "editorMode": "code", "format": "time_series"}


def _overrides(columns: Sequence[str], lang: str) -> list[dict[str, Any]]:
    """Return the name and the colour of each of *columns* that has a name."""
    found = []
    for name in columns:
        if name not in NAMES:
            continue
        properties: list[dict[str, Any]] = [{"id": "displayName", "value": NAMES[name].render(lang)}]
        colour = COLOURS.get(name.removeprefix("days_"))
        if colour:
            properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": colour}})
        found.append({"matcher": {"id": "byName", "options": name}, "properties": properties})
    return found


def _panel(panel: Panel, number: int, kind: str, lang: str) -> dict[str, Any]:
    """Return *panel* as Grafana has it."""
    x, y, width, height = panel.grid
    source = (
        {"type": "datasource", "uid": "-- Dashboard --"}
        if panel.shows
        else {"type": kind, "uid": SOURCES[kind]}
    )
    targets: list[dict[str, Any]] = [{"refId": "Q01", "datasource": source, "panelId": panel.shows}]
    if not panel.shows:
        targets = [_target(kind, query, n) for n, query in enumerate(panel.queries[kind], 1)]
    defaults = {
        "unit": panel.unit,
        "decimals": panel.decimals,
        "color": {"mode": "palette-classic"},
        "custom": dict(panel.custom),
    }
    options: dict[str, Any] = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    if panel.type == "stat":
        options = {
            "reduceOptions": {"calcs": [panel.reduce], "fields": "", "values": False},
            "textMode": "value_and_name",
            "colorMode": "value",
            "graphMode": "none",
        }
    return {
        "id": number,
        "type": panel.type,
        "title": panel.title.render(lang),
        "description": panel.description.render(lang),
        "gridPos": {"x": x, "y": y, "w": width, "h": height},
        "datasource": source,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": _overrides(panel.columns, lang)},
        "options": options,
        "interval": "1m",
    }


def _marks(kind: str, lang: str) -> list[dict[str, Any]]:
    """Return the marks in the charts; InfluxDB has no lines of the log."""
    if kind != "postgres":
        return []
    mark = {
        "name": Text("Avertissements du journal", "Warnings of the log").render(lang),
        "datasource": {"type": kind, "uid": SOURCES[kind]},
        "enable": True,
        "iconColor": "orange",
        "target": {
            "refId": "Q01",
            "rawSql": EVENTS,
            "rawQuery": True,
            "editorMode": "code",
            "format": "table",
        },
    }
    return [mark]


def dashboard(kind: str, lang: str) -> dict[str, Any]:
    """Return the dashboard on the data source *kind* in the language *lang*, as Grafana has it."""
    names = {"influxdb": "InfluxDB", "postgres": "PostgreSQL"}
    meter = {
        "name": "meter",
        "label": Text("Compteur", "Meter").render(lang),
        "type": "query",
        "datasource": {"type": kind, "uid": SOURCES[kind]},
        "query": VARIABLES[kind],
        "definition": VARIABLES[kind],
        # 2: when the range changes.
        "refresh": 2,
        "includeAll": False,
        "multi": False,
    }
    zone = {"name": "zone", "type": "constant", "hide": 2, "query": "Europe/Paris"}
    return {
        "uid": f"{SOURCES[kind]}-{lang}",
        "title": Text(f"Compteur Linky ({names[kind]})", f"Linky meter ({names[kind]})").render(lang),
        "tags": ["linkymonitor"],
        "timezone": "Europe/Paris",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now/M", "to": "now"},
        "templating": {"list": [meter, zone]},
        "annotations": {"list": _marks(kind, lang)},
        "panels": [_panel(panel, number, kind, lang) for number, panel in enumerate(PANELS, 1)],
    }


def write(folder: Path) -> None:
    """Write every dashboard below *folder*."""
    for kind, uid in SOURCES.items():
        for lang in LANGUAGES:
            path = folder / lang / f"{uid}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(dashboard(kind, lang), ensure_ascii=False, indent=1)
            path.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    write(FOLDER)
