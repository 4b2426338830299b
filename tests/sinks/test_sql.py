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
