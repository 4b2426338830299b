"""Records arrive in a real PostgreSQL and MariaDB, row by row as the log has them."""

from __future__ import annotations

import pytest

from tests.support.contracts import HOUSES, rows_in, write_days
from tests.support.sql_servers import Maria, Postgres, records_of

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=[Postgres, Maria])
def server(request):
    """Run a real server for the tests of this file."""
    made = request.param()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return the folder of a log of four days."""
    folder = tmp_path_factory.mktemp("contracts")
    write_days(folder)
    return folder


@pytest.fixture
def database(server):
    """Return the name of an empty database."""
    return server.new_database()


def test_four_days_arrive_row_by_row_and_once(tmp_path, apart, call, server, database, log):
    rows = rows_in(log)
    assert {row.contract for row in rows} == {"BASE", "HC", "EJP", "TEMPO"}
    assert len(rows) > 1400 * len(HOUSES)
    path = tmp_path / "box.ini"
    path.write_text(
        f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {log}\n[sink:base]\n{server.keys(database)}"
    )
    for _ in range(2):  # the second time every record is there already
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        assert server.records(database) == records_of(rows)


def test_the_prices_of_each_day_arrive_and_a_corrected_one_replaces_the_old(
    tmp_path, apart, call, server, database, log
):
    """Of four days, two have a contract whose prices are set."""
    path = tmp_path / "box.ini"
    found = []
    for hn in ("0,1283", "0,1300"):
        path.write_text(
            f"[general]\nstate_dir = {tmp_path}/state\n[log]\ndir = {log}\n[sink:base]\n{server.keys(database)}"
            f"[tariff]\nbase = 0.2516\nhn = {hn}\npm = 0.9418\n"
        )
        status, _, err = call("deliver", "-c", path, "--from", "2026-01-01", "--once")
        assert (status, err) == (0, "")
        rows = server.ask(database, "SELECT day, register, price FROM prices ORDER BY day, register")
        found.append([(str(day), register, str(price)) for day, register, price in rows])
    assert found[0] == [
        ("2026-01-10", "TH", "0.251600"),
        ("2026-01-12", "HN", "0.128300"),
        ("2026-01-12", "PM", "0.941800"),
    ]
    assert found[1] == [found[0][0], ("2026-01-12", "HN", "0.130000"), found[0][2]]
