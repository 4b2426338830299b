"""The dashboards of etc/grafana: they are what their source writes, and their queries agree with `report`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import pytest

from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.past import records
from linkymonitor.sinks.base import Row
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.contracts import rows_in
from tests.support.databases import Influx1, running
from tests.support.grafana import (
    DASHBOARDS,
    ROOT,
    Range,
    Series,
    dashboard,
    drawing,
    of_influx,
    of_postgres,
    targets,
)
from tests.support.sql_servers import Postgres

PANEL = {
    "id": int,
    "type": str,
    "title": str,
    "description": str,
    "gridPos": dict,
    "datasource": dict,
    "targets": list,
    "fieldConfig": dict,
    "options": dict,
    "interval": str,
}
#: The last days of March in a house under EJP, with the day on which the clock is put forward, and two under Tempo.
EJP = ("ejp=2026-03-28,seed=3", date(2026, 3, 28), 3)
TEMPO = ("standard,tempo,tri,colour=red,seed=4", date(2026, 1, 12), 2)
PRICES = "[tariff]\nhn = 0,1283\npm = 0,9418\nhcjr = 0,1568\nhpjr = 0,7562\nhcjb = 0,1296\nhpjb = 0,1609\n"
WARNING = "compteur muet"
_CENT = Decimal("0.01")


def dashboards() -> list[Path]:
    return sorted(DASHBOARDS.rglob("*.json"))


def test_the_dashboards_are_what_their_source_writes(tmp_path):
    drawing().write(tmp_path)
    drawn = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    kept = {path.relative_to(DASHBOARDS): path.read_bytes() for path in dashboards()}
    assert drawn == kept, "run `make dashboards`, and look at them"


@pytest.mark.parametrize("path", dashboards(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_dashboard_has_the_form_that_grafana_reads(path):
    """Grafana itself is not run here: this is its documented form, as far as our dashboards use it."""
    whole = json.loads(path.read_text("utf-8"))
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", whole["uid"])
    panels = whole["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert {key: type(value) for key, value in panel.items()} == PANEL
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies over another panel"
        assert all(x < 24 for x, _ in cells)
        taken |= cells
        assert panel["targets"]
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names)
        for target in panel["targets"]:
            if target["datasource"]["uid"] == "-- Dashboard --":
                assert panels[target["panelId"] - 1]["datasource"]["uid"] != "-- Dashboard --"
            else:
                assert target["datasource"] == panel["datasource"]


def test_the_data_sources_of_the_dashboards_are_provisioned_and_no_secret_is_there():
    folder = ROOT / "etc/grafana/provisioning"
    sources = (folder / "datasources/linkymonitor.yaml").read_text("utf-8")
    found = dict(
        zip(re.findall(r"^    type: (\S+)", sources, re.M), re.findall(r"uid: (\S+)", sources), strict=True)
    )
    assert found == drawing().SOURCES
    assert set(re.findall(r"password: (\S+?)\{", sources)) == {"$__file"}


def test_both_languages_have_the_same_queries():
    for kind in drawing().SOURCES:
        french, english = targets(kind), targets(kind, "en")
        assert list(french.values()) == list(english.values())
        assert french.keys() != english.keys()


def write_house(folder: Path, house: tuple[str, date, int]) -> tuple[datetime, datetime]:
    """Log the days of *house* in *folder*, from midnight to midnight, and return these."""
    spec, first, days = house
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=PARIS) for day in (first, first + timedelta(days=days))
    )
    clock = WireClock(begin)
    log = DailyLog(Storage(), LogSettings(dir=folder, sync_every=timedelta(days=1)), clock, salt="salt")
    for record in records(House(parse_spec(f"{spec},day={first},since={first}")), begin, end):
        clock.advance((record.ended_at - clock.now()).total_seconds())
        log.append(record)
    log.note("WARN", WARNING)
    log.close()
    return begin, end


class Filled:
    """The log of a house, and a database that has all of it."""

    def __init__(self, folder: Path, house: tuple[str, date, int], call: Any) -> None:
        self.folder, self.first, self._call = folder, house[1], call
        self.begin, self.end = write_house(folder / "log", house)
        self.rows: list[Row] = rows_in(folder / "log")
        self.seen = Range(self.begin, self.end, self.rows[-1].meter)
        self.config = folder / "box.ini"

    def deliver(self, section: str) -> None:
        self.config.write_text(
            f"[general]\nstate_dir = {self.folder}/state\n[log]\ndir = {self.folder}/log\n{PRICES}"
            f"[sink:base]\n{section}"
        )
        status, _, err = self._call("deliver", "-c", self.config, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")

    def report(self, first: date, last: date) -> dict[str, dict[str, Any]]:
        status, out, _ = self._call("report", "-c", self.config, "-s", first, "-e", last, "--json")
        assert status == 0
        return json.loads(out)["periods"]

    def by_step(
        self, name: str, of: Callable[[list[int]], float], period: str | None = None
    ) -> dict[int, float]:
        """Return step of time → *of* the values of *name* in it; only records of *period*, if it is given."""
        step = self.seen.interval // timedelta(seconds=1)
        found: dict[int, list[int]] = {}
        for row in self.rows:
            if name in row.fields and period in (None, row.period):
                at = int(row.ended_at.timestamp())
                found.setdefault(at - at % step, []).append(row.fields[name])
        return {at: of(values) for at, values in found.items()}


class Source(NamedTuple):
    """A database with a sink and a dashboard."""

    #: The type of the data source in Grafana.
    kind: str
    #: The keys of the section of its sink.
    section: str
    #: Returns what a panel gets for a query.
    ask: Callable[[dict[str, Any], Range], Series]
    #: Returns the rows that a variable, or a mark in the charts, gets for a query.
    rows: Callable[[str, Range], list[Any]]


@pytest.fixture(params=["influxdb", "postgres"])
def source(request, tmp_path):
    """Run a real database; return its kind, the section of its sink, and what answers the queries of a panel."""
    if request.param == "influxdb":
        influx = Influx1(tmp_path / "database")
        try:
            influx.start()
            section = f"type = influxdb\nurl = {influx.url}\ndatabase = linky\n"
            yield Source(
                "influxdb",
                section,
                lambda query, seen: of_influx(influx, query, seen),
                lambda query, _: influx.ask(query)[0]["values"],
            )
        finally:
            influx.stop()
        return
    with running(Postgres()) as server:
        name = server.new_database()
        yield Source(
            "postgres",
            server.keys(name),
            lambda query, seen: of_postgres(server, name, query, seen),
            lambda query, seen: server.ask(name, seen.sql(query)),
        )


@pytest.mark.server
def test_every_query_agrees_with_the_log_and_with_report(tmp_path, apart, call, source):
    panels = targets(source.kind)
    houses = {}
    for name, house in (("ejp", EJP), ("tempo", TEMPO)):
        (tmp_path / name).mkdir()
        houses[name] = Filled(tmp_path / name, house, call)
        houses[name].deliver(source.section)

    def answers(title: str, seen: Range) -> Series:
        found: Series = {}
        for query in panels[title]:
            for column, values in source.ask(query, seen).items():
                assert column not in found
                found[column] = values
        return found

    for house in houses.values():
        # The first midnight of the log has no record, so its first day has no energy, here as in `report`.
        begin = datetime.combine(house.first + timedelta(days=1), time(), PARIS)
        days = [begin.date() + timedelta(days=n) for n in range((house.end.date() - begin.date()).days)]
        seen = house.seen._replace(begin=begin)
        energy, cost = (
            by_day(answers("Énergie de chaque jour", seen)),
            by_day(answers("Coût de chaque jour", seen)),
        )
        assert list(energy) == list(cost) == days
        for day in days:
            reported = house.report(day, day)
            assert wh_of(energy[day]) == {one: figures["wh"] for one, figures in reported.items()}, day
            assert eur_of(cost[day]) == known_eur(reported), day
        reported = house.report(days[0], days[-1])
        assert wh_of(total(energy)) == {one: figures["wh"] for one, figures in reported.items()}
        assert eur_of(total(cost)) == known_eur(reported)
        for title, names in (
            ("Intensité de chaque phase", ("current_1", "current_2", "current_3")),
            ("Tension de chaque phase", ("voltage_1", "voltage_2", "voltage_3")),
        ):
            wanted = {name: means for name in names if (means := house.by_step(name, mean))}
            assert answers(title, house.seen) == approximately(wanted)
        powers = {"injected": house.by_step("injected", mean)} | {
            period: house.by_step("power", mean, period) for period in {row.period for row in house.rows}
        }
        assert answers("Puissance, par période", house.seen) == approximately(powers)
        wanted = {name: house.by_step(name, sum) for name in ("frames", "rejected")}
        assert answers("Qualité de la ligne", house.seen) == wanted
        found = source.rows(drawing().VARIABLES[source.kind], house.seen)
        assert house.seen.meter in [row[-1] for row in found]
        if source.kind == "postgres":
            (mark,) = dashboard(source.kind)["annotations"]["list"]
            assert source.rows(mark["target"]["rawSql"], house.seen) == [(house.seen.end, WARNING, "WARN")]
    title = "Jours EJP et jours Tempo de l'intervalle"
    counted = {name: counts(answers(title, house.seen)) for name, house in houses.items()}
    assert counted == {"ejp": {"days_PM": 1}, "tempo": {"days_HPJR": 1, "days_HPJW": 1}}


def by_day(series: Series) -> dict[date, dict[str, Any]]:
    """Return local day → column → value of *series*, which has one value a day."""
    found: dict[date, dict[str, Any]] = {}
    for name, values in series.items():
        for at, value in values.items():
            day = found.setdefault(datetime.fromtimestamp(at, PARIS).date(), {})
            assert name not in day
            day[name] = value
    return dict(sorted(found.items()))


def total(days: dict[date, dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of all *days*, as the panels of the range show them."""
    names = dict.fromkeys(name for values in days.values() for name in values)
    return {name: sum(values.get(name, 0) for values in days.values()) for name in names}


def wh_of(kwh: dict[str, Any]) -> dict[str, int]:
    return {name: round(value * 1000) for name, value in kwh.items()}


def eur_of(eur: dict[str, Any]) -> dict[str, str]:
    """Return the amounts of *eur* to the cent, as Grafana shows them; InfluxDB answers in binary."""
    exact = {name: Decimal(str(value)).quantize(Decimal("0.00000001")) for name, value in eur.items()}
    return {name: str(value.quantize(_CENT, ROUND_HALF_UP)) for name, value in exact.items()}


def known_eur(periods: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {one: figures["eur"] for one, figures in periods.items() if figures["eur"] is not None}


def counts(series: Series) -> dict[str, int]:
    return {name: value for name, values in series.items() for value in values.values()}


def approximately(series: Series) -> Series:
    return {name: pytest.approx(values) for name, values in series.items()}
