"""A day in each of four contracts arrives in a real InfluxDB and VictoriaMetrics, row by row as in the log."""

from __future__ import annotations

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


def test_a_database_that_is_not_there_and_a_type_that_conflicts(tmp_path):
    """Only InfluxDB knows both."""
    database = Influx1(tmp_path / "database")
    write_days(tmp_path / "log", hours=0.1)
    row = rows_in(tmp_path / "log")[0]
    try:
        database.start()
        missing = InfluxDB(Settings(name="base", url=database.url, database="nowhere"))
        with pytest.raises(SinkUnavailable, match="nowhere"):
            missing.write([row])
        missing.close()
        sink = InfluxDB(Settings(name="base", url=database.url, database="linky"))
        sink.write([row])
        huge = row._replace(fields={"power": 2**63})
        with pytest.raises(SinkRefused, match="400"):
            sink.write([huge])
        sink.close()
    finally:
        database.stop()
