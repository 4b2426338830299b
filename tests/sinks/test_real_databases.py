"""A day in each of four contracts arrives in a real InfluxDB and VictoriaMetrics, row by row as in the log."""

from __future__ import annotations

from contextlib import closing

import pytest

from linkymonitor.errors import SinkRefused, SinkUnavailable
from linkymonitor.sinks.influxdb import InfluxDB, Settings
from tests.support.contracts import HOUSES, rows_in, write_days
from tests.support.databases import Database, Influx1, Victoria, points_of

pytestmark = pytest.mark.server


@pytest.fixture(params=[Influx1, Victoria])
def database(request, tmp_path):
    """Run a real database while the test runs."""
    made: Database = request.param(tmp_path / "database")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_four_days_arrive_row_by_row_and_once(tmp_path, apart, call, database):
    write_days(tmp_path / "log")
    rows = rows_in(tmp_path / "log")
    assert {row.contract for row in rows} == {"BASE", "HC", "EJP", "TEMPO"}
    assert len(rows) > 1400 * len(HOUSES)
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {tmp_path}/log\n"
        f"[sink:base]\ntype = influxdb\nurl = {database.url}\n{database.keys}\n"
    )
    for _ in range(2):  # the second time every record is there already
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        assert database.points() == (points_of(rows), 0)
    hostile = rows[0]._replace(contract="A=b, c\\\nx y=1i 1", period='"é☃')
    sink = InfluxDB(Settings(name="base", url=database.url, database="linky" if database.keys else None))
    sink.write([hostile])
    sink.close()
    found, _ = database.points()
    assert len(found) == len(rows) + 1
    ((tags, _),) = found.keys() - points_of(rows).keys()
    assert dict(tags) == {"meter": hostile.meter, "contract": "A=b, c/ x y=1i 1", "period": '"é☃'}


@pytest.fixture
def influx(tmp_path):
    database = Influx1(tmp_path / "database")
    try:
        database.start()
        yield database
    finally:
        database.stop()


@pytest.fixture
def row(tmp_path):
    write_days(tmp_path / "log", hours=0.1)
    return rows_in(tmp_path / "log")[0]


def sink_of(database: Database, name: str = "linky") -> InfluxDB:
    return InfluxDB(Settings(name="base", url=database.url, database=name))


def test_a_database_that_is_not_there_and_a_number_that_is_too_large(influx, row):
    """Only InfluxDB knows both."""
    with closing(sink_of(influx, "nowhere")) as missing, pytest.raises(SinkUnavailable, match="nowhere"):
        missing.write([row])
    with closing(sink_of(influx)) as sink:
        sink.write([row])
        with pytest.raises(SinkRefused, match="400"):
            sink.write([row._replace(fields={"power": 2**63})])


def test_a_field_of_another_type_is_told_in_words_and_its_records_wait_for_the_owner(influx, row):
    influx.write(f"linkymonitor power=1.5 {int(row.ended_at.timestamp())}")
    with closing(sink_of(influx)) as sink:
        with pytest.raises(SinkUnavailable) as caught:
            sink.write([row])
        assert str(caught.value) == (
            f"{influx.url} : le champ power de la mesure linkymonitor a le type décimal dans la base, et des entiers "
            "lui sont envoyés ; donnez une autre base par database, ou supprimez la mesure sur le serveur"
        )
        influx.ask("DROP MEASUREMENT linkymonitor")
        sink.write([row])
    assert influx.points() == (points_of([row]), 0)
