"""What the tests of tables of other programs share; each file has its own ``server``."""

from __future__ import annotations

import pytest

from linkymonitor.sinks.base import Row
from tests.support.contracts import rows_in, write_days


@pytest.fixture
def database(server):
    """Return the name of an empty database of *server*."""
    return server.new_database()


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> list[Row]:
    """Return the records of two hours of a day in each of four contracts."""
    folder = tmp_path_factory.mktemp("contracts")
    write_days(folder, hours=2)
    return rows_in(folder)
